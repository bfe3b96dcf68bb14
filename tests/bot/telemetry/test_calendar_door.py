"""Calendars over real HTTP: the address alone opens its feed, and every other address is shut."""

import hashlib
import http.client

import pytest

from bot.errors import Unreachable
from bot.telemetry.calendar_door import CALENDAR_PATH, CalendarDoor
from bot.telemetry.deliveries import Receipt
from bot.telemetry.door import Health, door
from bot.telemetry.openapi import openapi
from bot.telemetry.serving import DoorServer
from tests.bot.telemetry.one_by_one import one_by_one

SECRET = "s" * 43
FEEDS = {hashlib.sha256(SECRET.encode()).hexdigest(): b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"}


@pytest.fixture
def visit():
    """Get a path from a door that has these feeds."""
    servers = []

    def get(path: str, *, feed=FEEDS.get):
        app = door(
            one_by_one(lambda push, ip: Receipt(0, duplicate=False)),
            lambda sha256: None,
            lambda: Health(ok=True),
            more=CalendarDoor(feed).routes(),
        )
        servers.append(DoorServer(app, "127.0.0.1", 0))
        servers[-1].start()
        line = http.client.HTTPConnection("127.0.0.1", servers[-1].port, timeout=10)
        line.request("GET", path)
        answer = line.getresponse()
        body = answer.read()
        line.close()
        return answer.status, dict(answer.getheaders()), body

    yield get
    for server in servers:
        server.stop()


def test_the_address_opens_its_feed_which_nobody_between_may_keep(visit):
    status, headers, body = visit(f"{CALENDAR_PATH}/{SECRET}.ics")

    assert (status, body) == (200, FEEDS[hashlib.sha256(SECRET.encode()).hexdigest()])
    assert headers["content-type"] == "text/calendar; charset=utf-8"
    assert headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("shut", [f"{'x' * 43}.ics", ".ics", SECRET, f"..%2F{SECRET}.ics", f"{SECRET}.ics.ics"])
def test_every_other_address_is_shut_and_says_nothing_of_itself(visit, shut):
    status, _, body = visit(f"{CALENDAR_PATH}/{shut}")

    assert status == 404
    assert SECRET.encode() not in body


def test_a_store_that_can_not_be_read_asks_to_come_back(visit):
    def broken(_sha256):
        raise Unreachable("The database can't be used now.")

    status, headers, _ = visit(f"{CALENDAR_PATH}/{SECRET}.ics", feed=broken)

    assert (status, headers["retry-after"]) == (503, "300")


def test_it_is_described_for_machines():
    assert CALENDAR_PATH + "/{secret}.ics" in openapi()["paths"]
