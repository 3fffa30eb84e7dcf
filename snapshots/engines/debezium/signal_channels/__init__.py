"""The channels that carry signals: a table of the source database, a Kafka topic."""
