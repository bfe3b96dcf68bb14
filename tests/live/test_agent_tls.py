"""The agent shows its token only to a server whose certificate it can verify."""

import http.server
import shutil
import ssl
import subprocess
import threading

import pytest

from bot.agent.post import DoorClient, Server


class _Quiet(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.tokens.append(self.headers["Authorization"])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if not shutil.which("openssl"):
        pytest.skip("openssl is needed to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    names = "subjectAltName=IP:127.0.0.1"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=valet -keyout key.pem -out cert.pem -addext"
    subprocess.run([*command.split(), names], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def web(certificate):
    server = http.server.HTTPServer(("127.0.0.1", 0), _Quiet)
    server.tokens = []
    server.handle_error = lambda *_: None  # a handshake that the agent breaks off is what we want to see
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _poster(web):
    return DoorClient(Server.parse(f"https://127.0.0.1:{web.server_port}"), "s3cret", agent="valet-agent/0")


def test_a_certificate_nobody_vouches_for_gets_no_token(web):
    answer = _poster(web)(b"{}")

    assert answer.status is None
    assert "its certificate is not trusted" in answer.text
    assert web.tokens == []


def test_an_authority_of_ones_own_is_trusted_when_named(web, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))

    answer = _poster(web)(b"{}")

    assert answer.status == 200
    assert web.tokens == ["Bearer s3cret"]
