"""Finance asks what was really billed: the bill stands beside the meters, and the difference has reasons."""

import csv
import io
import os
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from bot.billing.bill import bill_in_settings
from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.money.bill import utc_day
from bot.jobs.table import job_table
from bot.services.machines import fleet
from bot.services.money import bill
from store.money import ledger as stored_ledger
from store.sql import rows
from tests.bot.billing.exports import charge, disk, write_csv
from tests.stories.beginnings import past_charges
from tests.stories.conftest import SETTINGS

pytest.importorskip("duckdb", reason="the extra focus is not installed")
SATURDAY = date(2026, 11, 21)
"""The export was written on Sunday: it ends there, and Saturday is the last day it may still be late for."""


@pytest.fixture
def office(office_with, tmp_path):
    return office_with({**SETTINGS, "bill": {"source": "focus", "path": str(tmp_path / "focus")}})


@pytest.fixture
def lived(office):
    """The company with its last five weeks of charges, and no bill yet."""
    with office.valet.ctx.store.writing() as db:
        stored_ledger.add(db, past_charges(office.clock()))
    return office


def export(office, tmp_path, *more, cheaper: int = 8, agreed: int = 0):
    """What the provider bills for those hours: below the list, with a disk and tax every day; then it is read.

    `agreed` of the list our rates have off already, `cheaper` they have not.
    """
    names = {each.id: each for look in office.fleet.sweep() for each in look.instances}
    spent, ran = Counter(), Counter()
    for each in past_charges(office.clock()):
        if utc_day(each.from_at) <= SATURDAY and names[each.instance_id].provider == "ec2":
            spent[utc_day(each.from_at), each.instance_id] += each.micros
            ran[utc_day(each.from_at), each.instance_id] += each.running_ms
    rows = [
        _machine(names[host], day, micros, ran[day, host], (cheaper, agreed)) for (day, host), micros in spent.items()
    ]
    for day in sorted({day for day, _ in spent}):
        rows += [disk(day.isoformat(), "41.50"), disk(day.isoformat(), "9.25", ChargeCategory="Tax", Tags=None)]
    path = write_csv(tmp_path / "focus" / "export.csv", [*rows, *more])
    written = (office.clock() - DAY_MS) / 1000
    os.utime(path, (written, written))
    assert bill.fetch_bill(office.valet.ctx, _source(office))


def _source(office):
    return _source_of(office.valet)


def _source_of(valet):
    source = bill_in_settings(valet.ctx.settings)
    assert source is not None
    return source


def _machine(machine, day, micros, ms, off):
    cheaper, agreed = off
    usd, listed = f"{micros * (100 - cheaper) / 1e8:.6f}", f"{micros / 1e4 / (100 - agreed):.6f}"
    return charge(
        day.isoformat(),
        usd,
        ListCost=listed,
        ConsumedQuantity=f"{ms / HOUR_MS:.6f}",
        ResourceId=machine.id,
        x_UsageType=f"BoxUsage:{machine.type}",
        Tags={"team": machine.tags.get("team", "")},
    )


def test_without_a_bill_set_up_people_are_told_what_to_set(office_with):
    said = office_with(SETTINGS).types("ada", "/cost bill")

    assert said == (
        "No bill is set up, so there is only our own ledger. An admin can name one under `[bill]` in valet.toml: "
        'source = "cost-explorer", "focus" or "athena".'
    )


def test_before_the_first_look_and_after_a_failed_one_that_is_said(office):
    assert office.types("ada", "/cost bill") == (
        "The bill has not been read yet (FOCUS files). The first look comes within the hour."
    )
    bill.fetch_bill(office.valet.ctx, _source(office))

    assert "The bill could not be read (FOCUS files, 09:00 UTC): There are no CSV or Parquet files at" in office.types(
        "ada", "/cost bill"
    )


@pytest.mark.slow
def test_a_month_of_the_bill_beside_the_meters_with_reasons_that_add_up(lived, tmp_path):
    export(lived, tmp_path)

    said = lived.types("ada", "/cost bill").splitlines()

    assert said[:6] == [
        "*November: $42,639 billed so far up to 21 Nov; our meters say $45,189.*",
        "$2,549 less than we metered. That is:",
        "-$3,615  discounts: paid below the rate",
        "+$872  disks, traffic and services that Valet does not meter",
        "+$194  tax",
        "(chart: Billed and metered a day, USD)",
    ]
    assert "nlp | $32,115 | $33,960" in said
    assert said[-1] == "[Only 20 Nov] [Oct] [Details] [As CSV]"
    details = lived.presses("ada", "Details").splitlines()
    days = details.index("*Day by day*, UTC")
    assert details[days + 20 : days + 24] == [
        "Fri 20 Nov  $2,627 billed, $2,800 metered",
        "Sat 21 Nov  $2,835 billed so far, $3,026 metered  _estimate_",
        "Sun 22 Nov  not billed yet, $3,005 metered  _estimate_",
        "Mon 23 Nov  not billed yet, $1,137 metered  _estimate_",
    ]
    assert any(": as of Sun 09:00 UTC, read Mon 09:00 UTC." in line for line in details)
    assert "Estimates may still grow: a day is billed in full some two days later." in details


@pytest.mark.slow
def test_a_discount_that_our_rates_have_off_already_is_no_difference(lived, tmp_path):
    export(lived, tmp_path, cheaper=0, agreed=20)

    said = lived.types("ada", "/cost bill")

    assert said.splitlines()[1:5] == [
        "$1,066 more than we metered. That is:",
        "+$872  disks, traffic and services that Valet does not meter",
        "+$194  tax",
        "(chart: Billed and metered a day, USD)",
    ]


@pytest.mark.slow
def test_the_lists_of_a_message_add_up_to_its_sum(lived, tmp_path):
    export(lived, tmp_path)

    table = lived.types("ada", "/cost bill").partition("Team | Billed | Metered\n")[2].splitlines()
    billed = [_dollars(row.split(" | ")[1]) for row in table if " | $" in row]
    assert abs(sum(billed) - 42639.35) <= len(billed)

    said = lived.presses("ada", "Details")
    for title in ("*By type of machine*", "*By service*"):
        rows = said.partition(title + "\n")[2].split("\n*")[0].splitlines()
        billed = [_dollars(row.partition(": ")[2]) for row in rows if ": $" in row]
        assert abs(sum(billed) - 42639.35) <= len(billed)


def _dollars(text):
    return float(text.partition(" ")[0].replace("$", "").replace(",", ""))


def test_a_machine_that_valet_does_not_see_is_named_on_its_day(lived, tmp_path):
    hidden = charge("2026-11-18", "52.69", ResourceId="i-0feedface", x_UsageType="BoxUsage:p4d.24xlarge")
    export(lived, tmp_path, hidden)

    said = lived.types("ada", "/cost bill 2026-11-18").splitlines()

    assert said[0] == "*Wednesday 18 November: $2,292 billed; our meters say $2,379.*"
    assert "+$52.69  machines or hours that Valet did not see" in said
    assert "On the bill, but not seen by Valet: 1 machine, $52.69." in said
    assert "[All of November] [Oct] [Details] [As CSV]" in said
    named = "i-0feedface p4d.24xlarge, account 111122223333: $52.69 billed"
    assert named in lived.presses("ada", "Details").splitlines()


@pytest.mark.slow
def test_buttons_lead_to_a_day_and_to_other_months_in_place(lived, tmp_path):
    export(lived, tmp_path)
    lived.types("ada", "/cost bill")

    day = lived.presses("ada", "Only 20 Nov")
    month = lived.presses("ada", "Oct")

    assert day.startswith("*Friday 20 November: $2,627 billed; our meters say $2,800.*")
    assert month.startswith("*October: $22,177 billed; since 20 Oct $20,446 billed and $21,562 metered.*")
    assert "*By type of machine*, since 20 Oct" in lived.presses("ada", "Details")


@pytest.mark.slow
def test_the_bill_comes_as_csv_day_by_day(lived, tmp_path):
    export(lived, tmp_path)
    lived.types("ada", "/cost bill")

    said = lived.presses("ada", "As CSV")

    assert said == "valet-bill-2026-11-01-to-2026-11-23.csv is in your messages with Valet."
    (file,) = lived.slack.files.values()
    rows = list(csv.DictReader(io.StringIO(file.content.decode())))
    assert [(row["day"], row["estimate"]) for row in rows][19:21] == [("2026-11-20", "no"), ("2026-11-21", "yes")]


@pytest.mark.slow
def test_months_before_the_first_look_are_not_called_free(lived, tmp_path):
    export(lived, tmp_path)

    october = lived.types("ada", "/cost bill october")
    september = lived.types("ada", "/cost bill september")

    assert "[Only 31 Oct] [Details] [As CSV]" in october.splitlines()
    assert september == (
        "The bill is known from 19 October 2026 on. How far back a look goes is `bill.lookback_days` in the settings."
    )


@pytest.mark.slow
def test_where_no_charge_carries_the_teams_tag_that_is_said(office_with, tmp_path):
    bill = {"source": "focus", "path": str(tmp_path / "focus"), "team_tag": "squad"}
    office = office_with({**SETTINGS, "bill": bill})
    with office.valet.ctx.store.writing() as db:
        stored_ledger.add(db, past_charges(office.clock()))
    export(office, tmp_path)

    said = office.types("ada", "/cost bill")

    assert 'No charge carries the tag "squad": AWS bills by tags only that are switched on as cost' in said


@pytest.mark.slow
def test_today_is_what_our_meters_say(lived, tmp_path):
    export(lived, tmp_path)

    said = lived.types("ada", "/cost bill today")

    assert said.startswith("*Monday 23 November: nothing is billed yet. Our meters say $1,137 so far.*")


@pytest.mark.slow
def test_when_a_newer_look_fails_the_older_one_stands_and_that_is_said(lived, tmp_path):
    export(lived, tmp_path)
    (tmp_path / "focus" / "export.csv").unlink()
    lived.clock.forward(HOUR_MS)
    bill.fetch_bill(lived.valet.ctx, _source(lived))

    said = lived.types("ada", "/cost bill")

    assert said.startswith("*November: $42,639 billed so far up to 21 Nov")
    assert "The newest look failed Mon 10:00 UTC: There are no CSV or Parquet files at" in said


@pytest.mark.slow
def test_what_is_no_month_is_answered_with_what_would_be(lived, tmp_path):
    export(lived, tmp_path)

    for when in ("0001-01", "9999-12", "9999-12-31"):
        assert lived.types("ada", f"/cost bill {when}") == "Years go from 2000 to 2099. Try 2026-11 or 2026-11-23."
    assert lived.types("ada", "/cost bill octobre").startswith(
        '"octobre" is no month or day. Did you mean october? Try 2026-11, 2026-11-23, last week or'
    )
    assert lived.types("ada", "/cost bill last week").startswith("*16 Nov to 22 Nov: $")
    assert lived.types("ada", "/cost bill 2027-01") == "January 2027 has not come yet. Try `/cost bill`."
    assert lived.types("ada", "/cost bill last month").startswith("*October")


def test_the_job_of_the_bill_asks_nobody_where_none_is_set_up(office_with, tmp_path):
    settings = {**SETTINGS, "bill": {"source": "focus", "path": str(tmp_path / "focus")}}
    valet = office_with(settings).valet
    looks = []

    for ctx in (replace(valet.ctx, bill=None, newest=None), valet.ctx):
        next(job for job in job_table(ctx, valet.people.look) if job.name == "bill").run()
        looks.append(len(rows(ctx.store.reading(), "SELECT 1 FROM bill_looks")))

    assert looks == [0, 1]


def test_while_a_region_is_silent_our_meters_are_said_to_lack_it(lived, tmp_path):
    export(lived, tmp_path)
    lived.fleet.silence("us-east-1")
    lived.clock.forward(20 * MINUTE_MS)
    fleet.sweep(lived.valet.ctx)

    said = "us-east-1 was last read on 23 Nov at 09:00 UTC: what its machines cost since is not on our meters yet."
    assert said in lived.types("ada", "/cost bill")
    assert said not in lived.types("ada", "/cost bill yesterday")
