"""The sandbox Slack as people use it: they type, press, choose and submit, and look at what is there."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from starlette.routing import BaseRoute

from bot.domain.clock import Clock
from bot.errors import NotFound, Refused
from bot.sandbox.slack import payloads, show, state, views
from bot.sandbox.slack.app import Workspace
from bot.sandbox.slack.check import interactive_elements
from bot.sandbox.slack.posting import post_answer
from bot.sandbox.slack.records import BOT_USER, Channel, Json, Message, Person, ResponseUrl, View
from bot.sandbox.slack.world import stopwatch


@dataclass(frozen=True, slots=True)
class Control:
    """A button in the page's top bar."""

    label: str
    act: Callable[[], object]


class SandboxSlack(Workspace):
    """One small workspace with one app in it.

    People are named by id, handle or name ("ada"), channels by id or name ("#gpus", "@ada" for Ada's
    direct messages with the bot), messages by their ts or the Message, views by their id or the View.
    """

    def __init__(self, clock: Clock, *, elapsed: Clock = stopwatch) -> None:
        super().__init__(clock, elapsed=elapsed)
        self.controls: list[Control] = []
        self.extra_routes: list[BaseRoute] = []
        self.now_text: Callable[[], str] = str

    # What people do.

    def command(self, user: str, channel: str, line: str, *, thread_ts: str = "") -> None:
        """Type a slash command; Slack's own refusals show up as private messages of Slackbot."""
        person, where = self._in_channel(user, channel)
        name, _, text = line.strip().partition(" ")
        known = {command["command"]: command for command in self.commands}
        if thread_ts:
            self.say_privately(person.id, where.id, f"{name} is not supported in threads. Sorry!", thread_ts=thread_ts)
        elif known and name not in known:
            self.say_privately(person.id, where.id, f"{name} is not a valid command.")
        else:
            escapes = bool(known.get(name, {}).get("should_escape", True))
            words = (name, self.linked(text.strip()) if escapes else text.strip())
            self._run_command(person, where, words)

    def _run_command(self, person: Person, where: Channel, words: tuple[str, str]) -> None:
        url = ResponseUrl(person.id, where.id, self.clock())
        payload = payloads.command_payload(
            person, where, words, url=self.response_address(url), trigger=self.new_trigger(person.id)
        )
        answer = self.ask("slash_commands", payload, f"{words[0]} failed", (person.id, where.id))
        if answer:
            post_answer(self, url, answer)

    def message(self, user: str, channel: str, text: str, *, thread_ts: str = "") -> Message:
        """Say something; the app hears it when it is mentioned, or in its direct messages."""
        person, where = self._in_channel(user, channel)
        if where.is_archived:
            raise Refused(f"#{where.name} is archived.")
        said = self.post(Message("", where.id, person.id, self.linked(text), thread_ts=thread_ts))
        self.mark_read(person.id, where.id)
        self._tell_of(person, where, said)
        return said

    def edit(self, user: str, said: Message, text: str) -> Message:
        """Change what one said; the app hears a mention again, as another event."""
        changed = self.post(replace(said, text=self.linked(text), edited_ts=self.new_ts()))
        self._tell_of(self.person(user), self.channels[said.channel], changed)
        return changed

    def _tell_of(self, person: Person, where: Channel, said: Message) -> None:
        if where.dm_of:
            self.tell("message.im", payloads.said_event(said, where, kind="message", team=person.team_id))
        elif f"<@{BOT_USER}>" in said.text and BOT_USER in where.members:
            self.tell("app_mention", payloads.said_event(said, where, kind="app_mention", team=person.team_id))

    def mention(self, user: str, channel: str, text: str, *, thread_ts: str = "") -> Message:
        """Say something to the bot: "@valet status", with or without the "@valet"."""
        words = text if "@valet" in text.lower() else f"@valet {text}"
        return self.message(user, channel, words, thread_ts=thread_ts)

    def types(self, user: str, line: str, channel: str = "#gpus") -> str:
        """Type a slash command or a message, and return what the app then put on the person's screen."""
        say = self.command if line.startswith("/") else self.message
        return self._news(user, channel, lambda: say(user, channel, line))

    def presses(self, user: str, label: str, channel: str = "#gpus") -> str:
        """Press the button with that label, and return what the app then put on the person's screen."""
        return self._news(user, channel, lambda: self.click(user, channel, label))

    def press(
        self,
        user: str,
        where: str | Message | View,
        action_id: str,
        value: str | None = None,
        block_id: str | None = None,
    ) -> None:
        """Press the button of that action_id, and of that value and block where there are several."""
        self._act(user, where, lambda block, element: self._is(element, block, action_id, value, block_id))

    def click(self, user: str, channel: str, label: str) -> None:
        """Press the button with that label in the newest message of the channel that has one."""
        for message in reversed(self.seen(user, channel)):
            if any(_label(element) == label for block in message.blocks for element in interactive_elements(block)):
                self._act(user, message, lambda _block, element: _label(element) == label)
                return
        raise NotFound(f"{user} sees no button [{label}] in {channel}.")

    def press_late(self, user: str, seen: Message, action_id: str, value: str) -> None:
        """Press a button of a message as it was `seen`: a person's screen may be behind."""
        self._press_in(self.person(user), seen, lambda block, element: self._is(element, block, action_id, value, None))

    def choose(
        self, user: str, where: str | Message | View, action_id: str, picked: Any, block_id: str | None = None
    ) -> None:
        """Choose in a select, menu, picker or set of boxes: an option's value or label, an id, a date, or a list."""
        self._act(user, where, lambda block, element: self._is(element, block, action_id, None, block_id), picked)

    def submit(self, user: str, view: str | View, values: Json | None = None) -> dict[str, str]:
        """Fill in and submit a modal; `values` is action_id or block_id -> what to put in.

        Returns what was refused, block_id -> sentence; empty when the submission went through.
        """
        return views.submit(self, self.person(user), view, values or {})

    def close(self, user: str, view: str | View, *, all_of_them: bool = False) -> None:
        """Close a modal, or with `all_of_them` the whole stack."""
        views.close_view(self, self.person(user), view, all_of_them=all_of_them)

    def open_home(self, user: str) -> None:
        """Open the app's home tab."""
        person = self.person(user)
        home = self.homes.get(person.id)
        inner: Json = {"type": "app_home_opened", "user": person.id, "channel": self.direct(person.id).id}
        inner |= {"tab": "home", "event_ts": self.new_ts()}
        self.tell("app_home_opened", inner | ({"view": payloads.view_json(home)} if home else {}))

    def control(self, number: int) -> None:
        """Press a button of the page's top bar, by its place."""
        self.controls[number].act()
        self.changed()

    def _news(self, user: str, channel: str, act: Callable[[], object]) -> str:
        before, who = self.version, self.person(user).id
        act()
        names = self.names()
        fresh = [one for one in self.seen(user, channel) if one.version > before and one.user != who]
        return "\n".join(show.message_text(message, names) for message in fresh)

    # What people see.

    def sees(self, user: str, channel: str, thread_ts: str = "") -> list[str]:
        """All messages the person sees in the channel, oldest first, as text with buttons in brackets."""
        names = self.names()
        return [show.message_text(message, names) for message in self.seen(user, channel, thread_ts)]

    def latest(self, user: str, channel: str) -> str:
        """The newest message the person sees in the channel, as text; empty when there is none."""
        found = self.last(user, channel)
        return show.message_text(found, self.names()) if found else ""

    def last(self, user: str, channel: str) -> Message | None:
        """The newest message the person sees in the channel."""
        return next(reversed(self.seen(user, channel)), None)

    def modal(self, user: str) -> View | None:
        """The modal on top of the person's screen."""
        return next(reversed(self.modals.get(self.person(user).id, [])), None)

    def sees_modal(self, user: str) -> str:
        """The modal on top of the person's screen, as text; empty when none is open."""
        view = self.modal(user)
        return show.text_of_view(view, self.names()) if view else ""

    def sees_home(self, user: str) -> str:
        """The home tab the app last published for the person, as text."""
        view = self.homes.get(self.person(user).id)
        return show.text_of_view(view, self.names()) if view else ""

    def names(self) -> dict[str, str]:
        """What is shown for each id of a person, channel or user group."""
        with self.lock:
            shown = {person.id: person.name for person in self.people.values()}
            shown |= {channel.id: channel.name for channel in self.channels.values()}
            return shown | {group.id: group.handle for group in self.groups.values()}

    # How it works.

    def linked(self, text: str) -> str:
        """What a person typed, as Slack sends it on: escaped, with @people and #channels as ids."""

        def person(found: re.Match[str]) -> str:
            wanted = found.group(1).lower()
            group = next((one for one in self.groups.values() if one.handle.lower() == wanted), None)
            if group:
                return f"<!subteam^{group.id}>"
            known = next((one for one in self.people.values() if one.handle.lower() == wanted), None)
            return f"<@{known.id}>" if known else found.group(0)

        def channel(found: re.Match[str]) -> str:
            wanted = found.group(1).lower()
            known = next((one for one in self.channels.values() if one.name == wanted and not one.dm_of), None)
            return f"<#{known.id}|{known.name}>" if known else found.group(0)

        escaped = html.escape(text, quote=False)
        return re.sub(r"(?<!\w)#([\w-]+)", channel, re.sub(r"(?<!\w)@([\w.-]*\w)", person, escaped))

    def _in_channel(self, user: str, channel: str) -> tuple[Person, Channel]:
        person, where = self.person(user), self.channel(channel)
        if person.id not in where.members:
            raise Refused(f"{person.name} is not in #{where.name}.")
        return person, where

    @staticmethod
    def _is(element: Json, block: Json, action_id: str, value: str | None, block_id: str | None) -> bool:
        is_action = element["action_id"] == action_id and block_id in (None, block["block_id"])
        return is_action and (value is None or element.get("value") == value)

    def _act(
        self, user: str, where: str | Message | View, is_meant: Callable[[Json, Json], bool], picked: Any = None
    ) -> None:
        person = self.person(user)
        self._press_in(person, self._target(person, where), is_meant, picked)

    def _press_in(
        self, person: Person, target: Message | View, is_meant: Callable[[Json, Json], bool], picked: Any = None
    ) -> None:
        """Find the element and deliver what happens to it."""
        found = [(block, one) for block in target.blocks for one in interactive_elements(block) if is_meant(block, one)]
        if not found:
            raise NotFound(f"{person.name} sees no such button or menu there.")
        block, element = found[0]
        chosen = None if element["type"] == "button" else state.filled_value(element, picked)
        action = state.action_payload(block, element, state=chosen, at_ts=self.new_ts())
        if isinstance(target, View):
            views.act_in_view(self, person, target, action=action, chosen=chosen)
            return
        values = state.initial_state(list(target.blocks))
        if chosen and element["type"] != "overflow":
            values[block["block_id"]][element["action_id"]] = chosen
        url = ResponseUrl(person.id, target.channel, self.clock(), target.ts, target.thread_ts)
        act = {"actions": [action], "state": values}
        address, trigger = self.response_address(url), self.new_trigger(person.id)
        body = payloads.message_action(self, person, target, act=act, url=address, trigger=trigger)
        self.interact(person, body, channel=target.channel)

    def _target(self, person: Person, where: str | Message | View) -> Message | View:
        name = where if isinstance(where, str) else _name_of(where)
        message = self.messages.get(name)
        if message and message.is_seen_by(person.id) and person.id in self.channels[message.channel].members:
            return message
        mine: list[View] = [*self.modals.get(person.id, ())]
        mine += [self.homes[person.id]] if person.id in self.homes else []
        for view in mine:
            if view.id == name:
                return view
        raise NotFound(f"{person.name} does not see {name} (any more).")


def _name_of(where: Message | View) -> str:
    return where.ts if isinstance(where, Message) else where.id


def _label(element: Json) -> str:
    return str(element["text"]["text"]) if element["type"] == "button" else ""
