"""How far ahead a forecast is to tell, as people type it: month, 7d, next 30 days, for a week."""

import re
from itertools import pairwise, zip_longest

from bot.errors import Refused
from handlers.blocks.money.forecast import Period

FORECAST_PERIODS: dict[str, Period] = {"month": "month", "7d": "7d", "30d": "30d", "90d": "90d"}
_ALSO: dict[str, Period] = {
    **FORECAST_PERIODS,
    "7": "7d",
    "30": "30d",
    "90": "90d",
    "week": "7d",
    "quarter": "90d",
    "eom": "month",
}
_NOISE = frozenset(
    {"next", "for", "in", "of", "the", "over", "coming", "within", "please", "until", "till", "end", "rest"}
)
_DAYS = frozenset({"d", "day", "days"})
_LATER = re.compile(r"[+-]?\d+(\.\d+)?[a-z]*|this|next|last|(day|week|month|quarter|year)s?", re.ASCII)


def read_period(words: list[str]) -> tuple[Period | None, list[str]]:
    """The period that words name, and the others as they were typed. Raises Refused for two, or one that is none."""
    for pair in pairwise(word.lower() for word in words):
        if pair in {("next", "month"), ("this", "week"), ("this", "quarter")}:
            raise _no_period(" ".join(pair))
    words = _plain(words)
    named = [word for word in words if word.lower() in _ALSO]
    if len(named) > 1:
        raise Refused(f"Say one period, {' or '.join(named)}.")
    return (_ALSO[named[0].lower()] if named else None), [word for word in words if word not in named]


def _plain(words: list[str]) -> list[str]:
    """Without the words that only lead to a period: "for the next 30 days" is 30d, "this month" is month."""
    plain: list[str] = []
    for word, after in zip_longest(words, words[1:], fillvalue=""):
        if word.lower() in _DAYS and plain and plain[-1].isdecimal():
            plain[-1] += "d"
        elif word.lower() not in _NOISE and (word.lower(), after.lower()) != ("this", "month"):
            plain.append(word)
    return plain


def refuse_period(words: list[str]) -> None:
    """Raises Refused where one of these words was meant for a period."""
    for word in words:
        if _LATER.fullmatch(word.lower()):
            raise _no_period(word)


def _no_period(typed: str) -> Refused:
    return Refused(
        f'"{typed[:40]}" is no period of a forecast, which begins today. '
        f"Say {', '.join(FORECAST_PERIODS)}; month without one."
    )
