"""Kafka Connect's REST API: connectors, their states and their offsets."""
