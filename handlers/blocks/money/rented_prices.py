"""What a rented machine, or an instance type, costs: list price, discount and spot, each with its source."""

from collections.abc import Iterable

from bot.domain.money.market import Figure, Offer, TypeFigure
from bot.domain.money.price_reads import SpotSpan
from bot.domain.money.pricebook import Discount, Priced
from handlers import ids
from handlers.blocks.parts import Block, Reply, actions, button, context, cut, lines, section
from handlers.blocks.words import at, esc, per_hour, usd

SHOWN = 12


def rented(told: Figure) -> Reply:
    """What one rented instance's rate is made of."""
    name, rate, gpus = esc(told.instance.name, 60), told.rate, told.instance.gpu_count
    if rate is None:
        kind = esc(told.instance.type, 40)
        held = told.instance.paid_anyway if told.instance.lifecycle == "capacity-block" else ""
        why = f" It runs in {esc(held, 80)}, which is paid ahead and has no price by the hour." if held else ""
        text = f'{name} has no known price.{why} `prices."{kind}"` in valet.toml sets one.'
    else:
        about = "" if rate.exact else "about "
        each = f", {usd(rate.micros_per_hour // gpus)} per GPU-hour" if gpus > 1 else ""
        source = esc(rate.source, 300)
        costs = f"*{name} costs {about}{per_hour(rate.micros_per_hour)} while it runs{each}.*"
        text = lines([costs, f"Source: {source}.", _taken_off(told.priced), _spot(told)])
    text = lines([text, _anyway(told)])
    small = lines([*committed([told.priced.discount] if told.priced else []), *_troubles(told.troubles)])
    return Reply(cut(text, 3_900), [section(text), *compare(told), *([context(small)] if small else [])])


def _anyway(told: Figure) -> str:
    """What a stop does not change."""
    held = told.instance.paid_anyway
    if not held or told.rate is None:
        return ""
    return f"It runs in {esc(held, 80)}, which is paid whether it runs or not: a stop saves nothing."


def compare(told: Figure) -> list[Block]:
    """The way to all prices of its GPU model."""
    return [actions(button(f"Prices of {told.model}", ids.PRICES, told.instance.id))] if told.model else []


def _taken_off(priced: Priced | None) -> str:
    if priced is None or priced.discount is None:
        return ""
    off = per_hour(priced.price.micros - priced.micros)
    return f"List price: {per_hour(priced.price.micros)}; {off} of it is taken off."


def _spot(told: Figure) -> str:
    if told.instance.lifecycle != "spot":
        return ""
    span = told.spot
    moved = f"In the last 30 days: {_range(span)}. " if span else ""
    listed = told.on_demand
    about = "" if listed is None or listed.price.exact else "about "
    asked = f"On demand: {about}{per_hour(listed.micros)} ({esc(listed.rate.source, 200)})." if listed else ""
    return f"{moved}{asked}".strip()


def _range(span: SpotSpan) -> str:
    return f"{usd(span.low)} to {per_hour(span.high)}"


def committed(discounts: Iterable[Discount | None]) -> list[str]:
    """What a commitment means for whoever wants to save by stopping a machine."""
    names = dict.fromkeys(each.source for each in discounts if each is not None and each.committed)
    return [
        f"{esc(name, 120)} is paid whether machines run or not: stopping one that it covers saves less than its rate, "
        "unless other machines use what it leaves."
        for name in names
    ]


def _troubles(sentences: Iterable[str]) -> list[str]:
    return [f"{esc(each, 400)} What was known before still counts." for each in sentences]


def of_type(told: TypeFigure) -> Reply:
    """What one instance type costs, place by place."""
    conclusion = _conclusion(told)
    blocks = [section(f"*{conclusion}*")]
    if told.offers:
        blocks.append(section(lines(["*On demand*", *(_offer(each) for each in told.offers[:SHOWN])])))
    if told.spots:
        several = len({each.source for each in told.spots}) > len({_region(each) for each in told.spots})
        zones = [_zone(each, several=several) for each in told.spots[:SHOWN]]
        blocks.append(section(lines(["*Spot now, and its range in 30 days*", *zones])))
    commitments = committed(each.priced.discount for each in told.offers)
    small = lines([_left_out(told), *commitments, *_troubles(told.troubles)])
    return Reply(cut(f"{conclusion} {small}", 3_900), [*blocks, context(small)])


def _region(span: SpotSpan) -> str:
    return span.source.rpartition("/")[2]


def _conclusion(told: TypeFigure) -> str:
    name, said = esc(told.type, 40), []
    if told.offers:
        first = told.offers[0]
        rate = first.priced.rate
        about = "" if rate.exact else "about "
        each = f", {usd(rate.micros_per_hour // told.gpus)} per GPU-hour," if told.gpus > 1 else ""
        said.append(f"{about}{per_hour(rate.micros_per_hour)}{each} on demand in {esc(first.place, 60)}")
    if told.spots:
        least = min(told.spots, key=lambda each: each.micros)
        said.append(f"about {per_hour(least.micros)} as spot in {esc(least.zone, 40)}")
    return f"{name}: {'; '.join(said)}."


def _offer(offer: Offer) -> str:
    priced = offer.priced
    about = "" if priced.price.exact else "about "
    made = f"{usd(priced.price.micros)} less {esc(priced.discount.text, 200)}; " if priced.discount else ""
    source = esc(priced.price.text, 200)
    return f"{esc(offer.place, 80)}: {about}{per_hour(priced.micros)}  ({made}{source})"


def _zone(span: SpotSpan, *, several: bool) -> str:
    account = span.source.partition("/")[2].rpartition("/")[0]
    where = f"{esc(span.zone, 40)} in {esc(account, 40)}" if several else esc(span.zone, 40)
    return f"{where}: {per_hour(span.micros)}  ({_range(span)}; read {at(span.read_at)})"


def _left_out(told: TypeFigure) -> str:
    spot = " Spot prices have no discount taken off, and AWS may take the machine back." if told.spots else ""
    return f"Linux, without disks, addresses and traffic.{spot}"
