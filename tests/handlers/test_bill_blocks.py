"""Whatever a bill says, and in whatever words, what is drawn of it is fit to send."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.money import reconciliation
from bot.domain.money.reconciliation import BillReport, ComparedDay, ComparedSum, UnseenMachine
from handlers.blocks.money import bill as bill_blocks
from handlers.blocks.parts import size
from tests.handlers.pieces import NOW, TEXTS, objections

FIRST = date(2026, 10, 1)
REASONS = {why: 10**12 * (-1) ** number for number, why in enumerate(reconciliation.REASON_TEXTS)}


def report(text: str) -> BillReport:
    """The largest there is: a whole month, every reason, many of everything."""
    days = [FIRST + timedelta(days=number) for number in range(31)]
    many = tuple(ComparedSum(f"{text}{number}" if number else "", 10**15, 10**14) for number in range(40))
    return BillReport(
        first=FIRST,
        last=days[-1],
        today=date(2026, 11, 23),
        days=tuple(ComparedDay(day, 10**15, 10**15 - sum(REASONS.values()), True, REASONS) for day in days),
        services=many,
        teams=many,
        types=many,
        unseen=tuple(UnseenMachine(text, f"i-{number}", text, 10**12) for number in range(9)),
        source=text,
        place=text,
        looked_at=NOW,
        as_of=NOW,
        begins=date(2026, 1, 1),
        notes=(text, text),
        error=text,
        error_at=NOW,
    )


@pytest.mark.parametrize("text", TEXTS)
def test_a_bill_of_any_words_is_fit_to_send(text):
    shown = bill_blocks.bill(report(text))

    assert objections(shown) == objections(bill_blocks.details(report(text))) == []
    assert size(shown.blocks) < 9_000


@pytest.mark.parametrize("text", TEXTS)
def test_a_day_and_an_empty_bill_are_fit_to_send(text):
    whole = report(text)
    day = replace(whole, last=FIRST, days=whole.days[:1])
    nothing = ComparedDay(FIRST, None, None, estimate=True, reasons={})
    empty = replace(whole, days=(nothing,), services=(), teams=(), types=(), unseen=(), begins=None, notes=())

    assert objections(bill_blocks.bill(day)) == []
    assert objections(bill_blocks.bill(empty)) == []


def test_every_reason_is_shown_in_words_with_its_sign():
    text = str(bill_blocks.bill(report("x")).blocks)

    assert all(words in text for words in reconciliation.REASON_TEXTS.values())
    assert "+$31,000,000  disks" in text
    assert "-$31,000,000  tax" in text


def test_more_machines_than_are_shown_are_counted():
    assert "and 4 more" in str(bill_blocks.details(report("x")).blocks)
