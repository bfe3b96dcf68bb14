"""Who held the machines of the made-up company, and when: claims that fit what the machines did."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.sandbox.slack.people import ADA, BOB, CY

TEAMS = {ADA: "nlp", BOB: "platform", CY: "vision"}
DEMO_HOLDERS = {
    "train-7": (ADA, "distillation"),
    "train-3": (BOB, "pretraining, run 12"),
    "train-9": (CY, "vision backbone"),
    "nb-2": (CY, "error analysis"),
    "nb-5": (CY, "label checks"),
    "eval-2": (ADA, "evaluation"),
    "dgx-1": (ADA, "fine-tune"),
    "dgx-2": (CY, "ablations"),
}
"""By machine, who works on it and on what."""
HELD_ON = {"train-3": 30 * HOUR_MS, "train-9": 9 * HOUR_MS, "dgx-2": 5 * HOUR_MS, "dgx-1": 8 * HOUR_MS}
"""By machine, how long after the beginning the claim of whoever works there ends. Others have let theirs end."""
LET_END = 2 * HOUR_MS
"""So long before the beginning the claim ended on what is still worked on."""
LONGEST_SPELL_MS = 6 * DAY_MS
SHORTEST = HOUR_MS // 2
PAUSE = 3 * HOUR_MS
"""Who comes back within that has not released it."""


@dataclass(frozen=True, slots=True)
class Spell:
    """A claim on a whole machine: from when, until when it was to last, and when it ended, if it has."""

    holder: str
    note: str
    from_at: int
    until_at: int
    ended_at: int | None = None
    is_released: bool = False
    """Its holder gave it back; else its time was over."""

    def covers(self, start: int) -> bool:
        """Whether it was held at that moment."""
        return self.from_at <= start and (self.ended_at is None or start < self.ended_at)


def spells_of(name: str, worked: Iterable[tuple[int, int]], began: int) -> Iterator[Spell]:
    """The claims on a machine, oldest first; `worked` are the spans within clock hours in which it was worked on."""
    if name not in DEMO_HOLDERS:
        return
    holder, note = DEMO_HOLDERS[name]
    joined = _joined(worked)
    for start, end in joined:
        goes_on = (start, end) == joined[-1] and end + HOUR_MS > began
        if goes_on and name in HELD_ON:
            yield Spell(holder, note, start, began + HELD_ON[name])
        elif goes_on:
            ended = began // HOUR_MS * HOUR_MS - LET_END
            if ended > start:
                yield Spell(holder, note, start, ended, ended)
        else:
            yield Spell(holder, note, start, start + LONGEST_SPELL_MS, end, is_released=True)


def _joined(worked: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans with short pauses between them are one, up to the longest claim."""
    joined: list[tuple[int, int]] = []
    for start, end in worked:
        if joined and start - joined[-1][1] < PAUSE and end - joined[-1][0] <= LONGEST_SPELL_MS:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [span for span in joined if span[1] - span[0] >= SHORTEST]
