"""Which connectors and topics a cluster has."""
