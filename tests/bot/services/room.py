"""A context over a real store and the sandbox fleet, moved by a clock: what service tests work in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.domain.acting.actions import Action
from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.readings import Gpu, Minute, Process, Push
from bot.sandbox.machines import SandboxFleet
from bot.services.acting import approvals, consents, executor
from bot.services.context import Context
from bot.services.machines import fleet, readings, verdict
from bot.services.sharing import claims
from bot.settings import parse
from bot.telemetry import GpuSource
from store import outbox as stored_outbox
from store.acting import actions
from store.sql import rows
from tests.conftest import Clock
from tests.opening import close_store, open_store

ADA, BOB, CY, DEE = "U0ADA", "U0BOB", "U0CY", "U0DEE"
"""Ada is a researcher, Bob her team's approver, Cy an outsider, Dee the admin."""
CHANNEL = "C0GPUS"
SETTINGS: dict[str, Any] = {
    "slack": {"channel": CHANNEL, "admins": [DEE]},
    "teams": {"nlp": {"members": [ADA], "approvers": [BOB]}, "vision": {"members": [CY], "approvers": [BOB]}},
}


class Room:
    """`fleet` is the world, `ctx` the bot; `reopen` is a crash and a new start.

    A room that is `alone` has no neighbours, for whoever compares whole tables.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        fleet: Any = None,
        settings: dict[str, Any] | None = None,
        alone: bool = False,
    ) -> None:
        self.path, self.clock, self.alone = path, clock, alone
        self.fleet = fleet or SandboxFleet(clock)
        self.settings = parse(settings or SETTINGS, {})
        self.roster = self.settings.roster()
        self.seq = 0
        self.reported: dict[str, dict[str, Any]] = {}
        self.sources: Sequence[GpuSource] = ()
        self.ctx = self._open()

    def _open(self) -> Context:
        providers = {"ec2": self.fleet, "owned": self.fleet}
        opened = open_store(self.path, shared=not self.alone)
        return Context(opened, self.clock, self.settings, providers, lambda: self.roster, sources=self.sources)

    def close(self) -> None:
        self.ctx.store.close() if self.alone else close_store(self.ctx.store)

    def reopen(self) -> None:
        self.close()
        self.ctx = self._open()

    def machine(self, name: str) -> Instance:
        return self.fleet.named(name)

    def sweep(self) -> None:
        fleet.sweep(self.ctx)

    def tick(self) -> None:
        """What the jobs of one minute do."""
        self.sweep()
        verdict.judge_all(self.ctx)
        claims.expire_claims(self.ctx)
        consents.pass_on(self.ctx)
        approvals.expire(self.ctx)
        executor.carry_out(self.ctx)

    def reports(self, name: str, util: float | None, *, minutes: int = 75, boot: str = "boot", **more: Any) -> None:
        """Its agent tells of its last minutes, the newest of which has just ended; each GPU the same."""
        self.reported[name] = {"util": util, "boot": boot} | more
        machine = self.machine(name)
        now = 1_000_000 + self.clock() // MINUTE_MS
        for start in range(minutes, 0, -50):
            ticks = range(now - start, now - max(0, start - 50))
            told = [minute(gpu, tick, util, **more) for tick in ticks for gpu in range(machine.gpu_count)]
            self.push(machine.id, told, tick_now=now, boot=boot)

    def push(self, host: str, told: list[Minute], *, tick_now: int, boot: str = "boot", **more: Any) -> int:
        self.seq += 1
        count = max((each.gpu for each in told), default=-1) + 1
        gpus = tuple(Gpu(gpu, f"GPU-{host}-{gpu}", "NVIDIA A100", 81920) for gpu in range(count))
        fields: dict[str, Any] = {"started_tick": 0, "gpus": gpus} | more
        push = Push(host, boot, self.seq, tick_now, minutes=tuple(told), **fields)
        return readings.receive(self.ctx, push, "10.0.0.1")

    def asks(self, name: str, who: str = ADA, reason: str = "") -> Action:
        return approvals.ask_to_stop(self.ctx, self.machine(name).id, who, reason=reason)

    def answers(self, action: Action, *, agrees: bool = True) -> None:
        """Every holder who is asked first says so."""
        for asked in consents.consents_of(self.ctx, action.id):
            consents.answer_consent(self.ctx, asked.id, asked.holder, agrees=agrees)

    def approves(self, action: Action, who: str = BOB, *, looks: bool = True) -> Action:
        """Somebody says yes, and where it `looks` first, agents go on telling the same until it has."""
        decided = approvals.decide(self.ctx, action.id, who, yes=True)
        if looks and decided.state == "approved" and decided.kind not in {"start", "launch"}:
            self.goes_on()
        return decided

    def goes_on(self, length: int = 2 * MINUTE_MS) -> None:
        """Time passes, and whoever told of minutes tells of these, too, and that they were the same."""
        self.clock.forward(length)
        for name, told in list(self.reported.items()):
            self.reports(name, minutes=length // MINUTE_MS, **told)

    def under_way(self) -> list[Action]:
        """What was decided and has not come to its end, the oldest first."""
        db = self.ctx.store.reading()
        return [*actions.in_state(db, "approved"), *actions.in_state(db, "executing")]

    def action(self, action: Action) -> Action:
        found = actions.by_id(self.ctx.store.reading(), action.id)
        assert found is not None
        return found

    def told(self, channel: str, kind: str = "") -> list[str]:
        """What was queued for a channel or person, as the subjects of messages."""
        sql = "SELECT kind, subject FROM outbox WHERE channel = ? ORDER BY id"
        return [row["subject"] for row in rows(self.ctx.store.reading(), sql, channel) if kind in {"", row["kind"]}]

    def posted(self) -> None:
        """Slack takes everything queued so far. Nobody is held to what could not be read."""
        with self.ctx.store.writing() as db:
            for row in stored_outbox.due(db, self.clock(), limit=1_000):
                if stored_outbox.start(db, row["id"], self.clock()):
                    stored_outbox.sent(db, row, row["channel"], row["ts"] or f"{self.clock() // 1000}.{row['id']:06d}")


def minute(gpu: int, tick: int, util: float | None, **more: Any) -> Minute:
    """A minute as a well-behaved agent tells it; idle and empty where nothing else is said."""
    fields: dict[str, Any] = {"samples": 4, "util_mean": util, "watts": 60.0, "memory_used_mib": 4}
    fields |= {"memory_total_mib": 81920, "compute_processes": 0, "graphics_processes": 0}
    if "process" in more:
        more["processes"] = (Process(more.pop("process"), "ada", 1000),)
    return Minute(gpu, tick, util_max=util, **(fields | more))
