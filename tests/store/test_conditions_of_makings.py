"""Each condition of the statements about what actions make, and about planned stops, counts."""

import pytest

from store.acting import images as stored_images
from store.acting import makings
from store.acting import rule_stops as stored_rule_stops
from store.machines import owned as stored_owned
from tests.neighbours import CHANNEL, CLAIM, FAR, MACHINE, NEAR, NIA, OLA, PAT, STOP
from tests.store.conditions import GONE, LAUNCH, MADE, STANDS, Condition, asked, be, hold, of_kind, written

ACROSS = "i-across"
UNCLAIMED = "UPDATE claims SET ended_at = 1, end_reason = 'released'"
MAKING = [
    Condition(
        asked(makings.image_orders),
        ("UPDATE actions SET ordered_at = NULL",),
        before=(of_kind("clone", image_id="'ami-1'", ordered_at=NEAR),),
    ),
    *(
        Condition(
            asked(makings.makings_over, FAR, FAR),
            (
                "UPDATE actions SET length = length + 1",
                GONE,
                STANDS,
                "UPDATE actions SET made_id = NULL, state = 'failed'",
                f"UPDATE actions SET over_told_at = {FAR + 1}",
                be("executing"),
                f"UPDATE claims SET ended_at = NULL, end_reason = NULL WHERE id = '{CLAIM}'",
            ),
            before=(UNCLAIMED, of_kind(kind), MADE, be(state)),
        )
        for kind, state in (("launch", "done"), ("clone", "failed"), ("resize", "unknown"))
    ),
    *(
        Condition(
            asked(makings.unfound, NEAR),
            (
                be("aborted", finished_at=FAR),
                MADE,
                f"UPDATE actions SET finished_at = {NEAR}",
                "UPDATE actions SET calls = 0",
                of_kind("clone", instance_id=f"'{MACHINE}'", template="''"),
            ),
            before=(LAUNCH, be(state, finished_at=FAR, calls=1)),
        )
        for state in ("unknown", "failed")
    ),
    *(
        Condition(
            asked(makings.unfound, NEAR),
            ("UPDATE actions SET ordered_at = NULL",),
            before=(of_kind(kind, image_id="'ami-1'", ordered_at=NEAR), be("unknown", finished_at=FAR, calls=1)),
        )
        for kind in ("clone", "resize")
    ),
    *(
        Condition(
            asked(makings.bearing, "valet", "x"),
            (
                GONE,
                STANDS,
                f"UPDATE instances SET tags = '{{\"valet\": \"y\"}}' WHERE id = '{MACHINE}'",
                f"UPDATE instances SET tags = '{{\"other\": \"x\"}}' WHERE id = '{MACHINE}'",
            ),
            before=(f"UPDATE instances SET tags = '{{\"valet\": \"x\"}}', state = '{state}' WHERE id = '{MACHINE}'",),
        )
        for state in ("pending", "running")
    ),
    *(
        Condition(
            asked(makings.live_launch, NIA, "big"),
            (
                f"UPDATE actions SET requester = '{OLA}'",
                "UPDATE actions SET template = 'small'",
                be("done", made_id=f"'{ACROSS}'"),
            ),
            before=(LAUNCH, state),
        )
        for state in ("UPDATE actions SET state = 'pending'", be("approved"), be("executing"))
    ),
    Condition(
        asked(stored_images.keeps, NEAR),
        (f"UPDATE image_keeps SET until_at = {NEAR}",),
        before=(f"INSERT INTO image_keeps (image_id, who, until_at, made_at) VALUES ('ami-1', '{PAT}', {FAR}, 1)",),
    ),
    Condition(
        asked(stored_owned.announced),
        ("UPDATE retirements SET state = 'undone'",),
        before=(
            (
                "INSERT INTO retirements (id, instance_id, name, who, reason, state, at, changed_by) "
                f"VALUES ('end', '{MACHINE}', 'next-door', '{PAT}', '', 'announced', 1, '')"
            ),
        ),
    ),
]
PLANNED = ("settled_at = 1", "action_id = ''", "why = 'changed'")
PARKING = [
    Condition(
        stored_rule_stops.add,
        tuple(f"UPDATE parkings SET {column}" for column in ("settled_at = NULL", f"action_id = '{STOP}'"))
        + tuple(f"UPDATE parkings SET why = '{why}'" for why in ("", "acted", "put off")),
        (f"UPDATE parkings SET {', '.join(PLANNED)}",),
        lambda db: stored_rule_stops.of_basis(db, MACHINE, "hours", NEAR)[0],
    ),
    Condition(
        lambda db, parking: written(stored_rule_stops.settle_rule_stop, parking, FAR, "acted", outcome="")(db, None),
        ("UPDATE parkings SET settled_at = 1",),
        look=lambda db: stored_rule_stops.open_ones(db)[0],
    ),
    Condition(asked(stored_rule_stops.stops_at, CHANNEL, FAR), (f"UPDATE parkings SET acts_at = {NEAR}",)),
]


@pytest.mark.parametrize("condition", [*MAKING, *PARKING])
def test_without_any_one_of_its_conditions_nothing_is_made_or_planned(awake, condition):
    hold(awake, condition)
