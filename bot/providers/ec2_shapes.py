"""What EC2 answers, as our records: plain dicts in, frozen records out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from bot.billing.quotes import other_of, quoted_gpus
from bot.domain.machines.fleet import Instance, InstanceState, Lifecycle, UncoveredMachine
from bot.domain.machines.shape import OUTPOST, Shape

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ASG_TAG = "aws:autoscaling:groupName"
INSTANCE_STATES: Mapping[str, InstanceState] = {
    "pending": "pending",
    "running": "running",
    "stopping": "stopping",
    "stopped": "stopped",
    "shutting-down": "terminated",
    "terminated": "terminated",
}
# "User initiated (2026-11-23 14:03:00 GMT)": the only place where EC2 says when a machine stopped.
REASON_TIME = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)", re.ASCII)


@dataclass(frozen=True, slots=True)
class GpuType:
    """What one instance type carries; `gpu_count` is 0 for a type without NVIDIA GPUs."""

    gpu_model: str = ""
    gpu_count: int = 0
    gpu_memory_mib: int = 0
    nvme_gb: int = 0
    other: str = ""
    """What it has in their place, for people; empty where nobody knows."""

    @property
    def has_gpus(self) -> bool:
        """Whether Valet looks after machines of this type: what nobody knows of may well have GPUs."""
        return not self.other


def gpu_type(info: Mapping[str, Any]) -> GpuType:
    """One entry of DescribeInstanceTypes as a GpuType."""
    gpus = [gpu for gpu in info.get("GpuInfo", {}).get("Gpus", ()) if gpu.get("Manufacturer") == "NVIDIA"]
    if not gpus:
        return GpuType(other=_other(info))
    return GpuType(
        gpu_model=gpus[0].get("Name", "NVIDIA"),
        gpu_count=sum(_count(gpu) for gpu in gpus),
        gpu_memory_mib=gpus[0].get("MemoryInfo", {}).get("SizeInMiB", 0),
        nvme_gb=info.get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0),
    )


def _other(info: Mapping[str, Any]) -> str:
    """What a type without NVIDIA GPUs has."""
    makers = {gpu.get("Manufacturer") for gpu in info.get("GpuInfo", {}).get("Gpus", ())}
    devices = info.get("NeuronInfo", {}).get("NeuronDevices") or info.get("InferenceAcceleratorInfo", {}).get(
        "Accelerators", ()
    )
    named = sorted({str(each["Name"]) for each in devices if each.get("Name")})
    by = sorted(str(each) for each in makers if each)
    return " and ".join(named) or (f"GPUs by {' and '.join(by)}" if by else "no GPUs")


def untold(name: str) -> GpuType:
    """A type that EC2 describes to nobody (retired, or not out yet), as far as its name is known here."""
    known = quoted_gpus(name)
    if known is None:
        return GpuType(other=other_of(name))
    return GpuType(known[0], known[2], known[1] * 1024)


def other(raw: Mapping[str, Any], kind: GpuType) -> UncoveredMachine:
    """A machine that Valet does not look after."""
    return UncoveredMachine(raw["InstanceId"], tags_of(raw).get("Name", ""), raw["InstanceType"], kind.other)


def _count(gpu: Mapping[str, Any]) -> int:
    # A slice of a GPU (g6f, gr6f) has Count 0 and one logical GPU.
    return int(gpu.get("Count") or gpu.get("LogicalGpuCount") or 0)


def instance(
    raw: Mapping[str, Any],
    kind: GpuType,
    source: str,
    *,
    stop_protected: bool = False,
    disks: Mapping[str, int] | None = None,
    addresses: int | None = None,
) -> Instance:
    """One entry of DescribeInstances as an Instance; EC2 tells the last three elsewhere."""
    tags = tags_of(raw)
    state = INSTANCE_STATES.get(raw.get("State", {}).get("Name", ""), "unknown")
    return Instance(
        id=raw["InstanceId"],
        name=tags.get("Name") or raw["InstanceId"],
        provider="ec2",
        source=source,
        type=raw["InstanceType"],
        state=state,
        gpu_model=kind.gpu_model,
        gpu_count=kind.gpu_count,
        gpu_memory_mib=kind.gpu_memory_mib,
        nvme_gb=kind.nvme_gb,
        zone=raw.get("Placement", {}).get("AvailabilityZone", ""),
        launched_at=to_ms(raw.get("LaunchTime")),
        stopped_at=stopped_at(raw.get("StateTransitionReason", "")) if state in {"stopping", "stopped"} else None,
        lifecycle=lifecycle(raw.get("InstanceLifecycle")),
        shape=shape_of(raw),
        asg=tags.get(ASG_TAG, ""),
        root_device=root_device(raw.get("RootDeviceType", "ebs")),
        private_address=raw.get("PrivateIpAddress", ""),
        state_reason="" if state == "running" else raw.get("StateReason", {}).get("Code", ""),
        tags=tags,
        stop_protected=stop_protected,
        disks=disks,
        addresses=addresses,
    )


def tags_of(raw: Mapping[str, Any]) -> dict[str, str]:
    """EC2's list of Key and Value as a dict."""
    pairs: Sequence[Mapping[str, str]] = raw.get("Tags", ())
    return {pair["Key"]: pair.get("Value", "") for pair in pairs}


def lifecycle(word: str | None) -> Lifecycle:
    """EC2's InstanceLifecycle; it is absent for on-demand."""
    if not word:
        return "on-demand"
    # Scheduled and reserved capacity is given up by a stop as a capacity block is, so no new word is needed.
    return "spot" if word == "spot" else "capacity-block"


def shape_of(raw: Mapping[str, Any]) -> Shape:
    """What changes the price of an entry of DescribeInstances; what EC2 leaves out stays not known."""
    placement = raw.get("Placement", {})
    wish = raw.get("CapacityReservationSpecification", {})
    return Shape(
        platform=raw.get("PlatformDetails") or raw.get("Platform", "").capitalize(),
        operation=raw.get("UsageOperation", ""),
        tenancy=OUTPOST if raw.get("OutpostArn") else placement.get("Tenancy", ""),
        host=placement.get("HostId", ""),
        reservation=raw.get("CapacityReservationId", ""),
        lifecycle=raw.get("InstanceLifecycle", ""),
        marketplace=_marketplace(raw),
        preference="targeted"
        if wish.get("CapacityReservationTarget")
        else wish.get("CapacityReservationPreference", ""),
    )


def _marketplace(raw: Mapping[str, Any]) -> str:
    codes: Sequence[Mapping[str, str]] = raw.get("ProductCodes", ())
    return next((each.get("ProductCodeId", "") for each in codes if each.get("ProductCodeType") == "marketplace"), "")


def root_device(word: str) -> Literal["ebs", "instance-store"]:
    """EC2's RootDeviceType."""
    return "ebs" if word == "ebs" else "instance-store"


def to_ms(moment: datetime | None) -> int | None:
    """An aware datetime as epoch milliseconds, exactly."""
    return None if moment is None else (moment - _EPOCH) // timedelta(milliseconds=1)


def stopped_at(reason: str) -> int | None:
    """The moment in a StateTransitionReason, epoch milliseconds; None when it names none."""
    found = REASON_TIME.search(reason)
    if not found:
        return None
    try:
        return to_ms(datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC))
    except ValueError:
        return None
