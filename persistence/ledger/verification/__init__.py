"""Recording verifications."""
