"""Whether a connector's signalling works, and why a snapshot is silent: pure rules on observations.

The engines gather the observations, behind the port `snapshots.ports.inspector.SignallingInspector`.
"""
