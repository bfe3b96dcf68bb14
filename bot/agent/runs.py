"""Runs on this host: commands that the bot's admin allows, started once each, under the agent's own account.

What has been started is written down before it starts, so that a restart of the agent starts nothing twice.
"""

import json
import logging
import os
import random
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.agent.guard import guarded
from bot.agent.post import DoorAnswer, DoorClient, come_back_s
from bot.errors import Refused
from bot.telemetry.wire import MAX_TAIL, POLL_S, RUNS_PATH

log = logging.getLogger(__name__)
SHELL = "/bin/sh"
END_PATIENCE_S = 10.0
"""After SIGTERM a command has this long before SIGKILL."""
TOLD_EVERY_S = 15.0
MOST_POLL_S = 120.0
"""So rarely at most it asks a bot that gives no runs."""
RUNS_KEPT = 500
"""So many finished runs are remembered, the newest."""


@dataclass(slots=True)
class Work:
    """One command under way."""

    process: "subprocess.Popen[bytes]"
    ends_at: float
    """On the monotonic clock: when it is to be ended."""
    tail: bytearray = field(default_factory=bytearray)
    reader: threading.Thread | None = None
    told_at: float = 0.0
    ending_at: float | None = None


class RunWorker:
    """Asks the door for runs, runs them, tells how they go. `step` is called again and again by one thread."""

    def __init__(self, door_client: DoorClient, folder: Path, *, uid: int | None = None) -> None:
        if (os.geteuid() if uid is None else uid) == 0:
            raise Refused("--allow-jobs refuses to run people's commands as root. Start the agent as another user.")
        self._door = door_client
        self._memory = folder / "runs.json"
        self._known: dict[str, str] = self._remembered()
        """By run: "begun", or how it ended and is still to be told, as JSON."""
        self._work: dict[str, Work] = {}
        self._failures, self._pause_s = 0, POLL_S
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="runs", daemon=True)

    def start(self) -> None:
        """Work in a thread of its own."""
        self._thread.start()

    def end(self) -> None:
        """End what is under way, tell, and stop."""
        self._stop.set()
        self._thread.join(END_PATIENCE_S + 5)

    def _loop(self) -> None:
        while not self._stop.is_set():
            guarded(self.step)
            self._stop.wait(1.0 if self._work else self._pause_s)
        self._finish()

    def _finish(self) -> None:
        for work in self._work.values():
            work.ends_at = 0.0
        deadline = time.monotonic() + END_PATIENCE_S + 2
        while self._work and time.monotonic() < deadline:
            guarded(self._follow)
            time.sleep(0.1)

    def step(self) -> None:
        """Ask for runs, begin the new ones, and follow those under way."""
        self._tell_what_is_left()
        answer, text = self._door.exchange("GET", RUNS_PATH, receipt="runs")
        if answer.status == 200 and answer.is_the_doors:
            self._failures = 0
            for offered in json.loads(text)["runs"]:
                self._take(str(offered["id"]), str(offered["command"]), seconds=int(offered["seconds"]))
        else:
            self._failures += 1
            if answer.status is not None:
                log.warning("The bot gives no runs: %s", answer.text)
        jitter = random.random()  # noqa: S311 - spreads retries, hides nothing
        self._pause_s = pause_before_asking(answer, self._failures, jitter)
        self._follow()

    def _take(self, run_id: str, command: str, *, seconds: int) -> None:
        if run_id in self._work:
            self._work[run_id].ends_at = time.monotonic() + seconds
        elif run_id in self._known:
            if self._known[run_id] == "begun":  # by an agent before this one: nobody follows it any more
                self._over(run_id, {"state": "lost", "reason": "The agent was restarted meanwhile."})
        elif seconds <= 0:
            self._over(run_id, {"state": "cancelled"})
        else:
            self._begin(run_id, command, seconds)

    def _begin(self, run_id: str, command: str, seconds: int) -> None:
        self._remember(run_id, "begun")
        try:
            process = subprocess.Popen(  # noqa: S603 - a command of the settings, which is the point
                [SHELL, "-c", command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=Path.home() if Path.home().is_dir() else "/",
                start_new_session=True,
            )
        except OSError as error:
            self._over(run_id, {"state": "failed", "reason": f"It could not be started: {error.strerror}."})
            return
        work = Work(process, time.monotonic() + seconds)
        self._work[run_id] = work
        work.reader = threading.Thread(target=_read, args=(work,), name=f"output of {run_id[:8]}", daemon=True)
        work.reader.start()
        log.info("Started run %s.", run_id)

    def _follow(self) -> None:
        now = time.monotonic()
        for run_id, work in list(self._work.items()):
            code = work.process.poll()
            if code is not None:
                del self._work[run_id]
                if work.reader is not None:
                    work.reader.join(1.0)  # something it left running may hold the pipe open
                state = "cancelled" if work.ending_at is not None else "done"
                self._over(run_id, {"state": state, "exit_code": code, "tail": _text(work)})
            elif now >= work.ends_at:
                self._end(work, now)
            elif now - work.told_at >= TOLD_EVERY_S:
                work.told_at = now
                self._tell(run_id, {"state": "running", "tail": _text(work)})

    @staticmethod
    def _end(work: Work, now: float) -> None:
        """SIGTERM to all of it, and SIGKILL where that is not heard."""
        if work.ending_at is None:
            work.ending_at = now
            _signal(work, signal.SIGTERM)
        elif now - work.ending_at >= END_PATIENCE_S:
            _signal(work, signal.SIGKILL)

    def _over(self, run_id: str, report: dict[str, Any]) -> None:
        self._remember(run_id, json.dumps(report))
        self._tell_what_is_left()

    def _tell_what_is_left(self) -> None:
        for run_id, kept in list(self._known.items()):
            if kept not in {"begun", "told"} and self._tell(run_id, json.loads(kept)):
                self._remember(run_id, "told")

    def _tell(self, run_id: str, report: dict[str, Any]) -> bool:
        """Tell how a run stands; False when it has to be told again."""
        body = json.dumps({"exit_code": None, "tail": "", "reason": "", **report}).encode()
        answer, _ = self._door.exchange("POST", f"{RUNS_PATH}/{run_id}", body, receipt="known")
        return answer.status in {200, 400, 404} and answer.is_the_doors

    def _remember(self, run_id: str, what: str) -> None:
        """Write it down, durably, before anything follows from it."""
        self._known[run_id] = what
        told = [each for each, kept in self._known.items() if kept == "told"]
        for each in told[: max(0, len(told) - RUNS_KEPT)]:
            del self._known[each]
        self._memory.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._memory.with_suffix(".new")
        with fresh.open("w") as file:
            json.dump(self._known, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._memory)

    def _remembered(self) -> dict[str, str]:
        try:
            return dict(json.loads(self._memory.read_text()))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            why = type(error).__name__
            raise Refused(f"{self._memory} can't be read ({why}), so jobs could start twice. Remove it.") from None


def pause_before_asking(answer: DoorAnswer, failures: int, jitter: float) -> float:
    """Seconds until runs are asked for again; longer, and each time another, while the bot gives none."""
    grown = min(MOST_POLL_S, POLL_S * 2.0 ** min(failures, 10)) - POLL_S
    return max(POLL_S + jitter * grown, come_back_s(answer, jitter))


def _read(work: Work) -> None:
    """Keep the end of a command's output."""
    pipe = work.process.stdout
    assert pipe is not None  # noqa: S101 - for the type checker; it was made with a pipe
    with pipe:
        while chunk := os.read(pipe.fileno(), 4096):
            work.tail += chunk
            del work.tail[: max(0, len(work.tail) - 2 * MAX_TAIL)]


def _text(work: Work) -> str:
    return bytes(work.tail).decode(errors="replace")[-MAX_TAIL:]


def _signal(work: Work, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(work.process.pid, number)
