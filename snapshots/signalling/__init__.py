"""What a signal says and what a key can do: names, packing and outcomes. Pure; knows no engine's connection."""
