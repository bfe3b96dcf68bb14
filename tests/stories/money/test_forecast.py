"""What people do today (claims, on-hours, stops) is in the forecast, is named there, and costs no request to AWS."""

from datetime import UTC, datetime

import pytest

from bot.billing.cost_explorer import CostExplorer
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.days import ONE_DAY as A_DAY
from bot.domain.money.bill import utc_day
from bot.domain.money.rates import Charge, Share
from bot.domain.money.scope import TOTAL
from bot.sandbox.cost_explorer import SandboxCostExplorer, billed
from bot.services.money import accuracy, bill, forecast
from handlers.blocks.money.forecast import DRIVER_WORDS
from handlers.blocks.words import usd
from store.money import bill as stored_bill
from store.money import ledger as stored_ledger
from store.money import spend
from tests.stories.conftest import SETTINGS


@pytest.fixture
def company(office_with):
    """All that runs has run for 40 days."""
    return ran_for_40_days(office_with({**SETTINGS, "bill": {"source": "cost-explorer"}}))


def ran_for_40_days(office, idle=frozenset()):
    """With the machine hours that nobody worked in, by name and hour."""
    ctx, now = office.valet.ctx, office.clock.now // HOUR_MS * HOUR_MS
    with ctx.store.writing() as db:
        for row in spend.machines_ever(db):
            if row["provider"] == "ec2" and row["runs"] and row["rate_micros"]:
                rate, team = row["rate_micros"], row["team"]
                for at in range(now - 40 * DAY_MS, now, HOUR_MS):
                    use = "idle" if (row["name"], at) in idle else "busy"
                    share = Share("", team, use, HOUR_MS, rate)
                    stored_ledger.add(db, [Charge(row["id"], at, at + HOUR_MS, HOUR_MS, rate, rate, team, (share,))])
    return office


def later(office):
    """When answers are no longer those of an hour ago."""
    office.clock.forward(HOUR_MS)
    office.tick()
    forecast.refresh_reports(office.valet.ctx)


@pytest.mark.slow
def test_on_hours_set_today_are_counted_and_named(company):
    before = company.types("ada", "/cost forecast instance train-7")
    company.types("bob", "/gpu hours train-7 Mon-Fri 08:00-18:00")
    later(company)

    seen = company.types("ada", "/cost forecast instance train-7")

    assert before.startswith("*November (train-7): $15,810 expected")
    assert "train-7 | p4d.24xlarge | $157 | as planned" in seen
    assert "train-7 runs by its on-hours from 23 Nov on: -$370 a day" in company.presses("ada", "Details")


@pytest.mark.slow
def test_a_stop_that_somebody_approved_is_counted(company):
    company.reports("train-7", 0.0, minutes=200)
    company.types("ada", "/gpu stop train-7")
    company.presses("bob", "Stop train-7", "#ml-platform")
    later(company)

    company.types("ada", "/cost forecast team nlp")

    assert "train-7 stopped on 23 Nov: -$527 a day" in company.presses("ada", "Details")


@pytest.mark.slow
def test_the_end_of_a_claim_on_what_ran_before_is_named_but_not_counted(company):
    before = company.types("ada", "/cost forecast instance train-7 30d").partition(" expected")[0]
    company.types("ada", "/gpu claim train-7 for 8h")
    later(company)

    seen = company.types("ada", "/cost forecast instance train-7 30d")

    assert seen.partition(" expected")[0] == before
    told = company.presses("ada", "Details")
    assert "Not counted: the end of the claim on train-7 on 23 Nov: it ran before, so it may run on." in told


def test_buttons_lead_to_other_periods_and_to_the_record(company):
    company.types("ada", "/cost forecast team nlp")

    company.presses("ada", "Details")
    assert company.presses("ada", "90 days").startswith("*Next 90 days (nlp): $")
    company.presses("ada", "Details")
    assert company.presses("ada", "How good these are").startswith(
        "*No forecast of nlp can be scored yet. The first is"
    )


@pytest.mark.slow
def test_two_periods_or_a_wrong_one_are_told(company):
    assert company.types("ada", "/cost forecast 30d 90d") == "Say one period, 30d or 90d."
    for wrong in ("45d", "400d", "-5d", "this week", "this year", "year"):
        seen = company.types("ada", f"/cost forecast {wrong}")
        assert seen.endswith("of a forecast, which begins today. Say month, 7d, 30d, 90d; month without one.")
    assert "I know no team, type or instance" in company.types("ada", "/cost forecast weekdays")
    assert company.types("ada", "/cost forecast 7d team nlp").startswith("*Next 7 days (nlp): $")


def amounts(seen, column):
    """A column of the table in a message, and its total."""
    rows = [line.split(" | ") for line in seen.splitlines() if " | $" in line or " | " in line]
    told = {row[0]: int(row[column].strip().lstrip("$").replace(",", "")) for row in rows[1:]}
    total = told.pop("Total")
    return told, total


def test_by_team_and_by_machine_are_tables_that_add_up(company):
    seen = company.types("ada", "/cost forecast")
    assert "(chart: The days ahead, USD a day (80 % band))" in seen

    teams = company.presses("ada", "By team")
    machines = company.presses("ada", "By machine")

    for column in (1, 2, 3):
        by_team, total = amounts(teams, column)
        assert sum(by_team.values()) == total
        assert sum(amounts(machines, column)[0].values()) == total
    whole = amounts(teams, 2)[1]
    assert seen.startswith(f"*November: ${whole:,} expected")
    assert set(by_team) >= {"nlp", "vision"}
    assert company.presses("ada", "Forecast").startswith("*November: $")
    one = company.types("ada", "/cost forecast by machine team nlp")
    assert amounts(one, 2)[1] == amounts(teams, 2)[0]["nlp"]
    assert "Only the forecast of everything is split by team." in company.types(
        "ada", "/cost forecast team nlp by team"
    )
    assert 'By "gpu"? A forecast is split by team or by machine.' in company.types("ada", "/cost forecast by gpu")
    assert "is one machine" in company.types("ada", "/cost forecast instance train-7 by machine")


def test_idle_nights_are_a_potential_with_what_they_did_cost(office):
    today = office.clock.now // DAY_MS * DAY_MS
    nights = [range(today - n * DAY_MS - 4 * HOUR_MS, today - n * DAY_MS + 8 * HOUR_MS, HOUR_MS) for n in (0, 1, 5)]
    idle = {("train-7", at) for night in nights for at in night}
    company = ran_for_40_days(office, idle | {("label-1", at) for at in nights[0][:-1]})

    seen = company.types("ada", "/cost forecast")
    told = company.presses("ada", "Idle nights cost $790")

    assert "[Idle nights cost $790]" in seen
    assert told.startswith("*Nights in which nobody worked cost $790 in four weeks.*")
    assert "train-7 | 3 | $790" in told, "3 nights of 12 hours at $21.96"
    assert "A potential, counted in no forecast" in told


def from_today(report):
    """The rest of the month with what today has cost, as AWS counts it."""
    today = next(day for day in report.days if day.date == report.today)
    return report.month.micros - report.charged_micros + today.charged_micros


def between(seen):
    return seen.partition("month's end, 80 % between ")[2].partition(";")[0]


@pytest.mark.slow
def test_aws_stands_beside_ours_and_twenty_people_cost_no_more_than_one(company):
    ctx = company.valet.ctx
    today = utc_day(company.clock())
    aws = SandboxCostExplorer(
        lambda: billed(stored_bill.metered_machines(ctx.store.reading(), today - 40 * A_DAY, today))
    )
    source = CostExplorer(aws.ask, "account 111122223333", "team")
    forecast.refresh_reports(ctx)

    for hour in range(24):  # as the jobs do, while 20 people ask every hour
        bill.fetch_bill(ctx, source)
        accuracy.ask_second_opinion(ctx, source)
        if hour == 1:
            for _ in range(19):
                company.types("ada", "/cost forecast")
            seen = company.presses("ada", "Details")
            ours = usd(from_today(forecast.current_report(ctx, TOTAL)), cents=False)
            company.types("bob", "/cost report by person")
            company.types("bob", "/cost bill")
        company.clock.forward(HOUR_MS)

    assert "AWS's own forecast: $" in seen
    assert "AWS knows no claims, bookings or on-hours." in seen
    assert f"from 23 Nov to the month's end, 80 % between {between(seen)}; ours of these days is {ours}. AWS" in seen
    # two looks of three requests, and one forecast; the third look and second forecast are of the next UTC day
    by_day = [stored_bill.requests_made(ctx.store.reading(), source.name, today + number * A_DAY) for number in (0, 1)]
    assert by_day == [7, 1]
    assert len(aws.asked) == 8


@pytest.mark.slow
def test_the_record_is_shown_once_forecasts_can_be_scored(company):
    ctx = company.valet.ctx
    for _ in range(12):
        forecast.refresh_reports(ctx)
        start = company.clock.now // HOUR_MS * HOUR_MS
        with ctx.store.writing() as db:
            for row in spend.machines_ever(db):
                if row["provider"] == "ec2" and row["runs"] and row["rate_micros"]:
                    rate, hours = row["rate_micros"], range(start, start + DAY_MS, HOUR_MS)
                    stored_ledger.add(
                        db, [Charge(row["id"], at, at + HOUR_MS, HOUR_MS, rate, rate, row["team"]) for at in hours]
                    )
        company.clock.forward(DAY_MS)
        accuracy.score_due(ctx)

    seen = company.types("ada", "/cost forecast accuracy")

    assert seen.startswith("*Our forecasts of 7 days: 6 forecasts scored, median error 0.0 %, 80 % range right 6 of 6.")
    assert "Few yet, so take it as a hint.*" in seen
    assert "*All teams' forecasts together*" in seen
    assert datetime.fromtimestamp(company.clock.now / 1000, UTC).day == 5


def test_a_machine_that_runs_most_days_is_not_said_to_run_now_and_then():
    assert set(DRIVER_WORDS.values()) == {"around the clock", "as planned", "comes and goes"}
