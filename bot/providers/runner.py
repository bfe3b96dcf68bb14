"""Running a command on a rented machine: what a runner offers."""

from typing import Protocol

from bot.domain.machines.fleet import Instance
from bot.domain.sharing.runs import Run, RunLook


class Runner(Protocol):
    """Calls may be slow; none is made on the path of a command. They raise Refused or Unreachable."""

    def start(self, instance: Instance, run: Run, limit_s: int) -> str:
        """Start it; the provider's name for it. Unreachable: it may have been started, `find` tells."""
        ...

    def find(self, instance: Instance, run: Run) -> str | None:
        """The provider's name for a run whose start was not answered; None when it was never started."""
        ...

    def look(self, instance: Instance, run: Run) -> RunLook:
        """How it stands."""
        ...

    def cancel(self, instance: Instance, run: Run) -> None:
        """Ask for its end and return; `look` shows when it is there."""
        ...
