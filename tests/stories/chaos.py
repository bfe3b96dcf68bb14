"""A company in which everything goes wrong at once: AWS, Slack, the clock, the bot, and people who press old buttons.

It remembers what people did and what AWS was made to do, apart from the bot, and holds the one against the other.
"""

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from bot.clockwatch import ClockWatch
from bot.domain.acting.actions import LIVE_STATES, Action
from bot.domain.clock import DAY_MS, MINUTE_MS, SECOND_MS
from bot.domain.machines.fleet import Instance
from bot.domain.own_settings import NO_QUIET, OwnSettings
from bot.sandbox.slack import SandboxSlack
from bot.sandbox.slack.check import interactive_elements
from bot.sandbox.slack.people import ADA, BOB, CY, GPUS, ML_PLATFORM
from bot.sandbox.slack.records import BOT_USER, SLACKBOT, Group, Message, Person
from bot.services import undelivered
from bot.steadyclock import SteadyClock
from bot.wiring import Valet
from handlers.blocks.acting.approvals import APPROVE_BUTTON, DENY_BUTTON
from handlers.blocks.acting.batches import APPROVE_BATCH_BUTTON, DENY_BATCH_BUTTON
from handlers.blocks.parts import FALLBACK_TEXT, cut_mrkdwn
from handlers.blocks.undelivered import DROP_KEPT_BUTTON
from handlers.send import TRIES
from handlers.topics import draw
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import actions
from store.acting import approvals as stored_approvals
from store.own_settings import keep_own_settings
from store.sharing import claims as stored_claims
from store.sql import rows
from tests.bot.services.acting.test_launch import BOX as PLAIN_BOX
from tests.conftest import MONDAY, Clock
from tests.in_process import served
from tests.stories.conftest import SETTINGS, Office
from tests.stories.faults import COUNTS, Complaints, Crash, Stumbles, World
from tests.stories.strangers import MALLORY, OtherBot

DEE, EVE, IDA = "U0DEE0001", "U0EVE0001", "U0IDA0001"
"""Dee approves beside Bob, by a user group; Eve is of no team, Ida is the admin. Ada asks, and Cy holds."""
NEW = (Person(DEE, "dee", "Dee"), Person(EVE, "eve", "Eve"), Person(IDA, "ida", "Ida"))
BOX = PLAIN_BOX | {"subnets": ["us-west-2a", "us-west-2b"]}
LEADS = Group("S0NLPLEAD", "nlp-leads", "Leads", (DEE,))
NLP = {"members": [ADA], "approvers": [BOB], "approver_group": LEADS.id, "channel": ML_PLATFORM}
COMPANY: dict[str, Any] = SETTINGS | {
    "slack": {"channel": GPUS, "admins": [IDA]},
    "teams": {"nlp": NLP, "vision": {"members": [CY], "approvers": [ADA, BOB, DEE], "approvals": 2}},
    "actions": {"most_stops": 10, "answer_minutes": 30, "holder_minutes": 10},
    "launch": [BOX],
    "exempt": [],
}
WITHOUT_BOB: dict[str, Any] = COMPANY | {"teams": COMPANY["teams"] | {"nlp": NLP | {"approvers": []}}}
WATCHED = ("nb-5", "render-1", "nb-2", "eval-2")
"""Machines with an agent. nb-2 is of the team where two have to say yes; eval-2 stands still at first."""
NOTICED = 31 * SECOND_MS
"""So long who decides is as Slack said last."""
LOOKS_BACK, STALE = 59 * MINUTE_MS, 6 * MINUTE_MS
POSTS_FAIL = "Slack faults of chat.postMessage"
DECIDING = {APPROVE_BUTTON: True, APPROVE_BATCH_BUTTON: True, DENY_BUTTON: False, DENY_BATCH_BUTTON: False}


@dataclass(frozen=True, slots=True)
class Button:
    """A button, in a message as it was seen."""

    seen: Message
    action_id: str
    value: str

    @property
    def kind(self) -> str:
        return self.action_id.partition(":")[0]


class Upheaval(Office):
    """The company, what people did in it, and what must hold of it."""

    alone = True
    patient: ClassVar[bool] = False
    """Whether answers may fail on both of their ways at once: then the bot waits real seconds."""

    def __init__(self, folder: Path) -> None:
        self.complaints = Complaints()
        logging.getLogger().addHandler(self.complaints)
        clock = Clock()
        clock.now = MONDAY - 10 * MINUTE_MS
        slack = SandboxSlack(clock)
        self.stumbles = slack.faults = Stumbles()
        for person in (*NEW, MALLORY):
            slack.add_person(person)
            slack.join(person.id, GPUS)
        slack.groups[LEADS.id] = LEADS
        for who in (DEE, EVE, IDA, CY):
            slack.join(who, ML_PLATFORM)
        self.serving = ExitStack()
        self.serving.enter_context(served(slack))
        self.world = World(clock)
        self.folder, self.other = folder, None
        self.wrong_by, self.beat, self.slack_is_silent = 0, None, False
        self.gone: set[str] = set()
        self.begun: dict[str, int] = {}
        super().__init__(folder / "valet.db", clock, slack, COMPANY, self.world)
        self.world.judge = self.judge
        with self.valet.ctx.store.writing() as db:
            for who in (ADA, BOB, CY, DEE, EVE, IDA):
                keep_own_settings(db, OwnSettings(who, quiet=NO_QUIET))
        self.util: dict[str, float | None] = dict.fromkeys(WATCHED, 0.0)
        self.worked_at: dict[str, int] = defaultdict(int)
        self.told_at: dict[str, int] = defaultdict(int)
        self.buttons: list[Button] = []
        self.looked = 0
        self.yeses: dict[str, set[str]] = defaultdict(set)
        self.noes: set[str] = set()
        self.effects: Counter[tuple[str, str]] = Counter()
        self.owed: list[tuple[str, Message, int]] = []
        self.ended: dict[str, str] = {}
        self.held: dict[str, int] = {}
        self.someone_acted = False
        for name in ("nb-5", "render-1"):
            self.fleet.change(name, tags=dict(self.machine(name).tags) | {"team": "nlp"})
        self.tick()
        self.report(75)
        self.tick()

    def open(self) -> Valet:
        valet = super().open()
        self.watch = ClockWatch(valet.ctx, valet.client, self.steady)
        if valet.connection is not None:
            valet.connection.only.hello(1)
        valet.people.refresh()
        return valet

    def clock_of_the_bot(self) -> Clock:
        """Its machine's, which may be set wrong; what goes on since boot can't be."""
        self.steady = SteadyClock(
            lambda: self.clock.now + self.wrong_by, lambda: self.clock.now - MONDAY + DAY_MS, "boot"
        )
        self.steady.begin(self.beat)
        return self.steady

    def end(self) -> None:
        if self.other is not None:
            self.other.end()
        logging.getLogger().removeHandler(self.complaints)
        self.close()
        self.serving.close()

    # What happens.

    def report(self, minutes: int) -> None:
        """Agents tell of their last minutes."""
        for name, util in self.util.items():
            if util is None or self.machine(name).state != "running":
                continue
            self.reports(name, util, minutes=minutes)
            self.told_at[name] = self.clock.now
            if util:
                self.worked_at[name] = self.clock.now

    def pass_minutes(self, count: int) -> None:
        """Minutes pass; of many the bot sees only the last ones, as after a machine that was suspended."""
        unseen = max(0, count - 3)
        if unseen:
            self.clock.forward(unseen * MINUTE_MS)
            self.report(unseen)
        for _ in range(count - unseen):
            self.clock.forward(MINUTE_MS)
            self.report(1)
            self.go_on(self.tick)

    def tick(self) -> None:
        """As the clockwork does it: while the time is not known, nothing ends, is charged or is stopped."""
        if not self.slack_is_silent:
            self.watch.look()
        self.beat = self.steady.heartbeat
        if self.steady.is_sure:
            super().tick()
        else:
            self.settle()

    def settle(self) -> None:
        if self.steady.is_sure:
            super().settle()
        else:
            self.listened()
            self.valet.notifier.drain()

    def go_on(self, do: Any = None) -> None:
        """Let the bot work; where it ends, it is started again."""
        try:
            (do or self.settle)()
        except Crash:
            self.start_again()

    def start_again(self) -> None:
        self.close()
        self.valet = self.open()
        self.go_on()

    def types_line(self, who: str, line: str, channel: str = "#gpus") -> str:
        """Type a command; what is answered to whoever did. Everybody is answered who is still there."""
        if who in self.gone:
            return ""
        before, faults = self.slack.version, COUNTS[POSTS_FAIL]
        self.slack.command(who, channel, line)
        self.listened()
        answers = self.news(who, before)
        COUNTS["commands"] += 1
        self.someone_acted = True
        assert answers or COUNTS[POSTS_FAIL] - faults >= TRIES, f"{who} typed {line} and was told nothing"
        self.go_on()
        return "\n".join(answers)

    def mentions(self, who: str, words: str) -> tuple[Message, dict[str, Any]] | None:
        """Say something to the bot in the channel: the message, and what Slack sent; None where they have left."""
        if who in self.gone:
            return None
        sent: list[dict[str, Any]] = []
        inner = self.slack.deliver
        self.stumbles.calm("chat.postMessage")
        self.slack.deliver = lambda kind, payload: sent.append(payload) or inner(kind, payload)
        before = self.slack.version
        said = self.slack.mention(who, "#gpus", words)
        self.listened()
        self.slack.deliver = inner
        self.someone_acted = True
        assert self.news(who, before), f"{who} said {words} and was told nothing"
        self.go_on()
        return said, sent[0]

    def type_at_once(self, lines: list[tuple[str, str]]) -> None:
        """Several people type at the same moment; each is answered."""
        lines = [(who, line) for who, line in lines if who not in self.gone]
        before, faults = self.slack.version, COUNTS[POSTS_FAIL]
        for who, line in lines:
            self.slack.command(who, "#gpus", line)
        self.listened()
        COUNTS["commands"] += len(lines)
        COUNTS["races"] += 1
        self.someone_acted = True
        answers = [each for each in self.slack.messages.values() if each.version > before and not each.metadata]
        assert len(answers) >= len(lines) or COUNTS[POSTS_FAIL] - faults >= TRIES, f"not all of {lines} were answered"
        self.go_on()

    def press_button(self, who: str, button: Button) -> str:
        """Press one, new or old; what is answered to whoever did, if anything is at once."""
        asked = self._deciding(button)
        before, faults = self.slack.version, COUNTS[POSTS_FAIL]
        self.slack.press_late(who, button.seen, button.action_id, button.value)
        self.listened()
        answers = self.news(who, before)
        untold = not answers and COUNTS[POSTS_FAIL] - faults >= TRIES
        COUNTS["answers that Slack took by no way"] += untold
        self._pressed(who, button, before, accepted=not answers, untold=untold)
        for each in asked if not answers and not untold and DECIDING.get(button.kind) is False else ():
            assert self.action(each.id).state == "denied", "a no that counts ends it"
            self.noes.add(each.id)
        self.go_on()
        return "\n".join(answers)

    def press_at_once(self, presses: list[tuple[str, Button]]) -> None:
        """Several people press at the same moment."""
        before, faults = self.slack.version, COUNTS[POSTS_FAIL]
        for who, button in presses:
            self.slack.press_late(who, button.seen, button.action_id, button.value)
        self.listened()
        untold = COUNTS[POSTS_FAIL] - faults >= TRIES
        for who, button in presses:
            self._pressed(who, button, before, accepted=True, untold=untold)
        COUNTS["races"] += 1
        self.go_on()

    def _pressed(self, who: str, button: Button, before: int, *, accepted: bool, untold: bool = False) -> None:
        COUNTS["presses"] += 1
        COUNTS["late presses"] += self.slack.messages.get(button.seen.ts) is not button.seen
        self.someone_acted = True
        if not untold and not self.news(who, before):
            self.owed.append((who, button.seen, before))
        if accepted and DECIDING.get(button.kind):
            for each in self._meant(button):
                self.yeses[each.id].add(who)

    def _meant(self, button: Button) -> list[Action]:
        return [each for each in self.all() if button.value in {each.id, each.batch}]

    def _deciding(self, button: Button) -> list[Action]:
        return [each for each in self._meant(button) if each.state == "pending" and each.expires_at > self.clock.now]

    def news(self, who: str, before: int) -> list[str]:
        """What somebody was answered since, or sees answered: what the outbox posts is news, and no answer."""
        fresh = [each for each in list(self.slack.messages.values()) if each.version > before and not each.metadata]
        mine = {channel.id for channel in self.slack.channels.values() if who in channel.members}
        seen = [each for each in fresh if each.user == BOT_USER and each.channel in mine and each.is_seen_by(who)]
        return [each.text + str(each.blocks) for each in seen]

    def seen_by(self, who: str, *kinds: str) -> list[Button]:
        """The buttons somebody has on screen, or had before a message was changed, the newest first."""
        fresh = [each for each in list(self.slack.messages.values()) if each.version > self.looked]
        self.looked = self.slack.version
        for each in sorted(fresh, key=lambda message: message.version):
            for element in (one for block in each.blocks for one in interactive_elements(block)):
                if element["type"] == "button" and "value" in element:
                    self.buttons.append(Button(each, element["action_id"], element["value"]))
        return [
            each
            for each in reversed(self.buttons)
            if who not in self.gone
            and each.seen.is_seen_by(who)
            and who in self.slack.channels[each.seen.channel].members
            and not self.slack.channels[each.seen.channel].is_archived
            and (each.kind in kinds if kinds else each.kind != DROP_KEPT_BUTTON)
        ]

    def happens(self, what: str, verb: str, name: str) -> None:
        """Something happens in AWS, or the agent falls silent for longer than anybody can tell what it would say."""
        self.clock.forward(SECOND_MS)
        if what == "silent" and name in self.util:
            self.util[name] = None
            self.pass_minutes(8)
        elif what:
            self.world.happens(what, verb, name)

    def slack_fails(self, method: str, how: Mapping[str, Any], times: int = 1) -> None:
        """The next calls of a method fail; while somebody has left, Slack does say so."""
        if method == "users.info" and self.gone:
            return
        slow = {"response_url": "chat.postMessage", "chat.postMessage": "response_url"}.get(method, "")
        if method and (self.patient or not self.stumbles.awaits(slow)):
            self.slack.fault(method, times=times, **how)

    def archive(self, *, yes: bool) -> None:
        self.slack._put_channel(replace(self.slack.channel(ML_PLATFORM), is_archived=yes))

    def leaves(self, who: str) -> None:
        """Somebody leaves the company, and Slack with it."""
        self.stumbles.calm("users.info")
        self._is_here(who, yes=False)
        self.clock.forward(NOTICED)

    def returns(self) -> None:
        """Whoever left is there again."""
        for who in sorted(self.gone):
            self._is_here(who, yes=True)

    def _is_here(self, who: str, *, yes: bool) -> None:
        self.slack.people[who] = replace(self.slack.people[who], is_gone=not yes)
        self.gone = self.gone - {who} if yes else self.gone | {who}
        COUNTS["people who left"] += not yes

    def group(self, *, is_there: bool) -> None:
        """The user group of those who approve vanishes, or is made again."""
        self.slack.groups.pop(LEADS.id, None)
        if is_there:
            self.slack.groups[LEADS.id] = LEADS
        COUNTS["groups that vanished"] += not is_there
        self.clock.forward(NOTICED)

    def jumps(self, wrong_by: int, *, slack_is_silent: bool) -> None:
        """The machine's clock is set wrong, or right again; Slack may not be heard meanwhile."""
        COUNTS["clock jumps"] += wrong_by != self.wrong_by
        self.wrong_by, self.slack_is_silent = wrong_by, slack_is_silent

    def second(self) -> OtherBot:
        """The other bot of the same Slack app."""
        if self.other is None:
            self.other = OtherBot(self, self.folder, self.clock)
        return self.other

    # What must hold.

    @property
    def db(self) -> Any:
        return self.valet.ctx.store.reading()

    def all(self) -> list[Action]:
        found = rows(self.db, "SELECT id FROM actions ORDER BY created_at, id")
        return [self.action(row["id"]) for row in found]

    def action(self, action_id: str) -> Action:
        found = actions.by_id(self.db, action_id)
        assert found is not None
        return found

    def judge(self, verb: str, subject: Any) -> None:
        """AWS begins to do something: had the right people said yes to just that?"""
        if verb == "launch":
            action = self.action(subject.token.partition("-")[0])
        else:
            found = actions.live_on(self.db, subject.id)
            assert found is not None, f"{verb} of {subject.name} that nobody asked for"
            action = found
        self.effects[action.id, verb] += 1
        assert action.state == "executing"
        assert action.kind == verb
        assert self.steady.is_sure, "nobody knows what time it is"
        if action.calls <= 1:
            assert action.requester not in self.gone, "done in the name of somebody who has left"
        assert action.id not in self.noes, "somebody had said no"
        assert self.effects[action.id, verb] <= 1 + (action.tries if verb != "stop" else 0), "done twice"
        needed, able = self._needed(action), self._able(action)
        if verb != "launch":
            assert action.launched_at == subject.launched_at, "restarted after the request, as far as AWS tells"
        if verb == "stop":
            needed = max(needed, self._weigh(action, subject))
        assert len(self.yeses[action.id] & able) >= needed, "somebody who had to has not said yes"

    def _needed(self, action: Action) -> int:
        team = self.valet.people.roster().team(action.team)
        return team.approvals if team else 1

    def _able(self, action: Action) -> frozenset[str]:
        """Who may say yes now, by the settings and by Slack itself."""
        team = self.settings["teams"].get(action.team, {})
        group = self.slack.groups.get(team.get("approver_group", ""))
        named = {*team.get("approvers", ()), *(group.members if group else ()), IDA, action.owner}
        return frozenset(named - self.gone - {action.requester})

    def _weigh(self, action: Action, machine: Instance) -> int:
        """How many yeses it takes to stop this machine as it is now."""
        now = self.clock.now
        assert now - self.told_at[machine.name] <= STALE, "nobody knows whether it works"
        asked = {each.claim_id: each for each in stored_approvals.consents_about(self.db, action.id)}
        for held in stored_claims.open_claims_on(self.db, machine.id):
            if held.holder == action.requester:
                continue
            assert held.id in asked, "its holder was not asked"
            assert asked[held.id].answer in {"agreed", "silent"}, "its holder needs it"
            assert held.until_at <= asked[held.id].until_at, "its holder has extended since"
        if now - self.worked_at[machine.name] > LOOKS_BACK:
            return 1
        assert action.reason, "work ends for a reason"
        return 2

    def look(self) -> None:
        """What must hold at every moment."""
        for each in self.all():
            assert each.requester not in {each.decider, *each.yeses}, "nobody approves their own request"
            assert self.ended.get(each.id, each.state) == each.state, "what has ended has ended"
            if each.state not in LIVE_STATES:
                self.ended[each.id] = each.state
        self._claims_hold()
        for each in list(self.slack.messages.values()):
            assert each.user != SLACKBOT, f"not acknowledged: {each.text}"
            assert "Something broke here" not in each.text
        assert not self.complaints.heard, self.complaints.heard[0]
        self.someone_acted = False

    def _claims_hold(self) -> None:
        found = rows(self.db, "SELECT * FROM claims")
        taken = Counter(
            (row["instance_id"], gpu)
            for row in found
            if row["ended_at"] is None
            for gpu in re.findall(r"\d+", row["gpus"])
        )
        assert not taken or max(taken.values()) == 1, "one GPU is held by one claim"
        assert self.held.keys() <= {row["id"] for row in found}, "a claim has vanished"
        for row in found:
            ended_at = row["ended_at"] and min(row["ended_at"], self.clock.now)
            early = ended_at is not None and ended_at < self.held.get(row["id"], 0)
            assert not early or row["end_reason"] != "expired", "a claim was ended before its time"
            assert row["end_reason"] not in {"released", "handed"} or row["id"] not in self.held or self.someone_acted
            longer = row["until_at"] > self.begun.get(row["id"], 0)
            assert not longer or row["holder"] not in self.gone, "claimed for somebody who has left"
            self.begun[row["id"]] = row["until_at"]
            if row["ended_at"] is None:
                self.held[row["id"]] = row["until_at"]
            else:
                self.held.pop(row["id"], None)

    # How it ends.

    def come_to_rest(self) -> None:
        """Slack and AWS are well again; the bot, and the admin, do what is left to do."""
        self.world.calm()
        self.stumbles.calm()
        self.archive(yes=False)
        self.returns()
        self.group(is_there=True)
        self.jumps(0, slack_is_silent=False)
        self.start_again()
        for _ in range(200):  # what waits for a morning is told then
            self.pass_minutes(5)
            if undelivered.all_undelivered(self.valet.ctx):
                self.types_line(IDA, "/gpu undelivered")
                self.slack.click(IDA, "#gpus", "Try again")
                self.go_on()
            waiting = stored_outbox.counts(self.db).keys() - {"sent"}
            if not waiting and not any(each.is_live for each in self.all()):
                return
        raise AssertionError(f"not at rest: {waiting}, {[each.state for each in self.all()]}")

    def compare(self) -> None:
        """Everything was told, once, and stands there as it is."""
        assert stored_audit.verify(self.db) is None
        queued = {str(row["id"]): row for row in rows(self.db, "SELECT * FROM outbox")}
        posts = {(row["channel"], row["ref"]): row["ts"] for row in rows(self.db, "SELECT * FROM posts")}
        said = {each.ts: each for each in self.slack.messages.values() if each.metadata}
        found = [queued[each.metadata["event_payload"]["outbox_id"]] for each in said.values() if each.metadata]
        told = Counter((row["channel"], row["ref"]) for row in found)
        ends = Counter(
            (row["channel"], row["subject"]) for row in found if row["kind"] in {"action_ended", "batch_ended"}
        )
        assert max([*told.values(), *ends.values()], default=1) == 1, f"told twice: {(told + ends).most_common(2)}"
        assert set(posts.values()) == said.keys(), "what was posted is what is there"
        assert told.keys() == posts.keys()
        for each in self.all():
            COUNTS[f"{each.kind} {each.state}"] += 1
            self._told(each, told)
        for (_, ref), ts in posts.items():
            self._stands(said[ts], ref)
        for who, seen, before in self.owed:
            now = self.slack.messages.get(seen.ts)
            assert now is None or now.version > before, f"{who} pressed and saw nothing: {seen.text}"

    def _told(self, action: Action, told: Counter[tuple[str, str]]) -> None:
        """Whoever asked was told the end, and the card was posted."""
        held_back = stored_approvals.hold_back(self.db, action.id)
        made = self.effects[action.id, action.kind]
        assert not made or action.kind != "stop" or action.state in {"done", "unknown"}, f"AWS stopped it: {action}"
        assert not made or action.tries or action.state in {"done", "unknown", "failed"}, f"AWS did it: {action}"
        if action.batch:
            live = [each for each in actions.of_batch(self.db, action.batch) if each.is_live]
            assert live or told[action.told, f"batch-end:{action.batch}"] == 1, f"nobody was told the end of {action}"
        elif "called it off" not in action.outcome:
            assert told[action.told, f"action-end:{action.id}"] == 1, f"nobody was told the end of {action}"
            assert held_back or any(ref == f"action:{action.id}" for _, ref in told), "there was no card"

    def _stands(self, message: Message, ref: str) -> None:
        """A card, or a question to a holder, tells the newest."""
        kinds = {"action": "action_card", "batch": "batch_card", "consent": "consent"}
        kind, _, subject = ref.partition(":")
        if kind in kinds:
            drawn = draw(self.valet.ctx, kinds[kind], subject)
            assert drawn is not None
            assert message.text == cut_mrkdwn(drawn.text, FALLBACK_TEXT), "the card tells an old story"
