"""`/cost savings` as a message: what was saved, by what, and what would have been otherwise."""

from collections.abc import Sequence

from bot.domain.clock import HOUR_MS
from bot.domain.money.savings import Saved, SavingKind, Savings
from handlers.blocks.money.charts import bar_chart
from handlers.blocks.money.prices import committed
from handlers.blocks.money.reports import HOW, REPORT_PAGE
from handlers.blocks.parts import Block, Reply, actions, button, cut_mrkdwn, handed_over, lines, plainly, section
from handlers.blocks.silence import not_worked_out
from handlers.blocks.tables import Cell, Figure, table, usd_figure
from handlers.blocks.words import about, days, days_in, esc, length, per_hour, roughly

# Messages that stand in Slack carry these, so their text never changes.
SAVINGS_BUTTON = "savings"
SAVINGS_CSV_BUTTON = "savings_csv"
SAVINGS_HOW_BUTTON = "savings_how"

SHOWN_SAVINGS = 20
SHOWN_RULES = 8
MUCH = 0.2
"""So much of a sum has to be at inexact rates before it says "about"."""
SAVED_HOW: dict[SavingKind, str] = {
    "stopped": "stopped",
    "released": "given back early, stopped",
    "shared": "shared instead",
}
"""What saved it, as a column and a chart have it."""


def savings(all_saved: Savings) -> Reply:
    """The whole answer."""
    said = [_conclusion(all_saved), _still(all_saved)]
    blocks: list[Block] = [section(lines([f"*{said[0]}*", said[1]]))]
    if all_saved.silent:
        blocks.append(section(lines(not_worked_out(all_saved.silent, all_saved.made_at))))
    if all_saved.found:
        blocks += [*_chart(all_saved), *_table(all_saved)]
    how = button(HOW, SAVINGS_HOW_BUTTON, _days(all_saved))
    blocks.append(actions(_other(all_saved), how, *_csv(all_saved)))
    return Reply(cut_mrkdwn(" ".join(part for part in said if part), 3_900), blocks)


def _conclusion(savings: Savings) -> str:
    so_far = " so far" if savings.first <= savings.today <= savings.last else ""
    if not savings.found:
        return f"{_period(savings)}: nothing saved{so_far} that can be shown."
    return f"{_period(savings)}: {_about(savings.found)}{roughly(savings.micros)} saved{so_far}."


def _still(savings: Savings) -> str:
    """What could be saved yet."""
    if not savings.wasted_micros_per_hour:
        return ""
    rate = f"{about(exact=savings.wasted_exact)}{per_hour(savings.wasted_micros_per_hour)}"
    return f"Not saved yet: {rate} idle now."


def _about(found: Sequence[Saved]) -> str:
    inexact = sum(saved.micros for saved in found if not saved.exact)
    return about(exact=inexact <= MUCH * sum(saved.micros for saved in found))


def _period(savings: Savings) -> str:
    return days(savings.first, savings.last, savings.today)


def _days(savings: Savings) -> str:
    return f"{savings.first}|{savings.last}"


def _is_year(savings: Savings) -> bool:
    return savings.first.month != savings.last.month


def _chart(savings: Savings) -> list[Block]:
    """By what saved it."""
    sums = {how: sum(each.micros for each in savings.found if each.kind == kind) for kind, how in SAVED_HOW.items()}
    labels = [how for how, micros in sums.items() if micros]
    return bar_chart(f"Saved, {_period(savings)}, USD", labels, {"USD": [sums[how] for how in labels]}, x_label="how")


def _table(savings: Savings) -> list[Block]:
    rows: list[list[Cell]] = [_row(saved) for saved in savings.found[:SHOWN_SAVINGS]]
    rest = savings.found[SHOWN_SAVINGS:]
    if rest:
        amount = usd_figure(sum(each.micros for each in rest), exact=not _about(rest))
        rows.append([f"{len(rest)} smaller ones", amount, "", ""])
    return table(f"Saved, {_period(savings)}", ("Machine", "Saved", "Off for", "How"), rows, page=REPORT_PAGE)


def _row(saved: Saved) -> list[Cell]:
    off = Figure(round(saved.saved_ms / HOUR_MS, 2), length(saved.saved_ms))
    return [esc(saved.name, 60), usd_figure(saved.micros, exact=saved.exact), off, SAVED_HOW[saved.kind]]


def savings_counted(savings: Savings) -> Reply:
    """[How this is counted]: the rule of each kind once, and what is no saving."""
    rules = dict.fromkeys(saved.counterfactual for saved in savings.found)
    said = [
        f"*{_period(savings)}*",
        "Worked out from our ledger up to the last whole hour.",
        "Each hour of a machine counts once, and never for more than it would have cost.",
        *(f"\u2022  {esc(rule, 300)}" for rule in list(rules)[:SHOWN_RULES]),
        _unsaved(savings),
        *committed(savings.commitments),
        f"{days_in(savings.timezone, savings.first, savings.last)}",
    ]
    return plainly(lines(said))


def _unsaved(savings: Savings) -> str:
    """What idles now: what a stop would save, and what it would not."""
    said = ["What idles now is no saving yet."] if savings.wasted_micros_per_hour else []
    if savings.anyway_micros_per_hour:
        rate = f"{about(exact=savings.wasted_exact)}{per_hour(savings.anyway_micros_per_hour)}"
        said.append(f"{rate} idles on machines that are paid whether they run or not: a stop would save nothing.")
    return " ".join(said) or "No rented machine is idle right now."


def _csv(savings: Savings) -> list[Block]:
    return [button("As CSV", SAVINGS_CSV_BUTTON, _days(savings))] if savings.found else []


def as_csv(savings: Savings, content: str) -> Reply:
    """Told beside the file."""
    name = f"valet-savings-{savings.first}-to-{min(savings.last, savings.today)}.csv"
    return handed_over(name, content, *not_worked_out(savings.silent, savings.made_at))


def _other(savings: Savings) -> Block:
    if _is_year(savings):
        return button("This month", f"{SAVINGS_BUTTON}:month", "month")
    return button(f"All of {savings.first:%Y}", f"{SAVINGS_BUTTON}:year", f"{savings.first:%Y}")
