"""One makes forecasts at a time: whoever asks meanwhile waits for that one, or is told, and nothing is made twice."""

import threading
from dataclasses import replace

import pytest

from bot.domain.money.scope import TOTAL
from bot.errors import Refused
from bot.services.context import Context
from bot.services.money import forecast
from bot.settings import parse
from store.money import ledger as stored_ledger
from tests.bot.services.money.test_forecast import SETTINGS, always_on


@pytest.fixture
def ctx(store, clock):
    settings = parse(SETTINGS, {})
    return Context(store, clock, settings, {}, settings.roster)


@pytest.fixture
def making(ctx):
    """The job at work: it has just looked at the clock, and looks no further until it is let go on."""
    began, go_on = threading.Event(), threading.Event()

    def halting_clock() -> int:
        began.set()
        assert go_on.wait(20)
        return ctx.clock()

    always_on(ctx)
    job = threading.Thread(target=forecast.refresh_reports, args=(replace(ctx, clock=halting_clock),))
    job.start()
    assert began.wait(20)
    yield go_on
    go_on.set()
    job.join()


def test_whoever_asks_while_it_is_made_is_told_so_at_once(ctx, making):
    with pytest.raises(Refused, match="is being made just now"):
        forecast.report_for_asker(ctx, TOTAL, waits_s=0.01)

    making.set()
    made = forecast.report_for_asker(ctx, TOTAL, waits_s=20)

    assert stored_ledger.forecasts_made(ctx.store.reading(), TOTAL.text) == [made.made_at]


def test_who_can_wait_gets_what_others_made(ctx, making):
    got: list[int] = []
    waiting = threading.Thread(target=lambda: got.append(forecast.current_report(ctx, TOTAL).made_at))
    waiting.start()
    making.set()
    waiting.join()

    assert stored_ledger.forecasts_made(ctx.store.reading(), TOTAL.text) == got


def test_a_report_that_is_fresh_is_answered_whatever_is_being_made(ctx, making):
    making.set()
    first = forecast.current_report(ctx, TOTAL)
    with forecast._MAKER:
        asked: list[object] = []
        other = threading.Thread(target=lambda: asked.append(forecast.report_for_asker(ctx, TOTAL, waits_s=0)))
        other.start()
        other.join()

    assert asked == [first]
