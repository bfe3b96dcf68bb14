"""Ends of owned machines: they leave the list and cost nothing more, and their history stays."""

import secrets
from dataclasses import replace

from sqlite_utils import Database

from bot.domain.acting.actions import VALET
from bot.domain.acting.retirements import Retirement, RetirementState
from bot.domain.clock import DAY, MINUTE
from bot.domain.listing import Listing
from bot.errors import Refused
from bot.services.acting import owned, refusals
from bot.services.desk import Desk, channel_of
from store import audit, fleet, listings, outbox
from store.acting import retirements
from store.measuring import hosts, minutes
from store.sql import Row

KIND = "retirement"
DEED = "Retiring {name} takes it from everybody"
LATELY = 15 * MINUTE
"""An agent that was heard within this reports: its machine is no thing of the past."""
NOTICE = DAY
"""So long before the end by silence its channel is told; a Valet that was away hears the agents again within it."""


def last_heard(db: Database, instance_id: str) -> int | None:
    """When the agent of a machine was heard last; None when it never was."""
    heard = hosts.of(db, instance_id)
    moments = [minutes.last_of(db, instance_id), heard.reported_at if heard else None]
    return max((each for each in moments if each is not None), default=None)


def question(desk: Desk, instance_id: str, person: str) -> tuple[Listing, int | None]:
    """The machine that this person may retire, and when it was last heard. Raises Refused."""
    with refusals.kept(desk, person, "retire it", instance_id):
        db = desk.store.reading()
        return _retirable(desk, db, instance_id, person), last_heard(db, instance_id)


def retire(desk: Desk, instance_id: str, person: str, reason: str = "") -> Retirement:
    """Take an owned machine off the list, from now on. Raises Refused."""
    now = desk.clock()
    with refusals.kept(desk, person, "retire it", instance_id), desk.store.writing() as db:
        name = _retirable(desk, db, instance_id, person).instance.name
        known = retirements.announced(db).get(instance_id)
        fresh = Retirement(secrets.token_hex(16), instance_id, name, person, reason, None, "retired", now)
        done = replace(known, state="retired", at=now, who=person, reason=reason) if known else fresh
        done = replace(done, heard_at=last_heard(db, instance_id))
        _end(desk, db, done)
    desk.wake()
    return done


def take_back(desk: Desk, retirement_id: str, person: str) -> Retirement:
    """Keep a machine whose end is announced, or bring one back that is retired. Raises Refused."""
    now = desk.clock()
    with refusals.kept(desk, person, "bring it back", retirement_id), desk.store.writing() as db:
        known = retirements.by_id(db, retirement_id)
        if known is None or known.state in {"kept", "undone"}:
            raise Refused("That is done already. `/gpu status owned` shows what there is.")
        row = fleet.by_id(db, known.instance_id)
        _decides(desk, row, person, known.name)
        state: RetirementState = "kept" if known.state == "announced" else "undone"
        kept = replace(known, state=state, at=now, changed_by=person)
        if row is not None and row["gone_at"] is not None:
            back = replace(fleet.instance_of(row), state="running")
            fleet.save(db, back, team=row["team"], rate=fleet.rate_of(row))
        retirements.save(db, kept)
        audit.add(db, now, person, "kept it" if state == "kept" else "brought it back", subject=known.instance_id)
        _tell(desk, db, kept, row)
    desk.wake()
    return kept


def look(desk: Desk) -> None:
    """Announce the ends of machines that are silent for too long, and end those whose notice is over."""
    now, days = desk.clock(), desk.settings.owned.retire_after_days
    db = desk.store.reading()
    pending = retirements.announced(db)
    for instance_id, row in fleet.of_source(db, "owned").items():
        _is_back(desk, db, row)
        heard, known = _counted_from(db, instance_id), pending.get(instance_id)
        is_due = bool(days) and row["state"] == "running" and heard is not None and now - heard > days * DAY
        if known is None and is_due:
            _announce(desk, row, heard)
        elif known is not None and not is_due:
            _save(desk, replace(known, state="kept", at=now), row)
        elif known is not None and now - known.at >= NOTICE:
            with desk.store.writing() as writing:
                _end(desk, writing, replace(known, state="retired", at=now))
            desk.wake()


def retirement_of(desk: Desk, retirement_id: str) -> Retirement | None:
    """One end, as it stands."""
    return retirements.by_id(desk.store.reading(), retirement_id)


def _counted_from(db: Database, instance_id: str) -> int | None:
    """From when its silence counts: since it was heard, or since somebody kept it."""
    newest, heard = retirements.newest_of(db, instance_id), last_heard(db, instance_id)
    kept = newest.at if newest is not None and newest.state in {"kept", "undone"} else None
    return max((each for each in (heard, kept) if each is not None), default=None)


def _is_back(desk: Desk, db: Database, row: Row) -> None:
    """An agent that reports brings its machine back; say so where its end was told."""
    newest = retirements.newest_of(db, row["id"])
    if newest is not None and newest.state == "retired":
        _save(desk, replace(newest, state="undone", at=desk.clock()), row)


def _announce(desk: Desk, row: Row, heard: int | None) -> None:
    made = Retirement(secrets.token_hex(16), row["id"], row["name"], VALET, "", heard, "announced", desk.clock())
    _save(desk, made, row)


def _save(desk: Desk, retirement: Retirement, row: Row) -> None:
    with desk.store.writing() as db:
        retirements.save(db, retirement)
        _tell(desk, db, retirement, row)
    desk.wake()


def _end(desk: Desk, db: Database, done: Retirement) -> None:
    fleet.mark_gone(db, [done.instance_id], done.at)
    fleet.forget_verdicts_of_stopped(db)
    retirements.save(db, done)
    audit.add(db, done.at, done.who, "retired it", subject=done.instance_id, detail=done.reason)
    _tell(desk, db, done, fleet.by_id(db, done.instance_id))


def _tell(desk: Desk, db: Database, retirement: Retirement, row: Row | None) -> None:
    channel = channel_of(desk, row["team"] if row else "")
    ref = f"{KIND}:{retirement.id}"
    outbox.tell(db, channel, ref, kind=KIND, subject=retirement.id, now=desk.clock())


def _decides(desk: Desk, row: Row | None, person: str, name: str) -> None:
    roster = desk.roster()
    able = roster.approvers(row["team"] if row else "") | roster.admins
    if person not in able:
        names = " or ".join(f"<@{user}>" for user in sorted(able)) or "an approver, once one is set"
        raise Refused(f"{DEED.format(name=name)}, so {names} decides that.")


def _retirable(desk: Desk, db: Database, instance_id: str, person: str) -> Listing:
    listing = owned.decided_by(desk, db, instance_id, person, deed=DEED, rented=owned.ENDS_IN_AWS)
    heard, name = last_heard(db, instance_id), listing.instance.name
    if heard is not None and desk.clock() - heard < LATELY:
        raise Refused(
            f"The agent of {name} reports, so {name} is no thing of the past. "
            f"Stop the agent there or `valet token revoke {instance_id}` first, and ask again 15 minutes later."
        )
    return listings.by_id(db, instance_id) or listing
