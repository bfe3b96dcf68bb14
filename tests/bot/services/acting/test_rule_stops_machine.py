"""On-hours, work, people, absences and restarts in any order: what must hold of every stop by rule, always."""

import contextlib
import copy
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from bot.domain.clock import MINUTE_MS
from bot.errors import Refused
from bot.sandbox.machines import SandboxFleet
from bot.services.acting import hours, rule_stops, snooze
from bot.services.context import find
from bot.services.sharing import claims
from store.acting import actions
from store.acting import rule_stops as stored_rule_stops
from store.acting import snooze as stored_snooze
from store.sharing import claims as stored_claims
from store.sharing import line as stored_line
from store.sql import one
from tests.bot.services.room import ADA, BOB, CHANNEL, CY, DEE, SETTINGS, Room
from tests.conftest import Clock
from tests.examples import examples

NAME = "nb-5"
PEOPLE = st.sampled_from([ADA, BOB, CY, DEE])
PAUSING = {"pausing": {"hours": "Mon-Sun 09:00-11:00, Mon-Sun 12:00-14:00, Mon-Sun 15:00-17:00"}}
WITH_HOURS = copy.deepcopy(SETTINGS) | {
    "teams": {name: team | PAUSING for name, team in SETTINGS["teams"].items()},
}


class World(SandboxFleet):
    """The fleet, which looks closely at every stop."""

    watch = None

    def stop(self, instance):
        self.watch(self.named(instance.name))
        super().stop(instance)


class Nights(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.world = World(self.clock)
        self.world.watch = self.stopped
        self.room = Room(
            Path(self.folder.name) / "room.db", self.clock, fleet=self.world, settings=WITH_HOURS, alone=True
        )
        self.util: float | None = 0.0
        self.worked_at = 0
        self.stops = 0
        self.room.sweep()
        self.report(75)

    def teardown(self) -> None:
        self.room.close()
        self.folder.cleanup()

    @property
    def db(self):
        return self.room.ctx.store.reading()

    @property
    def listing(self):
        return find(self.room.ctx, NAME)

    def report(self, minutes: int) -> None:
        if self.util is not None and self.room.machine(NAME).state == "running":
            self.room.reports(NAME, self.util, minutes=minutes)
            self.worked_at = self.clock() if self.util else self.worked_at

    def stopped(self, machine) -> None:
        now = self.clock()
        if machine.name != NAME:
            return
        self.stops += 1
        action = actions.live_on(self.db, machine.id)
        assert action is not None
        assert action.facts.rule == "hours"
        planned = next(
            each
            for each in stored_rule_stops.stops_at(self.db, CHANNEL, action.facts.parked_at)
            if each.action_id == action.id
        )
        assert planned.warned == 2, "the last warning was taken back"
        assert machine.launched_at <= planned.basis_at, "a start by hand was fought"
        subject = f"{CHANNEL}|{action.facts.parked_at}"
        told = one(
            self.db, "SELECT max(created_at) AS at FROM outbox WHERE kind = 'parking_soon' AND subject = ?", subject
        )
        assert told["at"] is not None, "nobody was warned"
        assert 0 < now - told["at"] <= 35 * MINUTE_MS
        assert now - self.worked_at > 59 * MINUTE_MS, "it works"
        assert self.util is not None, "nobody can tell whether it works"
        assert not stored_claims.open_claims_on(self.db, machine.id)
        assert not stored_line.offers_on(self.db, [machine.id])
        assert stored_snooze.on(self.db, machine.id, now) is None

    def tick(self) -> None:
        self.room.sweep()
        self.report(3)
        self.room.tick()
        rule_stops.run_rules(self.room.ctx)
        self.room.posted()
        self.room.tick()

    @rule(minutes=st.sampled_from([2, 10, 30, 60, 120]))
    def time_passes(self, minutes):
        for _ in range(minutes // 2):
            self.clock.forward(2 * MINUTE_MS)
            self.tick()

    @rule(until=st.sampled_from([2, 6, 12]), after=st.sampled_from([2, 34, 60]))
    def somebody_keeps_it_over_the_end_of_its_hours(self, until, after):
        """As often happens: it idles, the end comes, and what put it off ends."""
        self.util = 0.0
        start = (self.clock() // (180 * MINUTE_MS) + 1) * 180 * MINUTE_MS - 60 * MINUTE_MS  # 11:00, 14:00 or 17:00
        while self.clock() < start - 4 * MINUTE_MS:
            self.clock.forward(4 * MINUTE_MS)
            self.report(5)
            self.tick()
        self.somebody_snoozes(ADA, 40, tap=False)
        self.time_passes(until)
        self.somebody_ends_the_snooze(BOB)
        self.time_passes(after)

    @rule(minutes=st.sampled_from([4, 31, 70, 300]))
    def valet_is_away(self, minutes):
        self.clock.forward(minutes * MINUTE_MS)
        self.report(min(minutes, 75))
        self.room.reopen()
        self.tick()

    @rule(util=st.sampled_from([0.0, 0.0, 80.0, None]))
    def it_works_idles_or_falls_silent(self, util):
        self.util = util
        self.report(2)

    @rule(who=PEOPLE)
    def somebody_claims_or_gives_back(self, who):
        held = stored_claims.open_claims_on(self.db, self.listing.instance.id)
        with contextlib.suppress(Refused):
            if held:
                claims.release_claim(self.room.ctx, held[0].id, held[0].holder)
            else:
                claims.claim_gpus(self.room.ctx, self.listing.instance.id, who, length=60 * MINUTE_MS)

    @rule(who=PEOPLE, minutes=st.sampled_from([2, 40, 2000]), tap=st.booleans())
    def somebody_snoozes(self, who, minutes, tap):
        before = stored_snooze.on(self.db, self.listing.instance.id, self.clock())
        with contextlib.suppress(Refused):
            if tap:
                snooze.snooze_by_button(self.room.ctx, self.listing.instance.id, who)
            else:
                until = self.clock() + minutes * MINUTE_MS
                snooze.snooze(self.room.ctx, self.listing, who, until=until, reason="it is needed")
        after = stored_snooze.on(self.db, self.listing.instance.id, self.clock())
        if before is not None and (tap or before.who != who):
            assert after is not None
            assert after.until_at >= before.until_at, "another's snooze was cut short"

    @rule(who=PEOPLE)
    def somebody_ends_the_snooze(self, who):
        before = stored_snooze.on(self.db, self.listing.instance.id, self.clock())
        with contextlib.suppress(Refused):
            snooze.end(self.room.ctx, self.listing, who)
        after = stored_snooze.on(self.db, self.listing.instance.id, self.clock())
        team = self.room.roster.team(self.listing.team)
        if before is not None and who not in {before.who, BOB, DEE, *team.members}:
            assert after == before

    @precondition(lambda self: self.room.machine(NAME).state == "stopped")
    @rule()
    def somebody_starts_it_by_hand(self):
        self.world.power_up(NAME)
        self.tick()

    @rule(who=PEOPLE, windows=st.sampled_from(["Mon-Sun 09:00-10:00", "never", ""]))
    def somebody_sets_its_hours(self, who, windows):
        with contextlib.suppress(Refused):
            hours.set_hours(self.room.ctx, self.listing, who, windows)


TestNights = Nights.TestCase
TestNights.settings = settings(
    max_examples=examples(10), stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.slow
def test_a_night_with_nothing_in_the_way_does_end_in_a_stop():
    nights = Nights()

    nights.time_passes(120)
    nights.time_passes(10)
    nights.teardown()

    assert nights.stops == 1
