"""The same query in place, by Athena: what it says is read in pages, and paid for once."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bot.billing.athena import QUERY_PATIENCE_S, Athena, AthenaTable, _gone_wrong
from bot.billing.focus import Focus
from bot.domain.money.bill import total
from bot.errors import Refused, Unreachable
from tests.bot.billing.exports import V10, V12, charge, usd, write_parquet
from tests.bot.billing.test_focus import ROWS

pytest.importorskip("duckdb", reason="the extra focus is not installed")
NOW = int(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp() * 1000)
SINCE = date(2026, 10, 14)
TABLE = AthenaTable("billing", "focus", output="s3://results/valet/")


def pretend(tmp_path, rows=ROWS, columns=V12, tags="map", **how):
    from tests.bot.billing.pretend_athena import PretendAthena

    return PretendAthena(write_parquet(tmp_path / "export.parquet", rows, columns, tags=tags), **how)


def look(aws, spend=lambda: None, table=TABLE, waits=None):
    source = Athena(aws.ask, table, "team", wait=(waits if waits is not None else []).append)
    return source.look(SINCE, NOW, spend)


@pytest.mark.parametrize(
    ("columns", "tags"), [(V10, "json"), (V12, "map"), (V12, "json"), (V12, "struct"), (V12, "array"), (V12, "binary")]
)
def test_athena_and_files_say_the_same(tmp_path, columns, tags):
    aws = pretend(tmp_path, columns=columns, tags=tags)

    found = look(aws)

    files = Focus(str(tmp_path / "export.parquet"), "team").look(SINCE, NOW, lambda: None)
    assert set(found.lines) == set(files.lines)
    assert usd(total(found.lines)) == Decimal("1.50")
    assert found.notes == ("Athena scanned 5 MiB.",)
    assert (found.source, found.place) == ("FOCUS by Athena", "billing.focus")


def test_tags_of_a_type_that_has_none_leave_the_bill_as_it_is(tmp_path):
    aws = pretend(tmp_path)
    aws.database.execute(
        "CREATE OR REPLACE TABLE billing.focus AS SELECT * REPLACE ([1, 2] AS Tags) FROM billing.focus"
    )

    found = look(aws)

    assert (usd(total(found.lines)), {line.team for line in found.lines}) == (Decimal("1.50"), {""})
    assert found.notes[1].startswith("Its tags can't be read (the column is of type")


def test_a_charge_without_a_readable_day_spoils_the_export(tmp_path):
    aws = pretend(tmp_path)
    aws.database.execute(
        "CREATE OR REPLACE TABLE billing.focus AS SELECT * REPLACE ('11/05/2026 01:00' AS ChargePeriodStart) "
        "FROM billing.focus"
    )

    with pytest.raises(Refused, match="6 of the export's 6 charges have no readable BilledCost or day, so"):
        look(aws)


MONTH = "s3://bucket/focus/data/BILLING_PERIOD=2026-11"
OLD, NEW = f"{MONTH}/20261116T010000Z-aaaa", f"{MONTH}/20261117T010000Z-bbbb"


def twice(tmp_path, old, new, folders=(OLD, NEW)):
    """A table over two deliveries; the charges of each have a description of their own."""
    rows = [{**row, "ChargeDescription": name} for name, some in (("old", old), ("new", new)) for row in some]
    aws = pretend(tmp_path, rows)
    aws.lies_in({folders[0]: "ChargeDescription = 'old'", folders[1]: "ChargeDescription = 'new'"})
    return aws


def test_of_deliveries_side_by_side_the_newest_counts(tmp_path):
    aws, spent = twice(tmp_path, ROWS[:3], ROWS), []

    found = look(aws, lambda: spent.append(aws.count("start_query_execution")))

    assert usd(total(found.lines)) == Decimal("1.50")
    assert (spent, found.notes) == ([0, 1], ("Athena scanned 10 MiB.",))


def test_a_delivery_that_is_still_arriving_does_not_count(tmp_path):
    found = look(twice(tmp_path, ROWS, ROWS[:1]))

    assert usd(total(found.lines)) == Decimal("1.50")
    assert found.notes[1] == (
        "The delivery 20261117T010000Z-bbbb of 2026-11 is still arriving: 20261116T010000Z-aaaa is read."
    )


def test_two_exports_of_the_same_in_one_table_are_refused_with_both_names(tmp_path):
    folders = (MONTH.replace("/focus/", "/a/"), MONTH)

    with pytest.raises(Refused, match=f"{folders[0]} and {folders[1]} both hold 2026-11 of the same accounts"):
        look(twice(tmp_path, ROWS, ROWS, folders))


def test_folders_of_other_accounts_or_days_add_up(tmp_path):
    others = [{**row, "SubAccountId": "9", "BillingAccountId": "9"} for row in ROWS]
    days = [charge("2026-11-01"), charge("2026-11-20")]

    assert usd(total(look(twice(tmp_path / "1", ROWS, others, ("s3://b/one", "s3://b/two"))).lines)) == Decimal("3.00")
    assert usd(total(look(twice(tmp_path / "2", days[:1], days[1:], ("s3://b/1", "s3://b/2"))).lines)) == Decimal(
        "3.00"
    )


def test_pages_are_followed_and_the_names_of_columns_are_no_row(tmp_path):
    aws = pretend(tmp_path, page=2)

    assert usd(total(look(aws).lines)) == Decimal("1.50")
    assert aws.count("get_query_results") > 2


def test_one_query_is_paid_for_before_it_is_made(tmp_path):
    aws, spent = pretend(tmp_path), []

    look(aws, lambda: spent.append(aws.count("start_query_execution")))

    assert spent == [0]
    assert aws.count("start_query_execution") == 1


def test_only_the_partitions_of_the_span_are_scanned(tmp_path):
    aws = pretend(tmp_path, [*ROWS, charge("2026-09-30", "99")], partition="billing_period")

    assert usd(total(look(aws).lines)) == Decimal("1.50")
    assert """WHERE substr(CAST("billing_period" AS VARCHAR), 1, 7) IN ('2026-10', '2026-11')""" in aws.sql


def test_results_go_where_the_settings_say_or_where_the_workgroup_says(tmp_path):
    aws = pretend(tmp_path)
    look(aws)
    look(aws, table=AthenaTable("billing", "focus", "finance"))

    one, two = [asked for name, asked in aws.sent if name == "start_query_execution"]
    assert one["ResultConfiguration"] == {"OutputLocation": "s3://results/valet/"}
    assert ("ResultConfiguration" not in two, two["WorkGroup"]) == (True, "finance")


def test_a_query_that_fails_says_why(tmp_path):
    with pytest.raises(Unreachable, match="Athena did not read the export: SYNTAX_ERROR"):
        look(pretend(tmp_path, states=("RUNNING", "FAILED")))


@pytest.mark.parametrize(
    ("why", "says", "retryable"),
    [
        (
            "Insufficient permissions: x is not authorized to perform: glue:GetTable",
            "lacks glue:GetTable",
            False,
        ),
        ("Bytes scanned limit was exceeded", "the workgroup's limit of bytes scanned", False),
        ("TABLE_NOT_FOUND: line 1:15: Table 'x' does not exist", "correct database and table under [bill]", False),
        ("INTERNAL_ERROR_QUERY_ENGINE", "INTERNAL_ERROR_QUERY_ENGINE", True),
        ("Query exhausted resources at this scale factor", "exhausted resources", True),
    ],
)
def test_why_a_query_failed_is_read_from_athenas_words(why, says, retryable):
    told = _gone_wrong(why)

    assert says in str(told)
    assert told.retryable is retryable


def test_a_query_without_end_is_stopped(tmp_path):
    aws, waits = pretend(tmp_path, states=("RUNNING",)), []

    with pytest.raises(Unreachable, match="took over 10 minutes, so the query was stopped"):
        look(aws, waits=waits)

    assert len(waits) == QUERY_PATIENCE_S
    assert aws.count("stop_query_execution") == 1


def test_a_table_without_the_columns_is_refused_before_anything_is_paid(tmp_path):
    aws = pretend(tmp_path, columns=[name for name in V12 if name != "BilledCost"])

    with pytest.raises(Refused, match="no column BilledCost"):
        look(aws, lambda: pytest.fail("paid"))
    assert aws.count("start_query_execution") == 0
