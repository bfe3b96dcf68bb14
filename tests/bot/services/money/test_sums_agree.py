"""Whatever days bring (gaps, restarts, claims, a turn of the clock), every place tells the same of one ledger."""

import csv
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.days import local_day
from bot.domain.digest import Digest
from bot.domain.machines.listing import FleetFilter
from bot.domain.machines.verdict import GpuState, GpuVerdict, Verdict, VerdictState
from bot.domain.money.reports import REPORT_WAYS, Spent
from bot.domain.money.scope import Scope
from bot.services import digest as digest_service
from bot.services import queries
from bot.services.machines import fleet
from bot.services.machines import why as why_service
from bot.services.money import budgets, forecast, ledger, ledger_export, reports
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.money import ledger as stored_ledger
from store.sql import rows
from tests.bot.services.money.events import EVENTS, happens
from tests.bot.services.room import ADA, BOB, CHANNEL, CY, DEE, Room, minute
from tests.conftest import Clock
from tests.examples import examples

ZONE = ZoneInfo("Europe/Berlin")
BEFORE_THE_TURN = int(datetime(2026, 10, 24, 13, 20, tzinfo=UTC).timestamp() * 1000)
WINDOW = 60 * MINUTE_MS
MACHINES = ("train-7", "nb-2", "dgx-1")
SETTINGS = {
    "slack": {"channel": CHANNEL, "admins": [DEE]},
    "digest": {"timezone": ZONE.key, "at": "04:00"},
    "teams": {
        "nlp": {"members": [ADA], "approvers": [BOB], "channel": "C0NLP"},
        "vision": {"members": [CY], "approvers": [BOB]},
    },
    "budget": {"usd": "90000"},
    "owned": {"usd_per_gpu_hour": "1.14", "hosts": {"dgx-1": {"team": "nlp"}}},
}
STATES: dict[str, GpuState] = {"b": "active", "i": "free", "?": "unknown"}


@dataclass(frozen=True)
class Step:
    """GPUs are seen in some use, something happens, time passes, and somebody looks all along or at its end only."""

    uses: tuple[str, ...]
    """A word of letters per machine, that its GPUs take in turn."""
    event: str
    length: int
    looked: bool


steps = st.lists(
    st.builds(
        Step,
        st.tuples(*[st.sampled_from(["i", "i", "b", "?", "ib", "bi", "i?"])] * len(MACHINES)),
        st.sampled_from([*EVENTS, "stop", "start"]),
        st.integers(1, 150).map(lambda minutes: minutes * MINUTE_MS),
        st.sampled_from([True, True, True, False]),
    ),
    min_size=4,
    max_size=24,
)


def judged(word: str, count: int, before: Verdict | None, now: int) -> Verdict:
    """A verdict in which each GPU is idle since an hour before it was first seen so."""
    letters = [word[gpu % len(word)] for gpu in range(count)]
    known = {gpu.gpu: gpu for gpu in before.gpus} if before else {}
    gpus = []
    for gpu, letter in enumerate(letters):
        same = known[gpu].since if gpu in known and known[gpu].state == STATES[letter] else None
        gpus.append(GpuVerdict(gpu, STATES[letter], same or now - (WINDOW if letter == "i" else 0)))
    idle, works = letters.count("i"), "b" in letters
    state: VerdictState = "partial" if idle and works else "active" if works else "unknown"
    state = "free" if idle == count else state
    telling = [gpu.since for gpu in gpus if (gpu.state == "free") == bool(idle) and gpu.since is not None]
    return Verdict(state, max(telling), "as the test says", now, tuple(gpus))


def judge(room: Room, uses: tuple[str, ...]) -> None:
    with room.ctx.store.writing() as db:
        for name, word in zip(MACHINES, uses, strict=True):
            (listing,) = listings.matching_listings(db, name)
            made = judged(word, listing.instance.gpu_count, listing.verdict, room.clock())
            waste = listing.rate.micros_per_hour if listing.rate else 0
            stored_fleet.save_verdicts(db, {listing.instance.id: (made, waste)})
        stored_fleet.forget_verdicts_of_stopped(db)


def live(room: Room, step: Step) -> None:
    judge(room, step.uses)
    happens(room, step.event, "train-7", length=9 * HOUR_MS)
    until = room.clock() + step.length
    while room.clock() < until:
        room.clock.forward(min(14 * MINUTE_MS if step.looked else step.length, until - room.clock()))
        fleet.sweep(room.ctx)


def raw(room: Room, start: int, end: int, use: str | None = None) -> dict[str, int]:
    """Micro-dollars by machine, from the tables alone and, for the running hour, by what is metered of it."""
    db, found = room.ctx.store.reading(), {}
    sql = (
        "SELECT c.instance_id AS id, s.use, s.micros FROM charges c JOIN shares s ON s.charge_id = c.id "
        "WHERE c.from_at >= ? AND c.from_at < ?"
    )
    for row in rows(db, sql, start, end):
        if use in {None, row["use"]}:
            found[row["id"]] = found.get(row["id"], 0) + row["micros"]
    for each in ledger.running_sums(room.ctx, "instance", start, end):
        micros = each.micros if use is None else each.idle_micros
        found[each.key] = found.get(each.key, 0) + micros
    return {name: micros for name, micros in found.items() if micros}


def dollars(micros: int) -> Decimal:
    return Decimal(micros) / 1_000_000


def rented(room: Room, sums: dict[str, int]) -> int:
    places = stored_fleet.instance_places(room.ctx.store.reading())
    return sum(micros for name, micros in sums.items() if places[name][0] != "owned")


def check_day(room: Room, day: date) -> None:
    """Reports, their files and the ledger's file say the same of one local day."""
    ctx, span = room.ctx, ledger.span_of(day, day, ZONE.key)
    idle, whole = raw(room, *span, "idle"), raw(room, *span)
    for way in REPORT_WAYS:
        told = reports.made_idle_report(ctx, way, day, day)
        assert (told.rented.idle_micros, told.rented.micros) == (rented(room, idle), rented(room, whole))
        assert told.owned.idle_micros == sum(idle.values()) - rented(room, idle)
        file = list(csv.DictReader(reports.csv(told)))
        assert sum(Decimal(row["idle_usd"]) for row in file) == dollars(sum(idle.values()))
    by_machine = ledger.spent_by_machine(ctx, *span)
    assert {name: spent.idle_micros for name, spent in by_machine.items() if spent.idle_micros} == idle
    lines = [row for row in csv.DictReader(ledger_export.ledger_csv(ctx, *span)) if row["use"] == "idle"]
    running = sum(each.idle_micros for each in ledger.running_sums(ctx, "instance", *span))
    assert sum(Decimal(row["usd"] or 0) for row in lines) == dollars(sum(idle.values()) - running)


def check_now(room: Room) -> None:
    """Status, why, JSON, the digest, forecast and budget say the same of this moment."""
    ctx, now = room.ctx, room.clock()
    start = ledger.day_before(now)
    day, db = raw(room, start, now + 1, "idle"), ctx.store.reading()
    told = {each["id"]: each for each in ledger_export.fleet_status(ctx)["instances"]}
    for listing in listings.listings_page(db, FleetFilter(), limit=-1):
        name, verdict = listing.instance.id, listing.verdict
        shown, why = queries.in_full(ctx, listing), why_service.explain_verdict(ctx, listing, ADA)
        assert why.unused_day_micros == day.get(name, 0)
        assert told[name]["unused_usd_24h"] in {None, ledger_export.exact_usd(day.get(name, 0))}
        if shown.unused_micros is not None:
            assert shown.unused_micros == raw(room, verdict.since, now + 1, "idle").get(name, 0)
            assert told[name]["unused_usd_since_judged_idle"] == ledger_export.exact_usd(shown.unused_micros)
            assert shown.unused_micros <= sum(raw(room, 0, now + 1, "idle").values())
    today = local_day(now, ZONE)
    month = reports.spend_report(ctx, "team", today.replace(day=1), today)
    spent = stored_ledger.spent(db, ledger.span_of(month.first, month.last, ZONE.key)[0])
    assert month.rented.micros == spent == forecast.make_report(ctx, Scope()).charged_micros
    standing = budgets.standing_of(ctx, Scope())
    assert standing is not None
    assert standing.spent_micros == spent
    check_digest(room, start)


def check_digest(room: Room, start: int) -> None:
    """Channels add up to the ledger; a row says what its machine cost; what no row tells of is said."""
    ctx, now = room.ctx, room.clock()
    with ctx.store.writing() as db:
        db.execute("DELETE FROM digests")
    digest_service.make_due(ctx)
    day = raw(room, start, now + 1, "idle")
    kept = rows(ctx.store.reading(), "SELECT content FROM digests WHERE content <> 'null'")
    made = [Digest.from_json(json.loads(row["content"])) for row in kept]
    for digest in made:
        assert digest.span is not None
        for row in digest.rows:
            assert row.wasted_micros in {None, day.get(row.instance_id, 0)}
        assert digest.unlisted_micros >= 0
    if len(made) == 2:
        whole = sum((each.span.rented for each in made if each.span), Spent())
        assert whole.idle_micros == rented(room, day)


@pytest.mark.slow
@given(plan=steps, turn=st.integers(0, 12))
@settings(max_examples=examples(24), deadline=None)
def test_every_place_tells_the_same_of_one_ledger(tmp_path_factory, plan, turn):
    clock = Clock()
    clock.now = BEFORE_THE_TURN + turn * HOUR_MS
    room = Room(tmp_path_factory.mktemp("agree") / "valet.db", clock, settings=SETTINGS)
    idle = [minute(gpu, 1_000_000 + clock() // MINUTE_MS - 1, 0.0) for gpu in range(8)]
    room.push("dgx-1", idle, tick_now=1_000_000 + clock() // MINUTE_MS)
    room.sweep()
    began = clock()
    for step in plan:
        live(room, step)

    check_now(room)
    first, last = local_day(began, ZONE), local_day(clock(), ZONE)
    for number in range((last - first).days + 1):
        check_day(room, first + timedelta(days=number))
    room.close()
