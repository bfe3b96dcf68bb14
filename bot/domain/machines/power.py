"""The power floor of a GPU: what it draws when it does nothing, learned from its own quiet minutes.

A GPU that draws clearly more than its floor is doing something, whatever its utilisation says. The floor is a veto on
"idle" and nothing else: a GPU near its floor may work all the same. A context held by a process lifts the floor by tens
of watts, so there is one floor with and one without.
"""

import json
from dataclasses import dataclass, replace

from bot.domain.clock import DAY_MS, MINUTE_MS

FLOOR_RUN_MINUTES = 5
"""Minutes that are averaged; their lowest mean is the floor."""
FLOOR_DAYS = 7
CONTEXT_WATTS = 66.0
"""What a held context adds at most, as measured on L40S, A100 and H100."""

DayLow = tuple[int, float]


@dataclass(frozen=True, slots=True)
class PowerFloor:
    """What is known of one GPU's floor: the lowest five-minute mean of each of the last days, in watts."""

    empty: tuple[DayLow, ...] = ()
    held: tuple[DayLow, ...] = ()
    run: tuple[float, ...] = ()
    """Mean watts of the last quiet minutes in a row, at most RUN - 1."""
    run_held: bool = False
    run_until: int = 0
    """End of the last of them."""

    def watts(self, at: int, *, held: bool) -> float | None:
        """The floor at an instant, with or without a context held; None when it was not learned of late.

        Lows grow old by the clock, not by newer ones: a GPU that never gets near them again must not be held to them.
        """
        lows, day = self.held if held else self.empty, at // DAY_MS
        return min((low for each, low in lows if day - FLOOR_DAYS < each <= day + 1), default=None)

    def near(self, at: int, watts: float, veto_watts: float, *, held: bool) -> bool:
        """It draws no more than doing nothing would explain. False while no floor is known."""
        floor = self.watts(at, held=held)
        if floor is None and held:
            empty = self.watts(at, held=False)
            floor = None if empty is None else empty + CONTEXT_WATTS
        return floor is not None and watts <= floor + veto_watts

    def to_text(self) -> str:
        """For the store."""
        return json.dumps([self.empty, self.held, self.run, self.run_held, self.run_until], separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> "PowerFloor":
        """From the store; nothing is known in an empty text."""
        if not text:
            return cls()
        empty, held, run, run_held, run_until = json.loads(text)
        return cls(_lows(empty), _lows(held), tuple(run), run_held, run_until)


def _lows(found: list[list[float]]) -> tuple[DayLow, ...]:
    return tuple((int(day), low) for day, low in found)


def learn_floor(floor: PowerFloor, at: int, watts: float, *, held: bool) -> PowerFloor:
    """Take in a minute without any work that began at `at`; one from before the last is left out."""
    if at < floor.run_until:
        return floor
    goes_on = at == floor.run_until and held == floor.run_held
    run = (*(floor.run if goes_on else ()), round(watts, 1))
    floor = replace(floor, run=run[-FLOOR_RUN_MINUTES + 1 :], run_held=held, run_until=at + MINUTE_MS)
    if len(run) < FLOOR_RUN_MINUTES:
        return floor
    mean, day = round(sum(run) / FLOOR_RUN_MINUTES, 1), at // DAY_MS
    if held:
        return replace(floor, held=_with(floor.held, day, mean))
    return replace(floor, empty=_with(floor.empty, day, mean))


def _with(lows: tuple[DayLow, ...], day: int, mean: float) -> tuple[DayLow, ...]:
    if any(each == day and low <= mean for each, low in lows):
        return lows
    # Days ahead were written by a clock that has been set back since; they would never grow old.
    kept = [(each, low) for each, low in lows if day - FLOOR_DAYS < each <= day + 1 and each != day]
    return (*kept, (day, mean))
