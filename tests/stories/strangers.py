"""What comes in and counts for nothing: edits, what thieves send, and what reaches another bot of the same app."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slack_bolt import BoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.domain.clock import Clock
from bot.sandbox.slack.people import GPUS
from bot.sandbox.slack.records import Message, Person
from bot.settings import Secrets, parse
from bot.wiring import Valet, build_valet
from handlers import listen
from handlers.http import UNAUTHORIZED
from handlers.listen import STANDS_BY
from store.sql import rows
from tests.opening import open_store
from tests.stories.faults import COUNTS

if TYPE_CHECKING:
    from tests.stories.chaos import Button, Upheaval

SECRET = "the-true-secret"
OLD_S = 400
"""Slack's signatures are good for 300 s."""
MALLORY = Person("U0MALLORY", "mallory", "Mallory", team_id="T0THIEF")
OUR_TEAM = "T0VALET"
NOTED = frozenset({"seen_events", "audit", "sqlite_sequence"})
"""Tables that tell of what came in, whoever it was from."""
GUISES = ("another workspace", "no workspace", "no signature", "another's signature", "an old signature")


def told(valet: Valet) -> dict[str, list[dict[str, Any]]]:
    """All that the bot's database says, by table, but what it noted of deliveries."""
    db = valet.ctx.store.reading()
    names = [row["name"] for row in rows(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {name: [dict(row) for row in rows(db, f"SELECT * FROM {name}")] for name in names if name not in NOTED}


@contextmanager
def nothing_done(here: "Upheaval", *valets: Valet) -> Iterator[None]:
    """What is done within changes nothing that any of these bots knows."""
    here.listened()
    before, effects = [told(valet) for valet in valets], here.effects.copy()
    yield
    here.listened()
    for valet, then in zip(valets, before, strict=True):
        for table, found in told(valet).items():
            assert found == then[table], f"{table} was changed"
    assert here.effects == effects


def edited(here: "Upheaval", who: str, said: Message, words: str) -> None:
    """Somebody changes what they said to the bot, and Slack sends it again under another event id."""
    COUNTS["edits"] += 1
    with nothing_done(here, here.valet):
        here.slack.edit(who, said, f"@valet {words}")


def sent_again(here: "Upheaval", payload: dict[str, Any]) -> None:
    """Slack sends a mention again under another event id, and tells of no edit."""
    COUNTS["mentions again"] += 1
    with nothing_done(here, here.valet):
        here._deliver("events_api", payload | {"event_id": here.slack.new_id("EvAGAIN")})


@contextmanager
def heard(here: "Upheaval", change: Callable[[str, dict[str, Any]], Any]) -> Iterator[None]:
    """What Slack sends within goes by `change`, in the place of the bot."""
    inner, here.slack.deliver = here.slack.deliver, change
    try:
        yield
    finally:
        here.slack.deliver = inner


def stolen(here: "Upheaval", guise: str, who: str, *, button: "Button | None", line: str) -> None:
    """Somebody outside sends what a colleague could have: a press, or else a command and a mention."""
    COUNTS["thieves"] += 1
    sender = MALLORY.id if guise == "no workspace" else who

    def forge(kind: str, payload: dict[str, Any]) -> None:
        body = json.dumps(payload).replace(who, sender)
        if guise == "another workspace":
            here._deliver(kind, json.loads(body.replace(OUR_TEAM, MALLORY.team_id)))
        elif guise == "no workspace":
            if kind in {"events_api", "interactive"}:
                here._deliver(kind, _nameless(json.loads(body)))
        else:
            assert _signed(here, guise, body) == UNAUTHORIZED

    with nothing_done(here, here.valet), heard(here, forge):
        if button is not None:
            here.slack.press_late(who, button.seen, button.action_id, button.value)
        else:
            here.slack.command(who, "#gpus", f"/gpu {line}")
            here.slack.mention(who, "#gpus", line)


def _nameless(payload: dict[str, Any]) -> dict[str, Any]:
    """As it comes by way of a shared channel: nothing tells whose somebody is."""
    for part in (payload.get("event"), payload.get("user")):
        for key in ("team", "team_id", "user_team", "source_team"):
            if isinstance(part, dict):
                part.pop(key, None)
    return payload


def _signed(here: "Upheaval", guise: str, body: str) -> int:
    """What the bot's HTTP face answers to a body with such a signature."""
    stamp = str(int(time.time()) - (OLD_S if guise == "an old signature" else 0))
    secret = SECRET if guise == "an old signature" else "a-guess"
    headers = {"content-type": ["application/json"], "x-slack-request-timestamp": [stamp]}
    if guise != "no signature":
        headers["x-slack-signature"] = [SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body) or ""]
    valet = here.valet
    face = listen.build_slack_app(valet.ctx, valet.client, valet.identity, valet.people.profiles, signing_secret=SECRET)
    answer = face.app.dispatch(BoltRequest(body=body, headers=headers))
    face.executor.shutdown(wait=True)
    return int(answer.status)


class OtherBot:
    """A second bot of the same Slack app, on a database of its own: it came second, so it stands by."""

    def __init__(self, here: "Upheaval", folder: Path, clock: Clock) -> None:
        secrets = Secrets(here.slack.bot_token, here.slack.app_token, "", f"{here.slack.url}/api/")
        store = open_store(folder / "other.db")
        self.here = here
        self.valet = build_valet(
            parse(here.settings, {}), secrets, store, clock=clock, providers={"ec2": here.world}, pace_s=0
        )
        self.valet.identity.learn(self.valet.client)
        assert self.valet.connection is not None
        self.only = self.valet.connection.only
        self.only.hello(2)

    def takes(self, kind: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """Slack gives it a share of what people do, before it has hung up."""
        answer = self.valet.slack_app.app.dispatch(BoltRequest(body=json.dumps(payload), mode="socket_mode"))
        assert answer.status == 200, "acknowledged"
        self.valet.slack_app.executor.shutdown(wait=True)
        self.valet.slack_app.executor.__init__(5)  # type: ignore[misc]  # the same object, as Bolt holds on to it
        return None

    def is_typed_to(self, who: str, line: str) -> None:
        """Somebody's command reaches this one: they are told so, and nothing is done by either."""
        COUNTS["another bot's share"] += 1
        before = self.here.slack.version
        with nothing_done(self.here, self.here.valet, self.valet), heard(self.here, self.takes):
            self.here.slack.command(who, GPUS, f"/gpu {line}")
        assert STANDS_BY in "".join(self.here.news(who, before))

    def is_pressed(self, who: str, button: "Button") -> None:
        """So does a press."""
        COUNTS["another bot's share"] += 1
        before = self.here.slack.version
        with nothing_done(self.here, self.here.valet, self.valet), heard(self.here, self.takes):
            self.here.slack.press_late(who, button.seen, button.action_id, button.value)
        assert STANDS_BY in "".join(self.here.news(who, before))

    def works(self) -> None:
        """Its workers come by; none of them may do anything."""
        with nothing_done(self.here, self.here.valet, self.valet):
            for worker in (self.valet.executor_worker, self.valet.outbox_worker, self.valet.line_worker):
                worker._once()

    def end(self) -> None:
        self.valet.slack_app.executor.shutdown(wait=True)
        self.valet.ctx.store.close()
