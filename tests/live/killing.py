"""A company whose bot is killed with SIGKILL at any moment, and started again, until all is done.

Slack, the machines and the time live in this process and outlive the bot, which is all of Valet but the command line,
in a process of its own: jobs, workers, door, Socket Mode, over HTTP. In every round a digest goes out to 40 channels
while ten approved stops are carried out, five of them of machines that work. While the bot is down, somebody stops and
starts a few of these machines, which are no longer the ones that were approved. Afterwards the world is compared with
what the database says.
"""

import contextlib
import hashlib
import logging
import multiprocessing
import os
import random
import shutil
import socket
import threading
import time
import urllib.request
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, fields, replace
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import Any

from bot.domain.clock import DAY_MS, MINUTE_MS, SECOND_MS, Clock
from bot.domain.machines.fleet import Instance
from bot.domain.machines.readings import Gpu, Minute, Push
from bot.errors import NotFound, Unreachable, ValetError
from bot.sandbox.machines import SandboxFleet
from bot.sandbox.slack import SandboxServer, SandboxSlack
from bot.sandbox.slack.people import ADA, BOB, CY, GPUS
from bot.sandbox.slack.records import BOT_USER
from bot.services.acting import approvals
from bot.services.context import Context
from bot.services.machines import fleet, readings, verdict
from bot.settings import Secrets, parse
from bot.telemetry.wire import to_json
from bot.wiring import build_valet
from store import Store
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import actions
from store.checkup import looking
from store.machines import agents
from store.sql import Row, rows
from tests.conftest import MONDAY

DIGESTS, STOPS = 40, 10
NEWS = DIGESTS + 5 * STOPS
"""So many things happen, about, before all is done: a stop, its card, two words of it on that, and one in person."""
QUIET_S = 0.25
"""With no news for so long the bot waits for time to pass."""
STEP = 20 * SECOND_MS
LONGEST_S = 180.0
MOST_PRESSES = 30
ARCHIVED = "digest-7"
WORKING = frozenset(f"stop-{number}" for number in range(0, STOPS, 2))
"""They are stopped at once, whatever they do, as two people have said: no minute is waited for, and after a restart
nothing but its launch tells such a machine from the one that was approved."""
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.live.killing"])
"""Its processes begin within milliseconds, each from a clean process that has imported everything and done nothing."""


def id_of(team: str) -> str:
    """The id of a team's machine."""
    return f"i-0{hashlib.sha256(team.encode()).hexdigest()[:16]}"


def settings(channels: dict[str, str], port: int = 0) -> Any:
    """A team with a channel of its own for each digest; stops are asked for in the general channel."""
    teams = {name: {"members": [ADA], "approvers": [CY], "channel": channel} for name, channel in channels.items()}
    quiet = {f"stop-{number}": {"members": [ADA], "approvers": [CY]} for number in range(STOPS)}
    given = {
        "slack": {"channel": GPUS, "admins": [BOB]},
        "teams": teams | quiet,
        "backup": {"enabled": False},
        "door": {"port": port},
    }
    return parse(given, {})


def push(team: str, since: int, until: int) -> Push:
    """What the agent of a team's machine tells of the minutes between: all quiet, or all work."""
    first, last = (1_000_000 + at // MINUTE_MS for at in (since, until))
    util = 90.0 if team in WORKING else 0.0
    told = tuple(Minute(0, tick, 4, util, util, 0.0, 60.0, 4, 16_384, 0, 0) for tick in range(first, last))
    return Push(id_of(team), "boot", last, last, 0, (Gpu(0, "GPU-1", "T4", 16_384),), told)


def _free_port() -> int:
    """Below those that systems take for connections of their own: it has to stay free while the bot is down."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Fleet(SandboxFleet):
    """One machine for each team.

    `relaunched` says how many stops had begun when each was last stopped and started by somebody else.
    """

    def __init__(self, clock: Clock, teams: list[str]) -> None:
        super().__init__(clock)
        made = [self._machine(team, clock() - DAY_MS) for team in teams]
        self._machines = {each.name: each for each in made}
        self.relaunched: dict[str, int] = {}

    def relaunch(self, name: str) -> None:
        """Somebody stops and starts one: another launch, which nobody has approved to be stopped."""
        self.restart(name)
        self.relaunched[name] = len(self.stops)

    @property
    def wrong_stops(self) -> list[str]:
        """Machines that were stopped after somebody had started them again, by name, one for each stop."""
        numbered = enumerate(name for name, _ in self.stops)
        return [name for number, name in numbered if number >= self.relaunched.get(name, number + 1)]

    @staticmethod
    def _machine(team: str, launched_at: int) -> Instance:
        return Instance(
            id=id_of(team),
            name=team,
            provider="ec2",
            source="ec2/111122223333/us-east-1",
            type="g4dn.xlarge",
            state="running",
            gpu_model="T4",
            gpu_count=1,
            gpu_memory_mib=16_384,
            launched_at=launched_at,
            tags={"Name": team, "team": team},
        )


class FarFleet:
    """The machines, from the bot's process."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __getattr__(self, verb: str) -> Any:
        def ask(*given: Any, **named: Any) -> Any:
            with Client(self._address) as line:
                line.send((verb, given, named))
                said = line.recv()
            if isinstance(said, ValetError):
                raise said
            return said

        return ask


def served(fleet: Fleet, listener: Listener) -> None:
    """Answer one question after the other, until None is asked; whoever asks may die while it is answered."""
    while True:
        try:
            with listener.accept() as line:
                asked = line.recv()
                if asked is None:
                    return
                line.send(_answer(fleet, *asked))
        except (EOFError, OSError):
            continue


def _answer(fleet: Fleet, verb: str, given: Any, named: Any) -> Any:
    try:
        said = getattr(fleet, verb)(*given, **named)
    except ValetError as error:
        return error
    return list(said) if verb == "sweep" else said


def live(folder: str, slack_url: str, fleet: str, chosen: Any, now: Any) -> None:
    """The bot, until it is killed."""
    logging.basicConfig(filename=Path(folder) / "log", level="WARNING")
    secrets = Secrets("xoxb-sandbox", "xapp-sandbox", "", f"{slack_url}/api/")
    store = Store(Path(folder) / "valet.db", keeper=True)
    providers: Any = {"ec2": FarFleet(fleet)}
    valet = build_valet(
        chosen, secrets, store, clock=lambda: int(now.value), providers=providers, pace_s=0, take_over=True
    )
    valet.start()
    world = multiprocessing.parent_process()
    while world and world.is_alive():
        time.sleep(0.05)
        valet.ctx.wake()  # time passes faster than the periods of workers and jobs
        valet.schedule.run_due()
    os._exit(0)


@dataclass(slots=True)
class Tally:
    """What came of rounds."""

    rounds: int = 0
    kills: int = 0
    faults: int = 0
    relaunches: int = 0
    actions: int = 0
    actions_lost: int = 0
    actions_doubled: int = 0
    actions_wrong: int = 0
    messages: int = 0
    messages_lost: int = 0
    messages_doubled: int = 0

    def add(self, other: "Tally") -> None:
        """Add another one to this."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    @property
    def is_clean(self) -> bool:
        """Nothing was lost or doubled, and nothing done that was not approved."""
        amiss = (self.actions_lost, self.actions_doubled, self.actions_wrong, self.messages_lost, self.messages_doubled)
        return not any(amiss)


class World:
    """What outlives the bot."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # between two minutes: agents have told of a minute before a stop is asked for once more
        self.now = CONTEXT.RawValue("q", MONDAY + MINUTE_MS // 2)
        self.slack = SandboxSlack(self.clock)
        self.channels = {
            name: self.slack.add_channel(name, ("ada", "bob", BOT_USER)).id
            for name in (f"digest-{number}" for number in range(DIGESTS))
        }
        self.fleet = Fleet(self.clock, [*self.channels, *(f"stop-{number}" for number in range(STOPS))])
        self.server = SandboxServer(self.slack)
        self.server.link.patience_s = 10
        self.bot: Any = None
        self.port = _free_port()
        self.over = threading.Event()
        self.told = dict.fromkeys(self.fleet._machines, MONDAY)
        """Until when the agent of each machine has told of it."""

    def clock(self) -> int:
        return int(self.now.value)

    def __enter__(self) -> "World":
        self.server.start()
        self.listener = Listener(family="AF_UNIX")
        threading.Thread(target=served, args=(self.fleet, self.listener), daemon=True).start()
        self.agents = threading.Thread(target=self._report, daemon=True)
        self.agents.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.agents.join()
        self.kill()
        with Client(self.listener.address) as line:
            line.send(None)
        self.listener.close()
        self.server.stop()

    def _report(self) -> None:
        """The agent of every machine tells of every minute, again and again until it is taken."""
        while not self.over.wait(0.05):
            now = self.clock()
            for team in self.behind():
                body = to_json(push(team, self.told[team], now))
                headers = {"Authorization": f"Bearer {team}", "Content-Type": "application/json"}
                request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/minutes", body, headers)
                try:
                    urllib.request.urlopen(request, timeout=5).close()
                except OSError:
                    break
                self.told[team] = now // MINUTE_MS * MINUTE_MS

    def behind(self) -> list[str]:
        """Machines whose agents have minutes to tell."""
        return [team for team, until in self.told.items() if self.clock() - until >= MINUTE_MS]

    def start(self) -> None:
        """Start the bot."""
        given = str(self.folder), self.slack.url, self.listener.address, settings(self.channels, self.port), self.now
        self.bot = CONTEXT.Process(target=live, args=given, daemon=True)
        self.bot.start()

    def archive(self, *, yes: bool) -> None:
        """Archive a channel that is to have a digest, or open it again."""
        channel = self.slack.channel(self.channels[ARCHIVED])
        self.slack._put_channel(replace(channel, is_archived=yes))

    def unfinished(self) -> list[str]:
        """The machines whose stop has not come to its end, by the database of a bot that is down."""
        with looking(self.folder / "valet.db") as db:
            found = [each.instance_id for state in ("approved", "executing") for each in actions.in_state(db, state)]
        return [name for name in self.fleet._machines if id_of(name) in found]

    def relaunch(self, chance: random.Random) -> int:
        """While the bot is down, somebody stops and starts a few machines that it is to stop; how many."""
        left = self.unfinished()
        names = chance.sample(left, min(len(left), chance.randrange(3)))
        for name in names:
            FarFleet(self.listener.address).relaunch(name)  # in its turn, after what the bot asked before its end
        return len(names)

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        if self.bot is not None:
            self.bot.kill()
            self.bot.join()

    def news(self) -> int:
        """Grows with everything that people or machines notice."""
        return self.slack.version + len(self.fleet.stops)

    def has_come_to(self, until: int | None) -> bool:
        """So many things have happened."""
        return until is not None and self.news() >= until

    def quiet(self, *, until: int | None = None) -> None:
        """Wait until nothing happens any more, or so many things have happened in all."""
        seen, since = self.news(), time.monotonic()
        while time.monotonic() - since < QUIET_S and not self.has_come_to(until):
            time.sleep(0.002)
            if self.news() != seen:
                seen, since = self.news(), time.monotonic()


def prepared(folder: Path) -> Path:
    """A database as it is just before nine: ten stops are approved, all else idles, and nothing was posted yet."""
    world = World(folder)
    chosen, path = settings(world.channels), folder / "prepared.db"
    roster = chosen.roster()
    ctx = Context(Store(path), world.clock, chosen, {"ec2": world.fleet}, lambda: roster)
    fleet.sweep(ctx)
    for team in world.fleet._machines:
        readings.receive(ctx, push(team, MONDAY - 75 * MINUTE_MS, MONDAY), "10.0.0.1")
        with ctx.store.writing() as db:
            agents.add(db, id_of(team), hashlib.sha256(team.encode()).hexdigest(), MONDAY)
    verdict.judge_all(ctx)
    for number in range(STOPS):
        team = f"stop-{number}"
        works = team in WORKING
        asked = approvals.ask_to_stop(ctx, id_of(team), ADA, reason="It runs the wrong model." if works else "")
        for who in (CY, BOB) if works else (CY,):
            approvals.decide(ctx, asked.id, who, yes=True)
    ctx.store.close()
    return path


def one_round(template: Path, folder: Path, seed: int, *, kills: int, stumbling: bool = False) -> Tally:
    """Kill it `kills` times, let it come to its end, and look at the world. Somebody restarts machines meanwhile.

    `stumbling`: Slack and AWS do, too, and a channel is archived until the end, when an admin opens it and tries again.
    """
    chance, faults, relaunches = random.Random(seed), 0, 0
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(template, folder / "valet.db")
    with World(folder) as world:
        if stumbling:
            world.archive(yes=True)
        for _ in range(kills):
            faults += _stumble(world, chance) if stumbling else 0
            world.start()
            _live_on(world, news=chance.randrange(2 * NEWS // kills))
            time.sleep(chance.uniform(0, 0.03))
            world.kill()
            world.now.value += chance.randrange(15) * SECOND_MS
            relaunches += world.relaunch(chance)
        world.start()
        _live_on(world)
        if stumbling:
            world.archive(yes=False)
            _press_until_sent(world)
        world.kill()
        counted = _compared(world)
    return replace(counted, rounds=1, kills=kills, faults=faults, relaunches=relaunches)


def _stumble(world: World, chance: random.Random) -> int:
    """A few failures on order; how many."""
    slack = world.slack
    choices = (
        lambda method: slack.fault(method, retry_after=1),
        lambda method: slack.fault(method, http_status=500),
        lambda method: slack.fault(method, "internal_error"),
        lambda method: slack.fault(method, accept_then_drop=True),
    )
    for _ in range(4):
        chance.choice(choices)(chance.choice(("chat.postMessage", "chat.postMessage", "chat.update")))
    slack.fault("conversations.history", **chance.choice(({"retry_after": 1}, {"http_status": 503})))
    lost = Unreachable("AWS did not answer.")
    world.fleet.fault(f"stop-{chance.randrange(STOPS)}", lost, accepted=chance.random() < 0.5)
    return 6


def _live_on(world: World, *, news: int | None = None) -> None:
    """Let time pass while the bot waits for just that, until so many things have happened or nothing is left to do."""
    end, left = time.monotonic() + LONGEST_S, {}
    until = None if news is None else world.news() + news
    while time.monotonic() < end:
        world.quiet(until=until)
        left = _left(world.folder / "valet.db", world.clock())
        if world.has_come_to(until) or not any(left.values()):
            return
        if not left["at_once"] and not world.behind():
            world.now.value += STEP
    raise AssertionError(f"After {LONGEST_S:.0f} s it still has to do {left}.")


def _press_until_sent(world: World) -> None:
    """As an admin does: a bot that has only just begun lets a press fail, or refuses it."""
    with looking(world.folder / "valet.db") as db:
        for _ in range(MOST_PRESSES):
            if not stored_outbox.counts(db).get("dead"):
                return
            with contextlib.suppress(NotFound):  # taken by the press before
                world.slack.click("bob", "@bob", "Try again")
            _live_on(world)


def _left(database: Path, now: int) -> dict[str, int]:
    """What the bot still has to do: at once, or when time has passed."""
    with looking(database) as db:
        unsent, due = stored_outbox.counts(db), len(stored_outbox.due(db, now, limit=1_000))
        approved, executing = (actions.in_state(db, state) for state in ("approved", "executing"))
        looking_on = sum(bool(each.outcome) for each in approved)  # for what its agent tells of the minutes to come
        undigested = not rows(db, "SELECT 1 FROM digests")
    later = unsent.get("waiting", 0) + unsent.get("sending", 0) - due + len(executing) + looking_on
    later += undigested  # after a start it waits for agents that reported until then
    return {"at_once": due + len(approved) - looking_on, "later": later}


def _compared(world: World) -> Tally:
    """The world against the database, and both against what had to come."""
    with closing(Store(world.folder / "valet.db")) as store:
        db = store.reading()
        assert stored_audit.verify(db) is None
        posts = {row["ts"]: (row["channel"], row["ref"]) for row in rows(db, "SELECT * FROM posts")}
        unsent = rows(db, "SELECT channel, ref FROM outbox WHERE state <> 'sent'")
        stops = rows(db, "SELECT id, instance_id, state, outcome FROM actions WHERE kind = 'stop'")
    said = {each.ts: each for each in world.slack.messages.values() if each.user == BOT_USER and not each.reader}
    ids = [row["id"] for row in stops]
    wanted = {(channel, f"digest:{DAY_OF_IT}") for channel in world.channels.values()}
    wanted |= {(GPUS, f"action:{each}") for each in ids} | {(ADA, f"action-end:{each}") for each in ids}
    outcomes = {f"action:{row['id']}": row["outcome"] for row in stops}
    cards = [(outcomes[ref], said.get(ts)) for ts, (_, ref) in posts.items() if ref in outcomes]
    stale = [outcome for outcome, card in cards if card is None or outcome not in str(card.blocks)]
    began, wrong = Counter(name for name, _ in world.fleet.stops), world.fleet.wrong_stops
    began.subtract(wrong)
    lost = [row for row in stops if not _came_as_it_had_to(world, row, began)]
    return Tally(
        actions=len(stops),
        actions_lost=len(lost),
        actions_doubled=sum(count > 1 for count in began.values()),
        actions_wrong=len(wrong),
        messages=len(wanted | set(posts.values())),
        messages_lost=len(wanted - set(posts.values())) + len(posts.keys() - said.keys()) + len(unsent) + len(stale),
        messages_doubled=len(said.keys() - posts.keys()) + len(posts) - len(set(posts.values())),
    )


DAY_OF_IT = "2026-11-23"


def _came_as_it_had_to(world: World, stop: Row, began: Counter[str]) -> bool:
    """It was stopped and seen so; or it was another launch before that, and is told as not done, or not known."""
    name = next(name for name in world.fleet._machines if id_of(name) == stop["instance_id"])
    if name in world.fleet.relaunched:
        return ANOTHER_LAUNCH.get(stop["state"], "-") in stop["outcome"]
    return stop["state"] == "done" and "It took" in stop["outcome"] and began[name] > 0


ANOTHER_LAUNCH = {"aborted": "was restarted after the request", "unknown": "was started again meanwhile"}
