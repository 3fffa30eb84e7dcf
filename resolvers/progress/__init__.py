"""Watching bulk snapshots: what changes is looked at once, for everybody who watches."""
