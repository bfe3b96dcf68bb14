"""Machines with GPUs, rented and owned, as last seen."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.domain import typography
from bot.domain.clock import MINUTE_MS
from bot.domain.machines.shape import Shape

ProviderKind = Literal["ec2", "owned"]
InstanceState = Literal["pending", "running", "stopping", "stopped", "terminated", "unknown"]
Lifecycle = Literal["on-demand", "spot", "capacity-block"]
GONE_AFTER_MS = 10 * MINUTE_MS
"""What no look has shown for so long is gone. One look may miss one: until then nothing that concerns it ends."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One machine. Fields a provider does not know are None or empty, never guessed."""

    id: str
    name: str
    """As its tag or host says, made plain; from the store, as it is called among the fleet."""
    provider: ProviderKind
    source: str
    """Where it was seen: "ec2/111122223333/us-east-1", or "owned"."""
    type: str
    """EC2 instance type, or "owned"."""
    state: InstanceState
    gpu_model: str = ""
    gpu_count: int = 0
    gpu_memory_mib: int = 0
    """Memory of one GPU."""
    nvme_gb: int = 0
    """Local instance store, lost on stop."""
    zone: str = ""
    launched_at: int | None = None
    """When it last started; renewed by every start, so it fences a late stop."""
    stopped_at: int | None = None
    """When it last stopped by the provider's word, if the provider says."""
    lifecycle: Lifecycle = "on-demand"
    shape: Shape | None = None
    """What of a rented one changes its price; None where nobody has said."""
    asg: str = ""
    """Auto Scaling group; empty when in none."""
    stop_protected: bool = False
    root_device: Literal["ebs", "instance-store"] = "ebs"
    disks: Mapping[str, int] | None = None
    """GiB of its disks by kind ("gp3"), which cost whether it runs or not; None where not known."""
    addresses: int | None = None
    """Elastic IP addresses of it, which cost as well; None where not known."""
    private_address: str = ""
    """In its network: "10.0.1.2", by which EC2 names hosts; empty where it is not known."""
    state_reason: str = ""
    """Why it does not run, in the provider's word; empty while it runs, or where the provider gives none."""
    tags: Mapping[str, str] = field(default_factory=dict)
    own_name: str = ""
    """As its tag or host says, where `name` had to be told apart from another's; else empty."""

    def __post_init__(self) -> None:
        """Names come from tags that anybody may set."""
        object.__setattr__(self, "name", plain_name(self.name) or self.id)

    @property
    def told_name(self) -> str:
        """As its tag or host says: for whoever knows it by that alone."""
        return self.own_name or self.name

    def goes_by(self, word: str) -> bool:
        """It has just this name or id; case does not count, nor which dash or quote it is."""
        typed = {each.lower() for name in (self.name, self.told_name) for each in (name, typography.plain_typed(name))}
        return word.lower() in typed | {self.id.lower()}

    @property
    def shape_words(self) -> str:
        """What it is besides its type, as "Windows, dedicated"; empty for Linux on shared hardware, and not known."""
        return self.shape.words if self.shape else ""

    @property
    def region(self) -> str:
        """The region, or "owned"."""
        return self.source.rsplit("/", 1)[-1]

    @property
    def paid_anyway(self) -> str:
        """What it runs in that is paid whether it runs or not, for people; empty where a stop ends its cost."""
        if self.lifecycle == "capacity-block" and not (self.shape and self.shape.lifecycle):
            return "a capacity block"
        return self.shape.held if self.shape else ""

    @property
    def account(self) -> str:
        """The account a rented one is in, as its source has it."""
        return self.source.partition("/")[2].rpartition("/")[0]


def gone_since(now: int) -> int:
    """Whatever was missed at this instant or before, and not seen since, is gone."""
    return now - GONE_AFTER_MS


def is_gone(missed_at: int | None, now: int) -> bool:
    """Whether an instance that the looks have not shown since then is gone; None: the newest look showed it."""
    return missed_at is not None and missed_at <= gone_since(now)


def plain_name(text: str, limit: int = 120) -> str:
    """Text from outside without control characters and angle brackets, which chat would read as markup."""
    # What is printable throughout has no character of category C, and nearly all is.
    kept = text if text.isprintable() else "".join(char for char in text if unicodedata.category(char)[0] != "C")
    return " ".join(kept.replace("<", "").replace(">", "").split())[:limit]


@dataclass(frozen=True, slots=True)
class UncoveredMachine:
    """A machine that is there and that Valet does not look after."""

    id: str
    name: str
    type: str
    what: str
    """What it has in the place of NVIDIA GPUs, for people: "Trainium", "no GPUs"."""

    def __post_init__(self) -> None:
        """Names come from tags that anybody may set."""
        object.__setattr__(self, "name", plain_name(self.name) or self.id)


@dataclass(frozen=True, slots=True)
class SourceSnapshot:
    """What one source showed in one sweep: its instances, or why it could not be read."""

    source: str
    instances: tuple[Instance, ...] = ()
    error: str | None = None
    others: tuple[UncoveredMachine, ...] | None = ()
    """What else is there; None where it was not asked for, and is as it was."""


SEEN_WITHIN_MS = 15 * MINUTE_MS
"""Two looks that lie no further apart, one that shows it run and one that shows it stopped, have seen it stop."""
RUNNING_STATES: frozenset[InstanceState] = frozenset({"pending", "running", "stopping"})


@dataclass(frozen=True, slots=True)
class Standstill:
    """A standstill that has not ended."""

    since: int
    exact: bool
    """False where nobody saw it stop: it may have stood still for longer."""


def standstill_of(
    instance: Instance, known: Standstill | None, now: int, *, same_launch: bool, seen_running: bool
) -> Standstill | None:
    """Since when it stands still, as it is seen now; None while it does not.

    `known` is what was known of its standstill before, which goes on while it is the `same_launch`; `seen_running`:
    it was just before this.
    """
    if instance.state != "stopped":
        return None
    told = instance.stopped_at
    if told is not None and told >= (instance.launched_at or 0):
        return Standstill(min(told, now), exact=True)
    if known is not None and same_launch:
        return known
    return Standstill(now, exact=same_launch and seen_running)
