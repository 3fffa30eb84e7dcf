"""The databases that Debezium reads: a folder for each dialect."""
