"""The records of tables' topics, read for a verification."""
