"""`/cost savings` as a message: what was saved, by what, and what would have been otherwise."""

from bot.domain.money.savings import Saved, SavingKind, Savings
from handlers.blocks.money.prices import committed
from handlers.blocks.parts import Block, Reply, actions, button, context, cut_mrkdwn, handed_over, lines, section
from handlers.blocks.silence import not_worked_out
from handlers.blocks.words import about, days, esc, length, midnight, per_hour, plural, usd

# Messages that stand in Slack carry these, so their text never changes.
SAVINGS_BUTTON = "savings"
SAVINGS_CSV_BUTTON = "savings_csv"

SHOWN_SAVINGS = 5
SAVED_HOW: dict[SavingKind, str] = {
    "stopped": "by stopping machines",
    "released": "by giving machines back before the end of a claim",
    "shared": "by taking what stood free",
}
SAVED_WHY: dict[SavingKind, str] = {
    "stopped": "it was stopped",
    "released": "it was given back early and stopped",
    "shared": "something free was taken instead",
}


def savings(all_saved: Savings) -> Reply:
    """The whole answer."""
    conclusion = _conclusion(all_saved)
    blocks: list[Block] = [section(f"*{conclusion}*")]
    if all_saved.found:
        blocks += [
            section(_by_kind(all_saved)),
            section(lines(["*Most of it*", *(_one(each) for each in _shown(all_saved))])),
        ]
    small = lines([_small_print(all_saved), *committed(all_saved.commitments)])
    if all_saved.silent:
        blocks.append(section(lines(not_worked_out(all_saved.silent, all_saved.made_at))))
    blocks += [context(small), actions(_other(all_saved), *_csv(all_saved))]
    return Reply(cut_mrkdwn(conclusion, 3_900), blocks)


def _conclusion(savings: Savings) -> str:
    so_far = " so far" if savings.first <= savings.today <= savings.last else ""
    if not savings.found:
        return f"{_period(savings)}: nothing saved{so_far} that can be shown."
    return f"{_period(savings)}: {about(exact=savings.exact)}{usd(savings.micros)} saved{so_far}."


def _period(savings: Savings) -> str:
    return days(savings.first, savings.last, savings.today)


def _is_year(savings: Savings) -> bool:
    return savings.first.month != savings.last.month


def _by_kind(savings: Savings) -> str:
    rows = []
    for kind, how in SAVED_HOW.items():
        found = [saved for saved in savings.found if saved.kind == kind]
        if found:
            micros, exact = sum(each.micros for each in found), all(each.exact for each in found)
            rows.append(f"{about(exact=exact)}{usd(micros)} {how} ({plural(len(found), 'time')})")
    return lines(rows)


def _shown(savings: Savings) -> tuple[Saved, ...]:
    return savings.found[:SHOWN_SAVINGS]


def _one(saved: Saved) -> str:
    amount, why = f"{about(exact=saved.exact)}{usd(saved.micros)}", SAVED_WHY[saved.kind]
    spared = f"{amount} for {length(saved.saved_ms)} not run, as {why}"
    return f"{esc(saved.name, 60)}: {spared}. {esc(saved.counterfactual, 300)}"


def _small_print(savings: Savings) -> str:
    rest = len(savings.found) - SHOWN_SAVINGS
    more = f"{plural(rest, 'smaller saving')} not shown. " if rest > 0 else ""
    idle = "No rented machine is seen idle right now."
    if savings.wasted_micros_per_hour:
        amount = f"{about(exact=savings.wasted_exact)}{per_hour(savings.wasted_micros_per_hour)}"
        wasted = f"{amount} of rented machines going unused right now"
        idle = f"Not counted, as nobody has saved it yet: {wasted}."
    if savings.anyway_micros_per_hour:
        anyway = f"{about(exact=savings.wasted_exact)}{per_hour(savings.anyway_micros_per_hour)}"
        some = (
            idle
            if savings.wasted_micros_per_hour
            else "No machine is seen idle right now whose stop would save anything."
        )
        idle = f"{some} Another {anyway} goes unused on machines that are paid whether they run or not."
    return (
        f"{more}Worked out from our ledger up to the last whole hour: each hour of a machine once, and never more than "
        f"it would have cost. {idle}{midnight(savings.timezone, savings.first, savings.last)}"
    )


def _csv(savings: Savings) -> list[Block]:
    return [button("As CSV", SAVINGS_CSV_BUTTON, f"{savings.first}|{savings.last}")] if savings.found else []


def as_csv(savings: Savings, content: str) -> Reply:
    """Told beside the file."""
    name = f"valet-savings-{savings.first}-to-{min(savings.last, savings.today)}.csv"
    return handed_over(name, content, *not_worked_out(savings.silent, savings.made_at))


def _other(savings: Savings) -> Block:
    if _is_year(savings):
        return button("This month", f"{SAVINGS_BUTTON}:month", "month")
    return button(f"All of {savings.first:%Y}", f"{SAVINGS_BUTTON}:year", f"{savings.first:%Y}")
