"""A stop by rule counts on people having been warned: where Slack takes no warning, nothing is stopped."""

from dataclasses import replace

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from store import outbox as stored_outbox
from tests.stories.evenings import NINE_TO_SEVEN, idle_until, pausing

WHERE = "#ml-platform"


@pytest.fixture
def evening(office_with):
    """Five minutes before the first warning."""
    office = office_with(pausing(hours="Mon-Fri 08:00-19:00"))
    office.clock.forward(NINE_TO_SEVEN - 95 * MINUTE_MS)
    idle_until(office, HOUR_MS)
    return office


def posts(office):
    return office.slack.sees("bob", WHERE)


@pytest.mark.slow
def test_nothing_is_stopped_while_slack_takes_no_warning(evening):
    evening.slack.fault("chat.postMessage", "internal_error", times=15)
    idle_until(evening, HOUR_MS)
    stopped = list(evening.fleet.stops)
    idle_until(evening, 90 * MINUTE_MS)

    assert stopped == []
    assert any("nobody could be warned, or I was away; it is announced anew." in said for said in posts(evening))
    assert any(said.startswith("At 20:") and "I stop *train-7*" in said for said in posts(evening))
    assert "Nothing was stopped at 19:00 UTC: nobody could be warned in time." in posts(evening)
    assert [name for name, _ in evening.fleet.stops] == ["train-7"]


@pytest.mark.slow
def test_nothing_is_stopped_in_an_archived_channel_until_it_can_be_announced_there(evening):
    channel = evening.slack.channel(WHERE)
    evening.slack._put_channel(replace(channel, is_archived=True))
    idle_until(evening, 2 * HOUR_MS)
    assert evening.fleet.stops == []
    assert len(stored_outbox.dead(evening.valet.ctx.store.reading())) < 3, "it is not announced over and over"

    evening.slack._put_channel(channel)
    evening.types("bob", "/gpu undelivered")
    evening.presses("bob", "Try again")
    idle_until(evening, 40 * MINUTE_MS)

    assert [name for name, _ in evening.fleet.stops] == ["train-7"]
