"""People, AWS, clocks and crashes in any order: what must hold of every start, launch, clone and resize, always."""

import contextlib
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain.acting.actions import LIVE_STATES, Action
from bot.domain.clock import HOUR_MS, MINUTE_MS, SECOND_MS
from bot.errors import Refused, Unreachable
from bot.sandbox.machines import SandboxFleet
from bot.services.acting import approvals, launch_expiry
from bot.services.sharing import claims
from store.acting import actions
from store.sharing import claims as stored_claims
from store.sql import rows
from tests.bot.services.acting.crashing import ALL_SETTINGS, BOX
from tests.bot.services.room import ADA, BOB, CY, DEE, Room
from tests.conftest import Clock
from tests.examples import examples

STILL, COPIED, RESIZED = "eval-2", "scratch", "nb-5"
ZONES = st.sampled_from(["us-west-2a", "us-west-2b"])
PEOPLE = st.sampled_from([ADA, BOB, CY, DEE])
LOST = Unreachable("AWS did not confirm it.")
PLACES = ["start", "launch", "launched", "copy", "copied", "describe", "stop"]
SPREAD = {**BOX, "subnets": ["us-west-2a", "us-west-2b"]}


class Crash(BaseException):
    """The process ends here."""


class World(SandboxFleet):
    """The fleet, which ends the process at a chosen call."""

    crash_at = ""

    def _make(self, order):
        if order.token not in self._made and order.name in self._machines:
            assert self.named(order.name).state == "terminated", "one machine for an action"
        return super()._make(order)

    def ends(self, place: str) -> None:
        if self.crash_at == place:
            self.crash_at = ""
            raise Crash


def _watched(call: str):
    def made(self, *given, **more):
        self.ends(f"before {call}")
        answer = getattr(SandboxFleet, call)(self, *given, **more)
        self.ends(f"after {call}")
        return answer

    return made


for _call in PLACES:
    setattr(World, _call, _watched(_call))


class Making(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.world = World(self.clock)
        whole = {**ALL_SETTINGS, "launch": [SPREAD]}
        self.room = Room(Path(self.folder.name) / "room.db", self.clock, fleet=self.world, settings=whole, alone=True)
        self.room.sweep()
        self.room.reports(RESIZED, 0.0)
        self.util, self.worked_at = 0.0, 0
        self.stopped: list[tuple[int, int]] = []
        """When the resized one was stopped, and when it had worked last."""

    def teardown(self) -> None:
        self.room.close()
        self.folder.cleanup()

    def all(self) -> list[Action]:
        db = self.room.ctx.store.reading()
        found = rows(db, "SELECT id FROM actions ORDER BY created_at, id")
        return [action for row in found if (action := actions.by_id(db, row["id"]))]

    @initialize(begun=st.booleans(), held=st.booleans())
    def a_resize_may_be_under_way(self, begun, held):
        """It takes many steps to its end."""
        machine = self.room.machine(RESIZED).id
        if held:
            claims.claim_gpus(self.room.ctx, machine, CY, length=5 * HOUR_MS)
        if begun:
            asked = approvals.ask_to_resize(self.room.ctx, machine, CY, "g5.2xlarge", length=2 * HOUR_MS)
            self.room.approves(asked, BOB)

    @rule(who=PEOPLE)
    def ask_for_a_start(self, who):
        with contextlib.suppress(Refused):
            approvals.ask_to_start(self.room.ctx, self.room.machine(STILL).id, who, length=2 * HOUR_MS)

    @rule(who=PEOPLE)
    def ask_for_a_launch(self, who):
        with contextlib.suppress(Refused):
            approvals.ask_to_launch(self.room.ctx, "box", who, length=2 * HOUR_MS)

    @rule(who=PEOPLE)
    def ask_for_a_clone(self, who):
        with contextlib.suppress(Refused):
            machine = self.room.machine(COPIED).id
            approvals.ask_to_clone(self.room.ctx, machine, who, length=2 * HOUR_MS, reboot=False)

    @rule(who=PEOPLE)
    def ask_for_a_resize(self, who):
        with contextlib.suppress(Refused):
            machine = self.room.machine(RESIZED).id
            approvals.ask_to_resize(self.room.ctx, machine, who, "g5.2xlarge", length=2 * HOUR_MS)

    @rule(works=st.booleans())
    def the_resized_one_begins_or_ends_to_work(self, works):
        self.util = 90.0 if works else 0.0

    @rule(restart=st.booleans())
    def somebody_else_stops_or_starts_the_resized_one(self, restart):
        machine = self.room.machine(RESIZED)
        if restart and machine.state == "stopped":
            self.world.power_up(RESIZED)
        elif not restart and machine.state == "running":
            self.world.change(RESIZED, state="stopped", state_reason="Client.UserInitiatedShutdown")

    @rule(who=PEOPLE)
    def claim_the_resized_one(self, who):
        with contextlib.suppress(Refused):
            claims.claim_gpus(self.room.ctx, self.room.machine(RESIZED).id, who, length=5 * HOUR_MS)

    @precondition(lambda self: self.all())
    @rule(who=PEOPLE, yes=st.sampled_from([True, True, True, False]), which=st.integers(0, 9))
    def press(self, who, yes, which):
        known = self.all()
        with contextlib.suppress(Refused):
            approvals.decide(self.room.ctx, known[-1 - which % len(known)].id, who, yes=yes)

    @precondition(lambda self: self.all())
    @rule(which=st.integers(0, 9))
    def call_off(self, which):
        known = self.all()
        action = known[-1 - which % len(known)]
        with contextlib.suppress(Refused):
            approvals.call_off(self.room.ctx, action.id, action.requester)

    @rule(count=st.sampled_from([1, 2, 6, 16]))
    def some_minutes_pass(self, count):
        self.minutes_pass(count)

    def minutes_pass(self, count):
        for _ in range(count):
            self.clock.forward(MINUTE_MS)
            self.tick()

    @rule()
    def a_quarter_of_an_hour_passes(self):
        self.minutes_pass(15)

    @rule(length=st.integers(1, 59))
    def seconds_pass(self, length):
        self.clock.forward(length * SECOND_MS)
        self.tick()

    def tick(self):
        self.room.posted()
        try:
            if self.room.machine(RESIZED).state == "running":
                self.room.reports(RESIZED, self.util, minutes=2)
                self.worked_at = self.clock.now if self.util else self.worked_at
            self.room.tick()
            launch_expiry.ask_about_over(self.room.ctx)
        except Crash:
            self.room.reopen()
        stops = [at for name, at in self.world.stops if name == RESIZED]
        self.stopped += [(at, self.worked_at) for at in stops[len(self.stopped) :]]

    @rule(zone=ZONES, late=st.booleans())
    def a_zone_runs_short(self, zone, late):
        self.world.run_short(zone, late=late)

    @rule(zone=ZONES)
    def a_zone_has_capacity_again(self, zone):
        self.world.refill(zone)

    @rule(verb=st.sampled_from(["start", "launch", "copy", "stop"]), times=st.integers(1, 5), accepted=st.booleans())
    def calls_go_unanswered(self, verb, times, accepted):
        name = {"start": STILL, "copy": COPIED, "stop": RESIZED, "launch": self.room.machine(COPIED).source}[verb]
        self.world.fault(name, LOST, on=verb, times=times, accepted=accepted)

    @rule(down=st.booleans())
    def the_region_goes_or_comes(self, down):
        (self.world.silence if down else self.world.unsilence)("us-west-2")

    @rule()
    def somebody_stops_the_started_machine(self):
        machine = self.room.machine(STILL)
        if machine.state == "running":
            self.world.change(STILL, state="stopped", state_reason="Client.UserInitiatedShutdown")

    @rule(who=PEOPLE)
    def claim(self, who):
        with contextlib.suppress(Refused):
            claims.claim_gpus(self.room.ctx, self.room.machine(STILL).id, who, length=30 * MINUTE_MS)

    @rule(place=st.sampled_from([f"{when} {call}" for call in PLACES for when in ("before", "after")]))
    def the_next_call_crashes(self, place):
        self.world.crash_at = place

    @rule()
    def the_bot_restarts(self):
        self.room.reopen()

    @rule(stays=st.booleans())
    def approvers_leave_or_return(self, stays):
        teams = self.room.settings.roster()
        self.room.roster = teams if stays else type(teams)(admins=teams.admins)

    @invariant()
    def nothing_is_made_without_a_yes_and_nothing_twice(self):
        called = [action for action in self.all() if action.executing_at]
        by_kind = {kind: sum(each.kind == kind for each in called) for kind in ("start", "launch", "clone", "resize")}
        assert len(self.world.copies) <= by_kind["clone"] + by_kind["resize"]
        assert {token.partition("-")[0] for token in self.world._made} <= {each.id for each in called}
        assert all(action.decider not in {"", action.requester} for action in called)

    @invariant()
    def whatever_ended_was_told_once(self):
        for action in self.all():
            told = self.room.told(action.told, "action_ended").count(action.id)
            assert told == (action.state not in LIVE_STATES and "called it off" not in action.outcome), action
        self.room.posted()

    @invariant()
    def what_is_done_is_there(self):
        db = self.room.ctx.store.reading()
        for action in self.all():
            if action.kind in {"launch", "clone", "resize"} and action.state == "done":
                assert any(self.world.named(name).id == action.made_id for name, _ in self.world.launches)
            held = [each.holder for each in stored_claims.open_claims_on(db, action.made_id)] if action.made_id else []
            assert len(held) == len(set(held))

    @invariant()
    def a_resized_machine_is_stopped_only_when_the_new_one_is_there_and_never_while_it_works(self):
        ends = [each for each in self.all() if each.kind == "resize" and each.arrived_at]
        assert len(self.stopped) <= len(ends), "each stops it once"
        for at, worked_at in self.stopped:
            assert any(each.arrived_at <= at for each in ends)
            assert at - worked_at >= 60 * MINUTE_MS

    @invariant()
    def a_claim_that_is_given_up_for_the_new_machine_goes_there(self):
        db = self.room.ctx.store.reading()
        made = {each.requester: each.made_id for each in self.all() if each.kind == "resize" and each.made_id}
        for row in rows(db, "SELECT instance_id, holder FROM claims WHERE end_reason = 'handed'"):
            assert rows(
                db, "SELECT 1 FROM claims WHERE instance_id = ? AND holder = ?", made[row["holder"]], row["holder"]
            )


Making.TestCase.settings = settings(
    max_examples=examples(30), stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestMaking = Making.TestCase
