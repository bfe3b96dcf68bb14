"""The line: who waits for which GPUs, in which order they get them, and about when.

Everybody gets the GPUs that come first for them, in the order in which they came. Whoever wants more GPUs than are
free keeps those of the machine that will be ready first; all others go on to the next.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.listing import Listing
from bot.domain.machines.models import GpuKind
from bot.domain.sharing.bookings import Hold
from bot.domain.sharing.gpu_spec import GpuSpec

WaitEnd = Literal["served", "left", "passed", "lapsed", "stale", "gone", "departed"]
"""passed: said no to an offer. lapsed: did not answer one in time. departed: is in the workspace no more."""
WAIT_STALE_MS = 48 * HOUR_MS
"""So long somebody may wait before they are asked to say again that they still want it."""
MOST_FORESEEN = 100
"""With more people than this ahead, nobody can say how long it takes."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """One place in one line: for an instance, or for any machine with such GPUs."""

    id: int
    """Who came first has the lowest."""
    person: str
    instance_id: str
    """Empty where any machine of the kind will do."""
    kind: GpuKind
    count: int | None
    """GPUs wanted; None for all of the instance."""
    length: int
    """For how long they are wanted, milliseconds."""
    note: str
    since: int
    ended_at: int | None = None
    end_reason: WaitEnd | None = None
    run: str = ""
    """The template that runs as soon as it is their turn; then nobody is asked."""

    @property
    def want(self) -> GpuSpec:
        """What they wait for, where it is a kind."""
        return GpuSpec(self.count or 1, self.kind)

    def amount(self, instance: Instance) -> int:
        """How many GPUs of this instance they want."""
        return max(1, instance.gpu_count) if self.count is None else self.count

    def could_use(self, instance: Instance) -> bool:
        """Whether this instance is, or could be, what they wait for."""
        if self.instance_id:
            return self.instance_id == instance.id
        return instance.gpu_count >= self.amount(instance) and self.kind.fits(
            instance.gpu_model, instance.gpu_memory_mib
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """What somebody in the line gets, and when: now, or by what the claims say."""

    waiter: Waiter
    instance_id: str
    gpus: tuple[int, ...]
    at: int


class Vacancies:
    """The running machines, with when each GPU is next free. `seat` people in the order in which they came."""

    def __init__(self, listings: Iterable[Listing], booked: Iterable[Hold], now: int) -> None:
        self._now = now
        self._listings = {listing.instance.id: listing for listing in listings if listing.running}
        self._free_at = {key: _free_at(listing, now) for key, listing in self._listings.items()}
        self._booked: dict[str, list[Hold]] = {key: [] for key in self._listings}
        for hold in booked:
            self._booked.get(hold.instance_id, []).append(hold)
        self.vacant = sum(at <= now for gpu_times in self._free_at.values() for at in gpu_times.values())
        """GPUs that are free now and that nobody seated so far gets."""

    def seat(self, waiter: Waiter) -> Turn | None:
        """Give somebody the GPUs that come first for them; None when no machine will ever have them."""
        places = [turn for listing in self._listings.values() if (turn := self._at(waiter, listing)) is not None]
        if not places:
            return None
        best = min(places, key=self._cost)
        free_at, until = self._free_at[best.instance_id], best.at + waiter.length
        if best.at > max(self._now, *(free_at[gpu] for gpu in best.gpus)):
            # only a booking stands between, and the time before it may serve somebody who wants it for less long
            hold = Hold(best.instance_id, waiter.person, best.gpus, best.at, until, booked=True)
            self._booked[best.instance_id].append(hold)
            return best
        self.vacant -= sum(free_at[gpu] <= self._now for gpu in best.gpus)
        free_at |= dict.fromkeys(best.gpus, until)
        return best

    def left(self, instance_id: str) -> frozenset[int]:
        """The GPUs of it that are free now and that nobody seated so far gets."""
        return frozenset(gpu for gpu, at in self._free_at.get(instance_id, {}).items() if at <= self._now)

    def _at(self, waiter: Waiter, listing: Listing) -> Turn | None:
        instance = listing.instance
        if not waiter.could_use(instance) or listing.claim_of(waiter.person) is not None:
            return None
        free_at, wanted = self._free_at[instance.id], waiter.amount(instance)
        if len(free_at) < wanted:
            return None
        booked = self._booked[instance.id]
        clear_at = {gpu: _clear(booked, waiter, gpu, max(self._now, at)) for gpu, at in free_at.items()}
        first = sorted(clear_at, key=lambda gpu: (clear_at[gpu], gpu in listing.busy, gpu))[:wanted]
        begin = clear_at[first[-1]]
        while (later := max(_clear(booked, waiter, gpu, begin) for gpu in first)) > begin:
            begin = later
        return Turn(waiter, instance.id, tuple(sorted(first)), begin)

    def _cost(self, turn: Turn) -> tuple[int, bool, int, int, str]:
        """The soonest; then what is paid for already, what nobody works on, and the tightest fit."""
        listing, free_at = self._listings[turn.instance_id], self._free_at[turn.instance_id]
        spare = sum(at <= turn.at for at in free_at.values()) - len(turn.gpus)
        working = len(listing.busy.intersection(turn.gpus))
        return turn.at, listing.instance.provider != "owned", working, spare, turn.instance_id


def _clear(booked: Sequence[Hold], waiter: Waiter, gpu: int, at: int) -> int:
    """From when on, at the earliest, no booking keeps somebody from a GPU for as long as they want it."""
    for hold in sorted(booked, key=lambda hold: hold.from_at):
        if (gpu in hold.gpus or hold.holder == waiter.person) and hold.meets(at, at + waiter.length):
            at = hold.until_at
    return at


def _free_at(listing: Listing, now: int) -> dict[int, int]:
    """When each GPU is free next; a claim past its end may still be extended, so it is not free yet."""
    free_at = dict.fromkeys(listing.gpus, now)
    for claim in listing.claims:
        free_at |= dict.fromkeys(claim.gpus, max(claim.until_at, now + MINUTE_MS))
    for offer in listing.offers:
        free_at |= dict.fromkeys(offer.gpus, now + offer.length)
    return free_at


def turns_now(waiters: Iterable[Waiter], vacancies: Vacancies, now: int) -> list[Turn]:
    """Whose turn it is now, with what they get, the first in the line first."""
    turns = []
    for waiter in waiters:
        if not vacancies.vacant:
            break
        turn = vacancies.seat(waiter)
        if turn is not None and turn.at <= now:
            turns.append(turn)
    return turns


def awaited_gpus(ahead: Iterable[Waiter], vacancies: Vacancies, instance_id: str) -> frozenset[int]:
    """The GPUs of an instance that are free now, but that people ahead wait for."""
    free = vacancies.left(instance_id)
    for waiter in ahead:
        if not vacancies.left(instance_id):
            break
        vacancies.seat(waiter)
    return free - vacancies.left(instance_id)


def line_holds(ahead: Iterable[Waiter], vacancies: Vacancies, instance_id: str) -> list[Hold]:
    """What people in the line get of an instance, now and later, by what claims and bookings say."""
    turns = [
        turn for waiter in ahead if (turn := vacancies.seat(waiter)) is not None and turn.instance_id == instance_id
    ]
    return [
        Hold(
            instance_id, turn.waiter.person, turn.gpus, turn.at, turn.at + turn.waiter.length, booked=False, waited=True
        )
        for turn in turns
    ]


def turn_of(last: Waiter, ahead: Iterable[Waiter], vacancies: Vacancies) -> Turn | None:
    """When it is somebody's turn, by what claims and bookings say; None when no machine is, or will be, there."""
    for waiter in ahead:
        vacancies.seat(waiter)
    return vacancies.seat(last)
