"""What ends an installation."""


class InstallError(Exception):
    """The installation cannot go on; the message says what happened, and what to do."""
