"""What a connector's configuration says. Pure."""
