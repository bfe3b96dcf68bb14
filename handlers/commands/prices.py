"""/cost prices: a GPU model from every side, an instance type, or how one instance's rate comes about."""

import re

from bot.domain import models
from bot.domain.listing import Listing
from bot.errors import NotFound, Refused
from bot.services import desk
from bot.services.money import comparing, explaining_prices
from handlers.blocks.money import prices as blocks
from handlers.blocks.money import rented_prices
from handlers.blocks.parts import Reply
from handlers.commands.verbs import Ask, Verb

IS_TYPE = re.compile(r"[a-z0-9-]{2,20}\.[a-z0-9-]{2,20}")
"""How EC2 names instance types: p4d.24xlarge."""


def prices(ask: Ask) -> Reply:
    """Compare a model, or explain an instance type or an instance."""
    wanted = " ".join(ask.words)
    if not wanted:
        known = comparing.names(ask.desk)
        yours = f" You have {', '.join(known[:12])}." if known else ""
        raise Refused(f"Prices of which GPU? Try `{ask.desk.settings.slack.cost_command} prices H100`.{yours}")
    if IS_TYPE.fullmatch(wanted.lower()):
        told = explaining_prices.of_type(ask.desk, wanted.lower())
        if told is not None:
            return rented_prices.of_type(told)
    try:
        return blocks.comparison(comparing.compare(ask.desk, wanted))
    except Refused as unknown:
        listing = _instance(ask, wanted)
        if listing is None:
            raise unknown from None
        return explain(ask, listing)


def _instance(ask: Ask, name: str) -> Listing | None:
    try:
        return desk.find(ask.desk, name)
    except NotFound:
        return None


def explain(ask: Ask, listing: Listing) -> Reply:
    """What this one's rate is made of."""
    return blocks.figure(comparing.figure(ask.desk, listing))


def of_model(ask: Ask, listing: Listing) -> Reply:
    """The model of this one from every side."""
    return blocks.comparison(comparing.compare(ask.desk, models.short(listing.instance.gpu_model)))


VERBS = (
    Verb("prices", "prices <GPU|type|instance>", "What GPUs cost: clouds, spot, owned, and what you pay now.", prices),
)
