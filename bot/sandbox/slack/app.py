"""The workspace and the one app installed in it: its tokens, and how it is told what people do."""

import json
from collections.abc import Callable
from typing import Any

from bot.domain.clock import SECOND_MS, Clock
from bot.errors import Unreachable
from bot.sandbox.slack import events, limits
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.records import BOT_USER, Json, Message, Person, ResponseUrl
from bot.sandbox.slack.world import SlackWorld, stopwatch

Deliver = Callable[[str, Json], Json | None]
"""Takes an envelope's type and payload to the app, and brings back what its acknowledgement carried.

Raises Unreachable when nobody acknowledged in three seconds, or (not retryable) nobody is connected.
"""

SCOPES_OF_EVENTS = {
    "app_mention": "app_mentions:read",
    "message.im": "im:history",
    "member_joined_channel": "channels:read",
}


def no_listener(kind: str, _payload: Json) -> Json | None:
    """No app is connected."""
    raise Unreachable(f"No app took the {kind}.", retryable=False)


def acknowledged(status: int, body: str) -> Json | None:
    """What an HTTP-like acknowledgement carried; for a `deliver` that dispatches straight into a Bolt app."""
    if status != 200:
        raise Unreachable(f"The app answered with status {status}.")
    if not body:
        return None
    try:
        answer = json.loads(body)
    except ValueError:
        return {"text": body}
    return answer if isinstance(answer, dict) else {"text": str(answer)}


class Workspace(SlackWorld):
    """The state, and the app that lives in it.

    `commands` are the app's slash commands (command, description, usage_hint, should_escape); while it is
    empty every command is delivered. `shortcuts` are its shortcuts (name, type, callback_id). `subscriptions` are
    the events the app hears, `scopes` what its token may do, empty for everything. `missing_scopes` takes scopes
    away from the app's token. `install` reads all of them from a manifest. `refusals` are the app's answers that
    Slack could not take, of which a person sees no more than that there was some trouble.
    """

    def __init__(self, clock: Clock, *, elapsed: Clock = stopwatch) -> None:
        super().__init__(clock, elapsed=elapsed)
        self.bot_token = "xoxb-sandbox"  # noqa: S105 - opens nothing but this process
        self.app_token = "xapp-sandbox"  # noqa: S105
        self.url = "http://127.0.0.1"
        self.deliver: Deliver = no_listener
        self.commands: list[dict[str, Any]] = []
        self.shortcuts: list[dict[str, Any]] = []
        self.subscriptions = {"app_home_opened", *SCOPES_OF_EVENTS}
        self.scopes: set[str] = set()
        self.missing_scopes: set[str] = set()
        self.has_home = self.can_be_written_to = self.is_interactive = True
        self.refusals: list[str] = []
        self.offered: dict[tuple[str, str, str], list[Json]] = {}
        """What an external select of that view or message (block_id, action_id) offered last."""
        self._unheard: list[tuple[Message | None, Message | None]] = []
        self.faults = Faults()

    def install(self, manifest: Json) -> None:
        """Install the app as its manifest says: what is not in there does not reach it."""
        features, settings = manifest["features"], manifest["settings"]
        home = features.get("app_home", {})
        self.commands = features.get("slash_commands", [])
        self.shortcuts = features.get("shortcuts", [])
        self.subscriptions = set(settings.get("event_subscriptions", {}).get("bot_events", ()))
        self.scopes = set(manifest["oauth_config"]["scopes"]["bot"])
        self.has_home = bool(home.get("home_tab_enabled"))
        is_read_only = home.get("messages_tab_read_only_enabled", True)
        self.can_be_written_to = bool(home.get("messages_tab_enabled")) and not is_read_only
        self.is_interactive = bool(settings.get("interactivity", {}).get("is_enabled"))

    def post(self, message: Message) -> Message:
        """Store a message; the app hears of its own in direct channels, too, and of their changes."""
        before = self.messages.get(message.ts)
        stored = super().post(message)
        if message.user == BOT_USER and not message.reader and self.channels[message.channel].dm_of:
            self._unheard.append((before, stored))
        return stored

    def delete(self, ts: str) -> None:
        """Remove a message."""
        before = self.messages.get(ts)
        super().delete(ts)
        if before and not before.reader and self.channels[before.channel].dm_of:
            self._unheard.append((before, None))

    def fault(self, method: str, error: str = "", **how: Any) -> None:
        """Let the next calls of a Web API method (or "response_url") fail; see `Faults.add`."""
        self.faults.add(method, error, **how)

    def response_address(self, url: ResponseUrl) -> str:
        """A fresh response URL."""
        return f"{self.url}/response/{self.new_response(url)}"

    def ask(self, kind: str, payload: Json, failure: str, told: tuple[str, str]) -> Json | None:
        """Deliver; when nobody answers, the person is told `failure` (`told`: person and channel)."""
        try:
            return self.reach(kind, payload)
        except Unreachable as error:
            word = "operation_timeout" if error.retryable else "dispatch_failed"
            self.say_privately(*told, f'{failure} with the error "{word}"')
            return None

    def reach(self, kind: str, payload: Json) -> Json | None:
        """Deliver, after the app's own messages; what comes back later than Slack waits counts as no answer."""
        self._echo()
        began = self.elapsed()
        answer = self.deliver(kind, payload)
        if self.elapsed() - began > limits.ACK_SECONDS * SECOND_MS:
            raise Unreachable(f"The app did not acknowledge in {limits.ACK_SECONDS} s.")
        return answer

    def _echo(self) -> None:
        """Tell the app of its own messages in direct channels. It posts on threads on which nothing can be told."""
        with self.lock:
            waiting, self._unheard = self._unheard, []
        for before, after in waiting:
            if before:
                self._tell("message.im", events.changed_event(self, before, after, at_ts=self.new_ts()))
            elif after:
                self._tell("message.im", events.said_event(after, self.channels[after.channel], kind="message"))

    def interact(self, person: Person, payload: Json, *, channel: str = "") -> Json | None:
        """Deliver a click or a closed modal."""
        told = (person.id, channel or self.direct(person.id).id)
        if not self.is_interactive:
            self.say_privately(*told, "This app is not configured to handle interactive responses.")
            return None
        return self.ask("interactive", payload, "Valet did not respond: your click failed", told)

    def tell(self, subscription: str, inner: Json) -> None:
        """Deliver an event the app has subscribed to."""
        self._echo()
        self._tell(subscription, inner)

    def _tell(self, subscription: str, inner: Json) -> None:
        scope = SCOPES_OF_EVENTS.get(subscription, "")
        is_granted = not scope or scope in (self.scopes or {scope}) - self.missing_scopes
        if subscription not in self.subscriptions or not is_granted:
            return
        try:
            event = events.event(self.new_id("Ev"), inner, at=self.clock(), enterprise=self.enterprise_id)
            self.deliver("events_api", event)
        except Unreachable:
            return  # Slack shows a person nothing when an event finds no taker.
