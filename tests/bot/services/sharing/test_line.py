"""The line as a service: one place each, in order, however many ask, and whatever the database is told."""

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.domain.sharing.bookings import BookingRequest
from bot.domain.sharing.claims import CLAIM_GRACE_MS, GpuChoice
from bot.domain.sharing.gpu_spec import parse_gpu_spec
from bot.domain.sharing.offers import LineOffer
from bot.errors import Refused
from bot.services.acting import approvals
from bot.services.sharing import bookings, claims, handovers, line, line_offers, requests, turns
from store.machines import listings
from store.sharing import claims as stored_claims
from store.sharing import line as stored_line
from store.sql import rows, sqlite3
from tests.bot.services.room import ADA, BOB, CY, DEE, Room
from tests.bot.services.sharing.company import memory
from tests.examples import examples


def hold(room: Room, name: str, who: str, length: int = 4 * HOUR_MS, **more) -> str:
    made = claims.claim_gpus(room.ctx, room.machine(name).id, who, length=length, **more)
    mine = made.claim_of(who)
    assert mine is not None
    return mine.id


def wait(room: Room, name: str, who: str, length: int = 2 * HOUR_MS, **more) -> turns.LinePlace:
    return line.join_line(room.ctx, who, instance_id=room.machine(name).id, length=length, **more)


def offers(room: Room) -> list[LineOffer]:
    return stored_line.open_offers(room.ctx.store.reading())


@pytest.fixture
def quick(clock) -> Iterator[Room]:
    """A room whose file costs no disk."""
    with TemporaryDirectory(dir=memory()) as folder:
        opened = Room(Path(folder) / "room.db", clock)
        opened.sweep()
        yield opened
        opened.close()


@pytest.mark.slow
def test_of_thousands_who_ask_one_gets_it_and_the_others_stand_in_line(quick):
    """A hundred at a time claim it, are told that it is taken, and wait."""
    room, instance = quick, quick.machine("train-7").id
    people = [f"U{number:05}" for number in range(examples(10_000))]
    queue, outcomes = iter(people), Counter[str]()
    lock, begin = threading.Lock(), threading.Barrier(100)

    def ask() -> None:
        begin.wait()
        while True:
            with lock:
                person = next(queue, None)
            if person is None:
                return
            outcome = asks_for(person)  # whatever goes wrong here fails the test
            with lock:
                outcomes[outcome] += 1

    def asks_for(person: str) -> str:
        try:
            claims.claim_gpus(room.ctx, instance, person, length=HOUR_MS)
        except claims.GpusTaken:
            place = line.join_line(room.ctx, person, instance_id=instance, length=HOUR_MS)
            return "waits" if place.is_new else "twice"
        return "won"

    threads = [threading.Thread(target=ask) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == {"won": 1, "waits": len(people) - 1}
    (winner,) = stored_claims.open_claims_on(room.ctx.store.reading(), instance)
    standing = line.people_in_line(room.ctx, listing(room, instance))
    assert {each.person for each, _ in standing} == set(people) - {winner.holder}
    assert [each.id for each, _ in standing] == sorted(each.id for each, _ in standing)

    claims.release_claim(room.ctx, winner.id, winner.holder)
    assert line_offers.offer_due_turns(room.ctx) == 1
    assert [each.person for each in offers(room)] == [standing[0][0].person]
    assert line_offers.offer_due_turns(room.ctx) == 0
    with pytest.raises(turns.OthersInLine) as last:
        claims.claim_gpus(room.ctx, instance, winner.holder)
    assert (last.value.place.ahead, last.value.place.turn) == (len(people) - 1, None)


def listing(room: Room, instance_id: str) -> Listing:
    found = listings.by_id(room.ctx.store.reading(), instance_id)
    assert found is not None
    return found


def test_two_who_press_take_and_claim_at_once_make_one_claim(room):
    held = hold(room, "train-7", ADA)
    wait(room, "train-7", CY)
    claims.release_claim(room.ctx, held, ADA)
    line_offers.offer_due_turns(room.ctx)
    (offer,) = offers(room)
    got: list[str] = []

    def tries(act) -> None:
        try:
            act()
        except Refused:
            return
        got.append(act.__name__)

    def take() -> None:
        line.take_offer(room.ctx, offer.id, CY)

    def claim() -> None:
        claims.claim_gpus(room.ctx, offer.instance_id, BOB)

    threads = [threading.Thread(target=tries, args=(act,)) for act in (take, claim, take, claim) * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(got) == {"take"}
    assert [each.holder for each in stored_claims.open_claims_on(room.ctx.store.reading(), offer.instance_id)] == [CY]


def test_an_estimate_counts_those_before_and_how_long_they_want_it(room):
    hold(room, "train-7", ADA, 4 * HOUR_MS)

    waits = [wait(room, "train-7", who, HOUR_MS).turn for who in (BOB, CY, DEE)]

    assert [turn.at - room.clock() for turn in waits if turn] == [4 * HOUR_MS, 5 * HOUR_MS, 6 * HOUR_MS]


def test_who_wants_more_than_is_free_keeps_one_machine_and_the_others_go_on(room):
    for name in ("nb-2", "nb-5", "scratch"):
        hold(room, name, ADA)
    line.join_line(room.ctx, BOB, want=parse_gpu_spec("4xA10G"))
    line.join_line(room.ctx, CY, want=parse_gpu_spec("1xA10G"))
    for held in stored_claims.open_claims_of(room.ctx.store.reading(), ADA):
        claims.release_claim(room.ctx, held.id, ADA)

    line_offers.offer_due_turns(room.ctx)

    served = {each.person: each.instance_id for each in offers(room)}
    assert served[BOB] == room.machine("nb-2").id
    assert served[CY] in {room.machine("nb-5").id, room.machine("scratch").id}


def test_gpus_are_saved_up_for_who_came_first(room):
    first = hold(room, "nb-2", ADA, choice=GpuChoice(count=2))
    hold(room, "nb-2", DEE, 8 * HOUR_MS, choice=GpuChoice(count=2))
    wait(room, "nb-2", BOB, choice=GpuChoice(count=3))
    wait(room, "nb-2", CY, choice=GpuChoice(count=1))

    claims.release_claim(room.ctx, first, ADA)

    assert line_offers.offer_due_turns(room.ctx) == 0, "two are free, but the first wants three"
    with pytest.raises(turns.OthersInLine):
        claims.claim_gpus(room.ctx, room.machine("nb-2").id, ADA, choice=GpuChoice(count=1))


def test_an_offer_holds_its_gpus_against_everything_that_writes_a_claim(room):
    held = hold(room, "train-7", ADA)
    wait(room, "train-7", CY, choice=GpuChoice(count=2))
    taken = stored_claims.by_id(room.ctx.store.reading(), held)
    claims.release_claim(room.ctx, held, ADA)
    line_offers.offer_due_turns(room.ctx)
    assert taken is not None

    with room.ctx.store.writing() as db:
        rival = stored_claims.Claim("rival", taken.instance_id, BOB, room.clock(), room.clock() + HOUR_MS, (1, 2))
        assert not stored_claims.add(db, rival)


def test_the_database_refuses_second_places_second_offers_and_offers_of_what_is_claimed(room):
    hold(room, "train-7", ADA)
    place = wait(room, "train-7", CY).waiter
    now = room.clock()
    first, second = (
        LineOffer(name, place.id, CY, room.machine("nb-2").id, (gpu,), HOUR_MS, now, now + 1)
        for gpu, name in enumerate(("one", "two"))
    )
    claimed = LineOffer("three", place.id, CY, room.machine("train-7").id, (0,), HOUR_MS, now, now + 1)

    with pytest.raises(sqlite3.IntegrityError), room.ctx.store.writing() as db:
        stored_line.join_end(db, place)
    with pytest.raises(sqlite3.IntegrityError, match="is claimed"), room.ctx.store.writing() as db:
        stored_line.add_offer(db, claimed)
    with room.ctx.store.writing() as db:
        stored_line.add_offer(db, first)
    with pytest.raises(sqlite3.IntegrityError), room.ctx.store.writing() as db:
        stored_line.add_offer(db, second)


def test_a_claim_in_its_grace_is_not_offered_yet(room):
    hold(room, "train-7", ADA, HOUR_MS)
    wait(room, "train-7", CY)
    room.clock.forward(HOUR_MS + CLAIM_GRACE_MS - MINUTE_MS)
    claims.expire_claims(room.ctx)

    assert line_offers.offer_due_turns(room.ctx) == 0
    room.clock.forward(MINUTE_MS)
    claims.expire_claims(room.ctx)
    assert line_offers.offer_due_turns(room.ctx) == 1


def test_a_machine_about_to_be_stopped_is_offered_to_nobody(room):
    held = hold(room, "train-7", ADA, HOUR_MS)
    wait(room, "train-7", CY)
    claims.release_claim(room.ctx, held, ADA)
    room.reports("train-7", 0.0)
    room.approves(room.asks("train-7"))

    assert line_offers.offer_due_turns(room.ctx) == 0


def test_the_line_of_a_machine_that_is_gone_ends_and_everybody_is_told_once(room):
    hold(room, "train-7", ADA)
    places = [wait(room, "train-7", who).waiter for who in (BOB, CY)]
    room.fleet.terminate("train-7")
    room.sweep()
    room.clock.forward(10 * MINUTE_MS)

    assert line_offers.offer_due_turns(room.ctx) == 2
    assert line_offers.offer_due_turns(room.ctx) == 0
    assert [room.told(who, "line_ended") for who in (BOB, CY)] == [[str(each.id)] for each in places]


def test_who_is_handed_what_they_wait_for_leaves_the_line(room):
    hold(room, "train-7", ADA)
    wait(room, "train-7", CY)

    handovers.accept_handover(room.ctx, handovers.offer_handover(room.ctx, room.machine("train-7").id, ADA, CY).id, CY)

    assert line.places_of_person(room.ctx, CY) == []


def test_whoever_asked_for_a_claim_that_runs_out_stands_in_line_for_it(room):
    held = hold(room, "train-7", ADA, HOUR_MS)
    requests.ask_release(room.ctx, held, CY)
    room.clock.forward(HOUR_MS + CLAIM_GRACE_MS)

    claims.expire_claims(room.ctx)
    claims.expire_claims(room.ctx)

    assert [each.waiter.person for each in line.places_of_person(room.ctx, CY)] == [CY]
    assert len(room.told(CY, "answer")) == 1
    assert line_offers.offer_due_turns(room.ctx) == 1


def test_a_machine_one_holds_a_part_of_is_no_other_machine(room):
    for name in ("nb-2", "nb-5", "scratch"):
        hold(room, name, ADA, choice=GpuChoice(count=1))
    hold(room, "nb-2", DEE, choice=GpuChoice(count=2))
    hold(room, "nb-2", CY, choice=GpuChoice(count=1))

    place = line.join_line(room.ctx, CY, want=parse_gpu_spec("1xA10G"))

    assert place.turn is not None
    assert place.turn.instance_id != room.machine("nb-2").id


def test_a_booking_keeps_long_turns_away_but_not_short_ones(room):
    held = hold(room, "nb-2", ADA, HOUR_MS)
    bookings.book_gpus(room.ctx, room.machine("nb-2").id, DEE, BookingRequest(room.clock() + 3 * HOUR_MS, 2 * HOUR_MS))
    long = wait(room, "nb-2", BOB, 8 * HOUR_MS)
    wait(room, "nb-2", CY, HOUR_MS)

    claims.release_claim(room.ctx, held, ADA)
    line_offers.offer_due_turns(room.ctx)

    assert long.turn is not None
    assert long.turn.at == room.clock() + 5 * HOUR_MS
    assert [each.person for each in offers(room)] == [CY]


def test_what_was_done_is_in_the_audit(room):
    held = hold(room, "train-7", ADA)
    wait(room, "train-7", CY)
    claims.release_claim(room.ctx, held, ADA)
    line_offers.offer_due_turns(room.ctx)
    line.pass_offer_on(room.ctx, offers(room)[0].id, CY)

    noted = rows(room.ctx.store.reading(), "SELECT who, did FROM audit ORDER BY id")
    assert [(row["who"], row["did"]) for row in noted[1:]] == [
        (CY, "joined the line"),
        (ADA, "released"),
        ("valet", "offered to the line"),
        (CY, "passed the offer on"),
    ]


def test_half_a_surrogate_pair_in_a_note_breaks_nothing(room):
    hold(room, "train-7", ADA)

    assert wait(room, "train-7", CY, note="half a \ud83d pair").waiter.note == "half a ? pair"


def test_a_machine_started_for_somebody_is_theirs_whoever_waits_for_its_kind(room):
    for name in ("nb-2", "nb-5", "scratch"):
        hold(room, name, ADA)
    line.join_line(room.ctx, CY, want=parse_gpu_spec("1xA10G"))
    started = approvals.ask_to_start(room.ctx, room.machine("eval-2").id, ADA, length=HOUR_MS)
    room.approves(started)

    for _ in range(12):
        room.clock.forward(MINUTE_MS)
        room.tick()
        line_offers.offer_due_turns(room.ctx)

    assert [each.holder for each in listing(room, room.machine("eval-2").id).claims] == [ADA]
    assert offers(room) == []
