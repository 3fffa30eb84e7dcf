"""PostgreSQL as a source: its tables, keys, rows, and what it would refuse."""
