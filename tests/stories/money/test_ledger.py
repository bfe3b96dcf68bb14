"""What idled is one sum, wherever it is read; and what a sum lacks is said beside it."""

import re
from copy import deepcopy

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.services.machines import fleet
from bot.services.money import ledger_export
from tests.stories.conftest import SETTINGS

STEP = 5 * MINUTE_MS


def lives(office, length, **works):
    """Time passes; agents report that machines work (50 %) or idle (0 %), and the fleet is looked at."""
    until = office.clock.now + length
    while office.clock.now < until:
        office.clock.forward(STEP)
        for name, util in works.items():
            office.reports(name if name.startswith("i-") else name.replace("_", "-"), util, minutes=5)
        fleet.sweep(office.valet.ctx)


@pytest.fixture
def quick(office_with):
    """Fifteen quiet minutes are idle here, and the digest comes at noon."""
    settings = deepcopy(SETTINGS)
    settings["idle"] = {"window_minutes": 15, "settle_minutes": 0}
    settings["digest"] = {"at": "12:00"}
    settings["budget"] = {"usd": "90000"}
    return office_with(settings)


def unused(text, after):
    """The dollars that stand before some words."""
    found = re.search(rf"\$([\d,.]+\.\d\d) {after}", text)
    assert found, text
    return found[1]


def test_status_why_home_digest_report_and_json_tell_the_same_of_one_spell(quick):
    lives(quick, HOUR_MS, train_7=50.0, train_3=0.0)
    quick.types("ada", "/gpu claim train-7 for 8h")
    lives(quick, 2 * HOUR_MS, train_7=0.0, train_3=50.0)
    quick.tick()

    status = quick.types("ada", "/gpu status train-7")
    same = unused(status, "wasted so far")
    assert "*train-7*  idle for 2 h" in status
    assert same == "38.43"  # an hour and 45 minutes at $21.96: from when it was judged idle
    why = quick.types("ada", "/gpu why train-7")
    assert f"Wasted: ${same} since it was judged idle." in why
    quick.slack.open_home("ada")
    quick.settle()
    assert f"(${same} wasted so far)" in quick.slack.sees_home("ada")
    digest = quick.sees("bob", "#ml-platform")
    assert f"train-7 | idle 2 h | ${same} | open | " in digest
    how = quick.presses("bob", "How this is counted", "#ml-platform")
    assert how.startswith("A GPU is idle after 15 minutes without work, seen minute by minute.")
    idle = quick.types("ada", "/cost idle")
    assert f"train-7 | ${same} | idle 2 h, @Ada | 14" in idle
    assert f"train-7 | ${same} | idle 2 h, @Ada | 14" in quick.types("ada", "/cost idle today")
    told = {each["name"]: each for each in ledger_export.fleet_status(quick.valet.ctx)["instances"]}
    assert {round(float(told["train-7"][name]), 2) for name in ("unused_usd_since_judged_idle", "unused_usd_24h")} == {
        float(same)
    }


def test_the_digests_sum_is_that_of_all_machines_of_the_channel_whatever_they_do_now(quick):
    lives(quick, HOUR_MS, train_7=50.0, train_3=0.0)
    lives(quick, 2 * HOUR_MS, train_7=0.0, train_3=50.0)
    quick.tick()

    digest, idle = quick.sees("bob", "#ml-platform"), quick.types("ada", "/cost idle today by team")
    whole, listed = (
        unused(digest, "went unused in the last 24 hours"),
        float(re.search(r"^train-7 \| .*? \| ~?\$([\d.]+) ", digest, re.MULTILINE)[1]),
    )
    assert f"nlp | ~${whole} |" in idle  # train-3 is a spot machine
    assert float(whole) > float(listed)
    how = quick.presses("bob", "How this is counted", "#ml-platform")
    rest = unused(how, "of it is of machines not listed: that are in use or off by now")
    assert float(rest) == pytest.approx(float(whole) - float(listed), abs=0.01)


def test_while_a_region_is_silent_sums_and_lists_say_what_they_lack(quick):
    lives(quick, 2 * HOUR_MS + 20 * MINUTE_MS, train_7=0.0)
    region = quick.machine("train-7").region
    quick.fleet.silence(region)
    lives(quick, 40 * MINUTE_MS, **{quick.machine("train-7").id: 0.0})  # its agent goes on reporting
    quick.tick()

    lacks = re.compile(
        r":warning: ec2/\S+/" + region + r" was last read Mon 11:20 UTC, 40 m ago: what its \d+ running machines "
        r"\((about )?\$[\d.,]+/h\) cost since is not counted yet\."
    )
    for line in ("/cost report", "/cost report today", "/cost idle", "/cost budget", "/cost budget total"):
        assert lacks.search(quick.types("ada", line)), line
    assert f"{region} was last read Mon 11:20 UTC, 40 m ago: what was saved" in quick.types("ada", "/cost savings")
    charged = f"{region} was last read on 23 Nov at 11:20 (UTC): what its machines cost since then is not in what was"
    assert charged in quick.types("ada", "/cost forecast")
    assert charged in quick.types("ada", "/cost forecast train-7")
    assert not lacks.search(quick.types("ada", "/cost report yesterday"))
    old = f"{region} was last read Mon 11:20 UTC, 40 m ago: its machines are shown as they were then."
    assert old in quick.sees("bob", "#ml-platform")

    quick.fleet.unsilence(region)
    lives(quick, STEP)
    assert "was last read" not in quick.types("ada", "/cost report")


def test_where_midnight_cuts_an_hour_of_the_ledger_it_is_said(office_with):
    settings = deepcopy(SETTINGS)
    settings["digest"] = {"timezone": "Asia/Kolkata"}
    settings["budget"] = {"usd": "90000"}
    office = office_with(settings)
    said = "Midnight there falls within an hour of UTC, which counts for the day it began in."

    office.types("ada", "/cost forecast")
    assert said in office.presses("ada", "Details")
    for line in ("/cost report", "/cost idle", "/cost savings", "/cost budget total"):
        office.types("ada", line)
        assert said in office.presses("ada", "How this is counted"), line


def test_where_midnight_is_between_two_hours_nothing_is_said_of_it(office):
    office.types("ada", "/cost report")

    assert "within an hour of UTC" not in office.presses("ada", "How this is counted")


def test_status_and_idle_tell_owned_machines_and_idle_parts_apart_alike(quick):
    quick.reports("dgx-1", 0.0, minutes=60)
    quick.reports("train-7", 0.0, minutes=60)
    quick.reports("train-3", [0.0] * 4 + [90.0] * 4, minutes=60)
    quick.tick()

    status, idle = quick.types("ada", "/gpu status"), quick.types("ada", "/cost idle")

    told = re.search(r"(\d) idle and (\d) partly idle, wasting about \$([\d.]+)/h \(\$([\d.]+)/h of it owned\)", status)
    assert told, status
    machines, part, wasted, owned = int(told[1]), int(told[2]), float(told[3]), float(told[4])
    assert (machines, part, owned) == (2, 1, 9.12)
    assert f"Now: {machines} idle, {part} partly, about ${wasted - owned:.2f}/h rented." in idle
    how = quick.presses("ada", "How this is counted")
    assert f"Owned ones that idle now: ${owned:.2f}/h of their full cost." in how
