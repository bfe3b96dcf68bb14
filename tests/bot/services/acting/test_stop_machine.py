"""People, machines, clocks and crashes in any order: what must hold of every stop, always."""

import contextlib
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.acting.actions import LIVE_STATES, Action
from bot.domain.clock import MINUTE_MS, SECOND_MS
from bot.errors import Refused, Unreachable
from bot.sandbox.machines import SandboxFleet
from bot.services.acting import approvals, batches, consents
from bot.services.sharing import claims
from store.acting import actions
from store.acting import approvals as stored_approvals
from store.sharing import claims as stored_claims
from store.sql import one, rows
from tests.bot.services.room import ADA, BOB, CHANNEL, CY, DEE, SETTINGS, Room
from tests.conftest import Clock
from tests.examples import examples

NAME, OTHER = "nb-5", "nb-2"
PEOPLE = st.sampled_from([ADA, BOB, CY, DEE])
LOST = Unreachable("AWS did not confirm the stop.")


class Crash(BaseException):
    """The process ends here."""


class World(SandboxFleet):
    """The fleet, which ends the process at a chosen call, and looks closely at every stop that works."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.crash_at = ""
        self.watch = None

    def describe(self, instance):
        self._crash("before describe")
        found = super().describe(instance)
        self._crash("after describe")
        return found

    def stop(self, instance):
        self._crash("before stop")
        before, count = self.named(instance.name), len(self.stops)
        try:
            super().stop(instance)
        finally:
            if len(self.stops) > count and self.watch:
                self.watch(before)
        self._crash("after stop")

    def _crash(self, place: str) -> None:
        if self.crash_at == place:
            self.crash_at = ""
            raise Crash


class Stops(RuleBasedStateMachine):
    settings = SETTINGS

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.world = World(self.clock)
        self.room = Room(
            Path(self.folder.name) / "room.db", self.clock, fleet=self.world, settings=self.settings, alone=True
        )
        self.world.watch = self.effective
        self.util: float | None = 0.0
        self.worked_at = 0
        self.boot = 0
        self.effective_stops: list[str] = []
        self.room.sweep()
        self.report(75)

    def teardown(self) -> None:
        self.room.close()
        self.folder.cleanup()

    def report(self, minutes: int) -> None:
        if self.util is None or self.room.machine(NAME).state != "running":
            return
        for name in (NAME, OTHER):
            if self.room.machine(name).state == "running":
                self.room.reports(name, self.util, minutes=minutes, boot=f"boot-{self.boot}")
        if self.util:
            self.worked_at = self.clock()

    def effective(self, before) -> None:
        """A stop took effect: was it one that may?"""
        live = actions.live_on(self.room.ctx.store.reading(), before.id)
        assert live is not None
        assert live.state == "executing"
        assert live.launched_at == before.launched_at, "restarted after the request"
        assert live.decider in self.room.roster.approvers(live.team) | self.room.roster.admins
        if self.clock() - self.worked_at <= 59 * MINUTE_MS:
            able = self.room.roster.approvers(live.team) | self.room.roster.admins
            assert live.ends_work, "it worked within the hour, and nobody had been asked about that"
            assert live.reason, "work ends for a reason"
            assert len({*live.yeses} & able - {live.requester}) >= 2, "work ends when two others say so"
        asked = {
            each.claim_id: each for each in stored_approvals.consents_about(self.room.ctx.store.reading(), live.id)
        }
        said = {each.holder: each.answer for each in asked.values()}
        assert set(said.values()) <= {"agreed", "silent", "ended"}, "a holder was passed over"
        assert set(live.facts.holders) <= {*said, live.requester}, "a holder was not asked"
        held = stored_claims.open_claims_on(self.room.ctx.store.reading(), before.id)
        assert all(claim.id in live.facts.claim_ids for claim in held), "claimed after the request"
        longer = [claim for claim in held if claim.id in asked and claim.until_at > asked[claim.id].until_at]
        assert not longer, "its holder has extended since they were asked"
        self.effective_stops.append(live.id)

    def all(self) -> list[Action]:
        db = self.room.ctx.store.reading()
        found = rows(db, "SELECT id FROM actions ORDER BY created_at, id")
        return [action for row in found if (action := actions.by_id(db, row["id"]))]

    @rule(who=PEOPLE, reason=st.sampled_from(["", "it runs the wrong model"]))
    def request(self, who, reason):
        with contextlib.suppress(Refused):
            self.room.asks(NAME, who, reason)

    @precondition(lambda self: self.all())
    @rule(who=PEOPLE, agrees=st.booleans())
    def a_holder_answers(self, who, agrees):
        for asked in consents.consents_of(self.room.ctx, self.all()[-1].id):
            with contextlib.suppress(Refused):
                consents.answer_consent(self.room.ctx, asked.id, who, agrees=agrees)

    @rule(pause=st.sampled_from([0, 0, 2, 70]))
    def it_works_and_people_agree_to_end_that(self, pause):
        self.the_machine_works_idles_or_falls_silent(80.0)
        with contextlib.suppress(Refused):
            action = self.room.asks(NAME, CY, "it runs the wrong model")
            for who in (BOB, DEE):
                self.room.approves(action, who)
        self.minutes_pass(pause, ticks=False)
        self.tick()

    @precondition(lambda self: self.all())
    @rule(who=PEOPLE, yes=st.booleans(), which=st.integers(0, 9))
    def press(self, who, yes, which):
        known = self.all()
        with contextlib.suppress(Refused):
            approvals.decide(self.room.ctx, known[-1 - which % len(known)].id, who, yes=yes)

    @rule()
    def ask_and_approve(self):
        with contextlib.suppress(Refused):
            self.room.approves(self.room.asks(NAME))

    @rule(who=PEOPLE, goes_on=st.booleans(), decider=PEOPLE)
    def ask_for_both_and_decide(self, who, goes_on, decider):
        ids = [self.room.machine(name).id for name in (NAME, OTHER)]
        asked = batches.ask_stops(self.room.ctx, ids, who, reason="the night is long")
        if goes_on and asked and asked[0].batch:
            with contextlib.suppress(Refused):
                batches.decide_batch(self.room.ctx, asked[0].batch.id, decider, yes=True)

    @precondition(lambda self: any(each.batch for each in self.all()))
    @rule(who=PEOPLE, yes=st.booleans())
    def press_on_the_card_of_both(self, who, yes):
        batch = [each.batch for each in self.all() if each.batch][-1]
        with contextlib.suppress(Refused):
            batches.decide_batch(self.room.ctx, batch, who, yes=yes)

    @rule(who=PEOPLE)
    def claim(self, who):
        with contextlib.suppress(Refused):
            claims.claim_gpus(self.room.ctx, self.room.machine(NAME).id, who, length=30 * MINUTE_MS)

    @rule(who=PEOPLE)
    def release(self, who):
        with contextlib.suppress(Refused):
            for held in stored_claims.open_claims_on(self.room.ctx.store.reading(), self.room.machine(NAME).id):
                claims.release_claim(self.room.ctx, held.id, who)

    @rule(then=st.sampled_from(["nothing", "extends", "needs it"]), early=st.booleans())
    def a_holder_agrees_and_may_think_better_of_it(self, then, early):
        """Before the approvers have decided, or between that and the call."""
        with contextlib.suppress(Refused):
            claims.claim_gpus(self.room.ctx, self.room.machine(NAME).id, CY, length=30 * MINUTE_MS)
            action = self.room.asks(NAME, ADA, "it runs the wrong model")
            self.room.answers(action)
            if early:
                self.thinks_better(action, then)
            for who in (BOB, DEE):
                with contextlib.suppress(Refused):
                    self.room.approves(action, who)
            if not early:
                self.thinks_better(action, then)
        self.tick()

    def thinks_better(self, action, then):
        if then == "extends":
            self.extend(CY)
        if then == "needs it":
            with contextlib.suppress(Refused):
                self.room.answers(action, agrees=False)

    @rule(who=PEOPLE)
    def extend(self, who):
        with contextlib.suppress(Refused):
            claims.extend_claim(self.room.ctx, self.room.machine(NAME).id, who, by=30 * MINUTE_MS)

    @rule(count=st.sampled_from([1, 2, 5, 17, 65, 125]), ticks=st.booleans())
    def minutes_pass(self, count, ticks):
        for left in range(count, 0, -1):
            self.clock.forward(MINUTE_MS)
            self.report(1)
            if ticks and left <= 5:
                self.tick()

    @rule(length=st.integers(1, 59))
    def seconds_pass(self, length):
        self.clock.forward(length * SECOND_MS)

    @rule()
    def tick(self):
        self.room.posted()
        try:
            self.room.tick()
        except Crash:
            self.room.reopen()

    @rule(util=st.sampled_from([0.0, 0.0, 80.0, None]))
    def the_machine_works_idles_or_falls_silent(self, util):
        self.util = util
        self.report(1)

    @rule()
    def the_machine_is_restarted(self):
        self.clock.forward(SECOND_MS)
        self.boot += 1
        self.world.restart(NAME)

    @rule(times=st.integers(1, 5), accepted=st.booleans())
    def stops_go_unanswered(self, times, accepted):
        self.world.fault(NAME, LOST, times=times, accepted=accepted)

    @rule()
    def a_stop_is_refused(self):
        self.world.fault(NAME, Refused("AWS refused to stop it."))

    @rule(down=st.booleans())
    def the_region_goes_or_comes(self, down):
        region = self.room.machine(NAME).region
        (self.world.silence if down else self.world.unsilence)(region)

    @rule(stays=st.booleans())
    def bob_leaves_or_returns(self, stays):
        teams = self.room.settings.roster()
        self.room.roster = teams if stays else type(teams)(admins=teams.admins)

    @rule(place=st.sampled_from(["before describe", "after describe", "before stop", "after stop"]))
    def the_next_call_crashes(self, place):
        self.world.crash_at = place

    @rule()
    def the_bot_restarts(self):
        self.room.reopen()

    @invariant()
    def every_action_has_at_most_one_stop_and_never_its_requesters_yes(self):
        assert len(set(self.effective_stops)) == len(self.effective_stops) == len(self.world.stops)
        assert all(action.decider != action.requester for action in self.all())

    @invariant()
    def a_holder_who_needs_it_ends_it_and_no_card_is_posted_before_holders_had_their_say(self):
        db = self.room.ctx.store.reading()
        for action in self.all():
            said = {each.answer for each in stored_approvals.consents_about(db, action.id)}
            assert not {"needed", "late"} & said or action.state in {"denied", "expired", "cancelled"}
            posted = one(db, "SELECT 1 FROM outbox WHERE channel = ? AND ref = ?", CHANNEL, f"action:{action.id}")
            assert not posted or not {"", "needed"} & said

    @invariant()
    def whatever_ended_was_told_once_and_its_card_drawn_anew(self):
        db = self.room.ctx.store.reading()
        for action in self.all():
            if action.batch:
                over = not any(each.state in LIVE_STATES for each in self.all() if each.batch == action.batch)
                assert self.room.told(action.requester, "batch_ended").count(action.batch) == over
                continue
            told = self.room.told(action.requester, "action_ended").count(action.id)
            assert told == (action.state not in LIVE_STATES), action
            if action.state not in LIVE_STATES:
                if stored_approvals.hold_back(db, action.id):
                    continue
                # A card is drawn when it is sent; one that still waits will be drawn as things are then.
                drawn = "CASE state WHEN 'waiting' THEN ? ELSE tried_at END"
                sql = f"SELECT max({drawn}) AS at FROM outbox WHERE channel = ? AND ref = ?"
                card = one(db, sql, self.clock(), CHANNEL, f"action:{action.id}")
                assert card is not None
                assert card["at"] >= (action.finished_at or 0) > 0
        self.room.posted()


Stops.TestCase.settings = settings(
    max_examples=examples(30), stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestStops = Stops.TestCase


TWO = SETTINGS | {"teams": {"vision": {"members": [ADA], "approvers": [BOB, CY, DEE], "approvals": 2}}}


class TwoYeses(Stops):
    """The same, in a team where two people have to say yes."""

    settings = TWO

    def effective(self, before) -> None:
        super().effective(before)
        live = actions.live_on(self.room.ctx.store.reading(), before.id)
        assert live is not None
        able = self.room.roster.approvers(live.team) | self.room.roster.admins
        assert len({*live.yeses} & able - {live.requester}) >= 2, "two people who may say so now have said yes"

    @rule()
    def ask_and_approve(self):
        with contextlib.suppress(Refused):
            action = self.room.asks(NAME)
            for who in (CY, DEE):
                self.room.approves(action, who)

    @rule(stays=st.booleans())
    def bob_leaves_or_returns(self, stays):
        teams = self.room.settings.roster()
        left = tuple(replace(team, approvers=team.approvers - {BOB}) for team in teams.teams)
        self.room.roster = teams if stays else replace(teams, teams=left)

    @invariant()
    def nothing_is_approved_by_one_yes_or_past_a_no(self):
        for action in self.all():
            assert action.requester not in action.yeses
            assert action.state in {"pending", "denied", "expired", "cancelled"} or len(action.yeses) >= 2


TwoYeses.TestCase.settings = Stops.TestCase.settings
TestTwoYeses = TwoYeses.TestCase
