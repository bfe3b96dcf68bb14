"""What is promised in a word or a number: how long it took, what is saved, and when a stop by rule is tried again."""

from dataclasses import replace

import pytest

from bot.domain.acting import hours
from bot.domain.acting.actions import Action, StopFacts
from bot.domain.acting.batches import saved_micros_of
from bot.domain.acting.rule_stops import again_at
from bot.domain.clock import HOUR_MS, MINUTE_MS, SECOND_MS
from bot.errors import Refused
from bot.services.acting import steps
from tests.conftest import MONDAY

STOP = Action(
    id="stop",
    kind="stop",
    instance_id="i-1",
    launched_at=None,
    requester="valet",
    team="nlp",
    reason="",
    facts=StopFacts(name="train-7", type="p4d.24xlarge", region="us-west-2"),
    state="failed",
    created_at=MONDAY,
    expires_at=MONDAY + HOUR_MS,
    finished_at=MONDAY + MINUTE_MS,
)


def ended(*states: str) -> list[Action]:
    return [replace(STOP, state=state, finished_at=MONDAY + number * HOUR_MS) for number, state in enumerate(states)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("length", "said"),
    [(0, "0 s"), (2 * MINUTE_MS - SECOND_MS, "119 s"), (2 * MINUTE_MS, "2 min"), (3 * MINUTE_MS - 1, "2 min")],
)
def test_what_took_two_minutes_or_more_is_told_in_minutes(length, said):
    assert steps.took(length) == said


def test_a_stop_without_a_known_price_saves_nothing_that_is_told():
    assert saved_micros_of([STOP, replace(STOP, facts=replace(STOP.facts, rate_micros=7))]) == 7


@pytest.mark.parametrize("typed", ["Mon-Fri", "mon, wed", "nights"])
def test_days_without_any_number_are_no_window(typed):
    with pytest.raises(Refused, match=f'^"{typed}" is no window. '):
        hours.parse_hours(typed)


@pytest.mark.parametrize(
    ("states", "again"),
    [
        ((), None),
        (("failed",), MONDAY + HOUR_MS),
        (("failed", "failed"), MONDAY + HOUR_MS + 2 * HOUR_MS),
        (("failed", "failed", "failed"), None),
        (("failed", "done"), None),
        (("failed", "cancelled"), None),
        (("cancelled",), None),
    ],
)
def test_a_stop_that_aws_refused_is_tried_twice_more_and_never_after_another_end(states, again):
    assert again_at(ended(*states)) == again
