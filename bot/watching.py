"""Looks after the bot itself: what /healthz and /metrics say, and the alarm when the database can't be used."""

from collections.abc import Callable, Sequence

from slack_sdk import WebClient

from bot.connection import DEAF_S
from bot.domain.clock import MINUTE_MS, SECOND_MS, Heartbeat
from bot.domain.machines.listing import FleetFilter
from bot.domain.money.rates import MICROS_PER_USD
from bot.errors import Impaired
from bot.jobs.schedule import Schedule
from bot.jobs.worker import Worker
from bot.only_one import tell_admins
from bot.services import backups, outbox, queries
from bot.services.acting import executor
from bot.services.context import Context
from bot.services.machines import sources
from bot.steadyclock import CLOCKS_APART_MS, Ahead
from bot.telemetry.door import Health
from bot.telemetry.figures import MetricFamily
from handlers.blocks import troubles
from handlers.blocks.parts import Reply

STALE_TICK_MS = 5 * MINUTE_MS
STALE_MESSAGE_MS = 20 * MINUTE_MS
"""Longer than any single wait between two tries."""
USABLE_FOR_MS = 5 * MINUTE_MS
"""So long the database must work again before the alarm is called off; a disk at its limit goes back and forth."""
PROMPT_JOBS = frozenset({"sweep", "judge", "claims", "requests", "database"})
"""Jobs whose silence means something is wrong."""

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


Values = dict[tuple[str, ...], float]


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
    ages: dict[tuple[str, ...], float] = {(name,): age / SECOND_MS for name, age in schedule.ages().items()}
    usable = not ctx.store.trouble.reason
    found = [
        MetricFamily("valet_job_age_seconds", "Since each job last came to its end.", ages, ("job",)),
        MetricFamily("valet_database_usable", "1 while the database can be used.", {(): float(usable)}),
    ]
    silent = silence()
    if silent is not None:
        found.append(MetricFamily("valet_slack_silence_seconds", "Since Slack was last heard.", {(): silent}))
    ahead = off()
    if ahead is not None:
        found.append(
            MetricFamily(
                "valet_clock_ahead_seconds",
                "How far our clock is ahead of Slack's, or of AWS's where Slack does not say.",
                {(): ahead.by / SECOND_MS},
            )
        )
    other = others()
    if other is not None:
        found.append(
            MetricFamily("valet_other_bot_connected", "1 while another bot has the same Slack app.", {(): float(other)})
        )
    try:
        return [*found, *_stored(ctx)]
    except Impaired:
        return found


def _stored(ctx: Context) -> list[MetricFamily]:
    totals = queries.totals(ctx, FleetFilter())
    waiting: dict[tuple[str, ...], float] = {(state,): float(count) for state, count in outbox.counts(ctx).items()}
    backup_age, held = backups.age(ctx), executor.executor_waited(ctx)
    found = [
        MetricFamily("valet_instances", "Instances known.", {(): float(totals.instances)}),
        MetricFamily("valet_instances_idle", "Running instances with every GPU idle.", {(): float(totals.idle)}),
        MetricFamily(
            "valet_usd_per_hour",
            "What runs costs, as far as prices are known, USD per hour.",
            {(): totals.rate_micros / MICROS_PER_USD},
        ),
        MetricFamily("valet_usd_per_hour_idle", "Of that, unused.", {(): totals.waste_micros / MICROS_PER_USD}),
        MetricFamily("valet_approved_age_seconds", "Age of the oldest approval not taken up.", {(): held / SECOND_MS}),
        MetricFamily("valet_outbox_messages", "Messages by state.", waiting, ("state",)),
        MetricFamily(
            "valet_outbox_age_seconds", "Age of the oldest unsent message.", {(): outbox.waited(ctx) / SECOND_MS}
        ),
    ]
    found += [*_agents(ctx), *_sources(ctx)]
    if backup_age is not None:
        found.append(MetricFamily("valet_backup_age_seconds", "Since the newest backup.", {(): backup_age / SECOND_MS}))
    return found


def _agents(ctx: Context) -> list[MetricFamily]:
    """What each host's agent said of itself last."""
    heard, now = queries.agent_reports(ctx), ctx.clock()
    ages: Values = {(each.host,): float(max(0, now - each.reported_at)) / SECOND_MS for each in heard}
    gpus: Values = {(each.host,): float(each.gpus_seen) for each in heard}
    failing: Values = {(each.host,): float(bool(each.error)) for each in heard}
    about: Values = {(each.host, each.agent_version, each.driver): 1.0 for each in heard}
    return [
        MetricFamily("valet_agent_age_seconds", "Since an agent last reported.", ages, ("host",)),
        MetricFamily("valet_agent_gpus", "GPUs that an agent sees.", gpus, ("host",)),
        MetricFamily("valet_agent_failing", "1 while an agent says that something is wrong.", failing, ("host",)),
        MetricFamily("valet_agent_info", "Version of an agent, and driver.", about, ("host", "version", "driver")),
    ]


def _sources(ctx: Context) -> list[MetricFamily]:
    """How old what each source told is, and whether it fails."""
    ages: Values = {(name,): age / SECOND_MS for name, age in sources.source_ages(ctx).items()}
    failing = {each.source for each in sources.failing_sources(ctx)}
    fails: Values = {(name,): float(name in failing) for (name,) in ages}
    return [
        MetricFamily("valet_source_age_seconds", "Since a source was last read.", ages, ("source",)),
        MetricFamily("valet_source_failing", "1 while a source can't be read.", fails, ("source",)),
    ]


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
