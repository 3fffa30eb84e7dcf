"""Which process a pid means: pids are used again, so a pid read from a file proves nothing by itself."""

import os
import subprocess
from pathlib import Path

_HAS_PROC = Path("/proc/self/stat").exists()
_START_TIME_FIELD = 22
"""Position of `starttime` in /proc/PID/stat, counted from 1 (proc_pid_stat(5))."""


def is_alive(pid: int) -> bool:
    """Return whether a process with this pid exists and is more than a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def identify(pid: int) -> str | None:
    """Return a text that only this very process ever has, or None where it does not exist.

    On Linux the boot and the start time in clock ticks; elsewhere what ps(1) says of the start time. Neither changes
    with exec.
    """
    if _HAS_PROC:
        fields = _stat_fields(pid)
        if fields is None:
            return None
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{pid}/{fields[_START_TIME_FIELD - 1]}"
    started = _ps(pid, "lstart")
    return f"{pid}/{started}" if started else None


def command_of(pid: int) -> str:
    """Return the command line of a process, words joined by spaces; empty where it cannot be told."""
    if _HAS_PROC:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    return _ps(pid, "command")


def _is_zombie(pid: int) -> bool:
    if _HAS_PROC:
        fields = _stat_fields(pid)
        return fields is None or fields[2] == "Z"
    return _ps(pid, "stat").startswith("Z")


def _stat_fields(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat; the second one, the name, may hold spaces and brackets of its own."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    head, _, tail = text.rpartition(")")
    return [*head.split(" (", 1), *tail.split()]


def _ps(pid: int, column: str) -> str:
    command = ["/bin/ps", "-ww", "-o", f"{column}=", "-p", str(pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"LC_ALL": "C"})
    return done.stdout.strip()
