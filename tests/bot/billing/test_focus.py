"""FOCUS exports, whatever their shape, give the sums that are in them."""

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bot.billing.focus import Focus
from bot.domain.clock import HOUR_MS
from bot.domain.money.bill import total
from bot.errors import Refused, Unreachable
from tests.bot.billing.exports import V10, V12, charge, disk, usd, write_csv, write_parquet
from tests.data import data_file

pytest.importorskip("duckdb", reason="the extra focus is not installed")
NOW = int(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp() * 1000)
SINCE = date(2026, 10, 14)
ROWS = [
    charge(),
    charge("2026-11-17", "0.75", ConsumedQuantity="0.5"),
    disk(),
    disk("2026-11-17", "0.10", Tags=None, SubAccountId=None),
    charge(usd="-2", ChargeCategory="Credit", ResourceId=None, Tags=None, ServiceName="AWS Credits"),
    charge(usd="0.9", ChargeCategory="Tax", ConsumedUnit=None, Tags={"project": "x"}),
]


def free():
    raise AssertionError("files cost nothing")


def look(path, tag="team", **more):
    return Focus(str(path), tag, **more).look(SINCE, NOW, free)


def by(lines, name):
    found = Counter()
    for line in lines:
        found[getattr(line, name)] += line.billed_micros
    return {key: usd(micros) for key, micros in found.items()}


@pytest.fixture(params=["1.0 csv", "1.2 csv.gz", "1.2 map", "1.2 json", "1.2 struct", "1.2 list", "1.0 json"])
def export(request, tmp_path):
    """The same charges in one of the shapes."""
    version, shape = request.param.split()
    columns = V10 if version == "1.0" else V12
    if shape.startswith("csv"):
        return write_csv(tmp_path / f"export.{shape}", ROWS, columns)
    return write_parquet(tmp_path / "export.parquet", ROWS, columns, tags=shape)


def test_every_shape_gives_the_same_sums(export):
    found = look(export)

    assert usd(total(found.lines)) == Decimal("1.50")
    assert by(found.lines, "day") == {date(2026, 11, 16): Decimal("0.65"), date(2026, 11, 17): Decimal("0.85")}
    assert by(found.lines, "team") == {"nlp": Decimal("2.5"), "": Decimal("-1")}
    assert by(found.lines, "kind") == {"usage": Decimal("2.6"), "credit": Decimal("-2"), "tax": Decimal("0.9")}
    assert by(found.lines, "account") == {"111122223333": Decimal("1.4"), "999900001111": Decimal("0.1")}
    assert found.periods == ("2026-11",)


def test_every_shape_tells_machines_and_their_hours(export):
    machines = {line.day.day: line for line in look(export).lines if line.instance and line.kind == "usage"}

    assert {(line.instance, line.type) for line in machines.values()} == {("i-0aaaabbbbccccdddd", "g5.xlarge")}
    assert {day: line.running_ms for day, line in machines.items()} == {16: HOUR_MS, 17: HOUR_MS // 2}
    assert machines[16].list_micros == machines[16].effective_micros == 1_500_000


@pytest.mark.parametrize("null", ["NULL", "", "null"])
def test_null_in_words_is_nothing(tmp_path, null):
    found = look(write_csv(tmp_path / "export.csv", ROWS, null=null))

    assert by(found.lines, "team") == {"nlp": Decimal("2.5"), "": Decimal("-1")}


@pytest.mark.parametrize("writer", [write_csv, write_parquet])
def test_columns_may_have_other_names(tmp_path, writer):
    names = {"BilledCost": "cost ($)", "Tags": "labels", "ServiceName": "service_name"}
    path = writer(tmp_path / f"export.{'csv' if writer is write_csv else 'parquet'}", ROWS, names=names)

    found = look(path, columns={"BilledCost": "cost ($)", "Tags": "labels"})

    assert usd(total(found.lines)) == Decimal("1.50")
    assert by(found.lines, "team") == {"nlp": Decimal("2.5"), "": Decimal("-1")}
    assert "AWS Credits" in by(found.lines, "service")


def test_a_column_that_is_not_there_is_named_with_what_to_do(tmp_path):
    path = write_csv(tmp_path / "export.csv", ROWS, names={"BilledCost": "cost"})

    with pytest.raises(Refused, match=r"no column BilledCost.*bill\.columns"):
        look(path)
    with pytest.raises(Refused, match='no column "nowhere"'):
        look(path, columns={"BilledCost": "cost", "Tags": "nowhere"})


@pytest.mark.slow
def test_a_folder_may_hold_csv_and_parquet_of_both_versions(tmp_path):
    write_csv(tmp_path / "a" / "one.csv", ROWS[:2])
    write_csv(tmp_path / "a" / "two.csv.gz", ROWS[2:4], V12)
    write_parquet(tmp_path / "b" / "three.parquet", ROWS[4:], V10, tags="json")
    (tmp_path / "a" / "Manifest.json").write_text("{}")

    assert usd(total(look(tmp_path).lines)) == Decimal("1.50")
    assert usd(total(look(tmp_path / "*" / "*.csv*").lines)) == Decimal("2.60")


def test_of_deliveries_side_by_side_only_the_newest_counts(tmp_path):
    november = tmp_path / "data" / "BILLING_PERIOD=2026-11"
    write_parquet(november / "20261116T0600-aa" / "e-1.parquet", ROWS)
    write_parquet(november / "20261117T0600-bb" / "e-1.parquet", ROWS)
    write_parquet(november / "20261117T0600-bb" / "e-2.parquet", [disk("2026-11-18", "5")])
    write_parquet(tmp_path / "data" / "BILLING_PERIOD=2026-10" / "e-1.parquet", [disk("2026-10-31", "7")])
    (tmp_path / "data" / "BILLING_PERIOD=2026-09").mkdir()
    (tmp_path / "data" / "BILLING_PERIOD=2026-09" / "e-1.parquet").write_text("too old to be read")

    found = look(tmp_path)

    assert usd(total(found.lines)) == Decimal("13.50")
    assert found.periods == ("2026-10", "2026-11")


def test_a_correction_keeps_its_day_and_the_month_that_invoices_it(tmp_path):
    late = charge("2026-10-30", "-3", BillingPeriodStart="2026-11-01 00:00:00", ChargeClass="Correction")

    [line] = [each for each in look(write_csv(tmp_path / "e.csv", [*ROWS, late])).lines if each.kind == "correction"]

    assert (line.day, line.period, line.billed_micros) == (date(2026, 10, 30), "2026-11", -3_000_000)


def test_charges_in_another_currency_are_left_out_and_said(tmp_path):
    found = look(write_csv(tmp_path / "e.csv", [*ROWS, charge(BillingCurrency="EUR")]))

    assert usd(total(found.lines)) == Decimal("1.50")
    assert found.notes == ("1 of its charges is in another currency than USD and left out.",)


@pytest.mark.parametrize(
    ("hole", "told"),
    [
        ({"BilledCost": None}, 'BilledCost of one in e.csv is "NULL"'),
        ({"BilledCost": "n/a"}, 'BilledCost of one in e.csv is "n/a"'),
        ({"ChargePeriodStart": "soon"}, 'ChargePeriodStart of one in e.csv is "soon"'),
        ({"ChargePeriodStart": "11/05/2026 01:00"}, 'is "11/05/2026 01:00"'),
        ({"ChargePeriodStart": "2026-11-31"}, 'is "2026-11-31"'),
        ({"BillingPeriodStart": "11/01/2026 00:00"}, 'BillingPeriodStart of one in e.csv is "11/01/2026 00:00"'),
        ({"BillingPeriodStart": "11/01/2026 00:00", "ChargePeriodStart": "11/05/2026 01:00"}, "11/05/2026"),
    ],
)
def test_a_charge_without_a_cost_or_a_day_spoils_the_export(tmp_path, hole, told):
    path = write_csv(tmp_path / "e.csv", [*ROWS, charge(**hole)])

    with pytest.raises(Refused, match="1 of the export's 7 charges has no readable BilledCost or day") as refused:
        look(path)
    assert told in str(refused.value)


def test_months_before_the_span_are_not_read(tmp_path):
    found = look(write_csv(tmp_path / "e.csv", [*ROWS, charge("2026-09-30")]))

    assert found.periods == ("2026-11",)


def test_nothing_in_the_span_is_refused_rather_than_taken_for_zero(tmp_path):
    path = write_csv(tmp_path / "e.csv", [charge("2026-09-30")])

    with pytest.raises(Refused, match="no charges in USD from October 2026 on"):
        look(path)


def test_no_files_or_no_csv_is_said(tmp_path):
    with pytest.raises(Unreachable, match="There are no CSV or Parquet files at"):
        look(tmp_path)
    (tmp_path / "e.parquet").write_text("not parquet")
    with pytest.raises(Unreachable, match=r"e\.parquet can't be read: it is not Parquet"):
        look(tmp_path)


def test_the_seal_changes_with_the_files(tmp_path):
    write_csv(tmp_path / "a.csv", ROWS)
    source = Focus(str(tmp_path), "team")
    before = source.seal()

    assert source.seal() == before == look(tmp_path).seal
    write_csv(tmp_path / "b.csv", ROWS)
    assert source.seal() != before


@pytest.mark.parametrize(
    ("more", "kind", "machine"),
    [
        ({"x_UsageType": "SpotUsage:p4d.24xlarge"}, "p4d.24xlarge", "i-0aaaabbbbccccdddd"),
        ({"x_UsageType": None}, "g5.xlarge", "i-0aaaabbbbccccdddd"),
        ({"ResourceId": "arn:aws:ec2:us-east-1:111122223333:instance/i-0ab"}, "g5.xlarge", "i-0ab"),
        ({"x_UsageType": "BoxUsage:m5.large"}, "m5.large", ""),
        ({"x_UsageType": "USE1-DataTransfer-Out-Bytes", "ConsumedUnit": "GB"}, "", ""),
        ({"ServiceName": "Amazon SageMaker", "x_UsageType": "BoxUsage:g5.xlarge"}, "", ""),
    ],
)
def test_only_ec2s_machine_hours_are_taken_for_machines(tmp_path, more, kind, machine):
    [line] = look(write_csv(tmp_path / "e.csv", [charge(**more)])).lines

    assert (line.type, line.instance) == (kind, machine)


@pytest.mark.parametrize(
    "service", ["AmazonEC2", "Amazon EC2", "EC2 - Instances", "amazon elastic compute cloud", None]
)
def test_ec2_is_known_by_all_its_names(tmp_path, service):
    details = '{"InstanceType": "g5.xlarge", "OperatingSystem": "Linux"}'
    row = charge(ServiceName=service, SkuMeter="Compute", SkuPriceDetails=details, ChargeDescription="committed usage")

    [line] = look(write_csv(tmp_path / "e.csv", [row], V12)).lines

    assert (line.type, line.instance) == ("g5.xlarge", "i-0aaaabbbbccccdddd")


@pytest.mark.parametrize(
    "tags",
    [
        '[{"key": "team", "value": "nlp"}]',
        '[{"Key": "env", "Value": "dev"}, {"Key": "team", "Value": "nlp"}]',
        '"env": "dev", "team": "nlp"',
        '{"user:team": "nlp"}',
    ],
)
def test_tags_are_read_as_exporters_write_them(tmp_path, tags):
    found = look(write_csv(tmp_path / "e.csv", [charge(Tags=tags), disk(Tags="[]"), disk(Tags="[1]")]))

    assert by(found.lines, "team") == {"nlp": Decimal("1.5"), "": Decimal("0.5")}


@pytest.mark.parametrize(
    ("tags", "team"),
    [("NULL", ""), ("CAST(NULL AS INTEGER)", ""), ("encode(Tags)", "nlp"), ("[1, 2]", ""), ("'\\xFF'::BLOB", "")],
)
def test_tags_of_any_type_leave_the_bill_as_it_is(tmp_path, tags, team):
    import duckdb

    plain = write_csv(tmp_path / "plain.csv", [charge()])
    with duckdb.connect() as database:
        table = f"SELECT * REPLACE ({tags} AS Tags) FROM read_csv('{plain}', header=true, all_varchar=true)"
        database.execute(f"COPY ({table}) TO '{tmp_path / 'e.parquet'}' (FORMAT parquet)")

    [line] = (found := look(tmp_path / "e.parquet")).lines

    assert (line.team, line.billed_micros, line.type) == (team, 1_500_000, "g5.xlarge")
    assert bool(found.notes) == (not team and "xFF" not in tags)


def test_tags_may_change_their_type_from_file_to_file(tmp_path):
    write_parquet(tmp_path / "billing_period=2026-10" / "a.parquet", [charge("2026-10-30")], tags="json")
    write_parquet(tmp_path / "billing_period=2026-11" / "b.parquet", [charge()], tags="map")

    assert by(look(tmp_path).lines, "team") == {"nlp": Decimal("3.0")}


def test_a_header_in_the_middle_and_empty_lines_are_no_charges(tmp_path):
    path = write_csv(tmp_path / "e.csv", [charge(), disk()])
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], lines[0], lines[2], "," * lines[0].count(",")]) + "\n")

    found = look(path)

    assert (usd(total(found.lines)), found.notes) == (Decimal("1.75"), ())


def test_a_line_that_looks_like_a_comment_is_a_charge(tmp_path):
    columns = ["ChargeDescription", *[name for name in V10 if name != "ChargeDescription"]]
    path = write_csv(tmp_path / "e.csv", [charge(ChargeDescription="# fee"), charge()], columns)

    assert usd(total(look(path).lines)) == Decimal("3.00")


def test_what_is_unknown_of_a_part_is_unknown_of_the_sum(tmp_path):
    rows = [charge(), charge("2026-11-17"), charge("2026-11-17", EffectiveCost=None, ListCost="1.O")]

    found = {line.day.day: line for line in look(write_csv(tmp_path / "e.csv", rows)).lines}

    assert (found[16].effective_micros, found[16].list_micros) == (1_500_000, 1_500_000)
    assert (found[17].billed_micros, found[17].effective_micros, found[17].list_micros) == (3_000_000, None, None)


def test_a_bill_that_names_no_currency_is_said_to_be_read_as_usd(tmp_path):
    rows = [charge(BillingCurrency=None), charge(usd="0", BillingCurrency=None), charge(BillingCurrency="usd")]

    found = look(write_csv(tmp_path / "e.csv", rows))

    assert usd(total(found.lines)) == Decimal("3.00")
    assert found.notes == ("2 of its charges name no currency and counted as USD.",)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("BilledCost;ChargePeriodStart;Tags\n1;2026-11-16;\n", "e.csv is separated by semicolons"),
        ("BilledCost\tChargePeriodStart\n1\t2026-11-16\n", "e.csv is separated by tabs"),
        ("BilledCost,ChargePeriodStart\n1,2026-11-16\n2\n", "e.csv can't be read: line 3 has another number"),
        ("BilledCost,ChargePeriodStart\n1,2026-11-16,7\n", "e.csv can't be read: line 2 has another number"),
        (b"BilledCost,ChargePeriodStart,Tags\n1,2026-11-16,\xfc\n", "e.csv can't be read: line 2 is not UTF-8"),
        ("BilledCost,ChargePeriodStart\n1,2026-11-16\n".encode("utf-16"), "e.csv is not UTF-8 text"),
        ('BilledCost,ChargePeriodStart\n1,"2026-11-16\n', "e.csv can't be read: .* a quote that is not closed"),
    ],
)
def test_reasons_are_ours_and_name_the_file(tmp_path, content, why):
    write_csv(tmp_path / "fine.csv", [charge("2026-11-03")])
    (tmp_path / "e.csv").write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises((Refused, Unreachable), match=why):
        look(tmp_path)


@pytest.mark.parametrize("name", ["e.csv.gz", "e.parquet"])
def test_a_file_that_is_cut_off_is_named(tmp_path, name):
    write = write_csv if name.endswith(".gz") else write_parquet
    path = write(tmp_path / name, ROWS)
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(Unreachable, match=f"{name} can't be read: it is cut off, or still being written"):
        look(tmp_path)


def test_tags_with_odd_keys_and_text_that_is_no_json_are_survived(tmp_path):
    rows = [charge(Tags={'cost "centre"': "a"}), charge(Tags={"user:cost": "b"}), charge(Tags="{oops")]
    path = write_csv(tmp_path / "e.csv", rows)

    assert set(by(look(path, 'cost "centre"').lines, "team")) == {"a", ""}
    assert set(by(look(path, "cost").lines, "team")) == {"b", ""}


def test_the_public_sample_of_focus_adds_up():
    """1,000 charges of FOCUS 1.0, September 2024, from FinOps-Open-Cost-and-Usage-Spec/FOCUS-Sample-Data."""
    path = data_file("focus/focus_sample_1000_v1.0.csv")

    found = Focus(str(path), "business_unit").look(date(2024, 9, 1), NOW, free)

    assert round(usd(total(found.lines)), 2) == Decimal("20.52")
    machines = [line for line in found.lines if line.instance]
    assert Counter(line.type for line in machines) == {"g5.4xlarge": 8, "g3.4xlarge": 2}
    assert sum(line.billed_micros == line.list_micros for line in machines) == 10
    assert len({line.team for line in found.lines}) > 20
