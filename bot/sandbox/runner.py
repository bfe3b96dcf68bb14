"""A runner of made-up commands: each prints a line a minute and ends well, driven by a clock alone."""

from collections.abc import Iterator

from bot.domain.clock import MINUTE_MS, Clock
from bot.domain.machines.fleet import Instance
from bot.domain.sharing.runs import Run, RunLook
from bot.errors import ValetError
from bot.sandbox.habits import HabitJob

TAKES = 5 * MINUTE_MS


class SandboxRunner:
    """The runner of the sandbox.

    `started` lists (run id, machine) as they really began, `commands` what was run, `cancelled` what was to end.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began: dict[str, int] = {}
        self._where: dict[str, tuple[str, Run]] = {}
        self._ends: dict[str, RunLook] = {}
        self.started: list[tuple[str, str]] = []
        self.commands: list[str] = []
        self.cancelled: list[str] = []
        self.fault: ValetError | None = None
        """What the next start meets, once."""
        self.accepts = False
        """The faulty start happens all the same; only its answer is lost."""

    def start(self, instance: Instance, run: Run, limit_s: int) -> str:
        """Begin it. Raises the fault that is set."""
        fault, self.fault = self.fault, None
        if fault is None or self.accepts:
            self._began[run.id] = self._clock()
            self._where[run.id] = (instance.id, run)
            self.started.append((run.id, instance.told_name))
            self.commands.append(run.command)
        if fault is not None:
            raise fault
        return f"cmd-{run.id[:8]}"

    def find(self, instance: Instance, run: Run) -> str | None:
        """Its name, if it has begun."""
        return f"cmd-{run.id[:8]}" if run.id in self._began else None

    def look(self, instance: Instance, run: Run) -> RunLook:
        """Its lines so far; the exit code once it is over."""
        if run.id in self._ends:
            return self._ends[run.id]
        lasted = self._clock() - self._began[run.id]
        lines = "\n".join(f"step {step} of 5 done" for step in range(1, min(lasted, TAKES) // MINUTE_MS + 1))
        return RunLook("done", 0, lines) if lasted >= TAKES else RunLook("running", None, lines)

    def cancel(self, instance: Instance, run: Run) -> None:
        """End it at once."""
        self.cancelled.append(run.id)
        self._ends.setdefault(run.id, RunLook("cancelled", None, self.look(instance, run).tail))

    def jobs(self, instance_id: str) -> Iterator[HabitJob]:
        """What has run on a machine, and runs there."""
        for run_id, (where, run) in self._where.items():
            if where == instance_id:
                first = self._began[run_id] // MINUTE_MS
                yield HabitJob(first, first + TAKES // MINUTE_MS, run.command.rsplit("/", 1)[-1].split()[0], run.user)

    def fails(self, run_id: str, exit_code: int, tail: str) -> None:
        """It ends badly."""
        self._ends[run_id] = RunLook("done", exit_code, tail)
