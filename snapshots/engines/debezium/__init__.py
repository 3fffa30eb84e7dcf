"""Debezium on Kafka Connect: its signals and their channels, its notifications, its configuration and naming."""
