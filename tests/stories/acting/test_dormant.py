"""Machines that nobody has started for weeks: what they still cost, since when, and what can be done."""

import json
from dataclasses import replace
from datetime import date

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.sandbox.slack.people import ADA
from bot.services.money import ledger_export
from bot.services.sharing import claims
from store.sql import rows
from tests.stories.conftest import SETTINGS, opened

WEEK = 7 * DAY_MS


@pytest.fixture
def later(office):
    """Four weeks after eval-2 was last stopped, on a Monday; scratch is exempt, and was stopped with it."""
    _stop(office, "scratch")
    office.clock.forward(4 * WEEK)
    office.passes(MINUTE_MS)
    return office


def _stop(office, name, **more):
    office.fleet.change(name, **({"state": "stopped", "stopped_at": office.clock.now} | more))


def test_they_are_listed_with_what_they_cost_and_what_can_be_done(later):
    seen = later.types("ada", "/gpu status dormant")

    first, machine, details, start = seen.splitlines()[:4]
    assert first == (
        "*2 machines have stood still for over 4 weeks: their disks cost about $32.00 a month, "
        "about $31.56 since they stopped.*"
    )
    assert machine.startswith("*eval-2*  stopped since 19 November 2026 (32 d)  ·  200 GB of disks, about $16.00 a")
    assert machine.endswith("a month, $16.83 so far")
    assert details.startswith("g5.2xlarge  ·  us-west-2  ·  team nlp  ·  no claim on it is known  ·  last started 12 ")
    assert start == "[Start eval-2]"
    key = later.machine("eval-2").id
    assert f"`aws ec2 create-image --region us-west-2 --instance-id {key} --name {key}`" in seen
    assert f"`aws ec2 terminate-instances --region us-west-2 --instance-ids {key}`" in seen
    assert "Valet deletes nothing and may not" in seen


@pytest.mark.slow
def test_who_held_it_last_is_named_and_mine_are_those_i_held(office):
    claims.claim_gpus(office.valet.ctx, office.machine("nb-5").id, ADA, length=2 * HOUR_MS)
    office.passes(3 * HOUR_MS)
    _stop(office, "nb-5")
    office.clock.forward(5 * WEEK)
    office.tick()

    mine = office.types("ada", "/gpu status dormant mine")

    assert "last held by @Ada until 23 November 2026" in mine
    assert "eval-2" not in mine
    assert office.types("cy", "/gpu status dormant mine").startswith("*No machine has stood still for over 4 weeks")
    assert "nb-5" not in office.types("cy", "/gpu status dormant team:nlp")
    assert "eval-2" not in office.types("cy", "/gpu status dormant type:g5.x")


def test_where_nobody_saw_it_stop_that_is_said(office):
    _stop(office, "nb-5", stopped_at=None)
    office.clock.forward(HOUR_MS)
    office.tick()
    office.clock.forward(4 * WEEK)
    office.tick()

    seen = office.types("ada", "/gpu status dormant type:g5.x")

    assert "at least $14.73 since they stopped.*" in seen
    assert "stopped since 23 November 2026 at least (28 d)" in seen
    assert "at least $14.73 so far" in seen
    assert "since Mon 23 Nov 10:00 UTC at least" in office.types("ada", "/gpu status nb-5")


def test_disks_nobody_could_read_are_not_taken_for_nothing(later):
    later.fleet.change("eval-2", disks=None)
    later.tick()

    seen = later.types("ada", "/gpu status dormant")

    assert "their disks cost about $16.00 a month (1 of them not known)" in seen
    assert "what its disks cost is not known" in seen


def test_the_mondays_digest_has_a_line_of_it_and_show_lists_the_channels_machines(later):
    [digest] = [each for each in later.slack.sees("bob", "#ml-platform") if "Idle GPUs" in each]

    shown = later.presses("bob", "Show", "#ml-platform")

    assert digest == (
        "*Idle GPUs, Monday 21 December: none.*\n"
        "1 machine has stood still for over 4 weeks: its disks cost about $16.00 a month.\n[Show]"
    )
    assert "*eval-2*  stopped since" in shown
    assert "scratch" not in shown


@pytest.mark.slow
def test_it_is_said_once_a_week_whatever_restarts(later):
    for _ in range(6):
        later.restart()
        later.clock.forward(DAY_MS)
        later.passes(MINUTE_MS)
    after_a_week = _lines(later)
    later.clock.forward(DAY_MS)
    later.passes(MINUTE_MS)

    assert (after_a_week, _lines(later)) == (1, 2)


def _lines(office):
    found = rows(office.valet.ctx.store.reading(), "SELECT content FROM digests WHERE channel = 'C0MLPLAT1'")
    assert found, "the channel of #ml-platform"
    return sum(bool((json.loads(row["content"]) or {}).get("tidy")) for row in found)


def test_one_missed_on_monday_is_said_on_tuesday(office):
    office.clock.forward(4 * WEEK + DAY_MS)
    office.passes(MINUTE_MS)

    assert "Idle GPUs, Tuesday 22 December: none." in office.sees("bob", "#ml-platform")


@pytest.mark.slow
def test_a_machine_that_is_started_or_gone_leaves_the_list(later):
    later.fleet.power_up("eval-2")
    later.fleet.terminate("scratch")
    later.passes(2 * MINUTE_MS)

    assert later.types("ada", "/gpu status dormant") == (
        "*No machine has stood still for over 4 weeks that nobody wants to keep.*"
    )


def test_what_is_exempt_is_named_but_not_counted(office_with):
    exempt = [{"instance": "eval-2", "reason": "the archive", "until": date(2027, 1, 31)}]
    office = office_with({**SETTINGS, "exempt": exempt})
    office.clock.forward(4 * WEEK)
    office.passes(MINUTE_MS)

    seen = office.types("ada", "/gpu status dormant")

    assert seen.startswith("*No machine has stood still for over 4 weeks that nobody wants to keep.*")
    assert "Not counted, as they are to stay: eval-2 (exempt until 31 January 2027: the archive)." in seen
    assert not [each for each in office.slack.sees("bob", "#ml-platform") if "stood still" in each]


def test_pages_lead_through_many_of_them(office):
    for number in range(13):
        office.fleet._put(replace(office.machine("eval-2"), id=f"i-{number:02}", name=f"old-{number:02}"))
    office.clock.forward(4 * WEEK)
    office.passes(MINUTE_MS)

    first = office.types("ada", "/gpu status dormant")
    second = office.presses("ada", "Next 10")

    assert first.startswith("*14 machines have stood still")
    assert (first.count("[Start "), second.count("[Start ")) == (10, 4)
    assert "[Previous 10]" in second
    assert "[Next 10]" not in second
    assert "and 4 more: `/gpu status dormant` shows all." in office.presses("bob", "Show", "#ml-platform")


def test_other_programs_get_it_as_json(later):
    found = ledger_export.fleet_status(later.valet.ctx)

    machine = next(each for each in found["instances"] if each["name"] == "eval-2")
    running = next(each for each in found["instances"] if each["name"] == "train-7")
    totals = found["totals"]
    assert (totals["dormant"], totals["dormant_usd_per_month"]) == (2, "32.000000")
    assert {key: machine[key] for key in machine if "stopped" in key or key == "dormant"} == {
        "stopped_since": "2026-11-19T09:00:00Z",
        "stopped_since_exact": True,
        "stopped_usd_per_month": "16.000000",
        "dormant": True,
    }
    assert (running["dormant"], running["stopped_since"], running["stopped_usd_per_month"]) == (False, None, None)


def test_so_many_days_are_for_an_admin_to_say(tmp_path, clock):
    with opened(tmp_path / "other.db", clock, {**SETTINGS, "actions": {"dormant_days": 3}}) as office:
        assert "*1 machine has stood still for over 3 days:" in office.types("ada", "/gpu status dormant")
