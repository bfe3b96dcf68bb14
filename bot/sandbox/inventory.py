"""The machines of the made-up company: a dozen rented ones in two regions, and three owned."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.acting.images import Image
from bot.domain.acting.launch import Order
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.shape import COMMON_SHAPE

SANDBOX_ACCOUNT = "111122223333"
DISK_GIB = 200
DISKS = {"gp3": DISK_GIB}
EAST, WEST = "us-east-1", "us-west-2"


@dataclass(frozen=True, slots=True)
class MachineKind:
    """An instance type as EC2 describes it: model, gpus, MiB of one gpu, GB of instance store."""

    model: str
    gpus: int
    mib: int
    nvme_gb: int


MACHINE_KINDS: Mapping[str, MachineKind] = {
    "g4dn.xlarge": MachineKind("T4", 1, 16_384, 125),
    "g5.xlarge": MachineKind("A10G", 1, 22_888, 250),
    "g5.2xlarge": MachineKind("A10G", 1, 22_888, 450),
    "g5.12xlarge": MachineKind("A10G", 4, 22_888, 3_800),
    "g6.xlarge": MachineKind("L4", 1, 22_888, 250),
    "g6.12xlarge": MachineKind("L4", 4, 22_888, 3_760),
    "g6e.xlarge": MachineKind("L40S", 1, 45_776, 250),
    "g6e.12xlarge": MachineKind("L40S", 4, 45_776, 3_800),
    "p4d.24xlarge": MachineKind("A100", 8, 40_960, 8_000),
    "p4de.24xlarge": MachineKind("A100", 8, 81_920, 8_000),
    "p5.48xlarge": MachineKind("H100", 8, 81_920, 30_400),
}


@dataclass(frozen=True, slots=True)
class Rented:
    """One rented machine, as someone once launched it."""

    name: str
    type: str
    zone: str
    team: str
    age: int
    """Milliseconds since it last started."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of Instance; `stopped_at` is how long ago."""


RENTED_MACHINES = (
    Rented("train-7", "p4d.24xlarge", "us-east-1a", "nlp", 9 * DAY_MS),
    Rented("train-3", "p5.48xlarge", "us-west-2b", "nlp", 3 * DAY_MS + 5 * HOUR_MS),
    Rented("train-9", "p4de.24xlarge", "us-west-2b", "vision", 26 * HOUR_MS),
    Rented("nb-2", "g5.12xlarge", "us-east-1b", "vision", 21 * DAY_MS),
    Rented("nb-5", "g5.xlarge", "us-east-1b", "vision", 2 * DAY_MS + 3 * HOUR_MS),
    Rented(
        "eval-2",
        "g5.2xlarge",
        "us-west-2a",
        "nlp",
        11 * DAY_MS,
        {"state": "stopped", "stopped_at": 4 * DAY_MS},
    ),
    Rented("old-3", "g4dn.xlarge", "us-east-1a", "platform", 47 * DAY_MS),
    Rented("ci-gpu", "g4dn.xlarge", "us-east-1c", "platform", 13 * DAY_MS),
    Rented("render-1", "g6e.xlarge", "us-east-1c", "platform", 6 * DAY_MS),
    Rented("label-1", "g6.xlarge", "us-west-2a", "vision", 17 * DAY_MS, {"stop_protected": True}),
    Rented("sweep-1", "g6.12xlarge", "us-west-2c", "vision", 7 * HOUR_MS, {"lifecycle": "spot"}),
    Rented("llm-serve", "g6e.12xlarge", "us-east-1a", "nlp", 32 * DAY_MS, {"asg": "llm-serve"}),
    Rented("scratch", "g5.xlarge", "us-west-2a", "", 5 * DAY_MS),
)
FORGOTTEN = {
    "state": "stopped",
    "stopped_at": 68 * DAY_MS,
    "disks": {"gp3": 500, "gp2": 1_000},
    "addresses": 1,
}
DEMO = (
    Rented("serve-eu", "g6e.xlarge", "eu-central-1b", "platform", 4 * DAY_MS),
    Rented("paper-1", "p4d.24xlarge", "us-east-1b", "nlp", 75 * DAY_MS, FORGOTTEN),
)
"""What only the demo has: a machine in a third region, which asks more, and one that nobody has started for weeks."""


def rented_fleet(now: int, *, demo: bool = False) -> tuple[Instance, ...]:
    """The rented machines as they are at `now`."""
    return tuple(_rented(one, now) for one in (*RENTED_MACHINES, *(DEMO if demo else ())))


def _rented(one: Rented, now: int) -> Instance:
    kind = MACHINE_KINDS[one.type]
    tags = {"Name": one.name, **({"team": one.team} if one.team else {})}
    asg = one.more.get("asg", "")
    more = dict(one.more)
    if "stopped_at" in more:
        more["stopped_at"] = now - more["stopped_at"]
    return Instance(
        id=f"i-0{hashlib.sha256(one.name.encode()).hexdigest()[:16]}",
        name=one.name,
        provider="ec2",
        source=f"ec2/{SANDBOX_ACCOUNT}/{one.zone[:-1]}",
        type=one.type,
        zone=one.zone,
        gpu_model=kind.model,
        gpu_count=kind.gpus,
        gpu_memory_mib=kind.mib,
        nvme_gb=kind.nvme_gb,
        launched_at=now - one.age,
        tags={**tags, "aws:autoscaling:groupName": asg} if asg else tags,
        **{"state": "running", "addresses": 0, "disks": DISKS, "shape": COMMON_SHAPE, **more},
    )


def made_of(order: Order, zone: str, now: int) -> Instance:
    """The machine that an order makes, as it is just after."""
    kind = MACHINE_KINDS[order.type]
    return Instance(
        id=f"i-0{hashlib.sha256(order.token.encode()).hexdigest()[:16]}",
        name=order.name,
        provider="ec2",
        source=order.source,
        type=order.type,
        state="pending",
        gpu_model=kind.model,
        gpu_count=kind.gpus,
        gpu_memory_mib=kind.mib,
        nvme_gb=kind.nvme_gb,
        disks=DISKS,
        addresses=0,
        shape=COMMON_SHAPE,
        zone=zone,
        launched_at=now,
        tags=order.tags,
    )


def image_of(instance: Instance, name: str, tags: Mapping[str, str], now: int) -> Image:
    """The image that is made of a machine, as it is just after."""
    own = hashlib.sha256(name.encode()).hexdigest()[:16]
    return Image(
        id=f"ami-0{own}",
        source=instance.source,
        name=name,
        state="pending",
        made_at=now,
        size_gib=DISK_GIB,
        of=tags["valet-of"],
        owner=tags["owner"],
        snapshots=(f"snap-0{own}",),
    )


def _owned(name: str, team: str, *, model: str, gpus: int, mib: int) -> Instance:
    return Instance(
        id=name,
        name=name,
        provider="owned",
        source="owned",
        type="owned",
        state="running",
        gpu_model=model,
        gpu_count=gpus,
        gpu_memory_mib=mib,
        tags={"team": team},
    )


OWNED_MACHINES = (
    _owned("dgx-1", "nlp", model="A100", gpus=8, mib=81_920),
    _owned("dgx-2", "vision", model="H100", gpus=8, mib=81_559),
    _owned("ws-4", "platform", model="RTX 6000", gpus=2, mib=49_140),
)
"""What agents report on; no provider shows them."""
