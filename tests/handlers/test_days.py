"""Days as finance types them; whatever is typed, the answer is days in order or a sentence."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refused
from handlers.parsing.dates import MONTHS, read_day_span
from handlers.parsing.text import split_words

TODAY = date(2026, 11, 23)
"""A Monday."""


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [
        ("", "2026-11-01", "2026-11-30"),
        ("mtd", "2026-11-01", "2026-11-30"),
        ("last", "2026-10-01", "2026-10-31"),
        ("the last month", "2026-10-01", "2026-10-31"),
        ("october", "2026-10-01", "2026-10-31"),
        ("December", "2025-12-01", "2025-12-31"),
        ("oct 2025", "2025-10-01", "2025-10-31"),
        ("sept. 2026", "2026-09-01", "2026-09-30"),
        ("2026 october", "2026-10-01", "2026-10-31"),
        ("2026-10", "2026-10-01", "2026-10-31"),
        ("2026/10", "2026-10-01", "2026-10-31"),
        ("10/2026", "2026-10-01", "2026-10-31"),
        ("2026-02-28", "2026-02-28", "2026-02-28"),
        ("23.11.2026", "2026-11-23", "2026-11-23"),
        ("20 nov", "2026-11-20", "2026-11-20"),
        ("November 20th, 2026", "2026-11-20", "2026-11-20"),
        ("nov 24", "2025-11-24", "2025-11-24"),
        ("yesterday", "2026-11-22", "2026-11-22"),
        ("this week", "2026-11-23", "2026-11-29"),
        ("last week", "2026-11-16", "2026-11-22"),
        ("last 30 days", "2026-10-25", "2026-11-23"),
        ("7d", "2026-11-17", "2026-11-23"),
        ("past 2 weeks", "2026-11-10", "2026-11-23"),
        ("this quarter", "2026-10-01", "2026-12-31"),
        ("last quarter", "2026-07-01", "2026-09-30"),
        ("q3", "2026-07-01", "2026-09-30"),
        ("Q4 2025", "2025-10-01", "2025-12-31"),
        ("2025-q4", "2025-10-01", "2025-12-31"),
        ("ytd", "2026-01-01", "2026-12-31"),
        ("2025", "2025-01-01", "2025-12-31"),
        ("last year", "2025-01-01", "2025-12-31"),
        ("1 nov to 15 nov", "2026-11-01", "2026-11-15"),
        ("from 2026-09 to 2026-10", "2026-09-01", "2026-10-31"),
        ("october - november", "2026-10-01", "2026-11-30"),
    ],
)
def test_days_are_read_as_people_type_them(typed, first, last):
    assert read_day_span(typed.split(), TODAY) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("octobre", '"octobre" is no month or day. Did you mean october?'),
        ("2026-11-31", "Try 2026-11, 2026-11-23, last week or last 30 days."),
        ("feb 30", "is no month or day"),
        ("15 nov to 1 nov", "is no month or day"),
        ("0000", "is no month or day"),
        ("1999", "Years go from 2000 to 2099."),
        ("last 0 days", "At most 400 days, and at least one."),
        ("q5", "is no month or day"),
    ],
)
def test_what_is_no_day_is_answered_with_what_to_type(typed, hint):
    with pytest.raises(Refused, match=r".") as told:
        read_day_span(typed.split(), TODAY)

    assert hint in str(told.value)


PIECES = st.sampled_from(
    [
        *MONTHS,
        "last",
        "this",
        "week",
        "month",
        "year",
        "to",
        "-",
        "q3",
        "30",
        "days",
        "2026",
        "31",
        "nov",
        "/",
        "feb 29",
    ]
)


@given(
    st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=5).map(" ".join)),
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
)
def test_whatever_is_typed_is_days_in_order_or_a_sentence(typed, today):
    try:
        first, last = read_day_span(split_words(typed), today)
    except Refused:
        return
    assert first <= last
    assert 2000 <= first.year <= last.year <= 2099
