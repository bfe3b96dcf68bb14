"""Jobs on an owned host: through the real door, with real processes; each starts once, whatever happens."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.agent.post import DoorAnswer, DoorClient, Server
from bot.agent.runs import RunWorker, pause_before_asking
from bot.domain.clock import system_clock
from bot.domain.sharing.runs import Run, RunLook, command_for_gpus
from bot.errors import Refused, Unreachable
from bot.telemetry.deliveries import Receipt
from bot.telemetry.door import Health, door
from bot.telemetry.runs_door import RunsDoor
from bot.telemetry.serving import DoorServer
from tests.bot.telemetry.one_by_one import one_by_one


class Bot:
    """What the bot knows, and what it was told."""

    def __init__(self) -> None:
        self.offers: list[tuple[Run, int]] = []
        self.told: list[tuple[str, RunLook]] = []
        self.deaf = False

    def offered(self, host: str) -> list[tuple[Run, int]]:
        assert host == "dgx-1"
        return self.offers

    def reported(self, host: str, run_id: str, seen: RunLook) -> bool:
        if self.deaf:
            raise Unreachable("The database can't be used.")
        self.told.append((run_id, seen))
        return True

    def last(self) -> RunLook:
        return self.told[-1][1]


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.fixture
def door_client(bot: Bot) -> Iterator[DoorClient]:
    runs = RunsDoor(lambda _sha256: "dgx-1", bot.offered, bot.reported, system_clock)
    nothing = one_by_one(lambda *_: Receipt(0, duplicate=False))
    app = door(nothing, lambda _: None, lambda: Health(ok=True), more=runs.routes())
    server = DoorServer(app, "127.0.0.1", 0)
    server.start()
    yield DoorClient(Server.parse(f"http://127.0.0.1:{server.port}"), "a-token", agent="test")
    server.stop()


def run(command: str, run_id: str = "r1") -> Run:
    return Run(run_id, "job", command, "ml", "dgx-1", "c", "UADA", "UADA", 0)


def until(holds: Callable[[], bool], worker: RunWorker) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        worker.step()
        time.sleep(0.05)


def test_it_runs_a_command_and_tells_its_exit_code_and_last_lines(bot, door_client, tmp_path):
    bot.offers = [(run("echo one; echo two >&2; exit 3"), 60)]
    worker = RunWorker(door_client, tmp_path, uid=1000)

    until(lambda: bool(bot.told) and bot.last().state == "done", worker)

    assert (bot.last().exit_code, bot.last().tail) == (3, "one\ntwo")


def test_a_command_for_a_part_of_the_machine_finds_that_part_in_its_environment(bot, door_client, tmp_path):
    bot.offers = [
        (run(command_for_gpus('echo "$CUDA_DEVICE_ORDER $CUDA_VISIBLE_DEVICES"', (2, 5), ["GPU-a b", "GPU-c"])), 60)
    ]
    worker = RunWorker(door_client, tmp_path, uid=1000)

    until(lambda: bool(bot.told) and bot.last().state == "done", worker)

    assert bot.last().tail == "PCI_BUS_ID GPU-a b,GPU-c"


def test_offered_again_and_again_it_runs_once(bot, door_client, tmp_path):
    mark = tmp_path / "ran"
    bot.offers = [(run(f"echo x >> {mark}"), 60)]
    worker = RunWorker(door_client, tmp_path / "state", uid=1000)
    until(lambda: any(seen.state == "done" for _, seen in bot.told), worker)

    for _ in range(3):
        worker.step()
    again = RunWorker(door_client, tmp_path / "state", uid=1000)
    again.step()

    assert mark.read_text() == "x\n"


def test_one_an_earlier_agent_began_is_told_as_lost_and_not_begun_again(bot, door_client, tmp_path):
    (tmp_path / "runs.json").write_text(json.dumps({"r1": "begun"}))
    bot.offers = [(run(f"touch {tmp_path}/ran"), 60)]
    worker = RunWorker(door_client, tmp_path, uid=1000)

    worker.step()

    assert bot.last().state == "lost"
    assert not (tmp_path / "ran").exists()


def test_when_its_time_is_over_it_is_ended_with_all_it_has_started(bot, door_client, tmp_path):
    bot.offers = [(run("sleep 300 & sleep 300"), 60)]
    worker = RunWorker(door_client, tmp_path, uid=1000)
    until(lambda: bool(bot.told), worker)

    bot.offers = [(bot.offers[0][0], 0)]
    until(lambda: bot.last().state == "cancelled", worker)

    assert bot.last().exit_code == -15


def test_one_cancelled_before_it_began_never_begins(bot, door_client, tmp_path):
    bot.offers = [(run(f"touch {tmp_path}/ran"), 0)]
    worker = RunWorker(door_client, tmp_path / "state", uid=1000)

    worker.step()

    assert bot.last().state == "cancelled"
    assert not (tmp_path / "ran").exists()


def test_the_end_is_told_again_until_the_bot_has_heard_it(bot, door_client, tmp_path):
    bot.deaf = True
    bot.offers = [(run("true"), 60)]
    worker = RunWorker(door_client, tmp_path, uid=1000)
    for _ in range(10):
        worker.step()
        time.sleep(0.05)

    bot.deaf = False
    until(lambda: bool(bot.told) and bot.last().state == "done", RunWorker(door_client, tmp_path, uid=1000))

    assert bot.last().exit_code == 0


def test_when_the_agent_ends_so_does_what_it_runs(bot, door_client, tmp_path):
    bot.offers = [(run("sleep 300"), 60)]
    worker = RunWorker(door_client, tmp_path, uid=1000)
    worker.start()
    deadline = time.monotonic() + 20
    while not bot.told and time.monotonic() < deadline:
        time.sleep(0.05)

    worker.end()

    assert bot.last().state == "cancelled"


def test_hostile_output_is_told_as_plain_lines(bot, door_client, tmp_path):
    bot.offers = [(run(r"printf 'a\033[31mb\000c\n'; head -c 100000 /dev/zero | tr '\0' x"), 60)]
    worker = RunWorker(door_client, tmp_path, uid=1000)

    until(lambda: bool(bot.told) and bot.last().state == "done", worker)

    assert bot.last().tail.replace("x", "") == ""


def test_as_root_or_with_an_unreadable_memory_it_runs_nothing(door_client, tmp_path):
    with pytest.raises(Refused, match="refuses to run people's commands as root"):
        RunWorker(door_client, tmp_path, uid=0)
    Path(tmp_path / "runs.json").write_text("{")
    with pytest.raises(Refused, match="jobs could start twice"):
        RunWorker(door_client, tmp_path, uid=1000)


def test_an_agent_asks_a_bot_that_gives_no_runs_ever_more_rarely():
    away = [pause_before_asking(DoorAnswer(None, "refused"), failures, 1.0) for failures in range(8)]

    assert away == [10.0, 20.0, 40.0, 80.0, 120.0, 120.0, 120.0, 120.0]
    assert pause_before_asking(DoorAnswer(503, retry_after_s=60.0), 1, 0.0) == 60.0
    assert pause_before_asking(DoorAnswer(200), 0, 1.0) == 10.0
