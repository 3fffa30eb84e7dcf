"""Brings .venv up to date with locks/, and says what it does. Runs on a bare Python 3.11, with any pip since 22.3.

pip never resolves here: it is given files that name everything, by hash (docs/adr/0008-install-from-locks.md).
"""
