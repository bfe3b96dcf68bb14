"""`/cost rent-or-buy` as a message: the conclusion, each choice, what hangs on what, and where the figures are from."""

from collections.abc import Sequence
from datetime import date
from html import unescape

from bot.domain.money.ownership import HOURS_PER_MONTH, CostPart
from bot.domain.money.rates import MICROS_PER_USD
from bot.domain.money.rent_or_buy import ENOUGH_DAYS, Advice, OtherUse, PurchaseChoice, RentOrBuyAnswer, Swing
from bot.domain.money.scope import Scope
from handlers import ids
from handlers.blocks.parts import Block, Reply, actions, button, context, cut, handed_over, lines, section
from handlers.blocks.words import esc, per_hour, plural, usd

SHOWN_USES = 6
SHOWN_TYPES = 5
UPKEEP_SETTINGS = {
    "power": "power (`owned.usd_per_kwh` and watts)",
    "hosting": "hosting (`owned.hosting_usd_per_month`)",
    "staff": "staff (`owned.staff_usd_per_month`)",
}
USUAL_RATES = 0.10, 0.15
"""Discount rates most companies reckon with."""


def weighed(told: RentOrBuyAnswer, figures: str = "") -> Reply:
    """One type in full, or several in a line each; `figures` are those that were given, for its buttons."""
    if len(told.answers) == 1 and not told.unknown:
        return _one(told.answers[0], figures)
    return _several(told, figures)


def as_csv(day: date, content: str) -> Reply:
    """Told beside the file."""
    return handed_over(f"valet-rent-or-buy-{day}.csv", content)


def _csv(scope: Scope, kind: str, figures: str) -> Block:
    return button("As CSV", ids.RENT_OR_BUY_CSV, cut(f"{scope.text}|{kind}|{figures}", 2_000))


def _several(told: RentOrBuyAnswer, figures: str) -> Reply:
    name = esc(told.scope.label or told.scope.key, 60) or "All"
    others = len(told.unknown)
    left = f"; {plural(others, 'type')} could not be weighed" if others else ""
    conclusion = f"{name}: {_sum_of(told.answers)}{left}."
    shown = [conclusion_of(each) for each in told.answers[:SHOWN_TYPES]]
    blocks = [section(f"*{conclusion}*"), section(lines(shown))]
    offers = [
        button(f"Weigh {each.type}", f"{ids.RENT_OR_BUY}:{number}", cut(f"{told.scope.text}|{each.type}", 2_000))
        for number, each in enumerate(told.answers[:SHOWN_TYPES])
    ]
    blocks.append(actions(*offers, _csv(told.scope, "", figures)))
    left_out = _left_out(told)
    if left_out:
        blocks.append(context(left_out))
    return Reply(cut(lines([conclusion, *shown]), 3_900), blocks)


def _sum_of(answers: Sequence[Advice]) -> str:
    if any(each.too_early for each in answers):
        return f"too early to say whether to buy, with less than {ENOUGH_DAYS} days measured"
    gains = sum(max(0, each.saving) for each in answers)
    return f"buying would save {_round(gains)} as worth today" if gains else "keep renting"


def _left_out(told: RentOrBuyAnswer) -> str:
    if not told.unknown:
        return ""
    why = f"Not weighed, as no price to buy is known: {_listed(told.unknown)}."
    return f"{why} Try `rent-or-buy {esc(told.unknown[0], 40)} price:150000`."


def _listed(kinds: Sequence[str]) -> str:
    more = f" and {len(kinds) - SHOWN_TYPES} more" if len(kinds) > SHOWN_TYPES else ""
    return ", ".join(esc(each, 40) for each in kinds[:SHOWN_TYPES]) + more


def _one(told: Advice, figures: str) -> Reply:
    conclusion = conclusion_of(told)
    blocks: list[Block] = [
        section(conclusion if told.too_early else f"*{conclusion}*"),
        section(lines(_choices(told))),
        _chart(told),
        _swings(told),
        section(lines(["*Taken as*", *_taken(told)])),
    ]
    notes = _notes(told)
    if notes:
        blocks.append(context(lines(notes)))
    blocks.append(actions(_csv(told.scope, told.type, figures)))
    return Reply(cut(lines([conclusion, *_choices(told)]), 3_900), blocks)


def plainly_said(told: Advice) -> list[str]:
    """The same as lines, for a terminal."""
    swings = [f"  {what:<32} {low:>14} {high:>14}" for what, low, high in map(_swing, told.swings)]
    head = f"What buying {told.weighed.servers} saves if a figure is lower or higher:"
    said = [conclusion_of(told), *_choices(told), head, *swings, *_taken(told), *_notes(told)]
    return [unescape(line) for line in said if line]


def conclusion_of(told: Advice) -> str:
    """What to do, and what it is worth."""
    kind, years = esc(told.type, 40), _years(told)
    if told.scope.kind in {"team", "instance"}:
        kind = f"{kind} ({esc(told.scope.label or told.scope.key, 60)})"
    if not told.best.servers:
        return f"{kind}: keep renting. Buying one would cost {_round(-told.saving)} more over {years}."
    rest = "" if told.best.servers == told.everything.servers else " and rent the peaks"
    servers = plural(told.best.servers, "server")
    if told.too_early:
        measured = plural(told.used.days or 0, "day")
        would = f"buying {servers}{rest} would save {_round(told.saving)} over {years}, as worth today"
        return f"{kind}: too early to say. If all went on as in the {measured} measured, {would}."
    return f"{kind}: buy {servers}{rest}. It saves {_round(told.saving)} over {years}, as worth today."


def _choices(told: Advice) -> list[str]:
    rate = f"{float(told.terms.yearly_rate) * 100:g} %"
    rows = [f"Net present value over {_years(told)} at {rate} a year:", f"rent all: {_npv(told.rent)}"]
    weighed = told.weighed
    if weighed.servers != told.everything.servers:
        rows.append(f"buy {weighed.servers}, rent the rest: {_npv(weighed)}{_return(told)}")
    if told.everything.servers:
        last = "" if weighed.servers != told.everything.servers else _return(told)
        rows.append(f"buy {told.everything.servers}, rent nothing: {_npv(told.everything)}{last}")
    return [*rows, _pays(told), _parked(told), _recent(told)]


def _return(told: Advice) -> str:
    if told.payback is None:
        return f"; not paid back within {_years(told)}"
    later = f" (discounted: month {told.discounted_payback})" if told.discounted_payback else ""
    irr = "" if told.irr is None else f", return {_percent(told.irr)} a year (IRR)"
    return f"; paid back in month {told.payback}{later}{irr}"


def _pays(told: Advice) -> str:
    uses = [f"{_nth(number)} {_percent(use)}" for number, use in enumerate(told.uses[:SHOWN_USES], 1)]
    used = f"Use of each, if bought: {', '.join(uses)}." if told.used.peak else ""
    if told.break_even > 1:
        return f"At these figures a bought server would not pay even if it worked all the time. {used}"
    hours = round(told.break_even * HOURS_PER_MONTH)
    return f"A bought server pays from {_percent(told.break_even)} use on ({hours} h a month). {used}"


def _nth(number: int) -> str:
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"


def _chart(told: Advice) -> Block:
    labels = [str(month) for month, _, _ in told.paid]
    rent, buy = (
        [{"label": str(row[0]), "value": round(row[column] / MICROS_PER_USD)} for row in told.paid] for column in (1, 2)
    )
    return {
        "type": "data_visualization",
        "title": "Paid so far, discounted, USD",
        "chart": {
            "type": "line",
            "series": [
                {"name": "rent all", "data": rent},
                {"name": cut(f"buy {told.weighed.servers}", 20), "data": buy},
            ],
            "axis_config": {"categories": labels, "x_label": "month", "y_label": "USD"},
        },
    }


def _swings(told: Advice) -> Block:
    head = [f"What buying {told.weighed.servers} saves", "if lower", "if higher"]
    rows = [head, *(_swing(each) for each in told.swings)]
    return {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in rows],
        "column_settings": [{"align": "left"}, {"align": "right"}, {"align": "right"}],
    }


def _swing(swing: Swing) -> list[str]:
    return [f"{swing.what} ({swing.low_label}, {swing.high_label})", _round(swing.low), _round(swing.high)]


def _taken(told: Advice) -> list[str]:
    used, terms, kept = told.used, told.terms, told.kept
    hours = f"{used.hours_per_month:,.0f} h a month, up to {used.peak} at once"
    measured = "as asked" if used.days is None else f"measured over {plural(used.days, 'day')}"
    left = f", worth {float(terms.residual_percent):g} % of it after {_years(told)}" if terms.residual_percent else ""
    stands = f"; one stands for {terms.replaces} instances" if terms.replaces > 1 else ""
    upkeep = "; ".join(_upkeep(part) for part in kept.parts)
    tax = f", tax {float(terms.tax) * 100:g} %" if terms.tax else ", before tax"
    return [
        f"Use: {hours}, {measured}.",
        f"Renting: {per_hour(terms.rent_micros_per_hour)} ({esc(used.rent_source, 120)}).",
        f"Buying: {_round(terms.price_micros)} a server ({esc(kept.price_source, 120)}){left}{stands}{tax}.",
        f"Keeping one, a month: {upkeep}." if upkeep else "",
    ]


def _upkeep(part: CostPart) -> str:
    how = f" ({esc(part.how, 200)})" if part.name == "power" else ""
    return f"{part.name} {_round(part.micros_per_hour * HOURS_PER_MONTH)}{how}"


def _turns(told: Advice) -> str:
    """The figures that would turn the answer around."""
    turned = []
    for swing in told.swings:
        for label, saving in ((swing.low_label, swing.low), (swing.high_label, swing.high)):
            if (saving > 0) != (told.saving > 0):
                turned.append(f"{swing.what} {label}")
    return f"The answer turns around with: {', '.join(turned)}." if turned else ""


def _parked(told: Advice) -> str:
    """Hours that nobody needs are no reason to buy."""
    if told.parked is None:
        return ""
    run, left = told.used.hours_per_month, told.parked.hours_per_month
    idle = f"In {run - left:,.0f} of the {run:,.0f} h a month the machines ran idle."
    return f"{idle} Stopped when idle, they would run {left:,.0f} h, and {_would(told, told.parked)}."


def _recent(told: Advice) -> str:
    """What began or ended lately is seen here first."""
    if told.recent is None:
        return ""
    rate = f"{told.recent.hours_per_month:,.0f} h a month"
    return f"In the last {ENOUGH_DAYS} days alone: {rate}. If it went on so, {_would(told, told.recent)}."


def _would(told: Advice, then: OtherUse) -> str:
    worth = f"save {_round(then.saving)}" if then.saving > 0 else f"cost {_round(-then.saving)} more than renting"
    return f"buying {told.weighed.servers} would {worth}"


def _notes(told: Advice) -> list[str]:
    turns = _turns(told)
    notes = [turns] if turns else []
    if told.kept.missing:
        missing = ", ".join(UPKEEP_SETTINGS[name] for name in told.kept.missing)
        notes.append(f"Left out, as not set: {missing}. So buying looks better here than it is.")
    if told.used.days is not None and told.used.days < ENOUGH_DAYS:
        notes.append(f"Only {plural(told.used.days, 'day')} of use are measured: an early estimate.")
    if not USUAL_RATES[0] <= told.terms.yearly_rate <= USUAL_RATES[1]:
        notes.append("10 to 15 % a year is the usual discount rate.")
    return notes


def _years(told: Advice) -> str:
    years, months = divmod(told.terms.life_months, 12)
    whole = plural(years, "year")
    return f"{whole} and {plural(months, 'month')}" if months else whole


def _npv(choice: PurchaseChoice) -> str:
    return _round(choice.npv)


def _round(micros: int) -> str:
    return usd(micros, cents=False)


def _percent(share: float) -> str:
    return f"{share * 100:,.0f} %"
