"""Each condition of the lists of machines counts: without any one of them, a machine is not there."""

import pytest

from bot.domain.machines.listing import FleetFilter
from store.machines import listings
from tests.neighbours import MACHINE, NIA, TEAM
from tests.store.conditions import GONE, STANDS, Condition, asked, hold, put, row_in

ACROSS, KIND, SOURCE = "i-across", "p4d.24xlarge", "ec2/next-door"
ALONE = (f"UPDATE instances SET gone_at = 1 WHERE id = '{ACROSS}'",)
OWNED = put("instances", f"id = '{MACHINE}'", provider="owned")
WORKS = put("verdicts", state="active")
WASTES = put("verdicts", waste_micros=5)


def total(name: str, chosen: FleetFilter | None = None):
    """One of the sums over the fleet."""
    return lambda db, _: getattr(listings.fleet_totals(db, chosen or FleetFilter()), name)


def page(order: str = "waste", **chosen: object):
    """Whether a page of listings has the machine next door."""
    return lambda db, _: (
        MACHINE
        in {
            listing.instance.id
            for listing in listings.listings_page(db, FleetFilter(**chosen), limit=9, order=order)  # type: ignore[arg-type]
        }
    )


def of(field: str):
    """What the listing of the machine next door says of this."""
    return lambda db, _: getattr(listings.by_id(db, MACHINE), field, None)


MANY = put("instances", gpu_count=2)
LISTING = [
    Condition(page(), (GONE,)),
    Condition(of("verdict"), (STANDS, put("verdicts", instance_id=ACROSS))),
    Condition(
        of("still"),
        (put("instances", state="running"), put("standstills", instance_id=ACROSS)),
        (put("instances", state="stopped"),),
    ),
    Condition(total("instances"), (GONE,), ALONE),
    Condition(total("gpus"), (put("instances", gpu_count=0),), ALONE),
    Condition(total("running"), (STANDS,), ALONE),
    *(
        Condition(
            total("idle"), (STANDS, WORKS, put("verdicts", state="partial")), (*ALONE, put("verdicts", state=idle))
        )
        for idle in ("free", "held")
    ),
    Condition(
        total("unpriced"), (STANDS, put("instances", rate_micros=5)), (*ALONE, put("instances", rate_micros=None))
    ),
    Condition(total("rate_micros"), (STANDS,), ALONE),
    Condition(total("waste_micros"), (put("verdicts", instance_id=ACROSS),), (*ALONE, WASTES)),
    Condition(
        total("estimated"),
        (STANDS, put("instances", rate_exact=1), put("instances", rate_micros=None)),
        (*ALONE, put("instances", rate_exact=0)),
    ),
    Condition(total("partial"), (STANDS, WORKS), (*ALONE, put("verdicts", state="partial"))),
    *(
        Condition(total("unknown"), (STANDS, *others), (*ALONE, before))
        for before, others in (
            (put("verdicts", state="unknown"), (WORKS,)),
            ("DELETE FROM verdicts", ()),
        )
    ),
    Condition(total("owned_micros"), (STANDS, put("instances", provider="ec2")), (*ALONE, OWNED)),
    Condition(
        total("owned_waste_micros"),
        (put("instances", provider="ec2"), put("verdicts", instance_id=ACROSS)),
        (*ALONE, OWNED, WASTES),
    ),
    Condition(
        lambda db, _: not listings.wastes_exactly(db),
        (
            GONE,
            STANDS,
            OWNED,
            put("verdicts", waste_micros=0),
            put("verdicts", waste_micros=-1),
            put("instances", rate_exact=1),
        ),
        (WASTES, put("instances", rate_exact=0)),
    ),
    Condition(
        page(holder=NIA),
        (
            put("claims", holder="U0OLA"),
            put("claims", instance_id=ACROSS),
            put("claims", ended_at=1, end_reason="released"),
        ),
    ),
    Condition(page(team=TEAM.upper()), (put("instances", team="vision"),)),
    Condition(page(type_prefix="p4d"), (put("instances", type="p5.48xlarge"), put("instances", type="xp4d.large"))),
    Condition(page(provider="owned"), (put("instances", provider="ec2"),), (OWNED,)),
    *(
        Condition(
            page(state=state), (STANDS, WORKS, put("verdicts", instance_id=ACROSS)), (put("verdicts", state=state),)
        )
        for state in ("free", "held", "partial")
    ),
    Condition(page(state="unknown"), (STANDS, WORKS), (put("verdicts", state="unknown"),)),
    Condition(page(state="running"), (STANDS,)),
    Condition(page(state="stopped"), (put("instances", state="running"),), (STANDS,)),
    *(
        Condition(page(state="idle"), (STANDS, WORKS, put("verdicts", state="partial")), (put("verdicts", state=idle),))
        for idle in ("free", "held")
    ),
    Condition(
        page(models=(("NVIDIA A100", 40960),)),
        (put("instances", gpu_model="NVIDIA H100"), put("instances", gpu_memory_mib=81920)),
    ),
    Condition(page(ids=(MACHINE,)), (put("instances", f"id = '{MACHINE}'", gone_at=1),)),
    Condition(lambda db, _: not page(ids=(MACHINE,))(db, None), (), (GONE,)),
    Condition(lambda db, _: not page(ids=(ACROSS,))(db, None), ()),
    Condition(
        page(stop_saves=True), (OWNED, put("instances", paid_anyway="reserved")), (put("instances", paid_anyway=""),)
    ),
    Condition(
        page(unclaimed=True),
        (put("instances", gpu_count=4), row_in("drains", id="more", instance_id=MACHINE, who=NIA, since=1, reason="")),
        (put("drains", ended_at=1), put("instances", gpu_count=5)),
    ),
    Condition(
        page(unclaimed=True),
        (put("claimed_gpus", instance_id=MACHINE), put("offered_gpus", instance_id=MACHINE)),
        (
            put("drains", instance_id=ACROSS),
            put("claimed_gpus", instance_id=ACROSS),
            put("offered_gpus", instance_id=ACROSS),
            MANY,
        ),
    ),
    *(
        Condition(read, (GONE, put("instances", provider="owned")), ALONE)
        for read in (asked(listings.rented_types), asked(listings.rented_places))
    ),
    Condition(lambda db, _: listings.gpus_of_type(db, KIND), (put("instances", type="other"),)),
    Condition(
        asked(listings.type_gpus),
        (put("instances", provider="owned"), put("instances", gpu_count=0), put("instances", gpu_model="")),
    ),
    Condition(
        asked(listings.odd_shapes),
        (GONE, put("instances", provider="owned"), put("instances", shape=None)),
        (*ALONE, put("instances", shape="{}")),
    ),
    Condition(
        asked(listings.priced_parts),
        (GONE, put("instances", provider="owned"), put("instances", addresses=0)),
        (*ALONE, put("instances", addresses=1)),
    ),
    Condition(asked(listings.names_in_use), (GONE,), ALONE),
    Condition(lambda db, _: MACHINE in listings.charge_terms(db, SOURCE), (GONE, put("instances", source="other"))),
    Condition(
        lambda db, _: listings.charge_terms(db, SOURCE)[MACHINE].use != "????????",
        (put("verdicts", instance_id=ACROSS),),
        (put("verdicts", state="free"),),
    ),
    *(
        Condition(asked(listings.matching_listings, word), (GONE,), before)
        for word, before in (
            ("next-door", ()),
            ("next", ()),
            ("i-next", ()),
            ("given", (put("instances", f"id = '{MACHINE}'", own_name="given"),)),
        )
    ),
    Condition(
        lambda db, _: not listings.matching_listings(db, "nexu"), (put("instances", f"id = '{MACHINE}'", name="nexus"),)
    ),
    Condition(
        lambda db, _: not listings.matching_listings(db, "next"),
        (put("instances", f"id = '{MACHINE}'", name="next"),),
        (put("instances", f"id = '{MACHINE}'", name="nez"),),
    ),
    *(
        Condition(
            lambda db, _, text=text: listings.ids_with(db, FleetFilter(), text, person=NIA, limit=5), (GONE,), ALONE
        )
        for text in ("", "NEXT", "i-next", "A100", "p4d")
    ),
    Condition(
        lambda db, _: not listings.ids_with(db, FleetFilter(), "h100", person=NIA, limit=5),
        (put("instances", gpu_model="NVIDIA H100"),),
    ),
]


def first(person: str = "U0PAT"):
    """Whether the machine next door is offered before the other."""
    return lambda db, _: listings.ids_with(db, FleetFilter(), "", person=person, limit=1) == [MACHINE]


FREE_ACROSS = row_in("verdicts", instance_id=ACROSS, state="free", evidence="", gpus="[]", waste_micros=0, judged_at=1)
ORDERING = [
    Condition(
        first(NIA),
        (
            put("claims", holder="U0OLA"),
            put("claims", ended_at=1, end_reason="released"),
            put("claims", instance_id=ACROSS),
        ),
        (FREE_ACROSS,),
    ),
    *(
        Condition(
            first(),
            (
                STANDS,
                put("verdicts", f"instance_id = '{MACHINE}'", state="active"),
                put("claimed_gpus", instance_id=MACHINE),
            ),
            (
                FREE_ACROSS,
                put("claimed_gpus", instance_id=ACROSS),
                put("verdicts", f"instance_id = '{MACHINE}'", state=idle),
                put("instances", f"id = '{MACHINE}'", rate_micros=1),
            ),
        )
        for idle in ("free", "held", "partial")
    ),
    Condition(
        first(),
        (put("instances", f"id = '{MACHINE}'", provider="ec2"),),
        (FREE_ACROSS, OWNED, put("instances", f"id = '{MACHINE}'", rate_micros=9), "DELETE FROM claimed_gpus"),
    ),
    Condition(
        first(),
        (put("instances", f"id = '{MACHINE}'", rate_micros=9),),
        (FREE_ACROSS, "DELETE FROM claimed_gpus", put("instances", f"id = '{MACHINE}'", rate_micros=-1)),
    ),
]


@pytest.mark.parametrize("condition", [*LISTING, *ORDERING])
def test_without_any_one_of_its_conditions_no_machine_is_listed(awake, condition):
    hold(awake, condition)
