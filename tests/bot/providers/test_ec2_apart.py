"""EC2 looked at by a process of its own: what it tells is the same, and one that dies, hangs or lags harms nothing."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import MINUTE_MS, SECOND_MS
from bot.domain.machines.fleet import Instance, SourceSnapshot, UncoveredMachine
from bot.domain.machines.shape import Shape
from bot.outside import providers_of
from bot.providers.accounts import AwsAccount
from bot.providers.ec2 import Ec2
from bot.providers.ec2_apart import Ec2Apart
from bot.providers.sweep_process import Patience, SweepProcess
from bot.providers.sweep_wire import Gathered, last_line, machine_lines, wire_line
from bot.services.acting import steps
from bot.services.machines import fleet
from bot.settings import parse
from store.machines import fleet as stored_fleet
from tests.bot.providers.aws_impostor import ENVIRONMENT
from tests.bot.services.room import Room
from tests.examples import examples

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
EAST, WEST = "us-east-1", "us-west-2"
ACCOUNTS = [AwsAccount((EAST, WEST))]
MACHINES = 40


class Cloud:
    """The benches' quick EC2: 40 machines in two regions, half of them with GPUs."""

    def __init__(self, url: str) -> None:
        self.url = url

    def asked(self) -> dict[str, int]:
        """How often each action was asked for since this was asked last."""
        with urllib.request.urlopen(f"{self.url}/count", timeout=10) as said:
            counted: dict[str, int] = json.load(said)
            return counted


@pytest.fixture(scope="module")
def running():
    command = [sys.executable, "-m", "tests.bench.fake_ec2", str(MACHINES), "2", "0.5"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process.stdout.readline().decode().strip()
        process.stdin.close()


@pytest.fixture
def cloud(running, monkeypatch):
    for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": running, "SLACK_BOT_TOKEN": "xoxb-1"}.items():
        monkeypatch.setenv(name, value)
    found = Cloud(running)
    found.asked()
    return found


@pytest.fixture
def process():
    begun = SweepProcess(Patience(silent_s=20))
    yield begun
    begun.close()


def is_gone(pid: int) -> bool:
    """Ended; where nobody waits for orphans, what is left of one is no process any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def until(what, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def looks(ec2: Ec2) -> dict[str, SourceSnapshot]:
    return {look.source: look for look in ec2.sweep()}


def test_the_other_process_sees_what_this_one_would(cloud, process):
    apart = Ec2Apart(ACCOUNTS, process, large=1)

    there, here = looks(apart), looks(Ec2(ACCOUNTS))

    assert there == here
    assert sum(len(look.instances) for look in there.values()) == MACHINES / 2
    assert process.pid is not None


def test_what_it_has_read_beside_the_machines_is_known_here_and_to_its_successor(cloud, process):
    apart = Ec2Apart(ACCOUNTS, process, large=1, clock=lambda: 1_795_824_000_000)
    first = looks(apart)
    once = cloud.asked()
    os.kill(process.pid, signal.SIGKILL)

    again = looks(apart)

    assert again == first
    assert {str(each.disks) for look in again.values() for each in look.instances} == {"{'gp3': 200}"}
    asked = cloud.asked()
    assert (once["DescribeVolumes"], asked.get("DescribeVolumes", 0)) == (2, 0)
    assert (once["DescribeInstanceAttribute"], asked.get("DescribeInstanceAttribute", 0)) == (MACHINES / 2, 0)


def test_one_that_dies_while_it_looks_is_replaced_at_once(cloud, process):
    apart = Ec2Apart(ACCOUNTS, process, large=1)
    looks(apart)
    first = process.pid
    os.kill(first, signal.SIGSTOP)
    found: dict[str, SourceSnapshot] = {}
    sweeping = threading.Thread(target=lambda: found.update(looks(apart)))
    sweeping.start()

    os.kill(first, signal.SIGKILL)
    sweeping.join()

    assert [look.error for look in found.values()] == [None, None]
    assert process.pid not in {first, None}
    assert is_gone(first)


def test_one_that_hangs_is_given_up_and_replaced_at_the_next_look(cloud):
    process = SweepProcess(Patience(silent_s=20))
    apart = Ec2Apart(ACCOUNTS, process, large=1)
    looks(apart)
    first = process.pid
    os.kill(first, signal.SIGSTOP)
    process.patience = Patience(silent_s=0.2)

    hung = looks(apart)
    process.patience = Patience(silent_s=20)
    after = looks(apart)
    process.close()

    assert {look.error for look in hung.values()} == {
        "us-east-1 was not read: the process that looks at AWS did not answer in time",
        "us-west-2 was not read: the process that looks at AWS did not answer in time",
    }
    assert [look.error for look in after.values()] == [None, None]
    assert is_gone(first)


def test_one_that_can_not_live_leaves_the_fleet_old_with_a_word_why(cloud, process, monkeypatch, tmp_path, clock):
    room = Room(tmp_path / "valet.db", clock)
    room.ctx.providers["ec2"] = Ec2Apart(ACCOUNTS, process, large=1, clock=clock)
    room.sweep()
    os.kill(process.pid, signal.SIGKILL)
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    clock.forward(MINUTE_MS)

    room.sweep()

    known = {each.name: each for each in stored_fleet.fleet_sources(room.ctx.store.reading())}
    east = known["ec2/default/us-east-1"]
    assert east.ok_at == clock() - MINUTE_MS
    assert east.error == "us-east-1 was not read: the process that looks at AWS ended with 1"
    assert len(stored_fleet.rows_of_source(room.ctx.store.reading(), east.name)) == MACHINES / 4
    room.close()


def test_a_look_begun_before_an_action_does_not_overwrite_what_was_seen_after_it(cloud, process, tmp_path, clock):
    room = Room(tmp_path / "valet.db", clock)
    room.ctx.providers["ec2"] = Ec2Apart(ACCOUNTS, process, large=1, clock=clock)
    room.sweep()
    source = "ec2/default/us-east-1"
    machine = next(iter(stored_fleet.rows_of_source(room.ctx.store.reading(), source)))
    known = stored_fleet.instance_of(stored_fleet.by_id(room.ctx.store.reading(), machine))
    clock.forward(MINUTE_MS)
    os.kill(process.pid, signal.SIGSTOP)
    asked = process.number
    sweeping = threading.Thread(target=fleet.sweep, args=[room.ctx])
    sweeping.start()
    until(lambda: process.number > asked)

    clock.forward(SECOND_MS)
    with room.ctx.store.writing() as db:
        stopping = Instance(known.id, known.name, "ec2", source, known.type, "stopping", launched_at=known.launched_at)
        steps.save_seen(room.ctx, db, stopping, seen_at=clock())
    os.kill(process.pid, signal.SIGCONT)
    sweeping.join()

    assert stored_fleet.by_id(room.ctx.store.reading(), machine)["state"] == "stopping"
    room.sweep()
    assert stored_fleet.by_id(room.ctx.store.reading(), machine)["state"] == "running"
    room.close()


def test_what_is_left_of_a_look_that_nobody_waits_for_is_dropped(cloud, process):
    now = [1_795_824_000_000]
    apart = Ec2Apart(ACCOUNTS, process, large=1, clock=lambda: now[0])
    abandoned = apart.sweep()
    next(abandoned)
    abandoned.close()
    now[0] += MINUTE_MS

    told = [(look.source, apart.memory_of(look.source, since=0)["protection"]) for look in apart.sweep()]

    assert sorted(source for source, _ in told) == sorted(apart.sources)
    assert [len(protection) for _, protection in told] == [MACHINES / 4, MACHINES / 4]


def test_a_small_fleet_is_looked_at_from_here_and_one_that_grew_from_there(cloud, process):
    apart = Ec2Apart(ACCOUNTS, process, large=3 * MACHINES)
    begun = []

    for large in (3 * MACHINES, 3 * MACHINES, MACHINES, MACHINES):
        apart.large = large
        assert [look.error for look in apart.sweep()] == [None, None]
        begun.append(process.pid is not None)

    assert begun == [False, False, False, True]


def test_regions_of_settings_that_were_read_again_are_looked_at_by_the_same_process(cloud, process):
    settings = {"slack": {"channel": "C0GPUS001"}, "aws": [{"regions": [EAST]}]}
    found = []
    for regions in ([EAST], [EAST, WEST], [WEST]):
        settings["aws"] = [{"regions": regions}]
        ec2 = providers_of(parse(settings, {}), lambda: 1_795_824_000_000, process)["ec2"]
        ec2.large = 1
        found.append((sorted(look.source for look in ec2.sweep()), process.pid))

    east, west = "ec2/default/us-east-1", "ec2/default/us-west-2"
    assert [sources for sources, _ in found] == [[east], [east, west], [west]]
    assert len({pid for _, pid in found}) == 1


def test_it_is_given_nothing_of_slacks_and_ends_in_order_whatever_it_hears(cloud, process):
    looks(Ec2Apart(ACCOUNTS, process, large=1))
    pid = process.pid
    seen = Path(f"/proc/{pid}/environ").read_bytes()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # of a service or a terminal that ends: Valet decides
        os.kill(pid, number)
    again = looks(Ec2Apart(ACCOUNTS, process, large=1))
    process.close()

    assert b"AWS_ENDPOINT_URL" in seen
    assert b"xoxb-1" not in seen
    assert [look.error for look in again.values()] == [None, None]
    assert is_gone(pid)
    assert process.pid is None


def test_it_ends_when_whoever_began_it_is_killed(cloud):
    code = (
        "from bot.providers.ec2_apart import Ec2Apart; from bot.providers.accounts import AwsAccount\n"
        "from bot.providers.sweep_process import SweepProcess; import time\n"
        f"process = SweepProcess(); list(Ec2Apart([AwsAccount(('{EAST}',))], process, large=1).sweep())\n"
        "print(process.pid, flush=True); time.sleep(20)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        assert not is_gone(pid)

        parent.kill()

    until(lambda: is_gone(pid))


TEXT = st.text("ab <\u2028é", max_size=4)
TAGS = st.dictionaries(TEXT, TEXT, max_size=3)
SHAPES = st.one_of(st.none(), st.builds(Shape, platform=TEXT, operation=TEXT, tenancy=TEXT, lifecycle=TEXT))
MACHINE = st.builds(
    Instance,
    id=st.text("i-0123", min_size=1),
    name=TEXT,
    provider=st.just("ec2"),
    source=st.just("ec2/default/us-east-1"),
    type=TEXT,
    state=st.sampled_from(["running", "stopped"]),
    gpu_count=st.integers(0, 16),
    launched_at=st.one_of(st.none(), st.integers(0, 2**45)),
    shape=SHAPES,
    stop_protected=st.booleans(),
    disks=st.one_of(st.none(), st.dictionaries(TEXT, st.integers(0, 9))),
    addresses=st.one_of(st.none(), st.integers(0, 3)),
    tags=TAGS,
)
OTHERS = st.one_of(
    st.none(), st.lists(st.builds(UncoveredMachine, id=TEXT, name=TEXT, type=TEXT, what=TEXT), max_size=3).map(tuple)
)


def as_plain(look: SourceSnapshot) -> SourceSnapshot:
    """With names made plain once more, as every record makes them of what it is given."""
    others = None if look.others is None else tuple(map(replace, look.others))
    return replace(look, instances=tuple(map(replace, look.instances)), others=others)


@settings(max_examples=examples(40))
@given(
    st.builds(SourceSnapshot, st.just("ec2/default/us-east-1"), st.lists(MACHINE, max_size=3).map(tuple), others=OTHERS)
)
def test_a_look_comes_over_as_it_was(look):
    gathered = Gathered()

    came = [gathered.add(json.loads(wire_line(each))) for each in [*machine_lines(look), last_line(look)]]

    assert came[-1] == as_plain(look)
    assert not any(came[:-1])
