"""`/cost forecast accuracy` as a message: how good our forecasts were, held against what came."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain.clock import DAY_MS
from bot.domain.money.accuracy import ForecastRecord, Horizon, RangeRecord
from bot.domain.money.scope import Scope
from handlers.blocks.parts import Block, Reply, context, cut, lines, section
from handlers.blocks.words import esc, plural

HORIZON_NAMES: dict[Horizon, str] = {
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "month": "month, 10 days or more ahead",
}


def accuracy(
    scope: Scope,
    records: Sequence[ForecastRecord],
    teams: Sequence[ForecastRecord],
    first_made: int | None,
    own: Sequence[int] = (),
) -> Reply:
    """The whole record."""
    conclusion = _accuracy_conclusion(scope, records, first_made)
    blocks: list[Block] = [section(f"*{conclusion}*")]
    scored = [record for record in records if record.scored]
    if scored:
        blocks.append(section(lines([f"*{_of(scope)}*", *map(_row, scored)])))
    if any(each.scored for each in teams):
        blocks.append(
            section(lines(["*All teams' forecasts together*", *(_row(each) for each in teams if each.scored)]))
        )
    blocks.append(context(_accuracy_small_print(scored, own)))
    return Reply(cut(conclusion, 3_900), blocks)


def _of(scope: Scope) -> str:
    return "Everything" if scope.kind == "total" else esc(scope.label or scope.key, 60)


def _accuracy_conclusion(scope: Scope, records: Sequence[ForecastRecord], first_made: int | None) -> str:
    months = next((record for record in records if record.horizon == "30d" and record.scored), None)
    shown = months or next((each for each in records if each.scored), None)
    if shown is None:
        about = "everything" if scope.kind == "total" else _of(scope)
        return f"No forecast of {about} can be scored yet.{_first(first_made)}"
    few = " Few yet, so take it as a hint." if shown.is_few else ""
    return f"Our forecasts of {HORIZON_NAMES[shown.horizon]}: {_told(shown)}.{few}"


def _first(first_made: int | None) -> str:
    if first_made is None:
        return " The first is made within the hour; one a day is kept."
    over = datetime.fromtimestamp((first_made + 7 * DAY_MS) / 1000, UTC)
    return f" The first is of 7 days, and they are over on {over.day} {over:%b}."


def _row(record: ForecastRecord) -> str:
    few = " (few)" if record.is_few else ""
    return f"{HORIZON_NAMES[record.horizon]}: {_told(record)}{_range('95 %', record.in95)}{_lean(record)}{few}"


def _told(record: ForecastRecord) -> str:
    error = "" if record.median_error is None else f", median error {_percent(record.median_error)}"
    return f"{plural(record.scored, 'forecast')} scored{error}{_range('80 %', record.in80)}"


def _range(name: str, held: RangeRecord) -> str:
    return f", {name} range right {held.right} of {held.of}" if held.of else ""


def _lean(record: ForecastRecord) -> str:
    if record.lean is None or abs(record.lean) < 0.005:
        return ""
    return f", mostly {_percent(abs(record.lean))} too {'high' if record.lean > 0 else 'low'}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.095 else f"{share * 100:.1f} %"


def _accuracy_small_print(scored: Sequence[ForecastRecord], own: Sequence[int]) -> str:
    said = ["One forecast a day is kept and compared with our ledger once its days are over."]
    if scored:
        said.append("Forecasts made day after day share most of their days, so count them for less.")
        said.append("Days on which nobody looked are left out.")
    if own:
        days = " and ".join(str(each) for each in own)
        said.append(f"Ranges of {days} days follow from this record, not from the table Valet came with.")
    return " ".join(said)
