"""Each condition of the statements about the ledger and savings counts: without any one of them, nothing is found."""

import pytest

from bot.domain.clock import HOUR_MS
from store.money import accuracy as stored_accuracy
from store.money import ledger as stored_ledger
from store.money import savings as stored_savings
from tests.neighbours import CLAIM, FAR, MACHINE, NEAR, NIA, STOP, TEAM
from tests.store.conditions import GONE, Condition, asked, be, hold, of_kind, put, row_in, written
from tests.store.money.charged import (
    ACROSS,
    ANOTHERS,
    CHARGED,
    KIND,
    MAY_CHANGE,
    OTHER_TYPE,
    OWNED,
    charge,
)

METERED = (
    row_in("meters", instance_id=MACHINE, from_at=NEAR, until_at=FAR, rate_micros=9, team=TEAM, marks="[]", exact=1),
)
SAVED = (
    row_in(
        "saving_sources",
        id="saved",
        subject=MACHINE,
        name="",
        team="",
        counterfactual="",
        until_at=FAR,
        over=0,
        exact=1,
    ),
    "DROP TRIGGER saved_stand",
    row_in(
        "saved",
        source_id="saved",
        subject=MACHINE,
        kind="stopped",
        from_at=NEAR,
        until_at=FAR,
        saved_ms=9,
        micros=9,
    ),
)
SHARED = row_in(
    "savings",
    id=CLAIM,
    kind="shared",
    at=NEAR,
    person=NIA,
    taken_id=MACHINE,
    avoided="claim",
    instead_of="",
    micros_per_hour=9,
    until_at=FAR,
    counterfactual="",
)
HINTED = row_in(
    "hints",
    id="hint",
    at=NEAR,
    person=NIA,
    avoided="claim",
    subject=KIND,
    better_id=MACHINE,
    count=1,
    choice="null",
    note="",
)


def worked_out(source: str) -> str:
    columns = {"id": source, "subject": MACHINE, "name": "", "team": "", "counterfactual": ""}
    return row_in("saving_sources", **columns, until_at=FAR, over=1, exact=1)


def is_new_for(team: str):
    """Whether of all machines that next door is new for a team, or for who asked for it."""
    return lambda db, _: stored_savings.first_run_since(db, KIND, NEAR, team=team, requester=NIA) == [MACHINE]


RELEASED = put("claims", from_at=NEAR - 10 * HOUR_MS, ended_at=NEAR - 5, end_reason="released")
SAVING = [
    Condition(
        asked(stored_savings.open_stops),
        (be("failed"), be("done", kind="'start'", length=HOUR_MS, batch="''"), worked_out(STOP)),
        (be("done"),),
    ),
    Condition(asked(stored_savings.open_sharing), (worked_out(CLAIM),), (SHARED,)),
    Condition(
        asked(stored_savings.run_before, MACHINE, NEAR + 1),
        (ANOTHERS, put("charges", from_at=NEAR + 1, running_ms=0, idle_ms=0)),
        CHARGED,
    ),
    Condition(
        asked(stored_savings.next_run, MACHINE, NEAR),
        (ANOTHERS, put("charges", from_at=NEAR - 1, until_at=NEAR, running_ms=0, idle_ms=0)),
        CHARGED,
    ),
    Condition(
        asked(stored_savings.next_run, MACHINE, NEAR),
        (put("meters", instance_id=ACROSS), put("meters", from_at=NEAR - 1)),
        METERED,
    ),
    Condition(asked(stored_savings.first_run, MACHINE), (ANOTHERS,), CHARGED),
    *(
        Condition(
            is_new_for(team),
            (OTHER_TYPE, OWNED, *changes, ANOTHERS, charge(3, at=NEAR - HOUR_MS)),
            (*CHARGED, *before),
        )
        for team, changes, before in (
            (TEAM, (put("instances", team="vision"),), ()),
            ("vision", (put("instances", team=TEAM),), (put("instances", team=""),)),
            (
                "vision",
                (put("actions", requester="U0OLA"), put("actions", made_id=None)),
                (of_kind("launch"), put("actions", made_id=MACHINE)),
            ),
        )
    ),
    Condition(
        is_new_for(TEAM),
        (put("charges", "corrects IS NULL", from_at=NEAR - HOUR_MS, until_at=NEAR),),
        (*MAY_CHANGE, charge(1), charge(2, at=NEAR - HOUR_MS, corrects=1, why="priced", running_ms=0, idle_ms=0)),
    ),
    Condition(
        asked(stored_savings.ran_by_hour, MACHINE, NEAR, NEAR + 1),
        (
            ANOTHERS,
            put("charges", from_at=NEAR + 1, running_ms=0, idle_ms=0),
            put("charges", from_at=NEAR - 1, until_at=NEAR, running_ms=0, idle_ms=0),
        ),
        CHARGED,
    ),
    Condition(
        asked(stored_savings.spared_by_hour, MACHINE, NEAR, NEAR + 1),
        (put("saved", subject=ACROSS), put("saved", from_at=NEAR + 1), put("saved", from_at=NEAR - 1, until_at=NEAR)),
        (*SAVED, put("saved", saved_ms=0)),
    ),
    Condition(
        asked(stored_savings.between, NEAR, NEAR + 1),
        (put("saved", from_at=NEAR + 1), put("saved", from_at=NEAR - 1, until_at=NEAR)),
        (*SAVED, put("saved", saved_ms=0)),
    ),
    Condition(asked(stored_savings.saved_until, MACHINE), (put("saved", subject=ACROSS),), SAVED),
    Condition(
        asked(stored_savings.claimed_next, MACHINE, NEAR - 1),
        (put("claims", from_at=NEAR - 1), put("claims", instance_id=ACROSS)),
    ),
    Condition(
        asked(stored_savings.given_back, MACHINE, NEAR, HOUR_MS),
        (
            put("claims", end_reason="expired"),
            put("claims", instance_id=ACROSS),
            put("claims", ended_at=NEAR + 1),
            put("claims", ended_at=NEAR - HOUR_MS),
            put("claims", until_at=NEAR),
            put("claims", from_at=NEAR - 10),
        ),
        (RELEASED,),
    ),
    Condition(
        asked(stored_savings.shared_between, NEAR, NEAR + 1),
        (put("savings", at=NEAR + 1), put("savings", at=NEAR - 1)),
        (SHARED, "DROP TRIGGER savings_stand"),
    ),
    Condition(
        asked(stored_savings.hinted, NIA, KIND, NEAR - 1),
        (put("hints", person="U0OLA"), put("hints", subject="other"), put("hints", at=NEAR - 1)),
        (HINTED,),
    ),
    Condition(asked(stored_savings.hint_by_id, "hint"), (put("hints", id="other"),), (HINTED,)),
    Condition(written(stored_savings.prune_hints, NEAR + 1), (put("hints", at=NEAR + 1),), (HINTED,)),
]
SOURCE = "ec2/next-door"
ELSEWHERE = put("instances", f"id = '{MACHINE}'", source="elsewhere")
GONE_UNPRICED = (*CHARGED, put("charges", rate_micros=0), put("instances", gone_at=1, rate_micros=None))
CHARGING = [
    Condition(asked(stored_ledger.open_meters, SOURCE), (ELSEWHERE,), METERED),
    Condition(asked(stored_ledger.running_meters, MACHINE), (put("meters", instance_id=ACROSS),), METERED),
    Condition(asked(stored_ledger.rented_meters), (OWNED,), METERED),
    Condition(asked(stored_ledger.charged_until, MACHINE), (ANOTHERS,), CHARGED),
    Condition(written(stored_ledger.close_meters, [MACHINE]), (put("meters", instance_id=ACROSS),), METERED),
    Condition(
        asked(stored_ledger.shares_between, NEAR, NEAR + 1),
        (
            put("charges", from_at=NEAR + 1, running_ms=0, idle_ms=0),
            put("charges", from_at=NEAR - 1, until_at=NEAR, running_ms=0, idle_ms=0),
            "DELETE FROM shares",
        ),
        CHARGED,
    ),
    Condition(
        asked(stored_ledger.unpriced, 5),
        (
            put("charges", rate_micros=1),
            put("instances", rate_micros=0),
            put("instances", lifecycle="spot"),
            charge(2, corrects=1, why="priced", running_ms=0, idle_ms=0),
        ),
        (*CHARGED, put("charges", rate_micros=0)),
    ),
    Condition(
        asked(stored_ledger.unpriced_and_gone),
        (
            put("instances", gone_at=None),
            put("instances", rate_micros=5),
            put("instances", lifecycle="spot"),
            put("charges", rate_micros=1),
            charge(2, corrects=1, why="priced", running_ms=0, idle_ms=0, rate_micros=5),
        ),
        GONE_UNPRICED,
    ),
    Condition(
        written(stored_ledger.price_gone, MACHINE, stored_ledger.Rate(5, "")),
        (put("instances", gone_at=None), f"UPDATE instances SET id = 'other' WHERE id = '{MACHINE}'"),
        (GONE, "PRAGMA defer_foreign_keys = 1"),
    ),
    Condition(
        asked(stored_ledger.idle_charges, MACHINE, NEAR, NEAR + 1),
        (
            ANOTHERS,
            put("charges", from_at=NEAR + 1, running_ms=1, idle_ms=0),
            put("charges", from_at=NEAR - 1, until_at=NEAR, running_ms=1, idle_ms=0),
            put("charges", running_ms=0, idle_ms=0),
        ),
        CHARGED,
    ),
    Condition(
        asked(stored_ledger.per_machine, NEAR, NEAR + 1),
        (
            put("charges", from_at=NEAR + 1, running_ms=0, idle_ms=0),
            put("charges", from_at=NEAR - 1, until_at=NEAR, running_ms=0, idle_ms=0),
        ),
        CHARGED,
    ),
    *(
        Condition(
            asked(stored_ledger.spent, NEAR, kind, key),
            (OWNED, put("charges", from_at=NEAR - 1, until_at=NEAR, running_ms=0, idle_ms=0), *others),
            CHARGED,
        )
        for kind, key, others in (
            ("total", "", ()),
            ("team", TEAM, (put("charges", team="vision"),)),
            ("type", KIND, (OTHER_TYPE,)),
            ("instance", MACHINE, (ANOTHERS,)),
        )
    ),
    *(
        Condition(read, (put("forecasts", scope="other"), *others), (KEPT,))
        for KEPT in [row_in("forecasts", scope="total", made_at=NEAR, content="{}")]
        for read, others in (
            (asked(stored_ledger.forecasts_made, "total"), ()),
            (asked(stored_accuracy.first_made, "total"), ()),
            (
                written(stored_ledger.thin_forecasts, "total", NEAR, NEAR + 1),
                (put("forecasts", made_at=NEAR + 1), put("forecasts", made_at=NEAR - 1)),
            ),
        )
    ),
]


@pytest.mark.parametrize("condition", [*SAVING, *CHARGING])
def test_without_any_one_of_its_conditions_nothing_is_charged_or_saved(awake, condition):
    hold(awake, condition)
