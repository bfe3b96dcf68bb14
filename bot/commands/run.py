"""`valet run`: the bot."""

import gc
import logging
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.providers.sweep_process import SweepProcess
    from bot.settings import Secrets, Settings
    from bot.wiring import Valet

DEAF = 69
"""EX_UNAVAILABLE: Slack answers, but is not heard; a new process may hear it."""
SWITCH_S = 0.001
"""Instead of 0.005: a click needs the interpreter several times until it is acknowledged."""
GARBAGE = (10_000, 10, 200)
"""Objects more than before until the youngest are searched, and how many such searches until the older ones are."""
LOOK_S = 1.0
TICK_S = 20.0
OPEN_FILES = 16_384
"""Systems begin with 1,024, which a thousand agents at once would use up."""
DRAIN_S = 20.0
"""What is under way may take this long to end once Valet is told to."""


@click.command()
@click.option(
    "--config",
    default="valet.toml",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Settings file.",
)
@click.option(
    "--verbose",
    is_flag=True,
    help="Log what libraries say, too: what people typed, names and addresses in tags. Never tokens.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How a line of the log is written.",
)
@click.option(
    "--take-over", is_flag=True, help="Act although another Valet is connected to the same Slack app. Stop that one."
)
def run(config: Path, *, verbose: bool, log_format: str, take_over: bool) -> None:
    """Run the bot: Slack, the door for agents, and the jobs, in one process.

    Needs SLACK_BOT_TOKEN, and SLACK_APP_TOKEN for Socket Mode or SLACK_SIGNING_SECRET for HTTP; each may also be
    given as a file by NAME_FILE. SLACK_API_URL reaches another Slack, VALET_DB names the database.
    SIGTERM ends it in order, within 20 seconds; whatever took longer is picked up by the next start. The settings are
    read again when their file changes, and on SIGHUP; what is wrong is refused, and the settings of before go on.
    Exits with 75 when another process uses the same database, and with 69 when Slack's connection has gone deaf and
    connecting anew did not help: whatever supervises it should start it again.
    """
    from bot import settings as configuration
    from bot.redaction import set_up_log

    set_up_log(verbose=verbose, as_json=log_format == "json")
    _have_more_files()
    hangup = _kept_from_hangups()
    chosen = configuration.load(config)
    secrets = configuration.secrets()

    # all of the bot takes most of a second to read, and a wrong setting is told before that
    from bot.providers.sweep_process import SweepProcess
    from store import ProcessLock

    lock = ProcessLock(Path(chosen.database))
    looks = SweepProcess(verbose=verbose, as_json=log_format == "json")
    try:
        deaf = _work(_built(config, chosen, secrets, looks, take_over=take_over), hangup)
    finally:
        looks.close()
        lock.release()
    if deaf:
        click.get_current_context().exit(DEAF)


def _take_turns() -> None:
    """Let whoever answers a click wait a fifth as long as usual for a job's thread that is at work, and for garbage.

    Python looks for cycles of garbage among everything there is while all threads wait: 70 ms after what one round of
    judging 10,000 machines brings to life, which ends by itself.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.set_threshold(*GARBAGE)
    gc.collect()
    gc.freeze()  # what is there by now stays, and need not be searched


def _built(config: Path, chosen: "Settings", secrets: "Secrets", looks: "SweepProcess", *, take_over: bool) -> "Valet":
    from bot.outside import Partners, SettingsFile, providers_of
    from bot.steadyclock import SteadyClock, kernel_boot_id
    from bot.wiring import build_valet
    from store import Store

    store = Store(chosen.database, keeper=True, examines_later=True)
    clock = SteadyClock(boot=kernel_boot_id())
    clock.begin(store.heartbeat())
    providers = partial(providers_of, clock=clock, process=looks)
    return build_valet(
        chosen,
        secrets,
        store,
        take_over=take_over,
        clock=clock,
        providers=providers(chosen),
        partners=Partners(settings_file=SettingsFile(config, providers)),
    )


def _have_more_files() -> None:
    """Let this process have open files for thousands of agents at once, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class _Hangup:
    """What SIGHUP asks for: the settings again. One that comes before there is anybody to read them is kept.

    A terminal that is closed says the same, and ends what runs in it.
    """

    def __init__(self) -> None:
        self._had_terminal = sys.stdin is not None and sys.stdin.isatty()
        self.is_due = False
        self.reads_again: Callable[[], None] | None = None

    def __call__(self, *_: object) -> None:
        self.is_due = True
        if self.reads_again:
            self.reads_again()

    @property
    def is_the_terminals(self) -> bool:
        """Whether the terminal is gone that this was begun in."""
        if not self._had_terminal:
            return False
        try:
            os.tcgetpgrp(0)
        except OSError:
            return True
        return False

    def goes_to(self, reads_again: Callable[[], None]) -> None:
        """From now on."""
        self.reads_again = reads_again
        if self.is_due:
            reads_again()


def _kept_from_hangups() -> _Hangup:
    hangup = _Hangup()
    signal.signal(signal.SIGHUP, hangup)
    return hangup


def _work(valet: "Valet", hangup: _Hangup) -> bool:
    """From start to SIGTERM, or until Slack is not heard any more: whether that was it."""
    _take_turns()
    with _told_to_end() as told:
        if valet.settings_watch:
            hangup.goes_to(valet.settings_watch.ask)
        valet.start()
        logging.getLogger("bot").info("Valet runs; the door is on %s:%s", valet.door.host, valet.door.port)
        if valet.door.beside:
            logging.getLogger("bot").info("metrics are on %s:%s", valet.door.beside.host, valet.door.beside.port)
        _until_told(valet, told, hangup, os.environ.get("NOTIFY_SOCKET", ""))
        _end_in_time(DEAF if valet.deaf else 0)
        valet.stop()
    return valet.deaf


@contextmanager
def _told_to_end() -> Iterator[socket.socket]:
    """A socket that can be read from once there was a signal, whose number it brings: SIGTERM, SIGINT, or SIGHUP.

    A handler that sets an event would do it, if it ran: a signal just before a wait begins does not end that wait, and
    one within it may find the event's own lock taken.
    """
    ear, mouth = socket.socketpair()
    mouth.settimeout(0)
    with ear, mouth:
        signal.set_wakeup_fd(mouth.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        yield ear
        signal.set_wakeup_fd(-1)


def _until_told(valet: "Valet", told: socket.socket, hangup: _Hangup, supervisor: str) -> None:
    """Wait for the end, and keep telling systemd that the clockwork ticks: where it stops, systemd starts it again."""
    from bot.supervisor import ENDING, READY, TICKS, notify_systemd

    notify_systemd(READY, supervisor)
    next_tick = time.monotonic()
    while not valet.finish.is_set() and not _is_told_to_end(told, hangup):
        if time.monotonic() >= next_tick and valet.ticks:
            notify_systemd(TICKS, supervisor)
            next_tick += TICK_S
    notify_systemd(ENDING, supervisor)


def _is_told_to_end(told: socket.socket, hangup: _Hangup) -> bool:
    """Whether SIGTERM or SIGINT came within `LOOK_S`, or the terminal was closed."""
    if not select.select([told], [], [], LOOK_S)[0]:
        return False
    return bool(set(told.recv(64)) - {signal.SIGHUP}) or hangup.is_the_terminals


def _end_in_time(code: int) -> None:
    """End the process after `DRAIN_S`, whatever still hangs; also while Python waits for threads at its very end."""

    def give_up() -> None:
        busy = ", ".join(sorted(thread.name for thread in threading.enumerate() if not thread.daemon))
        said = "Not everything ended in %.0f s (still at work: %s); the next start picks it up"
        logging.getLogger("bot").warning(said, DRAIN_S, busy)
        sys.stderr.flush()
        os._exit(code)

    timer = threading.Timer(DRAIN_S, give_up)
    timer.daemon = True
    timer.start()
