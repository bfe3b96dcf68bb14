"""`/cost prices` as a message: a GPU model from every side, or what one instance's rate is made of."""

from collections.abc import Iterable

from bot.domain.money.ownership import OwnedCost
from bot.domain.money.price_reads import SpotSpan
from bot.domain.money.pricebook import Discount, Priced
from bot.domain.money.prices import OwnMachine, Paid, PriceComparison, PriceOffer, Quote, RateFigure, TypeFigure
from handlers.blocks.parts import Block, Reply, actions, button, context, cut, lines, section
from handlers.blocks.words import about, at, esc, per_hour, plural, usd

# Messages that stand in Slack carry these, so their text never changes.
PRICES_BUTTON = "prices"
FIGURE_BUTTON = "figure"

SHOWN_PRICES = 10
SUNK = (
    "The purchase is paid, whatever happens next (sunk cost): to choose between this machine and a rented one for the "
    "next job, compare its cash figure; full cost is for budgets and the next purchase."
)
OWNED_SETTINGS = {
    "depreciation": "the purchase (`purchase_usd`)",
    "power": "power (`usd_per_kwh`, and watts measured or set)",
    "hosting": "hosting (`hosting_usd_per_month`)",
    "staff": "staff (`staff_usd_per_month`)",
}


def comparison(told: PriceComparison) -> Reply:
    """One GPU model: what is paid, what owned ones cost, what clouds ask."""
    conclusion = _conclusion(told)
    blocks = [section(f"*{conclusion}*")]
    if told.paid:
        blocks.append(section(lines([f"*Paid in the last {told.days} days*", *map(_paid, told.paid[:SHOWN_PRICES])])))
    if told.owned:
        blocks.append(section(lines(["*Owned*", *map(_owned_one, told.owned[:SHOWN_PRICES])])))
        blocks.append(actions(*(_how(number, each) for number, each in enumerate(told.owned[:3]))))
    if told.quotes:
        more = len(told.quotes) - SHOWN_PRICES
        rest = f"and {plural(more, 'dearer quote')}" if more > 0 else ""
        blocks.append(section(lines(["*Clouds ask*", *map(_quote, told.quotes[:SHOWN_PRICES]), rest])))
    small = "All in USD per GPU-hour. Owned machines cost every hour, used or not; rented ones while they run."
    troubles = lines([esc(each, 300) for each in told.troubles])
    blocks += [context(small), *([context(troubles)] if troubles else [])]
    return Reply(cut(f"{conclusion} {small}", 3_900), blocks)


def _conclusion(comparison: PriceComparison) -> str:
    name, said = esc(comparison.wanted, 60), []
    hours, micros = sum(each.gpu_hours for each in comparison.paid), sum(each.micros for each in comparison.paid)
    if hours:
        said.append(f"you pay {about(exact=all(each.exact for each in comparison.paid))}{usd(round(micros / hours))}")
    costs = [
        (each.cost.per_gpu(full), each) for each in comparison.owned if (full := each.cost.full_micros) is not None
    ]
    if costs:
        full, cheapest = min(costs, key=lambda each: each[0])
        said.append(f"{esc(cheapest.instance.name, 40)} costs {usd(full)}{_without(cheapest.cost)}")
    listed = next((quote for quote in comparison.quotes if not quote.spot), None)
    if listed:
        said.append(f"the lowest list price is {_asked(listed)}")
    spot = next((each for each in comparison.quotes if each.spot), None)
    if spot:
        said.append(f"as spot {_asked(spot)}")
    joined = ", ".join(said) or "no price is known"
    return f"{name} per GPU-hour: {joined}."


def _asked(quote: Quote) -> str:
    return f"{usd(quote.micros_per_gpu_hour)} ({esc(quote.cloud, 30)})"


def _paid(paid: Paid) -> str:
    machines = plural(paid.machines, "machine")
    if not paid.gpu_hours:
        return f"{esc(paid.type, 40)}: no known price ({paid.unpriced_hours:,.0f} GPU-hours of {machines})"
    unpriced = f", {paid.unpriced_hours:,.0f} more without a known price" if paid.unpriced_hours else ""
    hours = f"{paid.gpu_hours:,.0f} GPU-hours of {machines}{unpriced}"
    return f"{esc(paid.type, 40)}: {about(exact=paid.exact)}{usd(paid.micros_per_gpu_hour)} ({hours}; our own metering)"


def _owned_one(owned: OwnMachine) -> str:
    name, cost = esc(owned.instance.name, 60), owned.cost
    cash = f"{usd(cost.per_gpu(cost.cash_micros))} still being paid" if _kept(cost) else "what is still paid is not set"
    if cost.full_micros is None:
        return f"{name}: no full cost set, {cash}"
    worked = f"; {usd(owned.worked_micros)} per GPU-hour that worked" if owned.worked_micros else ""
    return f"{name}: {usd(cost.per_gpu(cost.full_micros))} full cost{_without(cost)}, {cash}{worked}"


def _without(cost: OwnedCost) -> str:
    """What a full cost lacks; one that was set by hand lacks nothing."""
    left_out = cost.missing if cost.set_micros is None else ()
    return f" without {' and '.join(left_out)}" if left_out else ""


def _kept(cost: OwnedCost) -> bool:
    return any(part.name != "depreciation" for part in cost.parts)


def _how(number: int, owned: OwnMachine) -> Block:
    return button(f"How {owned.instance.name} is counted", f"{FIGURE_BUTTON}:{number}", owned.instance.id)


def _quote(quote: Quote) -> str:
    where = f", {esc(quote.region, 30)}" if quote.region else ""
    memory = f" {quote.memory_gb} GB" if quote.memory_gb and "GB" not in quote.model else ""
    gpus = f"{quote.gpus}x{esc(quote.model, 30)}{memory}"
    spot = " spot" if quote.spot else ""
    return (
        f"{usd(quote.micros_per_gpu_hour)}{spot}  {esc(quote.cloud, 30)} {esc(quote.type, 50)}, {gpus}{where} "
        f"({esc(quote.source, 60)}, {esc(quote.as_of, 20)})"
    )


def figure(rate_figure: RateFigure) -> Reply:
    """What one instance's rate is made of."""
    return _owned(rate_figure, rate_figure.owned) if rate_figure.owned else rented_figure(rate_figure)


def _owned(figure: RateFigure, owned: OwnMachine) -> Reply:
    cost, name = owned.cost, esc(figure.instance.name, 60)
    conclusion = _owned_conclusion(name, cost)
    blocks = [section(f"*{conclusion}*"), *([section(lines(_parts(cost)))] if cost.parts else [])]
    notes = [_by_hand(cost), _worked(owned), _left_out(cost)]
    if any(notes):
        blocks.append(section(lines(notes)))
    blocks += [*compare(figure), context(SUNK)]
    return Reply(cut(f"{conclusion} {SUNK}", 3_900), blocks)


def _owned_conclusion(name: str, cost: OwnedCost) -> str:
    if cost.full_micros is None:
        still = f" {per_hour(cost.cash_micros)} is still being paid for it (cash)." if _kept(cost) else ""
        return f"The full cost of {name} is not known.{still}"
    each = f", {usd(cost.per_gpu(cost.full_micros))} per GPU-hour" if cost.gpus > 1 else ""
    return f"{name} costs {per_hour(cost.full_micros)}{each}, used or not{_cash(cost, cost.full_micros)}."


def _cash(cost: OwnedCost, full: int) -> str:
    if not _kept(cost):
        return ""
    if cost.cash_micros > full:
        return f"; yet {per_hour(cost.cash_micros)} is still being paid for it (cash), so the figure set is too low"
    if cost.cash_micros == full:
        return "; all of it is still being paid (cash)"
    return f"; {per_hour(cost.cash_micros)} of it is still being paid (cash)"


def _parts(cost: OwnedCost) -> list[str]:
    return [f"{part.name}: {per_hour(part.micros_per_hour)}  ({esc(part.how, 200)})" for part in cost.parts]


def _by_hand(cost: OwnedCost) -> str:
    if cost.set_micros is None:
        return ""
    sum_of_parts = sum(part.micros_per_hour for part in cost.parts)
    parts = f" By its parts it would be {per_hour(sum_of_parts)}." if cost.life_ends_on else ""
    return f"The full cost is set by hand in valet.toml, which goes before the parts.{parts}"


def _worked(owned: OwnMachine) -> str:
    if owned.busy is None:
        return ""
    worked = f": {usd(owned.worked_micros)} per GPU-hour that worked" if owned.worked_micros else ""
    seen = f"of the {owned.seen_hours:,} h measured in the last 30 days"
    return f"Its GPUs worked {owned.busy * 100:.0f} % {seen}{worked}."


def _left_out(cost: OwnedCost) -> str:
    missing = [OWNED_SETTINGS[name] for name in cost.missing if cost.set_micros is None or name != "depreciation"]
    return f"Left out, as nothing is set in valet.toml: {', '.join(missing)}." if missing else ""


SPOT_SHOWN = 12


def rented_figure(figure: RateFigure) -> Reply:
    """What one rented instance's rate is made of."""
    name, rate, gpus = esc(figure.instance.name, 60), figure.rate, figure.instance.gpu_count
    if rate is None:
        kind = esc(figure.instance.type, 40)
        held = figure.instance.paid_anyway if figure.instance.lifecycle == "capacity-block" else ""
        why = f" It runs in {esc(held, 80)}, which is paid ahead and has no price by the hour." if held else ""
        text = f'{name} has no known price.{why} `prices."{kind}"` in valet.toml sets one.'
    else:
        about = "" if rate.exact else "about "
        each = f", {usd(rate.micros_per_hour // gpus)} per GPU-hour" if gpus > 1 else ""
        source = esc(rate.source, 300)
        costs = f"*{name} costs {about}{per_hour(rate.micros_per_hour)} while it runs{each}.*"
        text = lines([costs, f"Source: {source}.", _taken_off(figure.priced), _spot(figure)])
    text = lines([text, _anyway(figure)])
    small = lines([*committed([figure.priced.discount] if figure.priced else []), *_troubles(figure.troubles)])
    return Reply(cut(text, 3_900), [section(text), *compare(figure), *([context(small)] if small else [])])


def _anyway(figure: RateFigure) -> str:
    """What a stop does not change."""
    held = figure.instance.paid_anyway
    if not held or figure.rate is None:
        return ""
    return f"It runs in {esc(held, 80)}, which is paid whether it runs or not: a stop saves nothing."


def compare(figure: RateFigure) -> list[Block]:
    """The way to all prices of its GPU model."""
    return [actions(button(f"Prices of {figure.model}", PRICES_BUTTON, figure.instance.id))] if figure.model else []


def _taken_off(priced: Priced | None) -> str:
    if priced is None or priced.discount is None:
        return ""
    off = per_hour(priced.price.micros - priced.micros)
    return f"List price: {per_hour(priced.price.micros)}; {off} of it is taken off."


def _spot(figure: RateFigure) -> str:
    if figure.instance.lifecycle != "spot":
        return ""
    span = figure.spot
    moved = f"In the last 30 days: {_range(span)}. " if span else ""
    listed = figure.on_demand
    about = "" if listed is None or listed.price.exact else "about "
    asked = f"On demand: {about}{per_hour(listed.micros)} ({esc(listed.rate.source, 200)})." if listed else ""
    return f"{moved}{asked}".strip()


def _range(span: SpotSpan) -> str:
    return f"{usd(span.low)} to {per_hour(span.high)}"


def committed(discounts: Iterable[Discount | None]) -> list[str]:
    """What a commitment means for whoever wants to save by stopping a machine."""
    names = dict.fromkeys(discount.source for discount in discounts if discount is not None and discount.committed)
    return [
        f"{esc(name, 120)} is paid whether machines run or not: stopping one that it covers saves less than its rate, "
        "unless other machines use what it leaves."
        for name in names
    ]


def _troubles(sentences: Iterable[str]) -> list[str]:
    return [f"{esc(each, 400)} What was known before still counts." for each in sentences]


def of_type(figure: TypeFigure) -> Reply:
    """What one instance type costs, place by place."""
    conclusion = _rented_conclusion(figure)
    blocks = [section(f"*{conclusion}*")]
    if figure.offers:
        blocks.append(section(lines(["*On demand*", *(_offer(each) for each in figure.offers[:SPOT_SHOWN])])))
    if figure.spots:
        several = len({each.source for each in figure.spots}) > len({_region(each) for each in figure.spots})
        zones = [_zone(span, several=several) for span in figure.spots[:SPOT_SHOWN]]
        blocks.append(section(lines(["*Spot now, and its range in 30 days*", *zones])))
    commitments = committed(offer.priced.discount for offer in figure.offers)
    small = lines([_rented_left_out(figure), *commitments, *_troubles(figure.troubles)])
    return Reply(cut(f"{conclusion} {small}", 3_900), [*blocks, context(small)])


def _region(span: SpotSpan) -> str:
    return span.source.rpartition("/")[2]


def _rented_conclusion(figure: TypeFigure) -> str:
    name, said = esc(figure.type, 40), []
    if figure.offers:
        first = figure.offers[0]
        rate = first.priced.rate
        about = "" if rate.exact else "about "
        each = f", {usd(rate.micros_per_hour // figure.gpus)} per GPU-hour," if figure.gpus > 1 else ""
        said.append(f"{about}{per_hour(rate.micros_per_hour)}{each} on demand in {esc(first.place, 60)}")
    if figure.spots:
        least = min(figure.spots, key=lambda each: each.micros)
        said.append(f"about {per_hour(least.micros)} as spot in {esc(least.zone, 40)}")
    return f"{name}: {'; '.join(said)}."


def _offer(offer: PriceOffer) -> str:
    priced = offer.priced
    about = "" if priced.price.exact else "about "
    made = f"{usd(priced.price.micros)} less {esc(priced.discount.text, 200)}; " if priced.discount else ""
    source = esc(priced.price.text, 200)
    return f"{esc(offer.place, 80)}: {about}{per_hour(priced.micros)}  ({made}{source})"


def _zone(span: SpotSpan, *, several: bool) -> str:
    account = span.source.partition("/")[2].rpartition("/")[0]
    where = f"{esc(span.zone, 40)} in {esc(account, 40)}" if several else esc(span.zone, 40)
    return f"{where}: {per_hour(span.micros)}  ({_range(span)}; read {at(span.read_at)})"


def _rented_left_out(figure: TypeFigure) -> str:
    spot = " Spot prices have no discount taken off, and AWS may take the machine back." if figure.spots else ""
    return f"Linux, without disks, addresses and traffic.{spot}"
