"""What the ledger can know: days that were looked at count, and each source begins when it was first read."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance, SourceSnapshot
from bot.domain.money.bill import BillLine, BillLook
from bot.domain.money.budgets import BudgetStanding
from bot.domain.money.rates import MICROS_PER_USD, Charge, Rate
from bot.domain.money.rent_or_buy import GivenFigures
from bot.domain.money.scope import TOTAL, Scope
from bot.errors import Refused
from bot.services.context import Context
from bot.services.machines import fleet
from bot.services.money import accuracy, bill, budgets, forecast, rent_or_buy, reports
from bot.services.money.forecast_inputs import gather_inputs
from bot.settings import parse
from handlers.blocks.money import budgets as budgets_blocks
from store.machines import fleet as stored_fleet
from store.money import accuracy as stored_accuracy
from store.money import bill as stored_bill
from store.money import ledger as stored_ledger
from store.records import json_text, of_json_text
from tests.conftest import MONDAY, Clock
from tests.examples import examples
from tests.opening import open_store

EAST, WEST = "ec2/111122223333/us-east-1", "ec2/111122223333/us-west-2"
STEP = 2 * HOUR_MS
WORKDAYS = frozenset(range(5))


class Clouds:
    """Two regions of one machine each, which runs on some days of the week; a region may be silent."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.days = {EAST: WORKDAYS, WEST: WORKDAYS}
        self.sources, self.silent, self.unlisted = [EAST], set(), set()

    def sweep(self):
        for source in self.sources:
            if source in self.silent:
                yield SourceSnapshot(source, error="no answer")
            else:
                yield SourceSnapshot(source, () if source in self.unlisted else (self.machine(source),))

    def machine(self, source) -> Instance:
        today = self.clock() // DAY_MS * DAY_MS
        ran = [at for at in range(today, today - 8 * DAY_MS, -DAY_MS) if self.runs(source, at)]
        began = next((at for at in ran if not self.runs(source, at - DAY_MS)), 0)
        running = self.runs(source, today)
        name = source.rsplit("/", 1)[-1]
        return Instance(
            id=f"i-{name}",
            name=name,
            provider="ec2",
            source=source,
            type="g5.xlarge",
            state="running" if running else "stopped",
            launched_at=began,
            stopped_at=None if running else max(ran, default=today - 8 * DAY_MS) + DAY_MS,
        )

    def runs(self, source, at) -> bool:
        return datetime.fromtimestamp(at / 1000, UTC).weekday() in self.days[source]


@pytest.fixture
def clouds(clock):
    clock.now = MONDAY // DAY_MS * DAY_MS
    return Clouds(clock)


def desk_of(store, clock, clouds):
    chosen = {
        "prices": {"g5.xlarge": "1"},
        "bill": {"source": "cost-explorer"},
        "digest": {"timezone": "UTC"},
        "teams": {"nlp": {"budget_usd": "900"}},
    }
    parsed = parse(chosen, {})
    return Context(store, clock, parsed, {"ec2": clouds}, parsed.roster)


@pytest.fixture
def ctx(store, clock, clouds):
    """Monday 23 November 2026, 00:00 UTC; a g5.xlarge is a dollar an hour."""
    return desk_of(store, clock, clouds)


def lives(ctx, clock, days, *, step=STEP, forecasts=False):
    for _ in range(int(days * DAY_MS / step)):
        fleet.sweep(ctx)
        if forecasts and (clock.now - MONDAY // DAY_MS * DAY_MS) % (7 * DAY_MS) == 0:
            forecast.make_report(ctx, TOTAL)
        clock.forward(step)
    fleet.sweep(ctx)


@pytest.mark.slow
def test_days_on_which_nothing_ran_count_where_somebody_looked(ctx, clock):
    lives(ctx, clock, 56, forecasts=True)

    accuracy.score_due(ctx)
    report = forecast.make_report(ctx, TOTAL)

    assert 0.8 < report.next(30).micros / (22 * 24 * MICROS_PER_USD) < 1.2
    assert not [note for note in report.notes if "without a reading" in note]
    assert sum(day.charged_micros for day in report.days[:28]) == 20 * 24 * MICROS_PER_USD
    assert [day.charged_micros for day in report.days[3:10]] == [24 * MICROS_PER_USD] * 5 + [0] * 2
    record = {each.horizon: each for each in accuracy.accuracy_of(ctx, TOTAL).records}
    assert (record["7d"].scored, record["30d"].scored) == (7, 4)


@pytest.mark.slow
def test_a_weekend_on_which_nobody_looked_stays_unknown(ctx, clock, clouds):
    lives(ctx, clock, 40)
    clouds.silent = {EAST}
    lives(ctx, clock, 2)
    clouds.silent = set()
    lives(ctx, clock, 7)

    report = forecast.make_report(ctx, TOTAL)

    unknown = [day.date for day in report.days if day.charged_micros is None and day.date < report.today]
    assert unknown == [date(2027, 1, 2), date(2027, 1, 3)]


@pytest.mark.slow
def test_a_silent_region_leaves_the_others_known(ctx, clock, clouds):
    clouds.sources = [EAST, WEST]
    lives(ctx, clock, 12)
    clouds.silent = {WEST}
    lives(ctx, clock, 3)
    clouds.silent = set()
    lives(ctx, clock, 6)

    def unknown(scope):
        days = forecast.make_report(ctx, scope).days
        return [day.date.day for day in days[:21] if day.charged_micros is None]

    assert unknown(Scope("instance", "i-us-east-1")) == []
    assert unknown(Scope("instance", "i-us-west-2")) == [5, 6]  # what ran on Monday is charged since
    lately = gather_inputs(ctx).ledger
    assert lately.metered_of(["i-us-east-1"]) - lately.metered_of(["i-us-west-2"]) == {
        date(2026, 12, day) for day in (5, 6)
    }
    assert lately.metered == lately.metered_of(["i-us-west-2"])


def owned_first(ctx, days):
    """An owned host has reported for so many days before this one."""
    machine = Instance("dgx-1", "dgx-1", "owned", "owned", "owned", "running", gpu_count=8)
    now = ctx.clock()
    with ctx.store.writing() as db:
        stored_fleet.save(db, machine, team="nlp", rate=Rate(MICROS_PER_USD, "valet.toml"))
        stored_ledger.add(
            db,
            [
                Charge("dgx-1", at, at + HOUR_MS, HOUR_MS, MICROS_PER_USD, MICROS_PER_USD)
                for at in range(now - days * DAY_MS, now, HOUR_MS)
            ],
        )


@pytest.mark.slow
def test_days_before_a_cloud_was_added_are_no_days_on_which_nothing_was_rented(ctx, clock, clouds):
    clouds.days[EAST] = frozenset(range(7))
    owned_first(ctx, 70)
    lives(ctx, clock, 20)

    (told,) = rent_or_buy.advise(ctx, Scope("type", "g5.xlarge"), GivenFigures(price_usd=Decimal(3000))).answers
    report = reports.spend_report(ctx, "team", date(2026, 11, 1), date(2026, 12, 31))

    assert (told.used.days, round(told.used.hours_per_month), told.best.servers) == (20, 730, 1)
    assert (report.owned_begins, report.begins) == (date(2026, 9, 14), date(2026, 11, 23))
    assert gather_inputs(ctx).ledger.first_day == date(2026, 11, 23)


@pytest.mark.slow
def test_a_region_that_was_added_later_is_unknown_before_not_unused(ctx, clock, clouds):
    clouds.days = dict.fromkeys(clouds.days, frozenset(range(7)))
    lives(ctx, clock, 40)
    clouds.sources = [EAST, WEST]
    lives(ctx, clock, 15)

    (told,) = rent_or_buy.advise(ctx, Scope("type", "g5.xlarge"), GivenFigures(price_usd=Decimal(3000))).answers
    before = reports.spend_report(ctx, "team", date(2027, 1, 3), date(2027, 1, 17)).before_micros

    assert (told.used.days, told.used.peak, round(told.used.hours_per_month)) == (15, 2, 1460)
    assert before is None


def test_time_in_which_a_region_was_silent_is_no_time_without_use(ctx, clock, clouds):
    clouds.days[EAST] = frozenset(range(7))
    lives(ctx, clock, 20)
    clouds.silent = {EAST}
    clouds.days[EAST] = frozenset()  # stopped and started again, unseen
    lives(ctx, clock, 10)
    clouds.silent, clouds.days[EAST] = set(), frozenset(range(7))
    lives(ctx, clock, 10)

    (told,) = rent_or_buy.advise(ctx, Scope("type", "g5.xlarge"), GivenFigures(price_usd=Decimal(3000))).answers

    assert (told.used.days, round(told.used.hours_per_month)) == (30, 730)


def test_looks_are_remembered_in_few_rows(ctx, clock, clouds):
    lives(ctx, clock, 1, step=10 * MINUTE_MS)
    clouds.silent = {EAST}
    lives(ctx, clock, 1)
    clouds.silent = set()
    lives(ctx, clock, 1, step=10 * MINUTE_MS)

    kept = ctx.store.reading().execute("SELECT source, until_at - from_at FROM source_reads").fetchall()

    assert kept == [(EAST, DAY_MS), (EAST, DAY_MS)]


def test_reports_name_since_when_each_kind_is_known(ctx, clock):
    owned_first(ctx, 40)
    lives(ctx, clock, 3)

    report = reports.spend_report(ctx, "team", date(2026, 10, 1), date(2026, 11, 26))

    assert report.begins - report.owned_begins == timedelta(days=40)


def test_a_bill_is_held_against_days_on_which_rented_machines_were_metered(ctx, clock):
    owned_first(ctx, 20)
    lives(ctx, clock, 3)
    lines = [
        BillLine("2026-11", date(2026, 11, day), 24 * MICROS_PER_USD, kind="usage", type="g5.xlarge")
        for day in range(4, 26)
    ]
    with ctx.store.writing() as db:
        stored_bill.keep_look(db, BillLook("Cost Explorer", "account 1", clock(), ("2026-11",), tuple(lines)), clock())

    report = bill.bill_report(ctx, date(2026, 11, 1), date(2026, 11, 25))

    assert [day.day.day for day in report.compared] == [23, 24, 25]
    assert report.metered_micros == sum(day.billed_micros for day in report.compared) == 72 * MICROS_PER_USD
    assert report.unseen == ()


def test_before_the_first_look_there_is_no_forecast_but_a_sentence(ctx, clouds):
    forecast.refresh_reports(ctx)
    with pytest.raises(Refused, match="has not looked at the fleet yet, so nothing is known of rented machines"):
        forecast.current_report(ctx, TOTAL)
    clouds.silent = {EAST}
    fleet.sweep(ctx)
    with pytest.raises(
        Refused, match=r"No account or region could be read yet \(ec2/111122223333/us-east-1: no answer\)"
    ):
        forecast.current_report(ctx, TOTAL)

    assert ctx.store.reading().execute("SELECT count(*) FROM forecasts").fetchone() == (0,)


def test_the_first_forecast_is_what_runs_now_said_so_and_made_anew_soon(ctx, clock, clouds):
    clouds.days[EAST] = frozenset(range(7))
    fleet.sweep(ctx)
    first = forecast.current_report(ctx, TOTAL)
    clouds.sources = [EAST, WEST]
    clock.forward(MINUTE_MS)
    fleet.sweep(ctx)
    clock.forward(MINUTE_MS)

    then = forecast.current_report(ctx, TOTAL)

    assert (first.next(30).micros, round(then.next(30).micros / MICROS_PER_USD)) == (
        30 * 24 * MICROS_PER_USD,
        2 * 30 * 24,
    )
    assert first.gaps == ("November is counted from 23 Nov on: what it cost before is not known.",)
    assert first.notes == ("The ledger has under 3 days, so this is what runs now, without a range.",)


def test_a_place_that_could_not_be_read_yet_is_named_as_missing(ctx, clouds):
    clouds.sources, clouds.silent = [EAST, WEST], {WEST}
    fleet.sweep(ctx)

    gaps = forecast.current_report(ctx, TOTAL).gaps

    assert "ec2/111122223333/us-west-2 was never read, so nothing of it is in what was charged." in gaps


def test_a_budget_and_a_week_say_from_when_on_they_are_counted(ctx, clock):
    lives(ctx, clock, 3)

    told = budgets.standing_of(ctx, Scope("team", "nlp"))

    assert told.since == date(2026, 11, 23)
    assert of_json_text(BudgetStanding, json_text(told)) == told
    assert "spent since the first look on 23 Nov (0 %)" in budgets_blocks.one_budget(told).text
    assert "(under 1 %)" in budgets_blocks.one_budget(replace(told, spent_micros=1)).text
    assert "Too little is known yet to say whether 1 of 1 will hold" in budgets_blocks.all_budgets([told]).text
    clock.now = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp() * 1000)
    assert budgets.standing_of(ctx, Scope("team", "nlp")).since is None


def figures(ctx, clock) -> dict[str, object]:
    """What the large says of two regions and of both, None where it is not known."""
    db, found = ctx.store.reading(), {}
    for scope in (TOTAL, Scope("instance", "i-us-west-2")):
        report = forecast.make_report(ctx, scope)
        found |= {f"{scope.text} {day.date}": day.charged_micros for day in report.days if day.date < report.today}
    try:
        (told,) = rent_or_buy.advise(ctx, Scope("type", "g5.xlarge"), GivenFigures(price_usd=Decimal(3000))).answers
        found["use"] = told.used.hours_per_month
    except Refused:
        found["use"] = None
    accuracy.score_due(ctx)
    found |= {
        f"came {each.made_at}": each.actual_micros
        for each in stored_accuracy.scores_of(db, "total:")
        if each.horizon == "7d"
    }
    today = datetime.fromtimestamp(clock() / 1000, UTC).date()
    for back in (1, 2, 4):
        week = reports.spend_report(ctx, "team", today - timedelta(days=back), today)
        found[f"before {back}"] = week.before_micros
    with ctx.store.writing() as writing:
        days = [today - timedelta(days=back) for back in range(1, 16)]
        lines = [BillLine(f"{day:%Y-%m}", day, 7, kind="usage", type="g5.xlarge") for day in days]
        stored_bill.keep_look(
            writing, BillLook("Cost Explorer", "1", clock(), ("2026-11", "2026-12"), tuple(lines)), clock()
        )
    billed = bill.bill_report(ctx, days[-1], days[0])
    return found | {f"billed {day.day}": day.metered_micros for day in billed.days}


def lived_through(path, silences, unlisted=frozenset(), uncharged=frozenset()) -> dict[str, object]:
    """Ten days of the two regions, with a forecast on the first mornings; some regions are silent on some days.

    On the days of `unlisted` a region answers without its machine, of those of `uncharged` no charge of it is left.
    """
    clock = Clock()
    clock.now = MONDAY // DAY_MS * DAY_MS
    clouds = Clouds(clock)
    clouds.sources = [EAST, WEST]
    clouds.days = {EAST: WORKDAYS, WEST: frozenset({1, 5, 6})}
    ctx = desk_of(open_store(path), clock, clouds)
    for day in range(10):
        clouds.silent = {source for source, silent in silences if silent == day}
        clouds.unlisted = {source for source, absent in unlisted if absent == day}
        lives(ctx, clock, 1, step=3 * HOUR_MS)
        if 1 <= day < 3:
            forecast.make_report(ctx, TOTAL)
    lose_charges(ctx, uncharged)
    found = figures(ctx, clock)
    ctx.store.close()
    return found


def lose_charges(ctx, uncharged) -> None:
    """Take them out of the ledger, which keeps them against everybody who does not take its locks off."""
    with ctx.store.writing() as db:
        db.execute("DROP TRIGGER charges_keep")
        db.execute("DROP TRIGGER shares_keep")
        for source, day in uncharged:
            start, name = MONDAY // DAY_MS * DAY_MS + day * DAY_MS, source.rsplit("/", 1)[-1]
            where, values = "instance_id = ? AND from_at >= ? AND from_at < ?", (f"i-{name}", start, start + DAY_MS)
            db.execute(f"DELETE FROM shares WHERE charge_id IN (SELECT id FROM charges WHERE {where})", values)
            db.execute(f"DELETE FROM charges WHERE {where}", values)


SILENCES = st.sets(st.tuples(st.sampled_from([EAST, WEST]), st.integers(1, 9)), max_size=6)


@pytest.mark.slow
@given(silences=SILENCES, more=SILENCES)
@settings(max_examples=examples(16), deadline=None)
def test_no_figure_becomes_known_because_a_source_was_silent_on_more_days(tmp_path_factory, silences, more):
    folder = tmp_path_factory.mktemp("silence")

    heard, less = lived_through(folder / "1.db", silences), lived_through(folder / "2.db", silences | more)

    assert now_known(heard, less) == set()


def now_known(heard, less) -> set[str]:
    return {name for name, value in less.items() if value is not None and heard.get(name, 0) is None}


MACHINE_DAYS = st.sets(st.tuples(st.sampled_from([EAST, WEST]), st.integers(0, 9)), max_size=20)


@pytest.mark.slow
@given(silences=SILENCES, absent=MACHINE_DAYS)
@example(silences={(WEST, 3)}, absent={(WEST, day) for day in range(5)})  # it seems to begin later
@settings(max_examples=examples(8), deadline=None)
def test_no_figure_becomes_known_because_a_machine_was_not_listed(tmp_path_factory, silences, absent):
    folder = tmp_path_factory.mktemp("unlisted")

    heard, less = lived_through(folder / "1.db", silences), lived_through(folder / "2.db", silences, absent)

    assert now_known(heard, less) == set()


@pytest.mark.slow
@given(silences=SILENCES, absent=MACHINE_DAYS)
@example(silences={(WEST, 3)}, absent={(WEST, day) for day in range(5)})  # it seems to begin later
@settings(max_examples=examples(8), deadline=None)
def test_no_figure_becomes_known_because_charges_of_a_machine_are_missing(tmp_path_factory, silences, absent):
    folder = tmp_path_factory.mktemp("uncharged")

    heard = lived_through(folder / "1.db", silences)
    less = lived_through(folder / "2.db", silences, uncharged=absent)

    assert now_known(heard, less) == set()
