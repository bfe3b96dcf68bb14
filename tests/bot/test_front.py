"""What listens where: agents and Slack at the door, figures on an address of their own where the settings say so."""

import http.client
import ssl

import pytest
import trustme

from bot.sandbox.slack import SandboxServer, SandboxSlack
from bot.settings import Secrets, parse
from bot.wiring import build_valet
from tests.opening import open_store

AUTHORITY = trustme.CA()


@pytest.fixture
def opened(tmp_path, clock):
    """A whole bot in HTTP mode with these settings, its addresses open."""
    running = []
    with SandboxServer(SandboxSlack(clock)) as server:

        def opens(settings):
            secrets = Secrets(server.slack.bot_token, "", "signing-secret", f"{server.slack.url}/api/")
            store = open_store(tmp_path / "valet.db")
            valet = build_valet(parse(settings, {}), secrets, store, clock=clock, providers={}, pace_s=0)
            running.append(valet)
            valet.door.start()
            return valet

        yield opens
        for valet in running:
            valet.stop()


def asked(server, path, method="GET", *, context=None):
    line = (
        http.client.HTTPSConnection("localhost", server.port, timeout=20, context=context)
        if context
        else http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    )
    try:
        line.request(method, path)
        return line.getresponse().status
    finally:
        line.close()


def test_figures_are_at_the_door_where_nothing_else_is_said(opened):
    valet = opened({"door": {"port": 0}})

    assert valet.door.beside is None
    assert [asked(valet.door, path) for path in ("/metrics", "/openapi.json", "/healthz")] == [200, 200, 200]


def test_figures_on_an_address_of_their_own_are_at_the_door_no_more(opened):
    valet = opened({"door": {"port": 0}, "metrics": {"port": 0}})

    paths = ("/metrics", "/openapi.json", "/healthz", "/v1/minutes", "/v1/runs", "/slack/events")
    assert [asked(valet.door, path) for path in paths] == [404, 404, 200, 405, 401, 405]
    assert [asked(valet.door.beside, path) for path in paths] == [200, 200, 200, 404, 404, 404]


def test_agents_come_over_tls_and_figures_beside_it_without(opened, tmp_path):
    made = AUTHORITY.issue_cert("localhost")
    made.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    both = str(tmp_path / "both.pem")
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)

    valet = opened({"door": {"port": 0, "certificate": both, "key": both}, "metrics": {"port": 0}})

    assert asked(valet.door, "/v1/minutes", "POST", context=context) == 415
    assert asked(valet.door.beside, "/metrics") == 200
    with pytest.raises((http.client.HTTPException, OSError)):
        asked(valet.door, "/v1/minutes", "POST")
