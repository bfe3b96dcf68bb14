"""A bill is counted once, however often and in whatever shapes its export lies in the folder."""

import gzip
import json
import os
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.billing.focus import Focus
from bot.domain.money.bill import total
from bot.errors import Refused, Unreachable
from tests.bot.billing.exports import V10, V12, charge, disk, usd, write_csv, write_parquet
from tests.data import data_file
from tests.examples import examples

pytestmark = pytest.mark.slow

pytest.importorskip("duckdb", reason="the extra focus is not installed")
NOW = int(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp() * 1000)
SINCE = date(2026, 10, 14)
FOUR_DAYS = [row for day in range(1, 5) for row in (charge(f"2026-11-0{day}"), disk(f"2026-11-0{day}"))]
FIVE_DAYS = [*FOUR_DAYS, charge("2026-11-05"), disk("2026-11-05")]
FOUR, FIVE = Decimal("7.00"), Decimal("8.75")
LATER = 3600


def look(path):
    return Focus(str(path), "team").look(SINCE, NOW, lambda: None)


def billed(path):
    return usd(total(look(path).lines))


def age(path, seconds):
    os.utime(path, (1_790_000_000 + seconds, 1_790_000_000 + seconds))


def raised(rows, usd_more="0.50"):
    """The same charges, billed anew."""
    return [{**row, "BilledCost": str(Decimal(row["BilledCost"]) + Decimal(usd_more))} for row in rows]


@pytest.mark.parametrize("names", [("2026-11-04.csv", "2026-11-05.csv"), ("b.csv", "a.csv"), ("x.csv", "x (1).csv")])
def test_of_the_runs_of_a_month_to_date_export_the_last_counts(tmp_path, names):
    write_csv(tmp_path / names[0], FOUR_DAYS)
    write_csv(tmp_path / names[1], FIVE_DAYS)

    found = look(tmp_path)

    assert usd(total(found.lines)) == FIVE
    assert found.notes == (f"{names[0]} and {names[1]} hold the same charges of 2026-11: {names[1]} counts.",)


@pytest.mark.parametrize("other", ["bill (1).csv", "bill - Copy.csv", "old/bill.csv", "bill.csv.gz", "bill.parquet"])
def test_the_same_bill_twice_counts_once(tmp_path, other):
    write_csv(tmp_path / "bill.csv", FOUR_DAYS)
    write = write_parquet if other.endswith("parquet") else write_csv
    write(tmp_path / other, FOUR_DAYS)

    assert billed(tmp_path) == FOUR


def test_another_version_beside_it_counts_once(tmp_path):
    for version, columns in (("focus-1-0", V10), ("focus-1-2", V12)):
        folder = tmp_path / version / "data" / "BILLING_PERIOD=2026-11"
        write_parquet(folder / f"{version}-00001.snappy.parquet", FOUR_DAYS, columns)

    assert billed(tmp_path) == FOUR


def test_the_same_by_the_hour_and_by_the_day_counts_once(tmp_path):
    hours = [
        charge(f"2026-11-0{day}", "0.25", ChargePeriodStart=f"2026-11-0{day}T{hour:02}:00:00Z")
        for day in range(1, 5)
        for hour in range(1, 9)
    ]
    days = [charge(f"2026-11-0{day}", "2", ChargePeriodStart=f"2026-11-0{day} 00:00:00") for day in range(1, 5)]
    write_csv(tmp_path / "hourly.csv", hours)
    write_csv(tmp_path / "daily.csv", days)

    assert billed(tmp_path) == Decimal("8.00")


@pytest.mark.parametrize("names", [("2026-11-17.csv", "2026-11-18.csv"), ("x.csv", "x (1).csv"), ("a.csv", "b.csv")])
def test_of_runs_with_the_same_charges_the_newer_counts(tmp_path, names):
    age(write_csv(tmp_path / names[0], FOUR_DAYS), 0)
    age(write_csv(tmp_path / names[1], raised(FOUR_DAYS)), LATER if names[0] == "a.csv" else 0)

    assert billed(tmp_path) == FOUR + 4


def test_what_cannot_be_decided_is_refused_with_both_names(tmp_path):
    age(write_csv(tmp_path / "a.csv", FOUR_DAYS), 0)
    age(write_csv(tmp_path / "b.csv", raised(FOUR_DAYS)), 0)

    with pytest.raises(Refused, match=r"a\.csv and b\.csv hold the same charges of 2026-11, and nothing tells"):
        look(tmp_path)


def test_two_that_overlap_in_part_are_refused_with_both_names(tmp_path):
    write_csv(tmp_path / "a.csv", FIVE_DAYS[:6])
    write_csv(tmp_path / "b.csv", FIVE_DAYS[4:])

    with pytest.raises(Refused, match=r"a\.csv and b\.csv hold the same charges of 2026-11"):
        look(tmp_path)


@pytest.mark.parametrize(
    "parts",
    [
        {"ec2.csv": FOUR_DAYS[::2], "ebs.csv": FOUR_DAYS[1::2]},
        {"2026-11-02.csv": FOUR_DAYS[:4], "2026-11-04.csv": FOUR_DAYS[4:]},
        {"export-00001.csv": FOUR_DAYS[:3], "export-00002.csv": FOUR_DAYS[3:]},
        {"focus-000000000000.csv": FOUR_DAYS[:3], "focus-000000000001.csv": FOUR_DAYS[3:]},
        {"part_0_0001.csv": FOUR_DAYS[:3], "part_1_0001.csv": FOUR_DAYS[3:]},
    ],
)
def test_the_parts_of_a_bill_add_up(tmp_path, parts):
    for name, rows in parts.items():
        write_csv(tmp_path / name, rows)

    found = look(tmp_path)

    assert (usd(total(found.lines)), found.notes) == (FOUR, ())


def days(count):
    return [row for day in range(1, count + 1) for row in (charge(f"2026-11-{day:02}"), disk(f"2026-11-{day:02}"))]


@pytest.mark.parametrize("names", ["focus-{}.csv", "{:05}.csv", "export-{:04}.csv", "2026-11-{:02}.csv", "{}.csv.gz"])
def test_runs_count_once_however_they_are_numbered(tmp_path, names):
    for number in range(1, 8):
        write_csv(tmp_path / names.format(number), days(number))

    assert billed(tmp_path) == 7 * Decimal("1.75")


@pytest.mark.parametrize("part", ["focus-{}.csv", "focus-{:05}.csv"])
def test_a_folder_per_day_counts_once_however_it_is_cut(tmp_path, part):
    for day, cut in ((5, 5), (6, 4), (7, 9)):
        folder = tmp_path / f"2026-11-{day:02}"
        write_csv(folder / part.format(1), days(day)[:cut])
        write_csv(folder / part.format(2), days(day)[cut:])

    assert billed(tmp_path) == 7 * Decimal("1.75")


def test_the_runs_of_spark_count_once(tmp_path):
    one, two = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"
    write_parquet(tmp_path / f"part-00000-{one}-c000.snappy.parquet", days(5)[:4])
    write_parquet(tmp_path / f"part-00002-{one}-c000.snappy.parquet", days(5)[4:])
    write_parquet(tmp_path / f"part-00000-{two}-c000.snappy.parquet", days(6))

    assert billed(tmp_path) == 6 * Decimal("1.75")


def test_parts_whose_charges_cannot_be_told_apart_add_up(tmp_path):
    for number in range(1, 6):
        write_csv(tmp_path / f"export-{number:05}.csv", [charge(ResourceId=None)] * 3)

    assert billed(tmp_path) == Decimal("22.50")


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for folder, rows in (("live", FOUR_DAYS), ("backup", FIVE_DAYS)):
        write_csv(tmp_path / folder / "BILLING_PERIOD=2026-11" / "f.csv", rows)

    live, backup = (f"{folder}/BILLING_PERIOD=2026-11/f.csv" for folder in ("live", "backup"))
    [said] = look(tmp_path).notes
    assert said == f"{live} and {backup} hold the same charges of 2026-11: {backup} counts."


def test_a_correction_in_a_file_of_its_own_adds_up(tmp_path):
    more = {"ChargeClass": "Correction", "BillingPeriodStart": "2026-11-01"}
    write_csv(tmp_path / "october.csv", [charge("2026-10-05")])
    write_csv(tmp_path / "november.csv", days(2))
    write_csv(tmp_path / "corrections.csv", [charge("2026-10-05", "-1", **more)])

    assert billed(tmp_path) == Decimal("4.00")


def test_one_file_per_account_adds_up(tmp_path):
    write_csv(tmp_path / "one.csv", FOUR_DAYS)
    write_csv(tmp_path / "two.csv", [{**row, "SubAccountId": "222233334444"} for row in FOUR_DAYS])

    assert billed(tmp_path) == 2 * FOUR


def test_only_the_month_that_is_there_twice_is_left_out(tmp_path):
    october = [disk("2026-10-30", "9")]
    write_csv(tmp_path / "autumn.csv", [*october, *FOUR_DAYS])
    write_csv(tmp_path / "november.csv", FIVE_DAYS)

    assert billed(tmp_path) == FIVE + 9


def aws(folder, run, parts, *, manifest=None):
    """A delivery of AWS Data Exports beside the others of its month; `manifest` names so many files."""
    data = folder / "data" / "BILLING_PERIOD=2026-11" / run
    for number, rows in enumerate(parts, 1):
        write_csv(data / f"focus-{number:05}.csv.gz", rows)
    if manifest:
        place = folder / "metadata" / "BILLING_PERIOD=2026-11" / run / "focus-Manifest.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        prefix = f"s3://bucket/focus/data/BILLING_PERIOD=2026-11/{run}"
        files = [f"{prefix}/focus-{number:05}.csv.gz" for number in range(1, manifest + 1)]
        place.write_text(json.dumps({"executionId": run, "dataFiles": files}))
    return data


OLD, NEW = "20261104T010000Z-aaaa", "20261105T010000Z-bbbb"


@pytest.mark.parametrize(
    ("parts", "manifest", "why"),
    [
        ([FIVE_DAYS[:5]], 2, "focus-00002.csv.gz of its manifest is not there"),
        ([FIVE_DAYS[:5]], 0, "its manifest is not there"),
    ],
)
def test_a_delivery_that_is_still_arriving_never_replaces_a_whole_one(tmp_path, parts, manifest, why):
    aws(tmp_path, OLD, [FOUR_DAYS[:4], FOUR_DAYS[4:]], manifest=2)
    aws(tmp_path, NEW, parts, manifest=manifest)

    found = look(tmp_path)

    assert usd(total(found.lines)) == FOUR
    assert found.notes == (f"The delivery {NEW} of 2026-11 is still arriving ({why}): {OLD} is read.",)


def test_once_it_is_whole_it_counts(tmp_path):
    aws(tmp_path, OLD, [FOUR_DAYS[:4], FOUR_DAYS[4:]], manifest=2)
    aws(tmp_path, NEW, [FIVE_DAYS], manifest=1)

    assert billed(tmp_path) == FIVE


@pytest.mark.parametrize("spoilt", ["fewer", "hole", "writing", "empty", "small"])
def test_without_manifests_what_is_missing_shows_in_names_and_sizes(tmp_path, spoilt):
    random = [disk("2026-11-04", "0", ResourceId=f"vol-{number * 7919 % 10_007:x}") for number in range(200)]
    aws(tmp_path, OLD, [FOUR_DAYS[:4], [*FOUR_DAYS[4:], *random]])
    new = aws(tmp_path, NEW, [FIVE_DAYS[:4], [*FIVE_DAYS[4:], *random], FIVE_DAYS[:1]])
    if spoilt == "fewer":
        (new / "focus-00002.csv.gz").unlink()
        (new / "focus-00003.csv.gz").unlink()
    elif spoilt == "hole":
        (new / "focus-00002.csv.gz").unlink()
    elif spoilt == "writing":
        (new / "focus-00003.csv.gz").rename(new / "focus-00003.csv.gz.6aF0b1C2")
    elif spoilt == "empty":
        (new / "focus-00003.csv.gz").write_bytes(b"")
    else:
        write_csv(new / "focus-00002.csv.gz", FIVE_DAYS[4:])

    found = look(tmp_path)

    assert usd(total(found.lines)) == FOUR
    assert f"The delivery {NEW} of 2026-11 is still arriving" in found.notes[0]


def test_a_lone_delivery_that_is_still_arriving_is_not_read(tmp_path):
    aws(tmp_path, "", [FOUR_DAYS[:4]], manifest=2)

    with pytest.raises(Unreachable, match=r"still arriving: focus-00002\.csv\.gz of its manifest is not there"):
        look(tmp_path)


def test_what_an_earlier_delivery_left_behind_is_not_counted(tmp_path):
    aws(tmp_path, "", [FIVE_DAYS[:5], FIVE_DAYS[5:], FOUR_DAYS[:2]], manifest=2)

    found = look(tmp_path)

    assert usd(total(found.lines)) == FIVE
    assert found.notes == ("focus-00003.csv.gz is not in the manifest of BILLING_PERIOD=2026-11, so it is left out.",)


def test_the_runs_of_azure_count_once(tmp_path):
    month = tmp_path / "focus-daily" / "20261101-20261130"
    for number, (run, rows) in enumerate({"0aa1": FOUR_DAYS, "f3c2": FIVE_DAYS, "11d0": FIVE_DAYS[:2]}.items()):
        age(write_csv(month / run / "part_0_0001.csv", rows), number * LATER)
        blob = {"blobName": f"focus-daily/20261101-20261130/{run}/part_0_0001.csv", "byteCount": 7}
        blobs = [blob, {"blobName": f"{run}/part_1_0001.csv"}] if run == "11d0" else [blob]
        (month / run / "manifest.json").write_text(json.dumps({"blobCount": len(blobs), "blobs": blobs}))

    found = look(tmp_path)

    assert usd(total(found.lines)) == FIVE
    assert "The delivery 11d0 of 2026-11 is still arriving (part_1_0001.csv of its manifest" in found.notes[0]


def test_files_of_other_data_sets_are_left_out_and_named(tmp_path):
    write_csv(tmp_path / "bill.csv", FOUR_DAYS)
    (tmp_path / "cur.csv").write_text("bill_billing_entity,line_item_unblended_cost\nAWS,7\n")
    (tmp_path / "invoices.csv").write_text(
        "InvoiceId,BilledCost,BillingCurrency,BillingPeriodStart\n1,7,USD,2026-11-01\n"
    )
    (tmp_path / "october.zip").write_bytes(b"PK")
    (tmp_path / "new.csv").write_bytes(b"")

    found = look(tmp_path)

    assert usd(total(found.lines)) == FOUR
    assert found.notes == (
        "cur.csv, invoices.csv have other columns than FOCUS charges: left out.",
        "october.zip: not CSV, CSV.gz or Parquet, so left out.",
        "new.csv: empty, so left out.",
    )
    assert "cur.csv, invoices.csv have other columns" in Focus(str(tmp_path), "team").check()


def test_charges_that_lack_a_column_are_a_hole_and_not_another_data_set(tmp_path):
    write_csv(tmp_path / "bill.csv", FOUR_DAYS)
    write_csv(tmp_path / "more.csv", FOUR_DAYS, names={"BilledCost": "Cost"})

    with pytest.raises(Refused, match=r"more\.csv: The export has no column BilledCost"):
        look(tmp_path)


def test_the_part_of_a_new_delivery_among_the_cases_does_not_count():
    run = "cases/focus/part_of_a_new_delivery/BILLING_PERIOD=2026-11/2026-11-07T01:00:00.000Z-bbbb"

    assert billed(data_file(f"{run}/f-00000.csv").parents[2]) == Decimal("30.00")


@pytest.mark.slow
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    runs=st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True),
    shapes=st.lists(st.sampled_from([".csv", ".csv.gz", ".parquet", " (1).csv"]), min_size=4, max_size=4),
    chance=st.randoms(),
)
def test_however_many_runs_lie_there_the_longest_counts(tmp_path, runs, shapes, chance):
    folder = tmp_path / "runs"
    shutil.rmtree(folder, ignore_errors=True)
    names = chance.sample("abcdefgh", len(runs))
    for name, shape, days in zip(names, shapes, runs, strict=False):
        rows = [row for day in range(1, days + 1) for row in (charge(f"2026-11-0{day}"), disk(f"2026-11-0{day}"))]
        (write_parquet if shape == ".parquet" else write_csv)(folder / f"{name}{shape}", rows)

    assert billed(folder) == Decimal("1.75") * max(runs)


def test_a_packed_and_an_unpacked_part_of_one_delivery_count_once(tmp_path):
    folder = tmp_path / "BILLING_PERIOD=2026-11" / NEW
    plain = write_csv(folder / "focus-00001.csv", FOUR_DAYS)
    (folder / "focus-00001.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))

    assert billed(tmp_path) == FOUR
