"""Watching bulk snapshots: each change is read once, for all watchers."""
