"""`valet demo`: the real bot against the sandbox Slack and a sandbox fleet; nothing leaves this machine."""

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bot import demo_month
from bot.billing.cost_explorer import CostExplorer
from bot.domain.acting.rule_stops import WARNINGS_MS
from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.days import ONE_DAY
from bot.domain.money.bill import utc_day
from bot.domain.sharing.runs import RunLook
from bot.jobs.worker import Worker
from bot.outside import Partners
from bot.providers import Provider
from bot.providers.onprem import Owned
from bot.sandbox.aws_prices import SandboxPrices
from bot.sandbox.clock import SkippingClock
from bot.sandbox.cost_explorer import Cost, SandboxCostExplorer, billed
from bot.sandbox.guide import guide
from bot.sandbox.history import SandboxHistory
from bot.sandbox.inventory import SANDBOX_ACCOUNT
from bot.sandbox.machines import SandboxFleet
from bot.sandbox.runner import SandboxRunner
from bot.sandbox.slack import Control, SandboxServer, SandboxSlack
from bot.sandbox.slack.people import ADA, BOB, CY, FINANCE, GPUS, ML_PLATFORM
from bot.services.machines import fleet, readings, verdict
from bot.services.money import owned_rates, rates, savings
from bot.services.sharing import runs
from bot.settings import Secrets, Settings, parse
from bot.wiring import Valet, build_valet
from handlers.manifest import manifest
from store import Store
from store import outbox as stored_outbox
from store.acting import actions
from store.acting import rule_stops as stored_rule_stops
from store.money import bill as stored_bill

log = logging.getLogger(__name__)
SKIP_STEP = 10 * MINUTE_MS
"""Less than the time after which a run is lost or an agent is silent: a job may look before its agent has reported."""
BUSY_STEP = MINUTE_MS
WHEN_OVER = ("forecasts", "groups", "names", "examine database", "backup")
"""Jobs that make ready what people ask for, or look at what no skip changes; what warns makes its own forecasts."""
PATIENCE_S = 60.0
"""What people type before the bot is there waits for it for so long."""
CARRY_OUT_S = 10.0
"""So long a step of a skip waits for the executor to look."""
STARTING = "Valet is starting; what you type waits for it"
BILLED_DAYS = 45
BUYABLE = {"usd": "150000", "source": "made up for the demo", "watts": "5000", "staff_usd_per_month": "400"}
WEST = {"template": "lt-0123456789abcdef0", "region": "us-west-2", "account": SANDBOX_ACCOUNT}
DEMO_SETTINGS: dict[str, Any] = {
    "slack": {"channel": GPUS, "admins": [BOB, CY]},
    "teams": {
        "nlp": {"members": [ADA], "approvers": [BOB], "channel": ML_PLATFORM, "budget_usd": "42000"},
        "vision": {"members": [CY], "approvers": [ADA, BOB], "budget_usd": "60000"},
        "platform": {"members": [BOB], "approvers": [BOB, ADA]},
        "finance": {"channel": FINANCE},
    },
    "owned": {
        "usd_per_gpu_hour": "0.42",
        "usd_per_kwh": "0.12",
        "pue": "1.4",
        "hosting_usd_per_month": "900",
        "hosts": {
            "dgx-1": {"team": "nlp", "purchase_usd": "149000", "purchased_on": date(2023, 2, 1), "other_watts": "1400"},
            "dgx-2": {"team": "vision", "purchase_usd": "289000", "purchased_on": date(2025, 3, 1)},
            "ws-4": {"team": "platform", "hosting_usd_per_month": "0"},
        },
    },
    "buy": {"residual_percent": "10", "servers": {"p4d.24xlarge": BUYABLE, "g6e.12xlarge": BUYABLE | {"usd": "64000"}}},
    "bill": {"source": "cost-explorer"},
    "reports": {"channel": FINANCE},
    "launch": [
        {"name": "a10g-dev", "type": "g5.xlarge", "gpu": "A10G", "gpus": 1, **WEST},
        {"name": "h100-box", "type": "p5.48xlarge", "gpu": "H100", "gpus": 8, "teams": ["nlp"], **WEST},
    ],
    "actions": {"clone": True},
    "people": {"ada": ADA, "bob": BOB, "cy": CY},
    "runs": {"nightly-eval": {"command": "/srv/eval/run.sh", "user": "ml"}},
    "door": {"port": 0},
}


def role_of(person: str) -> str:
    """What somebody is in these settings, as the page says it under their name."""
    teams: dict[str, dict[str, Any]] = DEMO_SETTINGS["teams"]
    member = [name for name, team in teams.items() if person in team.get("members", ())]
    decides = any(person in team.get("approvers", ()) for team in teams.values())
    parts = [*member, *(["approver"] if decides else [])]
    return ", ".join([*parts, *(["admin"] if person in DEMO_SETTINGS["slack"]["admins"] else [])])


class Demo:
    """A company for one machine: its Slack, its fleet, its month of history, and Valet at work in it."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.clock = SkippingClock()
        self.fleet = SandboxFleet(self.clock, demo=True)
        self.prices = SandboxPrices(self.clock)
        self.runner = SandboxRunner(self.clock)
        self.slack = SandboxSlack(self.clock)
        self.server = SandboxServer(self.slack, port)
        self.server.link.patience_s = PATIENCE_S
        self.store = Store(folder / "demo.db", durable=False)
        self.history = SandboxHistory(self.clock(), demo=True)
        self._reported_to: dict[str, int] = {}
        self._reporting = threading.Lock()
        self.valet: Valet
        self.hosts: Worker

    def start(self) -> str:
        """Live the month, open the workspace, start the bot; the page's address."""
        settings: Settings = parse(DEMO_SETTINGS, {})
        self._furnish(settings)
        self.server.start()
        secrets = Secrets(self.slack.bot_token, self.slack.app_token, "", self.server.api_url)
        providers: dict[str, Provider] = {"ec2": self.fleet, "owned": Owned()}
        self.valet = build_valet(
            settings,
            secrets,
            self.store,
            clock=self.clock,
            providers=providers,
            partners=Partners(self.runner, self._bill(), self.prices.prices),
            pace_s=0.2,
            take_over=True,  # nobody else is in there
        )
        self._live_the_month()
        self.clock.start()
        self.hosts = Worker("hosts", self.report, 5)
        self.hosts.start()
        self.valet.start()
        self.server.link.wait_for_app()
        self.slack.controls = [
            Control("Skip 1 hour", lambda: self.skip(HOUR_MS)),
            Control("Skip to tomorrow 09:00", self.skip_to_morning),
        ]
        return self.server.url

    def _furnish(self, settings: Settings) -> None:
        """What the page shows from its first moment on."""
        self.slack.install(manifest(settings))
        self.slack.assign({person: role_of(person) for person in (ADA, BOB, CY)})
        self.slack.now_text = self._now_text
        self.slack.guide = guide()

    def _now_text(self) -> str:
        """The time, and whether Valet is there yet: what is typed before waits for it without a sign."""
        time_shown = f"{datetime.fromtimestamp(self.clock() / 1000, UTC):%a %d %b, %H:%M} UTC"
        return time_shown if self.server.link.connections else f"{time_shown} · {STARTING}"

    def _bill(self) -> CostExplorer:
        """AWS bills what ran until yesterday."""
        return CostExplorer(SandboxCostExplorer(self._billed).ask, "the demo's account", "team")

    def _billed(self) -> Iterable[Cost]:
        today = utc_day(self.clock())
        return billed(
            stored_bill.metered_machines(self.store.reading(), today - BILLED_DAYS * ONE_DAY, today - ONE_DAY)
        )

    def _live_the_month(self) -> None:
        ctx = self.valet.ctx
        fleet.sweep(ctx)
        rates.read_prices(ctx, self.prices.prices)
        fleet.sweep(ctx)
        self.report()
        demo_month.remember_readings(ctx, self.history)
        owned_rates.refresh_owned_rates(ctx)  # by the power of the whole month
        fleet.sweep(ctx)  # owned machines are metered from now on, too
        demo_month.remember_charges(ctx, self.history)
        demo_month.remember_people(ctx, self.history)
        verdict.judge_all(ctx)
        savings.work_out_savings(ctx)

    def report(self) -> None:
        """Every host's agent delivers the minutes that have passed since it last did, and takes what it is to run."""
        with self._reporting:
            until = self.clock() // MINUTE_MS
            for host in self._reporting_hosts():
                since = self._reported_to.get(host, self.history.first_minute(host))
                if since >= until:
                    continue
                for push in self.history.pushes(host, since, until, self.runner.jobs(host)):
                    readings.receive(self.valet.ctx, push, "127.0.0.1")
                self._reported_to[host] = until
            self._run_jobs()

    def _run_jobs(self) -> None:
        """The agents of owned hosts take up the runs that are meant for them, and tell how they go."""
        ctx = self.valet.ctx
        for host in self.fleet.owned:
            for run, seconds in runs.runs_for_agent(ctx, host.id):
                if self.runner.find(host, run) is None:
                    self.runner.start(host, run, seconds)
                    runs.take_run_report(ctx, host.id, run.id, RunLook("running"))
                elif not seconds:
                    self.runner.cancel(host, run)
                runs.take_run_report(ctx, host.id, run.id, self.runner.look(host, run))

    def _reporting_hosts(self) -> list[str]:
        rented = [each.id for look in self.fleet.sweep() for each in look.instances if each.state == "running"]
        return [*rented, *(each.id for each in self.fleet.owned)]

    def skip(self, length: int) -> None:
        """Let time pass quickly, in steps in which everything happens that would have."""
        left = length
        while left > 0:
            step = min(left, SKIP_STEP, *self._shorter())
            self.clock.skip(step)
            self._are_at_it()
            left -= step
            self.report()
            self.valet.schedule.run_due(but=WHEN_OVER if left > 0 else ())
            self._carry_out()
            self._hear_warnings()

    def _are_at_it(self) -> None:
        """Whoever skips sits before the page, and is each of its people."""
        for person in (ADA, BOB, CY):
            self.valet.ctx.presence.note(person, self.clock())

    def _shorter(self) -> list[int]:
        """What no step may leap over: the last warning of a stop by rule, that stop, and what is under way just now."""
        db, now = self.store.reading(), self.clock()
        planned = stored_rule_stops.open_ones(db)
        moments = [each.acts_at - ahead for each in planned for ahead in (WARNINGS_MS[each.rule][-1], 0)]
        busy = [BUSY_STEP] if self._is_busy() else []
        return [*busy, *(moment - now for moment in moments if moment > now)]

    def _is_busy(self) -> bool:
        """Whether an action is under way."""
        db = self.store.reading()
        return any(actions.in_state(db, state) for state in ("approved", "executing"))

    def _carry_out(self) -> None:
        """Have the executor look in every step: on a slow machine an hour would be over before it stops anything."""
        began = time.monotonic()
        self.valet.executor_worker.wake()
        while self._is_busy() and time.monotonic() - began < CARRY_OUT_S:
            if self.valet.executor_worker.age_s < time.monotonic() - began:
                return
            time.sleep(0.02)

    def _hear_warnings(self) -> None:
        """A stop by rule counts on its warnings having been posted, which no skip makes quicker."""
        for _ in range(100):
            db = self.store.reading()
            if not stored_rule_stops.open_ones(db) or stored_outbox.oldest_waiting(db, self.clock()) is None:
                return
            time.sleep(0.05)

    def skip_to_morning(self) -> None:
        """To 09:00 UTC tomorrow, when the digests are posted."""
        now = self.clock()
        day = 24 * HOUR_MS
        self.skip((now // day + 1) * day + 9 * HOUR_MS - now)

    def stop(self) -> None:
        """End everything."""
        self.hosts.stop()
        self.valet.stop()
        self.server.stop()


def serve(port: int, ready: Callable[[str], object], over: threading.Event) -> None:
    """Run a demo in a temporary folder until `over` is set; `ready` gets the page's address."""
    with tempfile.TemporaryDirectory(prefix="valet-demo-") as folder:
        demo = Demo(Path(folder), port)
        ready(demo.start())
        over.wait()
        demo.stop()
