"""A machine without an agent, which a Prometheus measures, is told of by what the Prometheus says."""

import pytest

from bot.domain.clock import HOUR_MS
from tests.stories.conftest import SETTINGS
from tests.stories.machines.test_verdict import URL, by_prometheus, works


@pytest.fixture
def measured(office_with):
    return office_with(SETTINGS | {"prometheus": {"url": URL}})


def test_why_names_its_source_and_shows_its_hours(measured):
    works(measured, 2 * HOUR_MS, {"train-7": 98.0}, by_prometheus)

    seen = measured.types("bob", "/gpu why train-7")

    assert "Source: Prometheus; no agent has reported from it." in seen
    assert "██· last 24 hours (· not seen)" in seen
    assert "invalid_blocks" not in seen


def test_why_tells_every_gpu_of_an_idle_one(measured):
    works(measured, 2 * HOUR_MS, {"train-7": 0.0}, by_prometheus)

    seen = measured.types("bob", "/gpu why train-7")

    assert "GPUs 0-7: idle, keeps memory since " in seen
    assert "Memory not known, 0 % at most; no work seen in 60 of the last 60 minutes, by Prometheus" in seen


def test_until_an_hour_was_seen_status_says_how_much_was(measured):
    works(measured, HOUR_MS // 2, {"train-7": 0.0}, by_prometheus)

    said = "seen without work for 30 of the 60 minutes the rule needs, 0 % at most, by Prometheus"

    assert f"*train-7*  unknown: {said}" in measured.types("bob", "/gpu status train-7")
    assert measured.types("ada", "/gpu stop train-7").endswith("Ask again once it has been quiet for so long.")
