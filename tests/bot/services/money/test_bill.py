"""When the bill is read: as often as is due, never beyond the cap, and what is known survives every failure."""

from datetime import date

import pytest

from bot.billing.cost_explorer import CostExplorer
from bot.billing.focus import Focus
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.errors import Unreachable
from bot.sandbox.cost_explorer import Cost, SandboxCostExplorer
from bot.services.money import bill
from store.money import bill as stored_bill
from store.sql import rows
from tests.bot.billing.exports import charge, write_csv
from tests.bot.services.room import SETTINGS, Room
from tests.conftest import MONDAY

THE_DAY = date(2026, 11, 23)
SUNDAY = date(2026, 11, 22)
EXPLORER = {**SETTINGS, "bill": {"source": "cost-explorer"}}


@pytest.fixture
def room(tmp_path, clock):
    made = Room(tmp_path / "valet.db", clock, settings=EXPLORER)
    yield made
    made.close()


@pytest.fixture
def aws():
    return SandboxCostExplorer(lambda: [Cost(SUNDAY, "12.5", team="nlp", type="g5.xlarge", hours="12")])


def fetch(room, aws):
    return bill.fetch_bill(room.ctx, CostExplorer(aws.ask, "account 1", "team"))


def billed(room):
    found = stored_bill.billed_days(room.ctx.store.reading(), date(2026, 10, 1), THE_DAY)
    return {each.day: each.billed_micros for each in found}


def test_a_look_is_due_twice_a_day_whatever_restarts_come_between(room, aws, clock):
    looks = []
    for _ in range(48):
        looks.append(fetch(room, aws))
        clock.forward(HOUR_MS)
        if len(looks) % 7 == 0:
            room.reopen()

    assert looks.count(True) == 4
    assert len(aws.asked) == 12
    assert billed(room) == {SUNDAY: 12_500_000}


def test_at_the_very_moment_of_a_look_no_other_is_due(room, aws, clock):
    assert [fetch(room, aws), fetch(room, aws)] == [True, False]
    clock.forward(-1)
    assert fetch(room, aws), "a clock that was set back holds up no look"


def test_twenty_people_who_ask_all_day_cost_six_requests(room, aws, clock):
    for _ in range(24):
        fetch(room, aws)
        for _ in range(20):
            bill.bill_report(room.ctx, date(2026, 11, 1), THE_DAY)
        clock.forward(HOUR_MS)

    assert len(aws.asked) == 6


def test_no_more_is_paid_a_day_than_was_allowed_and_people_are_told(room, clock, tmp_path):
    room.settings = room.settings.model_copy(
        update={"bill": room.settings.bill.model_copy(update={"requests_per_day": 4, "looks_per_day": 4})}
    )
    room.reopen()
    aws = SandboxCostExplorer(lambda: [Cost(SUNDAY, "12.5", team="nlp")])

    for _ in range(15):
        fetch(room, aws)
        clock.forward(HOUR_MS)

    assert len(aws.asked) == 4
    failed = stored_bill.newest_look(room.ctx.store.reading(), "Cost Explorer", ok=False)
    assert failed is not None
    assert failed.error == "4 paid requests were made today (UTC), the most that bill.requests_per_day allows."
    assert billed(room) == {SUNDAY: 12_500_000}


def test_a_request_is_counted_even_if_nothing_comes_of_it(room, clock):
    def silent(*_):
        raise Unreachable("AWS did not answer for us-east-1: no connection")

    for _ in range(3):
        bill.fetch_bill(room.ctx, CostExplorer(silent, "account 1", "team"))
        clock.forward(HOUR_MS)

    assert stored_bill.requests_made(room.ctx.store.reading(), "Cost Explorer", THE_DAY) == 3


def test_after_a_failure_it_is_tried_again_an_hour_later_and_what_is_known_stays(room, aws, clock):
    fetch(room, aws)
    clock.forward(12 * HOUR_MS)
    aws.unit = "EUR"

    tried = []
    for _ in range(4):
        tried.append(fetch(room, aws))
        clock.forward(HOUR_MS // 2)

    assert tried == [True, False, True, False]
    assert billed(room) == {SUNDAY: 12_500_000}
    report = bill.bill_report(room.ctx, SUNDAY, THE_DAY)
    assert "in EUR" in report.error
    assert report.looked_at == MONDAY


def test_a_newer_look_corrects_the_days_before(room, aws, clock):
    fetch(room, aws)
    aws.costs = lambda: [Cost(SUNDAY, "24.144", team="nlp", type="g5.xlarge", hours="24")]
    clock.forward(DAY_MS)

    fetch(room, aws)

    assert billed(room) == {SUNDAY: 24_144_000}


def test_files_are_read_again_only_when_they_have_changed(tmp_path, clock):
    settings = {**SETTINGS, "bill": {"source": "focus", "path": str(tmp_path / "focus")}}
    room = Room(tmp_path / "valet.db", clock, settings=settings)
    source = Focus(str(tmp_path / "focus"), "team")
    write_csv(tmp_path / "focus" / "a.csv", [charge("2026-11-20")])

    looks = [bill.fetch_bill(room.ctx, source), bill.fetch_bill(room.ctx, source)]
    write_csv(tmp_path / "focus" / "a.csv", [charge("2026-11-20"), charge("2026-11-21", "2.00")])
    looks.append(bill.fetch_bill(room.ctx, source))

    assert looks == [True, False, True]
    assert billed(room) == {date(2026, 11, 20): 1_500_000, date(2026, 11, 21): 2_000_000}
    assert stored_bill.requests_made(room.ctx.store.reading(), source.name, THE_DAY) == 0
    room.close()


def test_files_that_have_gone_are_said_and_what_was_read_of_them_stays(tmp_path, clock):
    settings = {**SETTINGS, "bill": {"source": "focus", "path": str(tmp_path / "focus")}}
    room = Room(tmp_path / "valet.db", clock, settings=settings)
    source = Focus(str(tmp_path / "focus"), "team")
    write_csv(tmp_path / "focus" / "a.csv", [charge("2026-11-20")])
    bill.fetch_bill(room.ctx, source)
    (tmp_path / "focus" / "a.csv").unlink()
    clock.forward(HOUR_MS)

    assert bill.fetch_bill(room.ctx, source)

    report = bill.bill_report(room.ctx, date(2026, 11, 1), THE_DAY)
    assert report.error.startswith("There are no CSV or Parquet files at")
    assert report.billed_micros == 1_500_000
    room.close()


def test_a_team_on_the_bill_is_that_of_the_settings_however_its_tag_is_spelt(room):
    spelt = [Cost(SUNDAY, usd, team=team) for usd, team in (("1", "NLP"), ("2", "nlp"), ("4", "sales"))]

    fetch(room, SandboxCostExplorer(lambda: spelt))

    sql = (
        "SELECT team, sum(billed_micros) AS micros FROM bill_lines WHERE cut LIKE '%team%' GROUP BY team ORDER BY team"
    )
    found = {row["team"]: row["micros"] for row in rows(room.ctx.store.reading(), sql)}
    assert found == {"nlp": 3_000_000, "sales": 4_000_000}


def test_an_export_that_has_become_shorter_is_still_arriving_for_two_days(room, tmp_path, clock):
    pytest.importorskip("duckdb", reason="the extra focus is not installed")
    export = Focus(str(tmp_path / "focus"), "team")
    path = write_csv(tmp_path / "focus" / "bill.csv", [charge("2026-11-20"), charge("2026-11-21")])
    bill.fetch_bill(room.ctx, export)
    write_csv(path, [charge("2026-11-20")])
    clock.forward(2 * HOUR_MS)
    bill.fetch_bill(room.ctx, export)

    found = rows(room.ctx.store.reading(), "SELECT error FROM bill_looks WHERE error <> ''")
    assert "has 2026-11 only up to 20 Nov, and had it up to 21 Nov: it is still arriving" in found[0]["error"]
    assert sum(billed(room).values()) == 3_000_000

    clock.forward(2 * DAY_MS)
    bill.fetch_bill(room.ctx, export)
    assert sum(billed(room).values()) == 1_500_000
