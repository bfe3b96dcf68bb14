"""What the doctor says of the door's certificate, and whom it asks about health."""

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import trustme

from bot.doctor import door
from bot.settings import parse
from tests.conftest import MONDAY

AUTHORITY = trustme.CA()


@pytest.fixture
def files(tmp_path):
    def issued(**given):
        made = AUTHORITY.issue_cert("localhost", **given)
        (tmp_path / "door.pem").write_bytes(b"".join(part.bytes() for part in made.cert_chain_pems))
        made.private_key_pem.write_to_path(tmp_path / "door.key")
        return parse({"door": {"certificate": str(tmp_path / "door.pem"), "key": str(tmp_path / "door.key")}}, {})

    return issued


def found(settings, now=MONDAY):
    return [(each.level, each.sentence) for each in door.certificate(settings, now)]


@pytest.mark.parametrize(
    ("days", "level", "said"),
    [
        (90, "ok", "The certificate of the door holds until 2027-02-21."),
        (10, "warning", "The certificate of the door ends on 2026-12-03."),
        (-1, "error", "The certificate of the door ended on 2026-11-22: no agent trusts it."),
    ],
)
def test_the_doctor_knows_until_when_the_certificate_holds(files, days, level, said):
    ends = datetime.fromtimestamp(MONDAY / 1000, UTC) + timedelta(days=days)

    assert found(files(not_before=ends - timedelta(days=100), not_after=ends)) == [(level, said)]


def test_a_certificate_that_can_not_be_used_is_an_error(files, tmp_path):
    settings = files()
    (tmp_path / "door.key").write_text("")

    [(level, said)] = found(settings)

    assert level == "error"
    assert "can't use the certificate" in said


def test_without_a_certificate_nothing_is_said():
    assert found(parse({}, {})) == []


class _Well(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"ok": True, "problems": []}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


def test_health_is_asked_for_where_there_is_no_tls(files):
    server = HTTPServer(("127.0.0.1", 0), _Well)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings = parse({"door": files().door.model_dump(), "metrics": {"port": server.server_port}}, {})

    said = [each.sentence for each in door.running_bot(settings)]

    server.shutdown()
    thread.join()
    server.server_close()
    assert said == ["The Valet that runs here says that all is well."]
