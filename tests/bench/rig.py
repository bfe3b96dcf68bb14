"""What benches of a whole Valet stand on: `valet run` as a process, over signed HTTP, with jobs, machines and a ledger.

    with rig(Company(machines=10_000, ledger_hours=240)) as here:
        here.until_swept()
        acknowledged, answered = here.ask("/gpu", "status")
        floor = here.floor()
        print(here.cpu_s(), here.mib(), here.calls())

Around it are processes of their own: a quick EC2 (`fake_ec2`), and Bolt's own no-op behind the same server (`floor`),
to be asked turn by turn with Valet, so that whatever else the machine does hits both alike. Slack is the sandbox, in
this process; answers to commands are taken by a bare server here. Give ratios to the floor, or CPU seconds:
milliseconds of a busy machine are of that machine. `machines` are rented, over `regions`, of which a `share` has GPUs;
the ledger has `ledger_hours` of charges of each, every tenth of them shared by two holders.
"""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from bot.domain.clock import HOUR_MS, system_clock
from bot.domain.machines.fleet import Instance
from bot.domain.money.rates import Rate
from bot.sandbox.slack import SandboxServer, SandboxSlack
from bot.sandbox.slack.people import ADA, GPUS
from bot.sandbox.slack.records import TEAM_ID
from handlers.http import SLACK_PATH
from store import Store
from store.machines import fleet as stored_fleet
from tests.bench import fake_ec2
from tests.bench.crowd import remember

ROOT = Path(__file__).parents[2]
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
SWEPT_S, ANSWER_S = 300.0, 300.0
PAGE = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Company:
    """How large everything is."""

    machines: int = 1_000
    regions: int = 4
    share: float = 1.0
    ledger_hours: int = 0
    told_minutes: int = 0
    """So many minutes of 8 quiet GPUs each agents have delivered; 0: no agent was ever heard."""
    toml: str = ""
    """More settings."""


class Answers(ThreadingHTTPServer):
    """Takes what comes to response URLs, and notes when."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.came: dict[str, tuple[float, bytes]] = {}
        self.changed = threading.Condition()

    def wait_for(self, path: str) -> float:
        """When the answer came there."""
        with self.changed:
            assert self.changed.wait_for(lambda: path in self.came, ANSWER_S), f"no answer came to {path}"
            return self.came[path][0]


class _Taking(BaseHTTPRequestHandler):
    server: Answers

    def do_POST(self) -> None:
        at = time.perf_counter()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.changed:
            self.server.came[self.path] = at, body
            self.server.changed.notify_all()
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        return


class Line:
    """Requests of Slack's to one address, one after the other, on a connection that is kept."""

    def __init__(self, port: int) -> None:
        self._port, self._connection = port, None
        self._verifier = SignatureVerifier(SECRET)

    def post(self, body: str, kind: str = "application/x-www-form-urlencoded") -> tuple[float, int]:
        """Milliseconds until it is acknowledged, and the status."""
        stamp = str(int(time.time()))
        signature = self._verifier.generate_signature(timestamp=stamp, body=body) or ""
        headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
        connection = HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_S)  # Slack keeps none either
        began = time.perf_counter()
        connection.request("POST", SLACK_PATH, body, headers)
        response = connection.getresponse()
        response.read()
        took = (time.perf_counter() - began) * 1000
        connection.close()
        return took, response.status


class Rig:
    """A Valet at work, and what is around it."""

    def __init__(self, process: "subprocess.Popen[bytes]", ports: tuple[int, int], cloud: str, folder: Path) -> None:
        self.process, self.folder, self.port = process, folder, ports[0]
        self._cloud = cloud
        self._valet, self._bolt = Line(ports[0]), Line(ports[1])
        self._answers = Answers()
        threading.Thread(target=self._answers.serve_forever, daemon=True).start()
        self._number = 0
        self.start_cpu_s = self.cpu_s()
        """What it took until the door was open."""

    def ask(self, command: str, text: str, person: str = ADA) -> tuple[float, float]:
        """Type a command; milliseconds until it is acknowledged, and until its answer is at its response URL."""
        self._number += 1
        path = f"/response/{self._number}"
        url = f"http://127.0.0.1:{self._answers.server_address[1]}{path}"
        began = time.perf_counter()
        took, status = self._valet.post(typed_command(command, text, person, url))
        assert status == 200, status
        return took, (self._answers.wait_for(path) - began) * 1000

    def answer(self) -> str:
        """What the newest answer says."""
        return self._answers.came[f"/response/{self._number}"][1].decode()

    def floor(self) -> float:
        """Milliseconds until Bolt's own no-op has acknowledged the same command."""
        took, status = self._bolt.post(typed_command("/gpu", "status", ADA, "http://127.0.0.1:1/"))
        assert status == 200, status
        return took

    def calls(self) -> dict[str, int]:
        """What AWS was asked since this was asked last."""
        with urllib.request.urlopen(f"{self._cloud}/count", timeout=10) as said:
            counted: dict[str, int] = json.load(said)
            return counted

    def until_swept(self, times: int = 1) -> None:
        """Wait until every source was read, so many times."""
        for _ in range(times):
            now = system_clock()
            _until(lambda now=now: self._read_since(now), SWEPT_S)

    def _read_since(self, now: int) -> bool:
        db = sqlite3.connect(f"file:{self.folder / 'valet.db'}?mode=ro", uri=True, timeout=60)
        with closing(db):
            known = db.execute("SELECT ok_at FROM sources WHERE source LIKE 'ec2/%'").fetchall()
        return bool(known) and all((ok_at or 0) >= now for (ok_at,) in known)

    def processes(self) -> dict[int, str]:
        """Valet and its children, by process id: what each is."""
        parent = self.process.pid
        listed = Path(f"/proc/{parent}/task").glob("*/children")
        children = [int(word) for each in listed for word in each.read_text().split()]
        return {parent: "valet", **dict.fromkeys(children, "child")}

    def cpu_s(self) -> dict[str, float]:
        """Seconds of CPU that Valet, and its children, have used."""
        used: dict[str, float] = {}
        for pid, what in self.processes().items():
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used[what] = used.get(what, 0.0) + (int(stat[11]) + int(stat[12])) / PAGE
        return used

    def mib(self, field: str = "VmRSS") -> dict[str, float]:
        """Resident MiB of Valet, and of its children."""
        held: dict[str, float] = {}
        for pid, what in self.processes().items():
            line = next(each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith(field))
            held[what] = held.get(what, 0.0) + int(line.split()[1]) / 1024
        return held


def typed_command(command: str, text: str, person: str, url: str) -> str:
    told = {"command": command, "text": text, "user_id": person, "user_name": "ada", "channel_id": GPUS}
    return urlencode(told | {"team_id": TEAM_ID, "response_url": url, "trigger_id": "1.1"})


def _until(what: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


@contextmanager
def rig(company: Company) -> Iterator[Rig]:
    """All of it, until the end; Valet has begun, its first sweep has not ended."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(SandboxServer(SandboxSlack(system_clock)))
        sizes = map(str, (company.machines, company.regions, company.share))
        cloud = stack.enter_context(_beside("tests.bench.fake_ec2", *sizes))
        floor = stack.enter_context(_beside("tests.bench.floor", SECRET))
        fill(folder / "valet.db", company)
        port = _free_port()
        (folder / "valet.toml").write_text(_settings(company, port))
        process = stack.enter_context(_valet(folder, server, cloud))
        _until(lambda: _answers(port) or process.poll() is not None, SWEPT_S)
        assert process.poll() is None, (folder / "log").read_text()
        yield Rig(process, (port, int(floor)), cloud, folder)


def _settings(company: Company, port: int) -> str:
    regions = json.dumps(fake_ec2.REGIONS[: company.regions])
    slack = f'[slack]\nchannel = "{GPUS}"\n[door]\nport = {port}\n'
    return f"{slack}[[aws]]\nregions = {regions}\n[teams.nlp]\n[teams.vision]\n[teams.speech]\n{company.toml}"


@contextmanager
def _beside(module: str, *words: str) -> Iterator[str]:
    """A process of the benches' own; what it says first."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *words], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    try:
        yield process.stdout.readline().decode().strip()
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(20)


@contextmanager
def _valet(folder: Path, server: SandboxServer, cloud: str) -> Iterator["subprocess.Popen[bytes]"]:
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_ENDPOINT_URL": cloud}
    slack = {"SLACK_BOT_TOKEN": server.slack.bot_token, "SLACK_SIGNING_SECRET": SECRET}
    here = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SLACK_API_URL": server.api_url}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=folder, env=keys | slack | here, stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(25)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(port: int) -> bool:
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def fill(path: Path, company: Company) -> None:
    """The machines, and what they cost in the hours before now."""
    store, now = Store(path, keeper=True), system_clock()
    rate = Rate(21_957_642, "AWS on-demand, us-east-1")
    known = [(each, each.tags["team"], rate) for each in machines(company)]
    with store.writing() as db:
        stored_fleet.save_all(db, known)
        if company.ledger_hours:
            first = now // HOUR_MS - company.ledger_hours
            for statement in _LEDGER:
                db.execute(statement, {"first": first * HOUR_MS, "hours": company.ledger_hours})
    if company.told_minutes:
        remember(store, [each.id for each, _, _ in known], now, company.told_minutes)
    store.close()


def machines(company: Company) -> Iterator[Instance]:
    """The machines with GPUs that the quick EC2 has, as far as the store needs to know them for a ledger."""
    cloud = fake_ec2.Cloud(company.machines, company.regions, company.share)
    for number, region in cloud.with_gpus():
        name = f"train-{number}"
        yield Instance(
            id=f"i-{number:017x}",
            name=name,
            provider="ec2",
            source=f"ec2/default/{region}",
            type=fake_ec2.GPU_TYPE,
            state="running",
            gpu_model="A100",
            gpu_count=8,
            tags={"Name": name, "team": fake_ec2.team(number)},
        )


_LEDGER = (
    """INSERT INTO charges (instance_id, from_at, until_at, running_ms, micros, rate_micros, team, exact)
    WITH RECURSIVE hours (at) AS (SELECT 0 UNION ALL SELECT at + 1 FROM hours WHERE at + 1 < :hours)
    SELECT i.id, :first + at * 3600000, :first + (at + 1) * 3600000, 3600000, 21957642, 21957642, i.team, 1
    FROM hours, instances i ORDER BY at""",
    """INSERT INTO shares (charge_id, holder, team, use, gpu_ms, micros)
    SELECT c.id, h.holder, c.team, h.use, 4 * 3600000, c.micros / 2
    FROM charges c, (SELECT 'U0ADA' AS holder, 'busy' AS use UNION ALL SELECT 'U0BOB', 'idle') h
    WHERE c.id % 10 = 0 AND :first AND :hours""",
)


def ranked(values: Sequence[float], share: float) -> float:
    """A percentile, such as 0.99."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
