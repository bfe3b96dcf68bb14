"""Minutes on their way to the bot: kept while it is away, numbered, sent in order, given up only with a word."""

import logging
import random
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.agent.guard import guarded
from bot.agent.host import Deliveries, HostTime
from bot.agent.post import Answer, Post
from bot.domain.readings import Gpu, Minute, Push
from bot.telemetry.wire import MAX_AGE_TICKS, MAX_BODY_BYTES, MAX_MINUTES, to_json

log = logging.getLogger(__name__)

MAX_WAITING = 10_000
"""Minutes kept while the bot is away: 20 hours of 8 GPUs, about 4 MB."""
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0
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


def decide(answer: Answer, failures: int, jitter: float) -> Next:
    """What an answer means after `failures` failed tries; `jitter` is a random number from 0 to 1."""
    status, text = answer.status, answer.text or "it gave no reason"
    if status is not None and 200 <= status < 300:
        return Next(is_done=True)
    if status in {400, 409, 413}:
        sentence = f"The bot will not take these minutes ({status}: {text}); they are dropped."
        return Next(is_done=True, level=logging.ERROR, sentence=sentence)
    pause = FIRST_PAUSE_S + jitter * min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(failures, 10))
    if status in {401, 403}:
        slow = SLOW_PAUSE_S * (1 + jitter / 4)
        sentence = f"The bot refuses this host's token ({status}: {text}); is it revoked, or another host's?"
        return Next(is_done=False, pause_s=slow, level=logging.ERROR, sentence=sentence)
    if status is None or status in {408, 425, 429} or status >= 500:
        pause = max(pause, (answer.retry_after_s or 0) * (1 + jitter / 10))
        reason = text if status is None else f"{status}: {text}"
        return Next(is_done=False, pause_s=pause, level=logging.WARNING, sentence=f"The bot is not there ({reason}).")
    sentence = f"This does not look like the bot's door ({status}: {text}); check --server."
    return Next(is_done=False, pause_s=SLOW_PAUSE_S * (1 + jitter / 4), level=logging.ERROR, sentence=sentence)


@dataclass(slots=True)
class _Batch:
    seq: int
    minutes: list[Minute] = field(default_factory=list)
    failures: int = 0


class Sender:
    """The queue and the thread that empties it."""

    def __init__(self, post: Post, deliveries: Deliveries, host_time: HostTime, about: About) -> None:
        self._post = post
        self._deliveries = deliveries
        self._time = host_time
        self._about = about
        self._waiting: deque[Minute] = deque()
        self._batch: _Batch | None = None
        self._changed = threading.Condition()
        self._is_due = self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self.last = Next(is_done=False)
        """What followed from the last try."""

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def offer(self, minutes: Iterable[Minute], about: About) -> None:
        """Queue minutes, and send even without any: the push itself says that the host lives."""
        with self._changed:
            self._about = about
            self._waiting.extend(minutes)
            over = len(self._waiting) - MAX_WAITING
            for _ in range(over):
                self._waiting.popleft()
            self._is_due = True
            self._changed.notify()
        if over > 0:
            log.warning("The bot has been away for long: dropped the %d oldest unsent minutes.", over)

    def finish(self, within_s: float) -> None:
        """Send what is there, for so many seconds at most."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
        self._thread.join(within_s)

    @property
    def unsent(self) -> int:
        """Minutes queued or on their way."""
        return len(self._waiting) + (len(self._batch.minutes) if self._batch else 0)

    def send(self) -> float:
        """One try; returns the seconds to wait before the next. 0: go on as soon as there is something to send."""
        batch, body = self._prepare()
        answer = self._post(body)
        self.last = decide(answer, batch.failures, random.random())  # noqa: S311 - spreads retries, hides nothing
        if self.last.sentence:
            log.log(self.last.level, "%s", self.last.sentence)
        if not self.last.is_done:
            batch.failures += 1
            return self.last.pause_s
        with self._changed:
            self._batch = None
            self._is_due = bool(self._waiting)
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
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopping, timeout=seconds / self._time.pace)

    def _prepare(self) -> tuple[_Batch, bytes]:
        """The batch to send and its body. A batch tried before keeps its number: the bot may have it already."""
        with self._changed:
            tick = self._time.tick()
            if self._batch is None:
                self._batch = self._next_batch(tick)
            self._batch.minutes = self._fresh(self._batch.minutes, tick)
            body = self._body(self._batch, tick)
            while len(body) > MAX_BODY_BYTES and len(self._batch.minutes) > 1:
                half = len(self._batch.minutes) // 2
                self._waiting.extendleft(reversed(self._batch.minutes[half:]))
                del self._batch.minutes[half:]
                body = self._body(self._batch, tick)
            return self._batch, body

    def _next_batch(self, tick: int) -> _Batch:
        batch = _Batch(self._deliveries.next())
        while self._waiting and len(batch.minutes) < MAX_MINUTES:
            batch.minutes.append(self._waiting.popleft())
        return batch

    def _fresh(self, minutes: list[Minute], tick: int) -> list[Minute]:
        fresh = [minute for minute in minutes if minute.tick >= tick - MAX_AGE_TICKS]
        if len(fresh) < len(minutes):
            log.warning("Dropped %d minutes that the bot no longer wants.", len(minutes) - len(fresh))
        return fresh

    def _body(self, batch: _Batch, tick: int) -> bytes:
        about = self._about
        return to_json(
            Push(
                host=about.host,
                boot_id=self._time.boot_id,
                seq=batch.seq,
                tick_now=tick,
                started_tick=about.started_tick,
                gpus=about.gpus,
                minutes=tuple(batch.minutes),
                agent_version=about.agent_version,
                driver=about.driver,
                error=about.error,
            )
        )
