"""Topics and source connectors, and what changes the catalogue."""
