"""How long `/gpu status` takes through Bolt, until it is acknowledged and until it is answered, by size of the fleet.

Run as `python -m tests.bench.bench_status`, or `pytest -m bench -s tests/bench/bench_status.py`. Beside it, turn by
turn in the same process: a listener of Bolt's own making that only acknowledges, and one that also answers "ok". It
leaves out all that goes on beside a command (jobs, looks at AWS, HTTP, a ledger): `bench_answers` has what people meet.
"""

import json
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest
from slack_bolt import App, BoltRequest
from slack_bolt.authorization import AuthorizeResult

from bot.domain.clock import system_clock
from bot.sandbox.slack import SandboxServer, SandboxSlack
from bot.sandbox.slack.people import ADA, GPUS
from bot.sandbox.slack.records import ResponseUrl
from bot.settings import Secrets, parse
from bot.wiring import Valet, build_valet
from handlers.listen import AtOnce
from store import Store
from tests.bench.crowd import fill
from tests.stories.conftest import SETTINGS

SIZES = (10, 1_000, 10_000)
TURNS = 300
CROWD = 10
"""Threads that bring commands at once, as many as Slack's own socket client has."""
Rows = dict[str, list[float]]


class Sink:
    """The sandbox Slack, seen as the place where answers arrive."""

    def __init__(self) -> None:
        self.slack = SandboxSlack(system_clock)
        self.server = SandboxServer(self.slack).start()
        self._came = threading.Event()
        self.slack.on_change(self._came.set)

    def request(self, command: str) -> BoltRequest:
        """A typed command with a response URL of its own."""
        url = self.slack.response_address(ResponseUrl(ADA, GPUS, self.slack.clock()))
        body = {"command": command, "text": "status", "user_id": ADA, "channel_id": GPUS, "team_id": "T0VALET"}
        return BoltRequest(body=json.dumps(body | {"response_url": url, "trigger_id": "1.1"}), mode="socket_mode")

    def timed(self, app: App, command: str, *, answers: bool = True) -> tuple[float, float]:
        """Milliseconds until one command is acknowledged, and until its answer stands in Slack."""
        request = self.request(command)
        self._came.clear()
        began = time.perf_counter()
        assert app.dispatch(request).status == 200
        acknowledged = time.perf_counter()
        if answers:
            assert self._came.wait(30)
        answered = time.perf_counter()
        self.slack.messages.clear()
        return (acknowledged - began) * 1000, (answered - began) * 1000


def stock(executor: Executor | None = None) -> App:
    """An app as Bolt makes it, with its own five threads unless an executor is given."""
    app = App(
        listener_executor=executor,
        authorize=lambda: AuthorizeResult(enterprise_id=None, team_id="T0VALET", bot_token="xoxb-sandbox"),
        signing_secret="unused",
        token_verification_enabled=False,
    )

    @app.command("/noop")
    def noop(ack: Callable[[], object]) -> None:
        ack()

    @app.command("/ok")
    def ok(ack: Callable[[], object], respond: Callable[[str], object]) -> None:
        ack()
        respond("ok")

    return app


def valet_with(count: int, folder: Path, sink: Sink) -> Valet:
    secrets = Secrets(sink.slack.bot_token, sink.slack.app_token, "", sink.server.api_url)
    store = Store(folder / f"valet-{count}.db")
    made = build_valet(parse(SETTINGS, {}), secrets, store, clock=system_clock, providers={}, pace_s=0)
    made.identity.learn(made.client)
    fill(made.ctx, count)
    return made


def in_turn(valet: Valet, bolts: tuple[App, App], sink: Sink, count: int, rows: Rows) -> None:
    """One after the other, so that whatever else the machine does hits all alike."""
    named = f"{count:>6} instances"
    for turn in range(TURNS + 20):
        measured = {
            "Bolt, no-op: acknowledged": sink.timed(bolts[0], "/noop", answers=False)[0],
            "Bolt on Valet's executor, no-op: acknowledged": sink.timed(bolts[1], "/noop", answers=False)[0],
            'Bolt, "ok": answered': sink.timed(bolts[0], "/ok")[1],
        }
        ack, answer = sink.timed(valet.slack_app.app, "/gpu")
        measured |= {f"{named}, /gpu status: acknowledged": ack, f"{named}, /gpu status: answered": answer}
        if turn >= 20:
            for name, value in measured.items():
                rows.setdefault(name, []).append(value)


def at_once(app: App, sink: Sink, command: str) -> list[float]:
    """Milliseconds until acknowledged while ten threads bring commands, each as soon as its last is acknowledged."""

    def bring(_: int) -> list[float]:
        return [sink.timed(app, command, answers=False)[0] for _ in range(20)]

    with ThreadPoolExecutor(CROWD) as crowd:
        return [value for values in crowd.map(bring, range(CROWD)) for value in values]


def measure() -> Rows:
    """Milliseconds of every turn, by what was measured."""
    rows: Rows = {}
    sink = Sink()
    bolts = stock(), stock(AtOnce())
    with tempfile.TemporaryDirectory() as folder:
        for count in SIZES:
            valet = valet_with(count, Path(folder), sink)
            in_turn(valet, bolts, sink, count, rows)
            if count == SIZES[-1]:
                rows["at once: Bolt, no-op: acknowledged"] = at_once(bolts[0], sink, "/noop")
                rows[f"at once: {count:>6} instances, /gpu status: acknowledged"] = at_once(
                    valet.slack_app.app, sink, "/gpu"
                )
            valet.slack_app.executor.shutdown(wait=True)
            valet.ctx.store.close()
    sink.server.stop()
    return rows


def report(rows: Rows) -> str:
    """p50, p99 and the longest, milliseconds."""
    lines = [f"{'p50 ms':>9} {'p99 ms':>9} {'max ms':>9}  {'n':>5}"]
    for name, values in sorted(rows.items()):
        ranked = sorted(values)
        p50, p99 = ranked[len(ranked) // 2], ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))]
        lines.append(f"{p50:9.2f} {p99:9.2f} {ranked[-1]:9.2f}  {len(ranked):5}  {name}")
    return "\n".join(lines)


@pytest.mark.bench
def test_bench_status(capsys):
    rows = measure()

    with capsys.disabled():
        print("\n" + report(rows))


if __name__ == "__main__":
    print(report(measure()))
