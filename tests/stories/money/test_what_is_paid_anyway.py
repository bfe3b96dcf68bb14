"""train-7 runs in a capacity reservation: it is paid whether it runs or not, and nobody is told that a stop saves."""

from dataclasses import replace

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.shape import COMMON_SHAPE
from bot.domain.money.scope import Scope
from bot.services.money import forecast_inputs
from store.acting import rule_stops as stored_rule_stops
from store.money import savings as stored_savings
from store.money import spend
from tests.stories.conftest import SETTINGS
from tests.stories.evenings import pausing

RESERVED = replace(COMMON_SHAPE, reservation="cr-0a1b")
ANYWAY = "the capacity reservation cr-0a1b"
SAVES_NOTHING = f"Saves nothing: it runs in {ANYWAY}, which is paid whether it runs or not."


@pytest.fixture
def reserved(office_with):
    office = office_with(SETTINGS, past=True)
    office.fleet.change("train-7", shape=RESERVED)
    office.tick()
    office.reports("train-7", 0.0)
    return office


def test_the_card_says_so_and_so_does_the_end(reserved):
    reserved.types("ada", "/gpu stop train-7 nobody needs it")

    assert SAVES_NOTHING in reserved.sees("bob", "#ml-platform")

    reserved.presses("bob", "Stop train-7", "#ml-platform")
    reserved.passes(2 * MINUTE_MS)

    told = reserved.sees("ada", "@ada")
    assert "a day less" not in told
    assert SAVES_NOTHING in told


def test_a_stop_of_it_is_no_saving_even_once_ec2_has_forgotten_why(reserved):
    reserved.types("ada", "/gpu stop train-7 nobody needs it")
    reserved.presses("bob", "Stop train-7", "#ml-platform")
    reserved.passes(2 * MINUTE_MS)
    reserved.fleet.change("train-7", shape=COMMON_SHAPE)
    for _ in range(5):
        reserved.clock.forward(HOUR_MS)
        reserved.tick()

    assert "nothing saved so far that can be shown" in reserved.types("ada", "/cost savings")
    assert stored_savings.open_stops(reserved.valet.ctx.store.reading()) == []


def test_what_it_idles_is_no_saving_that_waits_for_somebody(reserved):
    assert "Not saved yet" not in reserved.types("ada", "/cost savings")

    said = reserved.presses("ada", "How this is counted")
    assert "$21.96/h idles on machines that are paid whether they run or not: a stop would save nothing." in said


def test_reports_and_the_digest_say_use_it_and_not_stop_it(reserved):
    idle = reserved.types("ada", "/cost idle")

    assert f", unclaimed, in {ANYWAY}, paid anyway | " in idle
    assert "[Stop train-7…]" not in idle
    assert "[Claim train-7]" in idle

    reserved.clock.forward(DAY_MS)
    reserved.reports("train-7", 0.0, minutes=200)
    reserved.tick()
    digest = reserved.sees("bob", "#ml-platform")
    assert digest.startswith("*Idle GPUs")
    assert f"in {ANYWAY}, paid anyway" in digest
    assert "[Stop train-7…]" not in digest


def test_how_its_price_comes_about_says_so_too(reserved):
    assert f"It runs in {ANYWAY}, which is paid whether it runs or not" in reserved.types("ada", "/cost prices train-7")


def test_other_hours_of_it_are_worth_nothing(reserved):
    reserved.types("cy", "/gpu hours train-7 Mon-Fri 08:00-19:00")

    assert f"worth nothing, as {ANYWAY} is paid whether it runs or not" in reserved.sees("bob", "#ml-platform")


def test_no_plan_to_stop_it_makes_the_forecast_smaller(reserved):
    before = forecast_inputs.gather_inputs(reserved.valet.ctx).outlook
    reserved.types("bob", "/gpu hours train-7 Mon-Fri 08:00-19:00")

    after = forecast_inputs.gather_inputs(reserved.valet.ctx)

    assert after.outlook == before
    assert reserved.machine("train-7").id not in after.plans
    asleep = {each.instance_id for each in forecast_inputs.idle_nights(reserved.valet.ctx, after)}
    assert reserved.machine("train-7").id not in asleep


def test_to_buy_in_its_place_is_not_weighed_as_if_stops_were_saved(reserved):
    db, end = reserved.valet.ctx.store.reading(), reserved.clock()
    span = Scope(), "p4d.24xlarge", end - 30 * DAY_MS, end
    assert spend.at_once(db, *span, without_idle=True) == spend.at_once(db, *span)

    reserved.fleet.change("train-7", shape=COMMON_SHAPE)
    reserved.tick()
    assert spend.at_once(db, *span, without_idle=True) < spend.at_once(db, *span)


def test_a_capacity_block_has_no_price_by_the_hour_and_why_is_said(office):
    office.fleet.change("train-7", lifecycle="capacity-block", shape=replace(COMMON_SHAPE, lifecycle="capacity-block"))
    office.tick()

    assert office.types("ada", "/cost prices train-7").startswith(
        "train-7 has no known price. It runs in a capacity block, which is paid ahead and has no price by the hour. "
        '`prices."p4d.24xlarge"` in valet.toml sets one.'
    )


@pytest.mark.slow
def test_a_stopped_machine_on_a_host_of_its_own_goes_on_costing_all_of_it(office):
    office.fleet.change("eval-2", shape=replace(COMMON_SHAPE, tenancy="host", host="h-01"))
    office.clock.forward(40 * DAY_MS)
    office.tick()

    assert "the dedicated host h-01 is paid all the same" in office.types("ada", "/gpu status eval-2")
    dormant = office.types("ada", "/gpu status dormant")
    assert "; and the dedicated host h-01, which is paid whether it runs or not" in dormant

    office.types("ada", "/gpu start eval-2 for 2h")
    card = office.sees("bob", "#ml-platform")
    assert "Costs nothing more, as the dedicated host h-01 is paid whether it runs or not." in card


@pytest.mark.slow
def test_a_forecast_says_what_is_paid_for_a_machine_that_was_stopped(reserved):
    reserved.types("ada", "/gpu stop train-7 nobody needs it")
    reserved.presses("bob", "Stop train-7", "#ml-platform")
    reserved.passes(2 * MINUTE_MS)
    reserved.fleet.change("train-7", shape=COMMON_SHAPE)
    reserved.clock.forward(2 * HOUR_MS)
    reserved.tick()

    reserved.types("ada", "/cost forecast")
    said = reserved.presses("ada", "Details")
    assert f"Not counted: {ANYWAY} of train-7, which is stopped: it is paid whether that runs or not." in said

    reserved.fleet.change("train-7", state="running", launched_at=reserved.clock())
    reserved.clock.forward(2 * HOUR_MS)
    reserved.tick()
    reserved.types("ada", "/cost forecast")
    assert ANYWAY not in reserved.presses("ada", "Details")


@pytest.mark.parametrize(("shape", "announced"), [(RESERVED, []), (COMMON_SHAPE, ["train-7"])])
def test_long_idleness_does_not_stop_it_by_rule(office_with, shape, announced):
    office = office_with(pausing(idle_stop_hours=3))
    office.fleet.change("train-7", shape=shape)
    office.clock.forward(3 * HOUR_MS)
    office.tick()
    office.reports("train-7", 0.0, minutes=175)
    office.tick()
    office.tick()

    planned = stored_rule_stops.open_ones(office.valet.ctx.store.reading())
    assert [each.instance_id for each in planned] == [office.machine(name).id for name in announced]
