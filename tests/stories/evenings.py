"""A team whose machines have on-hours, and the time up to their end."""

from typing import Any

from bot.domain.clock import HOUR_MS, MINUTE_MS
from tests.stories.conftest import SETTINGS, Office

NINE_TO_SEVEN = 10 * HOUR_MS
"""From the beginning of a story, Monday 09:00 UTC, to the end of a window that ends at 19:00."""


def pausing(**rules: Any) -> dict[str, Any]:
    """The settings, with these rules for team nlp."""
    nlp = SETTINGS["teams"]["nlp"] | {"pausing": rules}
    return SETTINGS | {"teams": SETTINGS["teams"] | {"nlp": nlp}}


def idle_until(office: Office, length: int, util: float = 0.0) -> None:
    """Time passes, and train-7's agent reports all along: by quarters of an hour, and in the last one as it is."""
    while length > 0:
        step = min(length, (15 if length > HOUR_MS + 15 * MINUTE_MS else 5) * MINUTE_MS)
        office.clock.forward(step)
        length -= step
        office.reports("train-7", util, minutes=75 if length % HOUR_MS < 5 * MINUTE_MS else step // MINUTE_MS + 1)
        office.tick()
