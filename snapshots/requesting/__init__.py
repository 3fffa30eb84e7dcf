"""Requests for snapshots: checking, planning, leases and dispatch."""
