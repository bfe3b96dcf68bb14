"""Modals as Slack has them: opened by a trigger that lives for three seconds, updated, and answered when sent."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.errors import ValetError
from bot.services.context import Context
from handlers import forms
from handlers.blocks.parts import Block, Reply
from handlers.files import handed
from handlers.forms import Submitted
from handlers.send import LOST, checked_answer, error_code, post
from handlers.working import error_reply, outcome, work

log = logging.getLogger(__name__)
Body = Mapping[str, Any]
VIEW_WAIT_S = 2.0
"""Slack waits three seconds for what becomes of a form; what takes longer is told in a message."""


def show_form(client: WebClient, body: Body, view: Block) -> bool:
    """Open a form on top of what is open; False when Slack did not take it, as after three seconds."""
    trigger = body.get("trigger_id") or ""
    show = client.views_push if in_modal(body) else client.views_open
    try:
        checked_answer(lambda: show(trigger_id=trigger, view=view))
    except SlackApiError as error:
        log.warning("a form was not opened: %s", error_code(error))
    except LOST as error:
        log.warning("a form was not opened: %s", type(error).__name__)
    else:
        return True
    return False


def in_modal(body: Body) -> bool:
    """Whether this happened in a modal."""
    return (body.get("view") or {}).get("type") == "modal"


def update_modal(client: WebClient, body: Body, view: Block, *, as_seen: bool) -> bool:
    """Change the modal in which something was done; `as_seen` only if nothing changed it since. False if it was not."""
    shown = body["view"]
    try:
        checked_answer(
            lambda: client.views_update(view_id=shown["id"], hash=shown.get("hash") if as_seen else None, view=view)
        )
    except SlackApiError as error:
        if error_code(error) not in {"hash_conflict", "not_found"}:  # a later change is drawn already, or it was closed
            log.warning("a form was not changed: %s", error_code(error))
    except LOST as error:
        log.warning("a form was not changed: %s", type(error).__name__)
    else:
        return True
    return False


def redraw(ctx: Context, client: WebClient, body: Body, *, check: Callable[[], None]) -> None:
    """Draw a form anew, as one of its fields changed."""

    def do() -> Block:
        check()
        return forms.redrawn(ctx, body["view"], body["user"]["id"])

    result = outcome(ctx, "a form", do)
    view = forms.form_kept(body["view"], result) if isinstance(result, Reply) else result
    update_modal(client, body, view, as_seen=True)


def answer_press(client: WebClient, body: Body, reply: Reply) -> None:
    """Show in a modal what came of a button in it; everybody whom it concerns sees it in the channel, too.

    What came to nothing leaves a form as it was filled in. A form that Slack does not put on top takes the modal's
    place; whoever has closed the modal hears elsewhere.
    """
    if reply.view and show_form(client, body, reply.view):
        return
    answer = forms.form_kept(body["view"], reply) if reply.undone else forms.answer_as_view(reply)
    is_shown = update_modal(client, body, reply.view or answer, as_seen=False)
    channel = forms.channel_of(body["view"])
    if not is_shown or (channel and not reply.private):
        tell(client, body["user"]["id"], channel, reply)


def submitted(
    ctx: Context,
    executor: Executor,
    client: WebClient,
    body: Body,
    *,
    check: Callable[[], None],
    ack: Callable[..., Any],
    after: Callable[[], None],
) -> None:
    """Do what a form says and answer Slack in time; `after` follows on what was done where no channel shows it."""
    view, user = body["view"], body["user"]["id"]

    def do() -> Submitted:
        try:
            check()
            return forms.submit_form(ctx, view, user)
        except ValetError as error:  # what was filled in is not lost
            return Submitted(view=forms.form_kept(view, error_reply(ctx, error)))

    def done(result: Submitted | Reply) -> None:
        reply = result if isinstance(result, Reply) else result.reply
        channel = forms.channel_of(view)
        if reply is not None:
            work(ctx, "a form", lambda: reply, lambda made: tell(client, user, channel, made))
        if not channel:
            after()

    def late(future: Future[Submitted | Reply]) -> None:
        result = future.result()
        reply = result if isinstance(result, Reply) else (result.reply or forms.too_late(view, result))
        done(reply)  # on the thread that did it

    doing = executor.submit(outcome, ctx, "a form", do)
    try:
        result = doing.result(timeout=VIEW_WAIT_S)
    except TimeoutError:
        ack(response_action="update", view=forms.answer_as_view(Reply(forms.GOING_ON)))
        doing.add_done_callback(late)
        return
    _acknowledge(result, ack)
    if isinstance(result, Submitted) and result.reply is not None:
        executor.submit(done, result)


def _acknowledge(result: Submitted | Reply, ack: Callable[..., Any]) -> None:
    if isinstance(result, Reply):
        ack(response_action="update", view=forms.answer_as_view(result))
    elif result.errors:
        ack(response_action="errors", errors=dict(result.errors))
    elif result.view:
        ack(response_action="update", view=result.view)
    else:
        ack(response_action="clear")


def tell(client: WebClient, user: str, channel: str, made: Reply) -> None:
    """Where the form was opened: to whoever sent it, or to all; in their own messages where Slack does not let us."""
    reply = handed(client, user, made)
    reader = user if reply.private and not channel.startswith("D") else ""
    if channel:
        try:
            post(client, channel, reply, reader=reader)
        except SlackApiError as error:
            log.info("an answer goes to its person alone: %s", error_code(error))
        else:
            return
    post(client, user, reply)
