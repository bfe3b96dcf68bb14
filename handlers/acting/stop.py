"""/gpu stop: by words and by a form; and why somebody said no."""

from bot.domain import parts
from bot.domain.acting.actions import ActionKind
from bot.domain.machines.listing import FleetFilter, Listing
from bot.errors import Refused
from bot.services import context, queries
from bot.services.acting import approvals, previews
from bot.services.context import Context
from bot.services.sharing.find import machine_menu
from handlers import fields
from handlers.acting import batches as batches_controller
from handlers.acting import launch
from handlers.blocks import forms as form_blocks
from handlers.blocks.acting import approvals as approvals_blocks
from handlers.blocks.acting import previews as previews_blocks
from handlers.blocks.forms import machine_option
from handlers.blocks.parts import Block, Filled, Reply, filled, section
from handlers.parsing.lengths import is_length as spells_length
from handlers.parsing.moments import time_of_day
from handlers.parsing.text import readable
from handlers.verbs import Ask, Form, Verb

ACTION = "action"


def stop(ask: Ask) -> Reply:
    """Ask somebody else whether to stop an instance, or several."""
    if batches_controller.is_about_idle(ask):
        return batches_controller.stop_idle(ask)
    several, reason = batches_controller.named_machines(ask)
    _refuse_later(several[0].instance.name, reason)
    if len(several) > 1:
        ids = [each.instance.id for each in several]
        return batches_controller.ask_batch(ask, ids, reason=readable(" ".join(reason)), named=True)
    if breaks_glass(reason):
        return broken(ask, several[0], "stop", reason[1:])
    return ask_stop(ask, several[0], reason=readable(" ".join(reason)))


def _refuse_later(name: str, rest: list[str]) -> None:
    """A stop for later would be put to people now, and carried out now. Raises Refused."""
    first, *more = [word.lower().rstrip(".,") for word in rest[:2]] or [""]
    is_time = (
        any(time_of_day(word) is not None for word in more) if first in {"at", "after", "from", "until"} else False
    )
    is_length = first in {"in", "for", "after"} and spells_length(rest[1:])
    if first in {"tonight", "tomorrow", "later", "until"} or is_time or is_length:
        raise Refused(
            f"A stop is asked about now, and there is none for later: say {parts.gpu('stop', name)} then. "
            f"{parts.gpu('hours', name, 'Mon-Fri 08:00-19:00')} stops it every evening and starts it every morning."
        )


def ask_stop(ask: Ask, listing: Listing, *, reason: str = "") -> Reply:
    """Put the question; asked twice, it is the same card."""
    before = ask.ctx.clock()
    return launch.launch_told(ask, approvals.ask_to_stop(ask.ctx, listing.instance.id, ask.user, reason=reason), before)


def breaks_glass(rest: list[str]) -> bool:
    """Whether somebody says that they pass their own request."""
    return bool(rest) and rest[0].lower().lstrip("-\u2013\u2014") == "break-glass"  # Slack may join two hyphens


def broken(ask: Ask, listing: Listing, kind: ActionKind, rest: list[str]) -> Reply:
    """Pass one's own request, with the reason. Raises Refused."""
    passed = approvals.break_glass(ask.ctx, listing, kind, ask.user, readable(" ".join(rest)))
    return approvals_blocks.action_asked(passed, context.team_channel(ask.ctx, passed.team), ask.user, again=False)


def stop_search(ask: Ask, typed: str, _given: Filled) -> list[Block]:
    """What runs and could be stopped from here: what idles first, the dearest before the others."""
    menu, now = machine_menu(ask.ctx, ask.user, typed, FleetFilter(state="running")), ask.ctx.clock()
    running = [
        listing
        for listing in (*menu.free, *menu.mine, *menu.others)
        if listing.instance.provider != "owned" or "stop" in ask.ctx.switches(listing.instance)
    ]
    idle = [listing for listing in running if listing.verdict is not None and listing.verdict.is_idle]
    idle.sort(key=lambda listing: -(listing.rate.micros_per_hour if listing.rate else 0))
    headed = (("Idle", idle), ("Others", [listing for listing in running if listing not in idle]))
    return [
        form_blocks.group(heading, [machine_option(listing, now) for listing in listings])
        for heading, listings in headed
        if listings
    ]


def draw_stop_form(ask: Ask, given: Filled) -> list[Block]:
    """Which machines and why; what each loses, keeps costing and saves, or why it can't be stopped."""
    chosen, reason = fields.shown_machines(ask, given), fields.chosen_note(given)
    shown = [previews.of_stop(ask.ctx, listing, ask.user, reason=reason) for listing in chosen]
    hint = "One that works is stopped only with a reason, and needs 2 approvals."
    return [
        fields.machines_field(ask, given),
        *previews_blocks.stops([listing.instance.name for listing in chosen], shown),
        form_blocks.text_field(
            fields.NOTE, "Reason", value=given.one(fields.NOTE), placeholder="the run is over", most=200, hint=hint
        ),
    ]


def submit_stop_form(ask: Ask, given: Filled) -> Reply:
    """As `stop train-7 nb-2 the run is over` does."""
    chosen, reason = fields.chosen_machines(ask, given), fields.chosen_note(given)
    _refuse_later(chosen[0].instance.name, reason.split())
    if len(chosen) == 1:
        return ask_stop(ask, chosen[0], reason=reason)
    return batches_controller.ask_batch(ask, [listing.instance.id for listing in chosen], reason=reason, named=True)


STOP_FORM = Form(
    name="stop",
    title="Stop machines",
    send="Ask to stop",
    question="Which machine is to be stopped?",
    draw=draw_stop_form,
    submit=submit_stop_form,
    subject=fields.MACHINE,
    menus={fields.MACHINE: stop_search},
)


def ask_why(ctx: Context, action_id: str) -> Reply:
    """The form in which whoever said no may say why; the no counts already."""
    action = queries.action(ctx, action_id)
    if action is None:
        raise Refused("This request is not known here any more.")
    question = previews_blocks.why_not(action)
    return form_blocks.opening("no", question, filled(action=action_id))


def draw_why_form(ask: Ask, given: Filled) -> list[Block]:
    """What was decided, and a field for the reason."""
    action = queries.action(ask.ctx, given.one(ACTION))
    if action is None:
        return [section("This request is not known here any more.")]
    return previews_blocks.why_form(action, ACTION, fields.NOTE, given.one(fields.NOTE))


def submit_why_form(ask: Ask, given: Filled) -> Reply:
    """The reason goes to whoever asked, and on the card."""
    action = approvals.say_why(ask.ctx, given.one(ACTION), ask.user, fields.chosen_note(given))
    return previews_blocks.why_told(action)


WHY_FORM = Form(
    name="no",
    title="Say why",
    send="Send",
    question="Do you want to say why?",
    draw=draw_why_form,
    submit=submit_why_form,
    subject=fields.NOTE,
)
FORMS = (STOP_FORM, WHY_FORM)
VERBS = (
    Verb(
        "stop",
        "stop <instance>... [reason]",
        "Ask whoever holds it, and an approver, to stop an instance.",
        stop,
        form=STOP_FORM,
    ),
    Verb("stop", "stop idle|free|held [team:NAME] [reason]", "Ask on one card to stop all that idle.", stop),
)
