"""Valet did not run when its digest was due: it comes late, says so, and waits for those who can tell something."""

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS


@pytest.fixture
def absent(office):
    """train-7 and train-3 have idled since the evening, nb-2 works; Valet ends at 08:57 and is back at 09:04."""
    office.clock.forward(DAY_MS - 2 * HOUR_MS)
    for _ in range(24):
        all_report(office, 5)
    office.clock.forward(-3 * MINUTE_MS)
    office.valet.ctx.store.check(office.clock())
    office.clock.forward(7 * MINUTE_MS)
    office.restart()
    office.tick()
    return office


def all_report(office, minutes):
    office.clock.forward(minutes * MINUTE_MS)
    for name, util in (("train-7", 0.0), ("train-3", 0.0), ("nb-2", 70.0)):
        office.reports(name, util, minutes=minutes)
    office.valet.ctx.store.check(office.clock())


def digests(office):
    return [text for text in office.slack.sees("bob", "#ml-platform") if "Idle GPUs" in text]


def test_it_waits_for_the_agents_and_says_that_it_is_late(absent):
    assert digests(absent) == []
    absent.passes(MINUTE_MS)
    assert digests(absent) == []
    for name, util in (("train-7", 0.0), ("train-3", 0.0), ("nb-2", 70.0)):
        absent.reports(name, util, minutes=8)
    absent.passes(2 * MINUTE_MS)

    (seen,) = digests(absent)
    assert "train-7 | " in seen
    assert "train-3 | " in seen
    assert "This digest is late: it was due Tue 09:00 UTC." in seen
    assert "Nothing is known" not in seen


def test_agents_that_do_not_come_back_are_named_after_a_while(absent):
    absent.reports("train-7", 0.0, minutes=8)
    for _ in range(12):
        absent.passes(MINUTE_MS)
        absent.reports("train-7", 0.0, minutes=1)
        absent.reports("nb-2", 70.0, minutes=1)
        assert digests(absent) == []
    absent.passes(5 * MINUTE_MS)

    (seen,) = digests(absent)
    assert "train-7 | " in seen
    assert "Nothing is known of train-3, whose agents have not reported since Valet runs again." in seen


def test_a_day_of_which_nothing_is_known_is_not_done_in_silence(absent):
    absent.passes(20 * MINUTE_MS)

    (seen,) = digests(absent)
    assert seen.startswith("*Idle GPUs, Tuesday 24 November: none known now; about $")
    assert "Nothing is known of train-3, train-7, whose agents have not reported since Valet runs again." in seen


def test_an_absence_before_its_time_makes_no_digest_late(office):
    office.clock.forward(DAY_MS - 2 * HOUR_MS)
    for _ in range(22):
        all_report(office, 5)
    office.clock.forward(MINUTE_MS)
    office.restart()
    for _ in range(10):
        all_report(office, 1)
        office.tick()

    (seen,) = digests(office)
    assert "late" not in seen


def test_an_agent_that_was_silent_long_before_is_not_waited_for(office):
    office.clock.forward(DAY_MS - 3 * HOUR_MS)
    office.reports("train-3", 0.0, minutes=60)
    for _ in range(35):
        office.clock.forward(5 * MINUTE_MS)
        office.reports("train-7", 0.0, minutes=5)
        office.valet.ctx.store.check(office.clock())
    office.clock.forward(7 * MINUTE_MS)
    office.restart()
    office.reports("train-7", 0.0, minutes=7)
    office.passes(3 * MINUTE_MS)

    (seen,) = digests(office)
    assert "train-7 | " in seen
    assert "Nothing is known" not in seen
