"""Every topic of the face, registered once: what its controller has of VERBS, BUTTONS, MESSAGES and FORMS counts."""

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from bot.errors import Refused
from bot.services.context import Context
from handlers import audit, digest, own_settings, questions, troubles, undelivered, welcome
from handlers import help as help_controller
from handlers.acting import actions, dormant, drain, hours, snooze
from handlers.blocks.forms import FORM_BUTTON, call_of, opening
from handlers.blocks.parts import FormCall, Reply
from handlers.blocks.words import commands_called
from handlers.controller import Draw, Press
from handlers.machines import fleet, owned
from handlers.money import bill, budgets, forecast, prices, rent_or_buy, reports, savings
from handlers.sharing import (
    bookings,
    calendar,
    checkins,
    claim_ends,
    claims,
    find,
    grants,
    handovers,
    line,
    reminders,
    requests,
    runs,
    take,
    unclaimed,
)
from handlers.verbs import Form, Verb, under_topic

GPU: tuple[tuple[str, tuple[ModuleType, ...]], ...] = (
    ("Look", (fleet, find, audit)),
    ("Share", (claims, claim_ends, handovers, unclaimed)),
    ("Wait and book", (line, requests, bookings, calendar)),
    ("Stop, start, launch", (actions, snooze, hours)),
    ("Run jobs", (runs,)),
    ("Look after machines and Valet", (drain, owned, undelivered)),
    ("Yours", (own_settings,)),
)
"""The topics with verbs of /gpu, under the headings and in the order of its help."""
COST = (forecast, reports, bill, rent_or_buy, prices, savings, budgets)
"""The topics with verbs of /cost, in the order of its help."""
WITHOUT_VERBS = (*(help_controller, welcome, digest, dormant, reminders, take, checkins, grants, questions, troubles),)
"""Topics that people meet by buttons and messages only."""
TOPICS = (*(topic for _, topics in GPU for topic in topics), *COST, *WITHOUT_VERBS)


def _gathered(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """One table of them all. Raises ValueError where two topics have a button, a message or a form of one name."""
    gathered: dict[str, Any] = {}
    for part in parts:
        if twice := gathered.keys() & part.keys():
            raise ValueError(f"two topics answer to {sorted(twice)}")
        gathered |= part
    return gathered


GPU_VERBS: tuple[Verb, ...] = tuple(
    verb for heading, topics in GPU for topic in topics for verb in under_topic(heading, *topic.VERBS)
)
COST_VERBS: tuple[Verb, ...] = tuple(verb for topic in COST for verb in topic.VERBS)


def verbs_under(heading: str) -> list[str]:
    """The verbs of a heading, each once; those of /cost stand under "Money"."""
    verbs = COST_VERBS if heading == "Money" else [verb for verb in GPU_VERBS if verb.topic == heading]
    return list(dict.fromkeys(verb.name for verb in verbs))


def is_cost_verb(word: str) -> bool:
    """Whether that is a verb of /cost."""
    return any(verb.name == word.lower() for verb in COST_VERBS)


BUTTONS: dict[str, Press] = _gathered(getattr(topic, "BUTTONS", {}) for topic in TOPICS)
MESSAGES: dict[str, Draw] = _gathered(getattr(topic, "MESSAGES", {}) for topic in TOPICS)
FORMS: dict[str, Form] = _gathered({form.name: form} for topic in TOPICS for form in getattr(topic, "FORMS", ()))


def press(ctx: Context, action_id: str, user: str, channel: str, *, value: str) -> Reply | None:
    """Do what a button says. Raises Refused when it is none of ours any more."""
    kind = action_id.partition(":")[0]
    if kind == FORM_BUTTON:
        return open_form(call_of(value))
    known = BUTTONS.get(kind)
    if known is None:
        raise Refused("This button is from another version of Valet and does nothing now. Use the command instead.")
    return known(ctx, user, channel, value)


def open_form(call: FormCall) -> Reply:
    """A form of ours, to be opened. Raises Refused when it is none any more."""
    form = FORMS.get(call.name)
    if form is None:
        raise Refused("This button is from another version of Valet and does nothing now. Use the command instead.")
    return opening(form.name, form.question, call.given)


def draw(ctx: Context, kind: str, subject: str) -> Reply | None:
    """A message of this kind about this subject; None when there is nothing left to show."""
    known, slack = MESSAGES.get(kind), ctx.settings.slack
    with commands_called(slack.gpu_command, slack.cost_command):
        return known(ctx, subject) if known else None
