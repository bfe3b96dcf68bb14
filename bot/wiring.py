"""The parts list: builds everything, top to bottom, and starts and stops it in order."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from slack_sdk import WebClient

from bot.clockwatch import ClockWatch
from bot.connection import Connection
from bot.domain.clock import Clock
from bot.front import HealthInputs, door_app, listening
from bot.jobs.schedule import Job, Schedule
from bot.jobs.table import job_table
from bot.jobs.worker import KeyedThreads, Worker
from bot.only_one import OUT_OF_REACH, OnlyOne, OthersAlarm, why_lost
from bot.outside import NO_PARTNERS, Partners, aws_clock, equipped, re_equipped
from bot.providers import Provider
from bot.reloading import LOOK_EVERY_S, SettingsWatch
from bot.services.acting import executor
from bot.services.context import Context, Newest
from bot.services.sharing import line_offers, runs
from bot.settings import Secrets, Settings
from bot.slack_client import REFUSED_CODES, slack_client
from bot.steadyclock import SteadyClock
from bot.telemetry.serving import DoorServer
from bot.watching import STALE_TICK_MS, SlackSilence, StoreAlarm
from handlers import home, listen
from handlers.notifier import Notifier
from handlers.people import Identity, People
from store import Store

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Valet:
    """A running bot's parts."""

    newest: Newest
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
    settings_watch: SettingsWatch | None
    """None where the settings did not come from a file."""
    over: threading.Event = field(default_factory=threading.Event)
    finish: threading.Event = field(default_factory=threading.Event)
    """Set when the process should end: somebody said so, or `deaf`."""
    deaf: bool = False
    """Slack was not heard any more, and connecting anew did not help."""

    @property
    def ctx(self) -> Context:
        """What services work with, as of now."""
        return self.newest.ctx

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
        pause_s, told = 1.0, ""
        while not self.over.is_set():
            try:
                self.identity.learn(self.client)
                self.people.refresh()
                if self.connection is not None:
                    self.connection.open()
            except OUT_OF_REACH as error:
                if why_lost(error) not in {*REFUSED_CODES, told}:  # a refusal is said already, and no matter of reach
                    log.warning("Slack can't be reached, trying again: %s", why_lost(error))
                told = why_lost(error)
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
    newest = Newest(equipped(_context(settings, store, people, clock, providers, workers), partners))
    ctx, settings_watch = newest.ctx, _settings_watch(newest, people, partners)
    only, steady = OnlyOne(is_told=take_over or bool(secret)), _steady(clock)
    app = listen.build_slack_app(ctx, client, identity, people.profiles, lambda: only.answers, signing_secret=secret)
    notifier, threads = Notifier(ctx, client, pace_s=pace_s), KeyedThreads("carry-out", lambda: _by_source(ctx))
    workers += _workers(ctx, threads, notifier, steady, partial(_acts, only, store))
    connection = None if secret else Connection(app.app, client, secrets.app_token, only=only)
    schedule = _schedule(_jobs(ctx, people, client, steady, settings_watch), clock, steady, partial(_acts, only, store))
    watch = ClockWatch(ctx, client, steady, schedule.run_now, aws_clock(ctx))
    clock_worker = Worker("clock", watch.watch, 10)
    worries, watched = (client.worries, watch.worries, only.worries), (*workers, clock_worker)
    seen = HealthInputs(schedule, _silence(connection), watched, lambda: watch.off, worries, only.has_others)
    return Valet(
        newest=newest,
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
        door=listening(ctx, door_app(ctx, app, seen, slack_http=bool(secret))),
        client=client,
        connection=connection,
        others=OthersAlarm(ctx, client, only),
        settings_watch=settings_watch,
    )


def _context(
    settings: Settings,
    store: Store,
    people: People,
    clock: Clock,
    providers: Mapping[str, Provider],
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
        wake=wake,
        absent_from=last_lived(store),
        began_at=clock(),
    )


def _settings_watch(newest: Newest, people: People, partners: Partners) -> SettingsWatch | None:
    settings_file = partners.settings_file
    if settings_file is None:
        return None

    def prepare(settings: Settings) -> Callable[[], None]:
        fresh = re_equipped(newest.ctx, settings, partners, settings_file.providers_of)

        def swap() -> None:
            people.take_up(settings)
            newest.put(fresh)

        return swap

    return SettingsWatch(settings_file, newest.ctx.settings, prepare)


def _steady(clock: Clock) -> SteadyClock:
    return clock if isinstance(clock, SteadyClock) else SteadyClock(clock, clock)


def _schedule(jobs: Sequence[Job], clock: Clock, steady: SteadyClock, acts: Callable[[], bool]) -> Schedule:
    return Schedule(jobs, clock, lambda: steady.is_sure, acts)


def _acts(only: OnlyOne, store: Store) -> bool:
    """Whether anything may be decided and done: no other bot may be doing it, and no page of the file is unread."""
    return only.acts and not store.is_unexamined


def _silence(connection: Connection | None) -> SlackSilence:
    return connection.silent_s if connection is not None else lambda: None


def _jobs(
    ctx: Context, people: People, client: WebClient, steady: SteadyClock, settings_watch: SettingsWatch | None
) -> list[Job]:
    alarm = StoreAlarm(ctx, client, lambda: steady.heartbeat)
    jobs = [*job_table(ctx, people.look, people.called), Job("database", 10, alarm.look)]
    jobs.append(Job("homes", 60, lambda: home.redraw_desks(ctx.current(), client)))
    if settings_watch:
        jobs.append(Job("settings", LOOK_EVERY_S, lambda: _read_settings_again(ctx, people, settings_watch)))
    return jobs


def _read_settings_again(ctx: Context, people: People, settings_watch: SettingsWatch) -> None:
    """Other settings may name user groups that Slack was not asked about yet."""
    if settings_watch.look(ctx.current()):
        people.look(ctx.current())


def last_lived(store: Store) -> int | None:
    """When the process before this one last lived; None where none is known to have."""
    last = store.heartbeat()
    return last.at if last else None


def _workers(
    ctx: Context,
    action_threads: KeyedThreads,
    notifier: Notifier,
    steady: SteadyClock,
    may_post: Callable[[], bool],
) -> tuple[Worker, Worker, Worker]:
    """Who carries out, who posts, and who offers what is free; each only while it may."""

    def may_act() -> bool:
        return steady.is_sure and may_post()

    executor_worker = Worker("carry-out", lambda: _carry_out(ctx, action_threads) if may_act() else None, 10)
    outbox_worker = Worker("outbox", lambda: notifier.drain() if may_post() else None, 5)
    return executor_worker, outbox_worker, Worker("line", lambda: _offer_and_begin(ctx) if may_act() else None, 30)


def _offer_and_begin(ctx: Context) -> None:
    now = ctx.current()
    line_offers.offer_due_turns(now)
    runs.begin_runs_in_turn(now)


def _by_source(ctx: Context) -> Mapping[str, Callable[[], object]]:
    return executor.by_source(ctx.current())


def _carry_out(ctx: Context, action_threads: KeyedThreads) -> None:
    try:
        action_threads.run()
    finally:
        runs.carry_out_runs(ctx.current())
