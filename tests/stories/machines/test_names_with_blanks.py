"""Names of machines as people give them: with blanks, one the beginning of another, or like words of a command."""

import pytest

from bot.services.machines import fleet


def called(office, **names):
    """Machines of the office, renamed."""
    for machine, name in names.items():
        office.fleet.change(machine.replace("_", "-"), name=name, tags={"Name": name, "team": "nlp"})
    fleet.sweep(office.valet.ctx)
    return office


@pytest.fixture
def trains(office):
    """train, which works, and train 2, which idles."""
    office.reports("train-7", 95.0)
    office.reports("nb-2", 0.0)
    return called(office, train_7="train", nb_2="train 2")


def test_the_machine_with_the_longer_name_is_asked_about_and_never_the_shorter(trains):
    assert trains.types("ada", "/gpu stop train 2").startswith("Asked in #ml-platform")
    assert trains.sees("bob", "#ml-platform").startswith("*Stop train 2?")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("claim train 2 for 4h fine-tune", "*train 2* is @Ada's until Mon 13:00 UTC (fine-tune)."),
        ("CLAIM Train 2 4h", "*train 2* is @Ada's until Mon 13:00 UTC."),
        ('claim "train 2" for 4h', "*train 2* is @Ada's until Mon 13:00 UTC."),
        ("claim train\u00a02 for 4h", "*train 2* is @Ada's until Mon 13:00 UTC."),
        ("claim *train 2* for 4h", "*train 2* is @Ada's until Mon 13:00 UTC."),
        ("claim train for 4h", "*train* is @Ada's until Mon 13:00 UTC."),
        ('claim "train" for 4h', "*train* is @Ada's until Mon 13:00 UTC."),
        ("status train 2", ":large_green_circle: *train 2*"),
        ("why train 2", "*train 2 has been idle for"),
        ("book train 2 tue 20:00 for 2h", "@Ada booked *train 2* from Tue 24 Nov 20:00 UTC to Tue 22:00 UTC."),
        ("snooze train 2 4h", "*train 2* is left alone until Mon 13:00 UTC"),
        ("line train 2", "Nobody waits for *train 2*"),
        ("release train 2", "Nobody holds train 2, so there is nothing to release."),
        ("history train 2", "Nobody has done anything to train 2 through Valet."),
    ],
)
def test_every_command_means_the_machine_with_the_longest_name(trains, line, said):
    assert trains.types("ada", f"/gpu {line}").startswith(said)


def test_where_the_rest_could_be_a_note_ada_is_asked_and_her_answer_goes_on(office):
    called(office, train_7="train", nb_2="train run")

    asked = office.types("ada", "/gpu claim train run for 4h")

    assert asked == 'Which machine is meant by "train run"?\n[train run] [train: run]'
    assert office.presses("ada", "train: run").startswith("*train* is @Ada's until Mon 13:00 UTC (run).")


def test_two_gpus_of_the_shorter_may_be_meant(trains):
    assert trains.types("ada", "/gpu claim train 2 gpus for 4h") == (
        'Which machine is meant by "train 2"?\n[train 2] [train: 2]'
    )
    assert trains.presses("ada", "train: 2").startswith("GPUs 0-1 of *train* are @Ada's until Mon 13:00 UTC.")


def test_a_question_is_answered_by_nobody_else(trains):
    trains.types("ada", "@valet claim train 2 gpus for 4h")

    assert trains.presses("cy", "train: 2") == "That was asked of somebody else."


def test_a_beginning_of_a_longer_name_is_asked_about_before_the_shorter_is_stopped(office):
    office.reports("train-7", 0.0)
    called(office, train_7="train", nb_2="train 2b")

    assert office.types("ada", "/gpu stop train 2") == ('Which machine is meant by "train 2"?\n[train: 2] [train 2b]')
    assert office.slack.sees("bob", "#ml-platform") == []


def test_several_at_once_are_named_with_their_blanks(trains):
    trains.reports("nb-5", 0.0)
    called(trains, nb_5="nb-5")

    assert "train 2" in trains.types("ada", "/gpu stop train 2, nb-5 the night is long")
    card = trains.sees("bob", "#ml-platform")
    assert "train 2" in card
    assert "nb-5" in card
    assert "the night is long" in card


@pytest.mark.parametrize(
    "name", ["for", "2h", "any", "2xA100", "idle", "free", "until 18:00", "all", "40gb", "feed me"]
)
def test_a_machine_is_found_by_its_name_whatever_that_reads_like(office, name):
    office.reports("nb-2", 0.0)
    called(office, nb_2=name)

    assert office.types("ada", f"/gpu status {name}").startswith(f":large_green_circle: *{name}*")
    assert office.types("ada", f"/gpu claim {name} for 4h").startswith(f"*{name}* is @Ada's until Mon 13:00 UTC.")
    assert office.types("ada", f"/gpu find {name}").startswith(f"{name} is a machine.")
    assert "until Mon 15:00 UTC" in office.types("ada", f"/gpu extend {name} 2h")
    assert office.types("ada", f"/gpu release {name}").startswith(f"@Ada released *{name}*")
    office.types("ada", f"/gpu stop {name}")
    assert office.sees("bob", "#ml-platform").startswith(f"*Stop {name}?")


def test_a_reason_that_begins_with_a_machines_name_stops_only_what_was_meant(office):
    for name in ("train-7", "nb-2"):
        office.reports(name, 0.0)
    called(office, nb_2="for")

    asked = office.types("ada", "/gpu stop train-7 for the demo")

    assert asked == 'Is "for" a machine to stop, or does the reason begin there?\n[for as well] [The reason]'
    office.presses("ada", "The reason")
    assert office.sees("bob", "#ml-platform").startswith("*Stop train-7?")
