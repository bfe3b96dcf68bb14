"""What could serve a want, best first: what is free and owned, free and rented, held, stopped, and a launch last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.domain.machines.listing import Listing
from bot.domain.machines.models import kind_of_model
from bot.domain.machines.sources import UnreadSource
from bot.domain.machines.verdict import IDLE_STATES
from bot.domain.money.rates import cost_for
from bot.domain.sharing.claims import Claim, GpuChoice
from bot.domain.sharing.gpu_spec import GpuSpec
from bot.domain.sharing.line import Turn

FindTier = Literal["owned", "rented", "held", "stopped", "launch"]
FIND_TIERS: tuple[FindTier, ...] = ("owned", "rented", "held", "stopped", "launch")
FREE_TIERS: frozenset[FindTier] = frozenset({"owned", "rented"})
_SEEN = {"free": 0, "held": 1, "unknown": 2, "active": 3}
_DEAREST = 1 << 62
"""A price that is not known comes last."""


@dataclass(frozen=True, slots=True)
class FindOption:
    """One way to what is wanted."""

    tier: FindTier
    count: int
    """GPUs of it that would be used."""
    listing: Listing
    """For a launch, the machine that would be made, by its template's name."""
    claim: Claim | None = None
    """The one whose holder could be asked; only where it is held."""
    spare: int = 0
    """GPUs of it that would be left."""
    seen: int = 0
    """How sure it is that nobody works there, 0 the surest."""
    part: "SparePart | None" = None
    """The GPUs of the claim that its holder could be asked for; None where it is all of them."""

    @property
    def is_seen_idle(self) -> bool:
        """The GPUs were seen idle; else somebody works there, or nothing tells."""
        return self.seen < _SEEN["unknown"]

    @property
    def is_seen_working(self) -> bool:
        """Somebody was seen to work there."""
        return self.seen == _SEEN["active"]

    @property
    def is_extra(self) -> bool:
        """It costs what would not be spent otherwise."""
        return self.tier in {"stopped", "launch"}

    def micros(self, length: int) -> int | None:
        """For so long: its share of what is paid anyway, or all that a start or a launch adds; None if not known."""
        if self.listing.rate is None:
            return None
        per_hour = self.listing.rate.micros_per_hour
        if not self.is_extra:
            per_hour = per_hour * self.count // len(self.listing.gpus)
        return cost_for(per_hour, length)

    @property
    def order(self) -> tuple[int | str, ...]:
        """Sorts the best first: by tier, what is surely idle, the memory that fits closest, the least left over."""
        instance, until = self.listing.instance, self.claim.until_at if self.claim else 0
        rate = self.listing.rate.micros_per_hour if self.listing.rate else _DEAREST
        last = (rate, instance.name, instance.id)
        if self.is_extra:
            return (FIND_TIERS.index(self.tier), *last)
        return (FIND_TIERS.index(self.tier), self.seen, until, instance.gpu_memory_mib, self.spare, *last)


@dataclass(frozen=True, slots=True)
class FindResult:
    """The answer to a want."""

    want: GpuSpec
    ways: tuple[FindOption, ...] = ()
    mine: tuple[Listing, ...] = ()
    """What the person holds already that would do."""
    fewer: FindOption | None = None
    """Where nothing is free: the most GPUs that could be had now."""
    ahead: int | None = None
    """Where nothing is free: how many would stand before the person in the line; None where there is no line."""
    turn: Turn | None = None
    """When it would be their turn, where that can be said."""
    in_use: Turn | None = None
    """Where nothing is free: what nobody has claimed, and somebody works on all the same."""
    silent: tuple[UnreadSource, ...] = ()
    """Sources of these machines that can't be read just now: they are shown as they were."""
    names: Mapping[str, str] = field(default_factory=dict)
    """How the holders are called, by id, where that is known."""

    @property
    def best(self) -> FindOption | None:
        """What could be claimed right away."""
        return next((option for option in self.ways if option.tier in FREE_TIERS), None)


def option_of(listing: Listing, want: GpuSpec, person: str = "") -> FindOption | None:
    """How this instance could serve the person; None when it could not, or when they hold some of it already."""
    instance = listing.instance
    fits = want.kind.fits(instance.gpu_model, instance.gpu_memory_mib) and instance.gpu_count >= want.count
    if not fits or listing.drain is not None or listing.claim_of(person) is not None:
        return None
    if not listing.running:
        stopped = instance.state == "stopped" and not instance.asg and instance.provider == "ec2"
        return FindOption("stopped", want.count, listing, spare=len(listing.gpus) - want.count) if stopped else None
    free = open_gpus(listing)
    if len(free) < want.count:
        return _held(listing, want, free)
    tier: FindTier = "owned" if instance.provider == "owned" else "rented"
    seen = max(sorted(_seen(listing, gpu) for gpu in free)[: want.count])
    return FindOption(tier, want.count, listing, spare=len(free) - want.count, seen=seen)


def open_gpus(listing: Listing) -> tuple[int, ...]:
    """The GPUs that nobody has claimed and nobody is seen working on."""
    if not listing.running or (listing.verdict is not None and listing.verdict.state == "active"):
        return ()
    busy = listing.busy
    return tuple(gpu for gpu in listing.unclaimed if gpu not in busy)


def idle_gpus(listing: Listing) -> tuple[int, ...]:
    """The GPUs that are free: nobody has claimed them, and they were seen idle."""
    verdict = listing.verdict
    if verdict is None or verdict.state == "unknown":
        return ()
    idle = {gpu.gpu for gpu in verdict.gpus if gpu.state in IDLE_STATES}
    return tuple(gpu for gpu in open_gpus(listing) if gpu in idle)


def _held(listing: Listing, want: GpuSpec, free: tuple[int, ...]) -> FindOption | None:
    """The claim that would make room if it were given up: an idle one first, then the one that ends first."""
    enough = [claim for claim in listing.claims if len({*free, *claim.gpus}) >= want.count]
    if not enough:
        return None
    needed = want.count - len(free)
    best = min(enough, key=lambda claim: (claim_seen(listing, claim, needed), claim.until_at, claim.id))
    spare, seen = len({*free, *best.gpus}) - want.count, claim_seen(listing, best, needed)
    part = idle_part(listing, best, GpuChoice(count=want.count))
    return FindOption("held", want.count, listing, claim=best, spare=spare, seen=seen, part=part)


@dataclass(frozen=True, slots=True)
class SparePart:
    """GPUs of a claim that its holder could do without best."""

    gpus: tuple[int, ...]
    idle_since: int | None
    """Since when all of them stand idle; None where one works, or nothing tells."""


def spare_part(listing: Listing, claim: Claim, count: int) -> SparePart:
    """So many GPUs of a claim: those that surely idle and have done so the longest, the last ones first.

    Programs take the first GPUs of a machine unless they are told otherwise, so that the last ones are missed least.
    """

    def loss(gpu: int) -> tuple[int, int, int]:
        since = idle_since(listing, (gpu,))
        return _seen(listing, gpu), _DEAREST if since is None else since, -gpu

    gpus = tuple(sorted(sorted(claim.gpus, key=loss)[:count]))
    return SparePart(gpus, idle_since(listing, gpus))


def idle_part(listing: Listing, claim: Claim, choice: GpuChoice) -> SparePart | None:
    """The idle GPUs of a claim that would serve a choice, beside what is free; None where they are not seen idle.

    None, too, where it takes the whole claim.
    """
    if choice.indexes:
        gpus = tuple(gpu for gpu in choice.indexes if gpu in claim.gpus)
        part = SparePart(gpus, idle_since(listing, gpus))
    else:
        wanted = len(listing.gpus) if choice.count is None else choice.count
        part = spare_part(listing, claim, max(1, wanted - len(open_gpus(listing))))
    return part if part.idle_since is not None and len(part.gpus) < len(claim.gpus) else None


def idle_since(listing: Listing, gpus: tuple[int, ...]) -> int | None:
    """Since when all of these GPUs stand idle; None where one works, or nothing tells."""
    judged = {gpu.gpu: gpu.since for gpu in listing.verdict.gpus} if listing.verdict else {}
    since = [judged[gpu] for gpu in gpus if _seen(listing, gpu) < _SEEN["unknown"]]
    known = [at for at in since if at is not None]
    return max(known) if gpus and len(known) == len(gpus) else None


def claim_seen(listing: Listing, claim: Claim, count: int | None = None) -> int:
    """How sure it is that nobody works on a claim's GPUs, or on so many of them, 0 the surest."""
    if listing.is_whole(claim) and listing.verdict is not None and listing.verdict.works_as_a_whole:
        return _SEEN["active"]
    return max(sorted(_seen(listing, gpu) for gpu in claim.gpus)[:count])


def _seen(listing: Listing, gpu: int) -> int:
    judged = listing.verdict.gpus if listing.verdict and listing.verdict.state != "unknown" else ()
    return next((_SEEN[gpu_verdict.state] for gpu_verdict in judged if gpu_verdict.gpu == gpu), _SEEN["unknown"])


def launch_option(listing: Listing, want: GpuSpec) -> FindOption | None:
    """How the machine that a launch would make could serve; None when it would not do."""
    instance = listing.instance
    if instance.gpu_count < want.count or not want.kind.fits(instance.gpu_model, instance.gpu_memory_mib):
        return None
    return FindOption("launch", want.count, listing, spare=instance.gpu_count - want.count)


def ranked_options(ways: Iterable[FindOption | None], per_tier: int | None = None) -> tuple[FindOption, ...]:
    """Best first; of every tier at most `each`."""
    best = sorted((option for option in ways if option is not None), key=lambda option: option.order)
    if per_tier is None:
        return tuple(best)
    kept: list[FindOption] = []
    for option in best:
        if sum(other.tier == option.tier for other in kept) < per_tier:
            kept.append(option)
    return tuple(kept)


def tier_of(listing: Listing) -> FindTier:
    """Where something stands that somebody is about to take; the machine that a launch would make has no id."""
    if not listing.instance.id:
        return "launch"
    if not listing.running:
        return "stopped"
    return "owned" if listing.instance.provider == "owned" else "rented"


def saved_per_hour(listing: Listing, better: FindOption) -> int | None:
    """Micro-dollars per hour not spent when the better way is taken instead; None where a price is not known."""
    own, other = listing.rate, better.listing.rate
    if own is None or (better.is_extra and other is None):
        return None
    return own.micros_per_hour - (other.micros_per_hour if better.is_extra and other else 0)


def stand_in_spec(listing: Listing, count: int) -> GpuSpec | None:
    """What anything that could stand in for so many GPUs of this instance has to offer; None for a model not known."""
    kind = kind_of_model(listing.instance.gpu_model, listing.instance.gpu_memory_mib)
    return GpuSpec(count, kind) if kind.core else None


def similar_spec(listing: Listing, count: int) -> GpuSpec:
    """What somebody may take who can't have so many GPUs of this instance: the same model, whatever its memory."""
    kind = kind_of_model(listing.instance.gpu_model)
    return GpuSpec(count, replace(kind, memory_gb=None, at_least=False))
