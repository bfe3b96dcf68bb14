"""The commonest answers about sharing fit a phone's screen, however much there is to say."""

import pytest

from tests.screens import ONE_SCREEN, lines_on_phone

PEOPLE = ("bob", "cy")


@pytest.fixture
def crowded(office):
    """Much is claimed, waited for and booked."""
    office.reports("dgx-1", [90.0] * 6 + [0.0] * 2, minutes=292)
    office.reports("train-7", 0.0)
    office.types("bob", "/gpu claim dgx-1 for 8h fine-tune of the small model on the new corpus")
    for name in ("train-9", "train-3", "nb-2", "nb-5"):
        office.types("cy", f"/gpu claim {name} for 8h evaluation of checkpoints")
    for hour in range(5):
        office.types("bob", f"/gpu book train-7 tomorrow {10 + 2 * hour}:00 for 1h weekly sweep")
        office.types("cy", f"/gpu book dgx-1 tomorrow {10 + 2 * hour}:00 for 1h")
    return office


@pytest.mark.parametrize(
    "typed",
    [
        "claim train-7 for 4h fine-tune of the small model",
        "claim dgx-1 for 4h",
        "claim dgx-1 gpus:2 for 4h",
        "claim train-9",
        "claim 2xA100 for 2h",
        "claim 2xh100 for 2h",
        "find 2xA100 for 6h",
        "find any for 1h",
        "find 8xh100 for 2h",
        "find 8xa100-80 for 6h",
        "find a10g",
        "wait dgx-1 gpus:2 for 4h",
        "line",
        "line dgx-1",
        "calendar",
        "calendar dgx-1",
        "calendar train-7",
        "request dgx-1 gpus:2 a demo at noon",
        "release",
        "book dgx-1 tomorrow 10:00 for 6h",
    ],
)
def test_the_commonest_answers_fit_one_screen(crowded, typed):
    crowded.types("cy", "/gpu wait dgx-1 gpus:2 for 4h")

    seen = crowded.types("ada", f"/gpu {typed}")

    assert lines_on_phone(seen) <= ONE_SCREEN, seen


def test_a_line_of_many_fits_one_screen(crowded):
    for number in range(30):
        crowded.slack.people[f"U0W{number:06}"] = crowded.slack.person("cy")
    for who in ("cy", "ada"):
        for name in ("dgx-1", "train-9", "train-3", "nb-2", "nb-5"):
            crowded.types(who, f"/gpu wait {name} for 4h a note that says what it is for")

    assert lines_on_phone(crowded.types("ada", "/gpu line")) <= ONE_SCREEN
