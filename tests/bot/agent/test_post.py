"""Where the agent sends its token, and where it refuses to."""

import http.server
import threading

import pytest

from bot.agent.post import DoorClient, Server, read_token
from bot.agent.sender import next_after
from bot.errors import Refused


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("https://valet.example.com", (True, "valet.example.com", 443, "/v1/minutes")),
        ("https://valet.example.com:8443/inner/", (True, "valet.example.com", 8443, "/inner/v1/minutes")),
        ("http://127.0.0.1:8080", (False, "127.0.0.1", 8080, "/v1/minutes")),
        ("http://localhost", (False, "localhost", 80, "/v1/minutes")),
        ("http://[::1]:9", (False, "::1", 9, "/v1/minutes")),
    ],
)
def test_an_address_is_read(url, where):
    server = Server.parse(url)

    assert (server.secure, server.host, server.port, server.path) == where


@pytest.mark.parametrize(
    "url", ["", "valet.example.com", "ftp://x", "https://", "https://u:p@x", "https://x/?a=b", "https://x:99999"]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(Refused, match="--server"):
        Server.parse(url)


@pytest.mark.parametrize("host", ["valet.example.com", "10.0.0.1", "localhost.example.com", "127.0.0.1.example.com"])
def test_plain_http_to_another_machine_is_refused_unless_wanted(host):
    with pytest.raises(Refused, match="insecure-http"):
        Server.parse(f"http://{host}:80")

    assert Server.parse(f"http://{host}:80", insecure_http=True).host == host


def test_a_token_is_read_from_a_private_file(tmp_path):
    file = tmp_path / "token"
    file.write_text("s3cret\n")
    file.chmod(0o640)

    assert read_token(file) == "s3cret"


def test_a_token_that_everybody_can_read_is_refused_without_showing_it(tmp_path):
    file = tmp_path / "token"
    file.write_text("s3cret\n")
    file.chmod(0o644)

    with pytest.raises(Refused, match="chmod 600") as refusal:
        read_token(file)

    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"\n", b"two words", b"a\nb", "t\u00f6ken".encode(), b"\x00"])
def test_a_file_without_one_token_is_refused(tmp_path, content):
    file = tmp_path / "token"
    file.write_bytes(content)
    file.chmod(0o600)

    with pytest.raises(Refused):
        read_token(file)


def test_a_missing_token_file_is_refused(tmp_path):
    with pytest.raises(Refused, match="No such file"):
        read_token(tmp_path / "nothing")


class _Scripted(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.seen.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        status, headers, body = self.server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def web():
    server = http.server.HTTPServer(("127.0.0.1", 0), _Scripted)
    server.seen, server.answer = [], (200, {}, b'{"stored": 0, "duplicate": false}')
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _door_client(web, token="s3cret"):
    return DoorClient(
        Server(secure=False, host="127.0.0.1", port=web.server_port, path="/v1/minutes"), token, agent="a/1"
    )


def test_a_body_arrives_with_the_token(web):
    answer = _door_client(web)(b'{"a":1}')

    path, headers, body = web.seen[0]
    assert (answer.status, path, body) == (200, "/v1/minutes", b'{"a":1}')
    assert headers["Authorization"] == "Bearer s3cret"
    assert headers["Content-Type"] == "application/json"


def test_the_doors_sentence_and_when_to_come_back_are_read(web):
    web.answer = (429, {"Retry-After": "7"}, b'{"error": "Too many."}')

    answer = _door_client(web)(b"{}")

    assert (answer.status, answer.text, answer.retry_after_s) == (429, "Too many.", 7.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("99999999999", 900.0), ("soon", None), ("-1", None)],
)
def test_strange_times_to_come_back_are_understood_or_ignored(web, header, seconds):
    web.answer = (503, {"Retry-After": header}, b"[]")

    assert _door_client(web)(b"{}").retry_after_s == seconds


def test_a_proxys_page_is_cut_and_made_printable(web):
    web.answer = (502, {}, b"<html>\x1b[31m\n" + b"x" * 5000)

    text = _door_client(web)(b"{}").text

    assert text.startswith("<html>[31mxxx")
    assert len(text) == 200


@pytest.mark.parametrize("body", [b"", b"<html>Sign in</html>", b"[]", b"{}", b'{"error": "no"}', b"[" * 99_999])
def test_only_the_doors_receipt_counts_as_delivered(web, body):
    web.answer = (200, {}, body)

    answer = _door_client(web)(b"{}")

    assert not answer.is_the_doors
    assert not next_after(answer, 0, 0.0).is_done
    assert "Something else than the bot's door answered (200" in next_after(answer, 0, 0.0).sentence


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413])
def test_a_refusal_by_a_proxy_drops_no_minutes(web, status):
    web.answer = (status, {}, b"<html>No</html>")

    assert not next_after(_door_client(web)(b"{}"), 0, 0.0).is_done
    web.answer = (413, {}, b'{"error": "Too large."}')
    assert next_after(_door_client(web)(b"{}"), 0, 0.0).is_done


def test_a_redirect_is_not_followed(web):
    web.answer = (307, {"Location": "/elsewhere"}, b"")

    assert _door_client(web)(b"{}").status == 307
    assert len(web.seen) == 1


def test_nobody_there_is_an_answer_too(web):
    door_client = DoorClient(Server(secure=False, host="127.0.0.1", port=1, path="/"), "s3cret", agent="a/1")

    answer = door_client(b"{}")

    assert answer.status is None
    assert "refused" in answer.text
    assert "s3cret" not in answer.text


def test_a_server_that_speaks_no_tls_is_an_answer_too(web):
    door_client = DoorClient(Server(secure=True, host="127.0.0.1", port=web.server_port, path="/"), "t", agent="a/1")

    assert door_client(b"{}").status is None
