"""What a check of a source says."""
