"""Pausing: somebody wants the driver for themselves, and asks the running agent through files in its state folder.

`pause.json` is the wish; whoever may write in the folder may pause, and nobody else's file is obeyed. `agent.json` is
the agent's answer, and the lock on `agent.lock` tells that it lives. A pause ends by itself, and with the boot.
"""

import fcntl
import json
import logging
import os
import stat
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.agent.host import HostTime
from bot.errors import Refused
from bot.telemetry.procfs import holders

log = logging.getLogger(__name__)

LONGEST_S = 24 * 3600.0
MAX_FILE_BYTES = 4096
PAUSED = "Paused by hand on this host with `valet agent pause`: nothing is known meanwhile."


@dataclass(frozen=True, slots=True)
class Pause:
    """A wish to be left alone with the driver."""

    id: str
    boot_id: str
    until_s: float
    """Seconds since boot."""


@dataclass(frozen=True, slots=True)
class AgentState:
    """What the agent says of itself."""

    pid: int
    boot_id: str
    pause: str | None = None
    """The id of the pause it keeps; None while it watches."""
    held_by: str = ""
    """What still keeps the driver from being free, in words; nothing when it is released."""


class Controls:
    """The agent's side of the folder."""

    def __init__(self, folder: Path, host_time: HostTime) -> None:
        self._folder = folder
        self._time = host_time
        self._lock: int | None = None
        self._seen: tuple[int, int] | None = None
        self._pause: Pause | None = None
        self._said: AgentState | None = None

    def take(self) -> None:
        """Become the agent that answers here, unless another one does."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._folder / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        except OSError:
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            log.warning("Another agent works with %s; `valet agent pause` will ask that one.", self._folder)
            return
        self._lock = lock
        self.say(None)

    def leave(self) -> None:
        """Answer no more."""
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None

    def wanted(self) -> Pause | None:
        """The pause that holds now; looking costs one system call while nothing changes."""
        path = self._folder / "pause.json"
        try:
            status = os.lstat(path)
        except OSError:
            self._seen = self._pause = None
            return None
        if (status.st_ino, status.st_mtime_ns) != self._seen:
            self._seen = (status.st_ino, status.st_mtime_ns)
            self._pause = self._read(path, status)
        if self._pause is not None and self._pause.until_s <= self._time.now():
            self._pause = None
            with suppress(OSError):
                path.unlink()
        return self._pause

    def say(self, pause: Pause | None, held_by: str = "") -> None:
        """Write down what the agent does, when it has changed."""
        state = AgentState(os.getpid(), self._time.boot_id, pause.id if pause else None, held_by)
        if self._lock is None or state == self._said:
            return
        self._said = state
        with suppress(OSError):
            _write(self._folder, "agent.json", asdict(state))

    def _read(self, path: Path, status: os.stat_result) -> Pause | None:
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in {0, os.geteuid()}:
            log.warning("%s is not from root or from the user of the agent; not obeyed.", path)
            return None
        try:
            pause = Pause(**_content(path))
            is_ours = pause.boot_id == self._time.boot_id and pause.until_s - self._time.now() <= LONGEST_S
        except (OSError, ValueError, TypeError):
            return None
        return pause if is_ours else None


def ask_pause(folder: Path, seconds: float, host_time: HostTime) -> Pause:
    """Ask for a pause; raises Refused when this user may not."""
    pause = Pause(os.urandom(16).hex(), host_time.boot_id, host_time.now() + min(seconds, LONGEST_S))
    try:
        _write(folder, "pause.json", asdict(pause))
    except OSError as error:
        raise _may_not(folder, error) from error
    return pause


def withdraw_pause(folder: Path) -> bool:
    """End the pause; False when there was none. Raises Refused when this user may not."""
    try:
        (folder / "pause.json").unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _may_not(folder, error) from error
    return True


def is_agent_running(folder: Path) -> bool:
    """Whether an agent works with this folder; raises Refused when this user may not know."""
    try:
        lock = os.open(folder / "agent.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _may_not(folder, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def pause_state(folder: Path) -> AgentState | None:
    """What the agent last said; None when it said nothing that can be read."""
    try:
        return AgentState(**_content(folder / "agent.json"))
    except (OSError, ValueError, TypeError):
        return None


def _content(path: Path) -> dict[str, Any]:
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        content: dict[str, Any] = json.loads(os.read(file, MAX_FILE_BYTES))
    finally:
        os.close(file)
    return content


def _write(folder: Path, name: str, content: dict[str, Any]) -> None:
    """Put a file in its place at once; everybody who gets into the folder may read it, it holds no secret."""
    new = folder / f".{name}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(new, flags, 0o644)
    try:
        os.fchmod(file, 0o644)  # root's umask may keep the agent's user from reading it
        os.write(file, json.dumps(content).encode())
    finally:
        os.close(file)
    new.rename(folder / name)


def _may_not(folder: Path, error: OSError) -> Refused:
    return Refused(f"{folder}: {error.strerror}. Run this as root or as the agent's user, and name its --state folder.")


PAUSE_LOOK_S = 0.2
NOT_PAUSED_YET = "it has not answered yet"


def pause_agent(folder: Path, seconds: float, *, wait_s: float, host_time: HostTime | None = None) -> int:
    """Ask for a pause and wait until the driver is released; returns the exit code."""
    host_time = host_time or HostTime()
    try:
        if not is_agent_running(folder):
            _say(f"No agent runs here with {folder}, so none holds the driver. {_others()}")
            return 0
        wish = ask_pause(folder, seconds, host_time)
    except Refused as refused:
        return _fail(str(refused))
    held_by = _wait_for(folder, wish, wait_s)
    if held_by:
        return _fail(
            f"The agent was asked to let go, but {held_by}. It goes on trying; `valet agent resume` ends that."
        )
    until = time.strftime("%H:%M", time.localtime(time.time() + seconds))
    _say(f"Released. The agent looks at no GPU until {until}, or until `valet agent resume`. {_others()}")
    return 0


def resume_agent(folder: Path) -> int:
    """End the pause; returns the exit code."""
    try:
        was_paused = withdraw_pause(folder)
    except Refused as refused:
        return _fail(str(refused))
    _say("The agent goes on within seconds." if was_paused else f"There is no pause in {folder}.")
    return 0


def _wait_for(folder: Path, wish: Pause, wait_s: float) -> str:
    """What still holds the driver after so many seconds; nothing when it is released."""
    deadline = time.monotonic() + wait_s
    held_by = NOT_PAUSED_YET
    while held_by and time.monotonic() < deadline:
        time.sleep(PAUSE_LOOK_S)
        state = pause_state(folder)
        if state is not None and state.pause == wish.id:
            held_by = state.held_by
        elif not is_agent_running(folder):
            return ""  # whoever starts now finds the wish
    return held_by


def _others() -> str:
    names = [f"{name or 'a program'} ({pid})" for pid, name in holders()]
    if not names:
        return "No other program is seen to hold it."
    return f"Still held by {', '.join(names[:10])}" + (f" and {len(names) - 10} more." if len(names) > 10 else ".")


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")


def _fail(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 1
