"""A forecast told apart by team or by machine, and what idle nights cost: tables whose rows add up."""

from collections.abc import Sequence
from typing import Literal

from bot.domain.money.rates import USD
from bot.domain.money.report import NEXT_DAYS, Piece, Report
from handlers import ids
from handlers.blocks.parts import Block, Reply, actions, button, context, cut, plainly, section
from handlers.blocks.words import at, esc, plural, usd

Way = Literal["team", "machine"]
SHOWN_NIGHTS = 12
TO_COME: dict[Way, str] = {"team": "no team", "machine": "machines to come"}


def by(report: Report, way: Way) -> Reply:
    """The month and the next 30 days, told apart."""
    pieces = _pieces(report, way)
    whose = "" if report.scope.kind == "total" else f" of {esc(report.scope.label or report.scope.key, 60)}"
    head = f"{report.today:%B}{whose} by {way}: {usd(report.month.micros, cents=False)} expected."
    if not pieces:
        return plainly(f"{head} There is nothing to tell apart.")
    columns = [
        dollars([piece.charged_micros for piece in pieces]),
        dollars([piece.month_micros for piece in pieces]),
        dollars([piece.next(NEXT_DAYS) for piece in pieces]),
    ]
    names = [_name(piece, way) for piece in pieces]
    rows = [[name, *(f"${amount:,}" for amount in row)] for name, *row in zip(names, *columns, strict=True)]
    total = ["Total", *(f"${sum(column):,}" for column in columns)]
    titles = [way.capitalize(), "Charged", f"{report.today:%B}", f"Next {NEXT_DAYS} days"]
    text = "; ".join(f"{esc(row[0], 60)} {row[2]}" for row in rows)
    blocks = [section(f"*{head}*"), _table([titles, *rows, total]), actions(*_buttons(report, way))]
    return Reply(cut(f"{head} {text}", 3_900), [*blocks, context(_small_print(report, way))])


def dollars(micros: Sequence[int]) -> list[int]:
    """Whole dollars that add up to their sum, each its own amount rounded down or up."""
    floors = [each // USD for each in micros]
    up = (sum(micros) + USD // 2) // USD - sum(floors)
    raised = set(sorted(range(len(micros)), key=lambda n: -(micros[n] % USD))[:up])
    return [floor + (n in raised) for n, floor in enumerate(floors)]


def _name(piece: Piece, way: Way) -> str:
    """As a cell of a table, which is no markup."""
    if piece.count > 1 and way == "machine":
        return f"{piece.count} other machines"
    if piece.count > 1:
        return cut(f"other: {piece.name}" if piece.name else f"{piece.count} other teams", 60)
    return cut(" ".join(piece.name.split()) or TO_COME[way], 60)


def _table(rows: Sequence[Sequence[str]]) -> Block:
    aligned: list[Block] = [{"align": "left"}, *[{"align": "right"}] * (len(rows[0]) - 1)]
    return {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in rows],
        "column_settings": aligned,
    }


def _buttons(report: Report, way: Way) -> list[Block]:
    about = f"{report.scope.kind}|{report.scope.key}"
    others: list[Way] = [each for each in ("team", "machine") if each != way and len(_pieces(report, each)) > 1]
    found = [button(f"By {each}", f"{ids.FORECAST}:{each}", f"{each}|{about}") for each in others]
    return [*found, button("Forecast", f"{ids.FORECAST}:month", f"month|{about}")]


def _pieces(report: Report, way: str) -> Sequence[Piece]:
    return report.by_team if way == "team" else report.by_machine


def _small_print(report: Report, way: Way) -> str:
    said = ["Charged, and what is expected of the rest; each column adds up."]
    if way == "team" and any(piece.count > 1 and piece.name for piece in report.by_team):
        said.append("Other: their use is too uneven to tell of each alone.")
    if way == "machine" and any(not piece.key and piece.count == 1 for piece in report.by_machine):
        said.append("Machines to come: what machines that are gone, or more than one at a time, cost lately.")
    return " ".join([*said, f"Made {at(report.made_at)}."])


def nights(report: Report) -> Reply:
    """What machines cost in nights in which nobody worked on them."""
    found = report.idle_nights
    if not found:
        return plainly("No machine that runs around the clock idled through a whole night of the last four weeks.")
    saved = sum(each.micros for each in found)
    head = f"If idle nights were parked: {usd(-saved, cents=False)} in four weeks."
    amounts = dollars([each.micros for each in found])
    names = [cut(" ".join(each.name.split()) or each.instance_id, 60) for each in found]
    rows = [[name, str(each.nights), f"${cost:,}"] for name, each, cost in zip(names, found, amounts, strict=True)]
    shown, more = rows[:SHOWN_NIGHTS], found[SHOWN_NIGHTS:]
    if more:
        rest = f"${sum(amounts[SHOWN_NIGHTS:]):,}"
        shown.append([f"{len(more)} other machines", str(sum(each.nights for each in more)), rest])
    total = ["Total", str(sum(each.nights for each in found)), f"${sum(amounts):,}"]
    why = (
        "A potential, counted in no forecast: what the ledger has of the last 28 nights (20:00 to 08:00 in "
        f"{esc(report.timezone, 60)}) through which a machine ran and none of its GPUs worked, claimed or not. "
        "Only machines that run around the clock, without exempt and protected ones. Disks go on costing, local "
        "disks are emptied by a stop, and scarce types may take long to start again. On-hours park them: "
        "`hours` under the machine command."
    )
    table = _table([["Machine", "Nights", "Cost"], *shown, total])
    back = button("Forecast", f"{ids.FORECAST}:month", f"month|{report.scope.kind}|{report.scope.key}")
    text = f"{head} {plural(len(found), 'machine')}."
    return Reply(text, [section(f"*{head}*"), table, actions(back), context(why)])
