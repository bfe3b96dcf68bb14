"""Cost Explorer in three requests, each of them counted before it is made."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from bot.billing.cost_explorer import CostExplorer
from bot.domain.clock import HOUR_MS
from bot.errors import Refused, Unreachable
from bot.sandbox.cost_explorer import Cost, SandboxCostExplorer

NOW = int(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp() * 1000)
MONDAY, TUESDAY = date(2026, 11, 16), date(2026, 11, 17)
SINCE = date(2026, 10, 31)
COSTS = [
    Cost(MONDAY, "24.144", team="nlp", type="g5.xlarge", hours="24"),
    Cost(MONDAY, "2.304", team="nlp", type="m5.large", hours="24"),
    Cost(MONDAY, "1.1", service="EC2 - Other", account="222233334444", team="vision"),
    Cost(MONDAY, "5.5", service="Tax", record="Tax"),
    Cost(TUESDAY, "10", type="p4d.24xlarge", record="SavingsPlanCoveredUsage", amortized="6", hours="2"),
    Cost(TUESDAY, "-10", type="p4d.24xlarge", record="SavingsPlanNegation", amortized="0", hours="2"),
    Cost(TUESDAY, "-0.0000004", service="AWS Glue", record="Refund"),
]


@pytest.fixture
def aws():
    return SandboxCostExplorer(lambda: COSTS)


def look(aws, spend=lambda: None):
    return CostExplorer(aws.ask, "account 1", "team").look(SINCE, NOW, spend)


def by(found, cut, name):
    sums = Counter()
    for line in found.lines:
        if line.cut == cut:
            sums[getattr(line, name)] += line.billed_micros
    return dict(sums)


def test_one_look_is_three_requests_whatever_the_span(aws):
    spent = []

    found = look(aws, lambda: spent.append(len(aws.asked)))

    assert spent == [0, 1, 2]
    assert {(each["TimePeriod"]["Start"], each["TimePeriod"]["End"]) for each in aws.asked} == {
        ("2026-10-31", "2026-11-24")
    }
    assert (found.first, found.last, found.periods) == (SINCE, date(2026, 11, 23), ("2026-10", "2026-11"))
    assert (found.as_of, found.source, found.seal) == (NOW, "Cost Explorer", "")


def test_each_cut_adds_up_to_the_same_days(aws):
    found = look(aws)

    days = [by(found, cut, "day") for cut in ("account service", "type kind", "team type")]
    assert days == [{MONDAY: 33_048_000, TUESDAY: 0}] * 3


def test_accounts_services_teams_types_and_kinds_are_told_apart(aws):
    found = look(aws)

    assert by(found, "account service", "account") == {"111122223333": 31_948_000, "222233334444": 1_100_000}
    assert by(found, "team type", "team") == {"nlp": 26_448_000, "vision": 1_100_000, "": 5_500_000}
    assert by(found, "type kind", "type")["g5.xlarge"] == 24_144_000
    assert by(found, "type kind", "kind") == {"usage": 27_548_000, "tax": 5_500_000, "adjustment": 0}


def test_hours_are_told_of_gpu_machines_only_and_never_twice(aws):
    hours = {(line.type, line.day.day): line.running_ms for line in look(aws).lines if line.running_ms is not None}

    assert hours == {("g5.xlarge", 16): 24 * HOUR_MS, ("p4d.24xlarge", 17): 2 * HOUR_MS}


def test_what_a_commitment_covers_keeps_its_share_of_it(aws):
    [covered] = [line for line in look(aws).lines if line.running_ms and line.type == "p4d.24xlarge"]

    assert (covered.billed_micros, covered.effective_micros) == (10_000_000, 6_000_000)


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        *(("RIFee", "purchase"), ("Support fee", "purchase"), ("SavingsPlanRecurringFee", "purchase")),
        *(("Enterprise Discount Program Discount", "discount"), ("EdpDiscount", "discount")),
        *(("Private Rate Card Discount", "discount"), ("DiscountedUsage", "usage"), ("Refund", "adjustment")),
        ("Other out-of-cycle charges", "other"),
    ],
)
def test_record_types_are_told_by_their_words(record, kind):
    aws = SandboxCostExplorer(lambda: [Cost(MONDAY, "1", record=record)])

    assert by(look(aws), "type kind", "kind") == {kind: 1_000_000}


def test_pages_are_followed_and_each_is_paid_for():
    aws, spent = SandboxCostExplorer(lambda: COSTS, page=2), []

    found = look(aws, lambda: spent.append(1))

    assert len(spent) == len(aws.asked) > 3
    assert by(found, "account service", "day")[MONDAY] == 33_048_000


def test_nothing_is_asked_when_no_more_may_be_spent(aws):
    def no():
        raise Refused("no more today")

    with pytest.raises(Refused, match="no more today"):
        look(aws, no)
    assert aws.asked == []


def test_another_currency_is_refused_not_taken_for_dollars():
    with pytest.raises(Refused, match="in EUR"):
        look(SandboxCostExplorer(lambda: COSTS, unit="EUR"))


@pytest.mark.parametrize("unit", ["N/A", ""])
def test_nothing_without_a_currency_is_nothing(unit):
    free = Cost(MONDAY, "0", team="nlp", type="g5.xlarge", hours="24")

    found = look(SandboxCostExplorer(lambda: [free], unit=unit))

    assert {line.billed_micros for line in found.lines} == {0}


def test_a_second_opinion_in_another_currency_is_refused():
    aws = SandboxCostExplorer(lambda: [Cost(date(2026, 11, 20), "10")], unit="EUR")

    with pytest.raises(Refused, match="in EUR"):
        CostExplorer(aws.ask, "account 1", "team").rest_of_month(NOW, lambda: None)


def test_an_answer_without_end_is_given_up():
    endless = {"ResultsByTime": [], "NextPageToken": "again"}

    with pytest.raises(Unreachable, match="over 20 pages"):
        CostExplorer(lambda *_: endless, "account 1", "team").look(SINCE, NOW, lambda: None)
