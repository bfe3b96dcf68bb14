"""`/cost forecast accuracy` as a message: how far off our forecasts were, and how often their ranges held."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain.clock import DAY
from bot.domain.money.accuracy import Held, Horizon, Record
from bot.domain.money.report import Scope
from handlers.blocks.parts import Block, Reply, context, cut, lines, section
from handlers.blocks.words import esc, plural

NAMES: dict[Horizon, str] = {
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "month": "month, 10 days or more ahead",
}


def accuracy(
    scope: Scope, records: Sequence[Record], teams: Sequence[Record], first_made: int | None, own: Sequence[int] = ()
) -> Reply:
    """The whole record."""
    conclusion = _conclusion(scope, records, first_made)
    blocks: list[Block] = [section(f"*{conclusion}*")]
    scored = [each for each in records if each.scored]
    if scored:
        blocks.append(section(lines([f"*{_of(scope)}*", *map(_row, scored)])))
    if any(each.scored for each in teams):
        blocks.append(
            section(lines(["*All teams' forecasts together*", *(_row(each) for each in teams if each.scored)]))
        )
    blocks.append(context(_small_print(scored, own)))
    return Reply(cut(conclusion, 3_900), blocks)


def _of(scope: Scope) -> str:
    return "Everything" if scope.kind == "total" else esc(scope.label or scope.key, 60)


def _conclusion(scope: Scope, records: Sequence[Record], first_made: int | None) -> str:
    months = next((each for each in records if each.horizon == "30d" and each.scored), None)
    shown = months or next((each for each in records if each.scored), None)
    if shown is None:
        about = "everything" if scope.kind == "total" else _of(scope)
        return f"No forecast of {about} can be scored yet.{_first(first_made)}"
    few = " Few yet, so take it as a hint." if shown.is_few else ""
    return f"Our forecasts of {NAMES[shown.horizon]}: {_told(shown)}.{few}"


def _first(first_made: int | None) -> str:
    if first_made is None:
        return " The first is made within the hour; one a day is kept."
    over = datetime.fromtimestamp((first_made + 7 * DAY) / 1000, UTC)
    return f" The first is of 7 days, and they are over on {over.day} {over:%b}."


def _row(each: Record) -> str:
    few = " (few)" if each.is_few else ""
    return f"{NAMES[each.horizon]}: {_told(each)}{_range('95 %', each.in95)}{_lean(each)}{few}"


def _told(each: Record) -> str:
    error = "" if each.median_error is None else f", median error {_percent(each.median_error)}"
    return f"{plural(each.scored, 'forecast')} scored{error}{_range('80 %', each.in80)}"


def _range(name: str, held: Held) -> str:
    return f", {name} range right {held.right} of {held.of}" if held.of else ""


def _lean(each: Record) -> str:
    if each.lean is None or abs(each.lean) < 0.005:
        return ""
    return f", mostly {_percent(abs(each.lean))} too {'high' if each.lean > 0 else 'low'}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.095 else f"{share * 100:.1f} %"


def _small_print(scored: Sequence[Record], own: Sequence[int]) -> str:
    said = ["One forecast a day is kept and compared with our ledger once its days are over."]
    if scored:
        said.append("Forecasts of days on end share most of their days, so they tell less than their number.")
        said.append("Days on which nobody looked are left out.")
    if own:
        days = " and ".join(str(each) for each in own)
        said.append(f"Ranges of {days} days follow from this record, not from the table Valet came with.")
    return " ".join(said)
