"""Looks after the bot itself: what /healthz and /metrics say, and the alarm when the database can't be used."""

import platform
from collections.abc import Callable, Sequence

from slack_sdk import WebClient

from bot import __version__
from bot.connection import DEAF_S
from bot.domain.clock import MINUTE_MS, SECOND_MS, Heartbeat
from bot.errors import Impaired
from bot.jobs.schedule import Schedule
from bot.jobs.worker import Worker
from bot.only_one import tell_admins
from bot.services import backups, metrics, outbox
from bot.services.context import Context
from bot.services.machines import sources
from bot.steadyclock import CLOCKS_APART_MS, Ahead
from bot.telemetry.door import Health
from bot.telemetry.figures import MetricFamily, metric_family
from handlers.blocks import troubles
from handlers.blocks.parts import Reply
from store.database import sqlite_version

STALE_TICK_MS = 5 * MINUTE_MS
STALE_MESSAGE_MS = 20 * MINUTE_MS
"""Longer than any single wait between two tries."""
USABLE_FOR_MS = 5 * MINUTE_MS
"""So long the database must work again before the alarm is called off; a disk at its limit goes back and forth."""
PROMPT_JOBS = frozenset({"sweep", "judge", "claims", "requests", "database"})
"""Jobs whose silence means something is wrong."""

UNEXAMINED = "the database is being looked through, and until that is done no machine is touched and nothing is posted"
ClockOff = Callable[[], Ahead | None]
"""How far our clock is ahead of Slack's, or of AWS's where Slack does not say; None where that is not known."""
SlackSilence = Callable[[], float | None]
"""Seconds since Slack was last heard; None where Slack comes by HTTP and may be silent for hours."""


OtherBots = Callable[[], bool | None]
"""Whether another bot is connected to the same Slack app; None where that is not known."""


def nobody_told() -> None:
    """Nobody has told."""


Worries = Callable[[], Sequence[str]]
"""What else keeps Valet from its work."""


def no_worries() -> tuple[str, ...]:
    """Nothing else does."""
    return ()


def bot_health(
    ctx: Context,
    schedule: Schedule,
    silence: SlackSilence,
    workers: Sequence[Worker] = (),
    off: ClockOff = nobody_told,
    worries: Worries = no_worries,
) -> Health:
    """Well while the database can be used, jobs come to their end, messages leave, Slack is heard and clocks agree."""
    late = [*_late(schedule), *(each.name for each in workers if each.age_s * SECOND_MS > STALE_TICK_MS)]
    problems = [f"{name} has not finished for over 5 minutes" for name in late]
    try:
        waited, failing = outbox.waited(ctx), sources.failing_sources(ctx)
    except Impaired:
        waited, failing = 0, []
    if ctx.store.trouble.reason:
        problems.insert(0, f"the database can't be used: {ctx.store.trouble.reason}")
    if ctx.store.is_unexamined:
        problems.insert(0, UNEXAMINED)
    if waited > STALE_MESSAGE_MS:
        problems.append(f"a message has waited for {waited // MINUTE_MS} minutes")
    problems += [f"{each.source} can't be read: {each.error}" for each in failing if each.is_prompt]
    silent = silence()
    if silent is not None and silent > DEAF_S:
        problems.append(f"Slack has not been heard for {silent / 60:.0f} minutes")
    ahead = off()
    if ahead is not None and abs(ahead.by) > CLOCKS_APART_MS:
        problems.append(f"the clock is {abs(ahead.by) // SECOND_MS} s off {ahead.whose}")
    problems = [*worries(), *problems]
    return Health(not problems, tuple(problems))


def _late(schedule: Schedule) -> list[str]:
    return [name for name, age in schedule.ages().items() if age > STALE_TICK_MS and name in PROMPT_JOBS]


def bot_metrics(
    ctx: Context,
    schedule: Schedule,
    silence: SlackSilence,
    off: ClockOff = nobody_told,
    others: OtherBots = nobody_told,
) -> list[MetricFamily]:
    """What /metrics shows beside the door's own figures; without a database, what is known without it."""
    silent, ahead, other, usable = silence(), off(), others(), not ctx.store.trouble.reason
    about = {(__version__, platform.python_version(), ".".join(map(str, sqlite_version()))): 1}
    found = [
        metric_family("valet_build_info", about),
        metric_family("valet_started_timestamp_seconds", ctx.began_at / SECOND_MS),
        metric_family("valet_job_age_seconds", {name: age / SECOND_MS for name, age in schedule.ages().items()}),
        metric_family("valet_database_usable", usable),
        *metrics.disk_figures(ctx.store.path),
    ]
    if silent is not None:
        found.append(metric_family("valet_slack_silence_seconds", silent))
    if ahead is not None:
        found.append(metric_family("valet_clock_ahead_seconds", ahead.by / SECOND_MS))
    if other is not None:
        found.append(metric_family("valet_other_bot_connected", other))
    try:
        return [*found, *metrics.stored_figures(ctx)]
    except Impaired:
        return found


class StoreAlarm:
    """Tries the database, and tells the admins once when it fails and once when it works again.

    Straight to Slack: the outbox is a part of the database.
    """

    def __init__(self, ctx: Context, client: WebClient, beat: Callable[[], Heartbeat] | None = None) -> None:
        self._ctx = ctx
        self._client = client
        self._beat = beat or (lambda: Heartbeat(ctx.clock()))
        self._told = ""
        self._well_since: int | None = None

    def look(self) -> None:
        """Write something, and say what has changed since the last look."""
        now, trouble = self._ctx.clock(), self._ctx.store.trouble
        try:
            self._ctx.store.check(self._beat())
        except Impaired:
            self._well_since = None
            if trouble.reason != self._told and self._tell(self._alarm(trouble.reason)):
                self._told = trouble.reason
            return
        if self._well_since is None:
            self._well_since = now
        if self._told and now - self._well_since >= USABLE_FOR_MS and self._tell(troubles.usable_again(self._told)):
            self._told = ""

    def _alarm(self, reason: str) -> Reply:
        return troubles.impaired_reply(reason, str(backups.newest(self._ctx) or ""))

    def _tell(self, reply: Reply) -> bool:
        return tell_admins(self._ctx, self._client, reply, about="the database")
