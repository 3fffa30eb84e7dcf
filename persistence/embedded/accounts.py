"""Who the children run as: PostgreSQL refuses to run as root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

_CANDIDATES = ("postgres", "nobody")
"""Accounts without privileges, the best one first; `nobody` exists on every Linux and macOS."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the operating system, without supplementary groups."""

    name: str
    uid: int
    gid: int


def unprivileged_account(existing: Path | None = None) -> Account | None:
    """Return the account to drop to, or None where we are an ordinary user already.

    The owner of `existing`, a data directory of an earlier run, comes first: the server must own its data.

    Raises:
        LookupError: we are root and there is no account to drop to.
    """
    if os.geteuid() != 0:
        return None
    if existing is not None and existing.exists() and existing.stat().st_uid != 0:
        return _account_of(existing)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    message = f"none of the accounts {', '.join(_CANDIDATES)} exists"
    raise LookupError(message)


def _account_of(path: Path) -> Account:
    uid = path.stat().st_uid
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        message = f"{path} belongs to the user id {uid}, which has no account here"
        raise LookupError(message) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def barrier(path: Path, account: Account | None) -> Path | None:
    """Return the first folder on the way to `path`, or `path` itself, that the account cannot enter; None where it can.

    Access control lists are not read: where they alone open the way, the answer is the cautious one.
    """
    resolved = path.resolve()
    if account is None:
        return None
    for folder in (*reversed(resolved.parents), resolved):
        if not folder.exists():
            return None
        if not _may_enter(folder.stat(), account):
            return folder
    return None


def _may_enter(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
