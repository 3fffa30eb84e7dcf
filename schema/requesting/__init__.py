"""What asks for snapshots: inputs, plans and results."""
