"""Claims beyond fair use: drafted, asked for, decided by an approver, and then made."""

import secrets

from sqlite_utils import Database

from bot.domain.sharing.claims import GpuChoice
from bot.domain.sharing.grants import Grant, grantors
from bot.errors import Refused
from bot.services.desk import Desk, channel_of
from bot.services.sharing import claiming
from store import audit, grants, outbox


def draft(
    desk: Desk, person: str, instance_id: str, excess: str, *, choice: GpuChoice | None, length: int | None, note: str
) -> Grant:
    """Keep what was refused, so that one press asks an approver for it; a newer draft takes the place of an older."""
    now, team = desk.clock(), desk.roster().team_of(person)
    wanted = desk.settings.claim_limits(team).length(length)
    made = Grant(
        secrets.token_hex(16),
        person,
        team,
        instance_id,
        choice,
        wanted,
        note,
        excess,
        created_at=now,
        expires_at=now + desk.settings.answer_within,
    )
    with desk.store.writing() as db:
        before = grants.live(db, person, instance_id)
        if before is not None and not grants.move(db, before.id, "drafted", "expired"):
            return before
        grants.add(db, made)
    return made


def ask(desk: Desk, grant_id: str, person: str) -> Grant:
    """Put a draft to the approvers. Raises Refused."""
    with desk.store.writing() as db:
        grant = grants.by_id(db, grant_id)
        if grant is None or grant.person != person:
            raise Refused("That request is somebody else's.")
        if not grantors(grant, desk.roster()):
            raise Refused("Nobody could let this pass. Ask an admin to name approvers in valet.toml.")
        if not channel_of(desk, grant.team):
            raise Refused("There is no channel to ask in. Ask an admin to set [slack] channel in valet.toml.")
        if grant.expires_at <= desk.clock() or not grants.move(db, grant_id, "drafted", "pending"):
            raise Refused("That was asked already, or too long ago. Claim it again to see how things stand.")
        audit.add(db, desk.clock(), person, "asked for more", subject=grant.instance_id, detail=grant.excess)
        _show(desk, db, grant)
    desk.wake()
    return grant


def decide(desk: Desk, grant_id: str, person: str, *, yes: bool) -> None:
    """An approver's word; a yes makes the claim, if it can still be had. Raises Refused."""
    with desk.store.writing() as db:
        grant, now = grants.by_id(db, grant_id), desk.clock()
        if grant is None:
            raise Refused("This request is not known here any more.")
        able = grantors(grant, desk.roster())
        if person not in able:
            names = " or ".join(f"<@{user}>" for user in sorted(able)) or "nobody yet (no approver is set)"
            raise Refused(f"Only {names} can decide this.")
        if grant.expires_at <= now or not grants.decide(db, grant_id, person, now, yes=yes):
            raise Refused("Too late: this has been decided, or has lapsed.")
        did = "let pass" if yes else "refused more"
        audit.add(db, now, person, did, subject=grant.instance_id, detail=grant.person)
        _show(desk, db, grant, ended=not yes)
    carry_out(desk)
    desk.wake()


def carry_out(desk: Desk) -> None:
    """Make the claims that were let pass, and close what nobody decided in time; safe to run again after a crash."""
    for grant in grants.approved(desk.store.reading()):
        try:
            claiming.claim(
                desk,
                grant.instance_id,
                grant.person,
                choice=grant.choice,
                length=grant.length,
                note=grant.note,
                granted=True,
            )
        except Refused as error:
            _close(desk, grant, outcome=str(error))
        else:
            _close(desk, grant)
    late = grants.over(desk.store.reading(), desk.clock())
    if late:
        with desk.store.writing() as db:
            for grant in late:
                if grants.move(db, grant.id, grant.state, "expired") and grant.state == "pending":
                    _show(desk, db, grant, ended=True)
        desk.wake()


def _close(desk: Desk, grant: Grant, outcome: str = "") -> None:
    with desk.store.writing() as db:
        if grants.move(db, grant.id, "approved", "failed" if outcome else "claimed", outcome=outcome):
            _show(desk, db, grant, ended=True)


def _show(desk: Desk, db: Database, grant: Grant, *, ended: bool = False) -> None:
    """Bring the card up to date; once it is over, the person is told, too."""
    channel, now = channel_of(desk, grant.team), desk.clock()
    outbox.tell(db, channel, f"grant:{grant.id}", kind="grant_card", subject=grant.id, now=now)
    if ended:
        outbox.tell(db, grant.person, f"grant-end:{grant.id}", kind="grant_ended", subject=grant.id, now=now)
