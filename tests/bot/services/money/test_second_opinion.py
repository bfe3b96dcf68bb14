"""AWS's own forecast: asked once a day within the cap, kept, and shown beside ours."""

from datetime import date
from functools import partial

import boto3
import pytest
from botocore.stub import Stubber

from bot.billing.cost_explorer import CostExplorer
from bot.domain.clock import DAY_MS
from bot.domain.money.accuracy import SecondOpinion
from bot.errors import Unreachable
from bot.providers.clients import call_aws
from bot.providers.ec2_errors import AwsError
from bot.services.context import Context
from bot.services.money import accuracy
from bot.services.money import bill as bill_service
from bot.settings import parse
from store.money import bill as stored_bill

WANTED = {
    "TimePeriod": {"Start": "2026-11-23", "End": "2026-12-01"},
    "Metric": "UNBLENDED_COST",
    "Granularity": "MONTHLY",
    "PredictionIntervalLevel": 80,
    "Filter": {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Elastic Compute Cloud - Compute"]}},
}
TOLD = {
    "Total": {"Amount": "19600.25", "Unit": "USD"},
    "ForecastResultsByTime": [
        {
            "TimePeriod": {"Start": "2026-11-23", "End": "2026-12-01"},
            "MeanValue": "19600.25",
            "PredictionIntervalLowerBound": "18000.5",
            "PredictionIntervalUpperBound": "21000",
        }
    ],
}
BILLED = {"ResultsByTime": []}


def ask(client, operation, asked):
    """As the asker of the clients does, on one client."""
    said = call_aws(partial(getattr(client, operation), **asked))
    if isinstance(said, AwsError):
        raise Unreachable(f"AWS said {said.code}")
    return said


@pytest.fixture
def aws():
    """botocore's own model judges what is asked and what is answered."""
    client = boto3.client("ce", "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
    with Stubber(client) as stub:
        yield client, stub


@pytest.fixture
def bill(aws):
    return CostExplorer(partial(ask, aws[0]), "account 111122223333", "team")


def desk_with(store, clock, **settings):
    made = parse({"bill": {"source": "cost-explorer", **settings}}, {})
    return Context(store, clock, made, {}, made.roster)


@pytest.fixture
def ctx(store, clock, bill, aws):
    """The bill was read once."""
    made = desk_with(store, clock)
    for _ in range(3):
        aws[1].add_response("get_cost_and_usage", BILLED)
    assert bill_service.fetch_bill(made, bill)
    return made


def test_it_is_asked_for_the_rest_of_the_month_and_kept(ctx, bill, aws):
    aws[1].add_response("get_cost_forecast", TOLD, WANTED)

    accuracy.ask_second_opinion(ctx, bill)

    low, high = 18_000_500_000, 21_000_000_000
    expected = SecondOpinion(date(2026, 11, 23), date(2026, 11, 30), ctx.clock(), 19_600_250_000, low, high)
    assert accuracy.second_opinion(ctx) == expected
    aws[1].assert_no_pending_responses()


def test_it_is_asked_once_a_day_and_every_request_counts(ctx, bill, aws, clock):
    aws[1].add_response("get_cost_forecast", TOLD, WANTED)
    accuracy.ask_second_opinion(ctx, bill)

    accuracy.ask_second_opinion(ctx, bill)

    assert stored_bill.requests_made(ctx.store.reading(), bill.name, date(2026, 11, 23)) == 4
    clock.forward(DAY_MS)
    aws[1].add_response("get_cost_forecast", TOLD)
    accuracy.ask_second_opinion(ctx, bill)
    aws[1].assert_no_pending_responses()


def test_where_aws_has_too_little_history_it_is_left_alone_until_tomorrow(ctx, bill, aws):
    aws[1].add_client_error("get_cost_forecast", "DataUnavailableException")

    accuracy.ask_second_opinion(ctx, bill)
    accuracy.ask_second_opinion(ctx, bill)

    assert accuracy.second_opinion(ctx) is None


def test_the_cap_of_a_day_holds(store, clock, bill, aws):
    capped = desk_with(store, clock, requests_per_day=3)
    for _ in range(3):
        aws[1].add_response("get_cost_and_usage", BILLED)
    assert bill_service.fetch_bill(capped, bill)

    accuracy.ask_second_opinion(capped, bill)

    assert accuracy.second_opinion(capped) is None


def test_where_looks_leave_no_request_for_it_that_is_kept_and_logged(store, clock, bill, aws, caplog):
    full = desk_with(store, clock, looks_per_day=4, requests_per_day=12)
    for _ in range(3):
        aws[1].add_response("get_cost_and_usage", BILLED)
    assert bill_service.fetch_bill(full, bill)

    accuracy.ask_second_opinion(full, bill)

    assert "AWS is not asked for its forecast: The bill itself needs all the requests" in caplog.text
    assert desk_with(store, clock, looks_per_day=4).settings.bill.leaves_one


def test_an_old_opinion_is_not_shown(ctx, bill, aws, clock):
    aws[1].add_response("get_cost_forecast", TOLD, WANTED)
    accuracy.ask_second_opinion(ctx, bill)

    clock.forward(2 * DAY_MS)

    assert accuracy.second_opinion(ctx) is None


def test_before_the_bill_was_read_nothing_is_asked(store, clock, bill):
    accuracy.ask_second_opinion(desk_with(store, clock), bill)
