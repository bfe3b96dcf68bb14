"""Help: how to begin, the topics behind buttons, and how one verb is typed."""

import re

from bot.domain.machines.listing import FleetFilter
from bot.services import home, queries
from bot.services.context import Context
from handlers.blocks import help as help_blocks
from handlers.blocks.help import HELP_BUTTON, HELP_TOPICS, ExampleNames, HelpTopic
from handlers.blocks.parts import Reply
from handlers.controller import Press

_PLAIN = re.compile(r"[\w.-]+")


def overview(ctx: Context, user: str) -> Reply:
    """How to begin, with a machine that this person can use."""
    return help_blocks.overview(example_names(ctx, user))


def topic_help(ctx: Context, user: str, name: str) -> Reply | None:
    """What to type about one topic, by its name or its button's label; None where there is no such topic."""
    known = {key: topic for topic in HELP_TOPICS for key in (topic.name, topic.label.lower())}
    topic = known.get(name.lower())
    return help_blocks.topic_help(topic, example_names(ctx, user), _also(topic)) if topic else None


def _also(topic: HelpTopic) -> list[str]:
    """The verbs of a topic that have no line of their own."""
    from handlers import topics  # they know every verb, and with it this module's button

    return [name for name in topics.verbs_under(topic.heading) if name not in topic.verbs]


def example_names(ctx: Context, user: str) -> ExampleNames:
    """Machines to name in examples: one that is free for them, one they hold, and any other."""
    free, held = home.free_now(ctx, user), queries.held_by(ctx, user)
    some, _ = queries.fleet_page(ctx, FleetFilter(), limit=2)
    fleet = [listing.instance for listing in some]
    first = free[0].listing.instance if free else fleet[0] if fleet else None
    typed = _typed(first.name, first.id) if first else "train-7"
    mine = _typed(held[0].instance.name, held[0].instance.id) if held else typed
    other = next((_typed(each.name, each.id) for each in fleet if first is None or each.id != first.id), typed)
    owned, _ = queries.fleet_page(ctx, FleetFilter(provider="owned"), limit=1)
    first_owned = next((_typed(each.instance.name, each.instance.id) for each in owned), other)
    return ExampleNames(typed, mine, other, first_owned, is_free=bool(free))


def _typed(name: str, instance_id: str) -> str:
    """The name as it can be typed; the id of a machine whose name reads as several words."""
    return name if _PLAIN.fullmatch(name) else instance_id


def on_topic(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Share]"""
    return topic_help(ctx, user, value) or overview(ctx, user)


BUTTONS: dict[str, Press] = {HELP_BUTTON: on_topic}
