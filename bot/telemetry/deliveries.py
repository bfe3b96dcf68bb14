"""Deliveries on their way into the store: one after the other, by the group, each answered after its commit.

While one group is written, the next gathers: a busy disk is asked less often, and a quiet one at once.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import anyio

from bot.domain.machines.readings import Delivery
from bot.telemetry.body import parse_push
from bot.telemetry.intake import refusal

GROUP_MOST = 64
GROUP_BYTES = 256 * 1024
"""A group ends here: whoever else writes waits for no more than that, some tens of milliseconds."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivery."""

    stored: int
    """Minutes stored by it."""
    duplicate: bool
    """It had been delivered before, and changed nothing."""


Outcome = Receipt | Exception
ReceiveGroup = Callable[[Sequence[Delivery]], Sequence[Outcome]]
"""Takes checked deliveries in, in their order; what became of each. May raise, which is then said to each of them."""


@dataclass(frozen=True, slots=True)
class RawDelivery:
    """A delivery whose token is good, as it came over the wire."""

    body: bytes
    host: str
    """Whose token it is."""
    ip: str
    sha256: str


class Deliveries:
    """Those that wait for the one thread that takes deliveries in, in the order they came."""

    def __init__(self, receive: ReceiveGroup) -> None:
        self._receive = receive
        self._waiting: deque[tuple[RawDelivery, asyncio.Future[Receipt]]] = deque()
        self._emptying: asyncio.Task[None] | None = None
        self._in_writing = 0
        self._writer = anyio.CapacityLimiter(1)

    @property
    def unanswered(self) -> int:
        """Those that wait, or are being written."""
        return len(self._waiting) + self._in_writing

    async def hand_over(self, raw: RawDelivery) -> Receipt:
        """What became of it. Raises BadBody, UnknownToken, other Refused, Unreachable, HTTPException."""
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((raw, answer))
        if self._emptying is None:
            self._emptying = asyncio.create_task(self._empty())
        return await answer

    async def _empty(self) -> None:
        try:
            while group := self._next_group():
                self._in_writing = len(group)
                outcomes = await anyio.to_thread.run_sync(
                    self._take_in, [raw for raw, _ in group], limiter=self._writer
                )
                for (_, answer), outcome in zip(group, outcomes, strict=True):
                    _answer(answer, outcome)
        finally:
            self._emptying, self._in_writing = None, 0

    def _next_group(self) -> list[tuple[RawDelivery, asyncio.Future[Receipt]]]:
        group: list[tuple[RawDelivery, asyncio.Future[Receipt]]] = []
        left = GROUP_BYTES
        while self._waiting and len(group) < GROUP_MOST and left > 0:
            left -= len(self._waiting[0][0].body)
            group.append(self._waiting.popleft())
        return group

    def _take_in(self, group: Sequence[RawDelivery]) -> list[Outcome]:
        """In the writing thread: what is no delivery is refused, the rest goes on together."""
        checked = [_checked(raw) for raw in group]
        good = [each for each in checked if isinstance(each, Delivery)]
        try:
            received = iter(self._receive(good) if good else ())
        except Exception as error:  # noqa: BLE001 - each of them is told, and the log by the server
            received = iter([error] * len(good))
        return [next(received) if isinstance(each, Delivery) else each for each in checked]


def _checked(raw: RawDelivery) -> Delivery | Exception:
    try:
        push = parse_push(raw.body)
    except Exception as error:  # noqa: BLE001 - it is told to who sent that, and to nobody else
        return error
    is_own = push.host == raw.host
    return Delivery(push, raw.ip, raw.sha256) if is_own else refusal(403, "The token belongs to another host.")


def _answer(answer: asyncio.Future[Receipt], outcome: Outcome) -> None:
    if answer.done():  # who waited for it is gone
        return
    if isinstance(outcome, Receipt):
        answer.set_result(outcome)
    else:
        answer.set_exception(outcome)
