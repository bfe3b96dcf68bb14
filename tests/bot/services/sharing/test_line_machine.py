"""The line under everything that people, clocks and crashes do to it, checked after every step."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.sharing.claims import Claim, GpuChoice
from bot.domain.sharing.gpu_spec import parse_gpu_spec
from bot.domain.sharing.line import WAIT_STALE_MS, Waiter
from bot.domain.sharing.offers import LineOffer
from bot.errors import Refused
from bot.services.sharing import claims, handovers, line, line_offers, requests
from store.machines import listings
from store.sharing import line as stored_line
from store.sql import rows
from tests.bot.services.sharing.company import Company
from tests.examples import examples

PEOPLE = ("U0ADA", "U0BOB", "U0CY", "U0DEE", "U0EVE")
MACHINES = ("nb-2", "nb-5")
"""Four A10Gs and one."""
TOLD = {"lapsed", "stale", "gone"}
who, where = st.sampled_from(PEOPLE), st.sampled_from(MACHINES)
counts, hours = st.sampled_from((None, 1, 2, 3)), st.sampled_from((1, 3, 8))


class Line(Company):
    """People of one company and two of its machines."""

    def open_offers(self) -> list[LineOffer]:
        return stored_line.open_offers(self.db)

    @rule(person=who, name=where, count=counts, length=hours)
    def claim(self, person: str, name: str, count: int | None, length: int) -> None:
        before, ahead = self.listing(name), stored_line.waiters_unoffered(self.db)
        own = [each.id for each in stored_line.places_of(self.db, person) if each.could_use(before.instance)]
        try:
            made = claims.claim_gpus(
                self.room.ctx, before.instance.id, person, choice=GpuChoice(count=count), length=length * HOUR_MS
            )
        except Refused:
            return
        mine, had = made.claim_of(person), before.claim_of(person)
        assert mine is not None
        gained = set(mine.gpus) - set(had.gpus if had else ())
        first = next((each for each in ahead if each.instance_id == before.instance.id and each.person != person), None)
        if gained and first and first.id < min(own, default=first.id + 1) and before.claim_of(first.person) is None:
            assert len(made.unclaimed) >= first.amount(before.instance), "somebody jumped the line"
        for waiter in stored_line.places_of(self.db, person):
            served = waiter.could_use(before.instance) and len(gained) >= waiter.amount(before.instance)
            assert not served, "who has what they waited for still waits"

    @rule(person=who, name=where, length=hours)
    def extend(self, person: str, name: str, length: int) -> None:
        self.tried(lambda: claims.extend_claim(self.room.ctx, self.room.machine(name).id, person, by=length * HOUR_MS))

    @initialize(length=hours, wanted=st.lists(st.tuples(who, where, counts), max_size=5))
    def all_is_taken_and_some_wait(self, length: int, wanted: list[tuple[str, str, int | None]]) -> None:
        for person, name in zip(PEOPLE, MACHINES, strict=False):
            claims.claim_gpus(self.room.ctx, self.room.machine(name).id, person, length=length * HOUR_MS)
        for person, name, count in wanted:
            self.wait(person, name, count, length)

    @precondition(lambda self: self.claims())
    @rule(number=st.integers(0, 9))
    def release(self, number: int) -> None:
        held = self.claims()[number % len(self.claims())]
        claims.release_claim(self.room.ctx, held.id, held.holder)

    @precondition(lambda self: self.claims())
    @rule(person=who, name=where, count=counts)
    def snatch(self, person: str, name: str, count: int | None) -> None:
        """Somebody is quicker than the job that makes offers."""
        for held in self.listing(name).claims:
            claims.release_claim(self.room.ctx, held.id, held.holder)
        if self.listing(name).running:
            self.claim(person, name, count, 1)

    def claims(self) -> list[Claim]:
        return [each for name in MACHINES for each in self.listing(name).claims if self.listing(name).running]

    @rule(person=who, name=where, count=counts, length=hours)
    def wait(self, person: str, name: str, count: int | None, length: int) -> None:
        instance, choice = self.room.machine(name).id, GpuChoice(count=count)
        self.stands(person, instance_id=instance, choice=choice, length=length * HOUR_MS)

    @rule(person=who, count=st.sampled_from((1, 2, 4)), length=hours)
    def wait_for_any(self, person: str, count: int, length: int) -> None:
        self.stands(person, want=parse_gpu_spec(f"{count}xA10G"), length=length * HOUR_MS)

    def stands(self, person: str, **wanted: Any) -> None:
        before = [each.id for each in stored_line.places_of(self.db, person)]
        try:
            place = line.join_line(self.room.ctx, person, **wanted)
        except Refused:
            return
        assert place.is_new == (place.waiter.id not in before)
        assert place.is_new or wanted.get("instance_id", "") == place.waiter.instance_id
        assert not before or not place.is_new or place.waiter.id > max(before)

    @rule(person=who)
    def leave(self, person: str) -> None:
        for waiter in stored_line.places_of(self.db, person)[:1]:
            line.leave_line(self.room.ctx, waiter.id, person)

    @precondition(lambda self: self.open_offers())
    @rule(number=st.integers(0, 9))
    def take(self, number: int) -> None:
        offer = self.open_offers()[number % len(self.open_offers())]
        try:
            made = line.take_offer(self.room.ctx, offer.id, offer.person)
        except Refused:
            listing = listings.by_id(self.db, offer.instance_id)
            assert listing is None or not listing.running
            return
        mine = made.claim_of(offer.person)
        assert mine is not None
        assert set(offer.gpus) <= set(mine.gpus)

    @precondition(lambda self: self.open_offers())
    @rule(number=st.integers(0, 9))
    def pass_on(self, number: int) -> None:
        offer = self.open_offers()[number % len(self.open_offers())]
        line.pass_offer_on(self.room.ctx, offer.id, offer.person)

    @precondition(lambda self: self.claims())
    @rule(asker=who, number=st.integers(0, 9), answer=st.sampled_from(("", "keep", "extend", "release")))
    def request(self, asker: str, number: int, answer: str) -> None:
        held = self.claims()[number % len(self.claims())]
        ctx = self.room.ctx
        if asker == held.holder:
            return
        made, _ = requests.ask_release(ctx, held.id, asker)
        self.room.posted()
        if answer and not made.answer:
            {
                "keep": lambda: requests.decline_request(ctx, made.id, held.holder),
                "extend": lambda: self.tried(
                    lambda: claims.extend_claim(ctx, held.instance_id, held.holder, by=HOUR_MS)
                ),
                "release": lambda: claims.release_claim(ctx, held.id, held.holder),
            }[answer]()

    @precondition(lambda self: self.claims())
    @rule(taker=who, number=st.integers(0, 9))
    def hand(self, taker: str, number: int) -> None:
        held = self.claims()[number % len(self.claims())]
        ctx = self.room.ctx
        self.tried(
            lambda: handovers.accept_handover(
                ctx, handovers.offer_handover(ctx, held.instance_id, held.holder, taker).id, taker
            )
        )

    @rule()
    def tick(self) -> None:
        self.room.posted()
        known = {each.id for each in self.open_offers()}
        claims.expire_claims(self.room.ctx)
        line_offers.offer_due_turns(self.room.ctx)
        left = stored_line.waiters_unoffered(self.db)
        for offer in self.open_offers():
            if offer.id not in known:
                self.in_order(offer, [each for each in left if each.id < offer.waiter_id])
        for name in MACHINES:
            listing = self.listing(name)
            if listing.running and not listing.claims and not listing.offers:
                assert not any(each.could_use(listing.instance) for each in left), "free, and somebody waits for it"
        assert all(self.clock.now - each.since < WAIT_STALE_MS for each in left)
        assert line_offers.offer_due_turns(self.room.ctx) == 0, "twice is not once"

    def in_order(self, offer: LineOffer, passed: list[Waiter]) -> None:
        listing = listings.by_id(self.db, offer.instance_id)
        assert listing is not None
        for waiter in passed:
            if waiter.could_use(listing.instance) and listing.claim_of(waiter.person) is None:
                assert not waiter.instance_id, "somebody before them waits for this very machine"
                assert waiter.amount(listing.instance) > len(offer.gpus), "somebody before them could have had it"

    @rule(
        length=st.sampled_from(
            (MINUTE_MS, 14 * MINUTE_MS, 16 * MINUTE_MS, 2 * HOUR_MS, 2 * HOUR_MS, 9 * HOUR_MS, 49 * HOUR_MS)
        )
    )
    def time_passes(self, length: int) -> None:
        self.clock.forward(length)
        self.tick()

    @rule(name=where, running=st.sampled_from((True, True, False)))
    def changes(self, name: str, running: bool) -> None:
        self.room.fleet.change(name, state="running" if running else "stopped")
        self.room.sweep()

    @rule()
    def crash(self) -> None:
        before = self.everything()
        self.room.reopen()
        assert self.everything() == before

    def everything(self) -> list[Any]:
        tables = ("waiters", "offers", "offered_gpus", "lines", "claims", "claimed_gpus", "requests", "outbox")
        return [rows(self.db, f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]

    def tried(self, act: Any) -> None:
        try:
            act()
        except Refused:
            return

    @invariant()
    def a_gpu_is_claimed_or_offered_once(self) -> None:
        for name in MACHINES:
            listing = self.listing(name)
            held = [gpu for each in (*listing.claims, *listing.offers) for gpu in each.gpus]
            assert len(held) == len(set(held))
            assert set(held) | set(listing.unclaimed) == set(listing.gpus)

    @invariant()
    def lines_are_as_long_as_they_say(self) -> None:
        counted = "SELECT coalesce(instance_id, '') AS i, kind, coalesce(count, 0) AS c, count(*) AS n FROM waiters"
        found = rows(self.db, f"{counted} WHERE ended_at IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
        kept = "SELECT instance_id AS i, kind, count AS c, people AS n FROM lines WHERE people > 0 ORDER BY 1, 2, 3"
        assert rows(self.db, kept) == found

    @invariant()
    def nobody_stands_twice_in_one_line(self) -> None:
        places = [
            (each.person, each.instance_id, str(each.kind))
            for each in stored_line.waiters_in_lines(self.db, self.lines())
        ]
        assert len(places) == len(set(places))

    def lines(self) -> list[Waiter]:
        return [first for first, _ in stored_line.first_of_lines(self.db)]

    @invariant()
    def everybody_is_told_once_of_each_change(self) -> None:
        self.room.posted()
        told = {row["ref"]: row["n"] for row in rows(self.db, "SELECT ref, count(*) AS n FROM outbox GROUP BY ref")}
        for row in rows(self.db, "SELECT id, state FROM offers"):
            assert told.pop(f"offer:{row['id']}") == (1 if row["state"] == "open" else 2)
        for row in rows(self.db, "SELECT id, end_reason FROM waiters"):
            assert told.pop(f"line-end:{row['id']}", 0) == (1 if row["end_reason"] in TOLD else 0)
        for row in rows(self.db, "SELECT id, answer FROM requests"):
            assert told.pop(f"request:{row['id']}") == (2 if row["answer"] else 1)
            assert told.pop(f"answer:{row['id']}", 0) == (1 if row["answer"] else 0)
        once = {ref: count for ref, count in told.items() if ref.startswith(("waited-for:", "claim-end:"))}
        assert set(once.values()) <= {1}

    @invariant()
    def what_was_taken_is_claimed(self) -> None:
        for row in rows(self.db, "SELECT waiter_id, state FROM offers WHERE state <> 'open'"):
            waiter = stored_line.by_id(self.db, row["waiter_id"])
            assert waiter is not None
            if row["state"] in {"taken", "passed", "lapsed"}:
                assert waiter.ended_at is not None


@pytest.mark.slow
@pytest.mark.parametrize(("rounds", "steps"), [(30, 12), (12, 50)])
def test_the_line_keeps_its_promises_whatever_happens(rounds, steps):
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Line,
        settings=settings(
            max_examples=examples(rounds), stateful_step_count=steps, deadline=None, suppress_health_check=slow
        ),
    )
