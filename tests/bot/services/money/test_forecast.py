"""The forecast from the ledger: known things first, an honest range, and nothing counted twice."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.money.forecast.report import ForecastReport
from bot.domain.money.metering import Meter
from bot.domain.money.rates import MICROS_PER_USD, Charge, Rate
from bot.domain.money.scope import TOTAL, Scope
from bot.services.context import Context
from bot.services.money import forecast
from bot.settings import parse
from store.machines import fleet as stored_fleet
from store.money import ledger as stored_ledger
from store.records import json_text, of_json_text
from store.sql import one, rows

SETTINGS = {
    "digest": {"timezone": "UTC"},
    "teams": {"nlp": {"budget_usd": "900"}, "vision": {"budget_usd": "500"}, "platform": {}},
}


@pytest.fixture
def ctx(store, clock):
    """Monday 23 November 2026, 09:00 UTC."""
    settings = parse(SETTINGS, {})
    return Context(store, clock, settings, {}, settings.roster)


def at(month: int, day: int, hour: int = 0) -> int:
    return int(datetime(2026, month, day, hour, tzinfo=UTC).timestamp() * 1000)


def machine(
    ctx, name, *, state="running", launched=None, rate=MICROS_PER_USD, team="nlp", provider="ec2", type_="g5.xlarge"
):
    """A machine of a dollar an hour, in the store."""
    made = Instance(
        id=f"i-{name}", name=name, provider=provider, source="s", type=type_, state=state, launched_at=launched
    )
    with ctx.store.writing() as db:
        stored_fleet.save(db, made, team=team, rate=None if rate is None else Rate(rate, "valet.toml"))
    return made.id


def ran(ctx, name, start, end, *, team="nlp", rate=MICROS_PER_USD, hours=range(24)):
    """It ran through these hours of the days from `start` to `end` (UTC), and was charged."""
    wanted = (hour for hour in range(start, end, HOUR_MS) if hour // HOUR_MS % 24 in hours)
    charges = [Charge(f"i-{name}", hour, hour + HOUR_MS, HOUR_MS, rate, rate, team) for hour in wanted]
    with ctx.store.writing() as db:
        stored_ledger.add(db, charges)


def always_on(ctx, name="serve", *, since=None, until=None, hours=range(24), **fields):
    """A machine that has run around the clock."""
    since = at(10, 1) if since is None else since
    machine(ctx, name, launched=since, **fields)
    ran(ctx, name, since, ctx.clock() if until is None else until, team=fields.get("team", "nlp"), hours=hours)


def adds_up(report: ForecastReport) -> bool:
    return report.charged_micros + report.known_rest_micros + report.variable_rest_micros == report.month.micros


def test_a_month_of_a_machine_that_always_runs_is_its_rate_times_the_hours(ctx):
    always_on(ctx)

    report = forecast.make_report(ctx, TOTAL)

    assert report.charged_micros == (22 * 24 + 9) * MICROS_PER_USD
    assert report.month.micros == 30 * 24 * MICROS_PER_USD
    assert report.next(30).micros == 30 * 24 * MICROS_PER_USD
    assert report.known_rest_micros == (7 * 24 + 15) * MICROS_PER_USD
    assert report.variable_rest_micros == 0
    assert report.charged_micros < report.month.lo_micros < report.month.micros < report.month.hi_micros
    assert report.trust == "firm"


def test_a_launch_of_yesterday_counts_in_full(ctx):
    always_on(ctx)
    always_on(ctx, "p4d-7", since=at(11, 22, 14))

    report = forecast.make_report(ctx, TOTAL)

    assert report.month.micros == (30 * 24 + 10 + 8 * 24) * MICROS_PER_USD
    (change,) = report.changes
    assert (change.name, change.why, change.date) == ("p4d-7", "launched", date(2026, 11, 22))
    assert change.micros == 24 * MICROS_PER_USD
    assert adds_up(report)


def test_a_launch_of_this_morning_counts_from_now_on(ctx):
    always_on(ctx)
    always_on(ctx, "p4d-7", since=at(11, 23, 7))

    report = forecast.make_report(ctx, TOTAL)

    assert report.month.micros == (30 * 24 + 17 + 7 * 24) * MICROS_PER_USD
    assert [change.why for change in report.changes] == ["launched"]


def test_a_stop_of_yesterday_costs_nothing_any_more(ctx):
    always_on(ctx)
    always_on(ctx, "train-7", state="stopped", until=at(11, 22, 14))

    report = forecast.make_report(ctx, TOTAL)

    assert report.month.micros == (30 * 24 + 21 * 24 + 14) * MICROS_PER_USD
    (change,) = report.changes
    assert (change.name, change.why, change.micros) == ("train-7", "stopped", -24 * MICROS_PER_USD)
    assert "train-7" not in [driver.name for driver in report.drivers]


def test_a_stop_of_this_morning_counts_at_once(ctx):
    always_on(ctx)
    always_on(ctx, "train-7", state="stopped", until=at(11, 23, 8))

    report = forecast.make_report(ctx, TOTAL)

    assert report.month.micros == (30 * 24 + 22 * 24 + 8) * MICROS_PER_USD
    assert report.next(30).micros == (30 * 24 + 8) * MICROS_PER_USD, "what today has cost is spent"


def test_a_machine_that_is_gone_costs_what_is_spent_and_nothing_more(ctx, clock):
    always_on(ctx)
    always_on(ctx, "nb-5", hours=range(8, 18))
    with ctx.store.writing() as db:
        stored_fleet.mark_gone(db, ["i-nb-5"], clock())

    alone = forecast.make_report(ctx, Scope("instance", "i-nb-5", "nb-5")).month

    assert alone.lo95_micros == alone.micros == alone.hi95_micros > 0


def test_on_the_first_of_a_month_of_30_days_both_are_the_same(ctx, clock):
    clock.now = at(11, 1, 9)
    always_on(ctx, since=at(9, 1))
    machine(ctx, "nb-5", launched=at(11, 1, 8))
    ran(ctx, "nb-5", at(9, 1), ctx.clock(), hours=range(8, 18))

    for scope in (TOTAL, Scope("instance", "i-nb-5", "nb-5"), Scope("team", "nlp")):
        report = forecast.make_report(ctx, scope)
        assert report.month == report.next(30)
        assert report.month.micros == sum(each.month_micros for each in report.by_machine) or not report.by_machine


def test_a_machine_with_office_hours_is_not_taken_to_run_on(ctx):
    machine(ctx, "nb-5", launched=at(11, 23, 8))
    ran(ctx, "nb-5", at(9, 1), ctx.clock(), hours=range(8, 18))

    report = forecast.make_report(ctx, TOTAL)

    assert report.known_rest_micros == 0
    assert report.next(30).micros == pytest.approx(30 * 10 * MICROS_PER_USD, rel=0.01)
    assert report.drivers[0].micros_per_day == 10 * MICROS_PER_USD
    assert report.drivers[0].how == "usual"
    assert report.changes == ()
    assert adds_up(report)


def test_known_and_variable_add_up(ctx):
    always_on(ctx)
    machine(ctx, "nb-5")
    ran(ctx, "nb-5", at(10, 1), ctx.clock(), hours=range(8, 18))

    report = forecast.make_report(ctx, TOTAL)

    assert report.known_rest_micros == (7 * 24 + 15) * MICROS_PER_USD
    assert 60 * MICROS_PER_USD < report.variable_rest_micros < 80 * MICROS_PER_USD
    assert adds_up(report)


def test_what_meters_show_counts_to_today(ctx):
    always_on(ctx)
    before = forecast.make_report(ctx, TOTAL).charged_micros
    with ctx.store.writing() as db:
        now = ctx.clock()
        stored_ledger.save_meters(db, [Meter("i-serve", now - 30 * MINUTE_MS, now, 0, MICROS_PER_USD, "nlp")])

    report = forecast.make_report(ctx, TOTAL)

    assert report.charged_micros - before == MICROS_PER_USD // 2
    assert report.days[-(90)].date == date(2026, 11, 23)
    assert report.days[-(90)].charged_micros == 9 * MICROS_PER_USD + MICROS_PER_USD // 2


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", date(2026, 11, 1), 25),
        ("UTC", date(2026, 11, 1), 24),
        ("Asia/Kolkata", date(2026, 11, 5), 24),
    ],
)
def test_days_are_those_of_the_zone_and_as_long_as_they_were(ctx, zone, day, hours):
    always_on(ctx)
    settings = parse({"digest": {"timezone": zone}}, {})

    report = forecast.make_report(replace(ctx, settings=settings, roster=settings.roster), TOTAL)

    found = {each.date: each for each in report.days}
    assert report.timezone == zone
    assert found[day].charged_micros == hours * MICROS_PER_USD
    assert adds_up(report)


def test_the_chart_goes_from_past_to_future_without_a_gap(ctx):
    always_on(ctx)

    days = forecast.make_report(ctx, TOTAL).days

    assert [each.date.toordinal() for each in days] == list(
        range(days[0].date.toordinal(), days[-1].date.toordinal() + 1)
    )
    past, today, ahead = days[:31], days[31], days[32:]
    assert all(each.expected_micros is None for each in past)
    assert (today.date, today.charged_micros, today.expected_micros) == (
        date(2026, 11, 23),
        9 * MICROS_PER_USD,
        24 * MICROS_PER_USD,
    )
    assert len(ahead) == 89
    assert all(each.lo_micros <= each.expected_micros <= each.hi_micros for each in ahead)


def test_a_ledger_of_a_day_says_what_runs_now_without_a_range(ctx):
    always_on(ctx, since=at(11, 22, 14))

    report = forecast.make_report(ctx, TOTAL)

    assert report.trust == "run-rate"
    assert (report.month.lo_micros, report.chance_over) == (None, None)
    assert report.month.micros == (10 + 8 * 24) * MICROS_PER_USD
    assert report.gaps == ("November is counted from 22 Nov on: what it cost before is not known.",)
    assert report.notes[0] == "The ledger has under 3 days, so this is what runs now, without a range."


def test_an_empty_ledger_has_a_report_too(ctx):
    report = forecast.make_report(ctx, TOTAL)

    assert report.month.micros == report.next(30).micros == 0
    assert report.drivers == report.changes == ()


@pytest.mark.parametrize("scope", [Scope("team", "nobody"), Scope("type", "p9.huge"), Scope("instance", "i-none")])
def test_a_scope_without_a_machine_costs_nothing(ctx, scope):
    always_on(ctx)

    report = forecast.make_report(ctx, scope)

    assert (report.month.micros, report.charged_micros) == (0, 0)


def test_a_scope_counts_its_own_only(ctx):
    always_on(ctx)
    always_on(ctx, "label-1", team="vision", type_="g6.xlarge")

    nlp = forecast.make_report(ctx, Scope("team", "nlp"))
    by_type = forecast.make_report(ctx, Scope("type", "g6.xlarge"))
    alone = forecast.make_report(ctx, Scope("instance", "i-label-1", "label-1"))
    total = forecast.make_report(ctx, TOTAL)

    assert nlp.month.micros == by_type.month.micros == alone.month.micros == 30 * 24 * MICROS_PER_USD
    assert total.month.micros == 2 * 30 * 24 * MICROS_PER_USD
    assert [driver.name for driver in by_type.drivers] == ["label-1"]


def test_a_machine_given_to_another_team_costs_its_former_one_nothing_more(ctx):
    machine(ctx, "serve", launched=at(10, 1), team="vision")
    ran(ctx, "serve", at(10, 1), at(11, 20), team="nlp")
    ran(ctx, "serve", at(11, 20), ctx.clock(), team="vision")

    nlp = forecast.make_report(ctx, Scope("team", "nlp"))
    vision = forecast.make_report(ctx, Scope("team", "vision"))

    assert nlp.month.micros == nlp.charged_micros == 19 * 24 * MICROS_PER_USD
    assert vision.month.micros == 11 * 24 * MICROS_PER_USD


def test_a_budget_has_a_chance_to_be_exceeded_and_a_day(ctx):
    always_on(ctx)  # 720 of 900 USD

    nlp = forecast.make_report(ctx, Scope("team", "nlp"))
    always_on(ctx, "second", since=at(11, 10))  # and 504 more
    over = forecast.make_report(ctx, Scope("team", "nlp"))

    assert nlp.budget_micros == 900 * MICROS_PER_USD
    assert nlp.chance_over < 0.1
    assert nlp.over_on is None
    assert over.chance_over > 0.9
    assert over.over_on == date(2026, 11, 24)


def test_the_budget_of_all_is_the_sum_and_says_whom_it_leaves_out(ctx):
    always_on(ctx)
    assert forecast.make_report(ctx, TOTAL).budget_micros == 1_400 * MICROS_PER_USD
    assert forecast.make_report(ctx, Scope("team", "platform")).budget_micros is None
    assert forecast.make_report(ctx, Scope("type", "g5.xlarge")).budget_micros is None

    always_on(ctx, "ci", team="platform", since=at(11, 10))

    assert "sum of the teams' budgets" in forecast.make_report(ctx, TOTAL).notes[-1]


def test_what_has_no_price_or_is_owned_is_left_out_and_said(ctx):
    always_on(ctx)
    machine(ctx, "sweep-1", rate=None)
    machine(ctx, "off", rate=None, state="stopped")
    machine(ctx, "dgx-1", provider="owned")

    report = forecast.make_report(ctx, TOTAL)

    assert (report.unpriced, report.owned) == (1, 1)
    assert report.month.micros == 30 * 24 * MICROS_PER_USD
    assert report.notes == (
        "1 running instance has no known price, so this forecast leaves that out.",
        "1 owned instance costs the same whether used or not, so this forecast of the bill leaves that out.",
    )


def test_a_day_without_spend_is_no_missing_bill(ctx):
    always_on(ctx, "label-1", team="vision")
    machine(ctx, "burst")
    ran(ctx, "burst", at(10, 1), at(11, 12))
    ran(ctx, "burst", at(11, 13), ctx.clock())

    assert forecast.make_report(ctx, Scope("team", "nlp")).notes == ()


def test_a_day_on_which_nobody_looked_is_said_and_not_taken_for_zero(ctx):
    machine(ctx, "nb-5")
    ran(ctx, "nb-5", at(10, 1), at(11, 12), hours=range(8, 18))
    ran(ctx, "nb-5", at(11, 13), ctx.clock(), hours=range(8, 18))

    report = forecast.make_report(ctx, TOTAL)

    assert "1 day without a reading" in report.notes[0]
    assert report.next(30).micros == pytest.approx(30 * 10 * MICROS_PER_USD, rel=0.01)


def test_a_report_comes_back_from_the_store_as_it_was(ctx):
    always_on(ctx)
    always_on(ctx, "p4d-7", since=at(11, 22, 14))

    report = forecast.make_report(ctx, Scope("team", "nlp", "nlp"))

    assert of_json_text(ForecastReport, json_text(report)) == report


def test_an_answer_that_is_fresh_is_given_again(ctx, clock):
    always_on(ctx)
    first = forecast.current_report(ctx, TOTAL)

    clock.forward(90 * MINUTE_MS - 1)
    assert forecast.current_report(ctx, TOTAL) == first

    clock.forward(1)
    assert forecast.current_report(ctx, TOTAL).made_at == clock()


def test_a_report_that_cannot_be_read_is_made_again(ctx):
    with ctx.store.writing() as db:
        db.table("forecasts").insert(
            {"scope": TOTAL.text, "made_at": ctx.clock(), "content": '{"of": "another version"}'}
        )

    assert forecast.current_report(ctx, TOTAL).month.micros == 0


@pytest.mark.slow
def test_every_hour_what_people_ask_for_is_made_and_one_a_day_is_kept(ctx, clock):
    always_on(ctx)

    for _ in range(20):  # over midnight
        forecast.refresh_reports(ctx)
        clock.forward(HOUR_MS)

    kept = rows(ctx.store.reading(), "SELECT scope, count(*) AS n FROM forecasts GROUP BY scope ORDER BY scope")
    assert [(row["scope"], row["n"]) for row in kept] == [
        ("instance:i-serve", 2),
        ("team:nlp", 2),
        ("team:platform", 2),
        ("team:vision", 2),
        ("total:", 2),
        ("type:g5.xlarge", 2),
    ]
    newest = one(ctx.store.reading(), "SELECT max(made_at) AS at FROM forecasts")
    assert newest["at"] == clock() - HOUR_MS


def test_a_refresh_makes_nothing_that_is_fresh(ctx, clock):
    always_on(ctx)
    forecast.refresh_reports(ctx)
    clock.forward(10 * MINUTE_MS)

    forecast.refresh_reports(ctx)

    assert forecast.current_report(ctx, TOTAL).made_at == clock() - 10 * MINUTE_MS


@pytest.mark.slow
def test_nobody_waits_for_what_the_job_keeps_up_to_date(ctx, clock):
    always_on(ctx)
    for number in range(22):
        always_on(ctx, f"m-{number:02}", since=at(11, 22), type_=f"t{number:02}", rate=MICROS_PER_USD * (30 - number))

    for _ in range(3):
        forecast.refresh_reports(ctx)
        made = clock()
        clock.forward(59 * MINUTE_MS)
        for scope in (TOTAL, Scope("team", "vision"), Scope("type", "t00"), Scope("instance", "i-m-00", "m-00")):
            assert forecast.current_report(ctx, scope).made_at == made
        clock.forward(MINUTE_MS)
    kept = rows(ctx.store.reading(), "SELECT DISTINCT scope FROM forecasts WHERE scope GLOB 'instance:*'")
    assert len(kept) == 20


def test_at_the_end_of_the_month_hardly_anything_is_left_to_guess(ctx, clock):
    clock.now = at(11, 30, 23)
    always_on(ctx)

    report = forecast.make_report(ctx, TOTAL)

    assert report.month.micros == 30 * 24 * MICROS_PER_USD
    assert report.month.hi_micros - report.month.lo_micros < 24 * MICROS_PER_USD
    assert report.days[-1].date == date(2027, 2, 27)


def test_on_the_first_of_a_month_the_whole_of_it_lies_ahead(ctx, clock):
    clock.now = at(12, 1)
    always_on(ctx)

    report = forecast.make_report(ctx, TOTAL)

    assert (report.charged_micros, report.month.micros) == (0, 31 * 24 * MICROS_PER_USD)
    assert report.days[-1].date == date(2027, 2, 28)
    assert clock() - DAY_MS == at(11, 30)


def bursty(ctx):
    """Three teams whose machines come and go in ways that no level of one is the level of all."""
    always_on(ctx)
    for number, team in enumerate(("nlp", "vision", "platform", "vision")):
        name, kind = f"burst-{number}", ("g5.xlarge", "p4d.24xlarge")[number % 2]
        machine(ctx, name, team=team, type_=kind, rate=MICROS_PER_USD)
        days = range(at(9, 20) + number * DAY_MS, ctx.clock() - DAY_MS, (2 + number) * DAY_MS)
        for day in days:
            ran(ctx, name, day, day + DAY_MS, team=team, hours=range(3, 9 + 3 * number))


@pytest.mark.parametrize("span", ["month", 7, 30, 90])
def test_teams_and_types_and_machines_add_up_to_the_total(ctx, span):
    bursty(ctx)
    amount = (lambda report: report.month.micros) if span == "month" else (lambda report: report.next(span).micros)

    total = forecast.make_report(ctx, TOTAL)
    teams = [forecast.make_report(ctx, Scope("team", name)) for name in ("nlp", "vision", "platform")]
    types = [forecast.make_report(ctx, Scope("type", name)) for name in ("g5.xlarge", "p4d.24xlarge")]
    ids = [f"i-{name}" for name in ("serve", "burst-0", "burst-1", "burst-2", "burst-3")]
    machines = [forecast.make_report(ctx, Scope("instance", each)) for each in ids]

    assert amount(total) == sum(map(amount, teams)) == sum(map(amount, types)) == sum(map(amount, machines))
    for report in (total, *teams, *types, *machines):
        assert adds_up(report)
        shown = report.month if span == "month" else report.next(span)
        assert shown.lo_micros <= shown.micros <= shown.hi_micros
    for pieces in (total.by_team, total.by_machine):
        index = None if span == "month" else (7, 30, 90).index(span)
        assert sum(each.month_micros if index is None else each.next_micros[index] for each in pieces) == amount(total)
    assert {each.key: each.month_micros for each in teams[0].by_machine} == {
        "i-serve": machines[0].month.micros,
        "i-burst-0": machines[1].month.micros,
    }


def test_bounds_of_a_sum_are_narrower_than_the_sums_of_bounds(ctx):
    bursty(ctx)
    teams = [forecast.make_report(ctx, Scope("team", name)).next(30) for name in ("nlp", "vision", "platform")]

    total = forecast.make_report(ctx, TOTAL).next(30)

    assert total.hi_micros < sum(each.hi_micros for each in teams)


def test_teams_too_uneven_to_foresee_are_told_together(ctx):
    always_on(ctx)
    for number, team in enumerate(("vision", "platform")):
        machine(ctx, f"burst-{number}", team=team)
        for day in range(at(9, 20), at(11, 20), (17 + number) * DAY_MS):
            ran(ctx, f"burst-{number}", day, day + DAY_MS, team=team, rate=10 * MICROS_PER_USD)

    pieces = forecast.make_report(ctx, TOTAL).by_team

    assert [(each.name, each.count) for each in pieces] == [("nlp", 1), ("platform, vision", 2)]


def test_a_machine_that_rests_on_sundays_is_no_unfinished_bill_on_monday(ctx):
    machine(ctx, "nb-5")
    for day in range(at(10, 1), at(11, 23), DAY_MS):
        if datetime.fromtimestamp(day / 1000, UTC).weekday() != 6:
            ran(ctx, "nb-5", day, day + DAY_MS, hours=range(8, 18))
    always_on(ctx, "label-1", team="vision")

    assert forecast.make_report(ctx, Scope("team", "nlp")).notes == ()
