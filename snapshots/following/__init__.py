"""From an engine's notifications to the end of a snapshot. Pure."""
