"""`/cost savings` as a message: what was saved, by what, and what would have been otherwise."""

from bot.domain.money.savings import Saved, SavingKind, Savings
from handlers import ids
from handlers.blocks.money.prices import committed
from handlers.blocks.parts import Block, Reply, actions, button, context, cut_mrkdwn, handed_over, lines, section
from handlers.blocks.silence import not_worked_out
from handlers.blocks.words import about, days, esc, length, midnight, per_hour, plural, usd

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


def savings(told: Savings) -> Reply:
    """The whole answer."""
    conclusion = _conclusion(told)
    blocks: list[Block] = [section(f"*{conclusion}*")]
    if told.found:
        blocks += [section(_by_kind(told)), section(lines(["*Most of it*", *(_one(each) for each in _shown(told))]))]
    small = lines([_small_print(told), *committed(told.commitments)])
    if told.silent:
        blocks.append(section(lines(not_worked_out(told.silent, told.made_at))))
    blocks += [context(small), actions(_other(told), *_csv(told))]
    return Reply(cut_mrkdwn(conclusion, 3_900), blocks)


def _conclusion(told: Savings) -> str:
    so_far = " so far" if told.first <= told.today <= told.last else ""
    if not told.found:
        return f"{_period(told)}: nothing saved{so_far} that can be shown."
    return f"{_period(told)}: {about(exact=told.exact)}{usd(told.micros)} saved{so_far}."


def _period(told: Savings) -> str:
    return days(told.first, told.last, told.today)


def _is_year(told: Savings) -> bool:
    return told.first.month != told.last.month


def _by_kind(told: Savings) -> str:
    rows = []
    for kind, how in SAVED_HOW.items():
        found = [each for each in told.found if each.kind == kind]
        if found:
            micros, exact = sum(each.micros for each in found), all(each.exact for each in found)
            rows.append(f"{about(exact=exact)}{usd(micros)} {how} ({plural(len(found), 'time')})")
    return lines(rows)


def _shown(told: Savings) -> tuple[Saved, ...]:
    return told.found[:SHOWN_SAVINGS]


def _one(each: Saved) -> str:
    spared = (
        f"{about(exact=each.exact)}{usd(each.micros)} for {length(each.saved_ms)} not run, as {SAVED_WHY[each.kind]}"
    )
    return f"{esc(each.name, 60)}: {spared}. {esc(each.counterfactual, 300)}"


def _small_print(told: Savings) -> str:
    rest = len(told.found) - SHOWN_SAVINGS
    more = f"{plural(rest, 'smaller saving')} not shown. " if rest > 0 else ""
    idle = "No rented machine is seen idle right now."
    if told.wasted_micros_per_hour:
        amount = f"{about(exact=told.wasted_exact)}{per_hour(told.wasted_micros_per_hour)}"
        wasted = f"{amount} of rented machines going unused right now"
        idle = f"Not counted, as nobody has saved it yet: {wasted}."
    if told.anyway_micros_per_hour:
        anyway = f"{about(exact=told.wasted_exact)}{per_hour(told.anyway_micros_per_hour)}"
        some = (
            idle if told.wasted_micros_per_hour else "No machine is seen idle right now whose stop would save anything."
        )
        idle = f"{some} Another {anyway} goes unused on machines that are paid whether they run or not."
    return (
        f"{more}Worked out from our ledger up to the last whole hour: each hour of a machine once, and never more than "
        f"it would have cost. {idle}{midnight(told.timezone, told.first, told.last)}"
    )


def _csv(told: Savings) -> list[Block]:
    return [button("As CSV", ids.SAVINGS_CSV, f"{told.first}|{told.last}")] if told.found else []


def as_csv(told: Savings, content: str) -> Reply:
    """Told beside the file."""
    name = f"valet-savings-{told.first}-to-{min(told.last, told.today)}.csv"
    return handed_over(name, content, *not_worked_out(told.silent, told.made_at))


def _other(told: Savings) -> Block:
    if _is_year(told):
        return button("This month", f"{ids.SAVINGS}:month", "month")
    return button(f"All of {told.first:%Y}", f"{ids.SAVINGS}:year", f"{told.first:%Y}")
