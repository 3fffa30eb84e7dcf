"""Become the program named on the command line, bound to the life of the process that started us.

Run as a script: `python -I -S leash.py PARENT_PID DEATH_SIGNAL UID GID PROGRAM ARGUMENT...` (UID and GID are -1 to keep
ours). It drops to the account, asks the kernel for DEATH_SIGNAL on the parent's death (prctl(2), PR_SET_PDEATHSIG) and
becomes PROGRAM, so no process is added.

A script rather than `preexec_fn`: Python code between fork and exec can deadlock in a process with threads. A change of
account clears the death signal, so the order below matters.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Replace this process by the program; ends with status 127 where that is impossible."""
    parent_pid, death_signal, uid, gid = (int(argument) for argument in arguments[:4])
    command = arguments[4:]
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    # A parent that died before the call above sends no signal any more.
    if os.getppid() != parent_pid:
        sys.exit("the process that started us has ended")
    try:
        os.execv(command[0], command)  # noqa: S606 - becoming the program without a shell is the purpose
    except OSError as error:
        sys.stderr.write(f"cannot run {command[0]}: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
