"""Answers that are not AWS's: a proxy's page, half a document, other parts than expected. The others stay fresh."""

import contextlib
from collections.abc import Iterator

import pytest

from bot.domain.clock import DAY, MINUTE
from bot.domain.fleet import Instance
from bot.domain.measuring.trails import Told
from bot.errors import Unreachable, answering
from bot.providers.accounts import AwsAccount
from bot.providers.clients import Clients, asker
from bot.providers.ec2 import Ec2
from bot.services.measuring import looking, observing, sweeping
from store import fleet
from store.measuring import observations
from tests.bot.providers.aws_impostor import ENVIRONMENT, Impostor, impostor
from tests.bot.services.room import Room

EAST, WEST = "us-east-1", "us-west-2"
ACCOUNT = AwsAccount((EAST, WEST))
GARBLED = [
    (200, "text/html", b"<!doctype html><p>Please sign in<br></html>"),
    (200, "text/xml", b"<html><body>Please sign in</body></html>"),
    (200, "text/xml", b'<?xml version="1.0"?><DescribeInstancesResponse><reservationSet><item>'),
    (200, "text/xml", b"<R><reservationSet><item><instancesSet><item/></instancesSet></item></reservationSet></R>"),
    (200, "application/json", b"[]"),
    (200, "text/plain", b""),
    (404, "text/html", b"<html>no such page</html>"),
    (403, "text/html", b"\xff\xfe\x00"),
]


@pytest.fixture
def fake(monkeypatch) -> Iterator[Impostor]:
    with impostor() as server:
        for name, value in (ENVIRONMENT | {"AWS_ENDPOINT_URL": server.url}).items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def room(tmp_path, clock) -> Iterator[Room]:
    opened = Room(tmp_path / "room.db", clock)
    yield opened
    opened.close()


@pytest.mark.parametrize("answer", GARBLED)
def test_a_region_that_answers_with_anything_leaves_the_others_and_owned_machines_fresh(room, fake, answer):
    room.push("dgx-1", [], tick_now=100)
    room.desk.providers["ec2"] = Ec2([ACCOUNT])
    sweeping.sweep(room.desk)
    fake.answers[WEST] = answer
    room.clock.forward(MINUTE)

    sweeping.sweep(room.desk)

    known = {each.name: each for each in fleet.sources(room.desk.store.reading())}
    assert (known[ACCOUNT.source(EAST)].ok_at, known[ACCOUNT.source(EAST)].error) == (room.clock(), "")
    assert known[ACCOUNT.source(WEST)].ok_at == room.clock() - MINUTE
    assert WEST in known[ACCOUNT.source(WEST)].error
    assert "valet.toml" not in known[ACCOUNT.source(WEST)].error


@pytest.mark.parametrize("answer", GARBLED)
def test_every_call_that_is_answered_with_anything_is_unreachable_and_not_a_crash(fake, answer):
    fake.answers[WEST] = answer
    machine = Instance("i-0123456789abcdef0", "train-7", "ec2", ACCOUNT.source(WEST), "p4d.24xlarge", "running")
    ec2, ask = Ec2([ACCOUNT]), asker(Clients(), [ACCOUNT], "cloudwatch")

    with pytest.raises(Unreachable), answering("AWS"):
        ec2.describe(machine)
    for change in (ec2.stop, ec2.start):  # an answer of theirs is not read; the next look shows what came of it
        with contextlib.suppress(Unreachable):
            change(machine)
    with pytest.raises(Unreachable), answering("AWS"):
        ask(ACCOUNT.source(WEST), "get_metric_data", {"MetricDataQueries": [], "StartTime": 0, "EndTime": 1})["Metric"]
    assert list(ec2.images()) == []


class Breaking:
    """A provider, and a source, that raise what nobody expects."""

    name = "CloudWatch"

    def sweep(self):
        raise AttributeError("'list' object has no attribute 'get'")

    def read(self, *_):
        raise KeyError("MetricDataResults")

    def look(self, *_):
        raise TypeError


class Whole:
    name = "Prometheus"

    def read(self, _targets, _read_until, now):
        yield Told("prometheus", read_until=now)


def test_a_provider_that_breaks_leaves_the_others_fresh_and_its_own_sources_are_said_to_fail(room):
    room.sweep()
    fleet_of_before = {each.name for each in fleet.sources(room.desk.store.reading())}
    room.push("dgx-1", [], tick_now=100)
    room.desk.providers["ec2"] = Breaking()
    room.desk.providers["owned"] = Breaking()
    room.clock.forward(DAY)

    sweeping.sweep(room.desk)

    known = fleet.sources(room.desk.store.reading())
    assert {each.name for each in known} == fleet_of_before
    assert all("can't be read (AttributeError)" in each.error for each in known)


def test_a_source_that_breaks_leaves_the_others_fresh_and_lets_nothing_be_stopped(room):
    room.sweep()
    with room.desk.store.writing() as db:
        observations.heard(db, "CloudWatch", Told("us-east-1", read_until=1), 1)

    observing.observe(room.desk, [Breaking(), Whole()])

    told = {each.source: each for each in observations.places(room.desk.store.reading())}
    assert "can't be read (KeyError)" in told["CloudWatch"].error
    assert (told["Prometheus"].ok_at, told["Prometheus"].error) == (room.clock(), "")
    room.sources = [Breaking()]
    room.reopen()
    answers = looking.ask(room.desk, room.machine("train-7")).told
    assert "can't be read (TypeError)" in answers["CloudWatch"].error
