"""bot.telemetry.nvml with the real nvidia-ml-py: every hardware mood has an honest sample."""

import os

LOOK = """
import json, sys
from dataclasses import asdict
from bot.telemetry.nvml import Nvml
nvml = Nvml()
nvml.open()
samples = [asdict(nvml.sample(gpu.index, with_processes=True)) for gpu in nvml.gpus]
print(json.dumps({"driver": nvml.driver, "gpus": [asdict(gpu) for gpu in nvml.gpus], "samples": samples}))
"""


def test_a_busy_gpu_is_read_whole(gpu_host):
    gpu_host.does(f"gpus 1\n0 util 55\n0 codec 3\n0 memory 81559 1200 551\n0 compute {os.getpid()} 1100\n")

    seen = gpu_host.answers(LOOK)

    sample = seen["samples"][0]
    assert seen["driver"] == "580.95.05"
    assert seen["gpus"][0]["name"] == "NVIDIA H100 80GB HBM3"
    assert seen["gpus"][0]["memory_mib"] == 81559
    assert (sample["util_max"], sample["util_mean"], sample["codec"]) == (55, 55, 3)
    assert (sample["memory_used_mib"], sample["memory_total_mib"]) == (1200, 81559)
    assert (sample["compute_processes"], sample["graphics_processes"]) == (1, 0)
    assert sample["processes"][0]["memory_mib"] == 1100
    assert sample["processes"][0]["name"].startswith(("python", "pytest"))
    assert sample["energy_mj"] >= 1_000_000
    assert sample["error"] is None


def test_a_burst_between_two_looks_is_seen_in_the_drivers_history(gpu_host):
    gpu_host.does("gpus 1\n0 util 0\n0 history 90 0 97\n")

    sample = gpu_host.answers(LOOK)["samples"][0]

    assert sample["util_max"] == 97
    assert 1 < sample["util_mean"] < 2


def test_one_value_that_can_not_be_does_not_hide_the_work_beside_it(gpu_host):
    gpu_host.does("gpus 1\n0 util 0\n0 history 90 4294967295 97\n")

    assert gpu_host.answers(LOOK)["samples"][0]["util_max"] == 97


def test_a_quiet_gpu_reads_zero_not_nothing(gpu_host):
    gpu_host.does("gpus 1\n")

    sample = gpu_host.answers(LOOK)["samples"][0]

    assert (sample["util_max"], sample["memory_used_mib"], sample["compute_processes"]) == (0, 0, 0)


def test_a_lost_gpu_does_not_blind_the_others(gpu_host):
    gpu_host.does("gpus 3\n* util 20\n1 fail * 15\n")

    samples = gpu_host.answers(LOOK)["samples"]

    assert [sample["util_max"] for sample in samples] == [20, None, 20]
    assert samples[1]["error"] == "GPU is lost"
    assert samples[1]["memory_used_mib"] is None


def test_a_gpu_that_comes_back_is_read_again(gpu_host):
    gpu_host.does("gpus 1\n0 fail * 15\n")
    code = """
import json, os
from bot.telemetry.nvml import Nvml
nvml = Nvml()
nvml.open()
before = nvml.sample(0)
open(os.environ["FAKE_NVML"], "w").write("gpus 1\\n0 util 7\\n")
after = nvml.sample(0)
print(json.dumps([before.error, after.error, after.util_max, nvml.gpus[0].name]))
"""

    seen = gpu_host.answers(code, live=True)

    assert seen == ["GPU is lost", None, 7, "NVIDIA H100 80GB HBM3"]


def test_mig_utilisation_is_unknown_even_when_the_driver_says_zero(gpu_host):
    gpu_host.does("gpus 1\n0 mig 1\n0 util 0\n0 memory 81559 700 551\n")

    sample = gpu_host.answers(LOOK)["samples"][0]

    assert sample["mig"] is True
    assert (sample["util_max"], sample["codec"]) == (None, None)
    assert sample["memory_used_mib"] == 700
    assert sample["error"] is None


def test_a_call_that_is_not_supported_is_missing_without_an_error(gpu_host):
    gpu_host.does(
        "gpus 1\n0 util 9\n0 fail EncoderUtilization 3\n0 fail DecoderUtilization 3\n"
        "0 fail TotalEnergyConsumption 3\n0 watts 65\n"
    )

    sample = gpu_host.answers(LOOK)["samples"][0]

    assert (sample["codec"], sample["energy_mj"], sample["watts"]) == (None, None, 65)
    assert (sample["util_max"], sample["error"]) == (9, None)


def test_wsl_without_utilisation_or_process_list_gives_memory_only(gpu_host):
    gpu_host.does("gpus 1\n0 fail UtilizationRates 3\n0 fail ComputeRunningProcesses 3\n0 memory 24564 900 300\n")

    sample = gpu_host.answers(LOOK)["samples"][0]

    assert (sample["util_max"], sample["compute_processes"], sample["memory_used_mib"]) == (None, None, 900)


def test_missing_permission_is_said_and_the_rest_is_read(gpu_host):
    gpu_host.does("gpus 1\n0 util 9\n0 fail MemoryInfo_v2 4\n0 fail ComputeRunningProcesses 4\n")

    sample = gpu_host.answers(LOOK)["samples"][0]

    assert sample["util_max"] == 9
    assert (sample["memory_used_mib"], sample["compute_processes"]) == (None, None)
    assert sample["error"] == "Insufficient Permissions"


def test_an_error_code_nobody_knows_is_survived(gpu_host):
    gpu_host.does("gpus 2\n* util 4\n0 fail MemoryInfo_v2 4711\n")

    samples = gpu_host.answers(LOOK)["samples"]

    assert samples[0]["util_max"] == 4
    assert samples[0]["error"] == "Fake error"
    assert samples[1]["error"] is None


def test_an_old_driver_is_read_with_the_old_calls(old_gpu_host):
    old_gpu_host.does(f"gpus 1\n0 util 9\n0 memory 81559 1000 551\n0 compute {os.getpid()} 900\n")

    sample = old_gpu_host.answers(LOOK)["samples"][0]

    assert sample["util_max"] == 9
    assert sample["memory_used_mib"] == 1551
    assert (sample["compute_processes"], sample["graphics_processes"]) == (1, 0)
    assert sample["error"] is None


def test_a_program_that_is_out_of_sight_is_counted_without_a_name(gpu_host):
    gpu_host.does("gpus 1\n0 compute 4194999 900\n0 graphics 4194998 10\n")

    sample = gpu_host.answers(LOOK)["samples"][0]

    assert (sample["compute_processes"], sample["graphics_processes"]) == (1, 1)
    assert sample["processes"] == [
        {"name": "", "user": "", "memory_mib": 900},
        {"name": "", "user": "", "memory_mib": 10},
    ]


def test_only_the_largest_programs_are_named_but_all_are_counted(gpu_host):
    gpu_host.does("gpus 1\n" + "".join(f"0 compute {4194000 + n} {n}\n" for n in range(20)))

    sample = gpu_host.answers(LOOK)["samples"][0]

    assert sample["compute_processes"] == 20
    assert [process["memory_mib"] for process in sample["processes"]] == [19, 18, 17, 16, 15, 14, 13, 12]


OPEN = """
import json
from bot.errors import Unreachable
from bot.telemetry.nvml import Nvml
try:
    Nvml().open()
    print(json.dumps("open"))
except Unreachable as error:
    print(json.dumps(str(error)))
"""


def test_no_driver_is_said(host_without_driver):
    reason = host_without_driver.answers(OPEN)

    assert reason == "There is no NVIDIA driver on this host: libnvidia-ml.so.1 was not found."


def test_a_driver_that_is_not_loaded_or_does_not_match_is_said(gpu_host):
    reasons = []
    for code in (9, 18, 999):
        gpu_host.does(f"init {code}\n")
        reasons.append(gpu_host.answers(OPEN))

    assert reasons[0] == "The NVIDIA driver of this host is not loaded."
    assert reasons[1].startswith("The NVIDIA driver was upgraded but not reloaded")
    assert reasons[2] == "NVML did not start: Unknown Error."


def test_a_driver_without_a_gpu_is_said(gpu_host):
    gpu_host.does("gpus 0\n")

    assert gpu_host.answers(OPEN) == "The NVIDIA driver finds no GPU on this host."


def test_a_driver_that_goes_away_is_noticed_and_opened_again(gpu_host):
    gpu_host.does("gpus 1\n0 fail * 9\n")
    code = """
import json, os
from bot.telemetry.nvml import Nvml
nvml = Nvml()
nvml.open()
sample = nvml.sample(0)
was_broken = nvml.is_broken
nvml.close()
open(os.environ["FAKE_NVML"], "w").write("gpus 2\\n")
nvml.open()
print(json.dumps([sample.error, was_broken, nvml.is_broken, len(nvml.gpus)]))
"""

    assert gpu_host.answers(code) == ["Driver Not Loaded", True, False, 2]


def test_nvml_is_started_once_and_lists_programs_only_when_asked(gpu_host):
    gpu_host.does("gpus 8\n")
    code = """
import ctypes, json
import pynvml
from bot.telemetry.nvml import Nvml
nvml = Nvml()
nvml.open()
for turn in range(4):
    for gpu in nvml.gpus:
        nvml.sample(gpu.index, with_processes=turn == 0)
count = lambda name: ctypes.c_uint.in_dll(pynvml.nvmlLib, name).value
print(json.dumps([count("fake_calls_init"), count("fake_calls_processes")]))
"""

    assert gpu_host.answers(code) == [1, 16]


def test_a_history_with_nothing_in_it_leaves_the_gauge(gpu_host):
    gpu_host.does("gpus 1\n0 util 12\n0 empty_history 1\n")

    assert gpu_host.answers(LOOK)["samples"][0]["util_max"] == 12


def test_an_error_that_says_success_is_an_error(gpu_host):
    gpu_host.does("gpus 2\n* util 12\n")
    code = """
import json
import pynvml
from bot.telemetry.nvml import Nvml
def raises(*_):
    raise pynvml.NVMLError(0)
nvml = Nvml()
nvml.open()
pynvml.nvmlDeviceGetComputeRunningProcesses_v3 = pynvml.nvmlDeviceGetUtilizationRates = raises
sample = nvml.sample(0, with_processes=True)
print(json.dumps([sample.util_max, sample.compute_processes, sample.memory_used_mib, sample.error]))
"""

    assert gpu_host.answers(code) == [None, None, 0, "NVML error 0"]


def test_a_burst_of_10_s_every_5_minutes_is_seen_every_time_and_never_idle(gpu_host):
    code = """
import json, os
from bot.agent.minutes import Folding
from bot.agent.print import GpuOutlook
from bot.domain.machines.streaks import minute_state
from bot.domain.machines.verdict import IdleRule
from bot.telemetry.nvml import Nvml

script = "gpus 1\\n0 burst 10 300 97\\nnow {}\\n"
def sets(at_s):
    open(os.environ["FAKE_NVML"], "w").write(script.format(at_s * 1000))

sets(60000)
at = [60000]
nvml = Nvml(lambda: float(at[0]))
nvml.open()
folding, outlook, states, verdicts = Folding(), GpuOutlook(0), [], set()
for at[0] in range(60000, 60000 + 3 * 3600, 15):
    sets(at[0])
    tick = at[0] // 60
    for minute in folding.add(tick, {0: nvml.sample(0)}):
        states.append((minute.tick, minute_state(minute, IdleRule(), started_tick=0)))
        outlook.add([minute])
        verdicts.add(outlook.text(nvml.gpus, tick).split(";")[0])
active = [tick for tick, state in states if state == "active"]
gaps = max(second - first for first, second in zip(active, active[1:]))
print(json.dumps([len(states), len(active) >= 36, gaps, sorted(verdicts)]))
"""

    minutes, every_burst, longest_gap, verdicts = gpu_host.answers(code, live=True)

    assert (minutes, every_burst, verdicts) == (179, True, ["gpu 0: in use"])
    assert longest_gap <= 5


def test_a_counter_that_starts_again_makes_no_power_out_of_nothing(gpu_host):
    gpu_host.does("gpus 1\n0 watts 100\n")
    code = """
import json, time
from dataclasses import replace
from bot.agent.minutes import fold
from bot.telemetry.nvml import Nvml
nvml = Nvml()
nvml.open()
samples = []
for _ in range(4):
    samples.append(nvml.sample(0))
    time.sleep(0.4)
reset = [samples[0], samples[1], *(replace(sample, energy_mj=sample.energy_mj - 999_000) for sample in samples[2:])]
print(json.dumps(fold(0, 1, reset).watts))
"""

    assert 95 < gpu_host.answers(code) < 105


def test_a_longer_history_than_there_was_room_for_is_read_whole(gpu_host):
    gpu_host.does("gpus 1\n0 history 90 0 97\n")
    code = """
import json, os
from bot.telemetry.nvml import Nvml
nvml = Nvml()
nvml.open()
means = [nvml.sample(0).util_mean]
for history in (900, 90, 4000):
    open(os.environ["FAKE_NVML"], "w").write(f"gpus 1\\n0 history {history} 0 90\\n")
    means.append(nvml.sample(0).util_mean)
print(json.dumps([round(mean, 3) for mean in means]))
"""

    assert gpu_host.answers(code, live=True) == [1.078, 0.1, 1.0, 0.022]


def test_a_gpu_whose_driver_knows_no_mig_is_measured(gpu_host):
    gpu_host.does("gpus 2\n* util 40\n0 fail MigMode 3\n1 fail MigMode 13\n")

    samples = gpu_host.answers(LOOK)["samples"]

    assert [(each["util_max"], each["mig"], each["error"]) for each in samples] == [(40, False, None)] * 2
