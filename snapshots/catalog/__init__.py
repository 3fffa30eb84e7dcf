"""What the catalogue becomes: by an operator's import, and by what was observed of a cluster. Pure."""
