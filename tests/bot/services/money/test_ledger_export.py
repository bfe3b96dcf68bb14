"""The ledger and the fleet for other programs."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance, SourceSnapshot
from bot.domain.machines.verdict import GpuVerdict, Verdict
from bot.domain.money.rates import MICROS_PER_USD, Charge, Rate, Share
from bot.domain.sharing.claims import Claim
from bot.services.context import Context
from bot.services.money import ledger, ledger_export
from bot.settings import parse
from store.machines import fleet as stored_fleet
from store.money import ledger as stored_ledger
from store.sharing import claims as stored_claims


@pytest.fixture
def ctx(store, clock):
    settings = parse({}, {})
    return Context(store, clock, settings, {}, settings.roster)


def at(day: int, hour: int = 0) -> int:
    return int(datetime(2026, 11, day, hour, tzinfo=UTC).timestamp() * 1000)


def put(ctx, name, *, rate=5_672_001, state="running", **fields):
    made = Instance(
        id=f"i-{name}",
        name=name,
        provider="ec2",
        source="ec2/1/us-east-1",
        type="g5.12xlarge",
        state=state,
        gpu_model="A10G",
        gpu_count=4,
        launched_at=at(1),
        **fields,
    )
    with ctx.store.writing() as db:
        stored_fleet.save(db, made, team="nlp", rate=None if rate is None else Rate(rate, "AWS list, 2026-07-20"))


def charge(ctx, name, start, length=HOUR_MS, *, rate=5_672_001, holder="UADA", team="nlp"):
    micros = rate * length // HOUR_MS
    with ctx.store.writing() as db:
        share = Share(holder, "vision" if holder else team, "busy", 4 * length, micros)
        made = Charge(f"i-{name}", start, start + length, length, micros, rate, team, (share,))
        stored_ledger.add(db, [made])


def lines(ctx, start, end):
    return list(csv.DictReader(io.StringIO("".join(ledger_export.ledger_csv(ctx, start, end)))))


def test_a_charge_is_a_line_with_exact_amounts(ctx):
    put(ctx, "nb-2")
    charge(ctx, "nb-2", at(3, 14))

    (line,) = lines(ctx, at(1), at(30))

    assert line == {
        "hour": "2026-11-03T14:00:00Z",
        "instance_id": "i-nb-2",
        "name": "nb-2",
        "type": "g5.12xlarge",
        "provider": "ec2",
        "team": "nlp",
        "used_by": "vision",
        "holder": "UADA",
        "use": "busy",
        "running_seconds": "3600",
        "gpu_seconds": "14400",
        "usd": "5.672001",
        "source": "AWS list, 2026-07-20",
        "estimate": "no",
    }


def test_only_the_time_asked_for_is_listed_oldest_first(ctx):
    put(ctx, "nb-2")
    for start in (at(4), at(2, 23), at(3)):
        charge(ctx, "nb-2", start)

    assert [line["hour"][:10] for line in lines(ctx, at(2), at(4))] == ["2026-11-02", "2026-11-03"]
    assert lines(ctx, at(5), at(6)) == []


def test_a_part_of_an_hour_and_an_old_rate_are_said(ctx):
    put(ctx, "nb-2")
    charge(ctx, "nb-2", at(3) + 10 * MINUTE_MS, 1_500, rate=4 * MICROS_PER_USD)

    (line,) = lines(ctx, at(3), at(4))

    assert (line["hour"], line["running_seconds"], line["usd"]) == ("2026-11-03T00:00:00Z", "1.5", "0.001666")
    assert line["source"] == "the rate of that hour, USD 4.000000"


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@sum", '=HYPERLINK("x","y")'])
def test_no_name_is_a_formula(ctx, name):
    put(ctx, name)
    charge(ctx, name, at(3))

    (line,) = lines(ctx, at(3), at(4))

    assert line["name"] == f"'{name}"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("\uff1d1+1", "'\uff1d1+1"),
        ("x;=cmd|'/C calc'!A0", "x;'=cmd|'/C calc'!A0"),
        ("a, @sum(1)", "a,' @sum(1)"),
        ("a-b", "a-b"),
    ],
)
def test_no_part_of_a_name_is_a_formula_where_cells_end_otherwise(ctx, typed, shown):
    put(ctx, typed)
    charge(ctx, typed, at(3))

    (line,) = lines(ctx, at(3), at(4))

    assert line["name"] == shown
    assert all(cell.startswith('"') for cell in next(iter(ledger_export.ledger_csv(ctx, at(3), at(4)))).split(","))


def test_a_team_with_blanks_before_a_formula_is_none_either(ctx):
    put(ctx, "nb-2")
    charge(ctx, "nb-2", at(3), team="\t=1+1")

    (line,) = lines(ctx, at(3), at(4))

    assert line["team"] == "'\t=1+1"


def test_commas_quotes_and_lines_in_names_stay_in_their_cell(ctx):
    put(ctx, 'a,"b"\nc')
    charge(ctx, 'a,"b"\nc', at(3), team="x\ny")

    (line,) = lines(ctx, at(3), at(4))

    assert line["name"] == 'a,"b"c'
    assert line["team"] == "x\ny"
    assert line["usd"] == "5.672001"


@pytest.mark.parametrize(
    ("micros", "text"), [(0, "0.000000"), (1, "0.000001"), (21_957_642, "21.957642"), (-1_500_000, "-1.500000")]
)
def test_dollars_are_exact(micros, text):
    assert ledger_export.exact_usd(micros) == text


@pytest.mark.parametrize(("ms", "text"), [(0, "0"), (3_600_000, "3600"), (12_500, "12.5"), (1, "0.001"), (10, "0.01")])
def test_seconds_are_exact(ms, text):
    assert ledger_export.exact_seconds(ms) == text


def test_a_month_is_that_of_the_zone():
    start, end = ledger_export.month_span(date(2026, 11, 1), "America/New_York")

    assert start == at(1, 4)
    assert end - start == (30 * 24 + 1) * HOUR_MS


def test_sums_are_per_machine_and_team_dearest_first(ctx):
    put(ctx, "nb-2")
    put(ctx, "nb-5")
    charge(ctx, "nb-5", at(3))
    charge(ctx, "nb-2", at(3))
    charge(ctx, "nb-2", at(4))
    charge(ctx, "nb-2", at(5), team="vision")

    assert ledger_export.ledger_sums(ctx, at(1), at(30)) == [
        ("nb-2", "ec2", "nlp", 2 * HOUR_MS, 11_344_002, 0),
        ("nb-2", "ec2", "vision", HOUR_MS, 5_672_001, 0),
        ("nb-5", "ec2", "nlp", HOUR_MS, 5_672_001, 0),
    ]


def test_the_status_is_the_fleet_with_null_for_what_is_not_known(ctx, clock):
    put(ctx, "nb-2")
    put(ctx, "sweep-1", rate=None)
    now = clock()
    verdict = Verdict(
        "free", now - HOUR_MS, "all quiet", now, tuple(GpuVerdict(n, "free", now - HOUR_MS) for n in range(4))
    )
    with ctx.store.writing() as db:
        stored_fleet.save_verdicts(db, {"i-nb-2": (verdict, 5_672_001)})
        stored_fleet.note_source_read(db, SourceSnapshot("ec2/1/us-east-1"), now)
        stored_fleet.note_source_read(db, SourceSnapshot("ec2/1/us-west-2", error="AWS did not answer"), now)
        stored_claims.add(db, Claim("c1", "i-nb-2", "UADA", now, now + HOUR_MS, (0, 1, 2, 3), "nlp", "tuning"))

    said = json.loads(json.dumps(ledger_export.fleet_status(ctx)))

    assert said["as_of"] == "2026-11-23T09:00:00Z"
    assert said["totals"] == {
        "instances": 2,
        "gpus": 8,
        "running": 2,
        "idle": 1,
        "partial": 0,
        "unpriced": 1,
        "estimated": 0,
        "usd_per_hour": "5.672001",
        "wasted_usd_per_hour": "5.672001",
        "owned_usd_per_hour": "0.000000",
        "wasted_owned_usd_per_hour": "0.000000",
        "dormant": 0,
        "dormant_usd_per_month": "0.000000",
    }
    assert [source["error"] for source in said["sources"]] == [None, "AWS did not answer"]
    idle, unknown = said["instances"]
    assert (idle["name"], idle["state"], idle["since"], idle["idle_gpus"]) == (
        "nb-2",
        "free",
        "2026-11-23T08:00:00Z",
        4,
    )
    assert idle["claims"] == [
        {"holder": "UADA", "name": None, "gpus": [0, 1, 2, 3], "until": "2026-11-23T10:00:00Z", "note": "tuning"}
    ]
    assert (unknown["state"], unknown["usd_per_hour"], unknown["wasted_usd_per_hour"]) == ("unknown", None, None)
    assert (unknown["since"], unknown["evidence"], unknown["claims"]) == (None, None, [])


def test_hours_older_than_two_years_become_days_at_night_and_the_file_adds_up(ctx, clock):
    put(ctx, "nb-2")
    for number in range(30):
        charge(ctx, "nb-2", at(1) + number * HOUR_MS, rate=0 if number == 5 else MICROS_PER_USD)
    whole, sums = lines(ctx, at(1), at(3)), ledger_export.ledger_sums(ctx, at(1), at(3))

    def night(days: int, hour: int) -> None:
        clock.now = at(1) + days * DAY_MS + hour * HOUR_MS
        ledger.fold_old_hours(ctx)

    night(731, 14)
    assert lines(ctx, at(1), at(3)) == whole, "not by day"
    night(730, 3)
    assert lines(ctx, at(1), at(3)) == whole, "not before two years are over"
    night(731, 3)

    days = lines(ctx, at(1), at(3))
    assert len(days) == 1 + 6
    assert (days[0]["hour"], days[0]["source"]) == ("2026-11-01T00:00:00Z", ledger_export.WHOLE_DAY)
    for column in ("running_seconds", "gpu_seconds", "usd"):
        told = [sum(Decimal(line[column] or 0) for line in file) for file in (whole, days)]
        assert told[0] == told[1]
    assert ledger_export.ledger_sums(ctx, at(1), at(3)) == sums
    assert any("have become days" in said for said in ledger_export.remarks(ctx, at(1), at(3)))
