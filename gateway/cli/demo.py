"""`topicsnap demo`: everything at once, on this machine."""

from gateway.cli.options import PortOption


def demo(port: PortOption = None) -> None:
    """Run it."""
