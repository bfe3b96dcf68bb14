"""Typos and turns of phrase when machines are to be stopped, copied or left alone: understood, or answered with what to
type; never taken for something else.
"""

import pytest

from tests.stories.conftest import SETTINGS

LATER = "A stop is asked about now, and there is none for later: say `/gpu stop train-7` then."
REFUSED = {
    "stop idel": "`/gpu stop idle` asks about all that stand idle;",
    "stop all": "`/gpu stop idle` asks about all that stand idle;",
    "stop everything": "`/gpu stop idle` asks about all that stand idle;",
    "stop team:nlp": "`/gpu stop idle team:nlp` asks about all that stand idle;",
    "stop idle team:npl": "No rented machine of team npl is seen idle just now. Did you mean team:nlp?",
    "stop train-7 at 18:00": LATER,
    "stop train-7 tonight": LATER,
    "stop train-7 in 2h": LATER,
    "stop train-7 nb-5 for 2h": LATER,
    "terminate train-7": 'I can\'t read "terminate train-7". Did you mean one of these?\n[/gpu stop train-7]',
    "keep train-7": 'I can\'t read "keep train-7". Did you mean one of these?\n[/gpu snooze train-7]',
    "snooze train-7 tomorrow": '"tomorrow" is a time. Say "until" before it if it is to end then,',
    "snooze train-7 tomorrow 14:00": '"tomorrow 14:00" is a time. Say "until" before it',
    "snooze train-7 forever": "A snooze ends: at most 7 days, with the reason:",
    "snooze train-7 cancel": "train-7 is not snoozed.",
    "snooze train-7 all day": '"all day" is no length I can read. For how long?',
    "stop unused": "`/gpu stop idle` asks about all that stand idle;",
    "clone nb-5 and never reboot it": "With a reboot or without? Say `no-reboot`, or leave it out:",
    "clone nb-5 x2": "A clone is one machine,",
    "clone nb-5 to g5.12xlarge": "A clone has the shape of nb-5. `/gpu resize nb-5 g5.12xlarge` makes one",
    "clone nb-5 as nb-6": "A clone gets its name from nb-5,",
    "resize nb-5 bigger": 'I don\'t know an instance type "bigger" with NVIDIA GPUs. Did you mean g5.xlarge or',
    "resize nb-5 p4d": 'I don\'t know an instance type "p4d" with NVIDIA GPUs. Did you mean p4d.24xlarge',
    "hours train-7 mon-fri 9-5": '"9-5" can be read in two ways: write 9-17, or 09:00-05:00',
}


@pytest.fixture
def idle(office_with):
    office = office_with(SETTINGS | {"actions": {"clone": True, "most_stops": 10}})
    for name in ("train-7", "nb-5"):
        office.reports(name, 0.0)
    return office


def test_what_is_no_command_is_answered_with_one_and_nothing_is_asked(idle):
    answers = {typed: idle.types("ada", f"/gpu {typed}") for typed in REFUSED}

    assert {typed: said for typed, said in answers.items() if not said.startswith(REFUSED[typed])} == {}
    assert idle.slack.sees("bob", "#ml-platform") == []


@pytest.mark.parametrize(
    "typed", ["stop all idle", "stop the idle ones", "stop idle machines the night is long", "stop train 7 it idles"]
)
def test_what_means_one_of_ones_own_is_asked_about(idle, typed):
    assert idle.types("ada", f"/gpu {typed}").startswith("Asked in #ml-platform")
    assert idle.sees("bob", "#ml-platform").startswith("*Stop train-7?")


def test_several_are_named_as_people_name_several(idle):
    idle.fleet.change("nb-5", tags={"team": "nlp"})
    for name in ("nb-2", "render-1"):
        idle.fleet.change(name, tags={"team": "nlp"})
    idle.tick()

    said = idle.types("ada", "/gpu stop train-7, and nb-5 and go home")

    assert said.startswith("Asked in #ml-platform to stop train-7, nb-5 of team nlp.")
    assert ">and go home" in idle.sees("bob", "#ml-platform")


@pytest.mark.parametrize(
    "typed",
    ["no-reboot", "no reboot", "without a reboot for 2h", "8h no-reboot", "for 2h please don't reboot", "--no-reboot"],
)
def test_a_clone_without_a_reboot_is_one_however_it_is_said(idle, typed):
    idle.types("ada", f"/gpu clone nb-5 {typed}")

    assert "No reboot: files that are being written may be torn in the copy." in idle.sees("bob")


def test_lengths_types_and_hours_are_read_as_they_are_said(idle):
    kept = idle.types("ada", "/gpu snooze train-7 a day the demo")
    hours = idle.types("bob", "/gpu hours train-7 mo-fr 8-18 stop only")
    idle.types("ada", "/gpu resize nb-5 from g5.xlarge to a g5.12xlarge for 2h")

    assert kept.startswith("*train-7* is left alone until Tue 09:00 UTC: @Ada keeps it (the demo).")
    assert "on Mon-Fri 08:00-18:00 (UTC), set by @Bob." in hours
    assert "never started by itself" in hours
    assert idle.sees("bob").startswith("*Resize nb-5 to g5.12xlarge for 2 h?")
