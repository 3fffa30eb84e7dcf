"""What can go wrong with the sandbox."""


class SandboxError(RuntimeError):
    """A part of the sandbox is missing, does not start or does not answer; the message says which, for users."""
