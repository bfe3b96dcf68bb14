"""What the made-up company has lived through: five weeks of charges, and what its agents report minute by minute.

Everything follows from the moment the demo begins, so the same moment gives the same past.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zlib import crc32

from bot.domain.clock import DAY, HOUR, MINUTE
from bot.domain.fleet import Instance
from bot.domain.measuring.readings import Gpu, Minute, Push
from bot.domain.money.rates import Charge, Share, Use, cost
from bot.domain.times import MachineMs, gpu_time
from bot.sandbox import habits
from bot.sandbox.aws_prices import list_micros
from bot.sandbox.inventory import OWNED, rented
from bot.sandbox.slack.people import ADA, BOB, CY

DAYS = 35
"""How far the charges go back."""
LEAST_MINUTES = 1440
"""So far back every agent's reports go at least."""
MOST_MINUTES = 500
"""Minutes of GPUs in one delivery."""
OWNED_UPTIME = 40 * DAY

EARLIER = {
    "train-7": "bursts",
    "train-3": "bursts",
    "train-9": "bursts",
    "nb-5": "office",
    "eval-2": "office",
    "ci-gpu": "always",
    "llm-serve": "always",
    "old-3": "always",
    "nb-2": "office",
}
"""How a machine ran before its present start; the others did not exist yet."""
HOLDERS = {"train-7": ADA, "train-3": BOB, "train-9": CY, "nb-2": CY, "nb-5": CY, "eval-2": ADA}
TEAMS = {ADA: "nlp", BOB: "platform", CY: "vision"}


@dataclass(frozen=True, slots=True)
class History:
    """The past of a demo that begins at `began`, and its agents' reports from then on."""

    began: int
    demo: bool = False
    """With the machines that only the demo has."""

    def charges(self) -> Iterator[Charge]:
        """What the rented machines cost, hour by hour, up to the last full hour before the beginning."""
        for machine in self._rented():
            if machine.lifecycle == "on-demand":
                yield from self._charges_of(machine)

    def _rented(self) -> tuple[Instance, ...]:
        return rented(self.began, demo=self.demo)

    def _charges_of(self, machine: Instance) -> Iterator[Charge]:
        rate = list_micros(machine.region, machine.type)
        end = self.began // HOUR * HOUR
        for hour in range(end - DAYS * DAY, end, HOUR):
            start, until = self._ran(machine, hour)
            if rate is None or until <= start:
                continue
            team = machine.tags.get("team", "")
            holder, use = _use(machine.name, hour)
            length, micros = MachineMs(until - start), cost(rate, until - start)
            share = Share(holder, TEAMS.get(holder, team), use, gpu_time(length, machine.gpu_count), micros)
            yield Charge(machine.id, start, until, length, micros, rate, team, (share,))

    def _ran(self, machine: Instance, hour: int) -> tuple[int, int]:
        """The part of a clock hour in which the machine ran."""
        launched, stopped = machine.launched_at or 0, machine.stopped_at or self.began
        if hour + HOUR > launched:
            return max(hour, launched), min(hour + HOUR, stopped)
        stays_off = hour + 2 * HOUR > launched and EARLIER.get(machine.name) != "always"
        return hour, hour if stays_off or not _ran_earlier(machine.name, hour) else hour + HOUR

    def first_minute(self, host: str) -> int:
        """The minute (since 1970) from which a host's reports tell all that matters at the beginning."""
        machine = self._machine(host)
        quiet = [habit.quiet_for + 5 for habit in habits.of(machine)] if machine else []
        return self.began // MINUTE - max([LEAST_MINUTES, *quiet])

    def readings(self, instance: Instance, minute: int) -> list[Minute]:
        """What a machine's agent saw in one minute (since 1970), GPU by GPU; empty for one without an agent."""
        tick = minute - self._boot(instance)
        ago = self.began // MINUTE - minute
        return [reading for habit in habits.of(instance) for reading in habit.readings(instance.name, tick, ago)]

    def pushes(self, host: str, from_minute: int, to_minute: int) -> Iterator[Push]:
        """The deliveries of a host over the minutes (since 1970) up to `to_minute`, which is now and not over yet.

        They must be received at that moment, since the door places ticks by it. Empty for a host without an agent.
        """
        machine = self._machine(host)
        if machine is None or not habits.of(machine):
            return
        boot = self._boot(machine)
        readings = [
            reading for at in range(max(from_minute, boot), to_minute) for reading in self.readings(machine, at)
        ]
        for number, start in enumerate(range(0, len(readings), MOST_MINUTES)):
            yield Push(
                host=host,
                boot_id=f"{crc32(host.encode()):08x}-{boot}",
                seq=(to_minute - boot) * 100 + number,
                tick_now=to_minute - boot,
                started_tick=0,
                gpus=tuple(_gpus(machine)),
                minutes=tuple(readings[start : start + MOST_MINUTES]),
                agent_version="sandbox",
                driver="580.95.05",
            )

    def _machine(self, host: str) -> Instance | None:
        return next((each for each in (*self._rented(), *OWNED) if each.id == host), None)

    def _boot(self, machine: Instance) -> int:
        """The minute a machine booted in."""
        launched = self.began - OWNED_UPTIME if machine.launched_at is None else machine.launched_at
        return launched // MINUTE


def _gpus(machine: Instance) -> Iterator[Gpu]:
    for index in range(machine.gpu_count):
        uuid = f"GPU-{crc32(f'{machine.id}/{index}'.encode()):08x}"
        yield Gpu(index, uuid, machine.gpu_model, machine.gpu_memory_mib)


def _ran_earlier(name: str, hour: int) -> bool:
    """Whether a machine ran in a clock hour before its present start."""
    moment = datetime.fromtimestamp(hour / 1000, UTC)
    match EARLIER.get(name):
        case "always":
            return True
        case "office":
            begins, ends = 7 + habits.chance(name, hour // DAY) * 2, 18 + habits.chance(name, hour // DAY, "end") * 3
            return moment.weekday() < 5 and begins <= moment.hour < ends
        case "bursts":
            quieter = 0.35 if moment.weekday() >= 5 else 0.6
            return habits.chance(name, hour // (2 * DAY)) < quieter
        case _:
            return False


def _use(name: str, hour: int) -> tuple[str, Use]:
    """Who held a machine in an hour, and whether it worked."""
    moment = datetime.fromtimestamp(hour / 1000, UTC)
    at_work = moment.weekday() < 5 and 8 <= moment.hour < 19
    busy = habits.chance(name, hour, "busy") < (0.8 if at_work else 0.4)
    return HOLDERS.get(name, "") if at_work else "", "busy" if busy else "idle"
