"""Claims: taking, extending and giving back."""

import secrets
from dataclasses import dataclass, replace

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import gone_since
from bot.domain.machines.listing import Listing
from bot.domain.machines.states import in_words
from bot.domain.sharing.claims import (
    AS_NOW,
    CLAIM_GRACE_MS,
    AsNow,
    Claim,
    ClaimEndReason,
    ClaimLimits,
    GpuChoice,
    claim_changes,
    gpu_words,
)
from bot.errors import Refused
from bot.services import digest
from bot.services.acting import approvals, consents
from bot.services.context import Context
from bot.services.sharing import bookings, reminders, requests, turns
from bot.services.sharing import limits as limits_service
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.machines import listings
from store.sharing import claims as stored_claims

REPEATED_WITHIN_MS = 10 * MINUTE_MS
"""The same extension, typed again within so long, may be a retry: Slack says operation_timeout of what was done."""


class RepeatedExtension(Refused):
    """The claim was extended by just as much a moment ago; `claim` is as it stands."""

    def __init__(self, sentence: str, held: Claim, ago: int) -> None:
        super().__init__(sentence)
        self.claim = held
        self.ago = ago


class GpusTaken(Refused):
    """Others hold what was asked for; `claims` says who and until when."""

    def __init__(self, sentence: str, held: tuple[Claim, ...]) -> None:
        super().__init__(sentence)
        self.claims = held


@dataclass(frozen=True, slots=True)
class _Terms:
    """What somebody wants to hold; `adds`: beside what they hold there already."""

    choice: GpuChoice | AsNow
    length: int | None
    until: int | None
    note: str
    granted: bool
    adds: bool

    def beside(self, mine: Claim) -> "_Terms":
        """The same, where no GPU of a claim is let go."""
        return self if self.choice is AS_NOW else replace(self, choice=self.choice.beside(mine.gpus))

    def end(self, limits: ClaimLimits, now: int, mine: Claim | None) -> int:
        """When it is to end: no sooner than before, unless that was said. Raises Refused."""
        end = now + limits.length(self.length if self.until is None else self.until - now)
        is_said = not self.adds and (self.length is not None or self.until is not None)
        return end if mine is None or is_said else max(mine.until_at, end)


def claim_gpus(
    ctx: Context,
    instance_id: str,
    holder: str,
    *,
    choice: GpuChoice | AsNow = AS_NOW,
    length: int | None = None,
    until: int | None = None,
    note: str = "",
    granted: bool = False,
) -> Listing:
    """Claim an instance or some of its GPUs; said again by its holder, it changes what was said, and nothing else.

    Said again without a length or an end, it never ends sooner than before; without a choice of GPUs, it keeps those
    it has, and with a number of them, as many of those as that is. The longest a claim may be counts from now.
    `granted`: an approver let it pass the limits of fair use. Raises Refused, Taken, InLine, Booked.
    """
    return _put(ctx, instance_id, holder, _Terms(choice, length, until, note, granted, adds=False))


def take_gpus(
    ctx: Context,
    instance_id: str,
    holder: str,
    *,
    choice: GpuChoice | AsNow = AS_NOW,
    length: int | None = None,
    until: int | None = None,
    note: str = "",
    granted: bool = False,
) -> Listing:
    """Take what comes to somebody beside what they hold there: no GPU of that is let go, and it ends no sooner.

    For what nobody typed: a turn in the line, a button, a machine that was started or made. Raises as `claim`.
    """
    return _put(ctx, instance_id, holder, _Terms(choice, length, until, note, granted, adds=True))


def claim_within(
    ctx: Context, db: Database, instance_id: str, holder: str, *, choice: GpuChoice | AsNow, length: int, note: str
) -> None:
    """A claim beyond fair use that an approver let pass, in the caller's transaction. Raises as `claim`."""
    _put_within(ctx, db, instance_id, holder, _Terms(choice, length, None, note, granted=True, adds=False))


def take_within(
    ctx: Context, db: Database, instance_id: str, holder: str, *, gpus: tuple[int, ...], length: int
) -> None:
    """Take these GPUs beside what one holds there, in the caller's transaction. Raises as `claim`."""
    choice = GpuChoice(indexes=gpus)
    _put_within(ctx, db, instance_id, holder, _Terms(choice, length, None, "", granted=False, adds=True))


def _put(ctx: Context, instance_id: str, holder: str, terms: _Terms) -> Listing:
    with ctx.store.writing() as db:
        listing = _put_within(ctx, db, instance_id, holder, terms)
    ctx.wake()
    return listing


def _put_within(ctx: Context, db: Database, instance_id: str, holder: str, terms: _Terms) -> Listing:
    now = ctx.clock()
    listing = _claimable(ctx, db, instance_id)
    mine = listing.claim_of(holder)
    team = ctx.roster().team_of(holder)
    terms = terms.beside(mine) if mine is not None and terms.adds else terms
    end = terms.end(ctx.settings.claim_limits(team), now, mine)
    gpus = _gpus(ctx, db, listing, holder, terms.choice, until=end)
    begun = (mine.id, mine.from_at) if mine else (secrets.token_hex(16), now)
    planned = Claim(begun[0], instance_id, holder, begun[1], end, gpus, team, terms.note)
    bookings.check_clear_of_bookings(ctx, db, planned, listing.instance.name)
    if not terms.granted:
        limits_service.check_limits(ctx, db, planned)
    approvals.make_way(ctx, db, listing, holder)
    turns.leave_when_served(ctx, db, planned)
    _write(db, planned, mine, now)
    requests.tell_let_go(ctx, db, planned)
    return _changed(ctx, db, instance_id)


def _write(db: Database, planned: Claim, mine: Claim | None, now: int) -> None:
    if mine is None:
        written = stored_claims.add(db, planned)
    else:
        stored_claims.move_end(db, mine.id, planned.until_at, note=planned.note)
        written = stored_claims.change_gpus(db, mine, planned.gpus, now)
    if not written:
        raise Refused(f"Somebody else has just taken some of these GPUs. {parts.gpu('status')} shows who.")
    did = "claimed" if mine is None else claim_changes(mine, planned)
    is_regripped = mine is not None and set(mine.gpus) != set(planned.gpus)
    before, after = (gpu_words(mine.gpus), gpu_words(planned.gpus)) if mine and is_regripped else ("", "")
    about, note = planned.instance_id, planned.note
    stored_audit.add(db, now, planned.holder, did, subject=about, detail=note, before=before, after=after)


def _claimable(ctx: Context, db: Database, instance_id: str) -> Listing:
    """The instance, without claims whose time is over and `claim_ends` has not come round to yet."""
    listing = listings.by_id(db, instance_id)
    if listing is None:
        raise Refused("That instance is gone.")
    if not listing.running:
        name, state = listing.instance.name, listing.instance.state
        if state == "pending":
            raise Refused(f"{name} is starting. You can claim it once {parts.gpu('status', name)} shows that it runs.")
        way = (
            f"{parts.gpu('start', name)} starts it for you."
            if state == "stopped"
            else f"{parts.gpu('status')} shows what runs."
        )
        raise Refused(f"{name} is {in_words(state)}, so there is nothing to claim. {way}")
    if listing.drain is not None:
        raise Refused(listing.drain.refusal(listing.instance.name))
    over = [claim for claim in listing.claims if claim.until_at + CLAIM_GRACE_MS <= ctx.clock()]
    for claim in over:
        end_claim(ctx, db, claim, "expired")
    return (listings.by_id(db, instance_id) or listing) if over else listing


def _gpus(
    ctx: Context, db: Database, listing: Listing, holder: str, choice: GpuChoice | AsNow, *, until: int
) -> tuple[int, ...]:
    """The GPUs to hold, those nobody has booked by then first. Raises Taken, InLine, Refused."""
    mine = listing.claim_of(holder)
    if choice is AS_NOW and mine is not None:
        return mine.gpus
    others = tuple(claim for claim in listing.claims if claim.holder != holder)
    taken = {gpu for claim in others for gpu in claim.gpus}
    chosen = GpuChoice() if choice is AS_NOW else choice
    # whoever holds a GPU that others have booked keeps it, and is told of the booking, rather than another
    booked = bookings.booked_gpus(db, listing.instance.id, until) - set(mine.gpus if mine else ())
    picked = turns.pick_in_turn(ctx, db, listing, holder, choice=chosen, taken=taken | booked)
    if picked is None and booked:
        picked = turns.pick_in_turn(ctx, db, listing, holder, choice=chosen, taken=taken)
    if picked is None:
        raise GpusTaken(f"{listing.instance.name} is taken.", others)
    return picked


def _changed(ctx: Context, db: Database, instance_id: str) -> Listing:
    digest.refresh_digest(ctx, db, instance_id)
    listing = listings.by_id(db, instance_id)
    if listing is None:
        raise Refused("That instance is gone.")
    for claim in listing.claims:
        reminders.follow_claim_end(db, claim, ctx.clock())
    return listing


def _not_yours(listing: Listing) -> str:
    name, others = listing.instance.name, parts.persons((claim.holder for claim in listing.claims), " and ")
    if listing.claims and not listing.unclaimed:
        return f"{name} is {others}'s, so nobody else can extend it. {parts.gpu('wait', name)} puts you in the line."
    return f"You hold nothing on {name}. {parts.gpu('claim', name)} takes it."


def extend_claim(
    ctx: Context,
    instance_id: str,
    holder: str,
    *,
    by: int | None = None,
    until: int | None = None,
    typed: bool = False,
) -> Listing:
    """Let one's claim end later: `by` milliseconds after its present end, or at `until`.

    `typed`: the same words may have been typed before. Raises Refused, Repeated.
    """
    now = ctx.clock()
    with ctx.store.writing() as db:
        listing = _claimable(ctx, db, instance_id)
        mine = listing.claim_of(holder)
        if mine is None:
            raise Refused(_not_yours(listing))
        if by is not None and by < MINUTE_MS:
            raise Refused(f"Less than a minute changes nothing. Try `extend {listing.instance.name} 2h`.")
        if until is not None and until < mine.until_at:
            name = listing.instance.name
            raise Refused(
                f"Your claim on {name} lasts longer than that already. "
                f"{parts.gpu('claim', name, 'for 1h')} shortens it."
            )
        limits = ctx.settings.claim_limits(mine.team)
        length = limits.default if by is None else by
        if typed and until is None:
            _refuse_repeated(db, listing.instance.name, mine, length, now)
        end = until if until is not None else max(mine.until_at, now) + length
        limits.length(end - now)
        bookings.check_clear_of_bookings(ctx, db, replace(mine, until_at=end), listing.instance.name)
        limits_service.check_limits(ctx, db, replace(mine, until_at=end))
        stored_claims.move_end(db, mine.id, end)
        if until is None:
            stored_claims.note_extension(db, mine.id, now, length)
        stored_audit.add(db, now, holder, "extended", subject=instance_id)
        requests.tell_extended(ctx, db, mine)
        consents.extended(ctx, db, mine)
        changed = _changed(ctx, db, instance_id)
    ctx.wake()
    return changed


def _refuse_repeated(db: Database, name: str, mine: Claim, length: int, now: int) -> None:
    """Raises Repeated where this claim was extended by as much a moment ago."""
    last = stored_claims.last_extension(db, mine.id)
    if last is not None and last[1] == length and now - last[0] < REPEATED_WITHIN_MS:
        raise RepeatedExtension(f"You extended {name} by just as much a moment ago.", mine, now - last[0])


def check_release(ctx: Context, listing: Listing, held: Claim, person: str) -> None:
    """Whether this person may end a claim: its holder may, and whoever decides for its team. Raises Refused."""
    roster = ctx.roster()
    if person == held.holder or person in roster.approvers(listing.team) | roster.admins:
        return
    raise Refused(f"{listing.instance.name} is {parts.person(held.holder)}'s; only they or an approver can release it.")


def release_claim(ctx: Context, claim_id: str, person: str) -> Claim:
    """End a claim. Its holder may, and so may whoever decides for the instance's team. Raises Refused."""
    with ctx.store.writing() as db:
        held = stored_claims.by_id(db, claim_id)
        listing = listings.by_id(db, held.instance_id) if held else None
        if held is None or held.ended_at is not None or listing is None:
            raise Refused("That claim has ended already, so there is nothing to release.")
        check_release(ctx, listing, held, person)
        end_claim(ctx, db, held, "released", who=person)
    ctx.wake()
    return held


def expire_claims(ctx: Context) -> int:
    """End claims whose time and grace are over or whose instance is gone, and tell their holders; how many."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        ended = [
            end_claim(ctx, db, claim, "expired") for claim in stored_claims.claims_ending(db, now - CLAIM_GRACE_MS)
        ]
        ended += [end_claim(ctx, db, claim, "gone") for claim in stored_claims.orphaned_claims(db, gone_since(now))]
        ended += fit_claims(ctx, db)
    if any(ended):
        ctx.wake()
    return sum(ended)


def fit_claims(ctx: Context, db: Database) -> list[bool]:
    """Let each claim cover what its machine has of its GPUs, and tell its holder; without any of them it ends."""
    now, fitted = ctx.clock(), []
    for claim, there in stored_claims.claims_lacking_gpus(db):
        left = tuple(gpu for gpu in claim.gpus if gpu < there)
        if not left:
            fitted.append(end_claim(ctx, db, claim, "lacking"))
            continue
        fitted.append(stored_claims.change_gpus(db, claim, left, now))
        requests.tell_let_go(ctx, db, replace(claim, gpus=left), "ended")
        stored_audit.add(
            db, now, "valet", "cut the claim to the GPUs there are", subject=claim.instance_id, detail=claim.holder
        )
        digest.refresh_digest(ctx, db, claim.instance_id)
        subject = f"{claim.id}|{','.join(map(str, claim.gpus))}"
        stored_outbox.tell(db, claim.holder, f"claim-cut:{subject}", kind="claim_cut", subject=subject, now=now)
    return fitted


def end_claim(ctx: Context, db: Database, claim: Claim, reason: ClaimEndReason, *, who: str = "") -> bool:
    """End an open claim and tell its holder, unless it was they who did; False when it has ended already."""
    now = ctx.clock()
    if not stored_claims.end(db, claim.id, now, reason, who=who):
        return False
    stored_audit.add(db, now, who or "valet", reason, subject=claim.instance_id, detail=claim.holder)
    digest.refresh_digest(ctx, db, claim.instance_id)
    requests.tell_ended(ctx, db, claim, reason)
    foreseen = reminders.end_reminder(db, claim, now) and reason == "expired"
    if who != claim.holder and not foreseen:
        stored_outbox.tell(db, claim.holder, f"claim-end:{claim.id}", kind="claim_ended", subject=claim.id, now=now)
    return True
