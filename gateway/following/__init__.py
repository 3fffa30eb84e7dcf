"""Following snapshots in the background: notifications read from Kafka, sweeps by the clock, all under supervision."""
