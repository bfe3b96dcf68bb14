"""Tells, once each, of agents that fall silent, machines that go down by another hand, and GPUs that are not there."""

from collections.abc import Iterator, Sequence

from sqlite_utils import Database

from bot.domain.acting.hours import NEVER, HoursRule
from bot.domain.clock import DAY_MS, MINUTE_MS
from bot.domain.machines.notices import (
    AGENT_LATE_MS,
    NOTICE_LATER_MS,
    NOTICE_SOON_MS,
    UNWATCHED_MS,
    Notice,
    NoticeCase,
    is_notice_due,
)
from bot.domain.machines.readings import AgentReport
from bot.domain.sharing.claims import Claim
from bot.services import digest
from bot.services.context import Context, team_channel
from store import outbox as stored_outbox
from store.acting import actions
from store.acting import hours as stored_hours
from store.machines import agents
from store.machines import fleet as stored_fleet
from store.machines import notices as stored_notices
from store.machines import readings as stored_readings
from store.sharing import claims as stored_claims
from store.sql import Row

NOTICE_MESSAGE = "machine_notice"
NOTICES_KEPT_MS = 30 * DAY_MS
OLD_NEWS_MS = 4 * DAY_MS
"""What has been so for longer when it is first noticed is no news: longer than any weekend."""
DOWN_STATES = frozenset({"stopping", "stopped"})


def watch_machines(ctx: Context) -> None:
    """Note what is so now, tell of what has lasted, and of what is over."""
    now, db = ctx.clock(), ctx.store.reading()
    known = stored_notices.current(db)
    cases: dict[stored_notices.NoticeKey, NoticeCase] = {
        (each.instance_id, each.kind, each.person): each for each in _cases(ctx, db, now)
    }
    if not known and not cases:
        return
    with ctx.store.writing() as writing:
        for key, case in cases.items():
            if key not in known and now - case.since < OLD_NEWS_MS:
                stored_notices.begin(writing, case, now)
        for key, notice in stored_notices.current(writing).items():
            if key in cases:
                _carry_on(ctx, writing, cases[key], notice, now)
            else:
                stored_notices.note_notice_over(writing, notice, now)
                if notice.told_at is not None:
                    _tell(ctx, writing, notice, now)
        stored_notices.prune(writing, now - NOTICES_KEPT_MS)
    ctx.wake()


def notice_of(ctx: Context, notice_id: int) -> Notice | None:
    """One of them, as it stands."""
    return stored_notices.by_id(ctx.store.reading(), notice_id)


def _carry_on(ctx: Context, db: Database, case: NoticeCase, notice: Notice, now: int) -> None:
    away = now - notice.looked_at > UNWATCHED_MS
    noticed_at = now if away and notice.told_at is None else notice.noticed_at
    stored_notices.note_lasting(db, notice, case, now, noticed_at=noticed_at)
    fresh = stored_notices.by_id(db, notice.id) or notice
    if notice.told_at is None and is_notice_due(case, fresh, now):
        stored_notices.note_notice_told(db, notice, now)
        _tell(ctx, db, notice, now)


def _tell(ctx: Context, db: Database, notice: Notice, now: int) -> None:
    row = stored_fleet.by_id(db, notice.instance_id)
    place = notice.person or team_channel(ctx, row["team"] if row else "")
    stored_outbox.tell(db, place, f"{NOTICE_MESSAGE}:{notice.id}", kind=NOTICE_MESSAGE, subject=str(notice.id), now=now)


def _cases(ctx: Context, db: Database, now: int) -> Iterator[NoticeCase]:
    heard, held, hours = agents.reports(db), stored_claims.open_claims(db, ()), stored_hours.own_hours(db)
    zones = digest.zones(ctx)
    for row in stored_fleet.running_instances(db):
        told = heard.get(row["id"])
        if told is None or told.reported_at < (row["launched_at"] or 0):
            continue
        mine = held.get(row["id"], ())
        if now - told.reported_at >= AGENT_LATE_MS:
            counts = bool(mine) or _has_window(ctx, row, hours.get(row["id"]))
            zone = "" if counts else zones.get(team_channel(ctx, row["team"]), "UTC")
            wait = NOTICE_SOON_MS if counts else NOTICE_LATER_MS
            yield NoticeCase(row["id"], "agent", "", told.reported_at, wait=wait, zone=zone)
            for claim in mine:
                yield NoticeCase(row["id"], "agent", claim.holder, told.reported_at, wait=NOTICE_SOON_MS)
        else:
            yield from _without_gpus(db, mine, told)
    for instance_id, mine in held.items():
        row_of = stored_fleet.by_id(db, instance_id)
        if row_of is not None and row_of["state"] in DOWN_STATES and row_of["gone_at"] is None:
            yield from _down(db, row_of, mine, now)


def _has_window(ctx: Context, row: Row, own: HoursRule | None) -> bool:
    """Whether a window ends on it by rule: its own on-hours where they count, else its team's."""
    if own is not None and own.void_since is None:
        return own.windows != NEVER
    team = ctx.settings.teams.get(row["team"])
    return row["provider"] == "ec2" and team is not None and bool(team.pausing.hours)


def _without_gpus(db: Database, mine: Sequence[Claim], told: AgentReport) -> Iterator[NoticeCase]:
    """Claimed GPUs that the agent tells of no more, or in whose place there is another."""
    if not mine or not told.gpus_seen:
        return
    rows, untold = stored_readings.gpu_rows(db, told.host), stored_readings.unreported_gpus(db, told.host)
    for claim in mine:
        gone = [untold[gpu] for gpu in claim.gpus if gpu in untold]
        other = [
            rows[gpu]
            for gpu in claim.gpus
            if gpu in rows and gpu not in untold and (rows[gpu]["told_from"] or 0) > claim.from_at
        ]
        if gone:
            since = min(row["last_minute_at"] or 0 for row in gone)
            yield NoticeCase(told.host, "gpus", claim.holder, since, f"gone|{_named(gone)}", wait=AGENT_LATE_MS)
        elif other:
            since = min(row["told_from"] for row in other)
            yield NoticeCase(told.host, "gpus", claim.holder, since, f"other|{_named(other)}")


def _named(rows: Sequence[Row]) -> str:
    return ", ".join(f"GPU {row['gpu']}{' (' + row['uuid'] + ')' if row['uuid'] else ''}" for row in rows)


def _down(db: Database, row: Row, mine: Sequence[Claim], now: int) -> Iterator[NoticeCase]:
    """A machine that its holders believe to run, stopped by nobody whom Valet knows."""
    since = row["stopped_at"] or now
    for claim in mine:
        if claim.from_at < since and not actions.stopped_by_us(db, row["id"], since - 30 * MINUTE_MS):
            yield NoticeCase(row["id"], "down", claim.holder, since)
