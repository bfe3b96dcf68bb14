"""Notices of what is stopped by rule: every machine that is named has its button, and they are fit to send."""

from dataclasses import replace

import pytest

from bot.domain.acting.parking import Parking
from bot.domain.clock import HOUR
from handlers.blocks.acting import parking
from tests.handlers import pieces
from tests.handlers.pieces import NOW, TEXTS, objections


def rows(count: int, text: str) -> list[parking.Row]:
    made = []
    for number in range(count):
        seen = pieces.listing(text)
        named = replace(seen, instance=replace(seen.instance, id=f"i-{number}", name=f"{text}{number}"))
        made.append((Parking(f"i-{number}", "hours", NOW, NOW + HOUR, "C0GPUS001", "settings"), named, None, None))
    return made


def keeps(blocks: list[dict]) -> list[str]:
    return [each["value"] for block in blocks if block["type"] == "actions" for each in block["elements"]]


@pytest.mark.parametrize("count", [1, 5, 6, 12, 20])
def test_every_machine_that_is_named_can_be_kept_by_one_tap(count):
    wanted = [f"i-{number}" for number in range(count)]

    assert keeps(parking.notice(rows(count, "train-"), NOW + HOUR, NOW).blocks) == wanted
    assert keeps(parking.soon(rows(count, "train-"), NOW + HOUR, NOW).blocks) == wanted


@pytest.mark.parametrize("text", TEXTS)
def test_a_notice_of_many_machines_is_fit_to_send_and_says_how_many_it_does_not_name(text):
    many = rows(43, text)

    assert objections(parking.notice(many, NOW + HOUR, NOW)) == []
    assert objections(parking.soon(many, NOW + HOUR, NOW)) == []
    assert "and 23 more" in parking.soon(rows(43, "train-"), NOW + HOUR, NOW).text
