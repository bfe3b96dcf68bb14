"""Forms: opened by a command, a press or a shortcut, drawn anew as fields change, and submitted as words would be.

What is known of an open form travels with it: its name as the callback id, and in `private_metadata` the channel where
it was opened, so that its answer goes there. Nothing of the world does: that is looked at when it is submitted.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.errors import NotFound, Refused, ValetError
from bot.services import outbox
from bot.services.context import Context
from handlers import topics
from handlers.blocks import forms as form_blocks
from handlers.blocks.parts import Block, Filled, FormCall, Reply, actions, section
from handlers.blocks.words import say
from handlers.verbs import Ask, BadField, Form
from handlers.working import open_request_button

View = Mapping[str, Any]
MOST_OPTIONS = 100
MOST_ERROR = 500
SENT = "form:"
"""Begins the id under which a form that was sent is remembered, so that it counts once."""
STALE = "This form is from another version of Valet. Close it and open it again."
GOING_ON = "This takes a moment. I'll write to you as soon as it is done."
SENT_BEFORE = (
    "This form was sent already, and counts once. If no answer has come, look whether it was done, and open it again."
)
NOT_IN_MODALS = frozenset({"table", "data_table", "data_visualization", "markdown", "carousel"})


@dataclass(frozen=True, slots=True)
class Submitted:
    """What becomes of a form: refused beside fields, or shown as another view, or closed with an answer to tell."""

    errors: Mapping[str, str] = field(default_factory=dict)
    """By block_id."""
    view: Block | None = None
    reply: Reply | None = None


def form_called(name: str) -> Form:
    """The form of a callback id. Raises Refused when it is none of ours any more."""
    known = topics.FORMS.get(name)
    if known is None:
        raise Refused(STALE)
    return known


def metadata(channel: str) -> str:
    """What travels with an open form."""
    return json.dumps({"channel": channel}) if channel else ""


def channel_of(view: View) -> str:
    """Where the form was opened; empty where that was no channel."""
    try:
        return str(json.loads(view.get("private_metadata") or "{}").get("channel", ""))
    except (ValueError, AttributeError):
        return ""


def drawn(ctx: Context, call: FormCall, user: str, channel: str) -> Block:
    """The form as it opens. Raises Refused when it is none of ours any more."""
    form = form_called(call.name)
    return _view(form, form.draw(Ask(ctx, user, channel, []), call.given), channel)


def _view(form: Form, blocks: list[Block], channel: str) -> Block:
    """The form; where it asks for nothing, as nothing can be done, it only tells."""
    if not any(block["type"] == "input" for block in blocks):
        return form_blocks.form_view(form.title, blocks)
    return form_blocks.form_view(form.title, blocks, name=form.name, send=form.send, metadata=metadata(channel))


def redrawn(ctx: Context, view: View, user: str) -> Block:
    """An open form as its fields stand now. Raises Refused when it is none of ours any more."""
    form, (ask, given) = form_called(str(view.get("callback_id"))), _asked(ctx, view, user)
    return _view(form, form.draw(ask, given), ask.channel)


def form_kept(view: View, reply: Reply) -> Block:
    """An open form as it is filled in, with why nothing was done; only that where it is none of ours any more."""
    form = topics.FORMS.get(str(view.get("callback_id")))
    if form is None:
        return answer_as_view(reply)
    notice = reply.blocks or [section(reply.text)]
    return _view(form, form_blocks.below(list(view.get("blocks", ())), form.subject, notice), channel_of(view))


def is_field(view: View, action_id: str) -> bool:
    """Whether something in a view is a field of its form, and no button in it."""
    return any(form_blocks.field_of(block) == action_id for block in view.get("blocks", ()))


def _asked(ctx: Context, view: View, user: str) -> tuple[Ask, Filled]:
    """Who asks by an open form, from where, and what stands in its fields."""
    return Ask(ctx, user, channel_of(view), []), form_blocks.read_state(_state(view))


def _state(view: View) -> Mapping[str, Any]:
    values: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
    return values


def answer_as_view(reply: Reply) -> Block:
    """An answer as a view that can only be closed."""
    shown = [block for block in reply.blocks if block["type"] not in NOT_IN_MODALS]
    return form_blocks.form_view("Valet", shown or [section(reply.text)])


def options(ctx: Context, view: View, field: str, user: str, typed: str) -> dict[str, list[Block]]:
    """What an external menu offers now, as Slack wants it: at most 100 options, in groups or not."""
    form = topics.FORMS.get(str(view.get("callback_id")))
    menu = form.menus.get(field) if form else None
    if menu is None:
        return {"options": []}
    ask, given = _asked(ctx, view, user)
    found = menu(ask, typed, given)
    if not any("options" in each for each in found):
        return {"options": found[:MOST_OPTIONS]}
    groups: list[Block] = []
    room = MOST_OPTIONS
    for each in found:
        kept = each["options"][:room]
        groups += [{**each, "options": kept}] if kept else []
        room -= len(kept)
    return {"option_groups": groups}


def submit_form(ctx: Context, view: View, user: str) -> Submitted:
    """Do what a form says, once: a refusal leaves it open, and it can be sent again. Raises ValetError."""
    form, (ask, given) = form_called(str(view.get("callback_id"))), _asked(ctx, view, user)
    sent = SENT + str(view.get("id"))
    if not outbox.first_time(ctx, sent):
        return Submitted(view=answer_as_view(Reply(SENT_BEFORE)))
    try:
        reply = form.submit(ask, given)
    except ValetError as error:
        outbox.forget_event(ctx, sent)
        if isinstance(error, Refused):
            return _refused(form, view, error, ask, given)
        raise
    if not reply.undone:
        return Submitted(reply=reply)
    outbox.forget_event(ctx, sent)
    return _still_open(ask, form, given, reply.blocks)


def _refused(form: Form, view: View, refused: Refused, ask: Ask, given: Filled) -> Submitted:
    """Beside the field; a sentence with people or dates in it as a block under it, since Slack's own are plain.

    Where other fields would be asked for by now, as a machine has fewer GPUs, the form is drawn anew.
    """
    place = next((name for kind, name in form.places if isinstance(refused, kind)), form.subject)
    place = refused.field if isinstance(refused, BadField) else place
    sentence = say(refused.sentence)
    block_ids = {name: block_id for block_id, block in _state(view).items() for name in block}
    shown = list(view.get("blocks", ()))
    fresh = shown if isinstance(refused, BadField) else form.draw(ask, given)
    is_as_before = {*map(_field_id, shown)} == {*map(_field_id, fresh)}
    is_plain = is_as_before and "<" not in sentence and not (isinstance(refused, NotFound) and refused.nearest)
    if is_plain and place in block_ids and not form_blocks.has_notice(shown):  # which would stay
        return Submitted(errors={block_ids[place]: _plainly(sentence)})
    notice = [section(f":warning: {sentence}"), *open_request_button(refused)]
    blocks = form_blocks.below(shown if is_as_before else fresh, place, notice)
    return Submitted(view=_view(form, blocks, ask.channel))


def too_late(view: View, result: Submitted) -> Reply:
    """A refusal that comes too late for the form, with a button that opens it again as it was filled in."""
    said = [section(sentence) for sentence in result.errors.values()]
    said += [block for block in (result.view or {}).get("blocks", ()) if block["type"] != "input"]
    name, not_done = str(view.get("callback_id")), "That was not done."
    given = form_blocks.read_state(_state(view))
    again = [actions(form_blocks.form_button("Open it again", name, given))] if name in topics.FORMS else []
    return Reply(not_done, [section(not_done), *said, *again])


def _field_id(block: Block) -> str:
    return str(block["block_id"]) if form_blocks.field_of(block) else ""


def _plainly(sentence: str) -> str:
    """As Slack shows errors: no marks, no entities."""
    for mark, char in (("`", ""), ("*", ""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        sentence = sentence.replace(mark, char)
    return sentence[:MOST_ERROR]


def _still_open(ask: Ask, form: Form, given: Filled, blocks: list[Block]) -> Submitted:
    """The form with what could be done instead under its subject."""
    shown = [block for block in blocks if block["type"] not in NOT_IN_MODALS]
    return Submitted(view=_view(form, form_blocks.below(form.draw(ask, given), form.subject, shown), ask.channel))
