"""The only listener machinery: acknowledge, parse, call, catch, reply. Nothing escapes a listener.

An error right after `ack()` can lose the acknowledgement, so every listener ends in `_work`, which catches all.
Bolt's own five threads starve under five slow jobs, so the app brings its own executor.
"""

import logging
import re
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt import Ack, App, BoltContext
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.errors import NotFound, ValetError
from bot.services import posting
from bot.services.desk import Desk
from handlers import actions, home, ids
from handlers.blocks.parts import Reply, button, plainly
from handlers.blocks.words import say
from handlers.commands import cost, gpu, verbs
from handlers.commands.parse import words
from handlers.people import Identity
from handlers.send import answer, patiently

log = logging.getLogger(__name__)
THREADS = 50
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Face:
    """The Slack face: the app, and what it needs to be shut down."""

    app: App
    executor: ThreadPoolExecutor


def build(desk: Desk, client: WebClient, identity: Identity, *, signing_secret: str = "") -> Face:
    """Build the app. Nothing is asked of Slack here; `identity` may still be empty and be filled in later."""
    executor = ThreadPoolExecutor(THREADS, thread_name_prefix="slack")

    def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=identity.team_id or None,
            bot_token=client.token,
            bot_id=identity.bot_id or None,
            bot_user_id=identity.user_id or None,
        )

    # `authorize` brings the token, so Bolt's own client carries none
    bare = WebClient(base_url=client.base_url, timeout=client.timeout, retry_handlers=client.retry_handlers)
    app = App(
        client=bare,
        authorize=authorize,
        signing_secret=signing_secret or "unused",
        token_verification_enabled=False,
        request_verification_enabled=bool(signing_secret),
        raise_error_for_unhandled_request=False,
        listener_executor=executor,
    )
    register(app, desk, identity)
    return Face(app, executor)


def register(app: App, desk: Desk, identity: Identity) -> None:
    """Everything we listen to."""
    slack = desk.settings.slack

    @app.command(slack.gpu_command)
    def gpu_command(ack: Ack, body: Body) -> None:
        ack()
        _command(desk, identity, body, gpu.VERBS)

    @app.command(slack.cost_command)
    def cost_command(ack: Ack, body: Body) -> None:
        ack()
        _command(desk, identity, body, cost.VERBS)

    @app.action(re.compile(".*"))
    def pressed(ack: Ack, body: Body, client: WebClient) -> None:
        ack()
        _pressed(desk, identity, body, client)

    @app.event("app_mention")
    def mentioned(body: Body, client: WebClient) -> None:
        _mentioned(desk, identity, body, client)

    @app.event("app_home_opened")
    def home_opened(body: Body, client: WebClient, context: BoltContext) -> None:
        _home(desk, body["event"]["user"], client)


def _work(what: str, do: Callable[[], Reply | None], tell: Callable[[Reply], object]) -> None:
    """Do it and tell what came of it; whatever goes wrong becomes a sentence."""
    try:
        try:
            reply = do()
        except ValetError as error:
            reply = refusal(error)
        if reply is not None:
            tell(reply)
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("%s failed, reference %s", what, reference)
        _tell_trouble(tell, reference)


def _tell_trouble(tell: Callable[[Reply], object], reference: str) -> None:
    try:
        tell(plainly(f"Something broke here, and nothing was changed on any machine. Tell your admin: {reference}."))
    except Exception:
        log.exception("could not even say so, reference %s", reference)


def refusal(error: ValetError) -> Reply:
    """The sentence, and the nearest names as buttons."""
    close = error.nearest if isinstance(error, NotFound) else ()
    made = plainly(say(str(error)))
    if close:
        offers = [button(f"Status of {name}", f"{ids.STATUS_OF}:{number}", name) for number, name in enumerate(close)]
        made.blocks.append({"type": "actions", "elements": offers})
    return made


def _command(desk: Desk, identity: Identity, body: Body, chosen: tuple[verbs.Verb, ...]) -> None:
    ask = verbs.Ask(desk, body["user_id"], body["channel_id"], words(body.get("text", "")))

    def do() -> Reply:
        stranger(identity, body.get("team_id", ""))
        return verbs.run(body["command"], chosen, ask)

    _work(body["command"], do, lambda reply: answer(body["response_url"], reply))


def stranger(identity: Identity, team_id: str) -> None:
    """Refuse people of other workspaces, who can see and press in shared channels. Raises Refused."""
    if identity.team_id and team_id and team_id != identity.team_id:
        raise ValetError("Valet only answers people of its own workspace.")


def _pressed(desk: Desk, identity: Identity, body: Body, client: WebClient) -> None:
    chosen = body["actions"][0]
    user = body["user"]

    def do() -> Reply | None:
        stranger(identity, user.get("team_id", ""))
        channel = (body.get("channel") or {}).get("id", "")
        return actions.press(desk, chosen["action_id"], user["id"], channel, value=chosen.get("value", ""))

    def tell(reply: Reply) -> None:
        if body.get("response_url"):
            answer(body["response_url"], reply)
        else:  # a press on the home tab has nowhere to answer: tell the person, and draw the tab anew
            patiently(lambda: client.chat_postMessage(channel=user["id"], text=reply.text, blocks=reply.blocks or None))
            _home(desk, user["id"], client)

    _work(chosen["action_id"], do, tell)


def _mentioned(desk: Desk, identity: Identity, body: Body, client: WebClient) -> None:
    event = body["event"]
    slack = desk.settings.slack

    def do() -> Reply | None:
        if not posting.first_time(desk, body["event_id"]):
            return None
        stranger(identity, event.get("team", ""))
        typed = words(re.sub(r"<@[A-Z0-9]+>", " ", event.get("text", "")))
        return mention(desk, event["user"], event["channel"], typed)

    def tell(reply: Reply) -> None:
        thread = event.get("thread_ts") or event["ts"]
        blocks = reply.blocks or None
        patiently(
            lambda: client.chat_postMessage(channel=event["channel"], thread_ts=thread, text=reply.text, blocks=blocks)
        )

    _work(f"@mention for {slack.gpu_command}", do, tell)


def mention(desk: Desk, user: str, channel: str, typed: list[str]) -> Reply:
    """The words of both commands, said to the bot: "@valet status", "@valet cost forecast"."""
    slack = desk.settings.slack
    first = typed[0].lower() if typed else ""
    if first in {"cost", slack.cost_command}:
        return verbs.run(slack.cost_command, cost.VERBS, verbs.Ask(desk, user, channel, typed[1:]))
    if first in {verb.name for verb in cost.VERBS}:
        return verbs.run(slack.cost_command, cost.VERBS, verbs.Ask(desk, user, channel, typed))
    if first in {"gpu", slack.gpu_command}:
        typed = typed[1:]
    made = verbs.run(slack.gpu_command, gpu.VERBS, verbs.Ask(desk, user, channel, typed))
    return replace(made, private=False)


def _home(desk: Desk, user: str, client: WebClient) -> None:
    def tell(reply: Reply) -> None:
        view = {"type": "home", "blocks": reply.blocks}
        patiently(lambda: client.views_publish(user_id=user, view=view))

    _work("home", lambda: home.page(desk, user), tell)
