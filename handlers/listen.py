"""The only listener machinery: acknowledge, parse, call, catch, reply. Nothing escapes a listener.

An error right after `ack()` can lose the acknowledgement, and Bolt's own five threads starve under five slow jobs. So
a listener here only acknowledges, on the thread that brought the request, and hands the work to an executor of ours:
however much work is waiting, whatever comes in is acknowledged at once.
"""

import logging
import re
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt import Ack, App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped
from slack_sdk import WebClient

from bot.errors import Impaired, Refused, ValetError
from bot.services import audit, outbox, welcome
from bot.services import home as home_service
from bot.services.context import Context
from handlers import cost, forms, gpu, home, modals, outsiders, said, verbs
from handlers.blocks.parts import FormCall, Reply, plainly, undone
from handlers.blocks.words import code
from handlers.files import handed
from handlers.parsing.text import split_words
from handlers.people import Identity
from handlers.profiles import Profiles
from handlers.send import post, send_answer
from handlers.topics import open_form, press
from handlers.working import error_reply, outcome, work

log = logging.getLogger(__name__)
THREADS = 20
"""More would answer no sooner, and take the processor from what acknowledges."""
ANYTHING = re.compile(".*", re.DOTALL)
STANDS_BY = "Another Valet may be connected to this Slack, so this one does nothing now. Try again in a minute."
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SlackApp:
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

    parts: Context
    identity: Identity
    profiles: Profiles
    executor: ThreadPoolExecutor
    acts: Callable[[], bool]
    """Whether this is the bot that acts, if several are connected."""

    @property
    def ctx(self) -> Context:
        """As of now; what is asked for once begins with it once."""
        return self.parts.current()

    def work(
        self, request: BoltRequest, what: str, do: Callable[[], Reply | None], tell: Callable[[Reply], object]
    ) -> None:
        """Have it done and told by another thread, unless it was before, under the same signature."""
        signature = (request.headers.get("x-slack-signature") or [""])[0]

        def once() -> Reply | None:
            if not self.acts():
                raise Refused(STANDS_BY)
            return do() if not signature or self._is_new(signature) else None

        self.executor.submit(work, self.ctx, what, once, tell)

    def _is_new(self, signature: str) -> bool:
        try:
            return outbox.first_time(self.ctx, outbox.SIGNATURE + signature)
        except Impaired:
            return True  # then nothing is written anyway, and what is asked is answered


def always() -> bool:
    """This is the only bot there is."""
    return True


def build_slack_app(
    ctx: Context,
    client: WebClient,
    identity: Identity,
    profiles: Profiles,
    acts: Callable[[], bool] = always,
    *,
    signing_secret: str = "",
) -> SlackApp:
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
        name="valet",  # without one Bolt looks through the stack for it, which reads every source file on it
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
    register(app, _Listening(ctx, identity, profiles, executor, acts))
    return SlackApp(app, executor)


def _is_needed(record: logging.LogRecord) -> bool:
    """Bolt finds SLACK_BOT_TOKEN in the environment, and warns at every start that it does not use it."""
    return record.getMessage() != warning_client_prioritized_and_token_skipped()


def register(app: App, here: _Listening) -> None:
    """Everything we listen to."""
    _register_commands(app, here)
    _register_presses(app, here)
    _register_events(app, here)


def _register_commands(app: App, here: _Listening) -> None:
    slack = here.ctx.settings.slack

    @app.command(slack.gpu_command)
    def gpu_command(ack: Ack, request: BoltRequest, body: Body, client: WebClient) -> None:
        ack()
        _command(here, request, body, client, gpu.run)

    @app.command(slack.cost_command)
    def cost_command(ack: Ack, request: BoltRequest, body: Body, client: WebClient) -> None:
        ack()
        _command(here, request, body, client, cost.run)

    @app.command(ANYTHING)
    def other_command(ack: Ack, request: BoltRequest, body: Body, client: WebClient) -> None:
        ack()
        _command(here, request, body, client, gpu.run)


def _register_presses(app: App, here: _Listening) -> None:
    @app.action(ANYTHING)
    def pressed(ack: Ack, request: BoltRequest, body: Body, client: WebClient) -> None:
        ack()
        _pressed(here, request, body, client)

    @app.view(ANYTHING)
    def submitted(ack: Ack, body: Body, client: WebClient) -> None:
        _submitted(here, ack, body, client)

    @app.options(ANYTHING)
    def searched(ack: Ack, body: Body) -> None:
        _searched(here, ack, body)

    @app.shortcut(ANYTHING)
    def shortcut(ack: Ack, request: BoltRequest, body: Body, client: WebClient) -> None:
        ack()
        _shortcut(here, request, body, client)


def _register_events(app: App, here: _Listening) -> None:
    @app.event("app_mention")
    def mentioned(request: BoltRequest, body: Body, client: WebClient) -> None:
        _said(here, request, body, client, in_person=False)

    @app.event("message")
    def written(request: BoltRequest, body: Body, client: WebClient) -> None:
        if body["event"].get("channel_type") == "im":
            _said(here, request, body, client, in_person=True)

    @app.event("member_joined_channel")
    def joined(request: BoltRequest, body: Body) -> None:
        _joined(here, request, body)

    @app.event("app_home_opened")
    def home_opened(request: BoltRequest, body: Body, client: WebClient) -> None:
        if body["event"].get("tab", "home") == "home":
            _home_opened(here, request, body, client)


def _refuse_outsiders(here: _Listening, origin: outsiders.Origin, way: str) -> None:
    """Only colleagues get further; who else tried is kept in the audit. Raises Refused."""
    if not here.identity.team_id:
        raise Refused("Valet is still getting through to Slack. Try again in a minute.")
    with audit.kept(here.ctx, origin.user or "somebody", f"use Valet {way}", "valet"):
        outsiders.refuse(here.identity, origin, here.profiles.of)
    if origin.user:
        here.ctx.presence.note(origin.user, here.ctx.clock())


def _command(
    here: _Listening, request: BoltRequest, body: Body, client: WebClient, run: Callable[[verbs.Ask], Reply]
) -> None:
    def do() -> Reply:
        _refuse_outsiders(here, outsiders.of_command(body), "by a command")
        ctx = here.ctx
        slack = ctx.settings.slack
        if body["command"] not in {slack.gpu_command, slack.cost_command}:
            ours = f"{code(slack.gpu_command)} and {code(slack.cost_command)}"
            return plainly(f"Valet is set to answer {ours}, not {code(body['command'])}.")
        user, channel = body["user_id"], body["channel_id"]
        welcome.welcome(ctx, user)
        asked = verbs.Ask(ctx, user, channel, split_words(body.get("text") or ""))
        return _with_form(here, run(asked), user, channel)

    here.work(request, str(body.get("command")), do, _privately(body, body.get("user_id", ""), client))


def _with_form(here: _Listening, reply: Reply, user: str, channel: str) -> Reply:
    """The answer, with its form drawn if it has one. Raises Refused."""
    return replace(reply, view=forms.drawn(here.ctx, reply.form, user, channel)) if reply.form else reply


def _privately(body: Body, user: str, client: WebClient) -> Callable[[Reply], None]:
    """Opens a form; answers through the response URL, or where Slack takes neither, in the person's messages."""

    def tell(made: Reply) -> None:
        if made.view and modals.show_form(client, body, made.view):
            return
        reply = handed(client, user, made)
        url = body.get("response_url")
        if not url or not send_answer(url, reply):
            post(client, user, reply)

    return tell


def _pressed(here: _Listening, request: BoltRequest, body: Body, client: WebClient) -> None:
    is_modal = modals.in_modal(body)
    if is_modal and forms.is_field(body["view"], body["actions"][0].get("action_id", "")):
        here.executor.submit(_redraw, here, body, client)
        return

    def do() -> Reply | None:
        try:
            return _press_answer(here, body)
        except ValetError as error:
            if not is_modal:
                raise
            return undone(error_reply(here.ctx, error))  # the form stays as it was filled in

    def tell(reply: Reply) -> None:
        if is_modal:
            modals.answer_press(client, body, reply)
            return
        _privately(body, body["user"]["id"], client)(reply)
        if not body.get("response_url"):  # pressed on the home tab, which has to be drawn anew
            _draw_home(here, body["user"]["id"], client)

    here.work(request, "a press", do, tell)


def _draw_home(here: _Listening, user: str, client: WebClient) -> None:
    work(here.ctx, "home", lambda: home.opened(here.ctx, user), home.publisher(client, user))


def _press_answer(here: _Listening, body: Body) -> Reply | None:
    """What a press does and says. Raises ValetError."""
    chosen, user, is_modal = body["actions"][0], body["user"], modals.in_modal(body)
    _refuse_outsiders(here, outsiders.of_press(body), "by a button")
    channel = (body.get("channel") or {}).get("id", "") or (forms.channel_of(body["view"]) if is_modal else "")
    value = chosen.get("value") or (chosen.get("selected_option") or {}).get("value") or ""
    reply = press(here.ctx, chosen.get("action_id", ""), user["id"], channel, value=value)
    if reply is not None:
        return _with_form(here, reply, user["id"], channel)
    if not body.get("response_url"):
        return plainly("Noted. The card in the channel shows what becomes of it.")
    return None


def _redraw(here: _Listening, body: Body, client: WebClient) -> None:
    try:
        modals.redraw(
            here.ctx, client, body, check=lambda: _refuse_outsiders(here, outsiders.of_press(body), "by a form")
        )
    except Exception:
        log.exception("a form was not drawn anew")


def _submitted(here: _Listening, ack: Ack, body: Body, client: WebClient) -> None:
    user = body["user"]["id"]

    def check() -> None:
        if not here.acts():
            raise Refused(STANDS_BY)
        _refuse_outsiders(here, outsiders.of_press(body), "by a form")

    def after() -> None:
        if home_service.is_desk_open(here.ctx, user):
            _draw_home(here, user, client)

    modals.submitted(here.ctx, here.executor, client, body, check=check, ack=ack, after=after)


def _searched(here: _Listening, ack: Ack, body: Body) -> None:
    """Answered there and then: Slack takes the options only as what acknowledges."""

    def do() -> dict[str, Any]:
        _refuse_outsiders(here, outsiders.of_press(body), "by a menu")
        typed = str(body.get("value") or "")
        return forms.options(here.ctx, body.get("view") or {}, body["action_id"], body["user"]["id"], typed)

    found = outcome(here.ctx, "a menu", do)
    ack(**({"options": []} if isinstance(found, Reply) else found))


def _shortcut(here: _Listening, request: BoltRequest, body: Body, client: WebClient) -> None:
    def do() -> Reply:
        _refuse_outsiders(here, outsiders.of_press(body), "by a shortcut")
        return _with_form(here, open_form(FormCall(str(body["callback_id"]))), body["user"]["id"], "")

    here.work(request, "a shortcut", do, _privately(body, body["user"]["id"], client))


def _heard(here: _Listening, body: Body) -> outbox.Heard:
    """Whether it is new; where that can't be written down nothing else is either, and looking still works."""
    event, is_edited = body["event"], bool(body["event"].get("edited"))
    try:
        return outbox.note_message(here.ctx, body["event_id"], f"{event['channel']}:{event['ts']}", is_edited=is_edited)
    except Impaired:
        return "edited" if is_edited else "new"


def _said(here: _Listening, request: BoltRequest, body: Body, client: WebClient, *, in_person: bool) -> None:
    event = body["event"]
    if not said.is_of_a_person(event, here.identity):
        return

    def do() -> Reply | None:
        news = _heard(here, body)
        if news == "again" or (news == "edited" and in_person):
            return None
        _refuse_outsiders(here, outsiders.of_event(body), "by a message" if in_person else "by a mention")
        if news == "edited":
            return said.edited()
        welcome.welcome(here.ctx, event["user"])
        return said.answer(here.ctx, event, here.identity)

    def tell(reply: Reply) -> None:
        reader = event["user"] if reply.secret and not in_person else ""
        # in a thread of its own a private answer would be seen by nobody: there is no thread yet
        thread = event.get("thread_ts") or ("" if reader or in_person else event["ts"])
        post(client, event["channel"], reply, thread=thread, reader=reader)

    here.work(request, "a message" if in_person else "a mention", do, tell)


def _joined(here: _Listening, request: BoltRequest, body: Body) -> None:
    def do() -> None:
        if body["event"].get("user") == here.identity.user_id and outbox.first_time(here.ctx, body["event_id"]):
            welcome.introduce(here.ctx, body["event"]["channel"])

    here.work(request, "a new channel", do, lambda _: None)


def _home_opened(here: _Listening, request: BoltRequest, body: Body, client: WebClient) -> None:
    def do() -> Reply:
        _refuse_outsiders(here, outsiders.of_event(body), "by its home tab")
        welcome.welcome(here.ctx, body["event"]["user"])
        return home.opened(here.ctx, body["event"]["user"])

    here.work(request, "home", do, home.publisher(client, body["event"]["user"]))
