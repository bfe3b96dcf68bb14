"""Each part of a rule about machines counts: what the rule says changes with every one of them."""

from dataclasses import replace

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import GONE_AFTER_MS, Instance, gone_since, is_gone, plain_name
from bot.domain.machines.listing import Listing, gpu_uses
from bot.domain.machines.looks import FRESH_FOR_MS, Witness, late_witness, stale_witness
from bot.domain.machines.notices import Notice, NoticeCase, is_notice_due, is_working_hour
from bot.domain.machines.packing import GpuSum, Point, merge_points, pack_points, pack_sums, unpack_points, unpack_sums
from bot.domain.machines.readings import AgentReport, may_be_ratio, mib, percent_of_ratio, within_bounds
from bot.domain.machines.rollups import hour_cell, sum_of_minutes, sum_of_sums
from bot.domain.machines.shape import Shape, parts_of, price_place
from bot.domain.machines.verdict import GpuVerdict, Verdict
from bot.domain.money.rates import Rate
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.offers import LineOffer
from tests.conftest import MONDAY

SEEN = Witness("agent", MONDAY)


@pytest.mark.parametrize(
    ("witness", "told"),
    [
        ({}, None),
        ({"seen_until": MONDAY - FRESH_FOR_MS}, None),
        ({"seen_until": MONDAY - FRESH_FOR_MS - 1}, "Its agent has measured nothing in the last minutes."),
        ({"seen_until": MONDAY - FRESH_FOR_MS - 1, "late": 1}, None),
        ({"seen_until": MONDAY + FRESH_FOR_MS}, None),
        ({"seen_until": MONDAY + FRESH_FOR_MS + 1}, "Its agent has measured nothing in the last minutes."),
        ({"seen_until": None}, "Its agent has not measured a whole minute since then."),
        ({"error": "no answer"}, "Its agent can't be asked just now: no answer."),
        ({"source": "CloudWatch", "seen_until": None}, "CloudWatch has not measured a whole minute since then."),
    ],
)
def test_a_look_counts_while_every_witness_is_fresh(witness, told):
    assert stale_witness([SEEN, replace(SEEN, **witness)], MONDAY - HOUR_MS, MONDAY) == told


def test_the_minute_that_was_seen_must_have_begun_after_what_was_decided():
    assert stale_witness([SEEN], MONDAY - MINUTE_MS, MONDAY) is None
    assert stale_witness([SEEN], MONDAY - MINUTE_MS + 1, MONDAY) is not None


def test_work_is_noticed_late_only_where_even_the_quickest_witness_is():
    late = replace(SEEN, late=5)

    assert late_witness([]) is None
    assert late_witness([late, SEEN]) is None
    assert late_witness([replace(late, late=9), late]) == late


CASE = NoticeCase("i-1", "agent", "ada", MONDAY - HOUR_MS, wait=HOUR_MS)
NOTICE = Notice(1, "i-1", "agent", "ada", MONDAY - HOUR_MS, "", MONDAY - HOUR_MS, MONDAY)


@pytest.mark.parametrize(
    ("case", "notice", "due"),
    [
        ({}, {}, True),
        ({"since": MONDAY - HOUR_MS + 1}, {}, False),
        ({}, {"noticed_at": MONDAY - HOUR_MS + 3 * MINUTE_MS}, True),
        ({}, {"noticed_at": MONDAY - HOUR_MS + 3 * MINUTE_MS + 1}, False),
        ({"zone": "UTC"}, {}, True),
        ({"zone": "America/New_York"}, {}, False),
    ],
)
def test_a_notice_is_due_once_it_has_lasted_while_somebody_looked(case, notice, due):
    assert is_notice_due(replace(CASE, **case), replace(NOTICE, **notice), MONDAY) is due


def test_working_hours_are_from_eight_to_six_on_five_days():
    midnight = MONDAY - 9 * HOUR_MS
    at = {hour: is_working_hour(midnight + hour * HOUR_MS, "UTC") for hour in (7, 8, 17, 18)}

    assert at == {7: False, 8: True, 17: True, 18: False}
    assert [is_working_hour(MONDAY + day * DAY_MS, "UTC") for day in range(7)] == [True] * 5 + [False] * 2


def test_figures_that_no_gpu_has_are_not_known():
    assert [within_bounds(value, 5) for value in (None, -0.1, 0, 5, 5.1, float("nan"))] == [
        None,
        None,
        0,
        5,
        None,
        None,
    ]
    assert [percent_of_ratio(value) for value in (0.5, 1, 1.1)] == [50, 100, None]
    assert [mib(value) for value in (None, 7.9, -1)] == [None, 7, None]
    assert [may_be_ratio(value) for value in (None, 0, 0.5, 1, 1.1)] == [False, False, True, True, False]
    report = AgentReport("h", MONDAY, 8)
    assert [report.is_lately(MONDAY + ahead * MINUTE_MS, 5) for ahead in (-6, -5, 5, 6)] == [False, True, True, False]
    assert report.sees_none.endswith("finds no GPU there")
    assert replace(report, error="no driver.").sees_none.endswith("can read no GPU: no driver")


MACHINE = Instance("i-1", "train-7", "ec2", "ec2/1/eu-1", "p4d.24xlarge", "running", gpu_count=2, stopped_at=3)


def test_what_was_missed_for_ten_minutes_is_gone_and_names_are_plain():
    assert [is_gone(at, MONDAY) for at in (None, gone_since(MONDAY), gone_since(MONDAY) + 1)] == [False, True, False]
    assert gone_since(MONDAY) == MONDAY - GONE_AFTER_MS
    assert plain_name(" a\x07 <b>\tc ") == "a bc"
    assert Instance("i-1", "<>", "ec2", "s", "t", "running").name == "i-1"
    assert [MACHINE.goes_by(word) for word in ("Train-7", "I-1", "train")] == [True, True, False]
    assert replace(MACHINE, own_name="mine").goes_by("mine")
    assert (MACHINE.account, MACHINE.region) == ("1", "eu-1")
    block = replace(MACHINE, lifecycle="capacity-block")
    assert (MACHINE.paid_anyway, block.paid_anyway) == ("", "a capacity block")
    assert replace(block, shape=Shape(lifecycle="scheduled")).paid_anyway == "a scheduled reservation"


SEEN_IDLE = Verdict("free", 5, "", 1, (GpuVerdict(0, "free", 5), GpuVerdict(1, "active", 5)))
LISTING = Listing(MACHINE, rate=Rate(8, "list"), verdict=SEEN_IDLE)
CLAIM = Claim("c", "i-1", "ada", 1, 9, (0,))


def test_a_listing_says_its_state_since_when_and_what_goes_unused():
    stopped = replace(LISTING, instance=replace(MACHINE, state="stopped"))

    assert (LISTING.state, LISTING.since, LISTING.waste_micros) == ("free", 5, 4)
    assert (stopped.state, stopped.since, stopped.waste_micros) == ("stopped", 3, 0)
    assert (replace(LISTING, verdict=None).state, replace(LISTING, verdict=None).since) == ("unknown", None)
    assert replace(LISTING, verdict=replace(SEEN_IDLE, state="active")).since is None
    assert [replace(LISTING, **{name: None}).waste_micros for name in ("rate", "verdict")] == [0, 0]
    assert (LISTING.busy, replace(LISTING, verdict=None).busy) == ({1}, frozenset())


def test_a_listing_knows_whose_its_gpus_are():
    offer = LineOffer("o", 1, "cy", "i-1", (1,), 1, 1, 2)
    held = replace(LISTING, claims=(CLAIM,))

    assert (LISTING.unclaimed, held.unclaimed, replace(held, offers=(offer,)).unclaimed) == ((0, 1), (1,), ())
    assert (held.claim_of("ada"), held.claim_of("cy")) == (CLAIM, None)
    assert (held.is_whole(CLAIM), held.is_whole(replace(CLAIM, gpus=(0, 1)))) == (False, True)
    assert [LISTING.lacks(gpus) for gpus in ((0, 1), (2,), ())] == [False, True, False]
    assert [LISTING.is_all(gpus) for gpus in ((0,), (0, 1), (0, 1, 2))] == [False, True, True]
    assert not replace(LISTING, instance=replace(MACHINE, gpu_count=0)).lacks((5,))


def test_each_gpu_is_charged_as_it_was_seen_and_one_nobody_names_as_unseen():
    assert gpu_uses({0: "free", 1: "active"}, "partial", 2) == "ib"
    assert gpu_uses({0: "free"}, "free", 2) == "i?"
    assert gpu_uses({}, "held", 2) == "ii"
    assert gpu_uses({3: "active"}, "active", 2) == "???b"
    assert gpu_uses({}, "free", 0) == "i"


def test_readings_come_out_as_they_went_in_and_what_is_too_large_stays_known():
    points = [Point(0, "quiet", 0.0, None, 61.2, 0, 0), Point(7, "active", 100.0, 12.3, None, 4_194_304, 3)]
    sums = [GpuSum(3, 60, 0, 60, 59, 99.9, 0.1, 400.0, None), GpuSum(0)]

    assert list(unpack_points(pack_points(points))) == points
    assert list(unpack_sums(pack_sums(sums))) == sums
    [much] = unpack_points(pack_points([Point(0, "quiet", 99_999.0, -1.0, None, -5, 999_999)]))
    assert much == Point(0, "quiet", 6553.4, 0.0, None, 0, 65_534)
    assert sums[0].known == 60


def test_of_a_minute_told_twice_work_stays_and_figures_are_the_last():
    kept, told = Point(0, "quiet", 5.0, 5.0, 60.0, 4, 1), Point(0, "active", 3.0, 3.0, None, None, 0)

    assert merge_points(kept, told) == Point(0, "active", 5.0, 3.0, 60.0, 4, 0)
    assert merge_points(kept, told._replace(state="unknown")).state == "unknown"
    assert merge_points(kept, told._replace(state="quiet")).state == "quiet"
    assert merge_points(kept._replace(util_max=None), told._replace(util_max=None)).util_max is None


def test_hours_hold_the_sums_of_minutes_and_days_those_of_hours():
    one = [Point(0, "active", 90.0, 50.0, 100.0, 7), Point(1, "unknown")]
    two = [Point(0, "quiet", 10.0, None, 300.0, 9)]
    first = [GpuSum(0, 1, 1, 1, 2, 90.0, 50.0, 200.0, 9), GpuSum(1)]

    assert sum_of_minutes([one, two]) == first
    assert sum_of_sums([first, first]) == [GpuSum(0, 2, 2, 2, 4, 90.0, 50.0, 200.0, 9), GpuSum(1)]
    assert (hour_cell(5, first).known_minutes, hour_cell(5, first).active_share) == (1.0, 0.5)
    assert (hour_cell(5, []).known_minutes, hour_cell(5, []).active_share) == (0.0, None)


@pytest.mark.parametrize(
    ("shape", "held", "name"),
    [
        (Shape(), "", "p5"),
        (Shape("Linux/UNIX", "RunInstances", "default"), "", "p5"),
        (Shape("Windows", "RunInstances:0002", "default"), "", "p5 RunInstances:0002 default"),
        (Shape(tenancy="dedicated"), "", "p5 RunInstances dedicated"),
        (Shape(tenancy="host"), "a dedicated host", "p5"),
        (Shape(host="h-1"), "the dedicated host h-1", "p5"),
        (Shape(tenancy="outpost"), "an Outpost", "p5"),
        (Shape(reservation="cr-1"), "the capacity reservation cr-1", "p5"),
        (Shape(reservation="cr-1", lifecycle="capacity-block"), "a capacity block", "p5"),
    ],
)
def test_a_shape_says_what_is_paid_anyway_and_how_its_price_is_named(shape, held, name):
    assert (shape.held, shape.name("p5")) == (held, name)
    assert Shape.from_json(shape.to_json()) == shape
    assert parts_of(name) == (
        "p5",
        shape.usage or "RunInstances",
        "dedicated" if shape.tenancy == "dedicated" else "default",
    )


@pytest.mark.parametrize(
    ("zone", "place"),
    [
        ("", "eu-west-1"),
        ("eu-west-1", "eu-west-1"),
        ("eu-west-1b", "eu-west-1"),
        ("us-west-2-lax-1a", "us-west-2-lax-1"),
        ("us-east-1-wl1-bos-wlz-1", "us-east-1-wl1-bos1"),
    ],
)
def test_a_zone_is_priced_as_its_region_or_by_itself(zone, place):
    assert price_place("eu-west-1", zone) == place
