"""The process that looks at EC2: begun, asked, waited for within bounds, and replaced when it dies, hangs or grows.

Whatever it tells belongs to the look that asked for it: what comes later than that is dropped.
"""

import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.providers.sweep_wire import WireMessage, wire_line

log = logging.getLogger(__name__)
CODE = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from bot.providers import sweep_child as c; "
CODE += "c.answer_requests(**json.loads(sys.argv[2]))"
CHUNK = 65_536
ENDS_WITHIN_S = 2.0
"""It ends at once when its input does; one that does not is killed."""
GROWN_MIB = 256.0
"""More than it held after its second look, and it is replaced."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a look is waited for, in seconds."""

    silent_s: float = 180.0
    """Without a word: four tries of one call to an AWS that does not answer take a minute and a half."""
    whole_s: float = 900.0


class ProcessEnded(Exception):
    """The process tells no more; the words say why. `is_over`: another one would do no better just now."""

    def __init__(self, why: str, *, is_over: bool = False) -> None:
        super().__init__(why)
        self.is_over = is_over


@dataclass(frozen=True, slots=True)
class _Begun:
    """A process, and the numbers of the pipes to it and from it."""

    process: "subprocess.Popen[bytes]"
    to: int
    back: int

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def how_it_ended(self) -> str:
        try:
            code = self.process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            return "hung up"
        return f"was ended by signal {-code}" if code < 0 else f"ended with {code}"


class SweepProcess:
    """The process, begun when it is first needed. `close` ends it."""

    def __init__(self, patience: Patience = Patience(), *, verbose: bool = False, as_json: bool = False) -> None:
        """`verbose` and `as_json` are of its log, which goes where ours goes."""
        self.patience = patience
        self._log = {"verbose": verbose, "as_json": as_json}
        self._lock = threading.Lock()
        self._begun: _Begun | None = None
        self._unread = b""
        self.number = 0
        self._held_mib: list[float] = []
        self._is_over = False

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._begun.process.pid if self._begun else None

    def ask(self, request: Callable[[bool], WireMessage]) -> Iterator[WireMessage]:
        """Have it look, and give what it tells until it is done. Raises ProcessEnded where it is not any more.

        `request` is told whether the process is new, and knows nothing yet.
        """
        with self._lock:
            self.number += 1
            end = time.monotonic() + self.patience.whole_s
            known = self._begun if self._begun and self._begun.is_alive else None
            begun = known or self._begin()
            try:
                self._send(begun, wire_line({"number": self.number, **request(known is None)}), end)
                yield from self._told(begun, end)
            except ProcessEnded:
                self._end()
                raise

    def rest(self) -> None:
        """End it until it is asked again."""
        with self._lock:
            self._end()

    def close(self) -> None:
        """End it, whatever it does, and begin no other."""
        self._is_over = True
        begun = self._begun
        if begun is not None:
            begun.process.kill()
        if self._lock.acquire(timeout=ENDS_WITHIN_S):  # a look under way hears of it, and ends
            self._end()
            self._lock.release()

    def _begin(self) -> _Begun:
        self._end()
        if self._is_over:
            raise ProcessEnded("is not needed any more", is_over=True)
        command = [sys.executable, "-c", CODE, json.dumps(sys.path), json.dumps(self._log)]
        seen = {name: value for name, value in os.environ.items() if not name.startswith("SLACK_")}
        try:
            process = subprocess.Popen(  # noqa: S603 - ourselves
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=seen, bufsize=0, start_new_session=True
            )
        except OSError as error:
            raise ProcessEnded(f"can't be started: {error.strerror}", is_over=True) from error
        pipes = [pipe.fileno() for pipe in (process.stdin, process.stdout) if pipe is not None]
        for pipe in pipes:
            os.set_blocking(pipe, False)
        self._begun, self._unread, self._held_mib = _Begun(process, *pipes), b"", []
        return self._begun

    def _end(self) -> None:
        begun, self._begun = self._begun, None
        if begun is None:
            return
        for pipe in (begun.process.stdin, begun.process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            begun.process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            begun.process.kill()
            begun.process.wait()

    def _send(self, begun: _Begun, line: bytes, end: float) -> None:
        """A process that reads nothing would have us wait for ever."""
        until = min(end, time.monotonic() + self.patience.silent_s)
        while line:
            if not _is_ready(begun.to, select.POLLOUT, until):
                raise ProcessEnded("took no request", is_over=True)
            try:
                line = line[os.write(begun.to, line[:CHUNK]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise ProcessEnded(begun.how_it_ended()) from error

    def _told(self, begun: _Begun, end: float) -> Iterator[WireMessage]:
        while True:
            message = _read(self._line(begun, end))
            if message.get("number") != self.number:
                continue  # of a look that nobody waits for any more
            if "done" in message:
                self._weigh(message["mib"])
                return
            if "alive" not in message:
                yield message

    def _line(self, begun: _Begun, end: float) -> bytes:
        parts, until = [self._unread], time.monotonic() + self.patience.silent_s
        while b"\n" not in parts[-1]:
            if not _is_ready(begun.back, select.POLLIN, min(end, until)):
                raise ProcessEnded("did not answer in time", is_over=True)
            read = os.read(begun.back, CHUNK)
            if not read:
                raise ProcessEnded(begun.how_it_ended())
            parts.append(read)
        line, _, self._unread = b"".join(parts).partition(b"\n")
        return line

    def _weigh(self, mib: float) -> None:
        self._held_mib = [*self._held_mib[:2], mib]
        if len(self._held_mib) > 2 and mib > self._held_mib[1] + GROWN_MIB:
            log.info("the process that looks at AWS has grown to %.0f MiB, and is replaced", mib)
            self._end()


def _read(line: bytes) -> WireMessage:
    try:
        message: WireMessage = json.loads(line)
    except ValueError as error:
        raise ProcessEnded("gave an answer that can't be read") from error
    return message


def _is_ready(number: int, event: int, until: float) -> bool:
    """Whether a pipe can be read or written by then. `select` can't be asked of numbers beyond 1,023."""
    poll = select.poll()
    poll.register(number, event)
    return bool(poll.poll(max(0.0, until - time.monotonic()) * 1000))
