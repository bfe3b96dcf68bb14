"""`valet status`: the fleet as the bot last saw it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.options import config_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.machines.listing import FleetSource, FleetTotals, Listing

HEADER = ("machine", "type", "gpus", "state", "since (UTC)", "USD/h", "claimed by")


@click.command("status", short_help="Print the fleet, as a table or as JSON.")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")
def status(config_path: Path, *, as_json: bool) -> None:
    """Print the fleet as the running bot last saw it, most wasteful machines first.

    Reads the database only: nothing is asked of AWS or of agents, and it may be run while Valet runs. In the JSON,
    instants are ISO 8601 in UTC, money is exact decimal text in USD, and what is not known is null. States have
    shorter names there: active (in use), free (idle), held (idle, keeps memory), partial (partly idle).

    \b
    Example:
      valet status --json | jq '.instances[] | select(.state == "free") | .name'
    """
    import json

    from bot.commands.reading import opened_desk
    from bot.services import people as people_names
    from bot.services import queries as looking
    from bot.services.money import ledger_export as reporting

    with opened_desk(config_path) as ctx:
        if as_json:
            click.echo(json.dumps(reporting.fleet_status(ctx), indent=2))
            return
        found, totals = reporting.everything(ctx)
        print_fleet(found, totals, looking.sources(ctx), people_names.known(ctx))


def print_fleet(
    found: "list[Listing]", totals: "FleetTotals", sources: "list[FleetSource]", names: "Mapping[str, str]"
) -> None:
    """The table, the conclusion, and which sources are silent."""
    from bot.services.money.ledger_export import iso

    if found:
        table = [HEADER, *(_cells(listing, names) for listing in found)]
        widths = [max(len(row[column]) for row in table) for column in range(len(HEADER))]
        for row in table:
            click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    click.echo(_conclusion(totals))
    for source in sources:
        if source.error:
            since = f"no data since {iso(source.ok_at)}" if source.ok_at else "no data yet"
            click.echo(f"{source.name}: {since} ({source.error})", err=True)


def _cells(listing: "Listing", names: "Mapping[str, str]") -> tuple[str, ...]:
    from bot.domain.machines.states import in_words
    from bot.services.money.ledger_export import iso
    from bot.services.people import called

    instance, since = listing.instance, iso(listing.since) or "-"
    price = "?" if listing.rate is None else _cents(listing.rate.micros_per_hour)
    return (
        instance.name[:40],
        instance.type,
        f"{instance.gpu_count}x{instance.gpu_model or 'GPU'}"[:24],
        in_words(listing.state),
        since.replace("T", " ")[:16],
        price,
        ", ".join(called(names, claim.holder) for claim in listing.claims) or "-",
    )


def _conclusion(totals: "FleetTotals") -> str:
    priced = f", {totals.unpriced} without a known price" if totals.unpriced else ""
    about = "about " if totals.estimated else ""
    owned = f"; owned ones among them: {_cents(totals.owned_micros)} and {_cents(totals.owned_waste_micros)} USD/h"
    owned = owned if totals.owned_micros else ""
    return (
        f"{_count(totals.instances, 'machine')}, {_count(totals.gpus, 'GPU')}, {totals.running} running at "
        f"{about}{_cents(totals.rate_micros)} USD/h, {totals.idle} idle, "
        f"wasting {about}{_cents(totals.waste_micros)} USD/h{owned}{priced}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _cents(micros: int) -> str:
    cents = (micros + 5_000) // 10_000
    return f"{cents // 100}.{cents % 100:02d}"
