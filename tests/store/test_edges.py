"""Edges of statements: one or none, the first or the last, this row or its neighbour."""

import pytest

from bot.domain.preconditions import Conditions
from store import outbox as stored_outbox
from store.acting import rule_stops as stored_rule_stops
from store.machines import readings as stored_readings
from store.sharing import find as stored_find
from store.sharing import handovers as stored_handovers
from store.sharing import unclaimed as stored_unclaimed
from store.sql import rows
from tests.neighbours import FAR, MACHINE, NEAR

A100 = [("NVIDIA A100", 40960)]
HANDOVER, SQUAT = "handover-next-door", "squat-next-door"


@pytest.fixture
def db(awake):
    """The neighbours' database, put back as it was after the test."""
    with awake.writing() as writing:
        writing.execute("SAVEPOINT as_it_was")
        yield writing
        writing.execute("ROLLBACK TO as_it_was")


def test_a_machine_is_held_from_its_first_claimed_gpu_on(db):
    both = stored_find.instances_standing(db, "held", A100, 8)
    db.execute("DELETE FROM claimed_gpus WHERE gpu = 1")
    one = stored_find.instances_standing(db, "held", A100, 8)
    db.execute("DELETE FROM claimed_gpus")

    assert both == one == [MACHINE]
    assert stored_find.instances_standing(db, "held", A100, 8) == []


def test_as_many_gpus_as_there_are_can_be_had_and_no_more(db):
    db.execute("UPDATE verdicts SET state = 'free'")

    assert stored_find.instances_standing(db, "rented", A100, 8) == ["i-across"]
    assert stored_find.instances_standing(db, "rented", A100, 6) == [MACHINE, "i-across"]
    assert stored_find.instances_standing(db, "rented", A100, 9) == []
    assert stored_find.instances_standing(db, "held", A100, 9) == []


def test_the_largest_machine_tells_how_many_gpus_there_are_and_any_has_one(db):
    db.execute(f"UPDATE instances SET gpu_count = 4 WHERE id = '{MACHINE}'")
    largest = stored_find.most_gpus(db, A100)
    db.execute("UPDATE instances SET gpu_count = 0")

    assert (largest, stored_find.most_gpus(db, A100), stored_find.most_gpus(db, [])) == (8, 1, 0)


def test_an_offer_is_shown_anew_while_it_is_open_alone(db):
    stored_handovers.show_anew(db, "another", Conditions("another"))
    stored_handovers.show_anew(db, HANDOVER, Conditions("first"))
    stored_handovers.settle_handover(db, HANDOVER, "lapsed", FAR)
    stored_handovers.show_anew(db, HANDOVER, Conditions("late"))

    offer = stored_handovers.by_id(db, HANDOVER)
    assert offer is not None
    assert offer.shown == Conditions("first")


def test_use_that_somebody_was_asked_about_ends_once_and_is_kept(db):
    asked = stored_unclaimed.by_id(db, SQUAT)
    assert asked is not None

    ends = [stored_unclaimed.end(db, asked, state) for state in ("not mine", "over")]

    assert ends == [True, False]
    assert [row["state"] for row in rows(db, "SELECT state FROM squats")] == ["not mine"]


def test_use_that_nobody_was_asked_about_is_forgotten_once_and_no_other(db):
    db.execute("UPDATE squats SET state = 'seen', person = '', asked_at = NULL")
    seen = stored_unclaimed.by_id(db, SQUAT)
    assert seen is not None
    db.execute(
        "INSERT INTO squats (id, instance_id, unix_user, gpus, since, seen_at) "
        f"SELECT 'other', instance_id, 'ola', gpus, since, seen_at FROM squats WHERE id = '{SQUAT}'"
    )

    ends = [stored_unclaimed.end(db, seen, "over") for _ in range(2)]

    assert ends == [True, False]
    assert [row["id"] for row in rows(db, "SELECT id FROM squats")] == ["other"]


def test_of_old_stops_by_hours_the_newest_and_the_newest_that_came_about_are_kept(db):
    db.execute("DELETE FROM parkings")
    for basis, action in ((1, "oldest"), (2, "newest"), (3, ""), (4, "")):
        db.execute(
            "INSERT INTO parkings (instance_id, rule, basis_at, acts_at, channel, decider, settled_at, action_id) "
            f"VALUES ('{MACHINE}', 'hours', {basis}, 9, '', '', 10, '{action}')"
        )

    stored_rule_stops.prune(db, NEAR)

    assert [row["basis_at"] for row in rows(db, "SELECT basis_at FROM parkings ORDER BY basis_at")] == [2, 4]


def test_the_next_message_is_due_when_the_first_of_all_is(db):
    db.execute("DELETE FROM outbox")
    for number, due in enumerate((NEAR, NEAR - 5, FAR)):
        stored_outbox.tell(db, f"C{number}", "message", kind="x", subject="", now=due)

    assert stored_outbox.next_row_due(db) == NEAR - 5


def test_what_works_on_gpus_is_told_in_their_order(db):
    db.execute(
        "INSERT INTO gpus (host, gpu, uuid, name, last_minute_at, users, process) "
        f"SELECT host, 1, 'GPU-b', name, 1, '[\"ola\"]', 'second' FROM gpus WHERE host = '{MACHINE}'"
    )

    assert list(stored_readings.users_on(db, MACHINE, 0).items()) == [(0, ("nia",)), (1, ("ola",))]
    assert [process for process, _ in stored_readings.programs_on(db, MACHINE, 0)] == ["python", "second"]
    assert stored_readings.seen_until(db, MACHINE, 0) == [1, None]
