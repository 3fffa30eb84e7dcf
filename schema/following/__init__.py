"""Snapshots as they go on, and what ends them."""
