"""What each kind of message in the outbox looks like, as things stand when it is sent."""

from collections.abc import Callable

from bot.domain.actions import deciders
from bot.services import backing_up, digesting, looking, posting
from bot.services.desk import Desk
from handlers.blocks import approvals, claims, digest, troubles
from handlers.blocks.parts import Reply


def action_card(desk: Desk, action_id: str) -> Reply | None:
    """The approval card."""
    action = looking.action(desk, action_id)
    return approvals.card(action, deciders(action, desk.roster())) if action else None


def action_ended(desk: Desk, action_id: str) -> Reply | None:
    """How it ended, for the one who asked."""
    action = looking.action(desk, action_id)
    return approvals.ended(action) if action else None


def claim_ended(desk: Desk, claim_id: str) -> Reply | None:
    """The end of a claim, for its holder."""
    claim = looking.claim(desk, claim_id)
    return claims.claim_ended(claim, looking.name_of(desk, claim.instance_id)) if claim else None


def daily_digest(desk: Desk, subject: str) -> Reply | None:
    """A digest; its subject is "channel|date"."""
    channel, _, local_date = subject.partition("|")
    made = digesting.digest_of(desk, channel, local_date)
    return digest.digest(made) if made else None


def undelivered(_desk: Desk, subject: str) -> Reply | None:
    """A channel that can't be posted to, for an admin; its subject is "channel error"."""
    channel, _, error = subject.partition(" ")
    return troubles.undelivered(channel, error)


def backup_failed(_desk: Desk, subject: str) -> Reply | None:
    """A nightly backup that could not be made, for an admin; its subject is why."""
    return troubles.backup_failed(subject)


KINDS: dict[str, Callable[[Desk, str], Reply | None]] = {
    "action_card": action_card,
    "action_ended": action_ended,
    "claim_ended": claim_ended,
    "digest": daily_digest,
    posting.UNDELIVERED: undelivered,
    backing_up.FAILED: backup_failed,
}


def draw(desk: Desk, kind: str, subject: str) -> Reply | None:
    """A message of this kind about this subject; None when there is nothing left to show."""
    known = KINDS.get(kind)
    return known(desk, subject) if known else None
