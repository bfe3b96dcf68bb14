"""What the price of a rented machine, or of an instance type, is made of, and how its spot prices move."""

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.billing import quotes
from bot.billing.prices import AS_OF, HOME, is_capacity_short
from bot.domain import models
from bot.domain.fleet import Instance
from bot.domain.money.market import Figure, Offer, TypeFigure
from bot.domain.money.price_reads import Trouble, sentences
from bot.domain.money.pricebook import Book, Priced
from bot.domain.shape import COMMON
from bot.services.desk import Desk
from bot.services.money import pricing, type_names
from store import listings, others
from store.money import prices

_EC2_TYPE = re.compile(r"[a-z]+\d[a-z0-9-]*\.(\d*x?large|nano|micro|small|medium|metal(-[a-z0-9]+)?)", re.ASCII)
"""How EC2 names types; machines have names with dots, too."""


def with_parts(desk: Desk, known: Figure) -> Figure:
    """A rented machine's figure, with the parts of its rate and why they may be old."""
    db, instance = desk.store.reading(), known.instance
    book = pricing.book(desk, db, instance.source)
    priced = book.priced(instance)
    troubles = tuple(sentences(each for each in prices.troubles(db) if _concerns(each, instance)))
    if priced is not None and priced.rate != known.rate:  # the next look writes the newer one down
        priced = None
    if instance.lifecycle != "spot":
        return replace(known, priced=priced, troubles=troubles)
    shape = instance.shape or COMMON
    spans = prices.spot_spans(db, shape.spot_name(instance.type), book.now)
    here = next((each for each in spans if (each.source, each.zone) == (instance.source, instance.zone)), None)
    asked = book.priced(replace(instance, lifecycle="on-demand"))
    return replace(known, priced=priced, troubles=troubles, spot=here, on_demand=asked)


def _concerns(trouble: Trouble, instance: Instance) -> bool:
    if trouble.sheet == "spot":
        return instance.lifecycle == "spot" and trouble.place == instance.source
    return instance.lifecycle == "on-demand" and trouble.place == instance.region


def of_type(desk: Desk, kind: str) -> TypeFigure | None:
    """What an instance type costs wherever that is known; None where nothing is known of it."""
    db = desk.store.reading()
    book = pricing.book(desk, db)
    used = sorted(source for source, each in listings.places(db) if each == kind)
    used += [each.source for each in desk.settings.templates.values() if each.type == kind]
    listed = [f"ec2//{region}" for region, each in sorted(book.listed) if each == kind]
    offers = tuple(_offers(book, kind, list(dict.fromkeys([*used, *listed])) or [f"ec2//{HOME}"]))
    spots = tuple(prices.spot_spans(db, kind, book.now))
    if not offers and not spots:
        return None
    model, gpus = _gpus(desk, kind)
    there = {*used, *(source.rpartition("/")[2] for source in used)}
    troubles = tuple(sentences(each for each in prices.troubles(db) if each.place in there))
    return TypeFigure(kind, model, gpus, offers, spots, troubles)


def _offers(book: Book, kind: str, sources: list[str]) -> Iterator[Offer]:
    """What is paid there; a region has one line, or one for each account that pays differently."""
    by_region: dict[str, list[tuple[str, Priced]]] = {}
    for source in sources:
        like = Instance("", kind, "ec2", source, kind, "unknown", shape=COMMON)
        priced, known = book.priced(like), by_region.setdefault(like.region, [])
        if priced is not None and priced not in [each for _, each in known] and (like.account or not known):
            known.append((like.account, priced))
    for region, known in by_region.items():
        for account, priced in known:
            yield Offer(region if len(known) == 1 else f"{region} in {account}", priced)


def without_price(desk: Desk, kind: str) -> str:
    """Why a type of which no price is known has none, and what to set; empty for a type that is not known at all."""
    db = desk.store.reading()
    other = others.what(db, kind) or (quotes.other_of(kind) if _EC2_TYPE.fullmatch(kind) else "")
    if other:
        return f"{kind} has {other}. Valet looks after machines with NVIDIA GPUs only, so it reads no price of it."
    model, gpus = _gpus(desk, kind)
    asked = prices.unlisted(db, kind)
    if not (gpus or asked):
        return ""
    carries = f" ({gpus}x{model})" if gpus else ""
    where = [f"{each['why']} in {each['place']} (asked {pricing.day(each['asked_at'])})" for each in asked[:3]]
    told = f"{'; '.join(where)}." if where else f"AWS's list of {HOME}, {AS_OF}, names none."
    ahead = (
        " Such types are sold in capacity blocks, which are paid ahead, or as spot." if is_capacity_short(kind) else ""
    )
    return (
        f"{kind}{carries} has no on-demand price that is known. {told}{ahead} "
        f'Set what you pay for an hour of it as `prices."{kind}"` in valet.toml.'
    )


def _gpus(desk: Desk, kind: str) -> tuple[str, int]:
    """Model and number of the GPUs of a type."""
    known = quotes.gpus_of(kind, type_names.carried(desk))
    return (models.short(known[0]), known[2]) if known else ("", 0)
