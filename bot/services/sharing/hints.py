"""Before somebody claims, starts or launches what costs money: what stands free instead, said once a day."""

import secrets

from bot.domain import parts
from bot.domain.clock import DAY_MS
from bot.domain.machines.listing import Listing
from bot.domain.money.savings import Avoided, Hint, Saving, counterfactual
from bot.domain.sharing.claims import GpuChoice
from bot.domain.sharing.find import FindOption, saved_per_hour, tier_of
from bot.errors import Refused
from bot.services.context import Context
from bot.services.sharing import find
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.money import savings as stored_savings

_AVOIDED: dict[str, Avoided] = {"rented": "claim", "stopped": "start", "launch": "launch"}


def hint_before(
    ctx: Context,
    listing: Listing,
    person: str,
    *,
    choice: GpuChoice | None = None,
    length: int | None = None,
    until: int | None = None,
    note: str = "",
) -> tuple[Hint, FindOption] | None:
    """What to say before somebody takes this instance, which they have not been told of it within a day; else None."""
    avoided, now = _AVOIDED.get(tier_of(listing)), ctx.clock()
    subject = listing.instance.id or listing.instance.name
    costs_nothing_more = listing.instance.paid_anyway or (avoided == "claim" and (listing.claims or listing.busy))
    if avoided is None or costs_nothing_more:
        return None  # it is paid already, or somebody works there anyway
    if stored_savings.hinted(ctx.store.reading(), person, subject, now - DAY_MS):
        return None
    count = (choice.count or len(choice.indexes) or None) if choice else None
    lasts = until - now if until is not None else length
    better = find.find_instead(ctx, listing, person, count=count, length=lasts)
    if better is None:
        return None
    given = Hint(
        id=secrets.token_hex(16),
        at=now,
        person=person,
        avoided=avoided,
        subject=subject,
        better_id=better.listing.instance.id,
        count=better.count,
        choice=choice,
        length=length,
        until=until,
        note=note,
        micros_per_hour=saved_per_hour(listing, better),
    )
    with ctx.store.writing() as db:
        stored_savings.note_hint(db, given)
    return given, better


def given_hint(ctx: Context, hint_id: str, person: str) -> Hint:
    """A hint that somebody was given. Raises Refused when it was another's, or is kept no more."""
    given = stored_savings.hint_by_id(ctx.store.reading(), hint_id)
    if given is None:
        raise Refused(f"That was said over a month ago. {parts.gpu('find')} shows what there is for you now.")
    if given.person != person:
        raise Refused(f"That was said to somebody else. {parts.gpu('find')} shows what there is for you.")
    return given


def count_hint(ctx: Context, taken: Hint) -> bool:
    """Count the saving, once, if the person now holds what they were told of."""
    with ctx.store.writing() as db:
        listing = listings.by_id(db, taken.better_id)
        held = listing.claim_of(taken.person) if listing else None
        if held is None or held.from_at < taken.at or not taken.micros_per_hour:
            return False
        row = stored_fleet.by_id(db, taken.subject)
        name = str(row["name"]) if row else taken.subject
        return stored_savings.add(
            db,
            Saving(
                id=held.id,
                kind="shared",
                at=ctx.clock(),
                person=taken.person,
                taken_id=taken.better_id,
                avoided=taken.avoided,
                instead_of=taken.subject,
                micros_per_hour=taken.micros_per_hour,
                until_at=held.until_at,
                counterfactual=counterfactual(taken.avoided, name),
            ),
        )
