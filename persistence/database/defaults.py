"""What holds of connections to Topicsnap's database unless a setting says otherwise: the one place of each default."""

POOL_SIZE = 4
"""Connections that stay open."""
POOL_OVERFLOW = 8
"""Connections beside these that are opened while there is much to do."""
STATEMENT_SECONDS = 30.0
LOCK_SECONDS = 10.0
IDLE_IN_TRANSACTION_SECONDS = 60.0
