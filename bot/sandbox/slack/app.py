"""The workspace and the one app installed in it: its tokens, and how it is told what people do."""

import json
from collections.abc import Callable
from typing import Any

from bot.domain.clock import Clock
from bot.errors import Unreachable
from bot.sandbox.slack import payloads
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.records import Json, Person, ResponseUrl
from bot.sandbox.slack.world import SlackWorld, stopwatch

Deliver = Callable[[str, Json], Json | None]
"""Takes an envelope's type and payload to the app, and brings back what its acknowledgement carried.

Raises Unreachable when nobody acknowledged in three seconds, or (not retryable) nobody is connected.
"""


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
    empty every command is delivered. `subscriptions` are the events the app hears. `missing_scopes` takes
    scopes away from the app's token.
    """

    def __init__(self, clock: Clock, *, elapsed: Clock = stopwatch) -> None:
        super().__init__(clock, elapsed=elapsed)
        self.bot_token = "xoxb-sandbox"  # noqa: S105 - opens nothing but this process
        self.app_token = "xapp-sandbox"  # noqa: S105
        self.url = "http://127.0.0.1"
        self.deliver: Deliver = no_listener
        self.commands: list[dict[str, Any]] = []
        self.subscriptions = {"app_mention", "app_home_opened", "message.im"}
        self.missing_scopes: set[str] = set()
        self.faults = Faults()

    def fault(self, method: str, error: str = "", **how: Any) -> None:
        """Let the next calls of a Web API method (or "response_url") fail; see `Faults.add`."""
        self.faults.add(method, error, **how)

    def response_address(self, url: ResponseUrl) -> str:
        """A fresh response URL."""
        return f"{self.url}/response/{self.new_response(url)}"

    def ask(self, kind: str, payload: Json, failure: str, told: tuple[str, str]) -> Json | None:
        """Deliver; when nobody answers, the person is told `failure` (`told`: person and channel)."""
        try:
            return self.deliver(kind, payload)
        except Unreachable as error:
            word = "operation_timeout" if error.retryable else "dispatch_failed"
            self.say_privately(*told, f'{failure} with the error "{word}"')
            return None

    def interact(self, person: Person, payload: Json, *, channel: str = "") -> Json | None:
        """Deliver a click or a closed modal."""
        told = (person.id, channel or self.direct(person.id).id)
        return self.ask("interactive", payload, "Valet did not respond: your click failed", told)

    def tell(self, subscription: str, inner: Json) -> None:
        """Deliver an event the app has subscribed to."""
        if subscription not in self.subscriptions:
            return
        try:
            event = payloads.event(self.new_id("Ev"), inner, at=self.clock(), enterprise=self.enterprise_id)
            self.deliver("events_api", event)
        except Unreachable:
            return  # Slack shows a person nothing when an event finds no taker.
