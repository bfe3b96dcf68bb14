"""Silence is an answer only to what could be read: while Slack takes no message, nobody loses what they hold by it."""

import pytest

from bot.domain.clock import MINUTE_MS
from tests.stories.conftest import SETTINGS
from tests.stories.sharing.test_claimed_but_idle import lives


def takes_nothing(office):
    office.slack.fault("chat.postMessage", "internal_error", times=500)


def takes_all(office):
    office.slack.faults._ordered.clear()


@pytest.mark.slow
def test_whose_turn_it_is_has_the_whole_time_from_when_they_hear(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7 for 2h")
    takes_nothing(office)
    office.types("ada", "/gpu release train-7")
    office.passes(20 * MINUTE_MS)
    takes_all(office)
    office.passes(12 * MINUTE_MS)

    assert "It's your turn: *train-7*, for 2 h. It's held for you until Mon 09:3" in office.sees("cy", "@cy")
    office.presses("cy", "Take it", "@cy")
    assert "@Cy" in office.types("bob", "/gpu status train-7")


@pytest.mark.slow
def test_a_claim_is_given_up_only_for_silence_on_a_question_that_was_there(office_with):
    office = office_with(SETTINGS | {"claims": {"idle_minutes": 60, "answer_minutes": 20}})
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu claim train-7 for 10h sweep")
    office.types("cy", "/gpu wait train-7")
    takes_nothing(office)
    lives(office, 96 * MINUTE_MS, train_7=0.0)
    takes_all(office)
    lives(office, 12 * MINUTE_MS, train_7=0.0)
    assert "@Ada" in office.types("bob", "/gpu status train-7"), "she was asked long ago, and could read it only now"

    lives(office, 28 * MINUTE_MS, train_7=0.0)
    assert "@Ada" not in office.types("bob", "/gpu status train-7")


@pytest.mark.slow
def test_a_stop_is_put_to_others_only_once_its_holder_could_have_said_no(office):
    office.reports("train-7", 0.0)
    office.types("cy", "/gpu claim train-7 for 8h")
    takes_nothing(office)
    office.types("ada", "/gpu stop train-7")
    lives(office, 40 * MINUTE_MS, train_7=0.0)
    takes_all(office)
    lives(office, 12 * MINUTE_MS, train_7=0.0)
    assert "Stop train-7?" not in office.sees("bob", "#ml-platform")

    lives(office, 32 * MINUTE_MS, train_7=0.0)
    assert "@Cy was asked first and has not answered" in office.sees("bob", "#ml-platform")


@pytest.mark.slow
def test_a_booking_is_kept_until_whoever_made_it_could_say_that_they_are_there(office):
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu book train-7 10:00 for 4h")
    lives(office, 56 * MINUTE_MS, train_7=0.0)
    takes_nothing(office)
    lives(office, 36 * MINUTE_MS, train_7=0.0)
    takes_all(office)
    lives(office, 24 * MINUTE_MS, train_7=0.0)
    assert "@Ada" in office.types("bob", "/gpu status train-7")

    lives(office, 20 * MINUTE_MS, train_7=0.0)
    assert "@Ada" not in office.types("bob", "/gpu status train-7")


@pytest.mark.slow
def test_silence_counts_from_the_second_word_where_somebody_comes_to_wait_later(office_with):
    office = office_with(SETTINGS | {"claims": {"idle_minutes": 60, "answer_minutes": 20}})
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu claim train-7 for 10h sweep")
    lives(office, 75 * MINUTE_MS, train_7=0.0)
    assert "train-7" in office.sees("ada", "@ada"), "she was asked, and could read it"
    takes_nothing(office)
    office.types("cy", "/gpu wait train-7")
    lives(office, 15 * MINUTE_MS, train_7=0.0)
    takes_all(office)

    lives(office, 15 * MINUTE_MS, train_7=0.0)
    assert "@Ada" in office.types("bob", "/gpu status train-7"), "that somebody waits she could read only now"
    lives(office, 20 * MINUTE_MS, train_7=0.0)
    assert "@Ada" not in office.types("bob", "/gpu status train-7")
