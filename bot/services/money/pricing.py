"""What an hour of an instance costs, and where that figure is from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlite_utils import Database

from bot.billing import prices
from bot.domain import tags
from bot.domain.fleet import Instance
from bot.domain.money.ownership import micros
from bot.domain.money.pricebook import Book, Price, Priced
from bot.domain.money.rates import Rate
from bot.domain.shape import COMMON, Shape, parts_of
from bot.services.desk import Desk
from bot.settings import Settings
from store.money import prices as stored


def book(desk: Desk, db: Database, source: str = "") -> Book:
    """Every price that is known, or those that machines of one source need."""
    region = source.rpartition("/")[2]
    told = {
        (row["place"], row["name"]): Price(row["micros"], _list_of(row["place"], row["name"]), day(row["named_at"]))
        for row in stored.listed(db, region)
        if row["what"] == "instance"
    }
    listed = {key: price for key, price in told.items() if " " not in key[1]}
    shaped = {key: price for key, price in told.items() if " " in key[1]}
    spot = {
        (row["source"], row["zone"], row["type"]): _spot(row["micros"], row["zone"], row["read_at"])
        for row in stored.spot_now(db, source)
    }
    return replace(unread(desk.settings, desk.clock()), listed=listed, shaped=shaped, spot=spot)


def _list_of(place: str, name: str) -> str:
    """Which list a price is from, for people."""
    _, usage, tenancy = parts_of(name)
    words = Shape(operation=usage, tenancy=tenancy).words
    return f"AWS on-demand list, {place}" + (f", {words}" if words else "")


def _spot(micros: int, zone: str, read_at: int) -> Price:
    """It is read once an hour, and may have moved since."""
    return Price(micros, f"spot price, {zone}", f"{day(read_at)} {moment(read_at):%H:%M} UTC", exact=False)


def day(instant: int) -> str:
    """The UTC date of an instant."""
    return f"{moment(instant):%Y-%m-%d}"


def moment(instant: int) -> datetime:
    """An instant in UTC."""
    return datetime.fromtimestamp(instant / 1000, UTC)


def unread(settings: Settings, now: int) -> Book:
    """The prices that are known without a database: the company's own, and our table."""
    own = {kind: micros(usd) for kind, usd in settings.prices.items()}
    return Book(now, prices.on_demand, own, settings.discounts)


def rate(desk: Desk, db: Database, instance: Instance) -> Rate | None:
    """The rate of one rented instance; None where no price is known."""
    return book(desk, db, instance.source).rate(instance)


def on_demand(known: Book, kind: str, sources: Sequence[str]) -> Priced | None:
    """What an instance type costs in the first of these places where that is known exactly, else where our table is."""
    found = [
        priced
        for source in (*sources, f"ec2//{prices.HOME}")
        if (priced := known.priced(Instance("", kind, "ec2", source, kind, "unknown", shape=COMMON))) is not None
    ]
    return next((each for each in found if each.price.exact), found[0] if found else None)


def of_parts(db: Database, region: str = "") -> dict[tuple[str, str], int]:
    """What AWS's list says of disks and addresses, in one region or everywhere, as `keeping` takes it."""
    found = stored.listed(db, region)
    return {(row["place"], row["name"]): row["micros"] for row in found if row["what"] in {"volume", "address"}}


def team_of(settings: Settings, instance: Instance) -> str:
    """The team an instance belongs to: by the settings for owned hosts, by its tag for rented ones; may be empty."""
    host = settings.owned.hosts.get(instance.id) if instance.provider == "owned" else None
    return host.team if host else tags.named(tags.value(instance.tags, settings.actions.team_tag), settings.teams)
