"""Whether every row of a source has arrived on its topic. Pure."""
