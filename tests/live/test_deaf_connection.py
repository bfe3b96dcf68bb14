"""A connection that claims to live but hears nothing is noticed, made anew, and in the end given up."""

import gc
import threading
import time

import pytest

from bot.connection import Connection
from bot.services.context import Context
from bot.settings import Secrets, parse
from bot.slack_client import slack_client
from handlers import listen
from handlers.people import Identity
from handlers.profiles import Profiles
from tests.live.company import bot, until
from tests.stories.conftest import SETTINGS


@pytest.fixture(scope="module", autouse=True)
def what_others_left():
    """Is looked through once, not after each test here: it may be a second's work."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def connection(slack, server, store, clock):
    client = slack_client(Secrets(slack.bot_token, slack.app_token, "", server.api_url))
    settings = parse(SETTINGS, {})
    face = listen.build_slack_app(
        Context(store, clock, settings, {}, settings.roster), client, Identity(), Profiles(client, clock)
    )
    made = Connection(face.app, client, slack.app_token, deaf_s=0.3, lost_s=1.5)
    made.open()
    until(lambda: server.link.connections == 1)
    yield made
    made.close()
    face.executor.shutdown(wait=True)
    gc.collect()  # a socket left open would be told of here, and not in another test


def closed(connection):
    """The SDK's client is closed behind the connection's back; its own `close` may wait for ever."""
    until(lambda: connection.handler is not None)  # a busy machine may have it made anew just now
    client = connection.handler.client
    threading.Thread(target=client.close, daemon=True).start()
    until(lambda: client.closed and not client.is_connected())


def test_a_connection_that_hears_is_left_alone(connection, server):
    handler = connection.handler

    for _ in range(5):
        server.link.disconnect("warning")
        until(lambda: connection.silent_s() < 0.3)
        assert connection.tend()

    assert connection.handler is handler


def test_a_closed_client_that_nobody_reopens_is_replaced(connection, server):
    """What was seen in the wild: the SDK's client is closed for good, and the process lives on without a word."""
    closed(connection)
    until(lambda: server.link.connections == 0)
    time.sleep(0.4)

    assert connection.tend()

    until(lambda: server.link.connections == 1 and connection.silent_s() < 0.3)
    assert connection.tend()


def test_a_client_that_is_closed_while_it_connects_anew_keeps_no_connection(connection, server):
    client = connection.handler.client
    closed(connection)

    client.connect_to_new_endpoint(force=True)  # as a reconnect of its own goes on that had begun before

    assert not client.is_connected()
    until(lambda: server.link.connections == 0)


def test_of_two_connections_made_at_once_one_is_kept(connection, server):
    client = connection.handler.client
    at_once = [threading.Thread(target=client.connect_to_new_endpoint, kwargs={"force": True}) for _ in range(3)]
    for each in at_once:
        each.start()
    for each in at_once:
        each.join()

    until(lambda: server.link.connections == 1)
    assert client.is_connected()


def test_requests_that_pile_up_untaken_count_as_silence_whatever_the_pings_say(connection, server, slack):
    """The SDK's reader goes on and answers pings, but nobody takes up what it reads."""
    client = connection.handler.client
    client.closed = True
    time.sleep(1.2)
    typed = threading.Thread(target=slack.command, args=("ada", "#gpus", "/gpu help"))
    typed.start()
    until(lambda: not client.message_queue.empty())
    client.current_session.last_ping_pong_time = time.time()
    time.sleep(0.4)

    assert connection.tend()

    until(lambda: connection.handler.client is not client and connection.silent_s() < 0.3)
    assert server.link.connections >= 1
    typed.join()


def test_work_that_hangs_counts_as_silence_too(connection, server, slack):
    client = connection.handler.client
    stuck = threading.Event()
    client.message_listeners.insert(0, lambda *_: stuck.wait(20))
    typed = threading.Thread(target=slack.command, args=("ada", "#gpus", "/gpu help"))
    typed.start()
    until(lambda: not connection._traffic.is_taken_up)
    client.current_session.last_ping_pong_time = time.time()
    time.sleep(0.4)

    assert connection.tend()

    until(lambda: connection.handler.client is not client and connection.silent_s() < 0.3)
    stuck.set()
    typed.join()


def test_when_connecting_anew_does_not_help_it_is_given_up(connection, slack, caplog):
    slack.fault("apps.connections.open", "internal_error", times=50)
    closed(connection)
    time.sleep(0.4)

    began = time.monotonic()
    while connection.tend():
        assert time.monotonic() - began < 10
        time.sleep(0.05)

    assert time.monotonic() - began >= 1.0
    assert "nothing has come over Slack's connection" in caplog.text


def test_while_slack_itself_is_away_nothing_is_given_up(connection, slack):
    slack.fault("auth.test", http_status=503, times=100)
    slack.fault("apps.connections.open", "internal_error", times=50)
    closed(connection)
    handler = connection.handler

    for _ in range(25):
        assert connection.tend()
        time.sleep(0.1)

    assert connection.handler is handler


def test_a_bot_that_hears_no_more_ends_for_its_supervisor(slack, server, tmp_path):
    valet = bot(slack, tmp_path / "valet.db")
    valet.connection = Connection(
        valet.slack_app.app, valet.client, slack.app_token, deaf_s=0.3, lost_s=0.8, period_s=0.1
    )
    valet.start()
    until(lambda: server.link.connections == 1)
    before = valet.finish.is_set()
    slack.fault("apps.connections.open", "internal_error", times=50)

    closed(valet.connection)

    assert valet.finish.wait(10)
    valet.stop()
    assert (before, valet.deaf) == (False, True)
