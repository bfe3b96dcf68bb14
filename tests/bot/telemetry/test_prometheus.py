"""What goes over the wire to a Prometheus, and what may come back."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from bot.domain.machines.source_history import Target
from bot.errors import SettingsError, Unreachable
from bot.settings import parse
from bot.telemetry.prometheus import Prometheus, PrometheusApi, Value
from tests.bot.services.room import SETTINGS
from tests.conftest import MONDAY


class Server:
    """Answers everything with `status` and `body`, and keeps what it was asked."""

    def __init__(self) -> None:
        self.status, self.body, self.headers = 200, b"", {"Content-Type": "application/json"}
        self.asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        self.url = ""


@contextmanager
def running() -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server's name
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            server.asked.append((self.path, parse_qs(form), dict(self.headers)))
            self.send_response(server.status)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(server.body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_port}/prometheus/"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as made:
        yield made


def vector(*values: object) -> bytes:
    result = [{"metric": {"Hostname": "a"}, "value": [1, value]} for value in values]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()


def test_a_query_is_posted_as_a_form_with_its_instant_the_token_and_the_tenant(server, tmp_path):
    (tmp_path / "token").write_text("s3cret\n")
    server.body = vector("5")

    found = PrometheusApi(server.url, token_file=str(tmp_path / "token"), tenant="ml").query('x{a="b"}', MONDAY)

    ((path, form, headers),) = server.asked
    assert found == [Value({"Hostname": "a"}, 5.0)]
    assert (path, form["query"], form["time"]) == ("/prometheus/api/v1/query", ['x{a="b"}'], [f"{MONDAY // 1000}.000"])
    assert (headers["Authorization"], headers["X-Scope-OrgID"]) == ("Bearer s3cret", "ml")


def test_what_is_no_number_is_left_out(server):
    server.body = vector("NaN", "+Inf", "-Inf", "7")

    assert [each.value for each in PrometheusApi(server.url).query("x", MONDAY)] == [7.0]


def test_a_redirect_is_not_followed_so_the_token_goes_nowhere_else(server):
    with running() as elsewhere:
        server.status, server.headers = 307, {"Location": elsewhere.url}

        with pytest.raises(Unreachable, match="HTTP 307"):
            PrometheusApi(server.url).query("x", MONDAY)

        assert elsewhere.asked == []


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"data": {}}', b'{"data":{"result":[{"metric":{}}]}}', b"\xff"]
)
def test_an_answer_that_is_not_prometheuss_is_an_error(server, body):
    server.body = body

    with pytest.raises(Unreachable):
        PrometheusApi(server.url).query("x", MONDAY)


def test_a_refusal_passes_the_servers_reason_on(server):
    server.status, server.body = 422, b'{"status":"error","error":"query timed out"}'

    with pytest.raises(Unreachable, match="HTTP 422: query timed out"):
        PrometheusApi(server.url).query("x", MONDAY)


def test_a_server_that_does_not_answer_in_time_is_an_error():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unreachable, match="did not answer: TimeoutError"):
            PrometheusApi(url, timeout_s=0.2).query("x", MONDAY)


@pytest.mark.parametrize("content", [None, "two\nlines", "sécret"])
def test_a_token_file_that_holds_no_token_is_an_error_that_does_not_show_it(tmp_path, content):
    if content:
        (tmp_path / "token").write_text(content)

    with pytest.raises(Unreachable) as refused:
        PrometheusApi("http://127.0.0.1:9", token_file=str(tmp_path / "token")).query("x", MONDAY)

    assert content is None or content not in str(refused.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "prometheus:9090"},
        {"url": "https://user:password@prometheus"},
        {"percent_metrics": ['x"} or y{a="']},
        {"host_labels": ["Host name"]},
        {"host_labels": []},
    ],
)
def test_settings_that_would_break_a_query_are_refused(wrong):
    with pytest.raises(SettingsError, match=r'Setting "prometheus\.'):
        parse({"prometheus": wrong}, {})


class Answers:
    """A server whose utilisation queries answer these, by the number of the metric; nothing else is known there."""

    def __init__(self, *uses: float) -> None:
        self.uses = uses

    def query(self, promql: str, at: int) -> list[Value]:
        uses = enumerate(self.uses) if "max_over_time" in promql or "avg_over_time" in promql else ()
        known = {"Hostname": "train-7", "gpu": "0"}
        return [Value(known | {"valet": str(number)}, use) for number, use in uses]


@pytest.mark.parametrize(
    ("uses", "seen"),
    [((40.0, 0.5), 50.0), ((150.0, 0.5), 50.0), ((40.0, 7.0), 40.0), ((150.0, 7.0), None), ((-1.0,), None)],
)
def test_a_metric_outside_of_its_range_is_left_out_and_the_others_count(uses, seen):
    settings = parse(
        {
            **SETTINGS,
            "prometheus": {"url": "https://p", "percent_metrics": ["A"], "ratio_metrics": ["B"], "memory_metrics": []},
        },
        {},
    ).prometheus
    target = Target("i-1", "train-7", "ec2/1/eu", "nlp")
    api: Any = Answers(*uses)

    answers = list(Prometheus(api, settings, window_minutes=1).read([target], {}, MONDAY))

    assert {each.error for each in answers} == {""}
    assert {each.util_max for answer in answers for each in answer.observations} == {seen}
