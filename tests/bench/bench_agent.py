"""What the agent costs its host: CPU per look at the GPUs, and memory.

Run as `python -m tests.bench.bench_agent`, or `pytest -m bench -s tests/bench/bench_agent.py`. The GPUs are the fake
library's, each with 90 values of history a look and two programs, so its own cost is in the figures.

gpustat (which sleeps 0.1 s a GPU) and nvitop are measured beside it, on the same library and with the same programs,
when VALET_PEERS names a Python that has them:
    python -m venv /tmp/peers && /tmp/peers/bin/pip install gpustat==1.1.1 nvitop==1.7.2
    VALET_PEERS=/tmp/peers/bin/python python -m tests.bench.bench_agent
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.live.gpus.library import GpuHost, build, has_compiler

SCRIPT = (
    "gpus {gpus}\n* util 30\n* history 90 5 97\n* memory 81559 4000 551\n* compute {pid} 2000\n* graphics {pid} 9\n"
)

LOOKS = """
import json, time
from bot.agent.host import HostTime
from bot.agent.minutes import Folding
from bot.agent.sampler import Sampler
from bot.telemetry.nvml import Nvml

def microseconds(step, looks=400):
    best = float("inf")
    for _ in range(5):
        began = time.process_time_ns()
        for place in range(looks):
            step(place)
        best = min(best, (time.process_time_ns() - began) / looks / 1000)
    return best

nvml = Nvml()
nvml.open()
sampler, folding = Sampler(nvml, HostTime().now), Folding()
every = [gpu.index for gpu in nvml.gpus]
read = lambda place: [nvml.sample(index) for index in every]
listed = lambda place: [nvml.sample(index, with_processes=True) for index in every]
whole = lambda place: folding.add(place // 4, sampler.take(processes_of=every if place % 4 == 0 else ()))
print(json.dumps([microseconds(read), microseconds(listed), microseconds(whole)]))
"""

PUSH = """
import json, time
from bot.agent.host import HostTime
from bot.agent.sender import About, Sender
from bot.agent.post import DoorAnswer
from bot.domain.machines.readings import Minute, Process

class Numbers:
    def next(self):
        return 1

sender = Sender(lambda body: DoorAnswer(200), Numbers(), HostTime("b", lambda: 6000.0), About("h", 1, "1"))
programs = (Process("python3", "ada", 2000), Process("Xorg", "root", 9))
minutes = [Minute(gpu=g, tick=99, samples=4, util_max=9.0, watts=70.0, processes=programs) for g in range(8)]
began = time.process_time_ns()
for _ in range(500):
    sender.offer(minutes, About("h", 1, "1"))
    sender.send()
print(json.dumps((time.process_time_ns() - began) / 500 / 1000))
"""


PEERS = """
import json, resource, sys, time

def milliseconds(step, looks):
    best_cpu = best_wall = float("inf")
    for _ in range(3):
        began, wall = time.process_time_ns(), time.perf_counter_ns()
        for _ in range(looks):
            step()
        best_cpu = min(best_cpu, (time.process_time_ns() - began) / looks / 1000)
        best_wall = min(best_wall, (time.perf_counter_ns() - wall) / looks / 1000)
    return best_cpu, best_wall

if sys.argv[1] == "gpustat":
    import gpustat
    step, looks = gpustat.new_query, 2
else:
    from nvitop import Device
    devices = Device.all()
    step, looks = (lambda: [device.as_snapshot() for device in devices]), 50
cpu, wall = milliseconds(step, looks)
print(json.dumps([cpu, wall, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def measure() -> dict[str, float]:
    """Microseconds of CPU and MiB of memory, best of five."""
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        host = GpuHost(Path(folder), build(Path(folder) / "lib"))
        for gpus in (8, 16):
            host.does(SCRIPT.format(gpus=gpus, pid=os.getpid()))
            read, listed, whole = host.answers(LOOKS)
            figures[f"{gpus} GPUs: reading alone, us CPU"] = read
            figures[f"{gpus} GPUs: reading with programs (once a minute), us CPU"] = listed
            figures[f"{gpus} GPUs: reading, mean of a minute's four, us CPU"] = (3 * read + listed) / 4
            figures[f"{gpus} GPUs: the same with watchdog and folding, mean of a minute's four, us CPU"] = whole
            figures |= _peers(host, gpus)
        figures["8 GPUs: making a push of a minute, without the network, us CPU"] = host.answers(PUSH)
        for name, server in (("http", "http://127.0.0.1:9"), ("https", "https://127.0.0.1:9")):
            resident, cpu = _process(host, server)
            figures[f"16 GPUs: `valet agent` over {name}, resident MiB"] = resident
            figures[f"16 GPUs: `valet agent` over {name}, CPU to start, ms"] = cpu
    return figures


def _peers(host: GpuHost, gpus: int) -> dict[str, float]:
    """What gpustat and nvitop need for one look, where there is a Python that has them."""
    python = os.environ.get("VALET_PEERS")
    figures = {}
    for name in ("gpustat", "nvitop") if python else ():
        env = host.environment() | {"PYTHONPATH": ""}
        done = subprocess.run([python, "-c", PEERS, name], env=env, capture_output=True, text=True, check=True)
        cpu, wall, resident = json.loads(done.stdout)
        figures[f"{gpus} GPUs: {name}, us CPU"] = cpu
        figures[f"{gpus} GPUs: {name}, us passed"] = wall
        figures[f"{gpus} GPUs: {name}, resident MiB"] = resident
    return figures


def _process(host: GpuHost, server: str) -> tuple[float, float]:
    """Resident MiB and CPU milliseconds of the agent's process, seen through its command line."""
    token = host.folder / "token"
    token.write_text("t")
    token.chmod(0o600)
    command = [sys.executable, "-m", "bot", "agent", "--server", server, "--token-file", str(token)]
    process = subprocess.Popen(command, env=host.environment(), stderr=subprocess.DEVNULL)
    time.sleep(20)  # at least one look, at 15 s
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    process.send_signal(signal.SIGTERM)
    process.wait(15)
    cpu_s = (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")
    return int(status["VmHWM"].split()[0]) / 1024, cpu_s * 1000


def report(figures: dict[str, float]) -> str:
    """A figure a line."""
    return "\n".join(f"{value:10.1f}  {name}" for name, value in figures.items())


@pytest.mark.bench
def test_bench_agent(capsys):
    if not has_compiler():
        pytest.skip("gcc is needed to build the fake libnvidia-ml.so.1")

    figures = measure()

    with capsys.disabled():
        print("\n" + report(figures))


if __name__ == "__main__":
    print(report(measure()))
