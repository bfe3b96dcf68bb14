"""Random verbs of three people over one machine of eight GPUs, and of one in a line: what was promised is kept."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.domain.sharing.bookings import BookingRequest
from bot.domain.sharing.claims import AS_NOW, CLAIM_GRACE_MS, AsNow, Claim, GpuChoice
from bot.errors import Refused
from bot.services.acting import approvals, consents, executor, snooze
from bot.services.machines import verdict
from bot.services.sharing import booking_slots, bookings, claims, grants, handovers, limits, line, line_offers
from store.acting import actions
from store.acting import snooze as stored_snooze
from store.sharing import line as stored_line
from store.sql import rows
from tests.bot.services.room import ADA, BOB, CY, DEE, minute
from tests.bot.services.sharing.company import Company
from tests.examples import examples

PEOPLE = (ADA, BOB, CY)
NAME = "train-7"
who, hours = st.sampled_from(PEOPLE), st.sampled_from((1, 3, 8))
choices: Any = st.sampled_from(
    (AS_NOW, GpuChoice(), GpuChoice(count=1), GpuChoice(count=2), GpuChoice(count=5), GpuChoice(indexes=(0, 7)))
)


class Promises(Company):
    """Dee waits; the others claim, change, book, snooze and stop."""

    known: ClassVar[dict[str, Any]] = {"claims": {"gpus_per_person": 5, "at_limit": "ask"}}

    def __init__(self) -> None:
        super().__init__()
        self.machine = self.room.machine(NAME).id
        self.busy: frozenset[int] = frozenset()

    @property
    def here(self) -> Listing:
        return self.listing(NAME)

    @initialize(count=st.sampled_from((None, 2, 8)), length=hours, ahead=st.sampled_from((61, 121)), choice=choices)
    def dee_waits(self, count: int | None, length: int, ahead: int, choice: GpuChoice | AsNow) -> None:
        claims.claim_gpus(self.room.ctx, self.machine, ADA, choice=GpuChoice(count=5), length=2 * HOUR_MS)
        claims.claim_gpus(self.room.ctx, self.machine, CY, choice=GpuChoice(count=3), length=HOUR_MS)
        wanted = GpuChoice(count=count)
        line.join_line(self.room.ctx, DEE, instance_id=self.machine, choice=wanted, length=length * HOUR_MS)
        self.book(BOB, ahead, 8, choice)

    def does(self, person: str, act: Callable[[], Any], *, gpus: bool = False, end: bool = False) -> bool:
        """Do it. Nobody's claim loses a GPU or an end by it; the person's own may, where `gpus` or an `end` is said."""
        before = {each.holder: each for each in self.here.claims}
        try:
            act()
        except Refused:
            return False
        for holder, had in before.items():
            now = self.here.claim_of(holder)
            if had.until_at + CLAIM_GRACE_MS <= self.clock.now:
                continue
            said = holder == person
            assert now is not None or (said and (gpus or end)), "a claim is gone"
            if now is not None:
                assert set(had.gpus) <= set(now.gpus) or (said and gpus), "a GPU is gone"
                assert now.until_at >= had.until_at or (said and end), "an end came nearer"
        return True

    def in_order(self, before: Listing, person: str) -> None:
        """Whoever gained GPUs left those of whoever waits and came first."""
        had, has = before.claim_of(person), self.here.claim_of(person)
        gained = set(has.gpus if has else ()) - set(had.gpus if had else ())
        first = next((each for each in stored_line.waiters_unoffered(self.db) if each.person != person), None)
        own = [each.id for each in stored_line.places_of(self.db, person)]
        if gained and first and first.id < min(own, default=first.id + 1) and before.claim_of(first.person) is None:
            assert (
                not gained & set(before.unclaimed)
                or len(self.here.unclaimed) >= first.amount(before.instance)
                or (self.first_can_not(before, first.length))
            ), "somebody passed the first in line"

    def first_can_not(self, before: Listing, length: int) -> bool:
        """A booking that is to come keeps whoever waits from so many GPUs for so long."""
        return any(each.from_at < self.clock.now + length for each in bookings.upcoming_bookings(self.room.ctx))

    @rule(person=who, choice=choices, length=st.none() | hours)
    def claim(self, person: str, choice: GpuChoice | AsNow, length: int | None) -> None:
        before, lasts = self.here, None if length is None else length * HOUR_MS
        mine = before.claim_of(person)
        more = {"choice": choice, "length": lasts}
        if self.does(
            person,
            lambda: self.claims(person, **more),
            gpus=choice is not AS_NOW,
            end=length is not None,
        ):
            self.in_order(before, person)
            self.stays(mine, choice)

    def claims(self, person: str, **more: Any) -> None:
        """Beyond fair use, it is asked for and an approver lets it pass."""
        try:
            claims.claim_gpus(self.room.ctx, self.machine, person, **more)
        except limits.OverLimit as over:
            grant = grants.draft_claim(self.room.ctx, over, choice=more["choice"])
            grants.ask_grant(self.room.ctx, grant.id, person)

    def stays(self, mine: Claim | None, choice: GpuChoice | AsNow) -> None:
        """With a number of GPUs, it keeps as many of those at work as that is."""
        if mine is None or choice is AS_NOW or choice.count is None:
            return
        now = self.here.claim_of(mine.holder)
        assert now is not None
        at_work = set(mine.gpus) & self.here.busy
        assert len(set(now.gpus) & at_work) >= min(choice.count, len(at_work)) or now.gpus == mine.gpus

    @rule(number=st.integers(0, 3), yes=st.booleans())
    def decide_more(self, number: int, *, yes: bool) -> None:
        """An approver lets pass just what the card showed, or nothing."""
        pending = rows(self.db, "SELECT * FROM grants WHERE state = 'pending' ORDER BY created_at, id")
        for row in pending[number : number + 1]:
            before = self.here.claim_of(row["person"])
            try:
                grants.decide_grant(self.room.ctx, row["id"], DEE if row["person"] == BOB else BOB, yes=yes)
            except Refused:
                return
            after, done = (
                self.here.claim_of(row["person"]),
                rows(self.db, "SELECT state FROM grants WHERE id = ?", row["id"]),
            )
            if done[0]["state"] == "claimed" and after != before:
                assert after is not None
                assert after.until_at <= self.clock.now + row["length"] + MINUTE_MS, "longer than the card said"

    @rule(person=who, length=hours)
    def extend(self, person: str, length: int) -> None:
        self.does(person, lambda: claims.extend_claim(self.room.ctx, self.machine, person, by=length * HOUR_MS))

    @rule(person=who)
    def release(self, person: str) -> None:
        mine = self.here.claim_of(person)
        if mine is not None:
            self.does(person, lambda: claims.release_claim(self.room.ctx, mine.id, person), gpus=True, end=True)

    @rule(giver=who, taker=who)
    def hand(self, giver: str, taker: str) -> None:
        def hands() -> None:
            made = handovers.offer_handover(self.room.ctx, self.machine, giver, taker)
            handovers.accept_handover(self.room.ctx, made.id, taker)

        self.does(giver, hands, gpus=True, end=True)

    @rule(person=st.sampled_from((*PEOPLE, DEE)), takes=st.booleans())
    def answer_an_offer(self, person: str, *, takes: bool) -> None:
        for offer in [each for each in stored_line.open_offers(self.db) if each.person == person]:
            act = line.take_offer if takes else line.pass_offer_on
            self.does(person, lambda act=act, offer=offer: act(self.room.ctx, offer.id, person))

    @rule(person=who, ahead=st.sampled_from((2, 61, 200, 700)), length=hours, choice=choices)
    def book(self, person: str, ahead: int, length: int, choice: GpuChoice | AsNow) -> None:
        chosen = GpuChoice() if choice is AS_NOW else choice
        first = next(iter(stored_line.waiters_unoffered(self.db)), None)
        before = line.places_of_person(self.room.ctx, DEE)
        wish = BookingRequest(self.clock.now + ahead * MINUTE_MS, length * HOUR_MS, chosen)
        if self.does(person, lambda: bookings.book_gpus(self.room.ctx, self.machine, person, wish)) and first:
            after = line.places_of_person(self.room.ctx, DEE)
            then, now = (places[0].turn for places in (before, after))
            assert then is None or (now is not None and now.at <= then.at), "a booking put the first in line off"

    @rule(person=who)
    def snooze(self, person: str) -> None:
        until = self.clock.now + 4 * HOUR_MS
        self.does(person, lambda: snooze.snooze(self.room.ctx, self.here, person, until=until, reason="a demo"))

    @rule(person=who, yes=st.booleans())
    def stop(self, person: str, *, yes: bool) -> None:
        try:
            asked = self.room.asks(NAME, person)
            self.room.answers(asked)
            approvals.decide(self.room.ctx, asked.id, DEE if person == BOB else BOB, yes=yes)
        except Refused:
            return

    @rule(gpus=st.frozensets(st.integers(0, 7), max_size=3))
    def works(self, gpus: frozenset[int]) -> None:
        """The agent tells of its last hour: these GPUs worked, the others idled."""
        now = 1_000_000 + self.clock() // MINUTE_MS
        for start, stop in ((70, 35), (35, 0)):
            told = [
                minute(gpu, at, 90.0 if gpu in gpus else 0.0)
                for at in range(now - start, now - stop)
                for gpu in range(8)
            ]
            self.room.push(self.machine, told, tick_now=now)
        verdict.judge_all(self.room.ctx)

    @rule(length=st.sampled_from((MINUTE_MS, 4 * MINUTE_MS, 16 * MINUTE_MS, 62 * MINUTE_MS, 3 * HOUR_MS)))
    def time_passes(self, length: int) -> None:
        self.clock.forward(length)
        self.jobs()

    @rule()
    def jobs(self) -> None:
        ctx, known = self.room.ctx, self.snoozed()
        was_up = self.room.machine(NAME).state == "running"
        for job in (
            claims.expire_claims,
            handovers.lapse_handovers,
            booking_slots.begin_bookings,
            consents.pass_on,
            approvals.expire,
            executor.carry_out,
        ):
            job(ctx)
        self.room.posted()
        grants.carry_out_grants(ctx)
        line_offers.offer_due_turns(ctx)
        if was_up and self.room.machine(NAME).state != "running":
            self.was_shown(known)
            self.room.fleet.change(NAME, state="running")
        self.room.sweep()

    def snoozed(self) -> dict[str, int]:
        found = stored_snooze.lately(self.db, self.machine, self.clock.now)
        return {each.who: each.until_at for each in found if each.until_at > self.clock.now}

    def was_shown(self, snoozed: dict[str, int]) -> None:
        """A machine that was stopped was snoozed, held and waited for just as its card said."""
        row = rows(self.db, "SELECT id FROM actions WHERE kind = 'stop' ORDER BY called_at DESC LIMIT 1")[0]
        action = actions.by_id(self.db, row["id"])
        assert action is not None
        assert all(until <= action.facts.snoozed.get(who, 0) for who, until in snoozed.items()), "it was snoozed"
        assert {each.id for each in self.here.claims} <= set(action.facts.claim_ids), "somebody had claimed it"
        assert len(stored_line.waiters_unoffered(self.db)) <= action.facts.waiting + 1

    @invariant()
    def no_gpu_is_held_twice(self) -> None:
        taken = [gpu for each in (*self.here.claims, *self.here.offers) for gpu in each.gpus]
        assert len(taken) == len(set(taken))


@pytest.mark.slow
def test_what_was_promised_is_kept_whatever_three_people_do():
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Promises,
        settings=settings(max_examples=examples(12), stateful_step_count=30, deadline=None, suppress_health_check=slow),
    )
