"""One answer to what one can have now: in `find`, in `status free`, and by claiming it."""

import re

import pytest

from bot.domain.clock import MINUTE_MS


def free_by_status(office, who="ada") -> set[str]:
    return set(
        re.findall(r"^([a-z0-9-]+) \| :large_green_circle: ", office.types(who, "/gpu status free"), re.MULTILINE)
    )


def free_by_find(office, who="ada") -> set[str]:
    seen = office.types(who, "/gpu find any")
    return set(re.findall(r"Claim (?:\d+ GPUs? of )?([a-z0-9-]+)\]", seen))


def test_two_idle_gpus_of_a_claimed_machine_are_told_of(office):
    for name in ("train-3", "train-9", "train-7"):
        office.types("cy", f"/gpu claim {name} for 8h")
    office.reports("train-7", [0.0, 0.0, *[95.0] * 6], minutes=300, user=["", "", *["cy"] * 6])
    for name in ("train-3", "train-9"):
        office.reports(name, 95.0)

    seen = office.types("ada", "/gpu find 2xA100")

    assert "nothing is free" not in seen
    assert "some stand idle in somebody's claim." in seen
    assert "GPUs 0-1 of *train-7*, idle for 5 h, @Cy holds them" in seen


@pytest.mark.parametrize("state", ["idle", "partial", "claimed in part", "booked", "working", "unknown"])
def test_status_and_find_agree_on_what_is_free(office, state):
    utils = [0.0, 0.0, *[95.0] * 6]
    if state != "unknown":
        office.reports("train-7", {"partial": utils, "working": 95.0}.get(state, 0.0))
    if state == "claimed in part":
        office.types("cy", "/gpu claim train-7 gpus:2 for 4h")
    if state == "booked":
        office.types("cy", "/gpu book train-7 today 11:00 for 2h")

    status, find = free_by_status(office), free_by_find(office)

    assert ("train-7" in status) == (state in {"idle", "partial", "claimed in part"})
    assert "train-7" in find or "train-7" not in status


def test_what_status_calls_free_can_be_claimed_at_once(office):
    office.reports("train-7", [0.0, 0.0, *[95.0] * 6])

    assert "train-7" in free_by_status(office)
    assert office.types("ada", "/gpu claim 2xA100 for 2h").startswith("GPUs 0-1 of *train-7* are @Ada's")
    office.passes(2 * MINUTE_MS)
    assert "train-7" not in free_by_status(office, "cy"), "the rest of it works"


def home(office, who) -> str:
    office.slack.open_home(who)
    office.settle()
    return office.slack.sees_home(who)


def test_the_home_tab_names_what_find_says_is_free(office):
    office.reports("train-7", [0.0, 0.0, *[95.0] * 6])
    assert "Free now\n*train-7*  2x A100 of 8, $21.96/h\n" in home(office, "ada")

    office.types("cy", "/gpu claim train-7 for 2h")

    assert free_by_status(office) == set()
    assert "Free now\nNothing that is seen idle." in home(office, "ada")


def test_what_nobody_has_claimed_but_somebody_works_on_is_no_turn_in_a_minute(office):
    office.reports("nb-2", [0, 0, 90, 90])
    office.types("cy", "/gpu claim nb-2 gpus 0,1 for 4h")

    seen = office.types("ada", "/gpu find 2xA10G for 2h")

    assert "\nUnclaimed, but in use: 2 GPUs of *nb-2*. `/gpu why nb-2` shows by what." in seen
    assert "any minute" not in seen
    assert office.types("ada", "/gpu wait 2xA10G").startswith(
        "2 GPUs of *nb-2* are unclaimed now, so there is nothing to wait for. "
        "Somebody without a claim is using GPUs 2-3 now.\n"
    )
