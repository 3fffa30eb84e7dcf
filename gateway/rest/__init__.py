"""The REST twin of the main operation, and its OpenAPI description."""
