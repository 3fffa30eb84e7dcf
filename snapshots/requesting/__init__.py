"""A request on its way to the engines: checked, planned, leased and dispatched."""
