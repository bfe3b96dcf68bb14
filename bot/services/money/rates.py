"""What an hour of a rented machine costs, where that figure is from, and the reading of AWS's prices."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby

from sqlite_utils import Database

from bot.billing import prices, spot
from bot.billing.aws_prices import AwsPrices
from bot.domain.machines import tags
from bot.domain.machines.fleet import Instance
from bot.domain.machines.shape import COMMON_SHAPE, SYSTEMS, Shape, parts_of, price_place
from bot.domain.money.ownership import micros_of_usd
from bot.domain.money.price_reads import (
    PriceAnswer,
    PriceSheet,
    PriceTrouble,
    SpotChange,
    WantedPrice,
    prices_due,
    spot_since,
)
from bot.domain.money.pricebook import Price, PriceBook, Priced
from bot.domain.money.rates import Rate
from bot.errors import Impaired, ValetError, answering
from bot.services.context import Context
from bot.settings import Settings
from store.machines import listings
from store.money import prices as stored_prices
from store.sql import Row


def price_book(ctx: Context, db: Database, source: str = "") -> PriceBook:
    """Every price that is known, or those that machines of one source need."""
    region = source.rpartition("/")[2]
    told = {
        (row["place"], row["name"]): Price(
            row["micros"], _list_of(row["place"], row["name"]), utc_date(row["named_at"])
        )
        for row in stored_prices.list_prices(db, region)
        if row["what"] == "instance"
    }
    listed = {key: price for key, price in told.items() if " " not in key[1]}
    shaped = {key: price for key, price in told.items() if " " in key[1]}
    spot = {
        (row["source"], row["zone"], row["type"]): _spot(row["micros"], row["zone"], row["read_at"])
        for row in stored_prices.spot_now(db, source)
    }
    return replace(book_without_reads(ctx.settings, ctx.clock()), listed=listed, shaped=shaped, spot=spot)


def _list_of(place: str, name: str) -> str:
    """Which list a price is from, for people."""
    _, usage, tenancy = parts_of(name)
    words = Shape(operation=usage, tenancy=tenancy).words
    return f"AWS on-demand list, {place}" + (f", {words}" if words else "")


def _spot(micros: int, zone: str, read_at: int) -> Price:
    """It is read once an hour, and may have moved since."""
    return Price(micros, f"spot price, {zone}", f"{utc_date(read_at)} {utc_moment(read_at):%H:%M} UTC", exact=False)


def utc_date(instant: int) -> str:
    """The UTC date of an instant."""
    return f"{utc_moment(instant):%Y-%m-%d}"


def utc_moment(instant: int) -> datetime:
    """An instant in UTC."""
    return datetime.fromtimestamp(instant / 1000, UTC)


def book_without_reads(settings: Settings, now: int) -> PriceBook:
    """The prices that are known without a database: the company's own, and our table."""
    own = {kind: micros_of_usd(usd) for kind, usd in settings.prices.items()}
    return PriceBook(now, prices.list_price, own, settings.discounts)


def rented_rate(ctx: Context, db: Database, instance: Instance) -> Rate | None:
    """The rate of one rented instance; None where no price is known."""
    return price_book(ctx, db, instance.source).rate(instance)


def on_demand_price(known: PriceBook, kind: str, sources: Sequence[str]) -> Priced | None:
    """What an instance type costs in the first of these places where that is known exactly, else where our table is."""
    found = [
        priced
        for source in (*sources, f"ec2//{prices.HOME}")
        if (priced := known.priced(Instance("", kind, "ec2", source, kind, "unknown", shape=COMMON_SHAPE))) is not None
    ]
    return next((each for each in found if each.price.exact), found[0] if found else None)


def disk_and_address_prices(db: Database, region: str = "") -> dict[tuple[str, str], int]:
    """What AWS's list says of disks and addresses, in one region or everywhere, as `standing_cost` takes it."""
    found = stored_prices.list_prices(db, region)
    return {(row["place"], row["name"]): row["micros"] for row in found if row["what"] in {"volume", "address"}}


def team_of_instance(settings: Settings, instance: Instance) -> str:
    """The team an instance belongs to: by the settings for owned hosts, by its tag for rented ones; may be empty."""
    host = settings.owned.hosts.get(instance.id) if instance.provider == "owned" else None
    return (
        host.team if host else tags.name_meant(tags.tag_value(instance.tags, settings.actions.team_tag), settings.teams)
    )


def read_prices(ctx: Context, aws: AwsPrices) -> None:
    """Ask about all that is due. A place that fails keeps what it told before, and says why it failed."""
    now, db = ctx.clock(), ctx.store.reading()
    asked = stored_prices.answered_at(db)
    failed = {(trouble.sheet, trouble.place): trouble.at for trouble in stored_prices.price_troubles(db)}
    every = wanted_prices(ctx, db)
    todo = prices_due(sorted(every), asked, failed, now)
    for (sheet, place), found in groupby(sorted(todo, key=_place), key=_place):
        names = list(found)
        try:
            with answering(f"AWS's prices for {place}"):
                if sheet == "spot":
                    _read_spot(ctx, aws, place, {wanted_price: asked.get(wanted_price) for wanted_price in names})
                else:
                    _read_list(ctx, aws, names)
        except Impaired:
            raise
        except ValetError as error:
            with ctx.store.writing() as db:
                stored_prices.note_trouble(db, PriceTrouble(sheet, place, ctx.clock(), str(error)))
    if todo:
        with ctx.store.writing() as db:
            stored_prices.forget_old(db, {_place(each) for each in every}, now)


def _place(wanted: WantedPrice) -> tuple[PriceSheet, str]:
    return wanted.sheet, wanted.place


def wanted_prices(ctx: Context, db: Database) -> set[WantedPrice]:
    """Everything whose price counts: a clone is made where its original is, and of its type."""
    places = {
        *listings.rented_places(db),
        *((template.source, template.type) for template in ctx.settings.templates.values()),
    }
    parts = {
        WantedPrice("volume" if kind else "address", _region(source), kind)
        for source, kind in listings.priced_parts(db)
    }
    machines = {WantedPrice("instance", _region(source), kind) for source, kind in places}
    machines |= {each for row in listings.odd_shapes(db) if (each := _of_shape(row)) is not None}
    return parts | machines | {WantedPrice("spot", source, kind) for source, kind in places}


def _of_shape(row: Row) -> WantedPrice | None:
    """The price of one shape; None where nobody knows how AWS names its system, or it is paid ahead."""
    known, region = Shape.from_json(row["shape"]), _region(row["source"])
    if row["lifecycle"] == "spot":
        name = known.spot_name(row["type"])
        return WantedPrice("spot", row["source"], name) if spot.has_price(name) else None
    if row["lifecycle"] != "on-demand" or (known.usage and known.usage not in SYSTEMS):
        return None
    return WantedPrice("instance", price_place(region, row["zone"]), known.name(row["type"]))


def _region(source: str) -> str:
    return source.rpartition("/")[2]


def _read_list(ctx: Context, aws: AwsPrices, names: list[WantedPrice]) -> None:
    """Each answer is kept at once, so that a failure costs those before it nothing."""
    for wanted_price in names:
        now = ctx.clock()
        answer = aws.look_up(wanted_price, now)
        with ctx.store.writing() as db:
            stored_prices.keep_answers(db, {wanted_price: answer}, now)
            stored_prices.worked(db, wanted_price.sheet, wanted_price.place)


def _read_spot(ctx: Context, aws: AwsPrices, source: str, asked: dict[WantedPrice, int | None]) -> None:
    """Types that were asked about before are read on from there; of new ones, all that a range looks back to."""
    now = ctx.clock()
    oldest = min((at for at in asked.values() if at is not None), default=None)
    known = [each for each, at in asked.items() if at is not None]
    fresh = [each for each, at in asked.items() if at is None]
    for names, begin in ((known, spot_since(oldest, now)), (fresh, spot_since(None, now))):
        if names:
            _keep_spot(
                ctx, source, names, aws.spot(source, [wanted_price.name for wanted_price in names], begin), begin
            )


def _keep_spot(ctx: Context, source: str, names: list[WantedPrice], changes: list[SpotChange], begin: int) -> None:
    now, priced = ctx.clock(), {change.type for change in changes}
    answers = {
        wanted_price: PriceAnswer(None, "" if wanted_price.name in priced else "AWS names no spot price")
        for wanted_price in names
    }
    with ctx.store.writing() as db:
        stored_prices.keep_spot(db, source, changes, since=begin, now=now)
        stored_prices.keep_answers(db, answers, now)
        stored_prices.worked(db, "spot", source)
