"""What the made-up company has lived through: five weeks of charges, and what its agents report minute by minute.

Both follow from the same habits and from the moment the demo begins, so they agree, and the same moment gives the same
past.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from zlib import crc32

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.days import GpuMs, MachineMs, gpu_time
from bot.domain.machines.fleet import Instance
from bot.domain.machines.packing import GpuSum
from bot.domain.machines.readings import Gpu, Minute, Push
from bot.domain.money.rates import Charge, GpuUse, Rate, Share, cost_for
from bot.sandbox import habits
from bot.sandbox.aws_prices import list_micros
from bot.sandbox.inventory import OWNED_MACHINES, rented_fleet
from bot.sandbox.spells import TEAMS, Spell, spells_of

HISTORY_DAYS = 35
"""How far the charges go back."""
LEAST_RUN_MINUTES = 240
"""So far back every agent's reports go at least; what was before that, it told earlier."""
MOST_MINUTES = 500
"""Minutes of GPUs in one delivery."""
OWNED_UPTIME = 40 * DAY_MS

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
BEFORE: Mapping[str, habits.Rhythm] = {"train-7": "long days", "nb-2": "seldom"}
"""How machines worked before their present start, where not all along."""
IDLE_AFTER = HOUR_MS
"""Nothing is idle until the rule has looked at it for so long."""


@dataclass(frozen=True, slots=True)
class SandboxHistory:
    """The past of a demo that begins at `began`, and its agents' reports from then on."""

    began: int
    demo: bool = False
    """With the machines that only the demo has."""

    @property
    def since(self) -> int:
        """When the first hour of it begins."""
        return self.began // HOUR_MS * HOUR_MS - HISTORY_DAYS * DAY_MS

    def charges(self, rates: Mapping[str, Rate] | None = None, *, until: int | None = None) -> Iterator[Charge]:
        """What the machines cost, hour by hour, up to an instant, else the last full hour before the beginning.

        At these rates, by id; without them those at the list's prices, which spot and owned machines do not have.
        """
        end = self.began // HOUR_MS * HOUR_MS if until is None else until
        known = self._listed() if rates is None else rates
        for machine in (*self._rented(), *OWNED_MACHINES):
            if machine.id in known:
                yield from self._charges_of(machine, known[machine.id], end)

    def _listed(self) -> dict[str, Rate]:
        on_demand = (each for each in self._rented() if each.lifecycle == "on-demand")
        listed = ((each.id, list_micros(each.region, each.type)) for each in on_demand)
        return {machine: Rate(micros, "list") for machine, micros in listed if micros is not None}

    def _rented(self) -> tuple[Instance, ...]:
        return rented_fleet(self.began, demo=self.demo)

    def _charges_of(self, machine: Instance, rate: Rate, end: int) -> Iterator[Charge]:
        per_hour, spells = rate.micros_per_hour, list(self.spells(machine))
        for hour in range(self.since, end, HOUR_MS):
            start, until = self._ran(machine, hour)
            until = min(until, end)
            if until <= start:
                continue
            length, micros = MachineMs(until - start), cost_for(per_hour, until - start)
            idle = [each for _, each in self._idle(machine, start, until) if each is not None]
            yield Charge(
                instance_id=machine.id,
                from_at=start,
                until_at=until,
                running_ms=length,
                micros=micros,
                rate_micros=per_hour,
                team=machine.tags.get("team", ""),
                shares=tuple(_shared(self._used(machine, start, until, spells), micros)),
                exact=rate.exact,
                idle_ms=MachineMs(min(idle)) if idle else None,
            )

    def spells(self, machine: Instance) -> Iterator[Spell]:
        """Who claimed the machine, oldest first; the ledger's shares are theirs."""
        return spells_of(machine.name, self._worked(machine), self.began)

    def _worked(self, machine: Instance) -> Iterator[tuple[int, int]]:
        """The spans within clock hours in which some of its GPUs worked."""
        for hour in range(self.since, self.began, HOUR_MS):
            start, until = self._ran(machine, hour)
            until = min(until, self.began)
            if until > start and any(idle == 0 for _, idle in self._idle(machine, start, until)):
                yield start, until

    def _used(self, machine: Instance, start: int, until: int, spells: Iterable[Spell]) -> Iterator[Share]:
        """Who held how much of its GPUs' time, and whether they worked; without amounts."""
        holder = next((spell.holder for spell in spells if spell.covers(start)), "")
        team = TEAMS.get(holder, machine.tags.get("team", ""))
        for gpus, idle in self._idle(machine, start, until):
            if idle is None:
                yield Share(holder, team, "unknown", gpu_time(MachineMs(until - start), gpus), 0)
                continue
            if idle < until - start:
                yield Share(holder, team, "busy", gpu_time(MachineMs(until - start - idle), gpus), 0)
            if idle:
                yield Share(holder, team, "idle", gpu_time(MachineMs(idle), gpus), 0)

    def sums(self, machine: Instance) -> Iterator[tuple[str, int, tuple[GpuSum, ...]]]:
        """What its agent had told before its first report here: level ("day" or "hour"), start, and the sums.

        Days up to the one in which that report begins; hours of that one, and of a whole day before the report.
        """
        if not habits.habits_of(machine):
            return
        first = self.first_minute(machine.id) * MINUTE_MS
        today = first // DAY_MS * DAY_MS
        for day in range(self.since // DAY_MS * DAY_MS, today, DAY_MS):
            yield "day", day, self._sum(machine, range(day, day + DAY_MS, HOUR_MS))
        for hour in range(min(today, first - DAY_MS), first, HOUR_MS):
            yield "hour", hour, self._sum(machine, range(hour, hour + HOUR_MS, HOUR_MS))

    def _sum(self, machine: Instance, hours: range) -> tuple[GpuSum, ...]:
        spans = [self._ran(machine, hour) for hour in hours if hour >= self.since]
        spans = [(start, until) for start, until in spans if until > start]
        earlier, launched = BEFORE.get(machine.name, "always"), machine.launched_at or 0
        return tuple(
            summed
            for habit in habits.habits_of(machine)
            for summed in habit.summed(machine.name, spans, self.began, launched=launched, earlier=earlier)
        )

    def _idle(self, machine: Instance, start: int, until: int) -> Iterator[tuple[int, int | None]]:
        """Its GPUs by what they do, and how long of a span those were idle; None where no agent tells."""
        known, launched = habits.habits_of(machine), machine.launched_at or 0
        if not known:
            yield machine.gpu_count, None
        for habit in known:
            rhythm = BEFORE.get(machine.name, "always")
            now = habit if start >= launched else replace(habit, quiet_for=0, rhythm=rhythm)
            seen = now.idle_ms(machine.name, start, until, self.began)
            is_new = 0 <= start - launched < IDLE_AFTER
            yield len(habit.gpus), 0 if is_new else seen

    def _ran(self, machine: Instance, hour: int) -> tuple[int, int]:
        """The part of a clock hour in which the machine ran."""
        launched, stopped = machine.launched_at or 0, machine.stopped_at or self.began
        if hour + HOUR_MS > launched:
            return max(hour, launched), min(hour + HOUR_MS, stopped)
        stays_off = hour + 2 * HOUR_MS > launched and EARLIER.get(machine.name) != "always"
        return hour, hour if stays_off or not _ran_earlier(machine.name, hour) else hour + HOUR_MS

    def first_minute(self, host: str) -> int:
        """The minute (since 1970) from which a host's reports tell all that matters; it begins an hour."""
        machine = self._machine(host)
        quiet = [habit.quiet_for + 5 for habit in habits.habits_of(machine)] if machine else []
        end = self.began if machine is None or machine.stopped_at is None else machine.stopped_at
        return (end // MINUTE_MS - max([LEAST_RUN_MINUTES, *quiet])) // 60 * 60

    def readings(self, instance: Instance, minute: int, job: habits.HabitJob | None = None) -> list[Minute]:
        """What a machine's agent saw in one minute (since 1970), GPU by GPU; empty for one without an agent.

        A `job` works on what would be quiet.
        """
        tick, readings = minute - self._boot(instance), list[Minute]()
        for habit in habits.habits_of(instance):
            quiet = habit.is_quiet(instance.name, minute * MINUTE_MS, self.began)
            at_work = replace(habit, program=job.program, user=job.user) if quiet and job else habit
            readings += at_work.readings(instance.name, tick, quiet=quiet and not job)
        return readings

    def pushes(
        self, host: str, from_minute: int, to_minute: int, jobs: Iterable[habits.HabitJob] = ()
    ) -> Iterator[Push]:
        """The deliveries of a host over the minutes (since 1970) up to `to_minute`, which is now and not over yet.

        They must be received at that moment, since the door places ticks by it. Empty for a host without an agent.
        `jobs` run there beside what always does.
        """
        machine = self._machine(host)
        if machine is None or not habits.habits_of(machine):
            return
        boot = self._boot(machine)
        known = list(jobs)
        readings = [
            reading
            for at in range(max(from_minute, boot), to_minute)
            for reading in self.readings(machine, at, next((job for job in known if job.runs_in(at)), None))
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
        return _by_id(self.began, demo=self.demo).get(host)

    def _boot(self, machine: Instance) -> int:
        """The minute a machine booted in."""
        launched = self.began - OWNED_UPTIME if machine.launched_at is None else machine.launched_at
        return launched // MINUTE_MS


@lru_cache(maxsize=2)
def _by_id(began: int, *, demo: bool) -> dict[str, Instance]:
    """The machines of one history: every delivery of every host asks for its own."""
    return {each.id: each for each in (*rented_fleet(began, demo=demo), *OWNED_MACHINES)}


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
            begins, ends = (
                7 + habits.chance(name, hour // DAY_MS) * 2,
                18 + habits.chance(name, hour // DAY_MS, "end") * 3,
            )
            return moment.weekday() < 5 and begins <= moment.hour < ends
        case "bursts":
            quieter = 0.35 if moment.weekday() >= 5 else 0.6
            return habits.chance(name, hour // (2 * DAY_MS)) < quieter
        case _:
            return False


def _shared(shares: Iterable[Share], micros: int) -> Iterator[Share]:
    """The shares, those of one kind as one, with their parts of an amount, by GPU time, which add up to it."""
    kinds: dict[tuple[str, str, GpuUse], int] = {}
    for each in shares:
        key = (each.holder, each.team, each.use)
        kinds[key] = kinds.get(key, 0) + each.gpu_ms
    told = [Share(holder, team, use, GpuMs(gpu_ms), micros=0) for (holder, team, use), gpu_ms in kinds.items()]
    whole, left = sum(each.gpu_ms for each in told), micros
    for each in told[:-1]:
        part = micros * each.gpu_ms // whole
        left -= part
        yield replace(each, micros=part)
    yield replace(told[-1], micros=left)
