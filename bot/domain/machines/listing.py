"""An instance as people see it: with its team, rate, verdict and claims."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.acting.drain import Drain
from bot.domain.acting.snooze import Snooze
from bot.domain.machines.fleet import Instance, Standstill
from bot.domain.machines.verdict import Verdict
from bot.domain.money.rates import Rate
from bot.domain.money.splitting import use_letters
from bot.domain.money.standing_costs import StandingCost
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.offers import LineOffer


@dataclass(frozen=True, slots=True)
class Listing:
    """One line of the fleet."""

    instance: Instance
    team: str = ""
    rate: Rate | None = None
    verdict: Verdict | None = None
    claims: tuple[Claim, ...] = ()
    """The open ones, the longest first."""
    offers: tuple[LineOffer, ...] = ()
    """GPUs held for people whose turn it is; the open ones."""
    waiting: int = 0
    """People in the line whom it could serve, those with an offer included."""
    unused_micros: int | None = None
    """What it has cost for nothing since it was judged idle, by the ledger, where it idles and that was asked for."""
    keeping: StandingCost | None = None
    """What it costs while it stands still, where that was asked for and it does."""
    snooze: Snooze | None = None
    """Who leaves it alone until when, where that was asked for."""
    still: Standstill | None = None
    """Since when it stands still, where it does and that is known."""
    drain: Drain | None = None
    """Nobody gets more time on it, until whoever drains it ends that."""
    unclaimed_users: tuple[tuple[str, str, tuple[int, ...]], ...] = ()
    """Unix users at work on GPUs that nobody has claimed: who they are in Slack, if known, and those GPUs."""

    @property
    def running(self) -> bool:
        """It runs, so it can be used (and, rented, costs)."""
        return self.instance.state == "running"

    def lacks(self, gpus: tuple[int, ...]) -> bool:
        """Whether it is known to have no such GPUs any more: its type was changed."""
        return 0 < self.instance.gpu_count <= max(gpus, default=0)

    def is_all(self, gpus: tuple[int, ...]) -> bool:
        """Whether these are all the GPUs it has; those that it has lost make no whole of it."""
        return set(self.gpus) <= set(gpus)

    @property
    def gpus(self) -> tuple[int, ...]:
        """The indexes of its GPUs; one where their number is not known."""
        return tuple(range(max(1, self.instance.gpu_count)))

    @property
    def unclaimed(self) -> tuple[int, ...]:
        """The GPUs that nobody has claimed or is offered; none while it is drained."""
        if self.drain is not None:
            return ()
        taken = {gpu for claim in self.claims for gpu in claim.gpus} | {
            gpu for offer in self.offers for gpu in offer.gpus
        }
        return tuple(gpu for gpu in self.gpus if gpu not in taken)

    @property
    def busy(self) -> frozenset[int]:
        """The GPUs that work just now."""
        return frozenset(gpu.gpu for gpu in self.verdict.gpus if gpu.state == "active") if self.verdict else frozenset()

    def claim_of(self, person: str) -> Claim | None:
        """The claim this person has on it; there is at most one."""
        return next((claim for claim in self.claims if claim.holder == person), None)

    def is_whole(self, claim: Claim) -> bool:
        """The claim covers every GPU of it."""
        return len(claim.gpus) == len(self.gpus)

    @property
    def state(self) -> str:
        """The one word for it: the verdict while it runs, else its provider's state."""
        if not self.running:
            return self.instance.state
        return self.verdict.state if self.verdict else "unknown"

    @property
    def since(self) -> int | None:
        """Since when it is in that state, as far as that is known: of one that works, only when it last did."""
        if self.running:
            return self.verdict.since if self.verdict and self.verdict.state != "active" else None
        return self.still.since if self.still else self.instance.stopped_at

    @property
    def waste_micros(self) -> int:
        """Micro-dollars per hour that nobody uses; 0 where the price or the verdict is not known."""
        if not self.running or self.rate is None or self.verdict is None:
            return 0
        return waste_of(self.rate.micros_per_hour, self.verdict, self.instance.gpu_count)


def waste_of(micros_per_hour: int, verdict: Verdict, gpu_count: int) -> int:
    """Micro-dollars per hour going unused: of the GPUs that idle, as the ledger counts them, whatever the rest does."""
    use = gpu_uses({gpu.gpu: gpu.state for gpu in verdict.gpus}, verdict.state, gpu_count)
    return micros_per_hour * use.count("i") // len(use)


def gpu_uses(gpus: Mapping[int, str], whole: str, gpu_count: int) -> str:
    """What each GPU of a machine is charged as, a letter each (`splitting.letters`), by its verdict.

    `whole` is the machine's, which counts where no GPU is named. One that nobody names while others are named was not
    seen: that one works says nothing of it.
    """
    unnamed = "unknown" if gpus else whole
    return use_letters(gpus.get(gpu, unnamed) for gpu in range(max(1, gpu_count, *(gpu + 1 for gpu in gpus))))


@dataclass(frozen=True, slots=True)
class FleetFilter:
    """Which listings to show; empty fields let everything through."""

    holder: str = ""
    team: str = ""
    state: str = ""
    """A verdict, a provider's state ("running" is whatever runs), or "idle" for held and free together."""
    type_prefix: str = ""
    provider: str = ""
    models: tuple[tuple[str, int], ...] | None = None
    """Only with one of these GPU models, as reported, each with the MiB of one GPU."""
    ids: tuple[str, ...] | None = None
    """Only these."""
    unclaimed: bool = False
    """Some GPU of it is not claimed."""
    stop_saves: bool = False
    """It is paid only while it runs, as far as is known."""


@dataclass(frozen=True, slots=True)
class FleetTotals:
    """The whole fleet in one line; micro-dollars per hour."""

    instances: int = 0
    gpus: int = 0
    running: int = 0
    idle: int = 0
    unpriced: int = 0
    """Running instances without a known price: left out of the sums."""
    rate_micros: int = 0
    waste_micros: int = 0
    estimated: int = 0
    """Running instances whose price is borrowed, say from another region: the sums are about right."""
    partial: int = 0
    """Running instances of which some GPUs idle."""
    unknown: int = 0
    """Running instances of which nobody can tell whether they work."""
    owned_micros: int = 0
    """Of the rates, those of owned machines: full cost, on no bill."""
    owned_waste_micros: int = 0


@dataclass(frozen=True, slots=True)
class FleetSource:
    """One place instances come from, and when it was last read."""

    name: str
    ok_at: int | None
    error: str = ""
    """Why the last look failed; empty when it did not."""
