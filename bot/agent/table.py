"""What `valet agent --print` shows of one sample."""

from collections.abc import Mapping, Sequence

from bot.agent.minutes import mean_watts
from bot.domain.measuring.readings import Gpu
from bot.telemetry.sample import Sample

HEAD = ("gpu", "model", "util max", "util mean", "memory used", "power", "programs")
NOTHING = "no reading"


def table(gpus: Sequence[Gpu], samples: Mapping[int, Sample], before: Mapping[int, Sample]) -> str:
    """One line a GPU; `before` holds the samples taken before these, for the power."""
    rows = [HEAD, *(_row(gpu, samples[gpu.index], before.get(gpu.index)) for gpu in gpus)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(gpu: Gpu, sample: Sample, before: Sample | None) -> tuple[str, ...]:
    used, total = sample.memory_used_mib, sample.memory_total_mib
    return (
        str(gpu.index),
        (gpu.name or "unknown") + (" (MIG)" if sample.mig else ""),
        _figure(sample.util_max, "%"),
        _figure(sample.util_mean, "%"),
        NOTHING if used is None else f"{used:,} of {total or 0:,} MiB",
        _figure(mean_watts([sample], before), "W"),
        _programs(sample),
    )


def _figure(value: float | None, unit: str) -> str:
    return NOTHING if value is None else f"{value:.0f} {unit}"


def _programs(sample: Sample) -> str:
    if sample.error:
        return sample.error
    if sample.processes is None:
        return ""
    names = [f"{process.name or '(out of sight)'} ({process.user or '?'})" for process in sample.processes]
    return ", ".join(names) or "none"
