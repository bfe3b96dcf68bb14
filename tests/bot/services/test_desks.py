"""Many desks at once: what is the same for all is read once, and each is what it would be alone."""

import pytest

from bot.domain.clock import HOUR_MS
from bot.domain.machines.listing import FleetFilter
from bot.services import home
from bot.services.sharing import claims, find, line
from store import home as stored_home
from tests.bot.services.room import ADA, BOB, CY, DEE

PEOPLE = (ADA, BOB, CY, DEE)


@pytest.fixture
def company(room):
    """Somebody works on one machine, others wait for it or for any, and two stand free."""
    for name in ("train-7", "train-9"):
        room.reports(name, 0.0)
    room.tick()
    claims.claim_gpus(room.ctx, room.machine("train-3").id, BOB, length=8 * HOUR_MS)
    line.join_line(room.ctx, CY, instance_id=room.machine("train-3").id)
    line.join_line(room.ctx, ADA, instance_id=room.machine("train-3").id)
    return room


def test_a_desk_among_others_is_what_it_would_be_alone(company):
    together, ctx = home.Desks(company.ctx), company.ctx

    for person in PEOPLE:
        alone = home.Desks(ctx).of_person(person)
        assert together.of_person(person) == alone
        assert together.of_person(person).fingerprint == alone.fingerprint
        assert list(alone.free) == home.free_now(ctx, person)
        assert {each.listing.instance.id for each in alone.free} == {
            listing.instance.id for listing, _ in find.free_machines_in_full(ctx, FleetFilter(), person)
        }


def test_the_fleet_is_read_once_for_all_desks_that_are_open(company):
    def reads(people):
        with company.ctx.store.writing() as db:
            for person in people:
                stored_home.note_opened(db, person, "something else", company.clock())
        statements = []
        connection = company.ctx.store.reading().conn
        connection.set_trace_callback(statements.append)
        count = len(list(home.changed_desks(company.ctx)))
        connection.set_trace_callback(None)
        return count, sum("FROM instances" in each and "LIMIT 1200" in " ".join(each.split()) for each in statements)

    assert reads([ADA]) == (1, 1)
    assert reads(PEOPLE) == (len(PEOPLE), 1)
