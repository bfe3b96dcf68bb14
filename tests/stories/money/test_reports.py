"""What was spent, for whom, how much of it idled; and the same as a file."""

import csv
import io
import re
from collections import Counter
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.days import day_start
from bot.domain.machines.listing import FleetFilter
from bot.domain.money.rates import MICROS_PER_USD, Charge, Share
from bot.domain.money.scope import TOTAL, Scope
from bot.sandbox.slack.people import ADA, CY, FINANCE
from bot.services.money import budgets, ledger_export, reports, weekly
from bot.services.money import forecast as forecast_service
from store.machines import listings
from store.money import bill as stored_bill
from store.money import ledger as stored_ledger
from store.money import spend
from tests.stories.conftest import SETTINGS

WAYS = ("team", "person", "type", "instance")


@pytest.fixture
def spent(office):
    """Two days of charges: train-7 was ada's and half of it idled, nb-2 idled all the time and was nobody's."""
    ctx = office.valet.ctx
    start = (office.clock.now - 2 * DAY_MS) // HOUR_MS * HOUR_MS
    db = ctx.store.reading()
    known = {office.machine(name).name: office.machine(name) for name in ("train-7", "nb-2", "label-1")}
    teams = {name: listings.by_id(db, each.id).team for name, each in known.items()}
    charges = []
    for at in range(start, office.clock.now // HOUR_MS * HOUR_MS, HOUR_MS):
        nlp, vision = teams["train-7"], teams["nb-2"]
        half = (
            Share(ADA, nlp, "busy", 4 * HOUR_MS, 11 * MICROS_PER_USD),
            Share(ADA, nlp, "idle", 4 * HOUR_MS, 11 * MICROS_PER_USD),
        )
        alone = (Share("", vision, "idle", 4 * HOUR_MS, 5 * MICROS_PER_USD),)
        known_less = (Share(CY, teams["label-1"], "unknown", HOUR_MS, MICROS_PER_USD),)
        charges += [
            Charge(known["train-7"].id, at, at + HOUR_MS, HOUR_MS, 22 * MICROS_PER_USD, 22 * MICROS_PER_USD, nlp, half),
            Charge(known["nb-2"].id, at, at + HOUR_MS, HOUR_MS, 5 * MICROS_PER_USD, 5 * MICROS_PER_USD, vision, alone),
            Charge(
                known["label-1"].id,
                at,
                at + HOUR_MS,
                HOUR_MS,
                MICROS_PER_USD,
                MICROS_PER_USD,
                teams["label-1"],
                known_less,
            ),
        ]
    with ctx.store.writing() as db:
        stored_ledger.add(db, charges)
    return office


def test_the_report_says_the_sum_first_and_then_for_whom(spent):
    seen = spent.types("ada", "/cost report by person")

    assert seen.splitlines() == [
        "*November so far: $1,344 rented, 57 % of it idle ($768).*",
        "(chart: Rented machines by person, USD)",
        "Person | Rented | Idle | GPU-hours",
        "@Ada | $1,056 | 50 % | 384",
        "held by nobody | $240 | 100 % | 192",
        "@Cy | $48.00 | not known | 48",
        "[By team] [By type] [By machine] [How this is counted] [As CSV]",
    ]


@pytest.fixture
def far_apart(office_with):
    """A company in Berlin with a team in Auckland: four weeks of charges, an owned machine, and an hour that runs."""
    settings = deepcopy(SETTINGS)
    settings["digest"] = {"timezone": "Europe/Berlin"}
    settings["teams"]["nlp"] |= {"timezone": "Pacific/Auckland", "budget_usd": "90000"}
    settings["teams"]["vision"] |= {"budget_usd": "90000"}
    settings["reports"] = {"channel": FINANCE, "weekday": "Mon", "timezone": "America/New_York"}
    settings["bill"] = {"source": "focus", "path": "exports"}
    office = office_with(settings)
    ctx, now = office.valet.ctx, office.clock.now // HOUR_MS * HOUR_MS
    dgx = "dgx-1"
    office.reports(dgx, 0.0)
    office.tick()
    with ctx.store.writing() as db:
        for row in spend.machines_ever(db):
            if row["provider"] == "ec2" and row["runs"]:
                rate, team = row["rate_micros"] or 0, row["team"]
                share = (Share(ADA, "vision", "idle", HOUR_MS, rate),)
                hours = range(now - 28 * DAY_MS, now, HOUR_MS)
                stored_ledger.add(
                    db, [Charge(row["id"], at, at + HOUR_MS, HOUR_MS, rate, rate, team, share) for at in hours]
                )
    office.clock.forward(HOUR_MS)
    office.passes(25 * MINUTE_MS)
    return office


def sums_of(ctx, first, last):
    """Rented and owned by every way and in both forms, with all that people are told of the same days."""
    told = set()
    for way in WAYS:
        made = reports.spend_report(ctx, way, first, last)
        assert reports.made_idle_report(ctx, way, first, last).rented == made.rented
        rows = list(csv.DictReader(io.StringIO("".join(reports.csv(made)))))
        by_kind = Counter()
        for row in rows:
            by_kind[row["kind"]] += int(Decimal(row["usd"]) * MICROS_PER_USD)
        told |= {(made.rented.micros, made.owned.micros), (by_kind["rented"], by_kind["owned"])}
        for row in made.rows:
            for part in (row.rented, row.owned):
                assert part.busy_micros + part.idle_micros + part.unknown_micros == part.micros
    ((rented, owned),) = told
    return rented, owned


@pytest.mark.slow
def test_every_figure_of_a_month_is_the_same_whoever_asks_in_whatever_zone(far_apart):
    ctx = far_apart.valet.ctx
    first, last, berlin = date(2026, 11, 1), date(2026, 11, 30), ZoneInfo("Europe/Berlin")

    rented, owned = sums_of(ctx, first, last)

    assert owned > 0
    running = stored_ledger.running_meters(ctx.store.reading())
    assert {each.provider for each in running} == {"ec2", "owned"}
    uncharged = sum(each.meter.micros for each in running)
    lines = ledger_export.ledger_csv(ctx, day_start(first, berlin), day_start(last + timedelta(days=1), berlin))
    usd = sum(Decimal(row["usd"] or 0) for row in csv.DictReader(io.StringIO("".join(lines))))
    assert usd * MICROS_PER_USD + uncharged == rented + owned

    report = forecast_service.make_report(ctx, TOTAL)
    assert report.charged_micros == sum(each.charged_micros for each in report.by_team) == rented
    by_team = {row.key: row.rented.micros for row in reports.spend_report(ctx, "team", first, last).rows}
    for team in ("nlp", "vision"):
        scope = Scope("team", team)
        assert forecast_service.make_report(ctx, scope).charged_micros == by_team[team]
        assert budgets.standing_of(ctx, scope).spent_micros == by_team[team]
    assert budgets.standing_of(ctx, TOTAL).spent_micros == rented


@pytest.mark.slow
def test_the_week_and_the_bill_agree_with_the_report_of_their_days(far_apart):
    ctx = far_apart.valet.ctx
    far_apart.clock.forward(6 * HOUR_MS)
    far_apart.reports("train-7", 0.0)
    far_apart.tick()

    made = weekly.weekly_of(ctx, FINANCE, "2026-11-23")

    assert (made.rented.micros, made.owned.micros) == sums_of(ctx, made.first, made.last)
    utc = date(2026, 11, 2), date(2026, 11, 20)
    lines = ledger_export.ledger_csv(
        ctx, day_start(utc[0], ZoneInfo("UTC")), day_start(utc[1], ZoneInfo("UTC")) + DAY_MS
    )
    rented = [row for row in csv.DictReader(io.StringIO("".join(lines))) if row["provider"] == "ec2"]
    metered = stored_bill.metered_machines(ctx.store.reading(), *utc)
    assert sum(each.micros for each in metered) == sum(Decimal(row["usd"] or 0) for row in rented) * MICROS_PER_USD


@pytest.mark.slow
def test_what_is_typed_shows_the_same_figure_with_its_zone(far_apart):
    far_apart.clock.forward(HOUR_MS)
    forecast_service.refresh_reports(far_apart.valet.ctx)
    budget = far_apart.types("ada", "/cost budget nlp")
    assert "Months are those of Europe/Berlin." in far_apart.presses("ada", "How this is counted")
    far_apart.types("ada", "/cost forecast team nlp")
    forecast = far_apart.presses("ada", "Details")
    report = far_apart.types("ada", "/cost report")

    spent = re.search(r"\$([\d,]+) of \$90,000 spent", budget).group(1)
    assert re.search(r"nlp \| ~?\$([\d,.]+)", report).group(1) == spent
    assert f"${spent} charged up to 11:25 UTC" in forecast
    how = far_apart.presses("ada", "How this is counted")
    assert "of it is the running hour, charged when that ends." in how
    assert "Days in Europe/Berlin." in how
    far_apart.types("ada", "/cost budget")
    assert "Months are those of Europe/Berlin." in far_apart.presses("ada", "How this is counted")


def test_a_sum_with_an_estimated_price_says_about_as_its_machines_status_does(office):
    office.tick()
    office.passes(20 * MINUTE_MS)
    db = office.valet.ctx.store.reading()
    rates = {
        each.instance.name: each.rate for each in listings.listings_page(db, FleetFilter(), limit=99) if each.running
    }

    report = office.types("ada", "/cost report by machine")
    how = office.presses("ada", "How this is counted")
    office.presses("ada", "As CSV")
    (file,) = office.slack.files.values()
    told = csv.DictReader(io.StringIO(file.content.decode()))
    estimated = {row["instance"]: row["estimated_usd"] == row["usd"] for row in told}

    assert {rate.exact for rate in rates.values() if rate} == {True, False}
    for name, rate in rates.items():
        if rate:
            about = "" if rate.exact else "~"
            assert f"\n{name} | {about}$" in report
            assert estimated[name] is not rate.exact
    assert "so far: about $" in report
    assert "of it is an estimate: another region's list price, or spot machines." in how
    assert "\nsweep-1 | no price | not known | 1.3\n" in report
    assert "1.3 GPU-hours have no known price and are left out." in report
    assert "about $" in office.types("ada", "/gpu status")


def test_buttons_tell_it_apart_another_way_in_place(spent):
    spent.types("ada", "/cost report")

    seen = spent.presses("ada", "By machine")

    assert "train-7 | $1,056 | 50 % | 384" in seen
    assert "[By team] [By person] [By type] [How this is counted] [As CSV]" in seen


def test_a_day_and_a_month_without_spend(spent):
    assert spent.types("ada", "/cost report yesterday").startswith("*Sunday 22 November: $672")
    assert spent.types("ada", "/cost report october").startswith(
        "*October: nothing is known, as it was before the first look.*"
    )
    assert "December 2026 has not come yet" in spent.types("ada", "/cost report 2026-12")
    assert 'By "gpu"? Try `/cost report by team|person|type|instance`.' in spent.types("ada", "/cost report by gpu")
    assert 'By ""?' in spent.types("ada", "/cost report by")


@pytest.mark.parametrize("when", ["0001-01", "9999-12", "9999-12-31", "1999-12-31"])
@pytest.mark.parametrize("verb", ["report", "idle", "savings"])
def test_years_that_no_ledger_has_are_refused(spent, verb, when):
    assert spent.types("ada", f"/cost {verb} {when}") == "Years go from 2000 to 2099. Try 2026-11 or 2026-11-23."


@pytest.mark.slow
def test_owned_machines_are_told_apart_by_their_gpus(far_apart):
    far_apart.types("ada", "/cost report by type")

    seen = far_apart.presses("ada", "As CSV")

    assert "by-type.csv" in seen
    (file,) = far_apart.slack.files.values()
    rows = list(csv.DictReader(io.StringIO(file.content.decode())))
    assert [row["type"] for row in rows if row["kind"] == "owned"] == ["owned 8xA100"]


def test_the_csv_goes_to_the_one_who_pressed(spent):
    spent.types("ada", "/cost report by person")

    seen = spent.presses("ada", "As CSV")

    assert seen == "valet-2026-11-01-to-2026-11-23-by-person.csv is in your messages with Valet."
    (file,) = spent.slack.files.values()
    assert file.is_complete
    rows = list(csv.DictReader(io.StringIO(file.content.decode())))
    assert [(row["person"], row["usd"]) for row in rows][:2] == [("U0ADA0001", "1056.000000"), ("", "240.000000")]


def test_where_the_bot_may_upload_no_files_it_says_so(spent):
    spent.slack.missing_scopes.add("files:write")
    spent.types("ada", "/cost report")

    seen = spent.presses("ada", "As CSV")

    assert seen.startswith("Valet may not upload files here.")
    assert "`files:write`" in seen
    assert spent.slack.files == {}


def test_where_slack_does_not_take_the_file_it_is_said(spent):
    spent.slack.fault("files.completeUploadExternal", "invalid_channel")
    spent.types("ada", "/cost report")

    seen = spent.presses("ada", "As CSV")

    assert seen == "Slack did not take the file (invalid_channel). `valet ledger --csv` prints the same figures."


def test_no_cell_of_the_csv_is_a_formula(spent):
    ctx = spent.valet.ctx
    with ctx.store.writing() as db:
        db.execute("UPDATE instances SET name = '=HYPERLINK(1)' WHERE name = 'nb-2'")

    told = "".join(reports.csv(reports.spend_report(ctx, "instance", date(2026, 11, 1), date(2026, 11, 30))))

    assert "'=HYPERLINK(1)" in told
    assert not re.search(r"(^|,)[=+@]", told, re.MULTILINE)


def test_idle_names_what_idled_and_what_idles_now_with_the_button_that_settles_it(spent):
    spent.reports("train-7", 0.0, minutes=200)
    spent.tick()

    seen = spent.types("ada", "/cost idle")

    assert seen.splitlines()[:5] == [
        "*November so far: $768 of $1,344 rented went to idle GPUs (57 %).*",
        "Now: 1 idle, $21.96/h.",
        "(chart: Idle rented GPUs by machine, USD)",
        "Machine | Idle | Now | GPU-hours",
        "train-7 | $528 | idle 3 h 20 m, unclaimed | 192",
    ]
    assert "[Stop train-7…]" in seen
    spent.presses("ada", "Stop train-7…")
    spent.submits("ada")
    assert "Stop train-7?" in spent.sees("bob", "#ml-platform")


def test_idle_by_team_and_where_nothing_idled(spent):
    assert "\nTeam | Idle | GPU-hours | Owned GPU-h\n" in spent.types("ada", "/cost idle by team")
    assert "nothing is known, as it was before the first look" in spent.types("ada", "/cost idle october")


def test_days_within_a_month_lead_to_all_of_that_month(spent):
    seen = spent.types("ada", "/cost report yesterday")

    assert "[Nov]" in seen
    assert spent.presses("ada", "Nov").startswith("*November so far: ")
