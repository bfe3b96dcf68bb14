"""TLS at the door, with real certificates: renewed while it is open, clients asked for theirs, silence bounded."""

import contextlib
import logging
import socket
import ssl

import pytest
import trustme
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.agent.agent_tls import AgentTls
from bot.agent.post import DoorClient, Server
from bot.errors import Refused, Unreachable
from bot.telemetry.serving import DoorServer
from bot.telemetry.tls import MAX_HANDSHAKES, Certificates

AUTHORITY = trustme.CA()
STRANGE = trustme.CA()


async def _answer(request):
    await request.body()
    return PlainTextResponse('{"stored": 1}')


def written(folder, certificate, name="door"):
    """The files of a certificate, as a renewal leaves them."""
    for kind, parts in (
        ("pem", certificate.cert_chain_pems),
        ("key", [certificate.private_key_pem]),
    ):
        fresh = folder / f"{name}.{kind}.new"
        fresh.write_bytes(b"".join(part.bytes() for part in parts))
        fresh.replace(folder / f"{name}.{kind}")
    return folder / f"{name}.pem", folder / f"{name}.key"


@pytest.fixture
def files(tmp_path):
    AUTHORITY.cert_pem.write_to_path(tmp_path / "authority.pem")
    return written(tmp_path, AUTHORITY.issue_cert("localhost", "127.0.0.1"))


@contextlib.contextmanager
def opened(files, **given):
    certificates = Certificates(str(files[0]), str(files[1]), given.pop("client_authority", ""))
    app = Starlette(routes=[Route("/v1/minutes", _answer, methods=["POST"])])
    server = DoorServer(app, "127.0.0.1", 0, certificates=certificates, **given)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def door(files):
    with opened(files) as server:
        yield server


@pytest.fixture
def agent(tmp_path, monkeypatch, files):
    """An agent that trusts our authority: sends one delivery, and has the answer."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))

    def sends(door, *, size=2, **shown):
        address = Server.parse(f"https://localhost:{door.port}")
        return DoorClient(address, "t0ken", agent="test", tls=AgentTls(**shown))(b"x" * size)

    return sends


def shown_by(door):
    """The serial number of the certificate that the door shows."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    with (
        socket.create_connection(("127.0.0.1", door.port), timeout=10) as line,
        context.wrap_socket(line, server_hostname="localhost") as secure,
    ):
        return secure.getpeercert()["serialNumber"]


@pytest.mark.parametrize("size", [2, 300_000])
def test_an_agent_delivers_over_tls(door, agent, size):
    assert agent(door, size=size).status == 200


def test_a_renewed_certificate_is_shown_without_a_restart(door, files, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    before = shown_by(door)

    written(tmp_path, AUTHORITY.issue_cert("localhost", "127.0.0.1"))

    assert shown_by(door) != before
    assert shown_by(door) == shown_by(door)
    assert caplog.text.count("The door has a new certificate") == 1


def test_a_certificate_that_is_half_renewed_waits_for_its_key(door, files, tmp_path, caplog):
    before, fresh = shown_by(door), AUTHORITY.issue_cert("localhost", "127.0.0.1")
    key = files[1].read_bytes()
    written(tmp_path, fresh)
    new_key = files[1].read_bytes()
    files[1].write_bytes(key)

    meanwhile = {shown_by(door), shown_by(door)}
    files[1].write_bytes(new_key)

    assert meanwhile == {before}
    assert caplog.text.count("the key is not that certificate's. The certificate of before goes on.") == 1
    assert shown_by(door) != before


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda pem, key: pem.unlink(), "can't read"),
        (lambda pem, key: pem.write_text("no certificate"), "not a certificate and a key in PEM"),
        (lambda pem, key: key.write_text(""), "not a certificate and a key in PEM"),
        (lambda pem, key: written(key.parent, STRANGE.issue_cert("x"), "x")[1].replace(key), "not that certificate's"),
        (lambda pem, key: _with_password(key), "the key has a password"),
    ],
)
def test_a_certificate_that_can_not_be_used_is_said_at_the_start(files, spoil, said):
    spoil(*files)

    with pytest.raises(Unreachable, match=said):
        Certificates(*map(str, files))


def _with_password(key):
    from cryptography.hazmat.primitives import serialization as form

    private = form.load_pem_private_key(key.read_bytes(), None)
    sealed = form.BestAvailableEncryption(b"secret")
    key.write_bytes(private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, sealed))


def test_only_clients_of_the_named_authority_are_let_in(files, agent, tmp_path):
    ours = written(tmp_path, AUTHORITY.issue_cert("dgx-1"), "client")
    theirs = written(tmp_path, STRANGE.issue_cert("dgx-1"), "stranger")
    with opened(files, client_authority=str(tmp_path / "authority.pem")) as door:
        known = agent(door, certificate=ours[0], key=ours[1])
        nameless = agent(door)
        stranger = agent(door, certificate=theirs[0], key=theirs[1])

    assert known.status == 200
    assert (nameless.status, stranger.status) == (None, None)


def test_an_agent_takes_up_its_own_renewed_certificate(files, agent, tmp_path):
    shown = written(tmp_path, STRANGE.issue_cert("dgx-1"), "client")
    tls = AgentTls(*shown)
    before = tls.context()
    written(tmp_path, AUTHORITY.issue_cert("dgx-1"), "client")

    assert tls.context() is not before
    assert tls.context() is tls.context()


@pytest.mark.parametrize("which", [0, 1])
def test_half_of_a_certificate_is_refused_by_the_agent(files, which):
    with pytest.raises(Refused, match="together"):
        AgentTls(**{("certificate", "key")[which]: files[which]})


def test_an_agents_certificate_that_can_not_be_used_is_refused(files):
    files[1].write_text("no key")

    with pytest.raises(Refused, match="The agent can't use the certificate"):
        AgentTls(*files)


def is_closed(line, within_s=5.0):
    line.settimeout(within_s)
    with contextlib.suppress(ConnectionError):
        return line.recv(1) == b""
    return True


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01", b"GET /healthz HTTP/1.1\r\n\r\n"])
def test_a_handshake_that_does_not_come_about_is_ended(files, said):
    with opened(files, head_s=0.2) as door, socket.create_connection(("127.0.0.1", door.port)) as line:
        line.sendall(said)

        closed = line.recv(100) if said.startswith(b"GET") else b""  # plain HTTP gets an alert at once
        assert len(closed) < 10
        assert is_closed(line)


def test_whoever_is_silent_after_the_handshake_is_closed_as_well(files):
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    with (
        opened(files, head_s=0.2) as door,
        socket.create_connection(("127.0.0.1", door.port)) as line,
        context.wrap_socket(line, server_hostname="localhost") as secure,
    ):
        assert is_closed(secure)


def test_a_crowd_in_the_handshake_does_not_keep_an_agent_out(door, agent):
    too_many = 20
    with contextlib.ExitStack() as lines:
        address = ("127.0.0.1", door.port)
        crowd = [lines.enter_context(socket.create_connection(address)) for _ in range(MAX_HANDSHAKES + too_many)]

        assert agent(door).status == 200
        assert is_closed(crowd[0])
        gone = [_is_gone(line) for line in crowd]
        assert sum(gone) in {too_many, too_many + 1}  # the agent made room for itself as well
        assert not any(gone[too_many + 1 :])


def _is_gone(line):
    line.setblocking(False)
    try:
        return line.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_the_door_closes_at_once_whoever_is_in_a_handshake(files):
    with opened(files) as door:
        line = socket.create_connection(("127.0.0.1", door.port))
    with line:
        assert is_closed(line)
