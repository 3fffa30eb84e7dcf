"""What can go wrong around the process itself; every message is fit for the operator to read."""

from snapshots.errors import TopicsnapError


class SettingsError(TopicsnapError):
    """Settings or a command's arguments are wrong; nothing was done."""


class StartError(TopicsnapError):
    """The process cannot start: the port is taken, another package shadows ours, the platform lacks a part."""


class ServerUnreachableError(TopicsnapError):
    """The gateway that a command talks to does not answer, or not as a Topicsnap gateway."""


class ServerRefusedError(TopicsnapError):
    """The gateway answered that it does not do what a command asked."""
