"""The desk of one person: the bare command on one screen, and the home tab."""

from collections.abc import Sequence

from bot.domain.home import FreeMachine
from bot.domain.machines.listing import Listing
from bot.domain.machines.models import short_model
from handlers.blocks.forms import form_button
from handlers.blocks.parts import Reply, actions, cut_mrkdwn, lines, section
from handlers.blocks.questions import look_button
from handlers.blocks.words import ends, esc, gpus, per_hour, plural

GLANCE_ROWS = 3
"""Rows of each part of the bare command's answer: it fits a phone's screen."""
_ASKED_CHARS = 70


def at_a_glance(person: str, held: Sequence[Listing], asked: Sequence[str], free: Sequence[FreeMachine]) -> Reply:
    """What a person holds, what waits for them, and what they can have now."""
    parts = [
        _part("You hold", [held_in_short(listing, person) for listing in held], "nothing just now"),
        _part("Waits for you", [cut_mrkdwn(text.split("\n")[0], _ASKED_CHARS) for text in asked]),
        _part("Free now", [free_in_short(machine) for machine in free], "nothing that is seen idle"),
    ]
    buttons = actions(
        form_button("Find", "find"),
        form_button("Claim", "claim"),
        look_button("Status", "gpu status"),
        look_button("Help", "gpu help"),
    )
    text = _said(held, asked, free)
    return Reply(text, [*(section(part) for part in parts if part), buttons], secret=True)


def _part(title: str, rows: Sequence[str], nothing: str = "") -> str:
    """A title and its first rows; one line where there are none, and no part at all where that need not be said."""
    if not rows:
        return f"*{title}* {nothing}." if nothing else ""
    more = f"and {len(rows) - GLANCE_ROWS} more" if len(rows) > GLANCE_ROWS else ""
    return lines([f"*{title}*", *rows[:GLANCE_ROWS], more])


def _said(held: Sequence[Listing], asked: Sequence[str], free: Sequence[FreeMachine]) -> str:
    """The same in a sentence each, for a notification."""
    waits = f"{plural(len(asked), 'question')} {'waits' if len(asked) == 1 else 'wait'} for you. " if asked else ""
    return f"You hold {_names(held)}. {waits}Free now: {_names([machine.listing for machine in free])}."


def _names(listings: Sequence[Listing]) -> str:
    named = [esc(listing.instance.name, 60) for listing in listings[:GLANCE_ROWS]]
    more = [f"{len(listings) - GLANCE_ROWS} more"] if len(listings) > GLANCE_ROWS else []
    return ", ".join([*named, *more]) or "nothing"


def held_in_short(listing: Listing, person: str) -> str:
    """One machine that somebody holds, in a line: what of it, and until when."""
    held = listing.claim_of(person)
    name = f"*{esc(listing.instance.name, 40)}*"
    if held is None:
        return name
    return f"{name if listing.is_whole(held) else f'{gpus(held.gpus)} of {name}'} until {ends(held)}"


def free_in_short(machine: FreeMachine) -> str:
    """One machine that can be had, in a line: how many of which GPUs, and what it costs."""
    instance, rate = machine.listing.instance, machine.listing.rate
    model = esc(short_model(instance.gpu_model), 20) or "GPU"
    count = f"{len(machine.gpus)}x {model}"
    some = count if machine.is_whole else f"{count} of {len(machine.listing.gpus)}"
    cost = "owned" if instance.provider == "owned" else per_hour(rate.micros_per_hour) if rate else "price not known"
    return f"*{esc(instance.name, 40)}*  {some}, {cost}"


def money_at_a_glance(headlines: Sequence[str]) -> Reply:
    """The month in a line for each question that people ask of it."""
    buttons = actions(
        look_button("By team", "cost report by team"),
        look_button("What idled", "cost idle"),
        look_button("Forecast", "cost forecast"),
        look_button("Budgets", "cost budget"),
        look_button("Help", "cost help"),
    )
    return Reply(" ".join(headlines), [section(lines(headlines)), buttons], secret=True)
