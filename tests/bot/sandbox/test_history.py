"""The month the demo has lived: the same each time, right for the ledger, and read by the real rule as it is meant."""

from itertools import pairwise

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.listing import FleetFilter
from bot.sandbox.habits import HabitJob
from bot.sandbox.history import HISTORY_DAYS, MOST_MINUTES, SandboxHistory
from bot.sandbox.inventory import OWNED_MACHINES, rented_fleet
from bot.sandbox.machines import SandboxFleet
from bot.services.context import Context
from bot.services.machines import fleet, readings, verdict
from bot.settings import parse
from bot.telemetry.body import parse_push as read_body
from bot.telemetry.wire import to_json
from store.machines import listings
from store.money import ledger as stored_ledger


@pytest.fixture
def ctx(store, clock):
    clock.skip(7 * 60)
    fleet, settings = SandboxFleet(clock), parse({}, {})
    return Context(store, clock, settings, {"ec2": fleet, "owned": fleet}, settings.roster)


def feed(ctx, history, from_minute=None):
    for machine in (*rented_fleet(history.began), *OWNED_MACHINES):
        if machine.state == "running":
            start = history.first_minute(machine.id) if from_minute is None else from_minute
            for push in history.pushes(machine.id, start, ctx.clock() // MINUTE_MS):
                readings.receive(ctx, push, "127.0.0.1")
    verdict.judge_all(ctx)


def seen(ctx):
    found = listings.listings_page(ctx.store.reading(), FleetFilter(), limit=50)
    return {each.instance.name: each for each in found}


def idle_minutes(ctx, listing):
    return ctx.clock() // MINUTE_MS - listing.verdict.since // MINUTE_MS


@pytest.mark.slow
def test_the_same_moment_gives_the_same_past(clock):
    one, two = SandboxHistory(clock()), SandboxHistory(clock())
    train_7 = rented_fleet(clock())[0].id
    minute = clock() // MINUTE_MS

    assert list(one.charges()) == list(two.charges())
    assert list(one.pushes(train_7, minute - 10, minute)) == list(two.pushes(train_7, minute - 10, minute))


def test_the_charges_fit_the_ledger_and_end_at_the_last_full_hour(ctx):
    fleet.sweep(ctx)
    charges = list(SandboxHistory(ctx.clock()).charges())

    with ctx.store.writing() as db:
        stored_ledger.add(db, charges)

    assert max(charge.until_at for charge in charges) == ctx.clock() // HOUR_MS * HOUR_MS
    assert min(charge.from_at for charge in charges) >= ctx.clock() - (HISTORY_DAYS + 1) * DAY_MS
    assert all(charge.micros > 0 for charge in charges)


@pytest.mark.slow
def test_the_charges_can_go_on_into_the_hour_that_runs(clock):
    clock.skip(12 * 60)
    history, hour = SandboxHistory(clock()), clock() // HOUR_MS * HOUR_MS

    whole, until_now = list(history.charges()), list(history.charges(until=clock()))

    late = [each for each in until_now if each.from_at >= hour]
    assert [each for each in until_now if each.from_at < hour] == whole
    assert {each.until_at for each in late} == {clock()}
    assert all(each.running_ms <= 12 * MINUTE_MS for each in late)


def test_whatever_runs_now_has_been_charged_since_its_launch(clock):
    by_id = {}
    for charge in SandboxHistory(clock()).charges():
        by_id.setdefault(charge.instance_id, []).append(charge)

    for machine in rented_fleet(clock()):
        if machine.state != "running" or machine.lifecycle != "on-demand":
            continue
        since = [charge for charge in by_id[machine.id] if charge.until_at > machine.launched_at]
        assert all(one.until_at == two.from_at for one, two in pairwise(since)), machine.name
        assert since[0].from_at <= max(machine.launched_at, clock() - HISTORY_DAYS * DAY_MS), machine.name


def test_what_works_around_the_clock_has_idled_the_least_of_the_month(clock):
    idle: dict[str, int] = {}
    names = {machine.id: machine.name for machine in rented_fleet(clock())}
    for charge in SandboxHistory(clock()).charges():
        for share in charge.shares:
            name = names[charge.instance_id]
            idle[name] = idle.get(name, 0) + share.micros * (share.use == "idle")

    assert set(sorted(idle, key=lambda name: -idle[name])[:2]) == {"nb-2", "train-7"}
    assert idle["train-3"] == idle["train-9"] == idle["llm-serve"] == 0


def test_shares_of_a_charge_add_up_to_it(clock):
    for charge in SandboxHistory(clock(), demo=True).charges():
        assert sum(share.micros for share in charge.shares) == charge.micros
        assert (charge.idle_ms or 0) <= charge.running_ms


def test_the_ledger_counts_for_whoever_claimed_and_for_nobody_else(clock):
    clock.skip(12 * 60)
    history = SandboxHistory(clock(), demo=True)
    machines = {machine.id: machine for machine in (*rented_fleet(clock(), demo=True), *OWNED_MACHINES)}
    spells = {name: list(history.spells(machine)) for name, machine in machines.items()}

    for charge in history.charges(until=clock()):
        claimed = {spell.holder for spell in spells[charge.instance_id] if spell.covers(charge.from_at)}
        assert {share.holder for share in charge.shares} == (claimed or {""})
    assert sum(map(len, spells.values())) > 80
    assert all(one.ended_at <= two.from_at for held in spells.values() for one, two in pairwise(held))


def test_what_was_summed_of_an_hour_is_what_its_minutes_say(clock):
    history = SandboxHistory(clock())

    for machine in (machine for machine in OWNED_MACHINES if machine.name != "dgx-2"):
        first = history.first_minute(machine.id) * MINUTE_MS
        for hour in range(first - DAY_MS, first, 2 * HOUR_MS):
            seen = [history.readings(machine, minute) for minute in range(hour // MINUTE_MS, hour // MINUTE_MS + 60)]
            worked = [sum(reading.util_max > 0 for reading in gpu) for gpu in zip(*seen, strict=True)]
            assert [gpu.active for gpu in history._sum(machine, range(hour, hour + HOUR_MS, HOUR_MS))] == worked


def test_every_machine_with_an_agent_has_told_of_all_its_days(clock):
    history = SandboxHistory(clock(), demo=True)

    for machine in OWNED_MACHINES:
        told = list(history.sums(machine))
        days = [start for level, start, _ in told if level == "day"]
        assert len(days) >= HISTORY_DAYS - 1
        assert all(gpu.known == 24 * 60 for level, _, sums in told[1:] if level == "day" for gpu in sums)


def test_a_job_works_on_the_gpus_that_are_quiet(clock):
    history, now = SandboxHistory(clock()), clock() // MINUTE_MS
    dgx_1 = next(machine for machine in OWNED_MACHINES if machine.name == "dgx-1")
    job = HabitJob(now - 5, now, "run.sh", "ml")

    (push,) = history.pushes(dgx_1.id, now - 6, now, [job])

    by_gpu = {(each.tick - push.tick_now, each.gpu): each for each in push.minutes}
    assert by_gpu[-6, 7].util_max == 0
    assert all(by_gpu[-ago, 7].util_max > 0 for ago in range(1, 6))
    assert (by_gpu[-1, 7].processes[0].user, by_gpu[-1, 0].processes[0].user) == ("ml", "ada")


def test_what_stopped_is_not_charged_afterwards(clock):
    stopped = next(machine for machine in rented_fleet(clock()) if machine.state == "stopped")

    last = max(each.until_at for each in SandboxHistory(clock()).charges() if each.instance_id == stopped.id)

    assert last <= stopped.stopped_at


@pytest.mark.slow
def test_the_rule_sees_each_machine_as_the_story_wants_it(ctx):
    fleet.sweep(ctx)

    feed(ctx, SandboxHistory(ctx.clock()))

    now = seen(ctx)
    states = {name: listing.state for name, listing in now.items()}
    assert states["train-7"] == states["scratch"] == states["render-1"] == "free"
    assert states["nb-2"] == "held"
    assert states["dgx-1"] == states["ws-4"] == "partial"
    assert states["train-3"] == states["llm-serve"] == states["ci-gpu"] == states["dgx-2"] == "active"
    assert states["old-3"] == "unknown"
    assert states["eval-2"] == "stopped"
    assert idle_minutes(ctx, now["train-7"]) == 192
    assert idle_minutes(ctx, now["nb-2"]) == 340
    assert idle_minutes(ctx, now["dgx-1"]) == 290
    assert "jupyter keeps 31 GB" in now["nb-2"].verdict.evidence


@pytest.mark.slow
def test_the_story_goes_on_minute_by_minute(ctx, clock):
    history = SandboxHistory(ctx.clock())
    fleet.sweep(ctx)
    feed(ctx, history)

    for _ in range(5):
        before = clock() // MINUTE_MS
        clock.skip(60)
        feed(ctx, history, from_minute=before)

    now = seen(ctx)
    assert idle_minutes(ctx, now["train-7"]) == 197
    assert now["train-3"].state == "active"


@pytest.mark.slow
def test_the_door_would_take_every_delivery(clock):
    history = SandboxHistory(clock())

    for machine in (*rented_fleet(clock()), *OWNED_MACHINES):
        seqs = []
        minute = (machine.stopped_at or clock()) // MINUTE_MS
        for push in history.pushes(machine.id, history.first_minute(machine.id), minute):
            assert len(push.minutes) <= MOST_MINUTES
            seqs.append(push.seq)
            assert read_body(to_json(push)) == push
        seqs += [push.seq for push in history.pushes(machine.id, minute, minute + 1)]
        assert seqs == sorted(set(seqs))


def test_a_machine_without_an_agent_never_reports(clock):
    old_3 = next(machine.id for machine in rented_fleet(clock()) if machine.name == "old-3")

    assert list(SandboxHistory(clock()).pushes(old_3, 0, clock() // MINUTE_MS)) == []
    assert list(SandboxHistory(clock()).pushes("nobody", 0, clock() // MINUTE_MS)) == []
