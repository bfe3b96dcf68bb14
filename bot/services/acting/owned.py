"""Who decides on an owned machine, what it is called, and how many GPUs it has, where its agent sees fewer."""

import re
from collections.abc import Mapping
from dataclasses import replace

from sqlite_utils import Database

from bot.domain.clock import MINUTE
from bot.domain.listing import Listing
from bot.domain.measuring.heard import Heard
from bot.errors import Refused
from bot.services.acting import refusals
from bot.services.desk import Desk, exactly
from bot.services.money import owning
from bot.services.sharing import claim_ends
from store import audit, fleet, listings
from store.measuring import hosts, minutes
from store.sql import Row

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)


RENAMES = "What {name} is called everybody has to know"
STOP_IT = "a stop ends what it costs, and `/gpu stop {name}` asks for one."
NAMED_BY_AWS = "it is called what its Name tag says; whoever owns it in AWS can change that."
ENDS_IN_AWS = "it leaves the list once AWS has terminated it. `/gpu stop {name}` asks for a stop."
COUNTED_BY_AWS = "AWS says how many GPUs it has. `/gpu why {name}` shows what its agent sees."


def decided_by(desk: Desk, db: Database, instance_id: str, person: str, *, deed: str, rented: str = STOP_IT) -> Listing:
    """An owned instance that this person decides on; `deed` begins the refusal: "Draining keeps everybody off it".

    `rented` is what is said of a rented one: what does there what was meant.

    Raises Refused.
    """
    listing, roster = listings.by_id(db, instance_id), desk.roster()
    if listing is None:
        raise Refused("That instance is gone.")
    name = listing.instance.name
    if listing.instance.provider != "owned":
        raise Refused(f"{name} is rented: {rented.format(name=name)}")
    able = roster.approvers(listing.team) | roster.admins
    if person not in able:
        names = " or ".join(f"<@{user}>" for user in sorted(able)) or "an approver, once one is set"
        raise Refused(f"{deed.format(name=name)}, so {names} decides that.")
    return listing


def missing(desk: Desk, db: Database, listing: Listing, heard: Heard | None) -> int:
    """How many GPUs its agent does not see that somebody may say are gone; 0 where there is nothing to say."""
    instance, host = listing.instance, desk.settings.owned.hosts.get(listing.instance.id)
    said = host is not None and host.gpus not in {None, heard.gpus_seen if heard else None}
    if instance.provider != "owned" or heard is None or heard.error or not heard.gpus_seen or said:
        return 0
    return max(0, instance.gpu_count - heard.gpus_seen, len(minutes.untold(db, instance.id)))


def rename(desk: Desk, instance_id: str, person: str, name: str, *, means: str = "") -> Listing:
    """Call an owned machine so; its id, and with it its history, stays. Raises Refused.

    `means` is what the name stands for in commands, where it does: no machine is called so, but by its own host's name.
    """
    now = desk.clock()
    with refusals.kept(desk, person, "rename it", instance_id), desk.store.writing() as db:
        listing = decided_by(desk, db, instance_id, person, deed=RENAMES, rented=NAMED_BY_AWS)
        before, other = listing.instance.told_name, exactly(desk, name)
        if not NAME.fullmatch(name):
            raise Refused("A name has letters, digits, dots, dashes and underscores, 63 at most: `dgx-one`.")
        if means and name != instance_id:
            raise Refused(f'"{name}" means {means} in commands, so no machine is called so. Try one like `dgx-one`.')
        if other is not None and other.instance.id != instance_id:
            raise Refused(f"There is a machine called {name} already. `/gpu status {name}` shows it.")
        row = fleet.by_id(db, instance_id)
        if row is not None:
            hosts.give_name(db, instance_id, name)
            called = replace(fleet.instance_of(row), name=name, own_name="")
            fleet.save(db, called, team=row["team"], rate=fleet.rate_of(row))
            audit.add(db, now, person, f"renamed it to {name}", subject=instance_id, detail=f"{before} before")
        renamed = listings.by_id(db, instance_id)
    return renamed or listing


def confirm(desk: Desk, instance_id: str, person: str, count: int) -> Listing:
    """It has so many GPUs now: those that its agent sees. Raises Refused."""
    now = desk.clock()
    with refusals.kept(desk, person, "say how many GPUs it has", instance_id), desk.store.writing() as db:
        deed = "How many GPUs {name} has decides what it costs and when it is idle"
        listing = decided_by(desk, db, instance_id, person, deed=deed, rented=COUNTED_BY_AWS)
        instance, heard = listing.instance, hosts.of(db, instance_id)
        untold = minutes.untold(db, instance_id)
        _check(desk, listing, heard, count, untold)
        _check_work(desk, listing, untold, now)
        row = fleet.by_id(db, instance_id)
        if row is not None:
            fewer = fleet.instance_of(row | {"gpu_count": count})
            minutes.drop_gpus(db, instance_id, untold)
            fleet.save(db, fewer, team=row["team"], rate=owning.rate(desk, db, fewer))
        hosts.full_again(db, instance_id)
        claim_ends.fit(desk, db)
        audit.add(
            db, now, person, f"said it has {count} GPUs", subject=instance_id, detail=f"{instance.gpu_count} before"
        )
        changed = listings.by_id(db, instance_id)
    desk.wake()
    return changed or listing


def _check_work(desk: Desk, listing: Listing, untold: Mapping[int, Row], now: int) -> None:
    """Work of the hour is not said away: a GPU that worked a moment ago is hardly taken out by now."""
    window = (desk.settings.rule_of(listing.team).window_minutes + 1) * MINUTE
    for gpu, row in untold.items():
        ago = now - (row["last_active_at"] or 0)
        if ago <= window:
            raise Refused(
                f"GPU {gpu} of {listing.instance.name} worked {ago // MINUTE} minutes ago, and its agent tells of it "
                f"no more. Nobody knows yet whether it works on. Say so again in {(window - ago) // MINUTE + 1} "
                "minutes, if it is really gone."
            )


def _check(desk: Desk, listing: Listing, heard: Heard | None, count: int, untold: Mapping[int, Row]) -> None:
    name = listing.instance.name
    host = desk.settings.owned.hosts.get(listing.instance.id)
    if host is not None and host.gpus not in {None, count}:
        raise Refused(f"valet.toml says that {name} has {host.gpus} GPUs: change `[owned.hosts.{name}] gpus` there.")
    if heard is None or not heard.gpus_seen:
        raise Refused(f"No agent sees a GPU of {name} now, so nothing can be said of how many it has.")
    if heard.gpus_seen != count:
        raise Refused(
            f"The agent of {name} sees {heard.gpus_seen} GPUs now, so that is what can be confirmed. "
            f"`[owned.hosts.{name}] gpus` in valet.toml says anything else."
        )
    if count == listing.instance.gpu_count and not untold:
        raise Refused(f"{name} has {count} GPUs already, and its agent sees all of them.")
