"""Recording what notifications tell."""
