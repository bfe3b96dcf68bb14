"""Answers that are not AWS's: a proxy's page, half a document, other parts than expected. The others stay fresh."""

import contextlib
from collections.abc import Iterator

import pytest

from bot.domain.acting.launch import Order
from bot.domain.clock import DAY_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.source_history import SourceAnswer
from bot.errors import Unreachable, answering
from bot.providers.accounts import AwsAccount
from bot.providers.clients import Clients, asker
from bot.providers.ec2 import Ec2
from bot.services.machines import fleet, looks, sources
from store.machines import fleet as stored_fleet
from store.machines import source_history
from tests.bot.providers.aws_impostor import ENVIRONMENT, Impostor, impostor
from tests.bot.services.room import Room

pytestmark = pytest.mark.slow

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
    room.ctx.providers["ec2"] = Ec2([ACCOUNT])
    fleet.sweep(room.ctx)
    fake.answers[WEST] = answer
    room.clock.forward(MINUTE_MS)

    fleet.sweep(room.ctx)

    known = {each.name: each for each in stored_fleet.fleet_sources(room.ctx.store.reading())}
    assert (known[ACCOUNT.source(EAST)].ok_at, known[ACCOUNT.source(EAST)].error) == (room.clock(), "")
    assert known[ACCOUNT.source(WEST)].ok_at == room.clock() - MINUTE_MS
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


REGIONS = b"".join(
    b"<item><regionName>%s</regionName><optInStatus>%s</optInStatus></item>" % each
    for each in ((b"us-east-1", b"opt-in-not-required"), (b"us-west-2", b"opted-in"), (b"me-south-1", b"not-opted-in"))
)
WHICH = b"<DescribeRegionsResponse><regionInfo>%s</regionInfo></DescribeRegionsResponse>" % REGIONS
DENIED = b"<Response><Errors><Error><Code>AuthFailure</Code><Message>no</Message></Error></Errors></Response>"


@pytest.mark.parametrize(
    ("region", "says"),
    [
        ("me-south-1", "The region me-south-1 is not switched on for this account."),
        ("us-wset-2", "AWS has no region us-wset-2. Did you mean us-west-2? Correct regions under [[aws]]."),
        (WEST, "AWS can't be asked about us-west-2: AuthFailure: AWS does not accept the credentials"),
    ],
)
def test_the_check_of_access_says_when_a_region_is_none_or_is_not_switched_on(fake, region, says):
    fake.answers[EAST], fake.answers[region] = (200, "text/xml", WHICH), (401, "text/xml", DENIED)

    [found] = Ec2([AwsAccount((region,))]).check_access()

    assert (found.ok, found.sentence.startswith(says)) == (False, True)


@pytest.mark.parametrize("answer", GARBLED)
def test_the_check_of_access_tells_of_an_answer_that_cannot_be_read(fake, answer):
    fake.answers[WEST] = fake.answers[EAST] = answer

    found = Ec2([AwsAccount((WEST,), role_arn="arn:aws:iam::222233334444:role/valet")]).check_access()

    assert [each.ok for each in found] == [False]
    assert WEST in found[0].sentence


@pytest.mark.parametrize("answer", GARBLED)
def test_a_launch_and_a_copy_answered_with_anything_may_have_worked(fake, answer):
    fake.answers[WEST] = answer
    machine = Instance("i-0123456789abcdef0", "train-7", "ec2", ACCOUNT.source(WEST), "p4d.24xlarge", "running")
    order = Order("t", ACCOUNT.source(WEST), "pair", "p4d.24xlarge", "lt-1", "1", "", tags={"Name": "pair"})
    ec2 = Ec2([ACCOUNT])

    for change in (lambda: ec2.launch(order), lambda: ec2.copy(machine, "image", {}, reboot=False)):
        with pytest.raises(Unreachable) as told:
            change()
        assert told.value.retryable
    for look in (lambda: ec2.launched(order), lambda: ec2.copied(machine, "image"), lambda: ec2.describe(machine)):
        with pytest.raises(Unreachable):
            look()


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
        yield SourceAnswer("prometheus", read_until=now)


def test_a_provider_that_breaks_leaves_others_fresh_and_its_sources_are_said_to_fail(room):
    room.sweep()
    fleet_of_before = {each.name for each in stored_fleet.fleet_sources(room.ctx.store.reading())}
    room.push("dgx-1", [], tick_now=100)
    room.ctx.providers["ec2"] = Breaking()
    room.ctx.providers["owned"] = Breaking()
    room.clock.forward(DAY_MS)

    fleet.sweep(room.ctx)

    known = stored_fleet.fleet_sources(room.ctx.store.reading())
    assert {each.name for each in known} == fleet_of_before
    assert all("can't be read (AttributeError)" in each.error for each in known)


def test_a_source_that_breaks_leaves_the_others_fresh_and_lets_nothing_be_stopped(room):
    room.sweep()
    with room.ctx.store.writing() as db:
        source_history.note_history_read(db, "CloudWatch", SourceAnswer("us-east-1", read_until=1), 1)

    sources.read_sources(room.ctx, [Breaking(), Whole()])

    told = {each.source: each for each in source_history.places_read(room.ctx.store.reading())}
    assert "can't be read (KeyError)" in told["CloudWatch"].error
    assert (told["Prometheus"].ok_at, told["Prometheus"].error) == (room.clock(), "")
    room.sources = [Breaking()]
    room.reopen()
    answers = looks.ask_sources(room.ctx, room.machine("train-7")).told
    assert "can't be read (TypeError)" in answers["CloudWatch"].error
