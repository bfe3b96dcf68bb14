"""Since when a machine stands still is never said to be longer than it was, whatever Valet saw and missed."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import SEEN_WITHIN_MS, Instance, SourceSnapshot
from bot.services.context import Context
from bot.services.machines import fleet
from bot.settings import parse
from store.acting import dormant as stored_dormant
from tests.bot.services.room import Room
from tests.conftest import MONDAY, Clock
from tests.examples import examples
from tests.opening import open_store

SOURCE = "ec2/1/us-east-1"
BOX = Instance("i-1", "nb-2", "ec2", SOURCE, "g5.xlarge", "running", "A10G", 1, launched_at=MONDAY - DAY_MS)


@dataclass
class Truth:
    """A machine as it really is; AWS tells when it stopped, or does not."""

    box: Instance = BOX
    stopped: int = 0

    def stop(self, now: int, *, told: bool) -> None:
        if self.box.state == "running":
            self.stopped = now
            self.box = replace(self.box, state="stopped", stopped_at=now if told else None)

    def start(self, now: int) -> None:
        if self.box.state == "stopped":
            self.box = replace(self.box, state="running", launched_at=now, stopped_at=None)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["stop", "stop and tell", "start", "nothing", "restart the bot", "fail"]),
        st.sampled_from([MINUTE_MS, 14 * MINUTE_MS, 2 * HOUR_MS, 9 * DAY_MS]),
        st.booleans(),
    ),
    max_size=20,
)


@given(steps=STEPS)
@settings(max_examples=examples(60), deadline=None)
def test_it_is_exact_where_that_was_seen_or_told_and_never_too_long(steps):
    with tempfile.TemporaryDirectory() as folder:
        clock, truth = Clock(), Truth()
        store, config = open_store(Path(folder) / "v.db"), parse({}, {})
        for what, length, looks in steps:
            clock.forward(length)
            if what == "start":
                truth.start(clock.now)
            elif what.startswith("stop"):
                truth.stop(clock.now, told="tell" in what)
            elif what == "restart the bot":
                store.close()
                store = open_store(Path(folder) / "v.db")
            clock.forward(MINUTE_MS)
            if not looks:
                continue
            look = SourceSnapshot(SOURCE, error="away") if what == "fail" else SourceSnapshot(SOURCE, (truth.box,))
            fleet.record_snapshot(Context(store, clock, config, {}, config.roster), look, clock.now)
            if not look.error:
                hold(truth, stored_dormant.kept_standstill(store.reading(), "i-1"))
        store.close()


def hold(truth: Truth, still) -> None:
    if truth.box.state == "running":
        assert still is None
        return
    assert truth.stopped <= still.since
    if truth.box.stopped_at is not None:
        assert (still.since, still.exact) == (truth.stopped, True)
    elif still.exact:
        assert still.since - truth.stopped <= SEEN_WITHIN_MS


@pytest.fixture
def room(tmp_path, clock):
    opened = Room(tmp_path / "room.db", clock)
    opened.sweep()
    yield opened
    opened.close()


def still_of(room, name):
    return stored_dormant.kept_standstill(room.ctx.store.reading(), room.machine(name).id)


def test_what_valet_never_saw_run_stands_still_at_least_since_first_seen(room):
    room.fleet.change("eval-2", stopped_at=None)
    room.fleet.change("nb-5", state="stopped")
    room.clock.forward(3 * DAY_MS)

    room.sweep()

    assert (still_of(room, "eval-2").since, still_of(room, "eval-2").exact) == (MONDAY - 4 * DAY_MS, True), (
        "AWS said so"
    )
    assert (still_of(room, "nb-5").since, still_of(room, "nb-5").exact) == (room.clock.now, False), "Valet was away"


@pytest.mark.slow
def test_a_standstill_goes_on_while_valet_is_away_and_ends_with_the_next_start(room):
    room.fleet.change("nb-5", state="stopped")
    room.clock.forward(MINUTE_MS)
    room.sweep()
    stopped = room.clock.now
    room.clock.forward(30 * DAY_MS)
    room.reopen()
    room.sweep()
    after_a_month = still_of(room, "nb-5")

    room.fleet.change("nb-5", launched_at=room.clock.now - DAY_MS)  # started and stopped again, unseen
    room.sweep()

    assert (after_a_month.since, after_a_month.exact) == (stopped, True)
    assert (still_of(room, "nb-5").since, still_of(room, "nb-5").exact) == (room.clock.now, False)


def test_a_stop_that_valet_makes_is_known_to_the_moment(room):
    room.reports("nb-5", 0.0)
    room.approves(room.asks("nb-5"))
    for _ in range(3):
        room.clock.forward(MINUTE_MS)
        room.tick()

    assert still_of(room, "nb-5").exact
    assert still_of(room, "nb-5").since == room.machine("nb-5").stopped_at


def test_a_machine_that_is_gone_and_one_that_comes_back_are_taken_as_they_are(room):
    room.fleet.change("nb-5", state="stopped")
    room.sweep()
    began = still_of(room, "nb-5").since
    room.clock.forward(DAY_MS)
    room.fleet.change("nb-5", state="terminated")
    room.sweep()
    room.clock.forward(DAY_MS)
    room.fleet.change("nb-5", state="stopped")

    room.sweep()

    assert still_of(room, "nb-5").since > began
    assert not still_of(room, "nb-5").exact
