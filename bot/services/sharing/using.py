"""Who works on which GPUs, by the unix users that agents report, and whose claims cover that."""

from dataclasses import replace

from sqlite_utils import Database

from bot.domain.listing import Listing
from bot.domain.sharing.reality import FRESH, Users, own_gpus, unclaimed_use
from bot.errors import Refused
from bot.services.desk import Desk
from store.measuring import minutes


def users_on(desk: Desk, db: Database, instance_id: str) -> Users:
    """Unix users with programs on each GPU of an instance, as reported just now."""
    return minutes.users_on(db, instance_id, desk.clock() - FRESH)


def programs_on(desk: Desk, db: Database, instance_id: str) -> tuple[str, ...]:
    """What runs on its GPUs as reported just now, each once: "python3 (unix user ada)"."""
    found = minutes.programs_on(db, instance_id, desk.clock() - FRESH)
    said = {f"{program} (unix user {', '.join(users)})" if users else program for program, users in found}
    return tuple(sorted(said))


def with_users(desk: Desk, listing: Listing) -> Listing:
    """The listing with who works on it without a claim."""
    found = _unclaimed(desk, desk.store.reading(), listing)
    return replace(listing, unclaimed_users=tuple(sorted(found.items(), key=lambda pair: pair[1])))


def _unclaimed(desk: Desk, db: Database, listing: Listing) -> dict[str, tuple[int, ...]]:
    if not listing.running or not listing.busy:
        return {}
    taken = frozenset(gpu for claim in listing.claims for gpu in claim.gpus)
    return unclaimed_use(listing.verdict, taken, users_on(desk, db, listing.instance.id))


def others_on(desk: Desk, listing: Listing, person: str) -> list[tuple[str, str, tuple[int, ...]]]:
    """Who else works on the GPUs of a person's claim: unix user, Slack user id (or empty), and the GPUs."""
    mine = listing.claim_of(person)
    if mine is None:
        return []
    taken = frozenset(listing.gpus) - set(mine.gpus)
    use = unclaimed_use(listing.verdict, taken, users_on(desk, desk.store.reading(), listing.instance.id))
    named = [(user, desk.settings.person(listing.instance, user), gpus) for user, gpus in use.items()]
    return [each for each in named if each[1] != person]


def adoptable(desk: Desk, listing: Listing, person: str) -> tuple[int, ...]:
    """The GPUs that a person's own programs run on, and those they hold there already. Raises Refused."""
    name, users = listing.instance.name, users_on(desk, desk.store.reading(), listing.instance.id)
    mine = listing.claim_of(person)
    unix = desk.settings.unix_users(listing.instance, person)
    if not unix:
        raise Refused(
            f"I don't know which unix user you are on {name}; an admin can say so in [people]. "
            f"`/gpu claim {name} gpus:0,1` claims GPUs by their numbers."
        )
    found = own_gpus(users, unix)
    if not found:
        who = " or ".join(sorted(unix))
        seen = sorted({user for there in users.values() for user in there})
        others = f"Programs there belong to {', '.join(seen[:5])}." if seen else "No program is reported there."
        raise Refused(
            f"I see no program of yours (unix user {who}) on {name} just now. {others} "
            f"`/gpu claim {name} gpus:1` claims GPUs that are free."
        )
    return tuple(sorted({*found, *(mine.gpus if mine else ())}))
