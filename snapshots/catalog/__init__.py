"""How an operator's import and the observation of a cluster change the catalogue. Pure."""
