"""What goes over the wire to a Prometheus, and what may come back."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.machines.source_history import Target
from bot.errors import SettingsError, Unreachable
from bot.settings import parse
from bot.telemetry.prometheus import MOST_BYTES, Prometheus, PrometheusApi, Value, _values
from tests.bot.services.room import SETTINGS
from tests.conftest import MONDAY
from tests.examples import examples


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

    def each(self, promql: str, at: int) -> list[Value]:
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


def zipped(server, body):
    server.body = gzip.compress(body)
    server.headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}


def test_an_answer_is_asked_for_compressed_and_taken_either_way(server):
    server.body = vector("5")
    plain = PrometheusApi(server.url).query("x", MONDAY)
    zipped(server, vector("5"))
    packed = PrometheusApi(server.url).query("x", MONDAY)

    assert plain == packed == [Value({"Hostname": "a"}, 5.0)]
    assert {headers["Accept-Encoding"] for _, _, headers in server.asked} == {"gzip"}


def test_a_small_answer_that_would_unpack_without_end_is_refused(server):
    zipped(server, b" " * 5_000_000)
    assert len(server.body) < 10_000

    with pytest.raises(Unreachable, match="answered with more than 1 MB"):
        PrometheusApi(server.url, most_bytes=1 << 20).query("x", MONDAY)
    assert MOST_BYTES < 1 << 28


@pytest.mark.parametrize("cut", [0, 5, 20, -1])
def test_a_compressed_answer_that_breaks_off_or_is_none_is_an_error(server, cut):
    zipped(server, vector("5"))
    server.body = server.body[:cut]
    with pytest.raises(Unreachable, match="did not answer: IncompleteRead"):
        PrometheusApi(server.url).query("x", MONDAY)

    server.body = b"this is no gzip"
    with pytest.raises(Unreachable, match="can't be unpacked"):
        PrometheusApi(server.url).query("x", MONDAY)


def compact(series):
    """As servers write it, without blanks."""
    result = [{"metric": labels, "value": [1, value]} for labels, value in series]
    answer = {"status": "success", "data": {"resultType": "vector", "result": result}, "stats": {"samples": 1}}
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()


ODD_PIECES = st.sampled_from(['"', "\\", "},{", '},{"metric":', '"result":[{"metric":', "}]", "}]}", "{", "a", "é"])
ODD = st.lists(ODD_PIECES, max_size=3).map("".join)
series = st.lists(
    st.tuples(
        st.dictionaries(ODD, ODD, max_size=3),
        st.sampled_from(["0", "7.5", "NaN", "1e300"]),
    ),
    max_size=12,
)


@settings(max_examples=examples(200), deadline=None)
@given(series, st.integers(1, 5))
def test_an_answer_read_in_parts_is_what_it_is_as_a_whole(found, at_a_time):
    body = compact(found)
    whole = [Value(labels, float(value)) for labels, value in found if value != "NaN"]

    assert list(_values(body, at_a_time)) == whole
    assert list(_values(json.dumps(json.loads(body)).encode(), at_a_time)) == whole, "with blanks"


@pytest.mark.parametrize("end", [b"", b"}", b"}}x", b"}}}", b',"more":[{}]}'])
def test_what_follows_the_series_must_be_right_too(end):
    body = compact([({"gpu": "0"}, "1")]).partition(b',"stats"')[0].removesuffix(b"}") + end

    with pytest.raises(Unreachable, match="is not Prometheus's"):
        list(_values(body))
