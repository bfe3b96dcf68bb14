"""What the log tells: a line for each thing done, with who and what came of it, and nothing that people wrote."""

import json
import logging
from contextlib import suppress

import pytest

from bot.domain.clock import MINUTE_MS
from bot.redaction import JsonLines
from store import audit as stored_audit
from store.sql import changed, sqlite3
from tests.stories.conftest import ADA, BOB, CY

WORDS = ("plum-pudding-claim", "plum-pudding-stop", "plum-pudding-no", "plum-pudding-chat")
"""What people write in this story; it stands in messages and in the audit, and is nobody else's."""


@pytest.fixture
def log(office, caplog):
    """The company, with all that our own loggers say from now on."""
    office.reports("train-7", 0.0, minutes=200)
    for name in ("bot", "handlers", "store"):
        caplog.set_level(logging.INFO, logger=name)
    caplog.clear()
    return caplog


def events(log) -> list[dict[str, str]]:
    return [record.fields for record in log.records if hasattr(record, "fields")]


def test_each_thing_done_is_one_line_with_who_what_and_outcome(office, log):
    office.types("ada", "/gpu claim train-7 for 4h plum-pudding-claim")
    office.types("cy", "/gpu stop train-7 plum-pudding-stop")
    office.types("cy", "/gpu drain train-7 plum-pudding-chat")
    train_7 = office.machine("train-7").id

    told = [(each["who"], each["did"], each["subject"], each["outcome"]) for each in events(log)]
    assert told[0] == (ADA, "claimed", train_7, "done")
    assert told[1:] == [(CY, "asked to stop", train_7, "pending"), (CY, "tried to drain it", train_7, "refused")]
    assert f"{ADA} claimed: {train_7}, done" in log.messages


def test_nothing_that_people_wrote_is_in_the_log(office, log):
    office.types("ada", "/gpu claim train-7 for 4h plum-pudding-claim")
    office.types("cy", "/gpu wait train-7 for 2h plum-pudding-chat")
    office.types("ada", "/gpu stop train-7 plum-pudding-stop")
    office.presses("bob", "Keep it running", "#ml-platform")
    office.types("ada", "/gpu snooze train-7 4h plum-pudding-no")
    office.types("ada", "@valet plum-pudding-chat train-7 please")
    office.types("ada", "/gpu plum-pudding-chat")
    office.passes(5 * MINUTE_MS)

    written = [f"{message.text} {message.blocks}" for message in office.slack.messages.values()]
    assert any("plum-pudding" in text for text in written), "they did write it"
    assert not [line for line in log.messages if any(word in line for word in WORDS)]
    assert not [each for each in events(log) if any(word in str(each) for word in WORDS)]


def test_what_was_not_committed_is_not_told(office, log):
    with suppress(sqlite3.IntegrityError), office.valet.ctx.store.writing() as db:
        stored_audit.add(db, office.clock(), BOB, "did something", subject="train-7")
        changed(db, "INSERT INTO claims (id) VALUES (NULL)")
    with office.valet.ctx.store.writing() as db:
        stored_audit.add(db, office.clock(), BOB, "did something else", subject="train-7")

    assert [each["did"] for each in events(log)] == ["did something else"]


def test_a_source_that_fails_and_is_back_is_one_line_each(office, log):
    office.fleet.silence("us-east-1", "ExpiredToken")
    office.passes(10 * MINUTE_MS)
    office.fleet.unsilence("us-east-1")
    office.passes(10 * MINUTE_MS)

    told = [(each["event"], each["source"]) for each in events(log) if "source" in each]
    assert told == [
        ("source fails", "ec2/111122223333/us-east-1"),
        ("source is back", "ec2/111122223333/us-east-1"),
    ]


def test_as_json_a_line_is_an_object_with_the_event(office, log):
    office.types("ada", "/gpu claim train-7 for 4h")
    (first, *_) = [record for record in log.records if hasattr(record, "fields")]

    told = json.loads(JsonLines().format(first))
    assert {"at", "level", "logger", "message"} < told.keys()
    assert (told["level"], told["who"], told["did"], told["outcome"]) == ("info", ADA, "claimed", "done")
    assert told["at"].endswith("Z")
