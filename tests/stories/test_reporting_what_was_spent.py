"""What was spent, for whom, how much of it idled; and the same as a file."""

import csv
import io
import re
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from bot.domain.clock import DAY, HOUR
from bot.domain.money.rates import USD, Charge, Share
from bot.sandbox.slack.people import ADA, CY
from bot.services.money import forecasting, reporting, spend_reporting
from store import ledger, listings

WAYS = ("team", "person", "type", "instance")


@pytest.fixture
def spent(office):
    """Two days of charges: train-7 was ada's and half of it idled, nb-2 idled all the time and was nobody's."""
    desk = office.valet.desk
    start = (office.clock.now - 2 * DAY) // HOUR * HOUR
    db = desk.store.reading()
    known = {office.machine(name).name: office.machine(name) for name in ("train-7", "nb-2", "label-1")}
    teams = {name: listings.by_id(db, each.id).team for name, each in known.items()}
    charges = []
    for at in range(start, office.clock.now // HOUR * HOUR, HOUR):
        nlp, vision = teams["train-7"], teams["nb-2"]
        half = (Share(ADA, nlp, "busy", 4 * HOUR, 11 * USD), Share(ADA, nlp, "idle", 4 * HOUR, 11 * USD))
        alone = (Share("", vision, "idle", 4 * HOUR, 5 * USD),)
        known_less = (Share(CY, teams["label-1"], "unknown", HOUR, USD),)
        charges += [
            Charge(known["train-7"].id, at, at + HOUR, HOUR, 22 * USD, 22 * USD, nlp, half),
            Charge(known["nb-2"].id, at, at + HOUR, HOUR, 5 * USD, 5 * USD, vision, alone),
            Charge(known["label-1"].id, at, at + HOUR, HOUR, USD, USD, teams["label-1"], known_less),
        ]
    with desk.store.writing() as db:
        ledger.add(db, charges)
    return office


def test_the_report_says_the_sum_first_and_then_for_whom(spent):
    seen = spent.types("ada", "/cost report by person")

    assert seen.startswith("*November 2026 so far: $1,344.00 for rented machines, $768.00 of it idle (57 %).*")
    assert "@Ada: $1,056.00, 50 % idle, 384 GPU-hours" in seen
    assert "held by nobody: $240.00, 100 % idle, 192 GPU-hours" in seen
    assert "[By team] [By type] [By machine] [As CSV]" in seen


def test_every_way_adds_up_to_the_ledger_and_to_the_forecast(spent):
    desk = spent.valet.desk
    first, last = date(2026, 11, 1), date(2026, 11, 30)
    found = {way: spend_reporting.report(desk, way, first, last) for way in WAYS}

    lines = reporting.ledger_csv(desk, *reporting.month_of(first, "UTC"))
    usd = sum(Decimal(row["usd"] or 0) for row in csv.DictReader(io.StringIO("".join(lines))))
    totals = {(made.rented, made.owned) for made in found.values()}
    assert len(totals) == 1
    ((rented, owned),) = totals
    assert usd * USD == rented.micros + owned.micros
    for made in found.values():
        for row in made.rows:
            for part in (row.rented, row.owned):
                assert part.busy_micros + part.idle_micros + part.unknown_micros == part.micros
        told = list(csv.DictReader(io.StringIO("".join(spend_reporting.csv(made)))))
        by_kind = Counter()
        for row in told:
            by_kind[row["kind"]] += Decimal(row["usd"]) * USD
        assert (by_kind["rented"], by_kind["owned"]) == (rented.micros, owned.micros)
        assert spend_reporting.idle(desk, made.by, first, last).rented == rented
    assert forecasting.make(desk, forecasting.TOTAL).charged_micros == rented.micros + found["team"].running_micros


def test_buttons_tell_it_apart_another_way_in_place(spent):
    spent.types("ada", "/cost report")

    seen = spent.presses("ada", "By machine")

    assert "train-7: $1,056.00, 50 % idle, 384 GPU-hours" in seen
    assert "[By team] [By person] [By type] [As CSV]" in seen


def test_a_day_and_a_month_without_spend(spent):
    assert spent.types("ada", "/cost report yesterday").startswith("*Sunday 22 November 2026: $672.00")
    assert spent.types("ada", "/cost report october").startswith("*October 2026: nothing was charged.*")
    assert "December 2026 has not come yet" in spent.types("ada", "/cost report 2026-12")
    assert 'By "gpu"? Try `/cost report by team|person|type|instance`.' in spent.types("ada", "/cost report by gpu")
    assert 'By ""?' in spent.types("ada", "/cost report by")


@pytest.mark.parametrize("when", ["0001-01", "9999-12", "9999-12-31", "1999-12-31"])
@pytest.mark.parametrize("verb", ["report", "idle", "savings"])
def test_years_that_no_ledger_has_are_refused(spent, verb, when):
    assert spent.types("ada", f"/cost {verb} {when}") == "Years go from 2000 to 2099. Try 2026-11 or 2026-11-23."


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
    spent.slack.fault("files.completeUploadExternal", "internal_error")
    spent.types("ada", "/cost report")

    seen = spent.presses("ada", "As CSV")

    assert seen == "Slack did not take the file (internal_error). `valet ledger --csv` prints the same figures."


def test_no_cell_of_the_csv_is_a_formula(spent):
    desk = spent.valet.desk
    with desk.store.writing() as db:
        db.execute("UPDATE instances SET name = '=HYPERLINK(1)' WHERE name = 'nb-2'")

    told = "".join(spend_reporting.csv(spend_reporting.report(desk, "instance", date(2026, 11, 1), date(2026, 11, 30))))

    assert "'=HYPERLINK(1)" in told
    assert not re.search(r"(^|,)[=+@]", told, re.MULTILINE)


def test_idle_names_what_idled_and_what_idles_now_with_the_button_that_settles_it(spent):
    spent.reports("train-7", 0.0, minutes=200)
    spent.tick()

    seen = spent.types("ada", "/cost idle")

    assert "so far: $768.00 went to idle rented GPUs, 57 % of what was spent (384 GPU-hours). Idle now" in seen
    assert "Idle now: 1 machine, $21.96/h.*" in seen
    assert "train-7: $528.00, 192 GPU-hours" in seen
    assert "*train-7*  free for" in seen
    assert "[Stop train-7…]" in seen
    spent.presses("ada", "Stop train-7…")
    assert "Stop train-7?" in spent.sees("bob", "#ml-platform")


def test_idle_by_team_and_where_nothing_idled(spent):
    assert "*What idled, by team*" in spent.types("ada", "/cost idle by team")
    assert "nothing idled that was seen" in spent.types("ada", "/cost idle october")
