"""`valet rent-or-buy`: weigh buying servers against renting them on."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.commands.options import config_option

if TYPE_CHECKING:
    from bot.domain.money.rent_or_buy import GivenFigures, RentOrBuyAnswer
    from bot.services.context import Context


def _between(least: str, most: str) -> Callable[[click.Context, click.Parameter, str | None], Decimal | None]:
    """Takes a number within bounds, as people type it."""

    def check(_context: click.Context, _option: click.Parameter, given: str | None) -> Decimal | None:
        from bot.domain.money.rent_or_buy import typed_figure

        if given is None:
            return None
        number = typed_figure(given)
        if number is None or not Decimal(least) <= number <= Decimal(most):
            raise click.BadParameter(f"expected a number from {Decimal(least):,} to {Decimal(most):,}, not {given!r}.")
        return number

    return check


@click.command("rent-or-buy", short_help="Weigh buying servers against renting them on.")
@click.argument("scope", default="total", metavar="[TYPE|team:NAME|INSTANCE]")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print every figure as JSON.")
@click.option("--price", callback=_between("1", "1000000000"), metavar="USD", help="Price of one server.")
@click.option("--rate", callback=_between("0", "100"), metavar="PERCENT", help="Discount rate a year. Usual: 10 to 15.")
@click.option("--life", callback=_between("1", "10"), metavar="YEARS", help="Years a server is counted on.")
@click.option("--residual", callback=_between("0", "100"), metavar="PERCENT", help="Worth after that, of its price.")
@click.option("--tax", callback=_between("0", "99"), metavar="PERCENT", help="Tax on profit; 0 leaves tax out.")
@click.option("--rent", callback=_between("0.01", "10000"), metavar="USD", help="Rental of one instance an hour.")
@click.option("--hours", callback=_between("1", "100000"), metavar="H", help="Hours a month, instead of measured use.")
@click.option("--watts", callback=_between("1", "1000000"), metavar="W", help="Power of one server at work.")
@click.option("--kwh", callback=_between("0", "10"), metavar="USD", help="Price of power per kWh.")
@click.option("--hosting", callback=_between("0", "1000000"), metavar="USD", help="Hosting of one server a month.")
@click.option("--staff", callback=_between("0", "1000000"), metavar="USD", help="Staff's time for one server a month.")
@click.option("--replaces", type=click.IntRange(1, 100), metavar="N", help="Instances one server stands for.")
def rent_or_buy(config_path: Path, scope: str, *, as_json: bool, **figures: Any) -> None:
    """Weigh buying servers against renting them on.

    Measured use, and what was paid for it, come from the ledger; what is not given here comes from [buy] and [owned]
    of the settings. With --hours no database is needed. It may be run while Valet runs.

    \b
    Examples:
      valet rent-or-buy p4d.24xlarge
      valet rent-or-buy p5.48xlarge --hours 500 --price 300000 --rate 12 --json
    """
    from bot.commands.options import settings_if_any
    from bot.commands.reading import opened_desk
    from bot.domain.clock import system_clock
    from bot.domain.money.rent_or_buy import RentOrBuyAnswer
    from bot.domain.money.scope import Scope
    from bot.errors import Refused
    from bot.services.money import rates as pricing
    from bot.services.money import rent_or_buy as renting

    asked = _asked(figures)
    if asked.hours_per_month is not None:
        if scope == "total":
            raise Refused("Which type do these hours run on? Try `valet rent-or-buy p4d.24xlarge --hours 500`.")
        kind, settings = scope.removeprefix("type:"), settings_if_any(config_path)
        rented = pricing.on_demand_price(pricing.book_without_reads(settings, system_clock()), kind, ())
        told = RentOrBuyAnswer(Scope("type", kind), (renting.supposed(settings, kind, asked, rented),))
    else:
        with opened_desk(config_path) as ctx:
            told = renting.advise(ctx, _scope(ctx, scope), asked)
    if as_json:
        from bot.services.money.rent_or_buy import advice_record

        click.echo(json.dumps([advice_record(each) for each in told.answers], indent=2))
    else:
        _print(told)


def _asked(figures: dict[str, Any]) -> "GivenFigures":
    from bot.domain.money.rent_or_buy import GivenFigures

    return GivenFigures(
        price_usd=figures["price"],
        rate_percent=figures["rate"],
        life_years=figures["life"],
        residual_percent=figures["residual"],
        tax_percent=figures["tax"],
        rent_usd_per_hour=figures["rent"],
        hours_per_month=figures["hours"],
        watts=figures["watts"],
        usd_per_kwh=figures["kwh"],
        hosting_usd_per_month=figures["hosting"],
        staff_usd_per_month=figures["staff"],
        replaces=figures["replaces"],
    )


def _scope(ctx: "Context", word: str) -> Any:
    from bot.domain.money.scope import TOTAL, Scope
    from bot.services.context import find
    from bot.services.money.rent_or_buy import is_known_type

    kind, _, name = word.partition(":")
    if word == "total":
        return TOTAL
    if kind in {"team", "type"} and name:
        return Scope(kind, name)  # type: ignore[arg-type]  # one of two
    if is_known_type(ctx, word):
        return Scope("type", word)
    found = find(ctx, name if kind == "instance" and name else word).instance
    return Scope("instance", found.id, found.name)


def _print(told: "RentOrBuyAnswer") -> None:
    from handlers.blocks.money.rent_or_buy import plainly_said

    for number, advice in enumerate(told.answers):
        if number:
            click.echo()
        for line in plainly_said(advice):
            click.echo(line)
    if told.unknown:
        click.echo(f"Not weighed, as no price to buy is known: {', '.join(told.unknown)}.", err=True)
