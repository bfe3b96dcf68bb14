"""What decides, beside its type, what a rented machine costs: system, licence, tenancy, reservation, zone.

The systems go by EC2's UsageOperation (docs.aws.amazon.com, "AMI billing information fields", as of 2026-11), which
AWS's price list and bills use as well. What EC2 does not say is empty: not known, never "as usual".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple


class System(NamedTuple):
    """What runs on a machine and is paid with it."""

    name: str
    """For people."""
    operating_system: str
    """As AWS's price list has it, as the next two."""
    software: str = "NA"
    licence: str = "No License required"


LINUX = "RunInstances"
"""The UsageOperation of Linux without a licence."""
SYSTEMS: Mapping[str, System] = {
    LINUX: System("Linux", "Linux"),
    f"{LINUX}:00g0": System("Red Hat BYOL", "Linux"),
    f"{LINUX}:0010": System("RHEL", "RHEL"),
    f"{LINUX}:1010": System("RHEL with HA", "Red Hat Enterprise Linux with HA"),
    f"{LINUX}:0014": System("RHEL with SQL Server Standard", "RHEL", "SQL Std"),
    f"{LINUX}:0110": System("RHEL with SQL Server Enterprise", "RHEL", "SQL Ent"),
    f"{LINUX}:0210": System("RHEL with SQL Server Web", "RHEL", "SQL Web"),
    f"{LINUX}:000g": System("SUSE", "SUSE"),
    f"{LINUX}:0g00": System("Ubuntu Pro", "Ubuntu Pro"),
    f"{LINUX}:0004": System("Linux with SQL Server Standard", "Linux", "SQL Std"),
    f"{LINUX}:0100": System("Linux with SQL Server Enterprise", "Linux", "SQL Ent"),
    f"{LINUX}:0200": System("Linux with SQL Server Web", "Linux", "SQL Web"),
    f"{LINUX}:0002": System("Windows", "Windows"),
    f"{LINUX}:0006": System("Windows with SQL Server Standard", "Windows", "SQL Std"),
    f"{LINUX}:0102": System("Windows with SQL Server Enterprise", "Windows", "SQL Ent"),
    f"{LINUX}:0202": System("Windows with SQL Server Web", "Windows", "SQL Web"),
    f"{LINUX}:0800": System("Windows BYOL", "Windows", licence="Bring your own license"),
}
PLATFORMS: Mapping[str, str] = {
    "Linux/UNIX": LINUX,
    "Red Hat BYOL Linux": f"{LINUX}:00g0",
    "Red Hat Enterprise Linux": f"{LINUX}:0010",
    "Red Hat Enterprise Linux with HA": f"{LINUX}:1010",
    "SUSE Linux": f"{LINUX}:000g",
    "Ubuntu Pro": f"{LINUX}:0g00",
    "Windows": f"{LINUX}:0002",
    "Windows BYOL": f"{LINUX}:0800",
    "Windows with SQL Server Standard": f"{LINUX}:0006",
    "Windows with SQL Server Enterprise": f"{LINUX}:0102",
    "Windows with SQL Server Web": f"{LINUX}:0202",
}
"""The UsageOperation of a PlatformDetails, where EC2 names that alone."""
SHARED, DEDICATED, HOST, OUTPOST = "default", "dedicated", "host", "outpost"
_PAID_AHEAD = {"capacity-block": "a capacity block", "scheduled": "a scheduled reservation"}
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d+", re.ASCII)
_WAVELENGTH = re.compile(r"(.+-wl\d+-[a-z]+)-wlz-(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a rented machine is run, as EC2 says; what is empty it did not say."""

    platform: str = ""
    """PlatformDetails: "Linux/UNIX", "Windows"."""
    operation: str = ""
    """UsageOperation: "RunInstances", "RunInstances:0002"."""
    tenancy: str = ""
    """Placement.Tenancy: "default", "dedicated" or "host"; "outpost" for one on an Outpost."""
    host: str = ""
    """The dedicated host it is on."""
    reservation: str = ""
    """The capacity reservation, or capacity block, it runs in; empty for none."""
    lifecycle: str = ""
    """InstanceLifecycle, as EC2 words it; empty on demand."""
    marketplace: str = ""
    """The product code of what of AWS Marketplace runs on it; empty for none. It may cost by the hour."""
    preference: str = ""
    """Which reservations it may run in: "open", "none", "capacity-reservations-only" or "targeted"."""

    @property
    def usage(self) -> str:
        """The UsageOperation it is billed under; empty where that is not known."""
        return self.operation or PLATFORMS.get(self.platform, "")

    @property
    def system(self) -> str:
        """What runs on it, for people; empty where that is not known."""
        known = SYSTEMS.get(self.usage)
        return known.name if known else self.platform or self.operation

    @property
    def words(self) -> str:
        """What is said of it beside its type: "Windows, dedicated"; empty for Linux on shared hardware."""
        tenancy = {DEDICATED: "dedicated", HOST: "dedicated host", OUTPOST: "Outpost"}.get(self.tenancy, "")
        return ", ".join(each for each in ("" if self.usage == LINUX else self.system, tenancy) if each)

    @property
    def unknown(self) -> str:
        """What of its price nobody knows, for people; empty where everything is known."""
        doubts = {
            "what system it runs": not (self.usage or self.platform),
            "whether its hardware is shared": not self.tenancy,
            "what its software of AWS Marketplace costs": bool(self.marketplace),
        }
        return " and ".join(doubt for doubt, holds in doubts.items() if holds)

    @property
    def held(self) -> str:
        """What is paid whether it runs or not, for people; empty where nothing is, as far as is known."""
        if self.lifecycle in _PAID_AHEAD:
            return _PAID_AHEAD[self.lifecycle]
        if self.tenancy == OUTPOST:
            return "an Outpost"
        if self.tenancy == HOST or self.host:
            return f"the dedicated host {self.host}" if self.host else "a dedicated host"
        return f"the capacity reservation {self.reservation}" if self.reservation else ""

    def name(self, kind: str) -> str:
        """How its price is named: the type alone for Linux on shared hardware, and for what is not known."""
        usage, tenancy = self.usage or LINUX, DEDICATED if self.tenancy == DEDICATED else SHARED
        return kind if (usage, tenancy) == (LINUX, SHARED) else f"{kind} {usage} {tenancy}"

    def spot_name(self, kind: str) -> str:
        """The same of its spot price, which knows no tenancy."""
        return Shape(operation=self.usage, tenancy=SHARED).name(kind)

    def to_json(self) -> str:
        """For the store."""
        return json.dumps({key: value for key, value in asdict(self).items() if value}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Shape":
        """From the store; what another version wrote beside is left."""
        return cls(**{key: value for key, value in json.loads(text).items() if key in cls.__slots__})


COMMON_SHAPE = Shape("Linux/UNIX", LINUX, SHARED)
"""Linux on shared hardware: what a price by type alone is of."""


def parts_of(name: str) -> tuple[str, str, str]:
    """Type, UsageOperation and tenancy of a price's name."""
    kind, _, rest = name.partition(" ")
    usage, _, tenancy = rest.partition(" ")
    return kind, usage or LINUX, tenancy or SHARED


def is_region(place: str) -> bool:
    """Whether a place has the prices of a region; Local and Wavelength Zones have their own."""
    return bool(_REGION.fullmatch(place))


def price_place(region: str, zone: str) -> str:
    """Where AWS's list has the price of a zone: the region, or the Local or Wavelength Zone by the list's name."""
    if not zone or zone == region or re.fullmatch(rf"{re.escape(region)}[a-z]", zone):
        return region
    wavelength = _WAVELENGTH.fullmatch(zone)
    return f"{wavelength[1]}{wavelength[2]}" if wavelength else zone.rstrip("abcdefghijklmnopqrstuvwxyz")
