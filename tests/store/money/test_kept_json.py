"""Kept reports and budgets: what an earlier version wrote is read, and reads the same again."""

import json
from dataclasses import MISSING, asdict, fields
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.money.budgets import BudgetStanding
from bot.domain.money.forecast.report import ForecastReport
from bot.domain.money.unusual import UnusualDay
from bot.domain.money.weekly import Weekly
from store.records import json_text, of_json_text
from tests.examples import examples


def plain(value):
    """As it was written before pydantic wrote it: field by field, with days in ISO 8601."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize("kind", [ForecastReport, BudgetStanding, UnusualDay, Weekly])
@settings(max_examples=examples(8))
@given(data=st.data())
def test_what_was_kept_by_hand_is_read_and_written_as_it_was(kind, data):
    written = json.dumps(plain(asdict(data.draw(st.from_type(kind)))))

    assert json_text(of_json_text(kind, written)) == written


@pytest.mark.parametrize("kind", [ForecastReport, BudgetStanding, UnusualDay, Weekly])
@settings(max_examples=examples(5))
@given(data=st.data())
def test_a_field_that_came_since_takes_its_default(kind, data):
    content = plain(asdict(data.draw(st.from_type(kind))))
    newer = {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    missing = data.draw(st.sets(st.sampled_from(sorted(newer)))) if newer else set()
    kept = of_json_text(kind, json.dumps({name: value for name, value in content.items() if name not in missing}))

    assert all(getattr(kept, name) == newer[name] for name in missing)


@pytest.mark.parametrize("text", ['{"of": "another version"}', "[]", "null", "not JSON"])
def test_what_another_version_wrote_is_refused_as_a_value_error(text):
    with pytest.raises(ValueError):
        of_json_text(ForecastReport, text)
