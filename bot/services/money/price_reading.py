"""Reads AWS's price list and spot prices when that is due, for what the fleet and the launch templates use."""

from itertools import groupby

from sqlite_utils import Database

from bot.billing import spot
from bot.billing.aws_prices import AwsPrices
from bot.domain.money.price_reads import Answer, Sheet, SpotChange, Trouble, Wanted, due, since
from bot.domain.shape import SYSTEMS, Shape, price_place
from bot.errors import Impaired, ValetError, answering
from bot.services.desk import Desk
from store import listings
from store.money import prices
from store.sql import Row


def read(desk: Desk, aws: AwsPrices) -> None:
    """Ask about all that is due. A place that fails keeps what it told before, and says why it failed."""
    now, db = desk.clock(), desk.store.reading()
    asked = prices.asked(db)
    failed = {(each.sheet, each.place): each.at for each in prices.troubles(db)}
    every = wanted(desk, db)
    todo = due(sorted(every), asked, failed, now)
    for (sheet, place), found in groupby(sorted(todo, key=_place), key=_place):
        names = list(found)
        try:
            with answering(f"AWS's prices for {place}"):
                if sheet == "spot":
                    _read_spot(desk, aws, place, {each: asked.get(each) for each in names})
                else:
                    _read_list(desk, aws, names)
        except Impaired:
            raise
        except ValetError as error:
            with desk.store.writing() as db:
                prices.failed(db, Trouble(sheet, place, desk.clock(), str(error)))
    if todo:
        with desk.store.writing() as db:
            prices.forget_old(db, {_place(each) for each in every}, now)


def _place(wanted: Wanted) -> tuple[Sheet, str]:
    return wanted.sheet, wanted.place


def wanted(desk: Desk, db: Database) -> set[Wanted]:
    """Everything whose price counts: a clone is made where its original is, and of its type."""
    places = {*listings.places(db), *((each.source, each.type) for each in desk.settings.templates.values())}
    parts = {Wanted("volume" if kind else "address", _region(source), kind) for source, kind in listings.parts(db)}
    machines = {Wanted("instance", _region(source), kind) for source, kind in places}
    machines |= {each for row in listings.shapes(db) if (each := _of_shape(row)) is not None}
    return parts | machines | {Wanted("spot", source, kind) for source, kind in places}


def _of_shape(row: Row) -> Wanted | None:
    """The price of one shape; None where nobody knows how AWS names its system, or it is paid ahead."""
    known, region = Shape.from_json(row["shape"]), _region(row["source"])
    if row["lifecycle"] == "spot":
        name = known.spot_name(row["type"])
        return Wanted("spot", row["source"], name) if spot.has_price(name) else None
    if row["lifecycle"] != "on-demand" or (known.usage and known.usage not in SYSTEMS):
        return None
    return Wanted("instance", price_place(region, row["zone"]), known.name(row["type"]))


def _region(source: str) -> str:
    return source.rpartition("/")[2]


def _read_list(desk: Desk, aws: AwsPrices, names: list[Wanted]) -> None:
    """Each answer is kept at once, so that a failure costs those before it nothing."""
    for each in names:
        now = desk.clock()
        answer = aws.look_up(each, now)
        with desk.store.writing() as db:
            prices.keep(db, {each: answer}, now)
            prices.worked(db, each.sheet, each.place)


def _read_spot(desk: Desk, aws: AwsPrices, source: str, asked: dict[Wanted, int | None]) -> None:
    """Types that were asked about before are read on from there; of new ones, all that a range looks back to."""
    now = desk.clock()
    oldest = min((at for at in asked.values() if at is not None), default=None)
    known = [each for each, at in asked.items() if at is not None]
    fresh = [each for each, at in asked.items() if at is None]
    for names, begin in ((known, since(oldest, now)), (fresh, since(None, now))):
        if names:
            _keep_spot(desk, source, names, aws.spot(source, [each.name for each in names], begin), begin)


def _keep_spot(desk: Desk, source: str, names: list[Wanted], changes: list[SpotChange], begin: int) -> None:
    now, priced = desk.clock(), {each.type for each in changes}
    answers = {each: Answer(None, "" if each.name in priced else "AWS names no spot price") for each in names}
    with desk.store.writing() as db:
        prices.keep_spot(db, source, changes, since=begin, now=now)
        prices.keep(db, answers, now)
        prices.worked(db, "spot", source)
