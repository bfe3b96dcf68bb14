"""Whose program is that: name and user of a process, from /proc, never its command line."""

import functools
import pwd
from pathlib import Path

from bot.domain.readings import Process
from bot.telemetry.wire import MAX_NAME


def describe(pid: int, memory_mib: int | None, *, proc: Path = Path("/proc")) -> Process:
    """Name and user of a process; both empty when it is gone or lives in another PID namespace."""
    folder = proc / str(pid)
    try:
        name = (folder / "comm").read_text(errors="replace")
        user = _user(folder.stat().st_uid)
    except OSError:
        return Process("", "", memory_mib)
    return Process(printable(name), printable(user), memory_mib)


def printable(text: str, limit: int = MAX_NAME) -> str:
    """The text without control, format and other invisible characters, and no longer than the limit."""
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    return text[:limit]


@functools.lru_cache(maxsize=256)
def _user(uid: int) -> str:
    # Cached because a directory service may stand behind it, and asking may take seconds.
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
