"""One holder at a time, whoever asks and however fast."""

import threading

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.sharing.bookings import BookingRequest
from bot.domain.sharing.claims import AS_NOW, CLAIM_GRACE_MS, Claim, GpuChoice
from bot.errors import Refused
from bot.services.acting import executor
from bot.services.machines import verdict
from bot.services.sharing import bookings, claims, line, line_offers
from store import audit as stored_audit
from store.machines import listings
from store.sharing import claims as stored_claims
from store.sql import rows
from tests.bot.services.room import ADA, BOB, CHANNEL, CY, DEE, minute
from tests.neighbours import CLAIM


def take(room, name: str, who: str, length: int | None = 4 * HOUR_MS, note: str = "") -> Claim:
    made = claims.claim_gpus(room.ctx, room.machine(name).id, who, length=length, note=note)
    mine = made.claim_of(who)
    assert mine is not None
    return mine


def open_claims(room) -> list[Claim]:
    found = rows(room.ctx.store.reading(), "SELECT id FROM claims WHERE ended_at IS NULL AND id <> ?", CLAIM)
    return [claim for row in found if (claim := stored_claims.by_id(room.ctx.store.reading(), row["id"]))]


def test_of_fifty_who_ask_at_once_one_gets_it_and_the_others_are_told_who(room):
    got, told = [], []

    def ask(number: int) -> None:
        try:
            got.append(take(room, "train-7", f"U{number:03}"))
        except claims.GpusTaken as taken:
            told.append(taken.claims[0].holder)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(got) == 1
    assert told == [got[0].holder] * 49
    assert open_claims(room) == got


def test_the_second_is_told_who_holds_it_until_when(room):
    mine = take(room, "train-7", ADA, note="ablation")

    with pytest.raises(claims.GpusTaken) as taken:
        take(room, "train-7", CY)

    assert taken.value.claims == (mine,)
    assert mine.until_at == room.clock() + 4 * HOUR_MS


def test_asked_again_by_its_holder_it_moves_the_end_and_keeps_the_note(room):
    first = take(room, "train-7", ADA, note="ablation")
    room.clock.forward(HOUR_MS)

    again = take(room, "train-7", ADA, 8 * HOUR_MS)
    noted = take(room, "train-7", ADA, 8 * HOUR_MS, note="final run")

    assert again.id == noted.id == first.id
    assert again.until_at == room.clock() + 8 * HOUR_MS
    assert (again.note, noted.note) == ("ablation", "final run")


def test_without_a_length_it_is_the_default(room):
    assert take(room, "train-7", ADA, None).until_at == room.clock() + 8 * HOUR_MS


@pytest.mark.parametrize("length", [0, -HOUR_MS, 5 * MINUTE_MS - 1, 14 * DAY_MS + 1])
def test_a_length_that_makes_no_sense_is_refused(room, length):
    with pytest.raises(Refused, match="A claim lasts at"):
        take(room, "train-7", ADA, length)


def test_a_machine_that_does_not_run_cannot_be_claimed(room):
    with pytest.raises(Refused, match="eval-2 is stopped"):
        take(room, "eval-2", ADA)


def test_expiry_frees_it_and_tells_its_holder_once(room):
    mine = take(room, "train-7", ADA)
    room.clock.forward(4 * HOUR_MS + CLAIM_GRACE_MS)

    assert claims.expire_claims(room.ctx) == 1
    room.posted()
    assert claims.expire_claims(room.ctx) == 0

    assert room.told(ADA, "claim_ended") == [mine.id]
    assert take(room, "train-7", CY).holder == CY


def test_a_claim_whose_time_is_over_gives_way_before_the_job_comes_round(room):
    over = take(room, "train-7", ADA)
    room.clock.forward(4 * HOUR_MS + CLAIM_GRACE_MS)

    assert take(room, "train-7", CY).holder == CY

    assert room.told(ADA, "claim_ended") == [over.id]
    assert claims.expire_claims(room.ctx) == 0


def test_its_holder_releases_it_without_a_word_and_only_once(room):
    mine = take(room, "train-7", ADA)

    released = claims.release_claim(room.ctx, mine.id, ADA)

    assert released.id == mine.id
    assert room.told(ADA) == []
    with pytest.raises(Refused, match="has ended already"):
        claims.release_claim(room.ctx, mine.id, ADA)


@pytest.mark.parametrize("who", [BOB, DEE])
def test_an_approver_may_release_it_and_the_holder_is_told(room, who):
    mine = take(room, "train-7", ADA)

    claims.release_claim(room.ctx, mine.id, who)

    assert room.told(ADA, "claim_ended") == [mine.id]


def test_anybody_else_may_not_release_it(room):
    mine = take(room, "train-7", ADA)

    with pytest.raises(Refused, match=f"@{ADA}'s"):
        claims.release_claim(room.ctx, mine.id, CY)

    assert open_claims(room) == [mine]


def test_a_claim_on_a_machine_that_is_gone_ends_and_its_holder_is_told(room):
    mine = take(room, "train-7", ADA, 8 * HOUR_MS)
    room.fleet.terminate("train-7")
    room.sweep()

    assert claims.expire_claims(room.ctx) == 0, "one look may have missed it"
    room.clock.forward(10 * MINUTE_MS)
    assert claims.expire_claims(room.ctx) == 1

    ended = stored_claims.by_id(room.ctx.store.reading(), mine.id)
    assert ended is not None
    assert ended.end_reason == "gone"
    assert room.told(ADA, "claim_ended") == [mine.id]


def test_a_claim_calls_off_a_stop_nobody_has_decided_and_says_so(room):
    room.reports("train-7", 0.0)
    action = room.asks("train-7", CY)
    room.posted()

    take(room, "train-7", ADA)

    assert room.action(action).state == "cancelled"
    assert room.told(CY, "action_ended") == [action.id]
    assert room.told(CHANNEL, "action_card")[-1] == action.id


def test_a_claim_that_is_refused_calls_nothing_off(room):
    take(room, "train-7", ADA)
    room.reports("train-7", 0.0)
    action = room.asks("train-7", CY)

    with pytest.raises(claims.GpusTaken):
        take(room, "train-7", DEE)

    assert room.action(action).state == "pending"


@pytest.mark.parametrize("state", ["approved", "executing"])
def test_a_machine_about_to_be_stopped_cannot_be_claimed(room, state):
    room.reports("train-7", 0.0)
    action = room.approves(room.asks("train-7"))
    if state == "executing":
        executor.carry_out(room.ctx)

    with pytest.raises(Refused, match="about to be stopped"):
        take(room, "train-7", ADA)

    assert room.action(action).state == state


def test_half_a_surrogate_pair_in_a_note_breaks_nothing(room):
    assert take(room, "train-7", ADA, note="run \ud83d one").note == "run ? one"


def test_what_was_done_is_in_the_audit(room):
    mine = take(room, "train-7", ADA, note="x")
    claims.release_claim(room.ctx, mine.id, ADA)

    noted = stored_audit.entries_about(room.ctx.store.reading(), mine.instance_id)
    assert [(row.who, row.did) for row in noted] == [(ADA, "claimed"), (ADA, "released")]


def test_the_database_itself_refuses_a_second_claim_on_a_gpu(room):
    mine = take(room, "train-7", ADA)
    rival = Claim("other", mine.instance_id, CY, mine.from_at, mine.until_at, gpus=(7,))

    with room.ctx.store.writing() as db:
        assert not stored_claims.add(db, rival)

    shown = listings.by_id(room.ctx.store.reading(), mine.instance_id)
    assert shown is not None
    assert shown.claims == (mine,)


def works_on(room, name: str, *gpus: int) -> None:
    """Its agent has told for 75 minutes that these GPUs work, and that the others are idle."""
    machine, now = room.machine(name), 1_000_000 + room.clock() // MINUTE_MS
    for start in (75, 40):
        ticks = range(now - start, now - start + (35 if start == 75 else 40))
        told = [minute(gpu, at, 90.0 if gpu in gpus else 0.0) for at in ticks for gpu in range(machine.gpu_count)]
        room.push(machine.id, told, tick_now=now)
    verdict.judge_all(room.ctx)


def held(room, name: str, who: str) -> Claim:
    shown = listings.by_id(room.ctx.store.reading(), room.machine(name).id)
    mine = shown.claim_of(who) if shown else None
    assert mine is not None
    return mine


@pytest.mark.parametrize(("count", "kept"), [(1, (3,)), (2, (2, 3)), (3, (0, 2, 3)), (8, tuple(range(8)))])
def test_said_again_with_a_number_it_keeps_the_gpus_on_which_its_job_runs(room, count, kept):
    machine = room.machine("train-7").id
    claims.claim_gpus(room.ctx, machine, ADA, choice=GpuChoice(indexes=(2, 3)), length=4 * HOUR_MS)
    works_on(room, "train-7", 3)

    claims.claim_gpus(room.ctx, machine, ADA, choice=GpuChoice(count=count))

    assert held(room, "train-7", ADA).gpus == kept
    assert held(room, "train-7", ADA).until_at == room.clock() + 8 * HOUR_MS


def test_gpus_that_somebody_has_booked_for_later_are_not_swapped_for_others(room):
    machine = room.machine("train-7").id
    bookings.book_gpus(
        room.ctx, machine, CY, BookingRequest(room.clock() + 3 * HOUR_MS, HOUR_MS, GpuChoice(indexes=(0,)))
    )
    claims.claim_gpus(room.ctx, machine, ADA, choice=GpuChoice(indexes=(0, 1)), length=2 * HOUR_MS)

    with pytest.raises(bookings.BookingInTheWay):
        claims.claim_gpus(room.ctx, machine, ADA, choice=GpuChoice(count=2), length=5 * HOUR_MS)

    assert held(room, "train-7", ADA).gpus == (0, 1)


@pytest.mark.parametrize("choice", [GpuChoice(indexes=(6,)), GpuChoice(count=1), GpuChoice(), AS_NOW])
def test_what_is_taken_beside_a_claim_lets_no_gpu_go_and_ends_no_sooner(room, choice):
    machine = room.machine("train-7").id
    claims.claim_gpus(room.ctx, machine, ADA, choice=GpuChoice(indexes=(0, 1)), length=9 * HOUR_MS)

    claims.take_gpus(room.ctx, machine, ADA, choice=choice, length=HOUR_MS)

    mine = held(room, "train-7", ADA)
    assert {0, 1} <= set(mine.gpus)
    assert len(mine.gpus) == (8 if choice == GpuChoice() else 3 if choice == GpuChoice(indexes=(6,)) else 2)
    assert mine.until_at == room.clock() + 9 * HOUR_MS


def test_a_turn_in_the_line_takes_no_end_from_a_claim_on_the_same_machine(room):
    machine = room.machine("train-7").id
    claims.claim_gpus(room.ctx, machine, CY, length=2 * HOUR_MS)
    line.join_line(room.ctx, ADA, instance_id=machine, choice=GpuChoice(count=2), length=HOUR_MS)
    claims.release_claim(room.ctx, held(room, "train-7", CY).id, CY)
    line_offers.offer_due_turns(room.ctx)
    [place] = line.places_of_person(room.ctx, ADA)
    assert place.offer is not None
    claims.claim_gpus(room.ctx, machine, ADA, choice=GpuChoice(indexes=(7,)), length=9 * HOUR_MS)

    line.take_offer(room.ctx, place.offer.id, ADA)

    assert held(room, "train-7", ADA).gpus == (0, 1, 7)
    assert held(room, "train-7", ADA).until_at == room.clock() + 9 * HOUR_MS


def test_a_claim_on_one_machine_says_nothing_about_another(room):
    here, there = take(room, "train-7", ADA), take(room, "train-3", ADA)
    with room.ctx.store.writing() as db:
        assert stored_claims.change_gpus(db, here, (2, 3), room.clock())

    db = room.ctx.store.reading()
    assert [(each.id, each.gpus) for each in stored_claims.open_claims_on(db, here.instance_id)] == [(here.id, (2, 3))]
    assert list(stored_claims.open_claims_on(db, there.instance_id)) == [there]
    assert list(stored_claims.open_claims_on(db, room.machine("train-9").id)) == []
    taken = rows(db, "SELECT gpu FROM claimed_gpus WHERE claim_id = ? ORDER BY gpu", there.id)
    assert tuple(row["gpu"] for row in taken) == there.gpus
    free = claims.claim_gpus(room.ctx, here.instance_id, CY, choice=GpuChoice(6)).claim_of(CY)
    assert free is not None
    assert free.gpus == (0, 1, 4, 5, 6, 7)
