"""All of sharing at once: claims, the line, bookings, handovers, readings, clocks, crashes; checked at every step."""

from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.domain.sharing.bookings import BookingRequest
from bot.domain.sharing.claims import CLAIM_GRACE_MS, Claim, GpuChoice
from bot.errors import Refused
from bot.services.acting import rule_stops
from bot.services.machines import verdict
from bot.services.sharing import (
    booking_slots,
    bookings,
    checkins,
    claims,
    handovers,
    line,
    line_offers,
    reminders,
    unclaimed,
)
from handlers.blocks.machines import fleet as fleet_blocks
from store.machines import listings
from store.sharing import claims as stored_claims
from store.sharing import line as stored_line
from store.sql import rows
from tests.bot.services.room import ADA, BOB, CY, DEE
from tests.bot.services.sharing.company import Company
from tests.examples import examples

PEOPLE = (ADA, BOB, CY, DEE)
MACHINES = ("nb-2", "nb-5")
"""Four GPUs and one."""
who, where = st.sampled_from(PEOPLE), st.sampled_from(MACHINES)
counts, hours = st.sampled_from((None, 1, 2, 3)), st.sampled_from((1, 3, 30))


class Sharing(Company):
    """Four people, two machines. `held` is what the story says is held; a claim leaves it for a reason, or never."""

    known: ClassVar[dict[str, Any]] = {"people": {"ada": ADA, "cy": CY}}

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, Claim] = {}

    def open_claims(self) -> list[Claim]:
        return [each for name in MACHINES for each in self.listing(name).claims]

    def does(self, act: Any, *args: Any, ends: str = "", **more: Any) -> bool:
        """Do it; it may be refused, and then nothing has changed. `ends` is the claim it ends."""
        before = self.everything()
        try:
            act(self.room.ctx, *args, **more)
        except Refused:
            assert self.claims_in(self.everything()) == self.claims_in(before), "a refusal changes nothing"
            return False
        self.held.pop(ends, None)
        self.note()
        return True

    def everything(self) -> dict[str, list[Any]]:
        names = [row["name"] for row in rows(self.db, "SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: rows(self.db, f"SELECT * FROM {name}") for name in names if not name.startswith(("sqlite", "_"))}

    @staticmethod
    def claims_in(kept: dict[str, list[Any]]) -> Any:
        """Open claims; those whose time is over may be tidied up by anybody who comes by."""
        return sorted(row["id"] for row in kept["claims"] if row["ended_at"] is None and row["until_at"] > 0)

    def note(self) -> None:
        """What is open now is held from now on."""
        self.held |= {each.id: each for each in self.open_claims()}

    @rule(person=who, name=where, count=counts, length=hours)
    def claim(self, person: str, name: str, count: int | None, length: int) -> None:
        self.jobs()
        choice = GpuChoice(count=count)
        self.does(claims.claim_gpus, self.room.machine(name).id, person, choice=choice, length=length * HOUR_MS)

    @rule(person=who, name=where, length=hours)
    def extend(self, person: str, name: str, length: int) -> None:
        self.jobs()
        self.does(claims.extend_claim, self.room.machine(name).id, person, by=length * HOUR_MS)

    @precondition(lambda self: self.open_claims())
    @rule(number=st.integers(0, 9), person=who)
    def release(self, number: int, person: str) -> None:
        held = self.open_claims()[number % len(self.open_claims())]
        self.does(claims.release_claim, held.id, person, ends=held.id)

    @precondition(lambda self: self.open_claims())
    @rule(number=st.integers(0, 9), person=who, accepts=st.booleans())
    def hand(self, number: int, person: str, *, accepts: bool) -> None:
        held = self.open_claims()[number % len(self.open_claims())]
        try:
            made = handovers.offer_handover(self.room.ctx, held.instance_id, held.holder, person)
        except Refused:
            return
        if not accepts:
            self.does(handovers.decline_handover, made.id, person)
        elif self.does(handovers.accept_handover, made.id, person, ends=held.id):
            taken = self.listing_of(held.instance_id).claim_of(person)
            assert taken is not None
            assert (taken.gpus, taken.until_at, taken.note) == (held.gpus, held.until_at, held.note)

    def listing_of(self, instance_id: str) -> Listing:
        found = listings.by_id(self.db, instance_id)
        assert found is not None
        return found

    @rule(person=who, name=where, count=st.sampled_from((None, 1, 2)), length=hours)
    def wait(self, person: str, name: str, count: int | None, length: int) -> None:
        instance_id = self.room.machine(name).id
        self.does(
            line.join_line, person, instance_id=instance_id, choice=GpuChoice(count=count), length=length * HOUR_MS
        )

    @rule(person=who)
    def leave(self, person: str) -> None:
        for waiter in stored_line.places_of(self.db, person)[:1]:
            self.does(line.leave_line, waiter.id, person)

    @rule(person=who, takes=st.booleans())
    def answer_an_offer(self, person: str, *, takes: bool) -> None:
        for offer in [each for each in stored_line.open_offers(self.db) if each.person == person]:
            self.does(line.take_offer if takes else line.pass_offer_on, offer.id, person)

    @rule(person=who, name=where, ahead=st.sampled_from((1, 5, 26)), length=hours, weekly=st.booleans())
    def book(self, person: str, name: str, ahead: int, length: int, *, weekly: bool) -> None:
        wish = BookingRequest(self.clock.now + ahead * HOUR_MS, length * HOUR_MS, GpuChoice(count=1), weekly=weekly)
        self.does(bookings.book_gpus, self.room.machine(name).id, person, wish)

    @rule(person=who, confirms=st.booleans())
    def about_a_booking(self, person: str, *, confirms: bool) -> None:
        for slot in bookings.upcoming_bookings(self.room.ctx, holder=person)[:1]:
            self.does(booking_slots.confirm_booking if confirms else bookings.cancel_booking, slot.id, person)

    @rule(name=where, util=st.sampled_from((0.0, 0.0, 90.0)))
    def reports(self, name: str, util: float) -> None:
        self.room.reports(name, util, minutes=70)
        verdict.judge_all(self.room.ctx)

    @rule(person=who)
    def keeps(self, person: str) -> None:
        for row in rows(self.db, "SELECT DISTINCT batch FROM questions WHERE person = ?", person):
            self.does(checkins.keep_claim, row["batch"], person)

    @rule(length=st.sampled_from((4 * MINUTE_MS, 11 * MINUTE_MS, 31 * MINUTE_MS, 3 * HOUR_MS, 9 * HOUR_MS, 2 * DAY_MS)))
    def time_passes(self, length: int) -> None:
        self.clock.forward(length)
        self.jobs()

    @rule()
    def jobs(self) -> None:
        ctx = self.room.ctx
        for job in (
            *(
                claims.expire_claims,
                handovers.lapse_handovers,
                booking_slots.run_booking_slots,
                booking_slots.extend_weekly_bookings,
                checkins.run_checkins,
                reminders.remind_holders,
            ),
            *(unclaimed.look_for_unclaimed_use, line_offers.offer_due_turns, rule_stops.run_rules),
        ):
            job(ctx)
        self.room.posted()
        self.account()

    def account(self) -> None:
        """Whatever is held no more has ended for a reason that was there."""
        open_now = {each.id: each for each in self.open_claims()}
        for claim_id, known in list(self.held.items()):
            if claim_id in open_now:
                continue
            ended = stored_claims.by_id(self.db, claim_id)
            assert ended is not None, "a claim is never lost"
            assert ended.end_reason in {"expired", "unused"}, f"{ended.end_reason} by nobody's word"
            if ended.end_reason == "expired":
                assert known.until_at <= self.clock.now, "it ended before its time"
            del self.held[claim_id]
        self.note()

    @rule()
    def crash(self) -> None:
        before = self.everything()
        self.room.reopen()
        assert self.everything() == before

    @invariant()
    def no_gpu_is_held_twice(self) -> None:
        for name in MACHINES:
            listing = self.listing(name)
            taken = [gpu for each in (*listing.claims, *listing.offers) for gpu in each.gpus]
            assert len(taken) == len(set(taken))
            assert set(taken) | set(listing.unclaimed) == set(listing.gpus)
            kept = rows(self.db, "SELECT gpu FROM claimed_gpus WHERE instance_id = ?", listing.instance.id)
            assert sorted(row["gpu"] for row in kept) == sorted(gpu for each in listing.claims for gpu in each.gpus)

    @invariant()
    def what_people_see_is_what_the_store_says(self) -> None:
        for name in MACHINES:
            listing = self.listing(name)
            seen = str(fleet_blocks.one_machine(listing, self.clock.now).blocks)
            for each in listing.claims:
                assert f"<@{each.holder}>" in seen
                assert listing.claim_of(each.holder) == each
            if not listing.claims:
                assert "unclaimed" in seen

    @invariant()
    def after_the_jobs_no_claim_outlives_its_end_by_more_than_the_grace(self) -> None:
        claims.expire_claims(self.room.ctx)
        self.account()
        assert all(each.until_at + CLAIM_GRACE_MS > self.clock.now for each in self.open_claims())

    @invariant()
    def nobody_is_told_of_one_end_twice(self) -> None:
        self.room.posted()
        told = rows(self.db, "SELECT ref, count(*) AS n FROM outbox WHERE kind = 'claim_ended' GROUP BY channel, ref")
        assert all(row["n"] == 1 for row in told)


@pytest.mark.slow
def test_sharing_keeps_its_promises_whatever_happens():
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Sharing,
        settings=settings(max_examples=examples(20), stateful_step_count=40, deadline=None, suppress_health_check=slow),
    )
