"""Unsent minutes on disk, so that a restart of the agent does not lose them.

A line is a checksum and a JSON object; lines are only ever added until the bot has everything, then the file is
emptied. Nothing is synced: what was written outlives the agent, and what is older than this boot is of no use, for the
bot places a minute by the ticks of the boot it is told of. Only the sender's thread writes here.
"""

import fcntl
import json
import logging
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.domain.machines.readings import Minute, Process

log = logging.getLogger(__name__)

SPOOL_VERSION = 1
MAX_BYTES = 16 * 1024 * 1024
"""The file is written anew, with what is still unsent, before it grows beyond this."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """A minute on its way, numbered in the order of the queue."""

    place: int
    started_tick: int
    """When the agent that saw it had started; the bot judges the minute by that."""
    minute: Minute


@dataclass(slots=True)
class SpoolContent:
    """What an earlier run of the agent left behind."""

    unsent: list[Unsent] = field(default_factory=list)
    seq: int | None = None
    """The number under which the bot may have the first of them already."""
    tried_to: int = 0
    """The place of the last minute tried under that number."""
    lost: int = 0
    """Minutes of an earlier boot or of another host name, which the bot could not place."""


class Spool:
    """The file. Without a folder that can be written to, everything is kept in memory only, which is said once."""

    def __init__(self, folder: Path, *, boot_id: str, host: str, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._path = folder / "unsent.jsonl"
        self._head = {"version": SPOOL_VERSION, "boot_id": boot_id, "host": host}
        self._file: int | None = None
        self._is_stale = self._has_complained = False

    def open(self) -> SpoolContent:
        """Read what is there, and stay the only one to write; raises nothing."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self._complain(error)
            return SpoolContent()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found = _read(os.read(file, self._max_bytes), self._head)
        except OSError as error:
            os.close(file)
            self._complain(error)
            return SpoolContent()
        self._file = file
        if not found.unsent:
            self.clear()
        return found

    def close(self) -> None:
        """Let another agent have it."""
        if self._file is not None:
            os.close(self._file)
        self._file = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in the file."""
        return self._file is None or not os.fstat(self._file).st_size

    def add(self, fresh: Sequence[Unsent], *, tried: tuple[int, int] | None, whole: Iterable[Unsent]) -> None:
        """Add minutes, and `tried`: a delivery's number and the place of its last minute.

        `whole` is all that is unsent, `fresh` with it, for the times when the file must be written anew.
        """
        lines = [_minute_line(unsent) for unsent in fresh]
        lines += [_line({"seq": tried[0], "to": tried[1]})] if tried else []
        if self._file is None or not lines:
            return
        size = os.fstat(self._file).st_size
        if self._is_stale or size + sum(map(len, lines)) > self._max_bytes:
            self.clear()
            lines = [*_newest(whole, self._max_bytes // 2), *lines[len(fresh) :]]
            size = 0
        # The line before may be torn: begin with an end of line.
        self._write(b"".join([b"\n" if size else _line(self._head), *lines]))

    def gone(self, place: int) -> None:
        """Minutes up to this place need not be sent any more."""
        if self._file is not None:
            self._write(b"\n" + _line({"gone": place}))

    def clear(self) -> None:
        """The bot has everything."""
        if self._file is None:
            return
        try:
            os.ftruncate(self._file, 0)
            self._is_stale = False
        except OSError as error:
            self._complain(error)

    def _write(self, data: bytes) -> None:
        try:
            written = os.write(self._file or 0, data)
        except OSError as error:
            self._complain(error)
            written = 0
        self._is_stale = self._is_stale or written < len(data)

    def _complain(self, error: OSError) -> None:
        if not self._has_complained:
            log.warning("Unsent minutes are kept in memory only: %s: %s.", self._path, error.strerror)
        self._has_complained = True


def _line(content: dict[str, Any]) -> bytes:
    text = json.dumps(content, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _minute_line(unsent: Unsent) -> bytes:
    return _line({"place": unsent.place, "started": unsent.started_tick, "minute": asdict(unsent.minute)})


def _newest(unsent: Iterable[Unsent], max_bytes: int) -> list[bytes]:
    """The lines of the newest minutes, so many bytes at most."""
    lines = [_minute_line(each) for each in unsent]
    size = sum(map(len, lines))
    for number, line in enumerate(lines):
        if size <= max_bytes:
            return lines[number:]
        size -= len(line)
    return []


def _read(data: bytes, head: dict[str, Any]) -> SpoolContent:
    lines = list(_good_lines(data))
    gone = max((line["gone"] for line in lines if "gone" in line), default=0)
    minutes = [line for line in lines if "minute" in line and line["place"] > gone]
    if not lines or lines[0] != head:
        return SpoolContent(lost=len(minutes))
    tried = [(line["seq"], line["to"]) for line in lines if "seq" in line and line["to"] > gone]
    unsent = {each.place: each for each in map(_unsent, minutes) if each is not None}
    seq, tried_to = tried[-1] if tried else (None, 0)
    return SpoolContent([unsent[place] for place in sorted(unsent)], seq, tried_to)


def _good_lines(data: bytes) -> Iterator[dict[str, Any]]:
    """The lines that are whole."""
    for line in data.split(b"\n"):
        checksum, _, text = line.partition(b" ")
        if text and checksum == b"%08x" % zlib.crc32(text):
            yield json.loads(text)


def _unsent(line: dict[str, Any]) -> Unsent | None:
    """The minute of a line; None when another version of the agent wrote it in another form."""
    try:
        values = line["minute"]
        processes = tuple(Process(**process) for process in values.pop("processes"))
        return Unsent(line["place"], line["started"], Minute(**values, processes=processes))
    except (KeyError, TypeError):
        return None
