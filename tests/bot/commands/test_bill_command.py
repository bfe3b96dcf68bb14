"""`valet bill` as typed: a table for people, CSV for spreadsheets, sums that add up."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.money.bill import BillLine, BillLook
from bot.domain.money.rates import Charge
from bot.sandbox.machines import SandboxFleet
from bot.services.machines import fleet
from store.money import bill as stored_bill
from store.money import ledger as stored_ledger
from tests.bot.services.room import Room
from tests.conftest import MONDAY
from tests.opening import open_store

FRIDAY = date(2026, 11, 20)
AT_FRIDAY = MONDAY // DAY_MS * DAY_MS - 3 * DAY_MS
TOML = '[slack]\nchannel = "C024BE7LR"\nadmins = ["U024BE7LH"]\n[bill]\nsource = "focus"\npath = "/nowhere"\n'
RATE = 21_957_642


def line(day, usd, **known):
    told = {"account": "1", "service": "EC2", "team": "nlp", "type": "", "instance": "", "kind": "usage"} | known
    return BillLine("2026-11", day, round(usd * 1_000_000), **told)


@pytest.fixture
def valet(tmp_path, clock, monkeypatch):
    """Run `valet` beside a database with a machine's Friday and Saturday, of which Friday is billed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VALET_DB", raising=False)
    monkeypatch.setenv("SLACK_API_URL", "")
    room = Room(tmp_path / "valet.db", clock, fleet=SandboxFleet(clock))
    fleet.sweep(room.ctx)
    machine = room.machine("train-7")
    hours = [AT_FRIDAY + number * HOUR_MS for number in range(48)]
    lines = [
        line(FRIDAY, 480.5, type=machine.type, instance=machine.id, running_ms=24 * HOUR_MS, service="=cmd"),
        line(FRIDAY, 12, service="S3", team=""),
    ]
    with room.ctx.store.writing() as db:
        stored_ledger.add(db, [Charge(machine.id, at, at + HOUR_MS, HOUR_MS, RATE, RATE, "nlp") for at in hours])
        stored_bill.keep_look(db, BillLook("FOCUS files", "/nowhere", MONDAY, ("2026-11",), tuple(lines)), MONDAY)
    room.close()
    (tmp_path / "valet.toml").write_text(f'database = "{tmp_path / "valet.db"}"\n{TOML}')
    return lambda *words: CliRunner().invoke(main, ["bill", "--month", "2026-11", *words], prog_name="valet")


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_table_has_both_sides_and_why_they_differ(valet):
    said = valet()

    assert said.exit_code == 0, said.output
    assert said.stdout.splitlines()[:3] == [
        "day                   billed         metered      difference",
        "2026-11-20        492.500000      526.983408      -34.483408",
        "2026-11-21                 -      526.983408               -",
    ]
    assert "  discounts: paid below the rate                              -46.483408" in said.stdout
    assert "FOCUS files, /nowhere, as of 2026-11-23T09:00:00Z" in said.stderr


def test_the_reasons_in_the_csv_add_up_to_the_difference(valet):
    [friday, saturday, *_] = rows(valet("--csv").stdout)

    assert (friday["day"], friday["billed_usd"], friday["metered_usd"]) == ("2026-11-20", "492.500000", "526.983408")
    reasons = [
        Decimal(value)
        for name, value in friday.items()
        if name.endswith("_usd") and name.split("_")[0] not in {"billed", "metered", "difference"}
    ]
    assert sum(reasons) == Decimal(friday["difference_usd"]) == Decimal("-34.483408")
    assert (friday["estimate"], friday["source"], friday["as_of"]) == ("no", "FOCUS files", "2026-11-23T09:00:00Z")
    assert (saturday["billed_usd"], saturday["difference_usd"], saturday["estimate"]) == ("", "", "no")


@pytest.mark.parametrize("by", ["account", "service", "team", "type", "instance", "kind"])
def test_every_way_to_tell_it_apart_has_the_same_sum(valet, by):
    found = rows(valet("--csv", "--by", by).stdout)

    assert sum(Decimal(row["billed_usd"]) for row in found) == Decimal("492.5")


def test_words_of_others_are_no_formulas(valet):
    assert {row["service"] for row in rows(valet("--csv", "--by", "service").stdout)} == {"'=cmd", "S3"}


def test_what_the_source_does_not_tell_apart_is_refused(valet, tmp_path):
    store = open_store(tmp_path / "valet.db")
    with store.writing() as db:
        only = BillLine("2026-11", FRIDAY, 5, service="EC2", account="1")
        stored_bill.keep_look(db, BillLook("FOCUS files", "/nowhere", MONDAY, ("2026-11",), (only,)), MONDAY)
    store.close()

    said = valet("--csv", "--by", "instance")

    assert said.exit_code == 1
    assert "does not split it by instance" in said.stderr


@pytest.mark.parametrize("words", [(), ("--csv",), ("--csv", "--by", "team")])
@pytest.mark.parametrize(
    ("toml", "month", "why"),
    [
        ("", "2026-11", "No bill is set up"),
        (TOML.replace('"focus"', '"cost-explorer"'), "2026-11", "The bill has not been read yet"),
        (TOML, "2026-09", "The bill is known from 20 November 2026 on"),
    ],
)
def test_without_a_bill_the_answer_is_no_in_every_form(valet, tmp_path, words, toml, month, why):
    (tmp_path / "valet.toml").write_text(f'database = "{tmp_path / "valet.db"}"\n{toml}')

    said = valet(*words, "--month", month)

    assert (said.exit_code, said.stdout) == (1, "")
    assert why in said.stderr
