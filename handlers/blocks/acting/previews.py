"""What the forms of stops, starts and launches show below their fields, and the form in which a no is explained."""

from collections.abc import Sequence

from bot.domain.acting.actions import Action
from bot.domain.machines.listing import Listing
from bot.errors import Refused
from handlers.blocks import forms as form_blocks
from handlers.blocks.acting import card_facts as card_facts_blocks
from handlers.blocks.acting import outcomes as outcomes_blocks
from handlers.blocks.acting.batches import stop_row
from handlers.blocks.parts import Block, Reply, context, lines, plainly, section
from handlers.blocks.words import esc, rate_in_words, say


def preview_card(shown: Action | Refused, better: Listing | None = None) -> list[Block]:
    """What its card would say, or why there can't be one; and what stands idle instead."""
    if isinstance(shown, Refused):
        return [section(f":warning: {say(shown.sentence)}"), *_instead(better)]
    return [*_instead(better), context(card_facts_blocks.facts(shown))]


def _instead(better: Listing | None) -> list[Block]:
    if better is None:
        return []
    rate = f" ({rate_in_words(better.rate)}, paid anyway)" if better.rate else ""
    return [section(f"*{esc(better.instance.name, 60)}* stands idle, is free and would do as well{rate}.")]


def stops(names: Sequence[str], shown: Sequence[Action | Refused]) -> list[Block]:
    """Of one machine all that its card would say; of several a line each."""
    if len(shown) < 2:
        return preview_card(shown[0]) if shown else []
    rows = [
        f":warning: {esc(name, 60)} is left out: {say(each.sentence)}" if isinstance(each, Refused) else stop_row(each)
        for name, each in zip(names, shown, strict=True)
    ]
    return [context(row) for row in rows]


def why_not(action: Action) -> str:
    """Asked of whoever said no, which counts already."""
    return f"{outcomes_blocks.outcome_title(action)}. Do you want to say why? {say(action.asker)} will be told."


def why_form(action: Action, action_field: str, reason_field: str, reason: str) -> list[Block]:
    """What was decided, and a field for the reason; the request goes along as the only choice of a menu."""
    title = outcomes_blocks.outcome_title(action)
    return [
        section(f"*{title}.* That counts already. {say(action.asker)} hears the reason, and the card shows it."),
        form_blocks.choice_field(action_field, "Request", [form_blocks.option(title, action.id)], chosen=action.id),
        form_blocks.text_field(
            reason_field, "Reason", value=reason, placeholder="I need it for the demo at 15:00", optional=False
        ),
    ]


def why_told(action: Action) -> Reply:
    """Told to whoever gave the reason."""
    return plainly(f"{say(action.asker)} is told why {outcomes_blocks.outcome_title(action)}.")


def hours_saved(micros: str) -> list[Block]:
    """What on-hours would have saved."""
    return [context(lines([micros]))] if micros else []
