"""Topicsnap's own database: its pool, connections, deadlines and errors."""
