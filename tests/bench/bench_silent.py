"""How long Slack waits for an acknowledgement over signed HTTP while 300 connections hang on the door and say nothing.

Run as `python -m tests.bench.bench_silent`, or `pytest -m bench -s tests/bench/bench_silent.py`. Signed `/gpu status`
as Slack posts it, each over a connection of its own, from threads of another process; in turns without and with the
silent ones, so that the two are of the same minutes.
"""

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from bot.domain.clock import system_clock
from bot.sandbox.machines import SandboxFleet
from bot.sandbox.slack import SandboxServer, SandboxSlack
from bot.sandbox.slack.people import ADA, GPUS
from bot.sandbox.slack.records import ResponseUrl
from bot.services.machines import fleet
from bot.settings import Secrets, parse
from bot.wiring import Valet, build_valet
from store import Store
from tests.stories.conftest import SETTINGS

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
SILENT = 300
ADDRESSES = 6
"""The silent ones come from so many."""
TURNS, PEOPLE, EACH = 4, 8, 40
PAUSE_S = 0.05

CALLERS = """
import http.client, json, sys, threading, time
from slack_sdk.signature import SignatureVerifier
port, secret, body, people, each, pause = int(sys.argv[1]), *sys.argv[2:4], *map(float, sys.argv[4:7])
verifier, took, bad = SignatureVerifier(secret), [], []
def person():
    for _ in range(int(each)):
        stamp = str(int(time.time()))
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Slack-Request-Timestamp": stamp}
        headers["X-Slack-Signature"] = verifier.generate_signature(timestamp=stamp, body=body)
        began = time.perf_counter()
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            line.request("POST", "/slack/events", body, headers)
            status = line.getresponse().status
            line.close()
        except OSError as error:
            status = type(error).__name__
        took.append((time.perf_counter() - began) * 1000)
        if status != 200:
            bad.append(status)
        time.sleep(pause)
threads = [threading.Thread(target=person) for _ in range(int(people))]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps([took, bad]))
"""


def measure() -> dict[bool, tuple[list[float], list[object]]]:
    """Milliseconds of every request and what was answered that is not 200, without and with the silent ones."""
    found: dict[bool, tuple[list[float], list[object]]] = {False: ([], []), True: ([], [])}
    slack = SandboxSlack(system_clock)
    with tempfile.TemporaryDirectory() as folder, SandboxServer(slack):
        valet = _opened(Path(folder), slack)
        try:
            for turn in range(2 * TURNS):
                crowded = bool(turn % 2)
                with _crowd(valet.door.port, SILENT if crowded else 0):
                    took, bad = _called(valet.door.port, slack)
                found[crowded][0].extend(took)
                found[crowded][1].extend(bad)
        finally:
            valet.stop()
    return found


def _opened(folder: Path, slack: SandboxSlack) -> Valet:
    secrets = Secrets(slack.bot_token, "", SECRET, f"{slack.url}/api/")
    providers = {"ec2": SandboxFleet(system_clock)}
    valet = build_valet(
        parse(SETTINGS, {}), secrets, Store(folder / "valet.db"), clock=system_clock, providers=providers, pace_s=0
    )
    valet.identity.learn(valet.client)
    fleet.sweep(valet.ctx)
    valet.door.start()
    return valet


@contextlib.contextmanager
def _crowd(port: int, count: int) -> Iterator[None]:
    with contextlib.ExitStack() as open_lines:
        for number in range(count):
            source = (f"127.0.0.{2 + number % ADDRESSES}", 0)
            open_lines.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5, source_address=source))
        yield


def _called(port: int, slack: SandboxSlack) -> tuple[list[float], list[object]]:
    url = slack.response_address(ResponseUrl(ADA, GPUS, slack.clock()))
    fields = {"command": "/gpu", "text": "status", "user_id": ADA, "channel_id": GPUS, "team_id": "T0VALET"}
    body = urlencode(fields | {"response_url": url, "trigger_id": "1.2.3", "api_app_id": "A0VALET01"})
    given = [str(port), SECRET, body, str(PEOPLE), str(EACH), str(PAUSE_S)]
    said = subprocess.run([sys.executable, "-c", CALLERS, *given], capture_output=True, text=True, check=True)
    took, bad = json.loads(said.stdout)
    return took, bad


def report(found: dict[bool, tuple[list[float], list[object]]]) -> str:
    """p50 and p99 without and with the silent ones, the ratio of the two p99, and what was not acknowledged."""
    ranked = {crowded: sorted(took) for crowded, (took, _) in found.items()}
    p50, p99 = ({crowded: took[int(len(took) * part)] for crowded, took in ranked.items()} for part in (0.5, 0.99))
    return (
        f"{len(ranked[True])} signed requests with {SILENT} silent connections: p50 {p50[True]:.0f} ms, "
        f"p99 {p99[True]:.0f} ms; {len(ranked[False])} without: p50 {p50[False]:.0f} ms, p99 {p99[False]:.0f} ms; "
        f"p99 with / without {p99[True] / p99[False]:.2f}; not acknowledged: {len(found[True][1])} and "
        f"{len(found[False][1])}"
    )


@pytest.mark.bench
def test_bench_silent(capsys):
    found = measure()

    with capsys.disabled():
        print("\n" + report(found))


if __name__ == "__main__":
    print(report(measure()))
