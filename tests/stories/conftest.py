"""A company in a box: the sandbox Slack, the real bot behind it, and machines that only the clock moves."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import BoltRequest

from bot.domain import clock
from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.readings import Gpu, Minute, Process, Push
from bot.errors import Impaired
from bot.outside import Partners, SettingsFile, providers_of
from bot.sandbox.machines import SandboxFleet
from bot.sandbox.runner import SandboxRunner
from bot.sandbox.slack import Message, SandboxSlack, acknowledged, options_text
from bot.sandbox.slack.people import ADA, BOB, CY, GPUS, ML_PLATFORM
from bot.sandbox.slack.records import BOT_USER
from bot.services import digest, restores
from bot.services.acting import approvals, consents, executor, half_way, hours, launch_expiry, rule_stops
from bot.services.machines import fleet, owned, readings, sources, verdict
from bot.services.money import budgets, savings, unusual, weekly
from bot.services.own_settings import make_due_own_digests
from bot.services.sharing import (
    booking_slots,
    checkins,
    claims,
    grants,
    handovers,
    line_offers,
    reminders,
    runs,
    unclaimed,
)
from bot.settings import Secrets, parse
from bot.wiring import Valet, build_valet
from handlers import home
from handlers.manifest import manifest
from store import welcome as stored_welcome
from store.acting import actions
from store.money import ledger as stored_ledger
from store.sql import rows
from tests.conftest import Clock
from tests.in_process import served
from tests.neighbours import CHANNEL
from tests.opening import close_store, open_store
from tests.stories import accessible
from tests.stories.beginnings import begun, past_charges

SETTINGS: dict[str, Any] = {
    "slack": {"channel": GPUS, "admins": [BOB]},
    "teams": {
        "nlp": {"members": [ADA], "approvers": [BOB], "channel": ML_PLATFORM},
        "vision": {"members": [CY], "approvers": [ADA, BOB]},
    },
    "owned": {"usd_per_gpu_hour": "1.14", "hosts": {"dgx-1": {"team": "nlp"}}},
    "exempt": [{"instance": "scratch", "reason": "paper deadline", "until": date(2026, 11, 30)}],
    "door": {"port": 0},
}

HALF_HOUR_MS = 30 * MINUTE_MS
UNWRITTEN = re.compile(r"(?:<|&lt;)(?:person|moment|gpu|cost)(?: |>|&gt;)")
"""A part of a sentence as it is below the face."""


class Office:
    """What a story needs: people type and press, machines work and idle, time passes."""

    alone = False
    """Whether no neighbours live in its store, for whoever compares whole tables."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        slack: SandboxSlack,
        settings: dict[str, Any] = SETTINGS,
        fleet: SandboxFleet | None = None,
    ) -> None:
        self.path, self.clock, self.slack, self.settings = path, clock, slack, settings
        self.settings_file: SettingsFile | None = None
        """Where the settings are read again from, in a story about that."""
        self.looks = True
        """Whether agents tell of the minutes after a yes by themselves."""
        self.fleet, self.runner = fleet or SandboxFleet(clock), SandboxRunner(clock)
        self.seq = 0
        self.reported: dict[str, dict[str, Any]] = {}
        self.at_work: list[Future[Any]] = []
        """What listeners were handed, and may not have ended yet."""
        self.valet = self.open()

    def open(self) -> Valet:
        """Start the bot's parts, as after a restart; its workers only move when the story moves."""
        secrets = Secrets(self.slack.bot_token, self.slack.app_token, "", f"{self.slack.url}/api/")
        settings, store = parse(self.settings, {}), open_store(self.path, keeper=True, shared=not self.alone)
        providers, clock = {**providers_of(settings, self.clock), "ec2": self.fleet}, self.clock_of_the_bot()
        partners = Partners(self.runner, settings_file=self.settings_file)
        valet = build_valet(settings, secrets, store, clock=clock, providers=providers, partners=partners, pace_s=0)
        self.waits_for(valet.slack_app.executor)
        valet.identity.learn(valet.client)
        with suppress(Impaired), store.writing() as db:  # a damaged one is a story, too
            for person in (ADA, BOB, CY):  # who are no newcomers
                stored_welcome.note_welcome(db, person, 0)
        self.slack.install(manifest(settings))
        self.slack.deliver = self._deliver
        return valet

    def clock_of_the_bot(self) -> clock.Clock:
        """What the bot takes for the time: the truth."""
        return self.clock

    def close(self) -> None:
        self.valet.slack_app.executor.shutdown(wait=True)
        self.valet.ctx.store.close() if self.alone else close_store(self.valet.ctx.store)
        shown = [f"{message.text} {message.blocks}" for message in self.slack.messages.values()]
        assert [text for text in shown if UNWRITTEN.search(text)] == [], "the face has written each part of a sentence"
        assert self.slack.refusals == [], "Slack took every answer"
        assert list(self.unheard()) == [], "who hears it gets what who sees it does"

    def unheard(self) -> Iterator[str]:
        """What a screen reader would leave out of what Valet has shown."""
        for message in self.slack.messages.values():
            if message.user == BOT_USER:
                yield from accessible.complaints(message)
        for view in (*self.slack.homes.values(), *(view for stack in self.slack.modals.values() for view in stack)):
            yield from accessible.blocks_complaints(view.blocks)

    def restart(self) -> None:
        self.close()
        self.valet = self.open()
        self.settle()

    def _deliver(self, kind: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        app = self.valet.slack_app.app
        answer = app.dispatch(BoltRequest(body=json.dumps(payload), mode="socket_mode"))
        return acknowledged(answer.status, answer.body)

    def listened(self) -> None:
        """Let listeners end. Their threads stay, as those of a bot that runs: each has its reader of the store."""
        while self.at_work:
            wait([self.at_work.pop()])

    def waits_for(self, executor: ThreadPoolExecutor) -> None:
        """Keep in mind what is handed to it, so that `listened` can wait for that."""
        submit = executor.submit

        def submitted(*given: Any) -> Future[Any]:
            future = submit(*given)
            self.at_work.append(future)
            return future

        executor.submit = submitted  # type: ignore[method-assign, assignment]

    def settle(self) -> None:
        """Let listeners end, approved actions go on, and the outbox empty itself.

        What waits for a look gets it: two minutes pass, and agents tell of them what they told before.
        """
        self.listened()
        executor.carry_out(self.valet.ctx)
        if self.looks and any(each.outcome for each in actions.in_state(self.valet.ctx.store.reading(), "approved")):
            self.goes_on()
            executor.carry_out(self.valet.ctx)
        line_offers.offer_due_turns(self.valet.ctx)
        runs.begin_runs_in_turn(self.valet.ctx)
        runs.carry_out_runs(self.valet.ctx)
        self.valet.notifier.drain()

    def types(self, who: str, line: str, channel: str = "#gpus") -> str:
        """Type a command or a message; what the person sees last in that channel afterwards."""
        if line.startswith("/"):
            self.slack.command(who, channel, line)
        else:
            self.slack.message(who, channel, line)
        self.settle()
        return self.slack.latest(who, channel)

    def presses(self, who: str, label: str, channel: str = "#gpus") -> str:
        """Press the newest button of that label, in an open form first; the `channel` "home" is the home tab."""
        self.slack.click(who, channel, label)
        self.settle()
        return self.slack.latest(who, channel) if channel != "home" else self.slack.sees_home(who)

    # Forms, menus, shortcuts and direct messages.

    def opens(self, who: str) -> str:
        """What the form on top of the person's screen shows, as it is filled in; empty when none is open.

        Title, fields as "Label: [what stands in it v]", errors as "! sentence" below their field, then the buttons.
        """
        return self.slack.sees_modal(who)

    def fills(self, who: str, fields: dict[str, Any] | None = None, **more: Any) -> str:
        """Fill in fields of the open form; what it shows then.

        A field goes by its block_id, action_id or label; an option by its value or label, several by a list, a date
        as "2025-11-24", a time as "09:30", a moment in seconds, None or [] for nothing. In a menu that asks while one
        types, the option must be offered: without typing, or for what was given. Fields that tell Valet at once
        (dispatch_action) do.
        """
        for name, given in {**(fields or {}), **more}.items():
            view = self.slack.modal(who)
            assert view, f"{who} has no form open"
            self.slack.fill(who, view, {name: given})
            self.settle()
        return self.opens(who)

    def submits(self, who: str, fields: dict[str, Any] | None = None, **more: Any) -> str:
        """Fill in what is given and submit the open form; what is then open, with errors beside fields; empty if
        it went through and closed. What Valet answered elsewhere is seen with `sees`."""
        self.fills(who, fields, **more)
        view = self.slack.modal(who)
        assert view, f"{who} has no form open"
        self.slack.submit(who, view)
        self.settle()
        return self.opens(who)

    def closes(self, who: str, *, all_of_them: bool = False) -> str:
        """Close the form on top; what is open below it."""
        view = self.slack.modal(who)
        assert view, f"{who} has no form open"
        self.slack.close(who, view, all_of_them=all_of_them)
        self.settle()
        return self.opens(who)

    def options(self, who: str, field: str, typed: str = "") -> str:
        """What a menu of the open form offers once that is typed in it: a line each, groups as "(label)"."""
        view = self.slack.modal(who)
        assert view, f"{who} has no form open"
        return options_text(self.slack.suggest(who, view, field, typed))

    def chooses(self, who: str, menu: str, picked: Any, channel: str = "#gpus") -> str:
        """Choose in the newest menu with that placeholder or action_id ("..." for an overflow menu), as `presses`."""
        self.slack.pick(who, channel, menu, picked)
        self.settle()
        return self.slack.latest(who, channel) if channel != "home" else self.slack.sees_home(who)

    def shortcut(self, who: str, name: str, message: Message | None = None) -> str:
        """Choose a shortcut of the manifest by its name, global or in a message's menu; the form it opens, if any."""
        self.slack.shortcut(who, name, message)
        self.settle()
        return self.opens(who)

    def writes(self, who: str, text: str, files: dict[str, bytes] | None = None) -> str:
        """Write to Valet in person, with files (name -> content) if any; the newest message there afterwards."""
        direct = f"@{self.slack.person(who).handle}"
        self.slack.message(who, direct, text, files=files)
        self.settle()
        return self.slack.latest(who, direct)

    def sees(self, who: str, channel: str = "#gpus") -> str:
        return self.slack.latest(who, channel)

    def passes(self, length: int, *, step: int | None = None) -> None:
        """Time passes: the jobs run every minute, and every five of more than half an hour, unless minutes count."""
        until, step = self.clock.now + length, step or (MINUTE_MS if length <= HALF_HOUR_MS else 5 * MINUTE_MS)
        while self.clock.now < until:
            self.clock.forward(min(step, until - self.clock.now))
            self.tick()

    def tick(self) -> None:
        ctx = self.valet.ctx
        fleet.sweep(ctx)
        verdict.judge_all(ctx)
        sources.watch_sources(ctx)
        restores.tell_restored(ctx)
        reminders.remind_holders(ctx)
        claims.expire_claims(ctx)
        booking_slots.run_booking_slots(ctx)
        booking_slots.extend_weekly_bookings(ctx)
        checkins.run_checkins(ctx)
        unclaimed.look_for_unclaimed_use(ctx)
        handovers.lapse_handovers(ctx)
        grants.carry_out_grants(ctx)
        hours.lapse_requests(ctx)
        consents.pass_on(ctx)
        approvals.expire(ctx)
        half_way.remind(ctx)
        owned.look_at_power(ctx)
        rule_stops.run_rules(ctx)
        savings.work_out_savings(ctx)
        budgets.tell_budgets(ctx)
        unusual.look_for_unusual(ctx)
        launch_expiry.ask_about_over(ctx)
        digest.make_due(ctx)
        weekly.make_due_weekly(ctx)
        make_due_own_digests(ctx)
        self.settle()
        home.redraw_desks(ctx, self.valet.client)

    def goes_on(self, length: int = 2 * MINUTE_MS) -> None:
        """Time passes, and agents tell of it what they told before."""
        self.clock.forward(length)
        for name, told in list(self.reported.items()):
            self.reports(name, minutes=length // MINUTE_MS, **told)

    def machine(self, name: str) -> Instance:
        return self.fleet.named(name)

    def reports(
        self,
        name: str,
        util: float | list[float],
        *,
        minutes: int = 75,
        memory: int = 4,
        process: str = "",
        user: str | list[str] = "ada",
    ) -> None:
        """The agent of a machine tells of its last minutes, every GPU the same unless a list says otherwise."""
        self.reported[name] = {"util": util, "memory": memory, "process": process, "user": user}
        one = self.machine(name) if self.fleet.is_known(name) else None
        host, count = (one.id, one.gpu_count) if one else (name, 8)
        utils = util if isinstance(util, list) else [util] * count
        users = user if isinstance(user, list) else [user] * count
        self.seq += 1
        now = 1_000_000 + self.clock.now // MINUTE_MS
        told = [
            self._minute(gpu, now - ago, value, memory=memory, program=Process(process, users[gpu], memory))
            for ago in range(minutes, 0, -1)
            for gpu, value in enumerate(utils)
        ]
        for start in range(0, len(told), 400):
            self.seq += 1
            gpus = tuple(Gpu(gpu, f"GPU-{host}-{gpu}", "NVIDIA A100-SXM4-80GB", 81920) for gpu in range(len(utils)))
            push = Push(host, "boot", self.seq, now, 0, gpus, tuple(told[start : start + 400]))
            readings.receive(self.valet.ctx, push, "10.0.0.1")
        verdict.judge_all(self.valet.ctx)

    @staticmethod
    def _minute(gpu: int, tick: int, util: float, *, memory: int, program: Process) -> Minute:
        running = (program,) if program.name and program.user else ()
        return Minute(gpu, tick, 4, util, util, 0.0, 60.0, memory, 81920, len(running), 0, processes=running)


@pytest.fixture
def office_with(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Office]]:
    """Opens an office with settings of the story's own."""
    with ExitStack() as closing:
        yield lambda settings, **more: closing.enter_context(opened(tmp_path / "valet.db", clock, settings, **more))


@pytest.fixture
def office(office_with: Callable[..., Office]) -> Office:
    return office_with(SETTINGS)


@contextmanager
def opened(path: Path, clock: Clock, settings: dict[str, Any], *, past: bool = False) -> Iterator[Office]:
    """An office, swept once; with a `past`, of the last five weeks of charges."""

    def begin(office: Office) -> None:
        office.tick()
        if past:
            with office.valet.ctx.store.writing() as db:
                stored_ledger.add(db, past_charges(office.clock()))

    def begin_there(file: Path) -> None:
        with _office(file, clock, settings) as office:
            begin(office)
            assert office.slack.messages == office.slack.homes == {}, "nobody has seen anything yet"
            office.close()

    file = begun(repr((settings, clock.now, past)), begin_there)
    if file is not None:
        shutil.copyfile(file, path)
    with _office(path, clock, settings) as office:
        if file is None:
            begin(office)
        yield office
        unsent = "SELECT * FROM outbox WHERE state <> 'sent' AND not_before IS NULL AND channel <> ?"
        left = rows(office.valet.ctx.store.reading(), unsent, CHANNEL)
        office.close()
    assert left == [], "every message was posted, or waits for a morning"


@contextmanager
def _office(path: Path, clock: Clock, settings: dict[str, Any]) -> Iterator[Office]:
    slack = SandboxSlack(clock, elapsed=clock)
    with served(slack):
        yield Office(path, clock, slack, settings)
