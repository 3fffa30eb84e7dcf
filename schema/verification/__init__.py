"""What asks for verifications."""
