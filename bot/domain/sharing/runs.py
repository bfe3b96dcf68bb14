"""Commands that people run on machines they hold: templates an admin allows, and what became of each run."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.domain.clock import HOUR_MS, MINUTE_MS

RunState = Literal["queued", "starting", "running", "done", "failed", "cancelled", "over", "lost"]
"""queued -> starting -> running -> done | failed | cancelled | over | lost

starting: the call that starts it is being made. over: its claim ended. lost: nobody can say what became of it.
"""
LIVE_RUN_STATES: frozenset[str] = frozenset({"queued", "starting", "running"})
RUN_TAIL_CHARS = 1_500
"""Characters of output that are kept: the last ones."""
RUN_TAKEN_WITHIN_MS = 10 * MINUTE_MS
"""A host whose agent has not taken a run up by then does not take runs."""
RUN_SILENT_MS = 15 * MINUTE_MS
"""A run of which, and of whose host, nobody has heard for so long is lost."""
RUN_UNSEEN_MS = HOUR_MS
"""The same where a provider tells of it, which may be out of reach while the run goes on."""
LONGEST_REMOTE_RUN_MS = 48 * HOUR_MS
"""What Systems Manager grants a command at most (executionTimeout of AWS-RunShellScript, 172,800 s)."""


@dataclass(frozen=True, slots=True)
class RunTemplate:
    """A command that may be run, as whom, and by which teams (none named: all)."""

    name: str
    command: str
    user: str
    teams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a template on an instance, within a claim."""

    id: str
    template: str
    command: str
    """As it stood in the settings when it was asked for."""
    user: str
    """The account it runs under on the machine."""
    instance_id: str
    claim_id: str
    person: str
    channel: str
    """Where it is reported."""
    created_at: int
    releases: bool = False
    """The claim was made for it, and ends with it."""
    state: RunState = "queued"
    handle: str = ""
    """The provider's name for it."""
    called_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    exit_code: int | None = None
    tail: str = ""
    """The last lines of its output."""
    outcome: str = ""
    """A sentence for people, where it did not simply end."""
    cancelled_by: str = ""
    heard_at: int | None = None
    """When it was last seen to run; None where that is not known."""

    @property
    def is_live(self) -> bool:
        """It may still be running."""
        return self.state in LIVE_RUN_STATES


@dataclass(frozen=True, slots=True)
class RunLook:
    """What a look at a run shows."""

    state: Literal["running", "done", "failed", "cancelled", "over", "lost"]
    exit_code: int | None = None
    tail: str = ""
    outcome: str = ""


def command_for_gpus(command: str, gpus: Sequence[int], uuids: Sequence[str]) -> str:
    """The command, told which GPUs of its machine are its own: by UUID where each has one, else by index.

    CUDA counts GPUs as the claims do only in the order of the bus.
    """
    named = uuids if uuids and all(uuids) else [str(gpu) for gpu in gpus]
    variables = f"CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES={shlex.quote(','.join(named))}"
    return f"export {variables}\n{command}"


def run_tail(output: str) -> str:
    """The last lines of an output, at most TAIL characters."""
    kept = output.rstrip()[-RUN_TAIL_CHARS:]
    return kept if len(kept) < RUN_TAIL_CHARS else kept.partition("\n")[2] or kept
