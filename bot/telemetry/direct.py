"""The NVML calls made at every look, into memory that is kept: pynvml makes new objects for each, which costs more.

One `Direct` belongs to one GPU, and is used by one thread at a time.
"""

import ctypes
import struct
from collections.abc import Callable
from typing import Any

SUCCESS = 0
INSUFFICIENT_SIZE = 7
FUNCTION_NOT_FOUND = 13
GPU_UTILIZATION_SAMPLES = 1
UNSIGNED_INT = 1
ROOM = 256
"""Values of history there is room for at first; more than any driver is known to keep."""


_STAMP = struct.Struct("=Q")


class MemoryV2(ctypes.Structure):
    """nvmlMemory_v2_t."""

    _fields_ = (
        ("version", ctypes.c_uint),
        ("total", ctypes.c_ulonglong),
        ("reserved", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


class Direct:
    """Calls into a loaded NVML. What fails answers None, with NVML's code in `status`."""

    def __init__(self, library: Any) -> None:
        self.status = SUCCESS
        self._energy = _function(library, "nvmlDeviceGetTotalEnergyConsumption")
        self._codecs = [_function(library, f"nvmlDeviceGet{kind}Utilization") for kind in ("Encoder", "Decoder")]
        self._memory = _function(library, "nvmlDeviceGetMemoryInfo_v2")
        self._samples = _function(library, "nvmlDeviceGetSamples")
        self._millijoules = ctypes.c_ulonglong()
        self._percent, self._period = ctypes.c_uint(), ctypes.c_uint()
        self._bytes = MemoryV2(version=ctypes.sizeof(MemoryV2) | 2 << 24)
        self._kind, self._count = ctypes.c_int(), ctypes.c_uint()
        self._values: Any = None
        self._room = 0
        self._into_millijoules, self._into_bytes = ctypes.byref(self._millijoules), ctypes.byref(self._bytes)
        self._into_percent = ctypes.byref(self._percent), ctypes.byref(self._period)
        self._into_count = ctypes.byref(self._kind), ctypes.byref(self._count)

    def energy(self, handle: Any) -> int | None:
        """The energy counter, millijoules."""
        self.status = status = self._energy(handle, self._into_millijoules)
        return self._millijoules.value if status == SUCCESS else None

    def codec(self, which: int, handle: Any) -> int | None:
        """Percent of the encoder (0) or the decoder (1)."""
        self.status = status = self._codecs[which](handle, *self._into_percent)
        return self._percent.value if status == SUCCESS else None

    def memory(self, handle: Any) -> tuple[int, int] | None:
        """Used and total bytes, the driver's reserve not counted as used."""
        self.status = status = self._memory(handle, self._into_bytes)
        return (self._bytes.used, self._bytes.total) if status == SUCCESS else None

    def history(self, handle: Any, since_us: int) -> tuple[int, tuple[int, ...]]:
        """The last time stamp and the percentages that the driver kept since then; 0 and empty where it keeps none."""
        if not self._room and not self._make_room(handle, since_us):
            return 0, ()
        self._fill(handle, since_us, self._values)
        if self.status == INSUFFICIENT_SIZE or self._count.value > self._room:
            if not self._make_room(handle, since_us):
                return 0, ()
            self._fill(handle, since_us, self._values)
        count = self._count.value
        if self.status != SUCCESS or self._kind.value != UNSIGNED_INT or not 0 < count <= self._room:
            return 0, ()
        # Were the last not the newest, some would be read again, and none be missed.
        last: int = _STAMP.unpack_from(self._values, 16 * (count - 1))[0]
        return last, struct.unpack_from("=" + "8xI4x" * count, self._values)

    def _make_room(self, handle: Any, since_us: int) -> bool:
        self._room = 0
        self._fill(handle, since_us, None)
        if self.status != SUCCESS:
            return False
        self._room = max(ROOM, 2 * self._count.value)
        self._values = ctypes.create_string_buffer(16 * self._room)
        return True

    def _fill(self, handle: Any, since_us: int, values: Any) -> None:
        self._count.value = self._room
        since = ctypes.c_ulonglong(since_us)
        self.status = self._samples(handle, GPU_UTILIZATION_SAMPLES, since, *self._into_count, values)


def _function(library: Any, name: str) -> Callable[..., int]:
    found: Callable[..., int] = getattr(library, name, _missing)
    return found


def _missing(*_arguments: Any) -> int:
    """Stands for a call that this driver does not have."""
    return FUNCTION_NOT_FOUND
