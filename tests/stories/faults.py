"""AWS and Slack at their worst, for a company in which everything goes wrong at once; they count what is met."""

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

from bot.domain.clock import SECOND_MS
from bot.domain.machines.fleet import Instance
from bot.errors import Refused, Unreachable
from bot.sandbox.inventory import EAST, WEST
from bot.sandbox.machines import SandboxFleet
from bot.sandbox.slack.faults import Fault, Faults
from tests.conftest import Clock

COUNTS: Counter[str] = Counter()
"""What was really come by, over all rounds."""
HAPPENS = (
    *("unconfirmed and behind",) * 2,
    *("lost", "lost twice", "unconfirmed", "unconfirmed and behind", "refused", "throttled", "short", "short later"),
    *("restarted", "restarted", "stopped", "protected", "terminated", "silent"),
)
PLACES = tuple(f"{when} {call}" for call in ("describe", "stop", "start", "launch") for when in ("before", "after"))
ZONES = ("us-west-2a", "us-west-2b", "us-east-1b", "us-east-1c")
MADE = {"stop": "stops", "start": "starts", "launch": "launches"}
LAG = 80 * SECOND_MS
"""So long AWS may go on to tell of what was, which is longer than an order without an answer waits to be sent again."""
LOST = Unreachable("AWS did not confirm it.")


class Crash(BaseException):
    """The bot ends here."""


class World(SandboxFleet):
    """AWS: it ends the bot at a chosen call, may tell of what was a moment ago, and has every effect judged."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.crash_at, self.lags = "", False
        self.judge: Callable[[str, Any], None] = lambda _verb, _subject: None
        self._was: dict[str, tuple[int, Instance | None]] = {}

    def _put(self, machine):
        self._was[machine.name] = self._clock(), self._machines.get(machine.name)
        super()._put(machine)

    def describe(self, instance):
        self._watch("before describe")
        found = super().describe(instance)
        self._watch("after describe")
        return self._as_told(instance.name, found)

    def launched(self, order):
        return self._as_told(order.name, super().launched(order))

    def _as_told(self, name, found):
        since, was = self._was.get(name, (0, None))
        behind = self.lags and self._clock() - since < LAG
        COUNTS["AWS faults"] += behind
        return was if behind else found

    def stop(self, instance):
        self._judged("stop", instance, self._as_told(instance.name, self.named(instance.name)))

    def start(self, instance):
        self._judged("start", instance, self._as_told(instance.name, self.named(instance.name)))

    def launch(self, order):
        return self._judged("launch", order, order)

    def _judged(self, verb, given, subject):
        self._watch(f"before {verb}")
        made = getattr(self, MADE[verb])
        count = len(made)
        try:
            answer = getattr(super(), verb)(given)
        finally:
            COUNTS["AWS calls"] += 1
            if len(made) > count:
                COUNTS[f"AWS {verb}"] += 1
                self.judge(verb, subject)
        self._watch(f"after {verb}")
        return answer

    def _watch(self, place):
        if self.crash_at == place:
            self.crash_at = ""
            COUNTS["crashes"] += 1
            raise Crash

    def _met(self, name, verb):
        met = super()._met(name, verb)
        COUNTS["AWS faults"] += met is not None
        return met

    def happens(self, what: str, verb: Any, name: str) -> None:
        """Something happens to a machine, or to the next call of this kind for it."""
        where = self.named(name).source.replace(EAST, WEST) if verb == "launch" else name
        if what in PLACES:
            self.crash_at = what
        elif what in {"lost", "lost twice"}:
            self.fault(where, LOST, on=verb, times=1 + (what == "lost twice"))
        elif what in {"unconfirmed", "unconfirmed and behind"}:
            self.lags = what != "unconfirmed"
            self.fault(where, LOST, on=verb, accepted=True)
        elif what == "refused" and verb != "describe":
            self.fault(where, Refused("AWS refused it."), on=verb)
        elif what == "throttled":
            self.silence(self.named(name).region)
        elif what in {"short", "short later"}:
            for zone in ZONES:
                self.run_short(zone, late=what == "short later")
        else:
            self._somebody(what, name)

    def _somebody(self, what: str, name: str) -> None:
        state = self.named(name).state
        if what == "restarted" and state == "running":
            self.restart(name)
        elif what == "stopped" and state == "running":
            self.change(name, state="stopped", state_reason="Client.UserInitiatedShutdown")
        elif what == "protected":
            self.change(name, stop_protected=not self.named(name).stop_protected)
        elif what == "terminated" and name == "render-1":
            self.terminate(name)

    def calm(self) -> None:
        """All is well again."""
        self.crash_at, self.lags = "", False
        for kept in (self._faults, self._silent, self._short):
            kept.clear()


class Stumbles(Faults):
    """Slack's failures."""

    def take(self, method: str) -> Fault | None:
        met = super().take(method)
        if met is not None:
            COUNTS["Slack faults"] += 1
            COUNTS[f"Slack faults of {method}"] += 1
        return met

    def awaits(self, method: str) -> bool:
        """Whether the next call of a method fails."""
        return any(each.method == method for each in self._ordered)

    def calm(self, method: str = "") -> None:
        """Slack is well again, or one of its methods."""
        self._ordered[:] = [each for each in self._ordered if method and each.method != method]


class Complaints(logging.Handler):
    """What the bot wrote into its log with a trace: a fault of its own, or Slack took no answer at all."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and not record.getMessage().startswith("nobody could be told"):
            self.heard.append(logging.Formatter().format(record))
