"""What a machine costs while it stands still: its disks, by kind, and the addresses that are kept for it.

An estimate: provisioned IOPS and throughput, snapshots and traffic are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.machines.fleet import Instance
from bot.domain.money.ownership import HOURS_PER_MONTH

DISK_MICROS_PER_GIB_MONTH: Mapping[str, int] = {
    "gp3": 80_000,
    "gp2": 100_000,
    "io1": 125_000,
    "io2": 125_000,
    "st1": 45_000,
    "sc1": 15_000,
    "standard": 50_000,
}
"""EBS storage in us-east-1 (AWS's price page, as of 2026-11), for where AWS's list was not read."""
USUAL_DISK = "gp3"
"""What a kind of disk is taken for that has no price."""
ADDRESS_MICROS_PER_HOUR = 5_000
"""A public IPv4 address, in use or not, in every region since 2024-02-01 (AWS's price page, as of 2026-11)."""
ADDRESS_KEY = ""
PROVISIONED = frozenset({"io1", "io2"})
"""Kinds whose IOPS are paid for beside their size."""


@dataclass(frozen=True, slots=True)
class StandingCost:
    """What goes on costing, micro-dollars a month."""

    disk_gib: int
    kinds: tuple[str, ...]
    """Of its disks, the largest first."""
    disk_micros: int
    addresses: int | None
    """None where nobody knows."""
    address_micros: int

    @property
    def micros(self) -> int:
        """In all."""
        return self.disk_micros + self.address_micros

    @property
    def is_least(self) -> bool:
        """It costs more than that, as IOPS are paid for, too."""
        return not PROVISIONED.isdisjoint(self.kinds)

    @classmethod
    def of_record(cls, kept: Mapping[str, Any]) -> "StandingCost":
        """From JSON."""
        return cls(**{**kept, "kinds": tuple(kept["kinds"])})


def standing_cost(instance: Instance, listed: Mapping[tuple[str, str], int]) -> StandingCost | None:
    """What a machine keeps costing; None where its disks are not known.

    `listed` is what AWS's list says: micro-dollars by region and kind of disk, for an address under "".
    """
    if instance.disks is None:
        return None
    kinds = tuple(sorted(instance.disks, key=lambda each: (-(instance.disks or {})[each], each)))
    disks = sum(gib * _per_gib(instance.region, kind, listed) for kind, gib in instance.disks.items())
    each = listed.get((instance.region, ADDRESS_KEY), ADDRESS_MICROS_PER_HOUR)
    addresses = (instance.addresses or 0) * each * HOURS_PER_MONTH
    return StandingCost(sum(instance.disks.values()), kinds, disks, instance.addresses, addresses)


def _per_gib(region: str, kind: str, listed: Mapping[tuple[str, str], int]) -> int:
    usual = DISK_MICROS_PER_GIB_MONTH.get(kind, DISK_MICROS_PER_GIB_MONTH[USUAL_DISK])
    return listed.get((region, kind), usual)
