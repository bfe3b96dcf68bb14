"""From what NVML says over hours to the verdict that follows, by the agent's own steps."""

import pytest

HOURS = """
import json, os, sys
from dataclasses import asdict
from bot.agent.minutes import Folding
from bot.agent.print import GpuOutlook
from bot.domain.machines.streaks import minute_state
from bot.domain.machines.verdict import IdleRule
from bot.telemetry.nvml import Nvml

script, hours = sys.argv[1], float(sys.argv[2])
def sets(at_s):
    open(os.environ["FAKE_NVML"], "w").write(f"gpus 1\\n{script}\\nnow {at_s * 1000}\\n")

at = [60000]
sets(at[0])
nvml = Nvml(lambda: float(at[0]))
nvml.open()
folding, outlook, minutes, verdicts = Folding(), GpuOutlook(1000), [], []
for at[0] in range(60000, 60000 + int(hours * 3600), 15):
    sets(at[0])
    tick = at[0] // 60
    for minute in folding.add(tick, {0: nvml.sample(0, with_processes=at[0] % 60 == 0)}):
        minutes.append(asdict(minute) | {"state": minute_state(minute, IdleRule(), started_tick=1000)})
        outlook.add([minute])
        verdicts.append(outlook.text(nvml.gpus, tick).split(";")[0].removeprefix("gpu 0: "))
print(json.dumps([minutes, verdicts]))
"""
"""Watch the only GPU do as the script says for some hours; prints its minutes, and the verdict after each."""


@pytest.fixture
def watched(gpu_host):
    return lambda script, hours: gpu_host.answers(HOURS, script, str(hours), live=True)


@pytest.mark.parametrize(("length", "period"), [(20, 600), (20, 300), (5, 60), (30, 600)])
def test_a_gpu_that_works_in_bursts_is_never_idle(watched, length, period):
    minutes, verdicts = watched(f"0 burst {length} {period} 97", 3)

    active = [minute["tick"] for minute in minutes if minute["state"] == "active"]
    assert set(verdicts) == {"in use"}
    assert len(active) >= len(minutes) * 60 // period
    assert {minute["util_max"] for minute in minutes if minute["state"] == "active"} == {97.0}


@pytest.mark.parametrize("percent", [1, 4])
def test_a_display_is_no_work_and_its_program_no_compute_process(watched, percent):
    minutes, verdicts = watched(f"0 util {percent}\n0 memory 24564 180 300\n0 graphics 4194998 160", 1.5)

    last = minutes[-1]
    assert (last["util_max"], last["compute_processes"], last["graphics_processes"]) == (percent, 0, 1)
    assert "active" not in {minute["state"] for minute in minutes}
    assert (verdicts[0], verdicts[-1]) == ("unknown", "idle")


def test_from_5_percent_on_it_is_work_whoever_does_it(watched):
    _, verdicts = watched("0 util 5\n0 graphics 4194998 160", 1.5)

    assert set(verdicts) == {"in use"}


@pytest.mark.parametrize("kept_away", ["UtilizationRates", "MemoryInfo_v2", "ComputeRunningProcesses"])
def test_what_we_may_not_read_is_never_called_free(watched, kept_away):
    minutes, verdicts = watched(f"0 fail Samples 4\n0 fail {kept_away} 4", 1.5)

    field = {"UtilizationRates": "util_max", "MemoryInfo_v2": "memory_used_mib"}.get(kept_away, "compute_processes")
    assert {minute[field] for minute in minutes} == {None}
    assert "Insufficient Permissions" in {minute["error"] for minute in minutes}
    assert "idle" not in verdicts


def test_without_the_right_to_read_utilisation_nothing_is_known_of_an_empty_gpu(watched):
    minutes, verdicts = watched("0 fail Samples 4\n0 fail UtilizationRates 4", 1.5)

    assert {minute["state"] for minute in minutes} == {"unknown"}
    assert set(verdicts) == {"unknown"}
