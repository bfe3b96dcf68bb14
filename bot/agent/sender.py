"""Minutes on their way to the bot: kept while it is away, numbered, sent in order, given up only with a word."""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.agent.guard import guarded
from bot.agent.host import DeliveryCounter, HostTime
from bot.agent.post import DoorAnswer, PostToDoor, come_back_s
from bot.agent.spool import Spool, Unsent
from bot.domain.machines.readings import Gpu, Minute, Push
from bot.telemetry.wire import MAX_AGE_TICKS, MAX_BODY_BYTES, MAX_MINUTES, MAX_WORDS, to_json

log = logging.getLogger(__name__)

MAX_WAITING = 10_000
"""Minutes kept while the bot is away: 20 hours of 8 GPUs, about 4 MB."""
FIRST_PAUSE_S = 5.0
SEND_PAUSE_MAX_S = 300.0
SLOW_PAUSE_S = 300.0
"""Between tries that only a person can make succeed."""


@dataclass(frozen=True, slots=True)
class About:
    """What every push says of its host."""

    host: str
    started_tick: int
    agent_version: str
    gpus: tuple[Gpu, ...] = ()
    driver: str = ""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """What to do after an answer."""

    is_done: bool
    """The batch needs no other try: it arrived, or never will."""
    pause_s: float = 0.0
    level: int = logging.DEBUG
    sentence: str = ""


def next_after(answer: DoorAnswer, failures: int, jitter: float) -> Next:
    """What an answer means after `failures` failed tries; `jitter` is a random number from 0 to 1."""
    status, text = answer.status, answer.text or "it gave no reason"
    slow = SLOW_PAUSE_S * (1 + jitter / 4)
    if status is not None and status < 500 and status not in {408, 425, 429} and not answer.is_the_doors:
        sentence = f"Something else than the bot's door answered ({status}: {text}); check --server, and any proxy."
        return Next(is_done=False, pause_s=slow, level=logging.ERROR, sentence=sentence)
    if status is not None and 200 <= status < 300:
        return Next(is_done=True)
    if status in {400, 409, 413}:
        sentence = f"The bot will not take these minutes ({status}: {text}); they are dropped."
        return Next(is_done=True, level=logging.ERROR, sentence=sentence)
    pause = FIRST_PAUSE_S + jitter * min(SEND_PAUSE_MAX_S, FIRST_PAUSE_S * 2 ** min(failures, 10))
    if status in {401, 403}:
        sentence = f"The bot refuses this host's token ({status}: {text}); is it revoked, or another host's?"
        return Next(is_done=False, pause_s=slow, level=logging.ERROR, sentence=sentence)
    if status is None or status in {408, 425, 429} or status >= 500:
        pause = max(pause, come_back_s(answer, jitter))
        reason = text if status is None else f"{status}: {text}"
        return Next(is_done=False, pause_s=pause, level=logging.WARNING, sentence=f"The bot is not there ({reason}).")
    sentence = f"This does not look like the bot's door ({status}: {text}); check --server."
    return Next(is_done=False, pause_s=slow, level=logging.ERROR, sentence=sentence)


@dataclass(slots=True)
class _Batch:
    seq: int
    unsent: list[Unsent] = field(default_factory=list)
    failures: int = 0


class Sender:
    """The queue and the thread that empties it. With a `spool`, what could not be sent survives the agent."""

    def __init__(
        self,
        post: PostToDoor,
        deliveries: DeliveryCounter,
        host_time: HostTime,
        about: About,
        *,
        spool: Spool | None = None,
    ) -> None:
        self._post = post
        self._deliveries = deliveries
        self._time = host_time
        self._about = about
        self._spool = spool
        self._waiting: deque[Unsent] = deque()
        self._batch: _Batch | None = None
        self._place = self._kept_to = 0
        self._kept_try: tuple[int, int] | None = None
        self._is_away = False
        self._lost = 0
        self._changed = threading.Condition()
        self._is_due = self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self.last = Next(is_done=False)
        """What followed from the last try."""

    def start(self) -> None:
        """Begin to send, first what an earlier run of the agent could not."""
        if self._spool is not None:
            self._restore(self._spool)
        self._thread.start()

    def offer(self, minutes: Iterable[Minute], about: About) -> None:
        """Queue minutes, and send even without any: the push itself says that the host lives."""
        with self._changed:
            self._about = about
            for minute in minutes:
                self._place += 1
                self._waiting.append(Unsent(self._place, about.started_tick, minute))
            over = self._cut()
            self._is_due = True
            self._changed.notify()
        if over:
            log.warning("The bot has been away for long: dropped the %d oldest unsent minutes.", over)

    def finish(self, within_s: float) -> None:
        """Send what is there, for so many seconds at most; what is left goes to disk."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
        self._thread.join(within_s)
        if self.unsent:
            self._keep()

    @property
    def unsent(self) -> int:
        """Minutes queued or on their way."""
        return len(self._waiting) + (len(self._batch.unsent) if self._batch else 0)

    def send(self) -> float:
        """One try; returns the seconds to wait before the next. 0: go on as soon as there is something to send."""
        batch, body, said = self._prepare()
        if self._is_away:
            self._keep()
        answer = self._post(body)
        self.last = next_after(answer, batch.failures, random.random())  # noqa: S311 - spreads retries, hides nothing
        if self.last.sentence:
            log.log(self.last.level, "%s", self.last.sentence)
        if not self.last.is_done:
            batch.failures += 1
            self._is_away = True
            return self.last.pause_s
        with self._changed:
            self._batch = None
            self._lost -= said
            self._is_due = bool(self._waiting)
        self._forget(batch)
        return 0.0

    def _run(self) -> None:
        while self._has_work():
            is_last_try = self._is_stopping
            pause = guarded(self.send)
            pause = FIRST_PAUSE_S if pause is None else pause
            if pause and is_last_try:
                return
            self._rest(pause)

    def _has_work(self) -> bool:
        """Wait for something to send; False when there is nothing and we are to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_due or self._is_stopping)
            return self._is_due

    def _rest(self, seconds: float) -> None:
        """Wait, and put what is offered meanwhile on disk."""
        until = time.monotonic() + seconds / self._time.pace
        while not self._is_stopping and (left := until - time.monotonic()) > 0:
            guarded(self._keep)
            with self._changed:
                self._changed.wait_for(self._must_wake, timeout=left)

    def _must_wake(self) -> bool:
        return self._is_stopping or (self._spool is not None and self._place > self._kept_to)

    def _prepare(self) -> tuple[_Batch, bytes, int]:
        """The batch to send, its body, and how many lost minutes that tells of.

        A batch tried before keeps its number: the bot may have it already.
        """
        with self._changed:
            tick = self._time.tick()
            if self._batch is None:
                self._batch = self._next_batch()
            self._batch.unsent = self._fresh(self._batch.unsent, tick)
            body = self._body(self._batch, tick)
            while len(body) > MAX_BODY_BYTES and len(self._batch.unsent) > 1:
                half = len(self._batch.unsent) // 2
                self._waiting.extendleft(reversed(self._batch.unsent[half:]))
                del self._batch.unsent[half:]
                body = self._body(self._batch, tick)
            return self._batch, body, self._lost

    def _next_batch(self) -> _Batch:
        """The oldest that go together: seen by one run of the agent, and no minute of a GPU twice."""
        batch = _Batch(self._deliveries.next())
        seen: set[tuple[int, int]] = set()
        while self._waiting and len(batch.unsent) < MAX_MINUTES:
            first = self._waiting[0]
            key = first.minute.gpu, first.minute.tick
            if key in seen or (batch.unsent and first.started_tick != batch.unsent[0].started_tick):
                break
            seen.add(key)
            batch.unsent.append(self._waiting.popleft())
        return batch

    def _fresh(self, unsent: list[Unsent], tick: int) -> list[Unsent]:
        fresh = [each for each in unsent if each.minute.tick >= tick - MAX_AGE_TICKS]
        if len(fresh) < len(unsent):
            self._lost += len(unsent) - len(fresh)
            log.warning("Dropped %d minutes that the bot no longer wants.", len(unsent) - len(fresh))
        return fresh

    def _body(self, batch: _Batch, tick: int) -> bytes:
        about = self._about
        return to_json(
            Push(
                host=about.host,
                boot_id=self._time.boot_id,
                seq=batch.seq,
                tick_now=tick,
                started_tick=batch.unsent[0].started_tick if batch.unsent else about.started_tick,
                gpus=about.gpus,
                minutes=tuple(each.minute for each in batch.unsent),
                agent_version=about.agent_version,
                driver=about.driver,
                error=_words(about.error, self._lost),
            )
        )

    def _cut(self) -> int:
        """Let the oldest go when there are too many; returns how many."""
        over = max(0, len(self._waiting) - MAX_WAITING)
        for _ in range(over):
            self._waiting.popleft()
        self._lost += over
        return over

    def _restore(self, spool: Spool) -> None:
        found = spool.open()
        self._lost = found.lost
        if found.lost:
            log.warning("Dropped %d unsent minutes of an earlier boot: the bot could not place them.", found.lost)
        if not found.unsent:
            return
        self._place = self._kept_to = found.unsent[-1].place
        self._is_away = True
        if found.seq is not None:
            tried = [each for each in found.unsent if each.place <= found.tried_to]
            self._batch = _Batch(found.seq, tried, failures=1)
        self._waiting.extend(found.unsent[len(self._batch.unsent) if self._batch else 0 :])
        self._cut()
        log.info("Found %d minutes on disk that the bot has not had.", self.unsent)

    def _keep(self) -> None:
        """Put on disk what is not there yet."""
        if self._spool is None:
            return
        with self._changed:
            batch = self._batch
            whole = [*(batch.unsent if batch else ()), *self._waiting]
            fresh = [each for each in whole if each.place > self._kept_to]
            self._kept_to = self._place
            tried = (batch.seq, batch.unsent[-1].place) if batch and batch.unsent else None
            tried, self._kept_try = (None if tried == self._kept_try else tried), tried
        self._spool.add(fresh, tried=tried, whole=whole)

    def _forget(self, batch: _Batch) -> None:
        """Take what arrived off the disk."""
        if self._spool is None or self._spool.is_empty:
            self._is_away = False
        elif self.unsent:
            self._spool.gone(batch.unsent[-1].place if batch.unsent else 0)
        else:
            self._spool.clear()
            self._is_away = False


def _words(error: str | None, lost: int) -> str | None:
    """Why nothing can be read, and what will never arrive."""
    loss = f"{lost} minutes were dropped here unsent." if lost else None
    return " ".join(filter(None, (loss, error)))[:MAX_WORDS] or None
