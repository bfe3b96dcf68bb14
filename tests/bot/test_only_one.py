"""Who of several bots of one Slack app acts, by the number of connections that Slack tells."""

import json

import pytest

from bot.only_one import LOCK_WAIT_S, OnlyOne, connections


class Boot:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def boot():
    return Boot()


@pytest.fixture
def only(boot):
    return OnlyOne(boot=boot)


def test_nothing_is_done_before_slack_has_said_who_is_there(only, boot):
    assert not only.acts
    only.hello(1)

    assert only.acts
    assert only.worries() == ()


def test_where_slack_cant_be_reached_the_work_begins_after_a_while(only, boot):
    boot.now += LOCK_WAIT_S

    assert only.acts


def test_who_finds_another_there_does_nothing_until_it_is_alone(only, boot):
    only.hello(2)
    boot.now += 3600
    only.hello(2)

    assert not only.acts
    assert not only.answers
    assert only.others_s == 3600
    assert only.worries() == ("another Valet is connected to this Slack app, and this one stands by",)
    only.hello(1)
    assert only.acts
    assert only.others_s is None


def test_whether_there_are_others_is_known_only_once_slack_has_said(only, boot):
    seen = [only.has_others()]
    for tell in (lambda: only.hello(1), only.lapse, lambda: only.hello(2), lambda: only.hello(1)):
        tell()
        seen.append(only.has_others())
    told = OnlyOne(is_told=True, boot=boot)
    seen.append(told.has_others())
    told.hello(2)

    assert [*seen, told.has_others()] == [None, False, None, True, False, None, True]


def test_its_own_reconnect_is_no_other(only):
    only.hello(1)
    only.hello(2)

    assert only.acts
    assert only.doubts
    assert only.others_s is None
    only.counted(0)
    assert not only.doubts


@pytest.mark.parametrize("tell", [lambda only: only.hello(3), lambda only: only.counted(1)])
def test_who_was_there_first_goes_on_and_says_so(only, tell):
    only.hello(1)

    tell(only)

    assert only.acts
    assert only.worries() == ("another Valet is connected to this Slack app, and this one goes on",)


def test_who_was_away_asks_as_if_it_were_new(only, boot):
    only.hello(1)
    only.lapse()
    assert not only.acts

    only.hello(2)

    boot.now += 3600
    assert not only.acts


def test_who_is_told_that_it_is_the_one_acts(boot):
    told = OnlyOne(is_told=True, boot=boot)
    told.hello(2)
    told.lapse()

    assert told.acts
    assert told.answers


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ({"type": "hello", "num_connections": 2}, 2),
        ({"type": "hello", "debug_info": {"num_connections": 3}}, 3),
        ({"type": "hello"}, 1),
        ({"type": "events_api", "payload": {"text": '"hello"'}}, None),
        ({"type": "disconnect", "reason": "warning"}, None),
        (["hello"], None),
    ],
)
def test_the_number_is_read_from_a_hello_alone(said, count):
    assert connections(json.dumps(said)) == count
    assert connections('{"hello"') is None
