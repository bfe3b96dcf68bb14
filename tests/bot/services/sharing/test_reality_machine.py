"""Whatever happens in whatever order: nobody is asked or reminded twice, and nothing that works is taken away."""

from itertools import pairwise
from typing import Any, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.sharing.checkins import claim_idle_since
from bot.domain.sharing.claims import Claim
from bot.errors import Refused
from bot.services.machines import verdict as verdict_service
from bot.services.sharing import checkins, claims, line, line_offers, reminders, unclaimed
from bot.services.sharing.claims import expire_claims
from store.sharing import checkins as stored_checkins
from store.sharing import claims as stored_claims
from store.sharing import line as stored_line
from store.sharing import unclaimed as stored_unclaimed
from store.sql import rows
from tests.bot.services.room import ADA, CY
from tests.bot.services.sharing.company import Company
from tests.examples import examples

MACHINES = ("nb-2", "render-1")
people = st.sampled_from([ADA, CY])
machines = st.sampled_from(MACHINES)


class Reality(Company):
    """Claims, readings, waiting, answers, jumps of the clock, and restarts."""

    known: ClassVar[dict[str, Any]] = {"people": {"ada": ADA, "cy": CY}}

    @initialize()
    def begin(self) -> None:
        """Ada holds a machine for days."""
        self.said: dict[tuple[str, int], int] = {}
        self.claims(ADA, "nb-2", 100)

    @rule(name=machines, works=st.sampled_from([False, False, True]), length=st.sampled_from([4, 65, 125, 24 * 60]))
    def lives(self, name: str, works: bool, length: int) -> None:
        """Time passes, a machine tells of its last two hours, and the jobs look."""
        self.clock.forward(length * MINUTE_MS)
        more = {"process": "python3"} if works else {}
        self.room.reports(name, 90.0 if works else 0.0, minutes=min(length, 125), **more)
        self.jobs()

    @rule(who=people, name=machines, hours=st.sampled_from([1, 20, 100]))
    def claims(self, who: str, name: str, hours: int) -> None:
        self.tries(claims.claim_gpus, self.room.machine(name).id, who, length=hours * HOUR_MS)

    @rule(who=people, name=machines)
    def waits(self, who: str, name: str) -> None:
        self.tries(line.join_line, who, instance_id=self.room.machine(name).id)

    @rule(who=people, answer=st.sampled_from(["extend", "release", "leave", "keep", "not mine"]))
    def answers(self, who: str, answer: str) -> None:
        """Somebody says what they may say; whatever it is not time for is refused."""
        desk_acts: dict[str, tuple[Any, list[tuple[Any, ...]]]] = {
            "extend": (
                claims.extend_claim,
                [(each.instance_id, who) for each in stored_claims.open_claims_of(self.db, who)],
            ),
            "release": (claims.release_claim, [(each.id, who) for each in stored_claims.open_claims_of(self.db, who)]),
            "leave": (line.leave_line, [(each.id, who) for each in stored_line.places_of(self.db, who)]),
            "keep": (checkins.keep_claim, [(each.batch, who) for each in stored_checkins.open_checkins(self.db)]),
            "not mine": (unclaimed.deny_use, [(each.id, who) for each in stored_unclaimed.open_uses(self.db)]),
        }
        act, chances = desk_acts[answer]
        for what in chances[:1]:
            self.tries(act, *what)

    @rule(length=st.sampled_from([5, 31, 61, 24 * 60, -20]))
    def time_passes(self, length: int) -> None:
        self.clock.forward(length * MINUTE_MS)

    @rule()
    def restarts(self) -> None:
        self.room.reopen()

    @rule()
    def jobs(self) -> None:
        ctx = self.room.ctx
        self.room.sweep()
        verdict_service.judge_all(ctx)
        reminders.remind_holders(ctx)
        expire_claims(ctx)
        held = {each.id: each for each in self.open_claims()}
        idle = {each.id for each in held.values() if self.is_known_idle(each)}
        overdue = {
            each.claim_id
            for each in stored_checkins.open_checkins(self.db)
            if (each.deadline_at or DAY_MS**2) <= self.now
        }
        checkins.run_checkins(ctx)
        taken = {key for key in held if self.claim(key).end_reason == "unused"}
        assert taken <= idle & overdue, "nothing that works, is unknown or was not asked about in time is taken"
        unclaimed.look_for_unclaimed_use(ctx)
        line_offers.offer_due_turns(ctx)
        self.room.posted()

    @invariant()
    def each_reminder_is_told_once_and_in_order(self) -> None:
        for row in self.select("SELECT claim_id, until_at, said FROM reminders WHERE said IS NOT NULL"):
            key = row["claim_id"], row["until_at"]
            assert row["said"] <= self.said.get(key, 30)
            self.said[key] = row["said"]

    @invariant()
    def nobody_is_asked_twice(self) -> None:
        self.a_day_apart("SELECT claim_id, asked_at FROM questions WHERE kind = 'idle'", "claim_id")
        self.a_day_apart("SELECT person || instance_id AS who, asked_at FROM squats WHERE person <> ''", "who")
        sql = "SELECT count(DISTINCT batch) AS n FROM questions WHERE kind = 'morning' GROUP BY person, day"
        assert all(row["n"] == 1 for row in self.select(sql))

    @invariant()
    def every_change_of_a_question_was_told(self) -> None:
        asked = self.select("SELECT DISTINCT 'keep:' || batch AS ref FROM questions")
        told = {row["ref"] for row in self.select("SELECT ref FROM outbox")}
        assert {row["ref"] for row in asked} <= told

    def a_day_apart(self, sql: str, key: str) -> None:
        found: dict[str, list[int]] = {}
        for row in self.select(f"{sql} ORDER BY asked_at"):
            found.setdefault(row[key], []).append(row["asked_at"])
        assert all(later - earlier >= DAY_MS for times in found.values() for earlier, later in pairwise(times))

    def tries(self, act: Any, *what: Any, **more: Any) -> None:
        try:
            act(self.room.ctx, *what, **more)
        except Refused:
            return

    def is_known_idle(self, claim: Claim) -> bool:
        machine = next(each for each in map(self.room.machine, MACHINES) if each.id == claim.instance_id)
        verdict = verdict_service.judge_now(
            self.room.ctx, self.db, machine.id, machine.gpu_count, launched_at=machine.launched_at
        )
        return claim_idle_since(claim, verdict) is not None

    def open_claims(self) -> list[Claim]:
        return [each for who in (ADA, CY) for each in stored_claims.open_claims_of(self.db, who)]

    def claim(self, claim_id: str) -> Claim:
        found = stored_claims.by_id(self.db, claim_id)
        assert found is not None
        return found

    def select(self, sql: str) -> list[dict[str, Any]]:
        return rows(self.db, sql) if hasattr(self, "room") else []

    @property
    def now(self) -> int:
        return self.clock.now


TestReality = Reality.TestCase
TestReality.settings = settings(max_examples=examples(20), stateful_step_count=25, deadline=None)
