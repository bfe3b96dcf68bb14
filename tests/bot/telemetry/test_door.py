"""The door over real HTTP: every wrong delivery has its status, and the door stays open."""

import contextlib
import hashlib
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.errors import Refused, Unreachable
from bot.telemetry.deliveries import Receipt
from bot.telemetry.door import DoorLimits, Health, door
from bot.telemetry.figures import MetricFamily
from bot.telemetry.serving import DoorServer
from bot.telemetry.wire import MAX_BODY_BYTES, MINUTES_PATH, to_json
from tests.bot.telemetry.one_by_one import one_by_one
from tests.bot.telemetry.test_body import PUSH

TOKENS = {hashlib.sha256(f"token-of-{host}".encode()).hexdigest(): host for host in ("dgx-1", "dgx-2")}


class Clock:
    now = 1_000_000

    def __call__(self):
        return self.now


class Bot:
    """What stands behind the door: keeps deliveries, or fails as told."""

    def __init__(self):
        self.got = []
        self.error = None
        self.health = Health(ok=True)

    def receive(self, push, address):
        if self.error:
            raise self.error
        is_known = any(known.seq == push.seq and known.host == push.host for known, _ in self.got)
        self.got.append((push, address))
        return Receipt(0 if is_known else len(push.minutes), is_known)


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Visitor:
    """Somebody who talks HTTP to the door."""

    def __init__(self, port):
        self.port = port

    def post(self, body=None, *, host="dgx-1", token=None, path=MINUTES_PATH, **headers):
        given = {
            "Authorization": f"Bearer {token or 'token-of-' + host}",
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.ask("POST", path, to_json(PUSH) if body is None else body, given)

    def ask(self, method, path, body=None, headers=None):
        given = {k: v for k, v in (headers or {}).items() if v is not None}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, body, given)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, response.read())

    def says(self, *pieces, pause_s=0.0):
        """Send raw bytes; returns all that comes back until the door closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            for piece in pieces:
                line.sendall(piece)
                time.sleep(pause_s)
            back = b""
            while part := line.recv(65536):
                back += part
        return back


@pytest.fixture
def bot():
    return Bot()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def visitor(bot, clock):
    figures = [MetricFamily("valet_instances", "Instances by state.", {('run"ning\n',): 3.0}, ("state",))]
    receive = one_by_one(bot.receive)
    app = door(
        receive, TOKENS.get, lambda: bot.health, metrics=lambda: figures, clock=clock, limits=DoorLimits(body_s=0.3)
    )
    server = DoorServer(app, "127.0.0.1", 0)
    server.start()
    yield Visitor(server.port)
    server.stop()


def test_a_delivery_is_handed_on_with_the_senders_address(visitor, bot):
    answer = visitor.post()

    assert (answer.status, answer.json) == (200, {"stored": 1, "duplicate": False})
    assert bot.got == [(PUSH, "127.0.0.1")]


def test_a_delivery_made_twice_is_told_so(visitor):
    visitor.post()

    assert visitor.post().json == {"stored": 0, "duplicate": True}


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": None},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic dG9rZW4tb2YtZGd4LTE="},
        {"Authorization": "Bearer \xe9"},
        {"Authorization": "token-of-dgx-1"},
    ],
)
def test_without_a_known_token_nothing_is_taken(visitor, bot, headers):
    answer = visitor.post(**headers)

    assert (answer.status, answer.json) == (401, {"error": "The token is missing or unknown."})
    assert answer.headers["www-authenticate"] == "Bearer"
    assert bot.got == []


def test_a_token_speaks_for_its_own_host_only(visitor, bot):
    answer = visitor.post(host="dgx-2")

    assert (answer.status, answer.json) == (403, {"error": "The token belongs to another host."})
    assert bot.got == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Type": None},
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/json; charset=latin-1"},
        {"Content_Encoding": "gzip"},
        {"Content_Encoding": "identity"},
    ],
)
def test_only_plain_json_is_taken(visitor, headers):
    assert visitor.post(**headers).status == 415


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=UTF-8"])
def test_json_is_known_by_its_usual_names(visitor, kind):
    assert visitor.post(Content_Type=kind).status == 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b"NaN", to_json(PUSH).replace(b"97.0", b"NaN"), to_json(PUSH)[:-1], b"\x00" * 1000]
)
def test_a_malformed_body_is_refused(visitor, bot, body):
    answer = visitor.post(body)

    assert answer.status == 400
    assert list(answer.json) == ["error"]
    assert bot.got == []


def test_minutes_of_the_future_are_refused(visitor):
    future = replace(PUSH, minutes=(replace(PUSH.minutes[0], tick=PUSH.tick_now + 1),))

    assert visitor.post(to_json(future)).status == 400


def test_another_version_is_a_conflict(visitor):
    assert visitor.post(b'{"version":2}').status == 409


def test_a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_not(visitor):
    body = to_json(PUSH).ljust(MAX_BODY_BYTES)

    assert visitor.post(body).status == 200
    assert visitor.post(body + b" ").status == 413


def test_a_large_body_is_refused_when_its_length_is_not_said(visitor):
    def pieces():
        yield to_json(PUSH)
        for _ in range(300):
            yield b" " * 1024

    assert visitor.post(pieces()).status == 413


def test_a_refusal_is_heard_by_who_is_still_sending(visitor):
    def slowly():
        for _ in range(8):
            yield b" " * 64 * 1024
            time.sleep(0.005)

    said = {"Connection": "close"}

    assert visitor.post(slowly(), token="revoked", **said).status == 401
    assert visitor.post(slowly(), **said).status == 413
    assert visitor.post(slowly(), Content_Type="text/plain", **said).status == 415
    assert visitor.post(slowly(), path="/nowhere", **said).status == 404


HEAD = (
    b"POST /v1/minutes HTTP/1.1\r\nHost: x\r\n"
    b"Authorization: Bearer token-of-dgx-1\r\nContent-Type: application/json\r\n"
)


def test_a_length_that_lies_is_not_believed(visitor, bot):
    too_short = visitor.says(HEAD + b"Connection: close\r\nContent-Length: 10\r\n\r\n" + to_json(PUSH))
    absurd = visitor.says(HEAD + b"Connection: close\r\nContent-Length: 99999999999999\r\n\r\n")

    assert too_short.startswith(b"HTTP/1.1 400")
    assert absurd.startswith(b"HTTP/1.1 413")
    assert bot.got == []


def test_a_body_that_drips_is_cut_off(visitor, bot):
    answer = visitor.says(HEAD + b"Content-Length: 5000\r\n\r\n", b"{", b"{", pause_s=0.05)

    assert answer.startswith(b"HTTP/1.1 408")
    assert bot.got == []


def test_a_body_that_breaks_off_harms_nobody(visitor, bot):
    with socket.create_connection(("127.0.0.1", visitor.port)) as line:
        line.sendall(HEAD + b"Content-Length: 5000\r\n\r\n{")

    assert visitor.post().status == 200
    assert len(bot.got) == 1


def test_a_connection_that_says_nothing_is_closed(bot):
    server = DoorServer(door(one_by_one(bot.receive), TOKENS.get, lambda: bot.health), "127.0.0.1", 0, head_s=0.1)
    server.start()
    visitor = Visitor(server.port)

    silent, halting = visitor.says(), visitor.says(b"POST /v1/min")
    speaking = visitor.says(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    server.stop()

    assert (silent, halting) == (b"", b"")
    assert speaking.startswith(b"HTTP/1.1 200")


@pytest.mark.slow
def test_too_many_deliveries_of_one_host_must_wait_and_others_need_not(visitor, clock):
    statuses = {visitor.post().status for _ in range(120)}

    refused = visitor.post()
    other = visitor.post(to_json(replace(PUSH, host="dgx-2")), host="dgx-2")
    clock.now += 1000 * int(refused.headers["retry-after"])
    later = visitor.post()

    assert statuses == {200}
    assert refused.status == 429
    assert (other.status, later.status) == (200, 200)


def test_a_refusal_of_the_bot_is_a_conflict_in_its_words(visitor, bot):
    bot.error = Refused("dgx-1 was retired.")

    answer = visitor.post()

    assert (answer.status, answer.json) == (409, {"error": "dgx-1 was retired."})


def test_a_bot_that_cannot_store_says_when_to_come_back(visitor, bot):
    bot.error = Unreachable("The disk is full.")

    answer = visitor.post()

    assert (answer.status, answer.headers["retry-after"]) == (503, "30")


def test_a_fault_of_ours_is_told_without_its_insides_and_the_door_stays_open(visitor, bot):
    bot.error = ZeroDivisionError("secret insides")

    answer = visitor.post()
    bot.error = None

    assert (answer.status, answer.json) == (500, {"error": "Something broke here; the log of the bot says what."})
    assert visitor.post().status == 200


def test_health_is_told_with_its_reasons(visitor, bot):
    well = visitor.ask("GET", "/healthz")
    bot.health = Health(ok=False, problems=("The database is read-only.",))
    ill = visitor.ask("GET", "/healthz")

    assert (well.status, well.json) == (200, {"ok": True, "problems": []})
    assert (ill.status, ill.json) == (503, {"ok": False, "problems": ["The database is read-only."]})


def test_metrics_are_what_prometheus_reads(visitor):
    visitor.post()
    visitor.post(token="wrong")

    answer = visitor.ask("GET", "/metrics")

    families = {family.name: family for family in text_string_to_metric_families(answer.body.decode())}
    pushes = {sample.labels["status"]: sample.value for sample in families["valet_door_pushes"].samples}
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert pushes == {"200": 1, "401": 1}
    assert families["valet_instances"].samples[0].labels == {"state": 'run"ning\n'}


def test_the_door_describes_itself(visitor):
    document = visitor.ask("GET", "/openapi.json").json

    assert document["openapi"].startswith("3.1")
    assert sorted(document["paths"]) == [
        *("/healthz", "/metrics", "/openapi.json", "/v1/calendar/{secret}.ics"),
        *("/v1/minutes", "/v1/runs", "/v1/runs/{run_id}"),
    ]
    assert {"200", "400", "401", "403", "409", "413", "415", "429", "503"} <= set(
        document["paths"]["/v1/minutes"]["post"]["responses"]
    )


def test_the_description_of_a_push_fits_what_the_agent_writes(visitor):
    jsonschema = pytest.importorskip("jsonschema")
    document = visitor.ask("GET", "/openapi.json").json
    schema = {"$ref": "#/components/schemas/Push", "components": document["components"]}

    jsonschema.validate(json.loads(to_json(PUSH)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**json.loads(to_json(PUSH)), "seq": 0}, schema)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/minutes/x", 404),
        ("POST", "/v2/minutes", 404),
        ("GET", "/v1/minutes", 405),
        ("DELETE", "/v1/minutes", 405),
        ("POST", "/healthz", 405),
    ],
)
def test_other_addresses_and_methods_are_refused_as_json(visitor, method, path, status):
    answer = visitor.ask(method, path)

    assert answer.status == status
    assert list(answer.json) == ["error"]


def test_the_door_does_not_say_what_it_is_made_of(visitor):
    assert "server" not in visitor.post().headers


def test_many_deliver_at_once(visitor, bot):
    threads = [threading.Thread(target=visitor.post) for _ in range(30)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(bot.got) == 30


def test_an_address_in_use_is_said(visitor):
    second = DoorServer(door(lambda *_: None, TOKENS.get, lambda: Health(ok=True)), "127.0.0.1", visitor.port)

    with pytest.raises(Unreachable, match="already in use"):
        second.start()


@pytest.mark.slow
def test_no_request_gets_an_answer_that_the_document_does_not_have():
    trying = Path(__file__).with_name("trying_the_door.py")
    command = [sys.executable, "-m", "pytest", "-o", "addopts=--import-mode=importlib -q -p no:cacheprovider", trying]

    done = subprocess.run(command, cwd=trying.parents[3], capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout
