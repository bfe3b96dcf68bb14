"""The parts list: builds everything, top to bottom, and starts and stops it in order."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from slack_sdk import WebClient

from bot.billing.aws_prices import AwsPrices, aws_prices
from bot.billing.bill import Bill, bill_in_settings
from bot.clockwatch import ClockWatch
from bot.connection import Connection
from bot.domain.clock import Clock
from bot.front import HealthInputs, door_app
from bot.jobs.schedule import Job, Schedule
from bot.jobs.table import job_table
from bot.jobs.worker import KeyedThreads, Worker
from bot.only_one import OUT_OF_REACH, OnlyOne, OthersAlarm, why_lost
from bot.providers import Provider
from bot.providers.runner import Runner
from bot.services.acting import executor
from bot.services.context import Context
from bot.services.sharing import line_offers, runs
from bot.settings import Secrets, Settings
from bot.slack_client import REFUSED_CODES, slack_client
from bot.steadyclock import SteadyClock
from bot.telemetry import GpuSource
from bot.telemetry.serving import DoorServer
from bot.watching import STALE_TICK_MS, SlackSilence, StoreAlarm
from handlers import listen
from handlers.notifier import Notifier
from handlers.people import Identity, People
from store import Store

if TYPE_CHECKING:
    from bot.providers.clients import Clients

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Valet:
    """A running bot's parts."""

    ctx: Context
    slack_app: listen.SlackApp
    identity: Identity
    people: People
    notifier: Notifier
    schedule: Schedule
    action_threads: KeyedThreads
    """Carry approved actions out, those of each source on a thread of their own."""
    executor_worker: Worker
    """Has approved actions carried out, and follows runs."""
    outbox_worker: Worker
    """Empties the outbox."""
    line_worker: Worker
    """Offers what is free to those who wait."""
    clock_worker: Worker
    """Watches for jumps of the wall clock, and asks Slack what time it is."""
    door: DoorServer
    client: WebClient
    connection: Connection | None
    """None where Slack comes by HTTP."""
    others: OthersAlarm
    """Tells of another bot that is connected to the same Slack app."""
    over: threading.Event = field(default_factory=threading.Event)
    finish: threading.Event = field(default_factory=threading.Event)
    """Set when the process should end: somebody said so, or `deaf`."""
    deaf: bool = False
    """Slack was not heard any more, and connecting anew did not help."""

    @property
    def ticks(self) -> bool:
        """Whether the clockwork still runs: the job that needs nobody but the disk, and can do without that."""
        return self.schedule.ages()["database"] < STALE_TICK_MS

    def start(self) -> None:
        """Open the door, pick up what a crash left, and go to work; Slack is reached in the background."""
        self.door.start()
        self.clock_worker.start()
        self.executor_worker.start()
        self.line_worker.start()
        self.schedule.start()
        threading.Thread(target=self._stay_in_touch, name="slack", daemon=True).start()

    def _stay_in_touch(self) -> None:
        self._reach_slack()
        while self.connection is not None and not self.over.wait(self.connection.period_s):
            try:
                heard = self.connection.tend()
                self.others.look()
            except Exception:  # the job edge: whoever watches must not be the one who falls asleep
                log.exception("Slack's connection can't be looked after")
                continue
            if not heard:
                self.deaf = True
                self.finish.set()
                return

    def _reach_slack(self) -> None:
        """Get through to Slack, however long it takes; nothing else waits for it."""
        pause_s = 1.0
        while not self.over.is_set():
            try:
                self.identity.learn(self.client)
                self.people.refresh()
                if self.connection is not None:
                    self.connection.open()
            except OUT_OF_REACH as error:
                if why_lost(error) not in REFUSED_CODES:  # that is said already, and is no matter of reach
                    log.warning("Slack can't be reached, trying again: %s", why_lost(error))
                self.over.wait(pause_s)
                pause_s = min(60.0, 2 * pause_s)
            else:
                self.outbox_worker.start()
                log.info("connected to Slack")
                return

    def stop(self) -> None:
        """Take nothing in any more, finish what is under way, close the store."""
        self.over.set()
        if self.connection is not None:
            self.connection.close()
        self.door.stop()
        self.slack_app.executor.shutdown(wait=True)  # what was acknowledged is answered
        self.clock_worker.stop()
        self.schedule.stop()
        self.executor_worker.stop()
        self.action_threads.stop()
        self.line_worker.stop()
        self.outbox_worker.stop()
        self.ctx.store.close()


@dataclass(frozen=True, slots=True)
class Partners:
    """Who is asked beside the machine providers; who is None is made as the settings say."""

    runner: Runner | None = None
    bill: Bill | None = None
    prices: AwsPrices | None = None
    sources: Sequence[GpuSource] | None = None


NO_PARTNERS = Partners()


def providers_of(settings: Settings, clock: Clock) -> dict[str, Provider]:
    """Machine providers by name; boto3 is only imported when an AWS account is configured."""
    from bot.providers.onprem import Owned
    from bot.providers.power import Power

    hosts = {name: Power(host.power_off, host.power_on) for name, host in settings.owned.hosts.items()}
    found: dict[str, Provider] = {"owned": Owned(hosts)}
    if settings.aws:
        from bot.providers.ec2 import Ec2

        found["ec2"] = Ec2([each.account for each in settings.aws], clock=clock)
    return found


def clients_of(providers: Mapping[str, Provider]) -> "Clients | None":
    """The clients that the fleet is looked at with, as others use them, too; None where it is not looked at on AWS."""
    clients: Clients | None = getattr(providers.get("ec2"), "clients", None)
    return clients


def gpu_sources(settings: Settings, providers: Mapping[str, Provider]) -> list[GpuSource]:
    """Who tells of GPUs beside the agents; CloudWatch is asked with the credentials the fleet is looked at with."""
    found: list[GpuSource] = []
    window = max(settings.rule_of(team).window_minutes for team in ("", *settings.teams))
    if settings.cloudwatch.enabled and settings.aws:
        from bot.providers.clients import Clients, asker
        from bot.telemetry.cloudwatch import CloudWatch

        clients, accounts = clients_of(providers) or Clients(), [each.account for each in settings.aws]
        places = [account.source(region) for account in accounts for region in account.regions]
        ask = asker(clients, accounts, "cloudwatch")
        found.append(CloudWatch(ask, places, settings.cloudwatch, window_minutes=window))
    if settings.prometheus.url:
        from bot.telemetry.prometheus import Prometheus, PrometheusApi

        known = settings.prometheus
        api = PrometheusApi(known.url, token_file=known.token_file, tenant=known.tenant)
        found.append(Prometheus(api, known, window_minutes=window))
    return found


def command_runner(settings: Settings, providers: Mapping[str, Provider]) -> Runner | None:
    """Who runs commands on rented machines: Systems Manager, with the credentials the fleet is looked at with."""
    if not settings.aws or not settings.runs:
        return None
    from bot.providers.clients import Clients
    from bot.providers.ssm import Ssm

    return Ssm(clients_of(providers) or Clients(), [each.account for each in settings.aws])


def build_valet(
    settings: Settings,
    secrets: Secrets,
    store: Store,
    *,
    clock: Clock,
    providers: Mapping[str, Provider],
    partners: Partners = NO_PARTNERS,
    pace_s: float = 1.0,
    take_over: bool = False,
) -> Valet:
    """Put the parts together; nothing runs yet. `take_over`: it acts although another bot is connected."""
    client, identity, secret = slack_client(secrets), Identity(), secrets.signing_secret
    people, workers = People(settings, client, clock, identity), list[Worker]()
    # The context wakes the workers, which are made with it: their list is filled below.
    ctx = _context(settings, store, people, clock, providers, partners, workers)
    only = OnlyOne(is_told=take_over or bool(secret))
    app = listen.build_slack_app(ctx, client, identity, people.profiles, lambda: only.answers, signing_secret=secret)
    notifier, threads = Notifier(ctx, client, pace_s=pace_s), KeyedThreads("carry-out", lambda: executor.by_source(ctx))
    steady = clock if isinstance(clock, SteadyClock) else SteadyClock(clock, clock)
    workers += _workers(ctx, threads, notifier, lambda: steady.is_sure and only.acts, lambda: only.acts)
    connection = None if secret else Connection(app.app, client, secrets.app_token, only=only)
    schedule = Schedule(_jobs(ctx, people, partners, client, steady), clock, lambda: steady.is_sure, lambda: only.acts)
    watch = ClockWatch(ctx, client, steady, schedule.run_now, _aws_clock(settings, providers))
    clock_worker = Worker("clock", watch.watch, 10)
    worries, watched = (client.worries, watch.worries, only.worries), (*workers, clock_worker)
    seen = HealthInputs(schedule, _silence(connection), watched, lambda: watch.off, worries, only.has_others)
    return Valet(
        ctx=ctx,
        slack_app=app,
        identity=identity,
        people=people,
        notifier=notifier,
        schedule=schedule,
        action_threads=threads,
        executor_worker=workers[0],
        outbox_worker=workers[1],
        line_worker=workers[2],
        clock_worker=clock_worker,
        door=DoorServer(door_app(ctx, app, seen, slack_http=bool(secret)), settings.door.host, settings.door.port),
        client=client,
        connection=connection,
        others=OthersAlarm(ctx, client, only),
    )


def _context(
    settings: Settings,
    store: Store,
    people: People,
    clock: Clock,
    providers: Mapping[str, Provider],
    partners: Partners,
    workers: Sequence[Worker],
) -> Context:
    def wake() -> None:
        for worker in workers:
            worker.wake()

    return Context(
        store=store,
        clock=clock,
        settings=settings,
        providers=providers,
        roster=people.roster,
        zone=people.zone,
        is_colleague=people.is_colleague,
        freshen=people.freshen,
        runner=partners.runner or command_runner(settings, providers),
        sources=gpu_sources(settings, providers) if partners.sources is None else partners.sources,
        wake=wake,
        absent_from=last_lived(store),
        began_at=clock(),
    )


def _aws_clock(settings: Settings, providers: Mapping[str, Provider]) -> Callable[[], int | None] | None:
    """Asks AWS what time it is; None where the fleet is not looked at on AWS."""
    clients, accounts = clients_of(providers), [each.account for each in settings.aws]
    return partial(clients.time, accounts[:1]) if clients is not None and accounts else None


def _silence(connection: Connection | None) -> SlackSilence:
    return connection.silent_s if connection is not None else lambda: None


def _jobs(ctx: Context, people: People, partners: Partners, client: WebClient, steady: SteadyClock) -> list[Job]:
    alarm = StoreAlarm(ctx, client, lambda: steady.heartbeat)
    bill = partners.bill or bill_in_settings(ctx.settings)
    aws = partners.prices or aws_prices(ctx.settings, clients_of(ctx.providers))
    table = job_table(ctx, lambda: people.look(ctx), ctx.sources, bill, aws, people.name)
    return [*table, Job("database", 10, alarm.look)]


def last_lived(store: Store) -> int | None:
    """When the process before this one last lived; None where none is known to have."""
    last = store.heartbeat()
    return last.at if last else None


def _workers(
    ctx: Context,
    action_threads: KeyedThreads,
    notifier: Notifier,
    may_act: Callable[[], bool],
    may_post: Callable[[], bool],
) -> tuple[Worker, Worker, Worker]:
    """Who carries out, who posts, and who offers what is free; each only while it may."""
    executor_worker = Worker("carry-out", lambda: _carry_out(ctx, action_threads) if may_act() else None, 10)
    outbox_worker = Worker("outbox", lambda: notifier.drain() if may_post() else None, 5)
    return executor_worker, outbox_worker, Worker("line", lambda: _offer_and_begin(ctx) if may_act() else None, 30)


def _offer_and_begin(ctx: Context) -> None:
    line_offers.offer_due_turns(ctx)
    runs.begin_runs_in_turn(ctx)


def _carry_out(ctx: Context, action_threads: KeyedThreads) -> None:
    try:
        action_threads.run()
    finally:
        runs.carry_out_runs(ctx)
