"""The only listener machinery: acknowledge, parse, call, catch, reply. Nothing escapes a listener.

An error right after `ack()` can lose the acknowledgement, and Bolt's own five threads starve under five slow jobs. So
a listener here only acknowledges, on the thread that brought the request, and hands the work to an executor of ours:
however much work is waiting, whatever comes in is acknowledged at once.
"""

import logging
import re
import secrets
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped
from slack_sdk import WebClient

from bot.errors import Impaired, NotFound, Refused, ValetError
from bot.services import backing_up, posting
from bot.services.desk import Desk
from handlers import home, ids
from handlers.actions.press import press
from handlers.blocks import troubles
from handlers.blocks.parts import Reply, button, plainly
from handlers.blocks.words import code, say
from handlers.commands import cost, gpu, verbs
from handlers.commands.parse import words
from handlers.files import handed
from handlers.people import Identity
from handlers.send import answer, patiently, post
from handlers.spelling import spelled

log = logging.getLogger(__name__)
THREADS = 20
"""More would answer no sooner, and take the processor from what acknowledges."""
ANYTHING = re.compile(".*", re.DOTALL)
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Face:
    """The Slack face: the app, and what it needs to be shut down."""

    app: App
    executor: ThreadPoolExecutor
    """Where all work is done; listeners themselves run on the thread that brought the request."""


class AtOnce(Executor):
    """Runs what is submitted there and then: our listeners only acknowledge and hand on."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Run it now."""
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as an executor does: it belongs to whoever asks for the result
            done.set_exception(error)
        return done


@dataclass(frozen=True, slots=True)
class _Listening:
    """What every listener works with."""

    desk: Desk
    identity: Identity
    executor: ThreadPoolExecutor

    def work(self, what: str, do: Callable[[], Reply | None], tell: Callable[[Reply], object]) -> None:
        """Have it done and told by another thread."""
        self.executor.submit(_work, self.desk, what, do, tell)


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

    # `authorize` brings the token, so Bolt's own client carries none; `handlers.send` does the waiting and retrying
    bare = WebClient(base_url=client.base_url, timeout=client.timeout, retry_handlers=[])
    logging.getLogger("slack_bolt.App").addFilter(_is_needed)
    app = App(
        client=bare,
        authorize=authorize,
        signing_secret=signing_secret or "unused",
        token_verification_enabled=False,
        request_verification_enabled=bool(signing_secret),
        raise_error_for_unhandled_request=False,
        listener_executor=AtOnce(),
    )
    # it writes the whole body of every request with a wrong signature
    logging.getLogger("slack_bolt.RequestVerification").setLevel(logging.WARNING)
    register(app, _Listening(desk, identity, executor))
    return Face(app, executor)


def _is_needed(record: logging.LogRecord) -> bool:
    """Bolt finds SLACK_BOT_TOKEN in the environment, and warns at every start that it does not use it."""
    return record.getMessage() != warning_client_prioritized_and_token_skipped()


def register(app: App, here: _Listening) -> None:
    """Everything we listen to."""
    slack = here.desk.settings.slack

    @app.command(slack.gpu_command)
    def gpu_command(ack: Ack, body: Body, client: WebClient) -> None:
        ack()
        _command(here, body, client, gpu.run)

    @app.command(slack.cost_command)
    def cost_command(ack: Ack, body: Body, client: WebClient) -> None:
        ack()
        _command(here, body, client, cost.run)

    @app.command(ANYTHING)
    def other_command(ack: Ack, body: Body, client: WebClient) -> None:
        ack()
        _command(here, body, client, gpu.run)

    @app.action(ANYTHING)
    def pressed(ack: Ack, body: Body, client: WebClient) -> None:
        ack()
        _pressed(here, body, client)

    @app.event("app_mention")
    def mentioned(body: Body, client: WebClient) -> None:
        _mentioned(here, body, client)

    @app.event("app_home_opened")
    def home_opened(body: Body, client: WebClient) -> None:
        if body["event"].get("tab", "home") == "home":
            here.work("home", lambda: home.page(here.desk, body["event"]["user"]), _publish(body["event"], client))


def _work(desk: Desk, what: str, do: Callable[[], Reply | None], tell: Callable[[Reply], object]) -> None:
    """Do it and tell what came of it; whatever goes wrong becomes a sentence."""
    try:
        reply = _outcome(desk, what, do)
        if reply is not None:
            tell(spelled(desk, reply))
    except Exception:
        log.exception("nobody could be told what came of %s", what)


def _outcome(desk: Desk, what: str, do: Callable[[], Reply | None]) -> Reply | None:
    try:
        return do()
    except Impaired as error:
        return troubles.refused(str(error), error.reason, str(backing_up.newest(desk) or ""))
    except ValetError as error:
        return refusal(error)
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("%s failed, reference %s", what, reference)
        return plainly(
            f"Something broke here, so I can't say whether it was done; `status` shows how things stand. "
            f"Tell your admin: {reference}."
        )


def refusal(error: ValetError) -> Reply:
    """The sentence, and the nearest names as buttons."""
    close = error.nearest if isinstance(error, NotFound) else ()
    made = plainly(say(str(error)))
    if close:
        offers = [button(f"Status of {name}", f"{ids.STATUS_OF}:{number}", name) for number, name in enumerate(close)]
        made.blocks.append({"type": "actions", "elements": offers})
    return made


def stranger(identity: Identity, *teams: str) -> None:
    """Refuse people of other workspaces, who can see and press in shared channels. Raises Refused."""
    if not identity.team_id:
        raise Refused("Valet is still getting through to Slack. Try again in a minute.")
    if any(team != identity.team_id for team in teams):
        raise Refused("Valet only answers people of its own workspace.")


def _command(here: _Listening, body: Body, client: WebClient, run: Callable[[verbs.Ask], Reply]) -> None:
    def do() -> Reply:
        stranger(here.identity, body.get("team_id", ""))
        slack = here.desk.settings.slack
        if body["command"] not in {slack.gpu_command, slack.cost_command}:
            ours = f"{code(slack.gpu_command)} and {code(slack.cost_command)}"
            return plainly(f"Valet is set to answer {ours}, not {code(body['command'])}.")
        ask = verbs.Ask(here.desk, body["user_id"], body["channel_id"], words(body.get("text") or ""))
        return run(ask)

    here.work(str(body.get("command")), do, _privately(body, body.get("user_id", ""), client))


def _privately(body: Body, user: str, client: WebClient) -> Callable[[Reply], None]:
    """Answers through the response URL; where Slack does not take it there, in the person's direct messages."""

    def tell(made: Reply) -> None:
        reply = handed(client, user, made)
        url = body.get("response_url")
        if not url or not answer(url, reply):
            post(client, user, reply)

    return tell


def _pressed(here: _Listening, body: Body, client: WebClient) -> None:
    def do() -> Reply | None:
        chosen, user = body["actions"][0], body["user"]
        stranger(here.identity, user.get("team_id", ""))
        channel = (body.get("channel") or {}).get("id", "")
        value = chosen.get("value") or ""
        reply = press(here.desk, chosen.get("action_id", ""), user["id"], channel, value=value)
        if reply is None and not body.get("response_url"):
            return plainly("Noted. The card in the channel shows what becomes of it.")
        return reply

    def tell(reply: Reply) -> None:
        _privately(body, body["user"]["id"], client)(reply)
        if not body.get("response_url"):  # pressed on the home tab, which has to be drawn anew
            publish = _publish({"user": body["user"]["id"]}, client)
            _work(here.desk, "home", lambda: home.page(here.desk, body["user"]["id"]), publish)

    here.work("a press", do, tell)


def _mentioned(here: _Listening, body: Body, client: WebClient) -> None:
    event = body["event"]

    def do() -> Reply | None:
        # another bot that mentions us could go on for ever
        if event.get("bot_id") or not event.get("user") or not posting.first_time(here.desk, body["event_id"]):
            return None
        stranger(here.identity, *(event[key] for key in ("team", "user_team", "source_team") if event.get(key)))
        own = f"<@{here.identity.user_id}(\\|[^>]*)?>"
        return mention(here.desk, event["user"], event["channel"], words(re.sub(own, " ", event.get("text") or "")))

    def tell(reply: Reply) -> None:
        reader = event["user"] if reply.secret else ""
        # in a thread of its own a private answer would be seen by nobody: there is no thread yet
        thread = event.get("thread_ts") or ("" if reader else event["ts"])
        post(client, event["channel"], reply, thread=thread, reader=reader)

    here.work("a mention", do, tell)


def mention(desk: Desk, user: str, channel: str, typed: list[str]) -> Reply:
    """The words of both commands, said to the bot: "@valet status", "@valet cost forecast"."""
    slack = desk.settings.slack
    first = typed[0].lower() if typed else ""
    if first in {"cost", slack.cost_command}:
        return cost.run(verbs.Ask(desk, user, channel, typed[1:]))
    if first in {verb.name for verb in cost.VERBS}:
        return cost.run(verbs.Ask(desk, user, channel, typed))
    if first in {"gpu", slack.gpu_command}:
        typed = typed[1:]
    made = gpu.run(verbs.Ask(desk, user, channel, typed))
    return replace(made, private=False)


def _publish(event: Body, client: WebClient) -> Callable[[Reply], object]:
    def tell(reply: Reply) -> None:
        view = {"type": "home", "blocks": reply.blocks}
        patiently(lambda: client.views_publish(user_id=event["user"], view=view))

    return tell
