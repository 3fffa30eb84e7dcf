"""Everything that a connector's signalling takes, looked at."""
