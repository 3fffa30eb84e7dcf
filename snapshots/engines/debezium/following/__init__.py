"""What Debezium's notifications say."""
