"""Every story's messages are held to what a screen reader needs; here is what that refuses."""

import pytest

from bot.sandbox.slack import Message
from bot.sandbox.slack.records import BOT_USER
from tests.stories import accessible


def section(words):
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}}


def table(caption):
    cell = {"type": "raw_text", "text": "train-3"}
    return {"type": "data_table", "caption": caption, "rows": [[cell], [cell]]}


IMAGE = {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "Chart"}
EMOJI_CELL = {
    "type": "rich_text",
    "elements": [{"type": "rich_text_section", "elements": [{"type": "emoji", "name": "large_green_circle"}]}],
}


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("", []),
        ("Valet", [section("*train-3 is stopped.* It took 60 s.")]),
        ("A message from Valet.", [section("*train-3 is stopped.* Bob approved it at 09:14.")]),
        ("Which machine? One of these, or see below.", []),
        ("train-3 is idle.", [section("train-3 is idle."), section(":large_green_circle:")]),
        ("train-3 is idle.", [section("train-3 is idle."), section("\u2588\u2588\u2581\u2581")]),
        ("Three are idle.", [section("Three are idle."), table("Table")]),
        ("Three are idle.", [{"type": "table", "rows": [[{"type": "raw_text", "text": "train-3"}]]}]),
        ("Three are idle.", [section("Three are idle."), {"type": "table", "rows": [[EMOJI_CELL]]}]),
        ("Spend went up.", [section("Spend went up."), IMAGE]),
    ],
)
def test_what_only_the_eye_understands_is_complained_of(text, blocks):
    assert accessible.complaints(Message("1.1", "C1", BOT_USER, text, tuple(blocks))) != []


def test_a_message_that_is_whole_without_its_blocks_is_fine():
    blocks = (section("*train-3 is stopped.* It took 60 s."), section(":large_blue_circle: in use"), table("Fleet"))

    assert accessible.complaints(Message("1.1", "C1", BOT_USER, "train-3 is stopped. It took 60 s.", blocks)) == []


def test_every_story_looks_at_all_that_was_shown(office):
    office.types("ada", "/gpu status")
    newest = office.slack.last("ada", "#gpus")
    office.slack.post(Message("", newest.channel, BOT_USER, "Valet", newest.blocks))

    assert "the text 'Valet' alone says nothing" in list(office.unheard())
    office.slack.delete(office.slack.last("ada", "#gpus").ts)
