"""One random month of charges, and every command and file of it held against them, as people read it."""

import csv
import io
import re
from collections import Counter
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.days import day_start
from bot.domain.money.rates import MICROS_PER_USD, Charge, Share
from bot.domain.money.splitting import share_out
from bot.sandbox.slack.people import ADA, CY, FINANCE
from bot.services.money import ledger_export
from handlers.blocks.words import roughly, usd
from store.money import ledger as stored_ledger
from tests.stories.conftest import SETTINGS

BERLIN = ZoneInfo("Europe/Berlin")
SATURDAY = int(datetime(2026, 10, 31, 18, 0, tzinfo=UTC).timestamp() * 1000)
"""The month is nearly over, and has had a day of 25 hours."""
OCTOBER = date(2026, 10, 1), date(2026, 10, 31)
TEAMS = {"train-7": "nlp", "train-3": "nlp", "nb-2": "vision"}
NAMES = {"person": {ADA: "@Ada", CY: "@Cy", "": "held by nobody"}, "team": {}, "instance": {}}


class Month:
    """What was charged, as plain rows: when, machine, team, holder, use, micro-dollars."""

    def __init__(self, office, seed):
        self.rows, self.office = [], office
        charges, random = [], Random(seed)
        for at in range(SATURDAY - 40 * DAY_MS, SATURDAY, HOUR_MS):
            for name, team in TEAMS.items():
                if random.random() < 0.7:
                    charges.append(self._charge(random, at, name, team))
        with office.valet.ctx.store.writing() as db:
            stored_ledger.add(db, charges)

    def _charge(self, random, at, name, team):
        ran, micros = random.randrange(1, HOUR_MS), random.randrange(1, 40 * MICROS_PER_USD)
        keys = sorted({(random.choice([ADA, CY, ""]), team, random.choice(["busy", "idle", "unknown"])) for _ in "123"})
        parts = share_out(micros, [random.randrange(1, 9) for _ in keys])
        shares = tuple(Share(who, of, use, ran, part) for (who, of, use), part in zip(keys, parts, strict=True))
        self.rows += [(at, name, each.team, each.holder, each.use, each.micros) for each in shares]
        instance = self.office.machine(name).id
        return Charge(instance, at, at + ran, ran, micros, micros, team, shares)

    def sums(self, first, last, by="", use=None):
        """Micro-dollars of local days by machine, team or person; all of them under the empty key."""
        start, end = day_start(first, BERLIN), day_start(last + timedelta(days=1), BERLIN)
        column = {"": None, "instance": 1, "team": 2, "person": 3}[by]
        found = Counter()
        for row in self.rows:
            if start <= row[0] < end and use in {None, row[4]}:
                found["" if column is None else row[column]] += row[5]
        return found

    def since(self, at, *names):
        """What idled from an instant on."""
        return sum(row[5] for row in self.rows if row[0] >= at and row[4] == "idle" and (not names or row[1] in names))


@pytest.fixture(params=[7, 11])
def month(request, office_with, clock):
    clock.now = SATURDAY - MINUTE_MS
    settings = deepcopy(SETTINGS)
    settings["digest"] = {"timezone": "Europe/Berlin", "at": "19:00"}
    settings["budget"] = {"usd": "90000"}
    settings["reports"] = {"channel": FINANCE, "weekday": "Sat", "at": "19:00"}
    office = office_with(settings)
    with office.valet.ctx.store.writing() as db:
        for table in ("meters", "forecasts"):  # what is charged is in the test's hands
            db.execute(f"DELETE FROM {table}")
    clock.now = SATURDAY
    return office, request.param


@pytest.mark.slow
def test_every_command_and_file_of_a_month_tells_what_was_charged(month, tmp_path):
    office, seed = month
    known = Month(office, seed)

    for verb, use in (("report", None), ("idle", "idle")):
        for by in ("team", "person", "instance"):
            for words, days in (
                ("2026-10", OCTOBER),
                ("2026-10-25", (date(2026, 10, 25),) * 2),
                ("2026-09", (date(2026, 9, 1), date(2026, 9, 30))),
            ):
                check(office, known, f"/cost {verb} {words} by {by}", days, by, use)
    check_files(office, known, tmp_path)
    check_ahead(office, known)


def check(office, known, line, days, by, use):
    """A message and its file: the sum in the first line, and a row for each."""
    seen = office.types("ada", line)
    whole, idle = known.sums(*days)[""], known.sums(*days, use="idle")[""]
    head = seen.splitlines()[0]
    both = f"{roughly(idle)} of {roughly(whole)} rented went to idle GPUs"
    assert f" of it idle ({roughly(idle)})" in head if use is None else both in head, line
    assert use == "idle" or f": {roughly(whole)} rented," in head, line
    for key, micros in known.sums(*days, by, use).items():
        assert f"\n{NAMES[by].get(key, key)} | {roughly(micros)} |" in seen, (line, key)
    office.slack.files.clear()
    office.presses("ada", "As CSV")
    (file,) = office.slack.files.values()
    rows = [row for row in csv.DictReader(io.StringIO(file.content.decode())) if row["kind"] == "rented"]
    for column, part in (("usd", None), ("idle_usd", "idle"), ("busy_usd", "busy"), ("unknown_usd", "unknown")):
        assert sum(int(Decimal(row[column]) * MICROS_PER_USD) for row in rows) == known.sums(*days, use=part)[""], (
            line,
            column,
        )


def check_files(office, known, tmp_path):
    """`valet ledger`, as a table and as CSV."""
    config = tmp_path / "valet.toml"
    config.write_text(f'database = "{office.path}"\n[digest]\ntimezone = "Europe/Berlin"\n')

    def valet(*words):
        said = CliRunner(env={"VALET_DB": ""}).invoke(main, [*words, "--config", str(config)])
        assert said.exit_code == 0, said.output
        return said.stdout

    lines = list(csv.DictReader(io.StringIO(valet("ledger", "--csv", "--month", "2026-10"))))
    for use in ("busy", "idle", "unknown"):
        told = sum(
            int(Decimal(row["usd"]) * MICROS_PER_USD) for row in lines if row["use"] == use and row["provider"] == "ec2"
        )
        assert told == known.sums(*OCTOBER, use=use)[""]
    table = valet("ledger", "--month", "2026-10")
    assert re.search(rf"all rented +[\d.]+ +{re.escape(ledger_export.exact_usd(known.sums(*OCTOBER)['']))}\n", table)


def check_ahead(office, known):
    """The forecast, the budget, the week and the digest, of which the running hour is still nothing."""
    whole = known.sums(*OCTOBER)[""]
    office.types("ada", "/cost forecast")
    assert f"{usd(whole, cents=False)} charged up to" in office.presses("ada", "Details")
    assert f"October: {usd(whole, cents=False)} of $90,000 spent" in office.types("ada", "/cost budget total")
    office.reports("train-7", 0.0, minutes=120)
    office.tick()
    week = date(2026, 10, 24), date(2026, 10, 30)
    seen = office.sees("bob", "#finance")
    assert f"{roughly(known.sums(*week)[''])} rented, " in seen
    assert f" of it idle ({roughly(known.sums(*week, use='idle')[''])})" in seen
    digest = office.sees("bob", "#ml-platform")
    day = SATURDAY - DAY_MS
    assert f"{roughly(known.since(day, 'train-7', 'train-3'))} went unused in the last 24 hours" in digest
    assert f" | {roughly(known.since(day, 'train-7'))} | " in digest
    how = office.presses("bob", "How this is counted", "#ml-platform")
    assert f"{roughly(known.since(day, 'train-3'))} of it is of machines not listed" in how
    why = office.types("ada", "/gpu why train-7")
    assert f"{roughly(known.since(day, 'train-7'))} in the last 24 hours" in why
    told = {each["name"]: each["unused_usd_24h"] for each in ledger_export.fleet_status(office.valet.ctx)["instances"]}
    assert {told[name] for name in TEAMS} == {ledger_export.exact_usd(known.since(day, name)) for name in TEAMS}
