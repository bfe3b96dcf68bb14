"""What a real `valet run` takes in memory at 10,000 instances of 8 GPUs, at rest and while it is asked.

Run as `python -m tests.bench.bench_memory`, or `pytest -m bench -s tests/bench/bench_memory.py`. With 10,000 owned
machines; and with the 2,000 in EC2 that moto lists in time, for what boto3 and its models take.
It leaves out the ledger, reports of it, and hours of use: `bench_expect` and `bench_answers` run with a ledger, and say
what the child process that looks at EC2 takes.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from bot.domain.clock import system_clock
from bot.sandbox.slack import SandboxServer, SandboxSlack
from bot.services.context import Context
from bot.settings import parse
from store import Store
from tests.bench.crowd import fill, remember
from tests.live.moto_server import ENVIRONMENT, MotoServer, moto_server
from tests.stories.conftest import SETTINGS

COUNT = 10_000
RENTED = 2_000
MINUTES = 10
"""So much telemetry lies in the store: 80,000 GPUs times this."""
TOML = '[slack]\nchannel = "C0GPUS001"\n[door]\nport = 0\n'
AWS = '[[aws]]\nregions = ["us-east-1"]\n'


def mib(process: subprocess.Popen[bytes], field: str) -> float:
    """VmRSS or VmHWM of a process."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(field)).split()[1]) / 1024


def started(folder: Path, server: SandboxServer, **more: str) -> subprocess.Popen[bytes]:
    """`valet run` in the folder, connected."""
    slack = server.slack
    known = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, "SLACK_API_URL": server.api_url}
    log = (folder / "valet.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"], cwd=folder, env={**os.environ, **known, **more}, stdout=log, stderr=log
    )
    while not server.link.connections:
        assert process.poll() is None, (folder / "valet.log").read_text()
        time.sleep(0.05)
    return process


def asked(slack: SandboxSlack, times: int) -> None:
    """Type commands of every kind and wait for all answers."""
    lines = ("/gpu status", "/gpu status idle", "/gpu status team:nlp", "/cost forecast", "/gpu claim trian-7")
    before = len(slack.sees("ada", "#gpus"))
    for number in range(times):
        slack.command("ada", "#gpus", lines[number % len(lines)])
    while len(slack.sees("ada", "#gpus")) < before + times:
        time.sleep(0.05)


def watched(folder: Path, server: SandboxServer, settle_s: float, **more: str) -> dict[str, float]:
    """Resident MiB of a run, over at least two sweeps and rounds of judging."""
    process = started(folder, server, PYTHONPATH=str(Path(__file__).parents[2]), **more)
    figures = {"connected": mib(process, "VmRSS")}
    time.sleep(settle_s)
    figures["after the jobs' first rounds"] = mib(process, "VmRSS")
    asked(server.slack, 100)
    figures["after 100 commands"] = mib(process, "VmRSS")
    figures["highest"] = mib(process, "VmHWM")
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    return figures


def owned(folder: Path, server: SandboxServer) -> dict[str, float]:
    """10,000 owned machines and what their agents have told."""
    settings = parse(SETTINGS, {})
    store = Store(folder / "valet.db")
    ctx = Context(store, system_clock, settings, {}, settings.roster)
    made = fill(ctx, COUNT, "owned")
    remember(store, [each.id for each in made], system_clock(), MINUTES)
    store.close()
    (folder / "valet.toml").write_text(TOML)
    return watched(folder, server, 75)


def rented(folder: Path, server: SandboxServer, moto: MotoServer) -> dict[str, float]:
    """2,000 machines in EC2, as moto lists them."""
    client = moto.client("ec2")
    for _ in range(RENTED // 1_000):
        client.run_instances(ImageId="ami-12345678", InstanceType="p4d.24xlarge", MinCount=1_000, MaxCount=1_000)
    (folder / "valet.toml").write_text(AWS + TOML)
    return watched(folder, server, 75, AWS_ENDPOINT_URL=moto.url, VALET_DB="valet.db")


def measure() -> dict[str, float]:
    """Resident MiB by what was measured."""
    figures: dict[str, float] = {}
    os.environ.update(ENVIRONMENT)
    with SandboxServer(SandboxSlack(system_clock)) as server, tempfile.TemporaryDirectory() as name:
        for kind in ("owned", "rented"):
            folder = Path(name) / kind
            folder.mkdir()
            if kind == "owned":
                found = owned(folder, server)
            else:
                with moto_server() as moto:
                    found = rented(folder, server, moto)
                    stored = Store(folder / "valet.db")
                    count = stored.reading().execute("SELECT count(*) FROM instances").fetchone()[0]
                    stored.close()
                    figures["rented: instances seen"] = count
            figures |= {f"{kind}: {what}, MiB": value for what, value in found.items()}
    return figures


def report(figures: dict[str, float]) -> str:
    """A figure a line."""
    return "\n".join(f"{value:10.1f}  {name}" for name, value in figures.items())


@pytest.mark.bench
def test_bench_memory(capsys):
    figures = measure()

    with capsys.disabled():
        print("\n" + report(figures))


if __name__ == "__main__":
    print(report(measure()))
