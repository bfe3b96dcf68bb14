"""Whose program is that: name and user of a process, from /proc, never its command line."""

import functools
import os
import pwd
from contextlib import suppress
from pathlib import Path

from bot.domain.machines.readings import Process
from bot.telemetry.wire import MAX_NAME


def describe_process(pid: int, memory_mib: int | None, *, proc: str = "/proc") -> Process:
    """Name and user of a process; both empty when it is gone or lives in another PID namespace."""
    # Plain descriptors: this runs for every program on every GPU, and costs a third of what open files do.
    try:
        comm = os.open(f"{proc}/{pid}/comm", os.O_RDONLY)
    except OSError:
        return Process("", "", memory_mib)
    try:
        name = os.read(comm, 64).decode(errors="replace").rstrip("\n")
        user = _user(os.fstat(comm).st_uid)
    except OSError:
        return Process("", "", memory_mib)
    finally:
        os.close(comm)
    return Process(printable(name), user, memory_mib)


def holders(pid: str = "[0-9]*", *, device: str = "/dev/nvidia", proc: str = "/proc") -> list[tuple[int, str]]:
    """Processes that have a device open: id and name, of those whose files this user may see."""
    found: dict[int, str] = {}
    for process in Path(proc).glob(pid):
        with suppress(OSError):
            if any(str(file.readlink()).startswith(device) for file in (process / "fd").iterdir()):
                found[int(process.name)] = describe_process(int(process.name), None, proc=proc).name
    return sorted(found.items())


def is_replaced(library: str, *, proc: str = "/proc") -> bool:
    """Whether this process still works with a library whose file has been deleted since, as by an upgrade."""
    try:
        lines = Path(proc, "self", "maps").read_text(errors="replace").splitlines()
    except OSError:
        return False
    return any(library in line and line.endswith(" (deleted)") for line in lines)


def printable(text: str, limit: int = MAX_NAME) -> str:
    """The text without control, format and other invisible characters, and no longer than the limit."""
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    return text[:limit]


@functools.lru_cache(maxsize=256)
def _user(uid: int) -> str:
    # Cached because a directory service may stand behind it, and asking may take seconds.
    try:
        return printable(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return str(uid)
