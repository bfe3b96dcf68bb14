"""The sandbox Slack as people use it: they type, press, choose and submit, and look at what is there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.routing import BaseRoute

from bot.domain.clock import Clock
from bot.errors import NotFound, Refused
from bot.sandbox.slack import events, payloads, show, state, suggestions, views
from bot.sandbox.slack.check import interactive_elements
from bot.sandbox.slack.posting import post_answer
from bot.sandbox.slack.records import BOT_USER, TEAM_ID, Channel, File, Json, Message, Person, ResponseUrl, View
from bot.sandbox.slack.screens import Screens
from bot.sandbox.slack.world import stopwatch


@dataclass(frozen=True, slots=True)
class Control:
    """A button in the page's top bar."""

    label: str
    act: Callable[[], object]


class SandboxSlack(Screens):
    """One small workspace with one app in it.

    People are named by id, handle or name ("ada"), channels by id or name ("#gpus", "@ada" for Ada's
    direct messages with the bot), messages by their ts or the Message, views by their id or the View.
    """

    def __init__(self, clock: Clock, *, elapsed: Clock = stopwatch) -> None:
        super().__init__(clock, elapsed=elapsed)
        self.controls: list[Control] = []
        self.extra_routes: list[BaseRoute] = []
        self.guide: list[Json] = []
        """What the page says to try: title, who, where and what of each step."""
        self.now_text: Callable[[], str] = str
        self._chosen: dict[tuple[str, str], Json] = {}
        """Person and message -> what they chose in it last; that stays on their screen alone."""

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
            person, where, words, url=self.response_address(url), trigger=self.new_trigger(person.id, where.id)
        )
        answer = self.ask("slash_commands", payload, f"{words[0]} failed", (person.id, where.id))
        if answer:
            post_answer(self, url, answer)

    def message(
        self, user: str, channel: str, text: str, *, thread_ts: str = "", files: Mapping[str, bytes] | None = None
    ) -> Message:
        """Say something; the app hears it when it is mentioned, or in its direct messages.

        `files` are added to it, name -> content. Raises Refused where Slack has no field to type in.
        """
        person, where = self._in_channel(user, channel)
        if where.is_archived:
            raise Refused(f"#{where.name} is archived.")
        if where.dm_of and not self.can_be_written_to:
            raise Refused("Sending messages to this app has been turned off.")
        names = tuple(self._uploaded(person, *file) for file in (files or {}).items())
        said = self.post(Message("", where.id, person.id, self.linked(text), thread_ts=thread_ts, files=names))
        self.mark_read(person.id, where.id)
        self._tell_of(person, where, said)
        return said

    def _uploaded(self, person: Person, name: str, content: bytes) -> str:
        file = File(self.new_id("F"), name, len(content), content, name, is_complete=True, user=person.id, looks_left=0)
        with self.lock:
            self.files[file.id] = file
        return file.id

    def edit(self, user: str, said: Message, text: str) -> Message:
        """Change what one said; the app hears a mention again, and of a direct message that it was changed."""
        where = self.channels[said.channel]
        changed = self.post(replace(said, text=self.linked(text), edited_ts=self.new_ts()))
        if where.dm_of:
            self.tell("message.im", events.changed_event(self, said, changed, at_ts=self.new_ts()))
        else:
            self._tell_of(self.person(user), where, changed)
        return changed

    def _tell_of(self, person: Person, where: Channel, said: Message) -> None:
        files = tuple(self.files[name] for name in said.files)
        if where.dm_of:
            inner = events.said_event(said, where, kind="message", team=person.team_id, files=files)
            self.tell("message.im", inner)
        elif f"<@{BOT_USER}>" in said.text and BOT_USER in where.members:
            self.tell("app_mention", events.said_event(said, where, kind="app_mention", team=person.team_id))

    def join(self, user: str, channel: str) -> None:
        """Put someone into a channel; the app hears of it where it is a member itself, or becomes one."""
        super().join(user, channel)
        found = self.channel(channel)
        if BOT_USER in found.members:
            inner: Json = {"type": "member_joined_channel", "user": self.person(user).id, "channel": found.id}
            self.tell(
                "member_joined_channel", inner | {"channel_type": "C", "team": TEAM_ID, "event_ts": self.new_ts()}
            )

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
        """Press the button with that label: in the open modal, else in the newest message that has one.

        The `channel` "home" is the home tab.
        """
        self._act_on_screen(user, channel, lambda _block, element: _label(element) == label, f"button [{label}]")

    def pick(self, user: str, channel: str, menu: str, picked: Any) -> None:
        """Choose in the menu of that placeholder or action_id, an overflow being "...", as `click` presses."""

        def is_meant(_block: Json, element: Json) -> bool:
            shown = "..." if element["type"] == "overflow" else element.get("placeholder", {}).get("text")
            return element["type"] != "button" and menu in (shown, element["action_id"])

        self._act_on_screen(user, channel, is_meant, f"menu {menu}", picked)

    def press_late(self, user: str, seen: Message, action_id: str, value: str) -> None:
        """Press a button of a message as it was `seen`: a person's screen may be behind."""
        self._press_in(self.person(user), seen, lambda block, element: self._is(element, block, action_id, value, None))

    def choose(
        self, user: str, where: str | Message | View, action_id: str, picked: Any, block_id: str | None = None
    ) -> None:
        """Choose in a select, menu, picker or set of boxes: an option's value or label, an id, a date, or a list."""
        self._act(user, where, lambda block, element: self._is(element, block, action_id, None, block_id), picked)

    def shortcut(self, user: str, name: str, message: Message | None = None) -> None:
        """Choose a shortcut by its name or callback_id: a global one, or one in the menu of a message."""
        person, wanted = self.person(user), "message" if message else "global"
        known = [one for one in self.shortcuts if one["type"] == wanted]
        meant = next((one for one in known if name in (one["name"], one["callback_id"])), None)
        if meant is None:
            raise NotFound(f"There is no {wanted} shortcut {name}.", tuple(one["name"] for one in known))
        channel = message.channel if message else ""
        trigger = self.new_trigger(person.id, channel)
        payload = payloads.shortcut(person, meant["callback_id"], at_ts=self.new_ts(), trigger=trigger)
        if message:
            url = ResponseUrl(person.id, channel, self.clock(), message.ts, message.thread_ts)
            payload = payloads.message_shortcut(self, message, payload, url=self.response_address(url))
        self.interact(person, payload, channel=channel)

    def suggest(self, user: str, where: str | Message | View, name: str, typed: str) -> Json:
        """What an external select offers for what is typed; `name` is its block_id, action_id or label."""
        person = self.person(user)
        target = self._target(person, where)
        for block, element in _elements(target):
            if name in views.names_of(block, element):
                if element["type"] not in suggestions.EXTERNAL:
                    return {key: element[key] for key in ("options", "option_groups") if key in element}
                return suggestions.suggest(self, person, target, block, element, typed)
        raise NotFound(f"{person.name} sees no menu {name} there.")

    def fill(self, user: str, where: str | View, values: Json) -> None:
        """Put something in the fields of a view, one after another: block_id, action_id or label -> what."""
        for name, given in values.items():
            self._act(user, where, _has_name(name), given)

    def keep(self, user: str, view: str | View, values: Json) -> None:
        """Put something in the fields of a modal without a word to the app: it hears of it with the next act."""
        views.keep(self, self.person(user), view, values)

    def submit(self, user: str, view: str | View, values: Json | None = None) -> dict[str, str]:
        """Fill in and submit a modal; `values` is action_id or block_id -> what to put in.

        Returns what was refused, block_id -> sentence; empty when the submission went through.
        """
        return views.submit_view(self, self.person(user), view, values or {})

    def close(self, user: str, view: str | View, *, all_of_them: bool = False) -> None:
        """Close a modal, or with `all_of_them` the whole stack."""
        views.close_view(self, self.person(user), view, all_of_them=all_of_them)

    def open_home(self, user: str) -> None:
        """Open the app's home tab."""
        person = self.person(user)
        home = self.homes.get(person.id)
        inner = events.opened_event(person.id, self.direct(person.id), tab="home", at_ts=self.new_ts(), home=home)
        if self.has_home:
            self.tell("app_home_opened", inner)

    def open_messages(self, user: str) -> None:
        """Open the app's messages tab."""
        person = self.person(user)
        inner = events.opened_event(person.id, self.direct(person.id), tab="messages", at_ts=self.new_ts())
        self.tell("app_home_opened", inner)

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

    # How it works.

    def _in_channel(self, user: str, channel: str) -> tuple[Person, Channel]:
        person, where = self.person(user), self.channel(channel)
        if person.id not in where.members:
            raise Refused(f"{person.name} is not in #{where.name}.")
        return person, where

    @staticmethod
    def _is(element: Json, block: Json, action_id: str, value: str | None, block_id: str | None) -> bool:
        is_action = element["action_id"] == action_id and block_id in (None, block["block_id"])
        return is_action and (value is None or element.get("value") == value)

    def _act_on_screen(
        self, user: str, channel: str, is_meant: Callable[[Json, Json], bool], what: str, picked: Any = None
    ) -> None:
        """Act in the open modal, or else in the newest message that has it."""
        person, modal, home = self.person(user), self.modal(user), self.homes.get(self.person(user).id)
        messages: list[Message | View] = [] if channel == "home" else [*reversed(self.seen(user, channel))]
        homes = [home] if home and channel == "home" else []
        for target in [*([modal] if modal else []), *homes, *messages]:
            if any(is_meant(block, element) for block, element in _elements(target)):
                self._press_in(person, target, is_meant, picked)
                return
        raise NotFound(f"{user} sees no {what} in {channel}.")

    def _act(
        self, user: str, where: str | Message | View, is_meant: Callable[[Json, Json], bool], picked: Any = None
    ) -> None:
        person = self.person(user)
        self._press_in(person, self._target(person, where), is_meant, picked)

    def _press_in(
        self, person: Person, target: Message | View, is_meant: Callable[[Json, Json], bool], picked: Any = None
    ) -> None:
        """Find the element and deliver what happens to it."""
        found = [(block, element) for block, element in _elements(target) if is_meant(block, element)]
        if not found:
            raise NotFound(f"{person.name} sees no such button or menu there.")
        block, element = found[0]
        offered = suggestions.as_offered(self, person, target, block, element, picked)
        chosen = None if element["type"] == "button" else state.filled_value(offered, picked)
        action = state.action_payload(block, element, state=chosen, at_ts=self.new_ts())
        if isinstance(target, View):
            views.act_in_view(self, person, target, action=action, chosen=chosen)
            return
        values = self._values(person, target)
        if chosen and element["type"] != "overflow":
            values[block["block_id"]][element["action_id"]] = chosen
            self._chosen[(person.id, target.ts)] = values
        if block["type"] == "input" and not block.get("dispatch_action"):
            return
        url = ResponseUrl(person.id, target.channel, self.clock(), target.ts, target.thread_ts)
        act = {"actions": [action], "state": values}
        address, trigger = self.response_address(url), self.new_trigger(person.id, target.channel)
        body = payloads.message_action(self, person, target, act=act, url=address, trigger=trigger)
        self.interact(person, body, channel=target.channel)

    def _values(self, person: Person, message: Message) -> Json:
        """What stands in the elements of a message on this person's screen."""
        values, before = state.initial_state(list(message.blocks)), self._chosen.get((person.id, message.ts), {})
        for block_id, held in values.items():
            held |= {name: before[block_id][name] for name in held if name in before.get(block_id, {})}
        return values

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


def _elements(target: Message | View) -> list[tuple[Json, Json]]:
    return [(block, element) for block in target.blocks for element in interactive_elements(block)]


def _has_name(name: str) -> Callable[[Json, Json], bool]:
    return lambda block, element: name in views.names_of(block, element)


def _name_of(where: Message | View) -> str:
    return where.ts if isinstance(where, Message) else where.id


def _label(element: Json) -> str:
    return str(element["text"]["text"]) if element["type"] == "button" else ""
