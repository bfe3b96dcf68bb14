"""Blind on AWS: who hears of it, how often, and what health, figures and answers say meanwhile."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.source_history import SourceAnswer
from bot.domain.money.price_reads import PriceTrouble
from bot.jobs.schedule import Schedule
from bot.services.machines import sources
from bot.watching import bot_health, bot_metrics
from store.machines import source_history
from store.money import bill as stored_bill
from store.money import prices as stored_prices

EAST, WEST = "us-east-1", "us-west-2"


def well(office):
    return bot_health(office.valet.ctx, Schedule([], office.clock), lambda: None)


def shown(office, name):
    told = bot_metrics(office.valet.ctx, Schedule([], office.clock), lambda: None)
    return {labels[0]: value for each in told if each.name == name for labels, value in each.values.items()}


@pytest.fixture
def blind(office):
    """The credentials have run out, so no region answers."""
    office.passes(MINUTE_MS)
    for region in (EAST, WEST):
        office.fleet.silence(region, "ExpiredToken")
    return office


def test_thirty_minutes_of_expired_credentials_are_logged_told_once_and_unhealthy(blind, caplog):
    blind.passes(3 * MINUTE_MS)
    assert not any("can't be read" in each for each in blind.slack.sees("bob", "@bob"))
    assert well(blind).ok

    blind.passes(27 * MINUTE_MS)

    told = [each for each in caplog.messages if "can't be read" in each]
    assert len(told) == 2
    assert all("ExpiredToken" in each for each in told)
    messages = [each for each in blind.slack.sees("bob", "@bob") if "can't be read" in each]
    assert len(messages) == 1
    assert "2 sources can't be read." in messages[0]
    assert "last read Mon 09:01 UTC" in messages[0]
    found = well(blind)
    assert not found.ok
    assert any(EAST in each and "ExpiredToken" in each for each in found.problems)


def test_the_age_of_every_source_is_a_figure_and_grows(blind):
    blind.passes(30 * MINUTE_MS)

    ages = shown(blind, "valet_source_age_seconds")
    assert [ages[each] for each in sorted(ages) if EAST in each] == [30 * 60]
    assert set(shown(blind, "valet_source_failing").values()) == {1.0}


@pytest.mark.slow
def test_its_end_is_told_once_when_it_lasts(blind, caplog):
    blind.passes(10 * MINUTE_MS)
    for region in (EAST, WEST):
        blind.fleet.unsilence(region)
    blind.passes(4 * MINUTE_MS)
    assert "again" not in blind.sees("bob", "@bob")
    assert well(blind).ok

    blind.passes(HOUR_MS)

    again = [each for each in blind.slack.sees("bob", "@bob") if "Can be read again" in each]
    assert len(again) == 1
    assert len([each for each in caplog.messages if "can be read again" in each]) == 2


def test_what_fails_every_other_minute_is_one_trouble(blind):
    for _ in range(20):
        blind.passes(MINUTE_MS)
        blind.fleet.unsilence(EAST)
        blind.passes(MINUTE_MS)
        blind.fleet.silence(EAST, "ExpiredToken")

    told = [each for each in blind.slack.sees("bob", "@bob") if "read" in each]
    assert len([each for each in told if EAST in each]) == 1


def test_a_region_that_fails_later_is_told_by_itself_and_a_restart_tells_nothing_twice(office):
    office.fleet.silence(EAST, "ExpiredToken")
    office.passes(10 * MINUTE_MS)
    office.restart()
    office.fleet.silence(WEST, "UnauthorizedOperation")
    office.passes(20 * MINUTE_MS)

    told = [each for each in office.slack.sees("bob", "@bob") if "can't be read" in each]
    assert [(EAST in each, WEST in each) for each in told] == [(True, False), (False, True)]


def test_prices_metrics_and_bill_are_told_of_too_and_only_prompt_ones_are_unhealthy(office):
    ctx = office.valet.ctx
    with ctx.store.writing() as db:
        stored_prices.note_trouble(
            db, PriceTrouble("spot", "ec2/default/us-east-1", office.clock(), "AccessDenied: no")
        )
        stored_bill.note_failed_look(db, "FOCUS", "s3://bill", office.clock(), "the export is gone")
        source_history.note_history_read(
            db, "Prometheus", SourceAnswer("http://prometheus:9090", error="it did not answer"), office.clock()
        )

    office.passes(10 * MINUTE_MS)

    (told,) = (each for each in office.slack.sees("bob", "@bob") if "can't be read" in each)
    assert "spot prices of ec2/default/us-east-1: never read. AccessDenied: no." in told
    assert "the bill (FOCUS): never read. the export is gone." in told
    assert "Prometheus" not in told, "it is not among this company's sources"
    assert well(office).ok
    assert sources.failing_sources(ctx)


def test_answers_that_count_on_a_silent_source_say_so(blind):
    blind.passes(30 * MINUTE_MS)

    for line in (
        "/gpu status",
        "/gpu find 8xA100 for 2h",
        "/gpu why train-7",
        "/cost report",
        "/gpu claim train-7 for 2h",
    ):
        said = blind.types("ada", line)
        assert "09:01" in said, line
