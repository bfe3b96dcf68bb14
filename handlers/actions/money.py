"""Prices, and renting weighed against buying."""

from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press, listed
from handlers.blocks.parts import Reply
from handlers.commands import prices, renting
from handlers.commands.verbs import Ask


def figure(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[How X is counted]"""
    return prices.explain(Ask(desk, user, channel, []), listed(desk, value))


def of_model(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Prices of A100]"""
    return prices.of_model(Ask(desk, user, channel, []), listed(desk, value))


def rent_or_buy(desk: Desk, _user: str, _channel: str, value: str) -> Reply:
    """[Weigh p4d.24xlarge], within the scope it was offered for."""
    return renting.pressed(desk, value)


def rent_or_buy_csv(desk: Desk, _user: str, _channel: str, value: str) -> Reply:
    """[As CSV]: to whoever pressed."""
    return renting.as_csv(desk, value)


PRESSES: dict[str, Press] = {
    ids.FIGURE: figure,
    ids.PRICES: of_model,
    ids.RENT_OR_BUY: rent_or_buy,
    ids.RENT_OR_BUY_CSV: rent_or_buy_csv,
}
