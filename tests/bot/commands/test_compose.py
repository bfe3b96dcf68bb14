"""What `valet compose` prints: nothing but /v1 and health to the outside, and tools of others find nothing wrong."""

import contextlib
import http.client
import http.server
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest
import yaml
from click.testing import CliRunner

from bot.cli import main
from bot.commands.compose import SLACK_REQUESTS
from bot.settings import SECRETS, Settings
from bot.telemetry.wire import MAX_BODY_BYTES
from handlers.http import SLACK_PATH

DOMAIN = "valet.example.com"
FORMS = [[], ["--http"], ["--image", "registry.example.com/valet:0.1.0"]]


def printed(*words, domain=DOMAIN):
    done = CliRunner().invoke(main, ["compose", "--domain", domain, *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def services(*words):
    return yaml.safe_load(printed(*words))["services"]


@pytest.mark.parametrize("words", FORMS)
def test_both_containers_are_read_only_and_without_rights(words):
    for service in services(*words).values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]


@pytest.mark.parametrize("words", FORMS)
def test_secrets_are_files_and_none_stands_in_the_environment(words):
    whole = yaml.safe_load(printed(*words))
    valet = whole["services"]["valet"]

    assert {name.removesuffix("_FILE") for name in valet["environment"]} <= set(SECRETS)
    assert sorted(valet["environment"].values()) == sorted(f"/run/secrets/{name}" for name in valet["secrets"])
    assert {name: {"file": f"./secrets/{name}"} for name in valet["secrets"]} == whole["secrets"]


def test_only_caddy_is_reached_from_outside():
    found = services()

    assert found["caddy"]["ports"] == ["80:80", "443:443"]
    assert "ports" not in found["valet"]
    assert f"127.0.0.1:{Settings().door.port}/healthz" in found["valet"]["healthcheck"]["test"][-1]


def test_an_image_that_is_on_no_registry_is_never_pulled():
    assert services()["valet"]["pull_policy"] == "never"
    assert services("--image", "registry.example.com/valet:0.1.0")["valet"]["pull_policy"] == "missing"


def test_slack_is_let_in_where_it_comes_by_http_only():
    assert SLACK_REQUESTS == SLACK_PATH
    assert "@outside path /v1/* /healthz\n" in printed("--caddyfile")
    assert "@outside path /v1/* /healthz /slack/events\n" in printed("--caddyfile", "--http")


@pytest.mark.parametrize(
    "words",
    [
        ["--domain", "https://valet.example.com"],
        ["--domain", "valet.example.com {\n}"],
        ["--domain", "valet.example.com", "--image", "x\nprivileged: true"],
        ["--domain", "valet.example.com", "--caddy-image", "${X}"],
    ],
)
def test_what_would_be_more_than_a_name_is_refused(words):
    assert CliRunner().invoke(main, ["compose", *words]).exit_code == 1


def tool(name):
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "etc").mkdir()
    return tmp_path


def laid(folder, words):
    (folder / "compose.yaml").write_text(printed(*words))
    (folder / "Caddyfile").write_text(printed("--caddyfile", *words))
    for name in ("slack-bot-token", "slack-app-token", "slack-signing-secret"):
        (folder / "secrets" / name).touch()


def ran(folder, *command):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.tools
@pytest.mark.parametrize("words", FORMS)
def test_docker_compose_takes_it(folder, words):
    laid(folder, words)

    done = ran(folder, tool("docker-compose"), "config", "-q")

    assert (done.returncode, done.stderr) == (0, "")


ON_PURPOSE = {
    "CL-0005": "the ports of Caddy are open to the world; that is what it is for",
    "CL-0019": "digests of images are for whoever deploys: --image and --caddy-image take them",
}


@pytest.mark.tools
@pytest.mark.parametrize("words", FORMS)
def test_compose_lint_finds_nothing_that_is_not_on_purpose(folder, words):
    laid(folder, words)

    done = ran(folder, tool("compose-lint"), "compose.yaml")

    assert done.returncode == 0
    assert set(re.findall(r"CL-\d{4}(?=  )", done.stdout)) <= ON_PURPOSE.keys()


@pytest.mark.tools
@pytest.mark.parametrize("words", FORMS)
def test_caddy_takes_its_file_as_it_stands(folder, words):
    laid(folder, words)

    valid = ran(folder, tool("caddy"), "validate", "--config", "Caddyfile", "--adapter", "caddyfile")
    form = ran(folder, tool("caddy"), "fmt", "--diff", "Caddyfile")

    assert valid.returncode == 0, valid.stderr
    assert [line for line in form.stdout.splitlines() if line.startswith(("-", "+"))] == []


class _Door(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self._answer()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer()

    def _answer(self):
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def behind():
    """Stands where the door is, and notes what gets through to it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Door)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


@pytest.fixture
def caddy(folder, behind):
    """Caddy with the printed file, on ports of this test, with an authority of its own for localhost."""
    port, other = free_port(), free_port()
    text = printed("--caddyfile", domain="localhost")
    text = text.replace("localhost {", f"localhost:{port} {{").replace("valet:8420", f"127.0.0.1:{behind.server_port}")
    text = text.replace("\tadmin off\n", f"\tadmin off\n\thttp_port {other}\n\tskip_install_trust\n")
    (folder / "Caddyfile").write_text(text)
    env = os.environ | {"XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    command = [tool("caddy"), "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if asked(port, "/healthz") == 200:
                break
        time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(20)


def asked(port, path, body=None):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    line = http.client.HTTPSConnection("localhost", port, timeout=10, context=context)
    try:
        line.request("POST" if body else "GET", path, body)
        return line.getresponse().status
    finally:
        line.close()


@pytest.mark.tools
def test_caddy_lets_through_what_agents_need_and_nothing_else(caddy, behind):
    inside = ["/v1/minutes", "/v1/calendar/secret.ics", "/healthz"]
    outside = ["/metrics", "/openapi.json", "/", "/v1", "/healthz/x", "/slack/events", "/v1/../metrics", "/V1x"]
    outside += ["/v1/%2e%2e/metrics", "/v1/..%2fmetrics", "/v1//../../metrics", "/healthz/../metrics"]

    assert [asked(caddy, path) for path in inside] == [200] * len(inside)
    assert [asked(caddy, path) for path in outside] == [404] * len(outside)
    assert set(behind.asked) == set(inside)


@pytest.mark.tools
def test_caddy_lets_the_largest_delivery_through(caddy, behind):
    assert asked(caddy, "/v1/minutes", b"x" * MAX_BODY_BYTES) == 200
    assert behind.asked[-1] == "/v1/minutes"
