"""What the GPUs of this host say, through NVML: the only file that imports pynvml.

NVML stays initialised between samples: starting it anew may load the driver each time and makes utilisation spike.
An open NVML client blocks `nvidia-smi --gpu-reset`, MIG changes and reloading the driver: stop the agent for those.
Every call may fail on some hardware, so each one has its own fate, and a failed one is a missing value. The class
NVMLError is caught, not its subclasses: some drivers answer with code 0 as an error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pynvml
from pynvml import NVMLError

from bot.domain.machines.readings import Gpu, Process, mib
from bot.errors import Unreachable
from bot.telemetry.direct import Direct
from bot.telemetry.procfs import describe_process, is_replaced, printable
from bot.telemetry.sample import Sample, boottime
from bot.telemetry.wire import MAX_GPUS, MAX_WORDS

_MIB = 1024 * 1024
NAMED_PROCESSES = 8
"""How many programs per GPU are named, largest first."""

_UNSUPPORTED = frozenset({pynvml.NVML_ERROR_NOT_SUPPORTED, pynvml.NVML_ERROR_FUNCTION_NOT_FOUND})
_NO_V2 = _UNSUPPORTED | {pynvml.NVML_ERROR_ARGUMENT_VERSION_MISMATCH, pynvml.NVML_ERROR_INVALID_ARGUMENT}
_GPU_GONE = frozenset({pynvml.NVML_ERROR_GPU_IS_LOST, pynvml.NVML_ERROR_RESET_REQUIRED, pynvml.NVML_ERROR_UNKNOWN})
_DRIVER_GONE = frozenset(
    {
        pynvml.NVML_ERROR_UNINITIALIZED,
        pynvml.NVML_ERROR_DRIVER_NOT_LOADED,
        pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH,
    }
)
_GONE = _GPU_GONE | _DRIVER_GONE
_START_FAILURES = {
    pynvml.NVML_ERROR_LIBRARY_NOT_FOUND: "There is no NVIDIA driver on this host: libnvidia-ml.so.1 was not found.",
    pynvml.NVML_ERROR_DRIVER_NOT_LOADED: "The NVIDIA driver of this host is not loaded.",
    pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: (
        "The NVIDIA driver was upgraded but not reloaded: reload it, or reboot the host."
    ),
    pynvml.NVML_ERROR_NO_PERMISSION: "NVML refuses this user: the agent must be allowed to open /dev/nvidia*.",
}


@dataclass(slots=True)
class _Device:
    """What is remembered of one GPU between samples; only the thread that reads the GPU touches it."""

    index: int
    gpu: Gpu
    direct: Direct
    handle: Any = None
    since_us: int = 0
    """Time stamp of the newest utilisation sample already read, microseconds."""
    has_memory_v2: bool = True
    mig: bool = False


class _Asking:
    """Calls NVML for one sample and keeps what went wrong."""

    __slots__ = ("faults",)

    def __init__(self) -> None:
        self.faults: list[NVMLError] = []

    def __call__(self, call: Callable[..., Any], *args: Any) -> Any:
        """The call's answer, or None."""
        try:
            return call(*args)
        except NVMLError as error:
            self.faults.append(error)
            return None

    def hit(self, codes: frozenset[int]) -> bool:
        return any(fault.value in codes for fault in self.faults)

    @property
    def words(self) -> str | None:
        """The first error that is more than a missing feature."""
        return next((_words(fault) for fault in self.faults if fault.value not in _UNSUPPORTED), None)


class Nvml:
    """All GPUs of this host. `sample` may be called from several threads, for one GPU from one thread at a time."""

    def __init__(self, clock: Callable[[], float] = boottime) -> None:
        self._clock = clock
        self._devices: list[_Device] = []
        self._process_list_version = 3
        self.driver = ""
        self.is_broken = False
        """The driver went away below us: close, and open again later."""
        self.is_outdated = False
        """The driver was upgraded: only a new process can load its new library."""

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        """The GPUs found by the last `open`; one that could not be reached yet has no uuid and no name."""
        return tuple(device.gpu for device in self._devices)

    def open(self) -> None:
        """Start NVML and find the GPUs; raises Unreachable with the reason (no driver, driver mismatch, ...)."""
        try:
            pynvml.nvmlInit()
        except NVMLError as error:
            self.is_outdated = is_replaced("libnvidia-ml.so")
            sentence = _START_FAILURES.get(error.value, f"NVML did not start: {_words(error)}.")
            raise Unreachable(sentence) from error
        try:
            count = min(pynvml.nvmlDeviceGetCount(), MAX_GPUS)
        except NVMLError as error:
            self.close()
            raise Unreachable(f"NVML did not count the GPUs: {_words(error)}.") from error
        if not count:
            self.close()
            raise Unreachable("The NVIDIA driver finds no GPU on this host.")
        self.driver = printable(_Asking()(pynvml.nvmlSystemGetDriverVersion) or "", 32)
        self._process_list_version = 2 if _has_odd_process_list() else 3
        self._devices = [_Device(index, Gpu(index, "", ""), Direct(pynvml.nvmlLib)) for index in range(count)]
        self.is_broken = False
        for device in self._devices:
            _identify(device, _Asking())

    def close(self) -> None:
        """Let go of the driver."""
        _Asking()(pynvml.nvmlShutdown)

    def sample(self, index: int, *, with_processes: bool = False) -> Sample:
        """Read one GPU. Process lists take a driver-wide lock for milliseconds: ask for them once a minute."""
        at_s = self._clock()
        ask = _Asking()
        device = self._devices[index]
        if device.handle is None:
            _identify(device, ask)
        if device.handle is None:
            return self._failed(device, ask, at_s)
        if with_processes:
            _note_mig(device, ask)
        util_max, util_mean = _utilisation(device, ask)
        used, total = _memory(device, ask)
        if ask.hit(_GONE):
            return self._failed(device, ask, at_s)
        energy = _direct(device, ask, device.direct.energy(device.handle))
        milliwatts = ask(pynvml.nvmlDeviceGetPowerUsage, device.handle) if energy is None else None
        compute, graphics, named = self._processes(device, ask) if with_processes else (None, None, None)
        codec = _codec(device, ask)
        return Sample(
            at_s=at_s,
            util_max=util_max,
            util_mean=util_mean,
            codec=codec,
            energy_mj=energy,
            watts=None if milliwatts is None else milliwatts / 1000,
            memory_used_mib=used,
            memory_total_mib=total,
            compute_processes=compute,
            graphics_processes=graphics,
            processes=named,
            mig=device.mig,
            error=ask.words,
        )

    def _failed(self, device: _Device, ask: _Asking, at_s: float) -> Sample:
        device.handle = None  # ask for a new one next time: a reset GPU comes back under a new handle
        self.is_broken = self.is_broken or ask.hit(_DRIVER_GONE)
        return Sample(at_s=at_s, mig=device.mig, error=ask.words or "NVML gave no reason")

    def _processes(self, device: _Device, ask: _Asking) -> tuple[int | None, int | None, tuple[Process, ...] | None]:
        compute = self._running("Compute", device, ask)
        graphics = self._running("Graphics", device, ask)
        if compute is None and graphics is None:
            return None, None, None
        memory_of: dict[int, int | None] = {}
        for process in [*(graphics or ()), *(compute or ())]:
            memory_of[process.pid] = process.usedGpuMemory
        largest = sorted(memory_of.items(), key=lambda item: -(item[1] or 0))[:NAMED_PROCESSES]
        named = tuple(describe_process(pid, _mib(used)) for pid, used in largest)
        return _count(compute), _count(graphics), named

    def _running(self, kind: str, device: _Device, ask: _Asking) -> list[Any] | None:
        call = getattr(pynvml, f"nvmlDeviceGet{kind}RunningProcesses_v{self._process_list_version}")
        found: list[Any] | None = ask(call, device.handle)
        if found is not None or self._process_list_version == 2:
            return found
        if ask.faults[-1].value != pynvml.NVML_ERROR_FUNCTION_NOT_FOUND:
            return None
        self._process_list_version = 2  # drivers before 510.39
        return self._running(kind, device, ask)


def _identify(device: _Device, ask: _Asking) -> None:
    handle = ask(pynvml.nvmlDeviceGetHandleByIndex, device.index)
    if handle is None:
        return
    device.handle = handle
    uuid = ask(pynvml.nvmlDeviceGetUUID, handle) or device.gpu.uuid
    name = ask(pynvml.nvmlDeviceGetName, handle) or device.gpu.name
    _, total = _memory(device, ask)
    device.gpu = Gpu(device.index, printable(uuid, 96), printable(name), total or device.gpu.memory_mib)
    _note_mig(device, ask)


def _note_mig(device: _Device, ask: _Asking) -> None:
    modes = ask(pynvml.nvmlDeviceGetMigMode, device.handle)
    if modes is not None:
        device.mig = modes[0] == pynvml.NVML_DEVICE_MIG_ENABLE


def _utilisation(device: _Device, ask: _Asking) -> tuple[float | None, float | None]:
    """Highest and mean percent since the last sample from the driver's history, else the gauge of now."""
    if device.mig:
        return None, None  # not supported there, and a driver that says 0 all the same would be believed
    history = _history(device)
    known = [percent for percent in history if percent <= 100]
    if known:
        return float(max(known)), sum(known) / len(known)
    rates = ask(pynvml.nvmlDeviceGetUtilizationRates, device.handle)
    return (None, None) if rates is None or rates.gpu > 100 else (float(rates.gpu), float(rates.gpu))


def _history(device: _Device) -> tuple[int, ...]:
    """Percentages the driver kept since we last looked; empty where it keeps none."""
    # 0 when there is nothing newer: perhaps the clock was set back, so all is asked for next time.
    device.since_us, percentages = device.direct.history(device.handle, device.since_us)
    return percentages


def _memory(device: _Device, ask: _Asking) -> tuple[int | None, int | None]:
    """Used and total MiB. Before driver 515 the used part includes the driver's reserve, about half a GiB."""
    if device.has_memory_v2:
        found = device.direct.memory(device.handle)
        if found is not None:
            return _mib(found[0]), _mib(found[1])
        device.has_memory_v2 = device.direct.status not in _NO_V2
        if device.has_memory_v2:
            ask.faults.append(NVMLError(device.direct.status))
            return None, None
    info = ask(pynvml.nvmlDeviceGetMemoryInfo, device.handle)
    return (None, None) if info is None else (_mib(info.used), _mib(info.total))


def _mib(size: int | None) -> int | None:
    """Whole MiB of so many bytes; None for more than any GPU has."""
    return None if size is None else mib(size // _MIB)


def _codec(device: _Device, ask: _Asking) -> float | None:
    if device.mig:
        return None
    encoder = _direct(device, ask, device.direct.codec(0, device.handle))
    decoder = _direct(device, ask, device.direct.codec(1, device.handle))
    known = [percent for percent in (encoder, decoder) if percent is not None and percent <= 100]
    return float(max(known)) if known else None


def _direct(device: _Device, ask: _Asking, answer: int | None) -> int | None:
    """The answer of a direct call, its fault noted like that of any other."""
    if answer is None:
        ask.faults.append(NVMLError(device.direct.status))
    return answer


def _count(found: list[Any] | None) -> int | None:
    return None if found is None else len(found)


def _has_odd_process_list() -> bool:
    """Whether this driver's version 3 process record has a field more than pynvml knows (first 535 drivers)."""
    library = pynvml.nvmlLib
    return hasattr(library, "nvmlDeviceGetConfComputeMemSizeInfo") and not hasattr(
        library, "nvmlDeviceGetRunningProcessDetailList"
    )


def _words(error: NVMLError) -> str:
    # For codes it does not know, pynvml shows the library's words as a bytes literal.
    text = str(error).removeprefix("b'").removesuffix("'") if error.value else ""  # "Success" would be no reason
    return printable(text, MAX_WORDS) or f"NVML error {error.value}"
