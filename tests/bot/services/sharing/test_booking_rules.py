"""Whatever people book, claim, extend and cancel, and whatever clocks and restarts do: no GPU is promised twice."""

from collections import Counter
from contextlib import suppress
from itertools import combinations, pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.sharing.bookings import BookingRequest, BookingSlot
from bot.domain.sharing.claims import AS_NOW, CLAIM_GRACE_MS, Claim, GpuChoice
from bot.errors import Refused
from bot.services.sharing import booking_slots, bookings, claims
from store.sharing import bookings as stored_bookings
from store.sharing import claims as stored_claims
from store.sql import rows
from tests.bot.services.room import ADA, BOB, CY, Room
from tests.bot.services.sharing.company import Company
from tests.examples import examples

PEOPLE = st.sampled_from([ADA, BOB, CY])
CHOICES = st.sampled_from([GpuChoice(), GpuChoice(count=2), GpuChoice(count=5), GpuChoice(indexes=(0, 7))])
HOURS = st.integers(1, 12)


class Bookings(Company):
    """One machine with eight GPUs, and three people who want it."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = self.room.machine("train-7").id
        self.is_up = True
        self.boot = "boot"

    def ahead(self) -> list[BookingSlot]:
        return stored_bookings.slots_ahead(self.room.ctx.store.reading())

    def open_claims(self) -> list[Claim]:
        return stored_claims.open_claims_on(self.room.ctx.store.reading(), self.machine)

    @initialize(wishes=st.lists(st.tuples(PEOPLE, st.integers(1, 20), HOURS, CHOICES), min_size=1, max_size=4))
    def some_have_booked(self, wishes):
        for who, start, hours, choice in wishes:
            self.book(who, start, hours, choice, weekly=False)

    @rule(who=PEOPLE, start=st.integers(1, 20), hours=HOURS, choice=CHOICES, weekly=st.booleans())
    def book(self, who, start, hours, choice, weekly):
        wish = BookingRequest(self.clock.now + start * HOUR_MS // 2, hours * HOUR_MS, choice, weekly)
        with suppress(Refused):
            bookings.book_gpus(self.room.ctx, self.machine, who, wish)

    @precondition(lambda self: self.ahead())
    @rule(who=PEOPLE, number=st.integers(0, 20), series=st.booleans())
    def unbook(self, who, number, series):
        there = self.ahead()
        with suppress(Refused):
            bookings.cancel_booking(self.room.ctx, there[number % len(there)].id, who, series=series)

    @rule(who=PEOPLE, hours=HOURS, choice=CHOICES | st.just(AS_NOW))
    def claim(self, who, hours, choice):
        with suppress(Refused):
            claims.claim_gpus(self.room.ctx, self.machine, who, choice=choice, length=hours * HOUR_MS)

    @precondition(lambda self: self.open_claims())
    @rule(who=PEOPLE, hours=HOURS)
    def extend(self, who, hours):
        with suppress(Refused):
            claims.extend_claim(self.room.ctx, self.machine, who, by=hours * HOUR_MS)

    @precondition(lambda self: self.open_claims())
    @rule(who=PEOPLE)
    def release(self, who):
        for held in self.open_claims():
            if held.holder == who:
                claims.release_claim(self.room.ctx, held.id, who)

    @precondition(lambda self: stored_bookings.slots_watched(self.room.ctx.store.reading()))
    @rule(who=PEOPLE)
    def say_i_am_here(self, who):
        for slot in stored_bookings.slots_watched(self.room.ctx.store.reading()):
            with suppress(Refused):
                booking_slots.confirm_booking(self.room.ctx, slot.id, who)

    @rule(minutes=st.integers(1, 90))
    def time_passes(self, minutes):
        self.clock.forward(minutes * MINUTE_MS)
        self.jobs()

    @precondition(lambda self: self.is_up and self.ahead())
    @rule(util=st.sampled_from([0.0, 0.0, 60.0, None]))
    def the_next_booking_begins(self, util):
        """And its machine idles, works or is silent for three quarters of an hour."""
        self.clock.now = max(self.clock.now, self.ahead()[0].from_at)
        self.its_agent_reports(0.0)
        self.jobs()
        for _ in range(3):
            self.time_passes(15)
            if util is not None:
                self.room.reports("train-7", util, minutes=15, boot=self.boot)
        self.time_passes(1)

    @rule(hours=st.integers(1, 200))
    def nobody_looks_for_long(self, hours):
        self.clock.forward(hours * HOUR_MS)

    @rule()
    def the_clock_is_set_back(self):
        self.clock.forward(-5 * MINUTE_MS)
        self.jobs()

    @rule()
    def restart(self):
        self.room.reopen()

    @rule(util=st.sampled_from([0.0, 60.0]))
    def its_agent_reports(self, util):
        if self.is_up:
            self.boot = f"boot-{self.clock.now}"
            self.room.reports("train-7", util, boot=self.boot)

    @rule()
    def it_stops_or_starts(self):
        self.is_up = not self.is_up
        self.room.fleet.change("train-7", state="running" if self.is_up else "stopped")

    def jobs(self) -> None:
        self.room.sweep()
        claims.expire_claims(self.room.ctx)
        booking_slots.run_booking_slots(self.room.ctx)
        booking_slots.extend_weekly_bookings(self.room.ctx)
        self.room.posted()
        mine = {claim.holder for claim in self.open_claims()}
        late = [slot for slot in self.ahead() if slot.from_at <= self.clock.now and slot.holder not in mine]
        assert not late or not self.is_up, "whose time has come has their claim"
        assert all(held.until_at + CLAIM_GRACE_MS > self.clock.now for held in self.open_claims()), (
            "no claim outlives its grace"
        )
        assert all(slot.until_at > self.clock.now for slot in self.ahead()), "what is over is not waited for"

    @invariant()
    def no_gpu_is_promised_twice_at_one_time(self):
        kept: list[Claim | BookingSlot] = [*self.open_claims(), *self.ahead()]
        for one, two in combinations(kept, 2):
            meets = one.from_at < two.until_at and two.from_at < one.until_at
            if isinstance(one, Claim) and isinstance(two, Claim):
                meets = True
            assert not meets or not set(one.gpus) & set(two.gpus), (one, two)

    @invariant()
    def every_slot_became_at_most_one_claim_which_is_its_holders(self):
        db = self.room.ctx.store.reading()
        begun = rows(
            db, "SELECT s.*, c.holder AS by FROM slots s LEFT JOIN claims c ON c.id = s.claim_id WHERE claim_id <> ''"
        )
        assert len({row["claim_id"] for row in begun}) == len(begun)
        assert all(row["by"] == row["holder"] for row in begun)

    @invariant()
    def the_gpus_that_are_kept_are_those_of_slots_to_come(self):
        db = self.room.ctx.store.reading()
        kept = Counter((row["slot_id"], row["gpu"]) for row in rows(db, "SELECT * FROM booked_gpus"))
        assert kept == Counter((slot.id, gpu) for slot in self.ahead() for gpu in slot.gpus)

    @invariant()
    def nobody_is_told_twice(self):
        told = rows(self.room.ctx.store.reading(), "SELECT channel, ref, kind FROM outbox")
        counts = Counter((row["channel"], row["ref"]) for row in told if row["kind"] != "slot")
        assert all(count == 1 for (_, ref), count in counts.items() if ref.startswith(("claim-end:", "slot-soon:")))
        # one message, changed at most: waiting, begun, and how it came out
        edits = Counter(row["ref"] for row in told if row["kind"] == "slot")
        assert all(count <= 3 for count in edits.values()), edits


TestBookings = Bookings.TestCase
TestBookings.settings = settings(max_examples=examples(40), stateful_step_count=30, deadline=None)


@pytest.mark.slow
def test_a_weekly_booking_is_claimed_every_week_never_twice_and_ends(tmp_path, clock):
    room = Room(tmp_path / "valet.db", clock, alone=True)
    room.sweep()
    wish = BookingRequest(clock.now + HOUR_MS, 2 * HOUR_MS, GpuChoice(count=2), weekly=True)
    bookings.book_gpus(room.ctx, room.machine("train-7").id, ADA, wish)

    while there := stored_bookings.slots_ahead(room.ctx.store.reading()):
        for moment in (there[0].from_at, there[0].until_at, there[0].until_at + CLAIM_GRACE_MS):
            clock.now = moment
            room.sweep()
            claims.expire_claims(room.ctx)
            booking_slots.run_booking_slots(room.ctx)
            booking_slots.extend_weekly_bookings(room.ctx)

    found = rows(room.ctx.store.reading(), "SELECT from_at, state FROM slots ORDER BY from_at")
    room.close()
    assert [row["state"] for row in found] == ["used"] * 26
    assert {two["from_at"] - one["from_at"] for one, two in pairwise(found)} == {7 * DAY_MS}
