"""Of several of a kind that which counts is read: the newest, the longest, the one that was first."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import pytest

from bot.domain.clock import HOUR_MS
from store.acting import actions, makings
from store.acting import approvals as stored_approvals
from store.acting import dormant as stored_dormant
from store.acting import rule_stops as stored_rule_stops
from store.acting import snooze as stored_snooze
from store.machines import owned as stored_owned
from store.sharing import bookings as stored_bookings
from store.sharing import claims as stored_claims
from store.sharing import line as stored_line
from store.sharing import runs as stored_runs
from tests.neighbours import CLAIM, FAR, MACHINE, NEAR, NIA, PAT, STOP, WAITER
from tests.store.conditions import be, of_kind


def again(table: str, where: str = "1", **columns: object) -> str:
    """One more row like that next door, but for these columns."""
    known = ", ".join(columns)
    values = ", ".join(str(value) for value in columns.values())
    return f"INSERT INTO {table} ({known}) SELECT {values} FROM {table} WHERE {where}"


def action(name: str, **columns: object) -> str:
    """One more action like that next door."""
    same = ("kind", "instance_id", "launched_at", "requester", "team", "reason", "facts", "state", "created_at")
    same += ("expires_at", "decider", "decided_at", "executing_at", "finished_at", "length", "template", "made_id")
    same += ("image_id", "ordered_at")
    known: dict[str, object] = {column: column for column in same}
    return again("actions", f"id = '{STOP}'", **{"id": f"'{name}'"} | known | columns)


OFFER = {"waiter_id": WAITER, "instance_id": f"'{MACHINE}'", "gpus": "'[6]'", "until_at": FAR + 9, "ended_at": FAR}
RUN = (
    "template",
    "command",
    "user",
    "instance_id",
    "claim_id",
    "person",
    "channel",
    "releases",
    "state",
    "finished_at",
)
RETIRED = "INSERT INTO retirements (id, instance_id, name, who, reason, state, at, changed_by) VALUES"
OFF = "facts = json_set(facts, '$.paid_anyway', 'old')"
BOTH = f"UPDATE instances SET state = 'stopped' WHERE id = '{MACHINE}'"
NEWEST: list[tuple[tuple[str, ...], Callable[[Any], Any], Any]] = [
    (
        tuple(
            again("offers", "id = 'offer-next-door'", **OFFER | {"id": f"'{name}'", "made_at": at, "state": "'lapsed'"})
            for name, at in (("newest", FAR), ("older", NEAR + 1))
        ),
        lambda db: stored_line.newest_offer(db, WAITER).id,
        "newest",
    ),
    (
        (
            "UPDATE runs SET state = 'done', finished_at = 1",
            *tuple(
                again("runs", "id = 'run-next-door'", **{column: column for column in RUN})
                .replace("INSERT INTO runs (", "INSERT INTO runs (id, created_at, ")
                .replace("SELECT ", f"SELECT '{name}', {at}, ")
                for name, at in (("newest", FAR), ("older", NEAR + 1))
            ),
        ),
        lambda db: [run.id for run in stored_runs.newest_runs(db, NIA, 2)],
        ["newest", "older"],
    ),
    (
        tuple(
            f"{RETIRED} ('{name}', '{MACHINE}', '', '', '', 'undone', {at}, '')"
            for name, at in (("new", 2), ("old", 1))
        ),
        lambda db: stored_owned.newest_of(db, MACHINE).id,
        "new",
    ),
    (
        tuple(
            again("snoozes", until_at=until, who=f"'{who}'", instance_id="instance_id", made_at="made_at", since_at=1)
            + f" AND who = '{PAT}'"
            for who, until in (("U0LONG", FAR + 2), ("U0SHORT", FAR + 1))
        ),
        lambda db: (stored_snooze.on(db, MACHINE, NEAR).who, stored_snooze.active(db, NEAR)[MACHINE].who),
        ("U0LONG", "U0LONG"),
    ),
    (
        (be("done"), action("newest", created_at=FAR), action("older", created_at=NEAR + 1)),
        lambda db: actions.newest_that_changed(db, MACHINE),
        "newest",
    ),
    (
        (
            BOTH,
            f"UPDATE actions SET {OFF}",
            be("done", launched_at=NEAR),
            action("newest", finished_at=FAR, facts="json_set(facts, '$.paid_anyway', 'new')"),
            action("older", finished_at=NEAR - 1),
        ),
        lambda db: stored_dormant.held_on(db)[MACHINE],
        "new",
    ),
    (
        (of_kind("clone", image_id="'ami-1'", ordered_at=FAR), be("unknown"), action("older", ordered_at=NEAR)),
        lambda db: makings.image_orders(db)["ami-1"],
        FAR,
    ),
    (
        tuple(
            again(
                "consents",
                "id = 'consent-next-door'",
                **{"id": f"'{said}'", "action_id": "action_id", "claim_id": "claim_id", "holder": f"'U0{said}'"}
                | {"until_at": 1, "asked_at": 1, "deadline_at": 2, "answer": f"'{said}'", "answered_at": at},
            )
            for said, at in (("late", FAR), ("needed", NEAR + 1))
        ),
        lambda db: stored_approvals.needed_since(db, CLAIM, NEAR).answer,
        "late",
    ),
    (
        tuple(
            again("parkings", instance_id="instance_id", rule="rule", basis_at=basis, acts_at=acts, channel="channel")
            .replace("channel)", "channel, decider, action_id)")
            .replace(" FROM", ", decider, action_id FROM")
            + f" AND basis_at = {NEAR} AND acts_at = {FAR}"
            for basis, acts in ((NEAR + 2, FAR), (NEAR + 1, FAR), (NEAR + 2, FAR + 2))
        ),
        lambda db: attrgetter("basis_at", "acts_at")(stored_rule_stops.newest_by_hours(db, MACHINE)),
        (NEAR + 2, FAR + 2),
    ),
    (
        tuple(
            again("claims", f"id = '{CLAIM}'", id=f"'{name}'", instance_id="instance_id", holder=f"'{name}'")
            .replace("holder)", "holder, team, note, gpus, from_at, until_at)")
            .replace(" FROM", f", team, note, '[]', {begin}, {end} FROM")
            for name, begin, end in (("short", NEAR + 1, FAR - HOUR_MS // 2), ("long", NEAR - 1, FAR + HOUR_MS))
        ),
        lambda db: (
            [claim.id for claim in stored_claims.open_claims_on(db, MACHINE)],
            [claim.id for claim in stored_claims.open_claims(db, [MACHINE])[MACHINE]],
            stored_claims.newest_claims(db)[MACHINE].id,
            [claim.id for claim in stored_claims.claims_ending(db, FAR)],
        ),
        (["long", CLAIM, "short"], ["long", CLAIM, "short"], "short", ["short", CLAIM]),
    ),
    (
        (
            again("slots", "id = 'slot-next-door'", id="'later'", booking_id="booking_id", instance_id="instance_id")
            .replace("instance_id)", "instance_id, holder, gpus, from_at, until_at)")
            .replace(" FROM", f", holder, gpus, {FAR}, {FAR + HOUR_MS} FROM"),
        ),
        lambda db: (
            stored_bookings.last_slot_start(db, "booking-next-door"),
            [slot.id for slot in stored_bookings.slots_ahead(db)],
        ),
        (FAR, ["slot-next-door", "later"]),
    ),
]


@pytest.mark.parametrize(("rows", "read", "expected"), NEWEST)
def test_of_several_the_one_that_counts_is_read(awake, rows, read, expected):
    with awake.writing() as db:
        db.execute("SAVEPOINT one_of_each")
        for sql in rows:
            db.execute(sql)
        assert read(db) == expected
        db.execute("ROLLBACK TO one_of_each")
