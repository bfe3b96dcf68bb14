"""/gpu hours: when a machine is to run, who asks for that, and what is told of the stops and starts that follow."""

import re
from collections.abc import Sequence

from bot.domain.acting.hours import NEVER, WEEKDAYS, hours_request_deciders, hours_text, parse_hours, read_as
from bot.domain.machines.listing import FleetFilter, Listing
from bot.errors import Refused
from bot.services import queries
from bot.services.acting import hours as hours_service
from bot.services.acting import rule_starts, rule_stops
from bot.services.context import Context, team_channel
from handlers import fields
from handlers.blocks import forms as form_blocks
from handlers.blocks.acting import hours as hours_blocks
from handlers.blocks.acting import rule_stops as rule_stops_blocks
from handlers.blocks.acting.hours import HOURS_NO_BUTTON, HOURS_YES_BUTTON
from handlers.blocks.parts import Block, Filled, Reply
from handlers.controller import Draw, Press
from handlers.verbs import Ask, BadField, Form, Verb, named


def hours(ask: Ask) -> Reply:
    """Show or set the on-hours of an instance."""
    listing, rest = named(ask, "hours")
    said = re.sub(r"\bstop only\b", "stop-only", " ".join(rest), flags=re.IGNORECASE).split()
    rest = [word for word in said if word.lower() != "stop-only"]
    stop_only = len(rest) < len(said)
    if stop_only and not rest:
        raise Refused(f"Which hours? Try `hours {listing.instance.name} Mon-Fri 08:00-19:00 stop-only`.")
    return give_hours(ask, listing, _windows(rest) if rest else None, stop_only=stop_only, note=_read_as(rest))


def give_hours(ask: Ask, listing: Listing, windows: str | None, *, stop_only: bool, note: str = "") -> Reply:
    """Set them, or ask those who may to; None only shows what there is."""
    if windows is not None and not hours_service.may_set(ask.ctx, listing, ask.user):
        request = hours_service.ask_for_hours(ask.ctx, listing, ask.user, windows, stop_only=stop_only)
        return hours_blocks.hours_asked(request, team_channel(ask.ctx, request.team), note)
    if windows is not None:
        hours_service.set_hours(ask.ctx, listing, ask.user, windows, stop_only=stop_only)
    own = hours_service.own_hours(ask.ctx, listing.instance.id)
    waiting = hours_service.pending_requests(ask.ctx, listing.instance.id)
    counting = hours_service.hours_of(ask.ctx, listing, own)
    if ask.ctx.settings.actions.observe_only:
        note = f"Valet only observes, so these hours stop and start nothing. {note}"
    return hours_blocks.hours(listing, own, counting, ask.ctx.clock(), waiting, note)


def _read_as(rest: list[str]) -> str:
    return read_as(" ".join(rest)) if _windows(rest) not in {"", NEVER} else ""


def _windows(rest: list[str]) -> str:
    word = " ".join(rest).lower()
    if word in {"never", "never-park", "never-stop", "always", "always on", "24/7", "24x7"}:
        return NEVER
    return "" if word in {"", "team", "as the team", "off", "none"} else hours_text(parse_hours(" ".join(rest)))


DAYS, BEGINS, ENDS, STOP_ONLY = "days", "begins", "ends", "stop_only"
WORKDAYS = WEEKDAYS[:5]


def draw_hours_form(ask: Ask, given: Filled) -> list[Block]:
    """Which machine, on which days, from when to when; what that would have saved, and who may set it."""
    listing, days = fields.shown_machine(ask, given), given.all(DAYS) or WORKDAYS
    begins, ends = given.one(BEGINS) or "08:00", given.one(ENDS) or "19:00"
    shown: list[Block] = []
    if listing is not None:
        try:
            wanted = hours_service.as_on_hours(ask.ctx, listing, _typed_windows(days, begins, ends))
        except Refused:
            wanted = None
        saved = hours_service.would_have_saved(ask.ctx, listing, wanted) if wanted else None
        may, own = (
            hours_service.may_set(ask.ctx, listing, ask.user),
            hours_service.own_hours(ask.ctx, given.one("machine")),
        )
        counting = hours_service.hours_of(ask.ctx, listing, own)
        shown = hours_blocks.hours_facts(listing, counting, wanted, saved, may=may)
    box = form_blocks.option("Stop only", STOP_ONLY, more="It is stopped at their end and never started by itself.")
    return [
        fields.machine_field(ask, given),
        *shown,
        form_blocks.several_field(
            DAYS,
            "Days",
            [form_blocks.option(day, day) for day in WEEKDAYS],
            chosen=days,
            optional=False,
            redraws=True,
        ),
        form_blocks.picker_field(BEGINS, "From", "timepicker", value=begins, redraws=True),
        form_blocks.picker_field(ENDS, "To", "timepicker", value=ends, redraws=True, hint="00:00 is midnight."),
        form_blocks.several_field(STOP_ONLY, "Starts", [box], chosen=given.all(STOP_ONLY)),
    ]


def _typed_windows(days: Sequence[str], begins: str, ends: str) -> str:
    """As somebody would type it. Raises Refused for what is no window."""
    ends = "24:00" if ends == "00:00" else ends
    runs: list[list[int]] = []
    for number, day in enumerate(WEEKDAYS):
        if day not in days:
            continue
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    spans = [WEEKDAYS[run[0]] + (f"-{WEEKDAYS[run[-1]]}" if len(run) > 1 else "") for run in runs]
    return hours_text(parse_hours(", ".join(f"{span} {begins}-{ends}" for span in spans)))


def submit_hours_form(ask: Ask, given: Filled) -> Reply:
    """As `hours train-7 Mon-Fri 08:00-19:00 stop-only` does."""
    listing, days = fields.chosen_machine(ask, given), given.all(DAYS)
    if not days:
        raise BadField(DAYS, "Choose at least one day.")
    try:
        windows = _typed_windows(days, given.one(BEGINS), given.one(ENDS))
    except Refused as refused:
        raise BadField(ENDS, refused.sentence) from refused
    return give_hours(ask, listing, windows, stop_only=bool(given.all(STOP_ONLY)))


HOURS_FORM = Form(
    name="hours",
    title="On-hours",
    send="Set or ask",
    question="For which machine do you want to set on-hours?",
    draw=draw_hours_form,
    submit=submit_hours_form,
    subject=fields.MACHINE,
    menus={fields.MACHINE: fields.machine_search(FleetFilter(provider="ec2"))},
)
FORMS = (HOURS_FORM,)
VERBS = (
    Verb(
        "hours",
        "hours <instance> [Mon-Fri 08:00-19:00|never|team] [stop-only]",
        "When it is to run.",
        hours,
        form=HOURS_FORM,
    ),
)


def set_hours(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Set them]; the outbox redraws the card."""
    hours_service.decide_request(ctx, value, user, yes=True)


def refuse_hours(ctx: Context, user: str, channel: str, value: str) -> None:
    """[No]"""
    hours_service.decide_request(ctx, value, user, yes=False)


BUTTONS: dict[str, Press] = {
    HOURS_YES_BUTTON: set_hours,
    HOURS_NO_BUTTON: refuse_hours,
}


def rule_stop_notice(ctx: Context, subject: str) -> Reply | None:
    """What stops then, or has."""
    channel, _, moment = subject.partition("|")
    return rule_stops_blocks.stop_notice(
        rule_stops.stops_in_notice(ctx, channel, int(moment)), int(moment), ctx.clock()
    )


def rule_stop_soon(ctx: Context, subject: str) -> Reply | None:
    """The last warning."""
    channel, _, moment = subject.partition("|")
    return rule_stops_blocks.soon(rule_stops.stops_in_notice(ctx, channel, int(moment)), int(moment), ctx.clock())


def hours_set(ctx: Context, subject: str) -> Reply | None:
    """Somebody gave a machine other on-hours; the subject is "instance|who|before"."""
    instance_id, who, before = subject.split("|", 2)
    listing = queries.listing(ctx, instance_id)
    if listing is None:
        return None
    own = hours_service.own_hours(ctx, instance_id)
    return hours_blocks.hours_set(listing, own, hours_service.hours_of(ctx, listing, own), who=who, before=before)


def hours_request(ctx: Context, request_id: str) -> Reply | None:
    """Somebody would like a machine to have other on-hours."""
    request = hours_service.hours_request(ctx, request_id)
    listing = queries.listing(ctx, request.instance_id) if request else None
    if request is None or listing is None:
        return None
    hours = hours_service.as_on_hours(ctx, listing, request.windows, stop_only=request.stop_only)
    return hours_blocks.hours_card(request, listing, hours, hours_request_deciders(request, ctx.roster()))


def hours_request_ended(ctx: Context, request_id: str) -> Reply | None:
    """What became of it, for whoever asked."""
    request = hours_service.hours_request(ctx, request_id)
    return hours_blocks.hours_request_ended(request, queries.name_of(ctx, request.instance_id)) if request else None


def hours_void(ctx: Context, subject: str) -> Reply | None:
    """Somebody may no longer set on-hours that they have set; the subject names the instances, blanks between."""
    of_them = [
        hours_blocks.OwnHours(listing, own, hours_service.hours_of(ctx, listing, own))
        for instance_id in subject.split()
        if (listing := queries.listing(ctx, instance_id)) is not None
        for own in [hours_service.own_hours(ctx, instance_id)]
    ]
    return hours_blocks.hours_void(of_them) if of_them else None


def start_failed_message(ctx: Context, subject: str) -> Reply | None:
    """A machine was not started at the beginning of its on-hours; the subject is "instance|beginning"."""
    instance_id, _, moment = subject.partition("|")
    listing, tries, ends = rule_starts.rule_start_tries(ctx, instance_id, int(moment))
    return rule_stops_blocks.rule_start_failed(listing, tries, int(moment), ends) if listing and tries else None


def stop_failed_message(ctx: Context, subject: str) -> Reply | None:
    """A stop by rule came to nothing; the subject is "instance|rule|basis"."""
    instance_id, rule, basis = subject.split("|")
    listing, tries = rule_stops.rule_stop_tries(ctx, instance_id, rule, int(basis))
    return rule_stops_blocks.rule_stop_failed(listing, tries) if listing and tries else None


def rule_stop_own_work(ctx: Context, subject: str) -> Reply | None:
    """Somebody's work is about to be ended by a window; the subject is "instance|moment"."""
    instance_id, _, moment = subject.partition("|")
    listing = queries.listing(ctx, instance_id)
    return rule_stops_blocks.own_work(listing, int(moment), ctx.clock()) if listing else None


MESSAGES: dict[str, Draw] = {
    "parking": rule_stop_notice,
    "parking_soon": rule_stop_soon,
    "waking": start_failed_message,
    "not_parked": stop_failed_message,
    "parking_own": rule_stop_own_work,
    "hours_set": hours_set,
    "hours_wish": hours_request,
    "hours_wish_ended": hours_request_ended,
    "hours_void": hours_void,
}
