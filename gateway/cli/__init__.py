"""The command `topicsnap`: its commands, the client that they ask GraphQL through, and what they print.

`commands/` has a module for each command, `client/` the client and its transports, `operations/` the GraphQL documents.
"""

from gateway.cli.program import main

__all__ = ["main"]
