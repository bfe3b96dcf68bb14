"""A workspace in which /gpu and /cost are somebody else's: people read only what they can type."""

import pytest

from tests.stories.conftest import SETTINGS


@pytest.fixture
def renamed(office_with):
    return office_with(SETTINGS | {"slack": SETTINGS["slack"] | {"gpu_command": "/box", "cost_command": "/money"}})


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/box status zzz", "`/box status` lists what there is."),
        ("/box start train-7", "train-7 runs already. `/box claim train-7` takes it."),
        ("/box help claim", "`/box claim <instance|2xA100>"),
        ("/box help", "Try `/box claim "),
        ("/money help", "`/money forecast`"),
        ("/money budget", "`/money forecast` says what the month will cost."),
        ("@valet drain train-7", "`/box stop train-7` asks for one."),
    ],
)
def test_every_hint_names_the_command_as_it_is_called_here(renamed, typed, told):
    seen = renamed.types("bob", typed)

    assert told in seen
    assert "`/gpu" not in seen
    assert "`/cost" not in seen


def test_so_does_what_is_told_in_person(renamed):
    renamed.types("cy", "/box snooze train-7 4h")
    renamed.types("bob", "/box snooze train-7 end")

    assert "`/box snooze train-7 4h` keeps it anew." in renamed.sees("cy", "@cy")
