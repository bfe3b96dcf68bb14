"""Prices are read when that is due, off every command's path; what fails keeps what was known, and says why."""

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.money.price_reads import SpotSpan, trouble_sentences
from bot.sandbox.aws_prices import SandboxPrices
from bot.services.money import rates
from store.machines import listings
from store.money import prices as stored_prices
from tests.bot.services.room import SETTINGS, Room

EAST, WEST = "ec2/111122223333/us-east-1", "ec2/111122223333/us-west-2"
DENIED = "AWS can't be asked about us-east-1: AccessDeniedException: Valet's role lacks pricing:GetProducts"
LAUNCH = {"name": "box", "template": "lt-1", "region": "eu-west-1", "account": "111122223333", "type": "g6.12xlarge"}


@pytest.fixture
def room(tmp_path, clock):
    opened = Room(tmp_path / "room.db", clock, settings=SETTINGS)
    opened.sweep()
    yield opened
    opened.close()


@pytest.fixture
def aws(clock):
    return SandboxPrices(clock)


def read(room, aws):
    """What one tick of the job asked."""
    before = len(aws.asked)
    rates.read_prices(room.ctx, aws.prices)
    return aws.asked[before:]


def rate(room, name):
    room.sweep()
    found = listings.by_id(room.ctx.store.reading(), room.machine(name).id).rate
    return found and (found.micros_per_hour, found.source, found.exact)


def told(room):
    return trouble_sentences(stored_prices.price_troubles(room.ctx.store.reading()))


def test_everything_the_fleet_uses_is_asked_about_once(room, aws):
    room.fleet.change("eval-2", addresses=1)
    room.sweep()

    asked = read(room, aws)

    listed = [(where, what) for where, operation, what in asked if operation == "get_products"]
    assert ("us-east-1", "p4d.24xlarge") in listed
    assert ("us-west-2", "p5.48xlarge") in listed
    assert ("us-east-1", "gp3") in listed
    assert ("us-west-2", "VPCPublicIPv4Address") in listed
    assert ("us-east-1", "VPCPublicIPv4Address") not in listed
    assert len(listed) == len(set(listed))
    spot = [(where, what.split()) for where, operation, what in asked if operation == "describe_spot_price_history"]
    assert [where for where, _ in spot] == [EAST, WEST]
    assert "g6.12xlarge" in spot[1][1]
    assert read(room, aws) == []


def test_a_rate_in_a_region_that_our_table_does_not_know_is_the_regions_own(room, aws):
    assert rate(room, "train-3") == (55_040_000, "AWS on-demand list of us-east-1, not of us-west-2, 2026-07-20", False)

    aws.reprice("us-west-2", "p5.48xlarge", "60.5")
    read(room, aws)

    assert rate(room, "train-3") == (60_500_000, "AWS on-demand list, us-west-2, 2026-11-23", True)


@pytest.mark.slow
def test_the_list_is_read_daily_and_spot_prices_hourly_whatever_restarts_come_between(room, aws, clock):
    asked = []
    for tick in range(2 * 24 * 12):
        asked += read(room, aws)
        clock.forward(5 * MINUTE_MS)
        if tick % 97 == 0:
            room.reopen()

    listed = [what for where, operation, what in asked if (where, operation) == ("us-east-1", "get_products")]
    assert listed.count("p4d.24xlarge") == 2
    spot = [where for where, operation, _ in asked if operation == "describe_spot_price_history"]
    assert spot.count(WEST) == 48


def test_what_is_new_in_the_fleet_is_asked_about_at_once_and_nothing_else(room, aws, clock):
    read(room, aws)
    clock.forward(5 * MINUTE_MS)
    room.fleet.change("scratch", type="g6e.12xlarge")
    room.sweep()

    assert read(room, aws) == [
        ("us-west-2", "get_products", "g6e.12xlarge"),
        (WEST, "describe_spot_price_history", "g6e.12xlarge"),
    ]


def test_a_template_of_a_region_without_machines_has_its_price(tmp_path, clock, aws):
    opened = Room(tmp_path / "room.db", clock, settings=SETTINGS | {"launch": [LAUNCH]})
    rates.read_prices(opened.ctx, aws.prices)

    like = opened.settings.templates["box"].like()
    found = rates.rented_rate(opened.ctx, opened.ctx.store.reading(), like)

    told = (
        "AWS on-demand list, eu-west-1, 2026-11-23; what system it runs and whether its hardware is shared is not known"
    )
    assert (found.micros_per_hour, found.exact, found.source) == (5_752_000, False, told)
    opened.close()


def test_a_refusal_breaks_nothing_is_named_once_and_asked_again_after_a_while(room, aws, clock):
    aws.refuse(DENIED)
    first = read(room, aws)

    assert len(first) == 4, "one question for each place"
    assert rate(room, "train-7") == (21_957_642, "AWS on-demand list, us-east-1, 2026-07-20", True)
    assert told(room) == [
        f"AWS's price list could not be read for us-east-1, us-west-2 (2026-11-23 09:00 UTC): {DENIED}.",
        f"AWS's spot prices could not be read for {EAST}, {WEST} (2026-11-23 09:00 UTC): {DENIED}.",
    ]
    clock.forward(5 * MINUTE_MS)
    assert read(room, aws) == []
    clock.forward(10 * MINUTE_MS)
    aws.refuse("")
    read(room, aws)
    assert told(room) == []
    assert rate(room, "train-7") == (21_957_642, "AWS on-demand list, us-east-1, 2026-11-23", True)


@pytest.mark.slow
def test_while_aws_is_silent_the_last_price_stays_with_its_date(room, aws, clock):
    aws.reprice("us-east-1", "p4d.24xlarge", "20")
    read(room, aws)
    aws.refuse("AWS did not answer for us-east-1: no connection", retryable=True)
    for _ in range(40):
        clock.forward(12 * HOUR_MS)
        read(room, aws)

    assert rate(room, "train-7") == (20_000_000, "AWS on-demand list, us-east-1, 2026-11-23", True)
    assert "(2026-12-13 09:00 UTC): AWS did not answer for us-east-1: no connection." in told(room)[0]


def test_a_price_that_aws_names_no_more_stays_with_its_date(room, aws, clock):
    aws.reprice("us-east-1", "p4d.24xlarge", "20")
    read(room, aws)
    aws.reprice("us-east-1", "p4d.24xlarge", None)
    clock.forward(DAY_MS)

    assert ("us-east-1", "get_products", "p4d.24xlarge") in read(room, aws)
    assert rate(room, "train-7") == (20_000_000, "AWS on-demand list, us-east-1, 2026-11-23", True)


def test_a_type_aws_does_not_list_is_asked_about_daily_at_our_tables_price(room, aws, clock):
    aws.reprice("us-east-1", "p4d.24xlarge", None)
    read(room, aws)
    clock.forward(HOUR_MS)

    assert not [what for _, operation, what in read(room, aws) if operation == "get_products"]
    assert rate(room, "train-7")[1] == "AWS on-demand list, us-east-1, 2026-07-20"


def test_a_place_that_nothing_is_left_in_is_no_trouble_any_more(room, aws, clock):
    aws.refuse(DENIED)
    read(room, aws)
    for name in ("train-3", "train-9", "eval-2", "label-1", "sweep-1", "scratch"):
        room.fleet.terminate(name)
    room.sweep()
    clock.forward(15 * MINUTE_MS)
    read(room, aws)

    assert "us-west-2" not in " ".join(told(room))


def test_a_clock_set_back_stops_no_reading(room, aws, clock):
    read(room, aws)
    clock.forward(-3 * DAY_MS)

    assert len(read(room, aws)) > 10


def test_a_spot_machine_costs_what_its_zone_asks(room, aws, clock):
    assert rate(room, "sweep-1") is None
    aws.respot("us-west-2c", "g6.12xlarge", "1.8412")

    read(room, aws)

    assert rate(room, "sweep-1") == (1_841_200, "spot price, us-west-2c, 2026-11-23 09:00 UTC", False)
    clock.forward(50 * MINUTE_MS)
    aws.respot("us-west-2c", "g6.12xlarge", "2.5")
    read(room, aws)
    assert rate(room, "sweep-1")[0] == 1_841_200, "not an hour yet"
    clock.forward(10 * MINUTE_MS)
    read(room, aws)
    assert rate(room, "sweep-1") == (2_500_000, "spot price, us-west-2c, 2026-11-23 10:00 UTC", False)


def spans(room, kind="g6.12xlarge"):
    return stored_prices.spot_spans(room.ctx.store.reading(), kind, room.clock())


def test_the_range_of_a_spot_price_looks_back_thirty_days_and_no_further(room, aws, clock):
    aws.respot("us-west-2c", "g6.12xlarge", "9")
    clock.forward(HOUR_MS)
    aws.respot("us-west-2c", "g6.12xlarge", "1")
    clock.forward(HOUR_MS)
    aws.respot("us-west-2c", "g6.12xlarge", "2")
    read(room, aws)

    span = next(each for each in spans(room) if each.zone == "us-west-2c")

    assert span == SpotSpan(WEST, "us-west-2c", "g6.12xlarge", 2_000_000, 1_000_000, 9_000_000, clock())
    for _ in range(32):
        clock.forward(DAY_MS)
        read(room, aws)
    span = next(each for each in spans(room) if each.zone == "us-west-2c")
    assert (span.low, span.micros, span.high) == (2_000_000, 2_000_000, 2_000_000)


def test_a_range_begins_with_what_held_at_its_beginning_however_old_that_was(room, aws, clock):
    aws.respot("us-west-2c", "g6.12xlarge", "9")
    clock.forward(40 * DAY_MS)
    aws.respot("us-west-2c", "g6.12xlarge", "2")
    clock.forward(10 * DAY_MS)
    read(room, aws)

    span = next(each for each in spans(room) if each.zone == "us-west-2c")

    assert (span.low, span.micros, span.high) == (2_000_000, 2_000_000, 9_000_000)


def test_the_first_look_sees_the_past_and_later_ones_only_what_is_new(room, aws, clock):
    read(room, aws)
    first = spans(room)
    clock.forward(HOUR_MS)
    read(room, aws)

    assert {each.zone for each in first} == {"us-west-2a", "us-west-2b", "us-west-2c"}
    assert all(each.low < each.high for each in first)
    assert [(each.zone, each.low, each.high) for each in spans(room)] == [
        (each.zone, each.low, each.high) for each in first
    ]
    assert all(each.read_at == clock() for each in spans(room))


def test_reading_twice_changes_nothing(room, aws, clock):
    aws.respot("us-west-2c", "g6.12xlarge", "2")
    read(room, aws)
    before = spans(room)
    with room.ctx.store.writing() as db:
        db.execute("DELETE FROM price_answers")
    read(room, aws)

    assert spans(room) == before
