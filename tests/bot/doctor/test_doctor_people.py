"""Whether somebody can decide, and whether agents report."""

from datetime import date

import pytest

from bot.doctor import settings as settings_module
from bot.domain.clock import MINUTE_MS, system_clock
from bot.domain.machines.fleet import Instance
from bot.domain.machines.readings import AgentReport
from bot.settings import parse
from store import ProcessLock
from store.machines import agents
from store.machines import fleet as stored_fleet
from tests.conftest import MONDAY
from tests.opening import open_store


def found(table):
    return [(each.id, each.level) for each in settings_module.check(parse(table, {}), MONDAY)]


def test_a_team_with_two_approvers_and_a_channel_is_well():
    table = {
        "slack": {"channel": "C0GPUS001", "admins": ["U0ADA", "U0BOB"]},
        "teams": {"nlp": {"approvers": ["U0ADA", "U0BOB"]}},
    }

    assert found(table) == [("V401", "ok")]


def test_nobody_to_decide_is_a_warning_per_team():
    table = {"slack": {"channel": "C0GPUS001"}, "teams": {"nlp": {}, "cv": {"approvers": ["U0ADA", "U0BOB"]}}}

    assert found(table) == [("V401", "warning"), ("V402", "warning")]


def test_one_who_decides_alone_is_a_warning():
    table = {"slack": {"channel": "C0GPUS001", "admins": ["U0ADMIN"]}, "teams": {"nlp": {}}}

    assert found(table) == [("V403", "warning"), ("V403", "warning")]


def test_an_admin_stands_in_where_the_only_approver_asks():
    table = {
        "slack": {"channel": "C0GPUS001", "admins": ["U0ADMIN", "U0CHIEF"]},
        "teams": {"nlp": {"approvers": ["U0ADA"]}},
    }

    assert found(table) == [("V401", "ok")]


@pytest.mark.parametrize("teams", [{}, {"nlp": {"approvers": ["U0ADA", "U0BOB"]}}])
def test_no_channel_to_ask_in_is_a_warning(teams):
    assert found({"slack": {"admins": ["U0ADA", "U0BOB"]}, "teams": teams}) == [("V404", "warning")]


@pytest.mark.parametrize(
    ("days", "level", "told"),
    [
        (
            ["2026-12-25", "2026-12-26", "2024-12-25"],
            "ok",
            "2 days off within a year by pausing.holidays; next Fri 25",
        ),
        (["2024-12-25"], "warning", "no day off within a year by pausing.holidays: the last was Wed 25 Dec 2024."),
        (["2030-01-01"], "warning", "no day off within a year by pausing.holidays: the next is Tue 1 Jan 2030."),
    ],
)
def test_a_teams_days_off_are_counted_and_the_next_is_named(days, level, told):
    settings = parse({"teams": {"nlp": {"pausing": {"holidays": [date.fromisoformat(day) for day in days]}}}}, {})

    [finding] = [each for each in settings_module.check(settings, MONDAY) if each.id == "V405"]

    assert finding.level == level
    assert told in finding.sentence


@pytest.fixture
def tokens(patient):
    """The patient with three tokens: one reports, one has fallen silent, one never reported."""
    now = system_clock()
    store = open_store(patient.database)
    with store.writing() as db:
        for host in ("dgx-1", "dgx-2", "dgx-3"):
            agents.add(db, host, f"hash of {host}", now - 60 * MINUTE_MS)
        agents.note_seen(db, "dgx-1", "10.0.0.1", now - 2 * MINUTE_MS)
        agents.note_seen(db, "dgx-2", "10.0.0.2", now - 40 * MINUTE_MS)
    store.close()
    return patient


def test_silent_agents_are_named_while_valet_runs(tokens):
    lock = ProcessLock(tokens.database)

    tokens.look()

    assert tokens.said("V603") == [
        ("warning", "dgx-2 has not reported for 40 min."),
        ("warning", "dgx-3 has a token, but has never reported."),
    ]
    lock.release()


def test_agents_are_not_blamed_while_no_valet_runs(tokens):
    tokens.look()

    assert tokens.said("V603") == []
    assert tokens.said("V601")[0][0] == "ok"


@pytest.fixture
def reporting(patient):
    """Opens three hosts that report: one is well, of one the agent sees less, and one has lost its driver."""
    now = system_clock()
    store = open_store(patient.database)
    with store.writing() as db:
        for host, count in (("dgx-1", 8), ("dgx-2", 8), ("dgx-3", 8)):
            agents.add(db, host, f"hash of {host}", now - 60 * MINUTE_MS)
            agents.note_seen(db, host, "10.0.0.1", now)
            owned = Instance(host, host, "owned", "owned", "owned", "running", "A100", count)
            stored_fleet.save(db, owned, team="", rate=None)
        agents.save_report(db, AgentReport("dgx-1", now, 8, "0.1.0", "550"))
        agents.save_report(db, AgentReport("dgx-2", now, 1, "0.1.0", "550"))
        agents.save_report(
            db, AgentReport("dgx-3", now, 8, "0.1.0", "", "The NVIDIA driver of this host is not loaded.")
        )
    store.close()
    return patient


def test_agents_that_report_and_do_not_see_their_gpus_are_named(reporting):
    lock = ProcessLock(reporting.database)

    reporting.look()

    assert reporting.said("V601") == []
    assert reporting.said("V604") == [
        ("warning", "The agent of dgx-3 says: The NVIDIA driver of this host is not loaded.")
    ]
    assert reporting.said("V605") == [("warning", "The agent of dgx-2 sees 1 of 8 GPUs.")]
    lock.release()


def test_a_host_that_got_its_token_just_now_is_not_said_to_report(patient):
    now = system_clock()
    store = open_store(patient.database)
    with store.writing() as db:
        agents.add(db, "dgx-1", "hash of dgx-1", now)
    store.close()
    lock = ProcessLock(patient.database)

    patient.look()

    assert patient.said("V601") == [("ok", "Hosts with a token: 1. 0 report; 1 got theirs just now, and have not yet.")]
    lock.release()


def test_nothing_to_look_after_is_a_warning(patient):
    patient.look()

    assert patient.said("V602") == [
        ("warning", "There is nothing to look after: no [[aws]], and no agent has a token.")
    ]
