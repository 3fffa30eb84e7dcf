"""The command `topicsnap`: a module for each of its commands, which parse, call and print, and decide nothing else."""

from gateway.cli.program import main

__all__ = ["main"]
