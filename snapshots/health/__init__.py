"""Whether a connector's signalling works, and why a snapshot is silent: pure rules on what was observed.

Gathering belongs to the engines, behind the port `snapshots.ports.inspector.SignallingInspector`.
"""
