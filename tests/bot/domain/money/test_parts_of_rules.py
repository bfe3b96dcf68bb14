"""Each part of a rule about money counts: what the rule says changes with every one of them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.money.accuracy import RangeRecord, Score, forecast_record, quantiles_by_horizon
from bot.domain.money.bill import BillLine, is_estimate, is_gpu_type, periods_between, total, utc_day
from bot.domain.money.ownership import OwnedCost
from bot.domain.money.price_reads import (
    EARLY_MS,
    READ_RETRY_MS,
    SPOT_DAYS,
    SPOT_OVERLAP_MS,
    PriceTrouble,
    WantedPrice,
    prices_due,
    spot_since,
    trouble_sentences,
)
from bot.domain.money.prices import OwnMachine, Paid
from bot.domain.money.rates import Charge, Share, cost_between, cost_for
from bot.domain.money.reports import IdleNow, ReportRow, SpendReport, Spent
from bot.domain.money.scope import Scope
from bot.domain.money.standing_costs import StandingCost, standing_cost
from bot.domain.money.unusual import UnusualAnswer, UnusualDay, is_news, machines_behind
from bot.domain.money.weekly import Todo, due_on, weekly_todos
from tests.conftest import MONDAY

MIDNIGHT = MONDAY - 9 * HOUR_MS
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("now", "weekday", "due"),
    [
        (MONDAY, "Mon", TODAY),
        (MONDAY - 1, "Mon", None),
        (MONDAY + DAY_MS - HOUR_MS, "Mon", TODAY),
        (MIDNIGHT + 4 * DAY_MS - 1, "Mon", TODAY),
        (MIDNIGHT + 4 * DAY_MS, "Mon", None),
        (MIDNIGHT, "Sun", date(2026, 11, 22)),
        (MONDAY, "Tue", None),
    ],
)
def test_a_weekly_report_is_due_from_its_hour_on_for_three_days(now, weekday, due):
    assert due_on(now, "UTC", weekday, "09:00") == due


def test_the_hour_of_a_weekly_report_is_that_of_its_zone():
    assert due_on(MONDAY - HOUR_MS, "Europe/Berlin", "Mon", "09:00") == TODAY
    assert due_on(MONDAY, "America/New_York", "Mon", "09:00") is None


IDLE = IdleNow("i-1", "train-7", "ec2", "free", 1, (), 9, 8)


@pytest.mark.parametrize(
    ("machine", "what"),
    [
        ({}, "stop"),
        ({"state": "partial"}, None),
        ({"kept": "it is exempt"}, None),
        ({"holders": ("ada",)}, "stop"),
        ({"provider": "owned"}, "use"),
        ({"provider": "owned", "holders": ("ada",)}, None),
        ({"paid_anyway": "a capacity block"}, "use"),
        ({"paid_anyway": "a capacity block", "holders": ("ada",)}, None),
    ],
)
def test_what_idles_is_to_be_stopped_or_used_unless_somebody_keeps_it(machine, what):
    todos = weekly_todos([replace(IDLE, **machine)], (), ())

    assert [todo.what for todo in todos] == ([what] if what else [])
    assert all((todo.id, todo.name, todo.micros, todo.since) == ("i-1", "train-7", 9, 1) for todo in todos)


def test_the_largest_excess_comes_first_and_three_things_are_named():
    over = [Todo("budget", "nlp", "nlp", 5), Todo("budget", "vision", "vision", 6)]
    weigh = [Todo("buy", "p5", "p5")]

    assert [todo.id for todo in weekly_todos([IDLE], over, weigh)] == ["vision", "i-1", "p5"]
    assert [todo.id for todo in weekly_todos([IDLE] * 3, over, weigh)] == ["vision", "i-1", "i-1"]
    assert [todo.id for todo in weekly_todos([], (), weigh)] == ["p5"]


SPENT = Spent(100, 50, 30, 20, 10, 3, 1, 21, 6)


def test_an_amount_is_called_about_so_much_where_over_a_fifth_is_estimated():
    assert (SPENT.about, SPENT.about_idle) == ("about ", "")
    assert (replace(SPENT, estimated_micros=20).about, replace(SPENT, estimated_idle_micros=7).about_idle) == (
        "",
        "about ",
    )
    assert Spent(200, 100, 60, 40, 20, 6, 2, 42, 12) == SPENT + SPENT
    assert (SPENT.idle_share, SPENT.unknown_share) == (0.3, 0.2)
    assert (Spent().idle_share, Spent().unknown_share) == (None, 0.0)
    assert Spent(micros=5, unknown_micros=5).idle_share is None


def test_a_report_adds_up_what_is_rented_and_what_is_owned():
    row = ReportRow("nlp", "nlp", SPENT, Spent(micros=7))
    report = SpendReport(TODAY, TODAY, TODAY, "team", (row, row), 1, "UTC")

    assert (report.rented.micros, report.owned.micros) == (200, 14)
    assert report.value == "2026-11-23|2026-11-23|team"
    assert [replace(IDLE, **each).stop_saves for each in ({}, {"provider": "owned"}, {"paid_anyway": "x"})] == [
        True,
        False,
        False,
    ]


SCORE = Score("total", 1, "7d", 110, 90, 120, 80, 105, 10, 100)


def test_a_record_tells_how_far_off_forecasts_were_and_how_often_their_ranges_held():
    low = replace(SCORE, expected_micros=80, actual_micros=120)
    left_out = (replace(SCORE, horizon="30d"), replace(SCORE, actual_micros=None))

    record = forecast_record([SCORE, low, *left_out], "7d")

    assert (record.scored, record.in80, record.in95) == (2, RangeRecord(2, 2), RangeRecord(1, 2))
    assert record.lean == pytest.approx((0.1 - 1 / 3) / 2)
    assert record.median_error == pytest.approx((0.1 + 1 / 3) / 2)
    assert forecast_record([replace(SCORE, lo80_micros=None)], "7d").in80 == RangeRecord(0, 0)
    assert [forecast_record([replace(SCORE, actual_micros=came)], "7d").in80.right for came in (89, 90, 120, 121)] == [
        0,
        1,
        1,
        0,
    ]
    none = forecast_record([replace(SCORE, actual_micros=0)], "7d")
    assert (none.scored, none.median_error, none.lean) == (1, None, None)
    assert quantiles_by_horizon([SCORE]) == {}


def test_a_day_of_a_bill_is_an_estimate_until_looked_at_two_days_later():
    assert utc_day(MIDNIGHT) == TODAY
    assert utc_day(MIDNIGHT - 1) == TODAY - timedelta(days=1)
    assert is_estimate(TODAY, MIDNIGHT + 2 * DAY_MS - 1)
    assert not is_estimate(TODAY, MIDNIGHT + 2 * DAY_MS)
    assert periods_between(date(2026, 1, 31), date(2026, 3, 1)) == ("2026-01", "2026-02", "2026-03")
    assert periods_between(date(2026, 12, 31), date(2027, 1, 1)) == ("2026-12", "2027-01")
    assert [is_gpu_type(kind) for kind in ("p4d.24xlarge", "g5.xlarge", "gr6.4xlarge", "m5.large", "p4d")] == [
        True
    ] * 3 + [False] * 2
    line = BillLine("2026-11", TODAY, 5, type="p4d.24xlarge", kind="usage")
    assert (line.cut, total([line, line])) == ("type kind", 10)


def test_half_a_micro_dollar_is_rounded_up_and_parts_add_up_to_the_whole():
    assert [cost_for(1, length) for length in (HOUR_MS // 2 - 1, HOUR_MS // 2, HOUR_MS)] == [0, 1, 1]
    assert sum(cost_between(7, at, at + HOUR_MS // 4) for at in range(0, HOUR_MS, HOUR_MS // 4)) == 7
    charge = Charge("i-1", HOUR_MS + 5, 2 * HOUR_MS, 9, 8, 7, "nlp")
    assert charge.hour == HOUR_MS
    assert charge.split == (Share("", "nlp", "unknown", 9, 8),)
    share = Share("ada", "nlp", "busy", 9, 8)
    assert replace(charge, shares=(share,)).split == (share,)


def test_the_mean_of_what_was_paid_is_over_hours_with_a_price():
    assert Paid("p5", 1, 4.0, 10).micros_per_gpu_hour == 2
    assert Paid("p5", 1, 0.0, 10).micros_per_gpu_hour == 0


LISTED, SPOT = WantedPrice("instance", "eu", "p5"), WantedPrice("spot", "ec2/1/eu", "p5")


@pytest.mark.parametrize(
    ("asked", "failed", "due"),
    [
        ({}, {}, [LISTED, SPOT]),
        ({LISTED: MONDAY, SPOT: MONDAY}, {}, []),
        ({LISTED: MONDAY - DAY_MS + EARLY_MS + 1, SPOT: MONDAY - HOUR_MS + EARLY_MS + 1}, {}, []),
        ({LISTED: MONDAY - DAY_MS + EARLY_MS, SPOT: MONDAY - HOUR_MS + EARLY_MS}, {}, [LISTED, SPOT]),
        ({LISTED: MONDAY + 1, SPOT: MONDAY}, {}, [LISTED]),
        ({}, {("list", "eu"): MONDAY}, [SPOT]),
        ({}, {("spot", "ec2/1/eu"): MONDAY - READ_RETRY_MS + EARLY_MS + 1}, [LISTED]),
        ({}, {("spot", "ec2/1/eu"): MONDAY - READ_RETRY_MS + EARLY_MS}, [LISTED, SPOT]),
        ({}, {("list", "eu"): MONDAY + 1, ("list", "us"): MONDAY}, [LISTED, SPOT]),
    ],
)
def test_prices_are_asked_about_once_in_their_time_and_not_right_after_a_failure(asked, failed, due):
    assert prices_due([LISTED, SPOT], asked, failed, MONDAY) == due


def test_spot_prices_are_read_on_from_a_little_before_the_last_reading():
    first = MONDAY - SPOT_DAYS * DAY_MS

    assert spot_since(None, MONDAY) == first
    assert spot_since(MONDAY - MINUTE_MS, MONDAY) == MONDAY - MINUTE_MS - SPOT_OVERLAP_MS
    assert spot_since(MONDAY + DAY_MS, MONDAY) == MONDAY - SPOT_OVERLAP_MS
    assert spot_since(1, MONDAY) == first


def test_what_could_not_be_read_is_one_sentence_for_each_reason():
    def trouble(place, sheet="list", error="No answer."):
        return PriceTrouble(sheet, place, MIDNIGHT, error)

    assert trouble_sentences([trouble("eu"), trouble("us"), trouble("z", "spot"), trouble("ap", error="Denied")]) == [
        "AWS's price list could not be read for eu, us (2026-11-23 00:00 UTC): No answer.",
        "AWS's spot prices could not be read for z (2026-11-23 00:00 UTC): No answer.",
        "AWS's price list could not be read for ap (2026-11-23 00:00 UTC): Denied.",
    ]
    assert "for a, b, c (" in trouble_sentences(map(trouble, "abc"))[0]
    assert "for a, b, c and 2 more (" in trouble_sentences(map(trouble, "abcde"))[0]


MACHINE = Instance("i-1", "m", "ec2", "ec2/1/eu", "p5", "stopped", disks={"gp3": 10, "io2": 20, "odd": 10}, addresses=2)


def test_what_stands_still_costs_its_disks_and_addresses():
    cost = standing_cost(MACHINE, {("eu", "gp3"): 1_000, ("us", "io2"): 5, ("eu", ""): 10})

    assert cost == StandingCost(40, ("io2", "gp3", "odd"), 10 * 1_000 + 20 * 125_000 + 10 * 80_000, 2, 2 * 10 * 730)
    assert cost.is_least
    assert not replace(cost, kinds=("gp3",)).is_least
    assert cost.micros == cost.disk_micros + cost.address_micros
    assert standing_cost(replace(MACHINE, disks={}, addresses=1), {}).address_micros == 5_000 * 730
    assert standing_cost(replace(MACHINE, disks=None), {}) is None
    assert standing_cost(replace(MACHINE, addresses=None), {}).address_micros == 0


DAY = UnusualDay(Scope(), TODAY, 100, 10, 20)


@pytest.mark.parametrize(
    ("told", "answers", "news"),
    [
        (None, (), True),
        (replace(DAY, day=TODAY - timedelta(days=7)), (), False),
        (replace(DAY, day=TODAY - timedelta(days=8)), (), True),
        (replace(DAY, day=TODAY - timedelta(days=1), micros=80), (), False),
        (replace(DAY, day=TODAY - timedelta(days=1), micros=79), (), True),
        (None, ((1, True, 80),), False),
        (None, ((1, True, 79),), True),
        (None, ((0, True, 80),), True),
        (None, ((90, True, 80),), False),
        (None, ((91, True, 80),), True),
        (None, ((1, False, 80),), True),
        (replace(DAY, day=TODAY - timedelta(days=1)), ((1, False, 80),), True),
        (replace(DAY, day=TODAY - timedelta(days=1)), ((2, False, 80),), False),
    ],
)
def test_an_unusual_day_is_news_unless_one_like_it_was_told_or_expected(told, answers, news):
    said = [
        UnusualAnswer("total", TODAY - timedelta(days=back), expected, micros, "ada", 1)
        for back, expected, micros in answers
    ]

    assert is_news(DAY, told, said) is news


def test_behind_an_unusual_day_are_the_machines_that_cost_most_beyond_their_usual():
    day, usual = {"a": 100, "b": 60, "c": 50, "d": 40, "e": 9}, {"a": 90, "b": 10, "c": 50, "e": 1}
    behind = machines_behind(day, usual, {"b": "train-7"})

    assert [(each.instance_id, each.name, each.micros, each.usual_micros) for each in behind] == [
        ("b", "train-7", 60, 10),
        ("d", "d", 40, 0),
    ]
    assert [each.instance_id for each in machines_behind(day, {**usual, "a": 89}, {})] == ["b", "d", "a"]
    assert len(machines_behind(dict.fromkeys("abcd", 5), {}, {})) == 3


def test_a_gpu_hour_of_work_costs_the_more_the_less_it_worked():
    cost = OwnedCost.__new__(OwnedCost)
    assert OwnMachine(MACHINE, cost, busy=None).busy is None
