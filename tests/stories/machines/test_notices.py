"""An agent that falls silent, a machine stopped by another hand, GPUs that are gone: told once to whom it concerns."""

import copy

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.readings import Gpu, Minute, Push
from bot.services.machines import notices, readings
from tests.stories.conftest import SETTINGS


def push(office, gpus, *, host="dgx-1", uuids=None, minutes=1):
    """The agent tells of the last minutes of these GPUs, which work."""
    now = 1_000_000 + office.clock.now // MINUTE_MS
    office.seq += 1
    listed = tuple(Gpu(gpu, (uuids or {}).get(gpu, f"GPU-{gpu}"), "NVIDIA A100", 81920) for gpu in gpus)
    spans = [(gpu, now - ago) for ago in range(minutes, 0, -1) for gpu in gpus]
    told = tuple(Minute(gpu, tick, 4, 90.0, 90.0, 0.0, 300.0, 4, 81920, 0, 0) for gpu, tick in spans)
    readings.receive(office.valet.ctx, Push(host, "boot", office.seq, now, 0, listed, told), "10.0.0.1")


def passes(office, length, *, gpus=None, **more):
    """Its agent tells of these GPUs, or of nothing, and what is due is noticed: every minute, in hours every three."""
    minutes = 1 if length < HOUR_MS else 3  # more than that would be an absence
    for _ in range(length // (minutes * MINUTE_MS)):
        office.clock.forward(minutes * MINUTE_MS)
        if gpus is not None:
            push(office, gpus, minutes=minutes, **more)
        office.tick()
        notices.watch_machines(office.valet.ctx)
        office.settle()


def said(office, who, channel, words):
    return [each for each in office.slack.sees(who, channel) if words in each]


@pytest.fixture
def heard(office):
    """Eight GPUs of dgx-1, whose agent reports."""
    passes(office, 10 * MINUTE_MS, gpus=range(8))
    return office


@pytest.mark.slow
def test_who_looks_after_a_machine_hears_once_after_fifteen_minutes_that_its_agent_is_silent(heard):
    passes(heard, 14 * MINUTE_MS)
    assert not said(heard, "bob", "#ml-platform", "has been silent")

    passes(heard, MINUTE_MS)
    passes(heard, 2 * HOUR_MS)

    (told,) = said(heard, "bob", "#ml-platform", "has been silent")
    assert told.startswith("The agent of *dgx-1* has been silent for 15 m, since Mon 09:10 UTC.")
    passes(heard, 5 * MINUTE_MS, gpus=range(8))
    assert "reports again" in said(heard, "bob", "#ml-platform", "The agent of *dgx-1*")[-1]


@pytest.mark.slow
def test_at_night_it_waits_for_the_morning(heard):
    passes(heard, 9 * HOUR_MS, gpus=range(8))
    passes(heard, 2 * HOUR_MS)
    assert not said(heard, "bob", "#ml-platform", "has been silent")

    passes(heard, 12 * HOUR_MS + 30 * MINUTE_MS)

    assert len(said(heard, "bob", "#ml-platform", "has been silent")) == 1


@pytest.mark.slow
def test_where_a_claim_counts_on_it_the_holder_hears_at_once_and_at_any_hour(heard):
    heard.types("ada", "/gpu claim dgx-1 for 2d")
    passes(heard, 9 * HOUR_MS, gpus=range(8))

    passes(heard, 6 * MINUTE_MS)

    assert len(said(heard, "ada", "@ada", "which you hold, has been silent for")) == 1
    assert len(said(heard, "bob", "#ml-platform", "has been silent")) == 1


@pytest.mark.parametrize(("typed", "times"), [("", 1), ("never", 0), ("Mon-Sun 01:00-22:30", 1)])
def test_where_a_window_or_its_teams_counts_on_it_it_is_told_anytime(office_with, typed, times):
    settings = copy.deepcopy(SETTINGS)
    settings["teams"]["nlp"]["pausing"] = {"hours": "Mon-Sun 00:00-23:00"}
    office = office_with(settings)
    if typed:
        office.types("bob", f"/gpu hours train-7 {typed}")
    office.clock.forward(10 * HOUR_MS)
    office.tick()
    office.reports("train-7", 90.0)

    passes(office, 8 * MINUTE_MS)

    assert len(said(office, "bob", "#ml-platform", "The agent of *train-7* has been silent")) == times


@pytest.mark.slow
def test_a_window_stops_nothing_of_which_nobody_can_tell_whether_it_works(office_with):
    settings = copy.deepcopy(SETTINGS)
    settings["teams"]["nlp"]["pausing"] = {"hours": "Mon-Fri 08:00-10:00", "stop_active": True}
    office = office_with(settings)
    office.reports("train-7", 0.0)
    office.clock.forward(30 * MINUTE_MS)

    office.passes(2 * HOUR_MS)

    assert "i-" not in str(office.fleet.stops)
    assert "nobody can tell whether it works" in "".join(office.slack.sees("bob", "#ml-platform"))


@pytest.mark.slow
def test_a_valet_that_was_away_itself_calls_no_agent_silent(heard):
    heard.types("ada", "/gpu claim dgx-1 for 2d")
    heard.clock.forward(3 * HOUR_MS)
    heard.restart()
    notices.watch_machines(heard.valet.ctx)
    passes(heard, 10 * MINUTE_MS, gpus=range(8))

    assert not said(heard, "ada", "@ada", "has been silent")


@pytest.mark.slow
def test_a_machine_that_is_stopped_by_another_hand_is_told_to_its_holder(office):
    office.types("ada", "/gpu claim train-7 for 8h")
    passes(office, MINUTE_MS)
    office.fleet.change("train-7", state="stopped", stopped_at=office.clock.now)

    passes(office, 5 * MINUTE_MS)

    (told,) = said(office, "ada", "@ada", "train-7*, which you hold, went down")
    assert "Valet did not stop it" in told
    assert "/gpu start train-7" in told


@pytest.mark.slow
def test_gpus_that_are_gone_are_told_to_who_claimed_them_by_uuid(heard):
    heard.types("ada", "/gpu claim dgx-1 gpus:6,7 for 8h")
    heard.types("cy", "/gpu claim dgx-1 gpus:0,1 for 8h")

    passes(heard, 10 * MINUTE_MS, gpus=range(7))

    (told,) = said(heard, "ada", "@ada", "has not seen GPUs that you hold")
    assert "GPU 7 (GPU-7)" in told
    assert "GPU 6" not in told
    assert not said(heard, "cy", "@cy", "has not seen GPUs that you hold")


@pytest.mark.slow
def test_another_gpu_in_the_place_of_a_claimed_one_is_told(heard):
    heard.types("ada", "/gpu claim dgx-1 gpus:3,4 for 8h")

    passes(heard, 5 * MINUTE_MS, gpus=range(8), uuids={3: "GPU-other"})

    (told,) = said(heard, "ada", "@ada", "was replaced by another")
    assert "GPU 3 (GPU-other)" in told
