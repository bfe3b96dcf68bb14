"""Notices of what is stopped by rule: every machine that is named has its button, and they are fit to send."""

from dataclasses import replace

import pytest

from bot.domain.acting.hours import HoursRule
from bot.domain.acting.rule_stops import RuleStop
from bot.domain.clock import HOUR_MS
from handlers.blocks.acting import hours as hours_blocks
from handlers.blocks.acting import rule_stops as rule_stops_blocks
from tests.handlers import pieces
from tests.handlers.pieces import NOW, TEXTS, objections


def rows(count: int, text: str) -> list[rule_stops_blocks.NoticeRow]:
    made = []
    for number in range(count):
        seen = pieces.listing(text)
        named = replace(seen, instance=replace(seen.instance, id=f"i-{number}", name=f"{text}{number}"))
        made.append((RuleStop(f"i-{number}", "hours", NOW, NOW + HOUR_MS, "C0GPUS001", "settings"), named, None, None))
    return made


def keeps(blocks: list[dict]) -> list[str]:
    """What is kept by one tap; [Keep longer…] opens a form."""
    pressed = [each for block in blocks if block["type"] == "actions" for each in block["elements"]]
    return [each["value"] for each in pressed if each["action_id"].startswith("snooze:")]


@pytest.mark.parametrize("count", [1, 5, 6, 12, 20])
def test_every_machine_that_is_named_can_be_kept_by_one_tap(count):
    wanted = [f"i-{number}" for number in range(count)]

    assert keeps(rule_stops_blocks.stop_notice(rows(count, "train-"), NOW + HOUR_MS, NOW).blocks) == wanted
    assert keeps(rule_stops_blocks.soon(rows(count, "train-"), NOW + HOUR_MS, NOW).blocks) == wanted


@pytest.mark.parametrize("text", TEXTS)
def test_a_notice_of_many_machines_fits_and_says_how_many_it_omits(text):
    many = rows(43, text)

    assert objections(rule_stops_blocks.stop_notice(many, NOW + HOUR_MS, NOW)) == []
    assert objections(rule_stops_blocks.soon(many, NOW + HOUR_MS, NOW)) == []
    assert "and 23 more" in rule_stops_blocks.soon(rows(43, "train-"), NOW + HOUR_MS, NOW).text


@pytest.mark.parametrize("text", TEXTS)
def test_on_hours_that_count_no_more_name_a_few_machines_and_how_many_more(text):
    rule = HoursRule("i-7", "Mon-Fri 08:00-10:00", False, "U0CY00001", NOW, void_since=NOW)
    one = hours_blocks.OwnHours(pieces.listing(text), rule, None)

    assert objections(hours_blocks.hours_void([one] * 1_207)) == []
    told = hours_blocks.hours_void([replace(one, listing=pieces.listing("train-7"))] * 1_207).text.split("\n")
    assert told[0].endswith("who set the on-hours of 1,207 machines, may no longer do so. From now on:")
    assert (
        told[1:6]
        == ["*train-7*: it has none and runs until somebody stops it. Anew: `/gpu hours train-7 Mon-Fri 08:00-10:00`"]
        * 5
    )
    assert told[6:] == ["and 1,202 more", "Whoever may can set them anew."]


def test_on_hours_set_anew_since_they_were_to_be_told_of_are_not_offered():
    void = HoursRule("i-7", "Mon-Fri 08:00-10:00", True, "U0CY00001", NOW, void_since=NOW)
    anew = hours_blocks.OwnHours(pieces.listing("train-3"), replace(void, void_since=None), None)
    of_them = [anew, hours_blocks.OwnHours(pieces.listing("train-7"), void, None)]

    assert "train-3" not in hours_blocks.hours_void(of_them).text
    assert "`/gpu hours train-7 Mon-Fri 08:00-10:00 stop-only`" in hours_blocks.hours_void(of_them).text
    assert hours_blocks.hours_void([anew]).text == "*train-3* has other on-hours by now."
    assert hours_blocks.hours_void([anew, anew]).text == "*train-3* and 1 more have other on-hours by now."
