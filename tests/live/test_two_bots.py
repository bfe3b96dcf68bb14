"""Two processes with one token and two databases: one machine is not given to two people."""

import http.client
import json
import time
import urllib.request
from dataclasses import replace

import pytest

from bot.connection import Connection
from bot.doctor import door
from bot.settings import Settings
from bot.settings.company import DoorSettings
from store.machines import fleet as stored_fleet
from tests.live import company
from tests.live.company import until
from tests.opening import open_store


@pytest.fixture
def start(slack, tmp_path):
    made = {}

    def start(name, **how):
        valet = company.bot(slack, tmp_path / f"{name}.db", **how)
        valet.connection.period_s, valet.others.overlap_s = 1.0, 0.0
        made[name] = valet
        valet.start()
        return valet

    def stop(name):
        made.pop(name).stop()

    start.stop = stop
    yield start
    for valet in made.values():
        valet.stop()


def holders(valet):
    rows = valet.ctx.store.reading().execute("SELECT holder FROM claims WHERE ended_at IS NULL")
    return [row[0] for row in rows]


def says(valet):
    line = http.client.HTTPConnection("127.0.0.1", valet.door.port, timeout=10)
    line.request("GET", "/healthz")
    answer = line.getresponse()
    told = answer.status, json.loads(answer.read())["problems"]
    line.close()
    return told


def only(valet):
    return valet.connection.only


def test_the_second_does_nothing_until_it_is_alone(start, slack, server):
    first = start("first")
    until(lambda: only(first).is_elder)
    until(lambda: stored_fleet.known_instances(first.ctx.store.reading()))
    second = start("second")
    until(lambda: only(second).stands_by)
    until(lambda: server.link.connections == 1)

    slack.command("ada", "#gpus", "/gpu claim train-7 for 2h")
    slack.command("cy", "#gpus", "/gpu claim train-7 for 1h")
    until(lambda: holders(first))
    time.sleep(0.3)

    assert len(holders(first)) == 1
    assert holders(second) == []
    status, problems = says(second)
    assert status == 503
    assert "another Valet is connected to this Slack app, and this one stands by" in problems
    found = list(door.running_bot(Settings(door=DoorSettings(port=second.door.port))))
    assert [(each.level, each.id) for each in found] == [("error", "V111")]
    assert "another Valet is connected" in found[0].sentence
    assert says(first)[0] == 200

    start.stop("first")

    until(lambda: only(second).acts)
    until(lambda: server.link.connections == 1)
    assert "another Valet" not in str(says(second))


def test_reconnects_of_its_own_trip_nothing(start, server):
    first = start("first")
    until(lambda: only(first).is_elder)
    for reason in ("warning", "refresh_requested", ""):
        server.link.disconnect(reason)
        until(lambda: server.link.connections == 1)

    first.connection._count()

    assert only(first).acts
    assert only(first).others_s is None
    assert says(first) == (200, [])
    until(lambda: server.link.connections == 1)


def test_the_first_finds_another_that_does_not_stand_by(start, server):
    first = start("first")
    until(lambda: only(first).is_elder)
    start("second", take_over=True)
    until(lambda: server.link.connections == 2)

    first.connection._count()

    assert only(first).acts
    assert "another Valet is connected to this Slack app, and this one goes on" in says(first)[1]
    assert isinstance(first.connection, Connection)


def shown(door):
    with urllib.request.urlopen(f"{door}/metrics", timeout=10) as answer:
        return [line for line in answer.read().decode().splitlines() if line.startswith("valet_other_bot_connected ")]


def test_who_is_told_to_take_over_acts_at_once_and_says_that_another_is_there(slack, server, tmp_path):
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
        (folder / "valet.toml").write_text(company.TOML)
    store = open_store(folders[1] / "valet.db")
    with store.writing() as db:
        stored_fleet.save(db, replace(company.DGX, source="owned"), team="", rate=None)
    store.close()
    environ = company.environment(slack)

    with company.running(folders[0], environ) as (first, door):
        assert shown(door) == ["valet_other_bot_connected 0.0"]
        with company.running(folders[1], environ, options=["--take-over"]) as (_, other):
            says = "another Valet is connected to this Slack app, and this one goes on"
            assert says in company.health(other)[1]
            assert shown(other) == ["valet_other_bot_connected 1.0"]
            first.terminate()
            first.wait(30)
            until(lambda: server.link.connections == 1)

            assert "*dgx-1* is @Ada's until" in company.answered(slack, "/gpu claim dgx-1 for 1h")


def test_admins_are_told_once_and_when_it_is_over(start, slack, server):
    first = start("first")
    until(lambda: only(first).is_elder)
    second = start("second")
    until(lambda: "Two Valets are connected" in "".join(slack.sees("bob", "@bob")))
    time.sleep(0.5)
    assert "".join(slack.sees("bob", "@bob")).count("Two Valets are connected") == 1

    start.stop("first")

    until(lambda: only(second).acts)
    until(lambda: "Only one Valet is connected" in "".join(slack.sees("bob", "@bob")))
