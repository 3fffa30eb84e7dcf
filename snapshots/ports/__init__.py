"""What the core needs of the outside, as protocols, and the values that they speak."""
