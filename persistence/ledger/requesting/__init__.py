"""Recording requests, sends and their outcomes."""
