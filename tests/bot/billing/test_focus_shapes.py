"""Whatever columns an export has, however it calls them and whatever is in its tags: the sums are those of its rows."""

import random
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.billing.focus import Focus
from bot.billing.focus_query import REQUIRED, FocusShape, literal, quoted
from bot.errors import Refused
from tests.bot.billing.exports import V10, V12, charge, write_csv, write_parquet
from tests.examples import examples

duckdb = pytest.importorskip("duckdb", reason="the extra focus is not installed")
NOW = int(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp() * 1000)
ANYTHING = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
COLUMNS = sorted({*V10, *V12})
NEEDED = (*REQUIRED, "BillingPeriodStart", "ChargeCategory", "BillingCurrency")


@given(st.sampled_from(COLUMNS), st.randoms())
def test_a_column_is_found_however_it_is_spelt(column, chance):
    spelt = "".join(
        chance.choice(["", "_"]) * (char.isupper() and n > 0) + _case(char, chance) for n, char in enumerate(column)
    )

    assert FocusShape({"Other": "VARCHAR", spelt: "VARCHAR"}, {}).find(column) == spelt


def _case(char: str, chance: random.Random) -> str:
    return chance.choice([char.lower(), char.upper()])


@pytest.mark.slow
@given(ANYTHING, ANYTHING)
def test_names_and_words_are_quoted_so_that_they_are_only_names_and_words(name, word):
    with duckdb.connect() as database:
        [(found,)] = database.execute(
            f"SELECT {quoted(name)} FROM (SELECT {literal(word)} AS {quoted(name)})"
        ).fetchall()

    assert found == word


rows = st.lists(
    st.builds(
        lambda day, picos, category, tags, correction: charge(
            f"2026-11-{day:02}",
            str(Decimal(picos).scaleb(-6)),
            ChargeCategory=category,
            ChargeClass="Correction" if correction else None,
            Tags=tags,
        ),
        st.integers(1, 30),
        st.integers(-(10**12), 10**12),
        st.sampled_from(["Usage", "Purchase", "Tax", "Credit", "Adjustment"]),
        st.none() | st.dictionaries(st.sampled_from(["team", "a b", 'quo"te', "ü"]), ANYTHING, max_size=3),
        st.booleans(),
    ),
    min_size=1,
    max_size=15,
)


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=rows,
    left_out=st.sets(st.sampled_from([name for name in COLUMNS if name not in NEEDED])),
    version=st.sampled_from([V10, V12]),
    kind=st.sampled_from(["csv", "csv.gz", "parquet map", "parquet json"]),
    tag=st.sampled_from(["team", "a b", 'quo"te', "ü", "it's"]),
)
def test_sums_are_those_of_the_rows(tmp_path, rows, left_out, version, kind, tag):
    columns = [name for name in version if name not in left_out]
    shape, _, tags = kind.partition(" ")
    path = tmp_path / f"export.{shape}"
    if tags:
        write_parquet(path, rows, columns, tags=tags)
    else:
        write_csv(path, rows, columns)

    lines = Focus(str(path), tag).look(date(2026, 11, 1), NOW, lambda: None).lines

    days, kinds, teams = Counter(), Counter(), Counter()
    for row in rows:
        micros = int(Decimal(row["BilledCost"]) * 1_000_000)
        corrects = row["ChargeClass"] and "ChargeClass" in columns
        days[row["ChargePeriodStart"][:10]] += micros
        kinds["correction" if corrects else row["ChargeCategory"].lower()] += micros
        teams[_tag(row["Tags"], tag) if "Tags" in columns else ""] += micros
    assert _by(lines, lambda line: line.day.isoformat()) == _some(days)
    assert _by(lines, lambda line: line.kind) == _some(kinds)
    assert _by(lines, lambda line: line.team) == _some(teams)


def _tag(tags, key):
    return (tags or {}).get(key, "")


def _by(lines, key):
    found = Counter()
    for line in lines:
        found[key(line)] += line.billed_micros
    return _some(found)


def _some(counter):
    return {key: count for key, count in counter.items() if count}


@given(st.sets(st.sampled_from(COLUMNS)))
def test_without_the_columns_that_are_needed_there_is_no_query(columns):
    from bot.billing.duck import DuckDialect
    from bot.billing.focus_query import Query

    shape = FocusShape(dict.fromkeys(sorted(columns), "VARCHAR"), {})
    if set(REQUIRED) <= columns:
        assert "GROUP BY" in Query(shape, DuckDialect(), "team").text("export", date(2026, 11, 1))
    else:
        with pytest.raises(Refused, match="The export has no column"):
            Query(shape, DuckDialect(), "team")
