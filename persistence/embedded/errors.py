"""What can go wrong with child processes and the embedded server."""


class ProcessError(RuntimeError):
    """A child process could not be started, or ended when it should have run."""


class DirectoryBusyError(RuntimeError):
    """Another live process of ours uses this directory."""


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL server cannot run; the message says why and what to do, in words for users."""
