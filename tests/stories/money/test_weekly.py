"""Once a week management reads what GPU machines cost, what they will, and what is worth doing, with buttons."""

from copy import deepcopy

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.money.rates import MICROS_PER_USD, Charge, Share
from bot.domain.money.savings import SavedPiece
from bot.domain.money.scope import Scope
from bot.sandbox.slack.people import ADA, BOB, FINANCE
from bot.services.money import forecast, weekly
from store.money import ledger as stored_ledger
from store.money import savings as stored_savings
from store.sql import rows
from tests.stories.conftest import SETTINGS

MANAGEMENT = "#finance"


@pytest.fixture
def settings():
    made = deepcopy(SETTINGS)
    made["reports"] = {"channel": FINANCE, "weekday": "Tue", "timezone": "Europe/Berlin"}
    made["teams"]["nlp"] |= {"budget_usd": "5000", "approvers": [ADA, BOB]}
    return made


def lived(office, weeks=2):
    """Half of what train-7 cost was idle, and it idles now."""
    instance = office.machine("train-7")
    start = (office.clock.now - weeks * 7 * DAY_MS) // DAY_MS * DAY_MS
    half = (
        Share("", "nlp", "busy", 4 * HOUR_MS, 11 * MICROS_PER_USD),
        Share("", "nlp", "idle", 4 * HOUR_MS, 11 * MICROS_PER_USD),
    )
    with office.valet.ctx.store.writing() as db:
        stored_ledger.add(
            db,
            [
                Charge(instance.id, at, at + HOUR_MS, HOUR_MS, 22 * MICROS_PER_USD, 22 * MICROS_PER_USD, "nlp", half)
                for at in range(start, office.clock.now // HOUR_MS * HOUR_MS, HOUR_MS)
            ],
        )
    return office


def tuesday(office, until=DAY_MS):
    """Until Tuesday 24 November, 09:00 UTC, which is 10:00 in Berlin."""
    office.clock.forward(until - 5 * MINUTE_MS)
    office.reports("train-7", 0.0, minutes=200)
    office.passes(5 * MINUTE_MS)


def test_it_says_the_week_the_month_and_what_to_do(office_with, settings):
    office = lived(office_with(settings))

    tuesday(office)

    seen = office.sees("bob", MANAGEMENT)
    assert seen.startswith("*GPU machines, 17 November to 23 November: about $")
    assert " % of it idle ($" in seen.splitlines()[0]
    assert "November: $" in seen
    assert "\nsaved this month so far | nothing\n" in seen
    assert "*nlp* will likely be $" in seen
    assert "over its budget this month." in seen
    [over] = [todo for todo in weekly.weekly_of(office.valet.ctx, FINANCE, "2026-11-24").todos if todo.what == "budget"]
    month = forecast.current_report(office.valet.ctx, Scope("team", "nlp")).month
    assert over.micros == month.micros - 5_000 * MICROS_PER_USD
    assert "[Forecast of nlp]" in seen
    assert "*train-7* idles for 3 h" in seen
    assert "[Stop train-7…]" in seen
    assert "[By team] [What idled] [Forecast] [How this is counted] [As CSV]" in seen


def test_its_buttons_do_what_they_say_and_leave_it_standing(office_with, settings):
    office = lived(office_with(settings))
    tuesday(office)
    before = office.sees("bob", MANAGEMENT)

    assert office.presses("bob", "By team", MANAGEMENT).startswith("*17 Nov to 23 Nov: about $")
    assert office.presses("bob", "Forecast of nlp", MANAGEMENT).startswith("*November (nlp): $")
    office.reports("train-7", 0.0, minutes=200)
    office.presses("bob", "Stop train-7…", MANAGEMENT)
    office.submits("bob")

    assert any("Stop train-7?" in each for each in office.slack.sees("bob", "#ml-platform"))
    assert before in office.slack.sees("bob", MANAGEMENT)


def test_what_is_exempt_or_kept_is_nothing_to_do(office_with, settings):
    office = office_with(settings)
    office.reports("scratch", 0.0, minutes=200)
    office.reports("train-7", 0.0, minutes=200)
    office.types("ada", "/gpu snooze train-7 2d paper")

    idle = office.types("ada", "/cost idle")
    office.clock.forward(DAY_MS - 5 * MINUTE_MS)
    for name in ("scratch", "train-7"):
        office.reports(name, 0.0, minutes=200)
    office.passes(5 * MINUTE_MS)

    assert "exempt: paper deadline" in idle
    assert "@Ada keeps it" in idle
    assert "[Stop" not in idle
    assert "idles" not in office.sees("bob", MANAGEMENT)


def test_it_comes_once_a_week_whatever_restarts_and_late_if_need_be(office_with, settings):
    office = lived(office_with(settings))
    tuesday(office, 2 * DAY_MS)  # the bot was away on Tuesday
    assert "GPU machines, 17 November to 23 November" in office.sees("bob", MANAGEMENT)

    office.restart()
    office.reports("train-7", 0.0, minutes=200)
    office.tick()
    office.passes(10 * MINUTE_MS)

    found = rows(office.valet.ctx.store.reading(), "SELECT * FROM outbox WHERE kind = 'weekly'")
    assert len(found) == 1


def test_a_week_later_it_is_compared_with_the_week_before(office_with, settings):
    office = lived(office_with(settings), weeks=4)

    tuesday(office)

    assert "than the week before ($" in office.sees("bob", MANAGEMENT)


def test_it_waits_for_its_time_and_long_missed_ones_are_left_out(office_with, settings):
    office = lived(office_with(settings))
    office.clock.forward(22 * HOUR_MS)  # Tuesday 08:00 in Berlin
    assert not weekly.make_due_weekly(office.valet.ctx)

    office.clock.forward(4 * DAY_MS)
    office.tick()
    assert not weekly.make_due_weekly(office.valet.ctx)


def saved_in_november(office):
    train, at = office.machine("train-7"), office.clock.now // HOUR_MS * HOUR_MS - 4 * HOUR_MS
    source = stored_savings.SavingSource(
        "act_1", train.id, "train-7", "nlp", "It would have run.", at + HOUR_MS, over=True
    )
    with office.valet.ctx.store.writing() as db:
        stored_savings.keep_saved(db, source, [SavedPiece("stopped", at, at + HOUR_MS, HOUR_MS, 22 * MICROS_PER_USD)])


def test_on_the_first_of_a_month_it_tells_how_the_month_of_its_week_ended(office_with, settings):
    office = lived(office_with(settings))
    saved_in_november(office)

    tuesday(office, 8 * DAY_MS)

    seen = office.sees("bob", MANAGEMENT)
    assert seen.startswith("*GPU machines, 24 November to 30 November: about $")
    assert "November is over: about $" in seen
    assert "\nsaved in November | $22.00\n" in seen
    assert "December: $" in seen


def test_it_tells_of_days_that_are_over_in_the_zone_of_money(office_with, settings):
    settings["digest"] = {"timezone": "America/Los_Angeles"}
    settings["reports"]["timezone"] = "Pacific/Auckland"
    office = lived(office_with(settings))
    office.clock.forward(11 * HOUR_MS)  # Tuesday 09:00 in Auckland; in Los Angeles Monday has just begun its afternoon

    office.reports("train-7", 0.0, minutes=200)
    office.tick()

    seen = office.sees("bob", MANAGEMENT)
    assert seen.startswith("*GPU machines, 16 November to 22 November: $")
    assert "Days in America/Los_Angeles." in seen


def test_without_a_channel_there_is_none(office):
    lived(office)
    office.clock.forward(DAY_MS)
    office.tick()

    assert rows(office.valet.ctx.store.reading(), "SELECT * FROM weekly_reports") == []
