"""Which folders under an Athena table hold the same charges: a table over a whole export has every delivery in it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from bot.billing.deliveries import RUN
from bot.billing.focus_query import Query, literal
from bot.billing.overlap import NEARLY
from bot.errors import Refused

PATH = '"$path"'
"""Athena's column with the file of a row; views have none."""
FOLDER = f"regexp_extract({PATH}, '^(.*)/[^/]*$', 1)"


@dataclass(frozen=True, slots=True)
class _Held:
    """What one folder has of one account in one month."""

    charges: int
    first: str
    last: str
    """Days."""


@dataclass(slots=True)
class Deliveries:
    """Folders that don't count, with the months they don't count for; and what to say."""

    without: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    notes: list[str] = field(default_factory=list)

    def counted(self, query: Query) -> str:
        """The rows that count, as a condition."""
        parts = []
        for folder, months in sorted(self.without.items()):
            some = ", ".join(literal(each) for each in sorted(months))
            parts.append(f"({FOLDER} = {literal(folder)} AND {query.period()} IN ({some}))")
        return f"NOT coalesce({' OR '.join(parts)}, FALSE)"  # a month that can't be read is a hole, not left out


def question(query: Query, relation: str, counted: str) -> str:
    """What is where: month, folder, account, charges, first and last day. It reads few columns."""
    period, day = query.period(), query.day()
    told = f"{period} AS period, {FOLDER} AS folder, coalesce({query.account()}, '') AS account"
    return (
        f"SELECT period, folder, account, count(*), min(day), max(day) FROM (SELECT {told}, {day} AS day "
        f"FROM {relation} WHERE {counted}) "
        "WHERE period IS NOT NULL AND day IS NOT NULL GROUP BY period, folder, account"
    )


def newest(rows: Iterable[Sequence[Any]]) -> Deliveries:
    """Of deliveries of the same charges the newest that is whole. Raises Refused, with both names, where none tells."""
    months: dict[str, dict[str, dict[str, _Held]]] = defaultdict(lambda: defaultdict(dict))
    for period, folder, account, charges, first, last in rows:
        months[period][folder or ""][account] = _Held(int(charges), first, last)
    found = Deliveries()
    for period, folders in sorted(months.items()):
        for one, two in combinations(sorted(folders), 2):
            if _touches(folders[one], folders[two]):
                _decide(found, period, folders, one, two)
    return found


def _touches(one: Mapping[str, _Held], two: Mapping[str, _Held]) -> bool:
    """Whether both have charges of an account on the same days."""
    return any(one[each].first <= two[each].last and two[each].first <= one[each].last for each in one.keys() & two)


def _decide(found: Deliveries, period: str, folders: Mapping[str, Mapping[str, _Held]], one: str, two: str) -> None:
    (place, _, older), (other, _, newer) = one.rpartition("/"), two.rpartition("/")
    if place != other or not (RUN.fullmatch(older) and RUN.fullmatch(newer)):
        raise Refused(
            f"{one} and {two} both hold {period} of the same accounts, and nothing tells which counts. "
            "Let the table lie over one of them. Nothing was taken from the export."
        )
    if period in found.without[one] or period in found.without[two]:
        return
    if _is_whole(folders[two], folders[one]):
        found.without[one].add(period)
    else:
        found.without[two].add(period)
        found.notes.append(f"The delivery {newer} of {period} is still arriving: {older} is read.")


def _is_whole(newer: Mapping[str, _Held], older: Mapping[str, _Held]) -> bool:
    return all(
        each in newer and newer[each].last >= older[each].last and newer[each].charges >= NEARLY * older[each].charges
        for each in older
    )
