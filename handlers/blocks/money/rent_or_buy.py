"""`/cost rent-or-buy` as a message: the conclusion, each choice, what hangs on what, and where the figures are from."""

from collections.abc import Sequence
from datetime import date
from html import unescape

from bot.domain.money.ownership import HOURS_PER_MONTH, CostPart
from bot.domain.money.rates import MICROS_PER_USD
from bot.domain.money.rent_or_buy import ENOUGH_DAYS, Advice, OtherUse, PurchaseChoice, RentOrBuyAnswer, Swing
from bot.domain.money.scope import Scope
from handlers.blocks.forms import form_button
from handlers.blocks.money.charts import bar_chart
from handlers.blocks.money.reports import REPORT_PAGE
from handlers.blocks.parts import Block, Reply, actions, button, cut, filled, handed_over, lines, section
from handlers.blocks.tables import Cell, Figure, table, usd_figure
from handlers.blocks.words import esc, per_hour, plural, usd

# Messages that stand in Slack carry these, so their text never changes.
RENT_OR_BUY_BUTTON = "rent_or_buy"
RENT_OR_BUY_CSV_BUTTON = "rent_or_buy_csv"
RENT_OR_BUY_DETAILS_BUTTON = "rent_or_buy_how"

SHOWN_USES = 6
SHOWN_TYPES = 5
SHOWN_LEFT = 3
TYPE_ROWS = 20
UPKEEP_SETTINGS = {
    "power": "power (`owned.usd_per_kwh` and watts)",
    "hosting": "hosting (`owned.hosting_usd_per_month`)",
    "staff": "staff (`owned.staff_usd_per_month`)",
}
USUAL_RATES = 0.10, 0.15
"""Discount rates most companies reckon with."""


def weighed(answer: RentOrBuyAnswer, figures: str = "") -> Reply:
    """One type in full, or several in a line each; `figures` are those that were given, for its buttons."""
    if len(answer.answers) == 1 and not answer.unknown:
        return _one(answer.answers[0], figures)
    return _several(answer, figures)


def as_csv(day: date, content: str) -> Reply:
    """Told beside the file."""
    return handed_over(f"valet-rent-or-buy-{day}.csv", content)


def _csv(scope: Scope, kind: str, figures: str) -> Block:
    return button("As CSV", RENT_OR_BUY_CSV_BUTTON, cut(f"{scope.text}|{kind}|{figures}", 2_000))


def _several(answer: RentOrBuyAnswer, figures: str) -> Reply:
    conclusion = _sum_of(answer)
    rows = [_row(advice) for advice in answer.answers[:TYPE_ROWS]]
    saved = [max(0, each.saving) for each in answer.answers]
    blocks: list[Block] = [section(lines([f"*{conclusion}*", _left_out(answer)]))]
    blocks += bar_chart(
        "What buying would save, USD", [each.type for each in answer.answers], {"USD": saved}, x_label="type"
    )
    blocks += table("Rent or buy by type", ("Type", "Advice", "Saves", "Stopped when idle"), rows, page=REPORT_PAGE)
    offers = [
        button(f"Weigh {each.type}", f"{RENT_OR_BUY_BUTTON}:{number}", cut(f"{answer.scope.text}|{each.type}", 2_000))
        for number, each in enumerate(answer.answers[:SHOWN_TYPES])
    ]
    if answer.unknown:
        offers.append(form_button("Add a price", "rent_or_buy", filled(kind=answer.unknown[0])))
    blocks.append(actions(*offers, _csv(answer.scope, "", figures)))
    shown = [conclusion_of(advice) for advice in answer.answers[:SHOWN_TYPES]]
    return Reply(cut(lines([conclusion, *shown]), 3_900), blocks)


def _row(advice: Advice) -> list[Cell]:
    """What to do with one type, and what that is worth; a cost is no saving."""
    saves: Cell = usd_figure(advice.saving) if advice.best.servers else "nothing"
    parked: Cell = usd_figure(advice.parked.saving) if advice.parked else ""
    if advice.too_early:
        return [esc(advice.type, 40), "too early to say", saves, parked]
    if caveats(advice):
        return [esc(advice.type, 40), "don't buy yet", saves, parked]
    return [esc(advice.type, 40), f"buy {advice.best.servers}" if advice.best.servers else "rent", saves, parked]


def caveats(advice: Advice) -> list[tuple[str, OtherUse]]:
    """What would turn "buy" around: other ways to use the machines, as likely as today's, with what they come to."""
    if not advice.best.servers:
        return []
    ways = (("stopped when idle", advice.parked), (f"as in the last {ENOUGH_DAYS} days", advice.recent))
    return [(way, use) for way, use in ways if use is not None and use.saving <= 0]


def _sum_of(answer: RentOrBuyAnswer) -> str:
    """Only what is advised is in the sum."""
    whose = f"{esc(answer.scope.label or answer.scope.key, 60)}: " if answer.scope.kind != "total" else ""
    said = _advised(answer.answers)
    return f"{whose}{said}" if whose else f"{said[0].upper()}{said[1:]}"


def _advised(answers: Sequence[Advice]) -> str:
    if any(each.too_early for each in answers):
        return f"too early to say whether to buy, with less than {ENOUGH_DAYS} days measured."
    bought = [each for each in answers if each.best.servers and not caveats(each)]
    if not bought:
        return "don't buy yet." if any(caveats(each) for each in answers) else "keep renting."
    servers = plural(sum(each.best.servers for each in bought), "server")
    worth = f"about {_about(sum(each.saving for each in bought))} over {_years(bought[0])} (present value)"
    return f"buying {servers} would save {worth} if use stays as it is."


def _left_out(answer: RentOrBuyAnswer) -> str:
    if not answer.unknown:
        return ""
    have = "1 type has" if len(answer.unknown) == 1 else f"{len(answer.unknown)} types have"
    return f"{have} no price to buy yet: {_listed(answer.unknown)}."


def _listed(kinds: Sequence[str]) -> str:
    more = f" and {len(kinds) - SHOWN_LEFT} more" if len(kinds) > SHOWN_LEFT else ""
    return ", ".join(esc(each, 40) for each in kinds[:SHOWN_LEFT]) + more


def _one(advice: Advice, figures: str) -> Reply:
    conclusion = conclusion_of(advice)
    again = cut(f"{advice.scope.text}|{advice.type}|{figures}", 2_000)
    blocks: list[Block] = [
        section(conclusion if advice.too_early else f"*{conclusion}*"),
        _chart(advice),
        *_swings(advice),
        actions(button("Details", RENT_OR_BUY_DETAILS_BUTTON, again), _csv(advice.scope, advice.type, figures)),
    ]
    return Reply(cut(lines([conclusion, *_choices(advice)]), 3_900), blocks)


def details(answer: RentOrBuyAnswer) -> Reply:
    """[Details]: each choice, what hangs on what, and where the figures are from."""
    advice = answer.answers[0]
    parts = [_choices(advice), ["*Taken as*", *_taken(advice)], _notes(advice)]
    blocks: list[Block] = [section(lines(part)) for part in parts if part]
    return Reply(cut(lines(_choices(advice)), 3_900), blocks)


def plainly_said(advice: Advice) -> list[str]:
    """The same as lines, for a terminal."""
    swings = [f"  {what:<32} {low.text:>14} {high.text:>14}" for what, low, high in map(_swing, advice.swings)]
    head = f"What buying {advice.weighed.servers} saves if a figure is lower or higher:"
    said = [conclusion_of(advice), *_choices(advice), head, *swings, *_taken(advice), *_notes(advice)]
    return [unescape(line) for line in said if line]


def conclusion_of(advice: Advice) -> str:
    """What to do, and what it is worth; what would turn it around comes first."""
    kind, years = esc(advice.type, 40), f"over {_years(advice)} (present value)"
    if advice.scope.kind in {"team", "instance"}:
        kind = f"{kind} ({esc(advice.scope.label or advice.scope.key, 60)})"
    if not advice.best.servers:
        return f"{kind}: keep renting. Buying one would cost about {_about(-advice.saving)} more {years}."
    rest = "" if advice.best.servers == advice.everything.servers else " and rent the peaks"
    servers = plural(advice.best.servers, "server")
    measured = "" if advice.used.days is None else f" {plural(advice.used.days, 'day')} measured."
    if advice.too_early:
        would = f"buying {servers}{rest} would save about {_about(advice.saving)} {years}"
        days = plural(advice.used.days or 0, "day")
        return f"{kind}: too early to say. If all went on as in the {days} measured, {would}."
    turned = caveats(advice)
    if turned:
        why = " and ".join(f"{way}, renting is {_about(-use.saving)} cheaper" for way, use in turned)
        one = f"{kind} server saves" if advice.best.servers == 1 else f"{advice.best.servers} {kind} servers save"
        count = "one " if advice.best.servers == 1 else ""
        return f"Don't buy yet: {why}. At today's use {count}{one} {_about(advice.saving)} {years}.{measured}"
    parked = f" Stopped when idle: {_about(advice.parked.saving)}." if advice.parked else ""
    return f"{kind}: buy {servers}{rest}. It saves about {_about(advice.saving)} {years}.{parked}{measured}"


def _choices(advice: Advice) -> list[str]:
    rate = f"{float(advice.terms.yearly_rate) * 100:g} %"
    rows = [f"Net present value over {_years(advice)} at {rate} a year:", f"rent all: {_npv(advice.rent)}"]
    weighed = advice.weighed
    if weighed.servers != advice.everything.servers:
        rows.append(f"buy {weighed.servers}, rent the rest: {_npv(weighed)}{_return(advice)}")
    if advice.everything.servers:
        last = "" if weighed.servers != advice.everything.servers else _return(advice)
        rows.append(f"buy {advice.everything.servers}, rent nothing: {_npv(advice.everything)}{last}")
    return [*rows, _pays(advice), _parked(advice), _recent(advice)]


def _return(advice: Advice) -> str:
    if advice.payback is None:
        return f"; not paid back within {_years(advice)}"
    later = f" (discounted: month {advice.discounted_payback})" if advice.discounted_payback else ""
    irr = "" if advice.irr is None else f", return {_percent(advice.irr)} a year (IRR)"
    return f"; paid back in month {advice.payback}{later}{irr}"


def _pays(advice: Advice) -> str:
    uses = [f"{_nth(number)} {_percent(use)}" for number, use in enumerate(advice.uses[:SHOWN_USES], 1)]
    used = f"Use of each, if bought: {', '.join(uses)}." if advice.used.peak else ""
    if advice.break_even > 1:
        return f"At these figures a bought server would not pay even if it worked all the time. {used}"
    hours = round(advice.break_even * HOURS_PER_MONTH)
    return f"A bought server pays from {_percent(advice.break_even)} use on ({hours} h a month). {used}"


def _nth(number: int) -> str:
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"


def _chart(advice: Advice) -> Block:
    labels = [str(month) for month, _, _ in advice.paid]
    rent, buy = (
        [{"label": str(row[0]), "value": round(row[column] / MICROS_PER_USD)} for row in advice.paid]
        for column in (1, 2)
    )
    return {
        "type": "data_visualization",
        "title": "Paid so far, discounted, USD",
        "chart": {
            "type": "line",
            "series": [
                {"name": "rent all", "data": rent},
                {"name": cut(f"buy {advice.weighed.servers}", 20), "data": buy},
            ],
            "axis_config": {"categories": labels, "x_label": "month", "y_label": "USD"},
        },
    }


def _swings(advice: Advice) -> list[Block]:
    head = f"What buying {advice.weighed.servers} saves"
    rows = [_swing(swing) for swing in advice.swings]
    return table(f"{head} if a figure is lower or higher", (head, "if lower", "if higher"), rows)


def _swing(swing: Swing) -> tuple[str, Figure, Figure]:
    what = f"{swing.what} ({swing.low_label}, {swing.high_label})"
    return what, usd_figure(swing.low), usd_figure(swing.high)


def _taken(advice: Advice) -> list[str]:
    used, terms, kept = advice.used, advice.terms, advice.kept
    hours = f"{used.hours_per_month:,.0f} h a month, up to {used.peak} at once"
    measured = "as asked" if used.days is None else f"measured over {plural(used.days, 'day')}"
    left = f", worth {float(terms.residual_percent):g} % of it after {_years(advice)}" if terms.residual_percent else ""
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


def _turns(advice: Advice) -> str:
    """The figures that would turn the answer around."""
    turned = []
    for swing in advice.swings:
        for label, saving in ((swing.low_label, swing.low), (swing.high_label, swing.high)):
            if (saving > 0) != (advice.saving > 0):
                turned.append(f"{swing.what} {label}")
    return f"The answer turns around with: {', '.join(turned)}." if turned else ""


def _parked(advice: Advice) -> str:
    """Hours that nobody needs are no reason to buy."""
    if advice.parked is None:
        return ""
    run, left = advice.used.hours_per_month, advice.parked.hours_per_month
    idle = f"In {run - left:,.0f} of the {run:,.0f} h a month the machines ran idle."
    return f"{idle} Stopped when idle, they would run {left:,.0f} h, and {_would(advice, advice.parked)}."


def _recent(advice: Advice) -> str:
    """What began or ended lately is seen here first."""
    if advice.recent is None:
        return ""
    rate = f"{advice.recent.hours_per_month:,.0f} h a month"
    return f"In the last {ENOUGH_DAYS} days alone: {rate}. If it went on so, {_would(advice, advice.recent)}."


def _would(advice: Advice, then: OtherUse) -> str:
    worth = f"save {_round(then.saving)}" if then.saving > 0 else f"cost {_round(-then.saving)} more than renting"
    return f"buying {advice.weighed.servers} would {worth}"


def _notes(advice: Advice) -> list[str]:
    turns = _turns(advice)
    notes = [turns] if turns else []
    if advice.kept.missing:
        missing = ", ".join(UPKEEP_SETTINGS[name] for name in advice.kept.missing)
        notes.append(f"Left out, as not set: {missing}. So buying looks better here than it is.")
    if advice.used.days is not None and advice.used.days < ENOUGH_DAYS:
        notes.append(f"Only {plural(advice.used.days, 'day')} of use are measured: an early estimate.")
    if not USUAL_RATES[0] <= advice.terms.yearly_rate <= USUAL_RATES[1]:
        notes.append("10 to 15 % a year is the usual discount rate.")
    return notes


def _years(advice: Advice) -> str:
    years, months = divmod(advice.terms.life_months, 12)
    whole = plural(years, "year")
    return f"{whole} and {plural(months, 'month')}" if months else whole


def _npv(choice: PurchaseChoice) -> str:
    return _round(choice.npv)


def _about(micros: int) -> str:
    """As rough as it is: whole thousands from two thousand dollars on."""
    thousand = 1_000 * MICROS_PER_USD
    return _round((micros + thousand // 2) // thousand * thousand if micros >= 2 * thousand else micros)


def _round(micros: int) -> str:
    return usd(micros, cents=False)


def _percent(share: float) -> str:
    return f"{share * 100:,.0f} %"
