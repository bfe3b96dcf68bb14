"""The daily digest: made once per channel and local date, kept as it was made, drawn with what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.actions import Action
from bot.domain.acting.snooze import Snooze
from bot.domain.clock import DAY_MS, MINUTE_MS
from bot.domain.days import local_day
from bot.domain.digest import (
    Digest,
    DigestNow,
    IdleRow,
    NowState,
    RowNow,
    Span,
    due_at,
    due_date,
    idle_rows,
    next_due,
    week_start,
)
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.machines.sources import UnreadSource
from bot.domain.money.reports import Spent
from bot.errors import Refused
from bot.services.acting import dormant, images
from bot.services.context import Context, team_channel
from bot.services.machines import sources, verdict
from bot.services.money import forecast, ledger
from store import digest as stored_digest
from store import outbox as stored_outbox
from store.acting import actions
from store.acting import snooze as stored_snooze
from store.machines import agents, listings
from store.machines import fleet as stored_fleet
from store.money import source_reads

KEEP_FOR = DAY_MS
DIGEST_FRESH_MS = 10 * MINUTE_MS
"""A digest waits until verdicts are at most this old: after a start, those of before say nothing about now."""
LATE = 30 * MINUTE_MS
"""A digest that is made later than that after its time says so."""
REDRAWN_FOR = 2 * DAY_MS
"""Older digests are left as they are."""
ALL = -1


def make_due(ctx: Context) -> int:
    """Make the digests that are due and not made yet; how many had something to say.

    Run it every minute: it works from what the tables say, so late is fine and twice is not.
    """
    if not ctx.settings.digest.enabled:
        return 0
    now = ctx.clock()
    due = [(channel, zone, day) for channel, zone in zones(ctx).items() if (day := _due(ctx, zone, now))]
    db = ctx.store.reading()
    open_ones = [each for each in due if not stored_outbox.has_digest(db, each[0], each[2].isoformat())]
    if not open_ones or not judged_lately(db, now) or not is_settled(ctx, db, now):
        return 0
    if ctx.absent_from is not None and now - ctx.began_at < LATE:
        verdict.judge_all(ctx)  # agents that came back just now count
    if _is_too_early(ctx, db, now) and not _has_news(ctx, db):
        return 0  # every minute of the first hours: nobody need add up a day of the ledger for that
    sums = _Sums.of(ctx, now)  # no other writer waits for a day of the ledger to be added up
    with ctx.store.writing() as db:
        spoken = _make(ctx, db, open_ones, sums, now)
    if spoken:
        ctx.wake()
    return spoken


def zones(ctx: Context) -> dict[str, str]:
    """Every digest channel with its zone: the general one as [digest] says, a team's own by its first team's zone."""
    general = ctx.settings.slack.channel
    found = {general: ctx.settings.digest.timezone} if general else {}
    for team in ctx.roster().teams:
        if team.channel:
            found.setdefault(team.channel, team.timezone)
    return found


def _due(ctx: Context, zone: str, now: int) -> date | None:
    return due_date(now, zone, ctx.settings.digest.at)


def judged_lately(db: Database, now: int) -> bool:
    """Whether what verdicts say is of now: after a start it may not be."""
    judged = stored_digest.judged_at(db)
    return not stored_fleet.running_instances(db) or (judged is not None and now - judged <= DIGEST_FRESH_MS)


def _make(ctx: Context, db: Database, due: list[tuple[str, str, date]], sums: "_Sums", now: int) -> int:
    rows, spoken = _Rows.of(ctx, db, now), 0
    for channel, zone, day in due:
        made = _composed(ctx, db, (channel, zone, day), sums, rows)
        content = None if made.is_empty else made.to_json()
        if content is None and _is_too_early(ctx, db, now):
            continue
        if stored_outbox.first_digest(db, channel, day.isoformat(), content, now=now) and content:
            _tell(db, channel, day.isoformat(), now)
            spoken += 1
    return spoken


def preview(ctx: Context) -> list[tuple[str, date, DigestNow | None]]:
    """The next digest of each channel, as it would be by what is known now: channel, local date, and what it says.

    None where there is nothing to say. Reads only.
    """
    now, db, at = ctx.clock(), ctx.store.reading(), ctx.settings.digest.at
    sums, rows, found = _Sums.of(ctx, now), _Rows.of(ctx, db, now), list[tuple[str, date, DigestNow | None]]()
    snoozed = stored_snooze.active(db, now)
    for channel, zone in zones(ctx).items():
        due = due_date(now, zone, at)
        is_made = due is None or stored_outbox.has_digest(db, channel, due.isoformat())
        day = local_day(next_due(now, zone, at), ZoneInfo(zone)) if due is None or is_made else due
        made = _composed(ctx, db, (channel, zone, day), sums, rows)
        standing = tuple(_now(db, row, made.made_at, snoozed.get(row.instance_id)) for row in made.rows)
        found.append((channel, day, None if made.is_empty else DigestNow(made, standing)))
    return found


def _composed(ctx: Context, db: Database, which: tuple[str, str, date], sums: "_Sums", rows: "_Rows") -> Digest:
    """The digest of a channel, with its zone, for a day."""
    channel, zone, day = which
    monday, now = week_start(day).isoformat(), rows.at
    tidy = None if stored_digest.said_to_tidy(db, channel, monday) else dormant.digest_part(ctx, channel)
    listed, not_listed = rows.listed.get(channel, []), rows.left_out.get(channel, [])
    return Digest(
        channel=channel,
        local_date=day,
        timezone=zone,
        made_at=now,
        rows=idle_rows(listed, sums.spent, now),
        tidy=tidy,
        month=forecast.month_ahead_of(ctx, channel),
        left_out=tuple(sorted(each.instance.name for each in not_listed)),
        span=sums.span(channel),
        windows=_windows(ctx, [*listed, *not_listed]),
        silent=sums.silent_for(channel),
        due_at=_missed(ctx, db, due_at(day, zone, ctx.settings.digest.at), now),
        missing=tuple(sorted(each.instance.name for each in rows.missing.get(channel, ()))),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Idle machines by channel: those that are listed, those that are left out, and those whose agents are missing."""

    at: int
    listed: Mapping[str, list[Listing]]
    left_out: Mapping[str, list[Listing]]
    missing: Mapping[str, list[Listing]]

    @classmethod
    def of(cls, ctx: Context, db: Database, now: int) -> "_Rows":
        snoozed, idle = stored_snooze.active(db, now), _idle(db)
        left_out = [each for each in idle if each.instance.id in snoozed or each.drain or ctx.exemption(each.instance)]
        return cls(
            now,
            _by_channel(ctx, [each for each in idle if each not in left_out]),
            _by_channel(ctx, left_out),
            _by_channel(ctx, missing_agents(ctx, db)),
        )


@dataclass(frozen=True, slots=True)
class _Sums:
    """The ledger of the last 24 hours, and whose channel each machine is."""

    from_at: int
    spent: Mapping[str, Spent]
    """By machine."""
    owned: frozenset[str]
    places: Mapping[str, tuple[str, str]]
    """The channel and the source of each machine."""
    silent: tuple[UnreadSource, ...]

    @classmethod
    def of(cls, ctx: Context, now: int) -> "_Sums":
        start = ledger.day_before(now)
        spent = ledger.spent_by_machine(ctx, start, now + 1)
        known = stored_fleet.instance_places(
            ctx.store.reading()
        )  # read after what they spent, so that none of those is missing
        roster = ctx.roster()
        channels = {team: team_channel(ctx, team, roster) for team in {team for _, team, _ in known.values()}}
        return cls(
            start,
            spent,
            frozenset(each for each, (provider, _, _) in known.items() if provider == "owned"),
            {each: (channels[team], source) for each, (_, team, source) in known.items()},
            sources.unread_sources(ctx),
        )

    def span(self, channel: str) -> Span:
        """What the machines of a channel cost."""
        mine = [each for each in self.spent if self.places[each][0] == channel]
        rented = sum((self.spent[each] for each in mine if each not in self.owned), Spent())
        return Span(self.from_at, rented, sum((self.spent[each] for each in mine if each in self.owned), Spent()))

    def silent_for(self, channel: str) -> tuple[UnreadSource, ...]:
        """The sources of a channel's machines that are silent."""
        mine = {source for where, source in self.places.values() if where == channel}
        return tuple(each for each in self.silent if each.name in mine)


def _missed(ctx: Context, db: Database, due: int, now: int) -> int | None:
    """When a digest that is late should have been made; where nobody had looked by then, it could not be."""
    first = source_reads.first_read(db)
    was_away = ctx.absent_from is not None and ctx.absent_from < due < ctx.began_at
    return due if first is not None and first < due and (was_away or now - due > LATE) else None


def _windows(ctx: Context, idle: Iterable[Listing]) -> tuple[int, ...]:
    """The rules in force for some machines, the least first."""
    found = {ctx.settings.rule_of(each.team).window_minutes for each in idle}
    return tuple(sorted(found)) or (ctx.settings.idle.window_minutes,)


def _is_too_early(ctx: Context, db: Database, now: int) -> bool:
    """Whether nothing to say means that nothing could be seen yet: on the first day a digest waits for the rule."""
    first, rule = source_reads.first_read(db), ctx.settings.idle
    if first is None:
        return not stored_digest.anything_judged(db)
    return now - first < (rule.window_minutes + rule.settle_minutes) * MINUTE_MS + DIGEST_FRESH_MS


def _has_news(ctx: Context, db: Database) -> bool:
    """Whether there is anything that the digest of some channel could be about."""
    about = (_idle(db), missing_agents(ctx, db), dormant.dormant(ctx).found, images.shelf(ctx).proposed)
    return any(about)


def _idle(db: Database) -> list[Listing]:
    idle, partial = FleetFilter(state="idle"), FleetFilter(state="partial")
    return [*listings.listings_page(db, idle, limit=ALL), *listings.listings_page(db, partial, limit=ALL)]


def _by_channel(ctx: Context, idle: Iterable[Listing]) -> dict[str, list[Listing]]:
    roster = ctx.roster()
    found: dict[str, list[Listing]] = {}
    for listing in idle:
        found.setdefault(team_channel(ctx, listing.team, roster), []).append(listing)
    return found


def _tell(db: Database, channel: str, local_date: str, now: int) -> None:
    stored_outbox.tell(db, channel, f"digest:{local_date}", kind="digest", subject=f"{channel}|{local_date}", now=now)


def refresh_digest(ctx: Context, db: Database, instance_id: str) -> None:
    """Draw the newest digest that lists an instance anew; call it in the transaction that changed the instance."""
    listing = stored_fleet.by_id(db, instance_id)
    if listing is None:
        return
    now, channel = ctx.clock(), team_channel(ctx, listing["team"])
    found = stored_digest.newest(db, channel, now - REDRAWN_FOR)
    if found and any(row["instance_id"] == instance_id for row in found[1]["rows"]):
        _tell(db, channel, found[0], now)


def digest_of(ctx: Context, channel: str, local_date: str) -> DigestNow | None:
    """A digest with the present state of its rows; None when there was nothing to say that day, or no digest."""
    db, now = ctx.store.reading(), ctx.clock()
    content = stored_outbox.digest_content(db, channel, local_date)
    if content is None:
        return None
    made = Digest.from_json(content)
    snoozed = stored_snooze.active(db, now)
    rows = tuple(_now(db, row, made.made_at, snoozed.get(row.instance_id)) for row in made.rows)
    return DigestNow(made, rows)


def undecided(ctx: Context, channel: str, local_date: str) -> list[str]:
    """The rented machines of a digest that still idle, whole and undecided. Raises Refused when there is none."""
    made = digest_of(ctx, channel, local_date)
    found = [now.row.instance_id for now in made.rows if now.may_stop] if made else []
    if not found:
        raise Refused(f"Nothing in this digest is open any more. {parts.gpu('status idle')} shows what idles.")
    return found


def _now(db: Database, row: IdleRow, made_at: int, snooze: Snooze | None) -> RowNow:
    listing = listings.by_id(db, row.instance_id)
    if listing is None:
        return RowNow(row, "gone")
    action_id = stored_digest.stop_after(db, row.instance_id, made_at)
    action = actions.by_id(db, action_id) if action_id else None
    if not listing.running:
        return _not_running(row, listing, action)
    if action is not None and action.is_live:
        return _being_stopped(row, action)
    claim = next((each for each in listing.claims if each.from_at >= made_at), None)
    if claim is not None:
        some = () if listing.is_whole(claim) else claim.gpus
        return RowNow(row, "claimed", who=claim.holder, at=claim.from_at, until=claim.until_at, gpus=some)
    if snooze is not None:
        return RowNow(row, "kept", who=snooze.who, at=snooze.made_at, until=snooze.until_at)
    return RowNow(row, _by_verdict(listing))


def _not_running(row: IdleRow, listing: Listing, action: Action | None) -> RowNow:
    at = listing.instance.stopped_at
    if action is None or action.state not in {"approved", "executing", "done"}:
        return RowNow(row, "stopped", at=at)
    state: NowState = "stopping" if action.is_live else "stopped"
    return RowNow(row, state, who=action.approver, at=action.decided_at or at, action_id=action.id)


def _being_stopped(row: IdleRow, action: Action) -> RowNow:
    if action.state == "pending":
        return RowNow(
            row, "asked", who=action.requester, at=action.created_at, until=action.expires_at, action_id=action.id
        )
    state: NowState = "approved" if action.state == "approved" else "stopping"
    return RowNow(row, state, who=action.approver, at=action.decided_at, action_id=action.id)


def _by_verdict(listing: Listing) -> NowState:
    if listing.state in {"free", "held", "partial"}:
        return "idle"
    return "unknown" if listing.state == "unknown" else "working"


SETTLING = 2 * MINUTE_MS
"""After a start, until every source has been read and its word judged."""
PATIENCE = 15 * MINUTE_MS
"""So long what speaks of all machines waits for agents that have not come back."""
HEARD_LATELY = 15 * MINUTE_MS
"""An agent that was silent for longer before the absence is not waited for."""


def is_settled(ctx: Context, db: Database, now: int) -> bool:
    """Whether what is known is of now, or it is not worth waiting any longer."""
    if ctx.absent_from is None:
        return True
    since = now - ctx.began_at
    return since >= SETTLING and (since >= PATIENCE or not missing_agents(ctx, db))


def missing_agents(ctx: Context, db: Database) -> list[Listing]:
    """Running machines whose agents told of them until Valet ended, and have not since it runs again."""
    if ctx.absent_from is None:
        return []
    earliest, told = ctx.absent_from - HEARD_LATELY, agents.reports(db)
    absent = {host for host, heard in told.items() if earliest <= heard.reported_at < ctx.began_at}
    known = (listings.by_id(db, row["id"]) for row in stored_fleet.running_instances(db) if row["id"] in absent)
    return [each for each in known if each is not None]
