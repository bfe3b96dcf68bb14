"""The workspace's state behind one lock: who is there, what was said, which views are open."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from bot.domain.clock import MINUTE_MS, SECOND_MS, Clock
from bot.errors import NotFound
from bot.sandbox.slack import limits, people
from bot.sandbox.slack.check import interactive_elements
from bot.sandbox.slack.records import (
    SLACKBOT,
    Channel,
    File,
    Group,
    Json,
    Message,
    Person,
    ResponseUrl,
    SlackError,
    Trigger,
    View,
    copied,
)


def stopwatch() -> int:
    """Milliseconds on a clock that nobody can skip."""
    return time.monotonic_ns() // 1_000_000


class SlackWorld:
    """All state; every method may be called from any thread."""

    def __init__(self, clock: Clock, *, elapsed: Clock = stopwatch) -> None:
        self.clock = clock
        self.elapsed = elapsed
        self.lock = threading.RLock()
        self.version = 1
        self.enterprise_id = ""
        """Of an Enterprise Grid that the workspace is one of; payloads carry it."""
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {channel.id: channel for channel in people.CHANNELS}
        self.groups: dict[str, Group] = {}
        self.messages: dict[str, Message] = {}
        self.modals: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.files: dict[str, File] = {}
        self._last_us = 0
        self._made = 0
        self._read: dict[tuple[str, str], str] = {}
        self._triggers: dict[str, Trigger] = {}
        self._responses: dict[str, ResponseUrl] = {}
        self._on_change: list[Callable[[], None]] = []
        for person in (*people.PEOPLE, people.VALET_PERSON, people.SLACKBOT_PERSON):
            self.add_person(person)

    # People and channels.

    def add_person(self, person: Person) -> None:
        """Let someone join the workspace, with a direct channel to the bot."""
        with self.lock:
            self.people[person.id] = person
            if not person.is_bot:
                direct = people.direct_channel(person)
                self.channels[direct.id] = direct
            self.changed()

    def add_channel(self, name: str, members: Iterable[str] = ()) -> Channel:
        """Make a channel; members are ids or handles."""
        with self.lock:
            channel = Channel(self.new_id("C"), name, members=frozenset(self.person(who).id for who in members))
            self.channels[channel.id] = channel
            self.changed()
        return channel

    def add_group(self, handle: str, members: Iterable[str]) -> Group:
        """Make a user group; members are ids or handles."""
        with self.lock:
            group = Group(self.new_id("S"), handle, handle, tuple(self.person(who).id for who in members))
            self.groups[group.id] = group
        return group

    def archive(self, channel: str) -> None:
        """Archive a channel: nobody can post there any more."""
        self._put_channel(replace(self.channel(channel), is_archived=True))

    def join(self, user: str, channel: str) -> None:
        """Put someone into a channel."""
        found = self.channel(channel)
        self._put_channel(replace(found, members=found.members | {self.person(user).id}))

    def leave(self, user: str, channel: str) -> None:
        """Take someone out of a channel."""
        found = self.channel(channel)
        self._put_channel(replace(found, members=found.members - {self.person(user).id}))

    def _put_channel(self, channel: Channel) -> None:
        with self.lock:
            self.channels[channel.id] = channel
            self.changed()

    def person(self, who: str) -> Person:
        """The person of that id, handle or name."""
        wanted = who.removeprefix("@")
        for person in self.people.values():
            if wanted in (person.id, person.handle, person.name):
                return person
        raise NotFound(f"Nobody here is called {who}.", tuple(person.handle for person in self.people.values()))

    def channel(self, where: str) -> Channel:
        """The channel of that id or name; "@ada" is the direct channel between Ada and the bot."""
        if where.startswith("@"):
            return self.direct(self.person(where).id)
        wanted = where.removeprefix("#")
        for channel in self.channels.values():
            if wanted == channel.id or (wanted == channel.name and not channel.dm_of):
                return channel
        raise NotFound(f"There is no channel {where}.", tuple(channel.name for channel in self.channels.values()))

    def assign(self, roles: Mapping[str, str]) -> None:
        """What the page says under people's names, by user id."""
        self.people |= {user: replace(self.people[user], role=role) for user, role in roles.items()}

    def direct(self, user: str) -> Channel:
        """The direct channel between that person and the bot."""
        for channel in self.channels.values():
            if channel.dm_of == user:
                return channel
        raise SlackError("user_not_found")

    # Messages.

    def changed(self) -> int:
        """Count one change and wake whoever waits for it."""
        with self.lock:
            self.version += 1
            for wake in self._on_change:
                wake()
            return self.version

    def on_change(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` at every change; returns what ends that."""
        with self.lock:
            self._on_change.append(wake)

        def end() -> None:
            with self.lock:
                self._on_change.remove(wake)

        return end

    def new_id(self, prefix: str) -> str:
        """A fresh id of Slack's look, such as F0SBX0001."""
        with self.lock:
            self._made += 1
            return f"{prefix}0SBX{self._made:05d}"

    def new_ts(self) -> str:
        """A timestamp after all before it: "1764000000.000100"."""
        with self.lock:
            self._last_us = max(self.clock() * 1000 + 100, self._last_us + 100)
            return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def post(self, message: Message) -> Message:
        """Store a message; an empty `ts` gets the next one, and elements get the ids Slack gives."""
        with self.lock:
            ts = message.ts or self.new_ts()
            blocks = tuple(self.with_ids(list(message.blocks)))
            stored = replace(message, ts=ts, blocks=blocks, version=self.changed())
            self.messages[ts] = stored
            return stored

    def delete(self, ts: str) -> None:
        """Remove a message."""
        with self.lock:
            self.messages.pop(ts, None)
            self.changed()

    def with_ids(self, blocks: list[Json]) -> list[Json]:
        """A copy with a block_id and action_id wherever the app left one out."""
        filled: list[Json] = copied(blocks)
        with self.lock:
            for block in filled:
                block.setdefault("block_id", self.new_id("b"))
                for element in interactive_elements(block):
                    element.setdefault("action_id", self.new_id("a"))
        return filled

    def seen(self, user: str, channel: str, thread_ts: str = "") -> list[Message]:
        """What the person has on screen in a channel, or in one thread of it, oldest first."""
        who, where = self.person(user).id, self.channel(channel)
        if who not in where.members:
            return []
        with self.lock:
            return sorted(
                (
                    message
                    for message in self.messages.values()
                    if message.channel == where.id
                    and message.is_seen_by(who)
                    and (not thread_ts or thread_ts in (message.ts, message.thread_ts))
                ),
                key=lambda message: message.ts,
            )

    def say_privately(self, user: str, channel: str, text: str, *, thread_ts: str = "") -> Message:
        """Slackbot's word to one person, as Slack shows its own failures."""
        return self.post(Message("", channel, SLACKBOT, text, thread_ts=thread_ts, reader=user))

    def mark_read(self, user: str, channel: str) -> None:
        """The person has seen all there is in the channel by now."""
        newest = max((message.ts for message in self.seen(user, channel)), default="")
        key = (self.person(user).id, self.channel(channel).id)
        with self.lock:
            if newest > self._read.get(key, ""):
                self._read[key] = newest
                self.changed()

    def unread(self, user: str, channel: str) -> int:
        """How many messages of others came since the person last looked."""
        return len(self._unread(self.person(user).id, self.channel(channel).id))

    def _unread(self, who: str, channel: str) -> list[Message]:
        since = self._read.get((who, channel), "")
        return [message for message in self.seen(who, channel) if message.ts > since and message.user != who]

    def waiting(self, user: str) -> int:
        """How many unread messages are for this person: direct ones, and those that name them."""
        who = self.person(user).id
        mine = [channel for channel in list(self.channels.values()) if who in channel.members]
        unread = [message for channel in mine for message in self._unread(who, channel.id)]
        return sum(
            bool(self.channels[message.channel].dm_of) or f"<@{who}>" in message.text + json.dumps(message.blocks)
            for message in unread
        )

    # What an interaction gives the app for a while.

    def new_trigger(self, user: str, channel: str = "") -> str:
        """A trigger_id: good once, for three seconds."""
        with self.lock:
            self._made += 1
            trigger = f"{self.elapsed()}.{self._made}.{self._made:032x}"
            self._triggers[trigger] = Trigger(user, channel, self.elapsed())
            return trigger

    def spend_trigger(self, name: str) -> Trigger:
        """The trigger of that id; afterwards it is spent."""
        with self.lock:
            if name not in self._triggers:
                raise SlackError("invalid_trigger_id" if name else "invalid_arguments")
            trigger = self._triggers[name]
            if trigger.is_spent:
                raise SlackError("exchanged_trigger_id")
            if self.elapsed() - trigger.made_at > limits.TRIGGER_SECONDS * SECOND_MS:
                raise SlackError("expired_trigger_id")
            self._triggers[name] = replace(trigger, is_spent=True)
            return trigger

    def new_response(self, url: ResponseUrl) -> str:
        """The id of a response URL: five uses within thirty minutes."""
        with self.lock:
            self._made += 1
            name = f"{url.user}{self._made:06x}"
            self._responses[name] = url
            return name

    def use_response(self, name: str) -> ResponseUrl:
        """Count one use of a response URL."""
        with self.lock:
            url = self._responses.get(name)
            if url is None:
                raise SlackError("no_service")
            if self.clock() - url.made_at > limits.RESPONSE_MINUTES * MINUTE_MS:
                raise SlackError("expired_url")
            if url.uses >= limits.RESPONSE_USES:
                raise SlackError("used_url")
            self._responses[name] = replace(url, uses=url.uses + 1)
            return url
