"""Engines that take snapshots: Debezium's signals and notifications, Kafka Connect, Streamkap, a recording fake.

May import snapshots only; each engine implements its ports.
"""
