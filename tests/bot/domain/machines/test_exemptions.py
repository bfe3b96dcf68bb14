"""Who may idle, and until when."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS
from bot.domain.machines.exemptions import Exemption, exemption_ends_at, exemption_of
from bot.domain.machines.fleet import Instance
from bot.errors import SettingsError
from bot.settings import parse

BOX = Instance("i-1", "train-7", "ec2", "", "", "running", tags={"purpose": "serving", "keep": ""})
DAY_ONE = date(2026, 11, 23)


def exemption(**fields) -> Exemption:
    return Exemption("demo", DAY_ONE, fields.pop("until_at", DAY_MS), **fields)


@pytest.mark.parametrize(
    ("fields", "covered"),
    [
        ({"instance": "i-1"}, True),
        ({"instance": "train-7"}, True),
        ({"instance": "train"}, False),
        ({"tag": "keep"}, True),
        ({"tag": "purpose=serving"}, True),
        ({"tag": "purpose=training"}, False),
        ({"tag": "purpose="}, False),
        ({"tag": "keep="}, True),
        ({"tag": "Keep"}, True),
        ({"tag": "keeper"}, False),
        ({"tag": "=serving"}, False),
        ({}, False),
    ],
)
def test_it_covers_an_instance_by_id_or_name_or_its_tag(fields, covered):
    assert exemption(**fields).covers(BOX) is covered


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu"])
def test_the_last_day_is_over_at_midnight_there(zone):
    over = datetime.fromtimestamp(exemption_ends_at(DAY_ONE, zone) / 1000, ZoneInfo(zone))

    assert (over.date().isoformat(), over.hour, over.minute) == ("2026-11-24", 0, 0)


@given(
    ends=st.lists(st.integers(0, 100)),
    covers=st.lists(st.booleans(), min_size=101, max_size=101),
    now=st.integers(0, 100),
)
def test_the_longest_that_covers_it_holds_and_none_outlives_its_end(ends, covers, now):
    known = [exemption(until_at=end, instance="i-1" if covers[end] else "i-2") for end in ends]

    found = exemption_of(known, BOX, now)

    alive = [end for end in ends if covers[end] and end > now]
    assert (found.until_at if found else None) == max(alive, default=None)


def test_an_exemption_names_one_thing_and_a_day():
    fine = {"instance": "train-7", "reason": "demo", "until": DAY_ONE}

    (made,) = parse({"exempt": [fine], "digest": {"timezone": "Europe/Berlin"}}, {}).exemptions

    assert (made.last_day, made.until_at) == (DAY_ONE, exemption_ends_at(DAY_ONE, "Europe/Berlin"))
    for wrong in ({"tag": "keep"}, {"instance": ""}, {"until": "2026-11-23"}, {"until": 1}, {"reason": ""}):
        with pytest.raises(SettingsError, match="exempt"):
            parse({"exempt": [fine | wrong]}, {})


def test_a_team_may_have_numbers_of_its_own():
    settings = parse({"idle": {"held_mib": 700}, "teams": {"nlp": {"idle": {"window_minutes": 120}}}}, {})

    assert (settings.rule_of("nlp").window_minutes, settings.rule_of("nlp").held_mib) == (120, 700)
    assert settings.rule_of("vision") == settings.rule_of("") == settings.idle_rule
