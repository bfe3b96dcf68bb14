"""The desk of one person: the bare command on one screen, and the home tab."""

from collections.abc import Collection, Sequence

from bot.domain.home import FREE_SHOWN, FreeMachine, TeamMonth
from bot.domain.machines.listing import Listing
from bot.domain.machines.models import short_model
from handlers.blocks.buttons import MY_SETTINGS, RELEASE_BUTTON
from handlers.blocks.forms import form_button
from handlers.blocks.machines.fleet import describe_machine
from handlers.blocks.money.budgets import BUDGET_BUTTON, budget_in_short
from handlers.blocks.parts import (
    Block,
    Reply,
    actions,
    button,
    context,
    cut_mrkdwn,
    divider,
    fitting,
    header,
    lines,
    section,
)
from handlers.blocks.questions import look_button
from handlers.blocks.sharing.claims import EXTEND_BUTTON
from handlers.blocks.sharing.find import claim_button
from handlers.blocks.words import about, clock_time, ends, esc, gpu_command, gpus, plural, rate_in_words, roughly

CARDS_TEXT = 7_000
HELD_TEXT = 4_000
"""What cards and what claims may take of the text over all blocks: Slack refuses some 13,200, undocumented."""
MOST_CARDS = 10
MOST_HELD = 20
MOST_PLACES = 5
MOST_BOOKED = 5
_ON_HOME = frozenset({"section", "actions", "context", "divider", "header", "image", "rich_text"})
"""Blocks that Slack takes on a home tab."""
GLANCE_ROWS = 3
"""Rows of each part of the bare command's answer: it fits a phone's screen."""
_ASKED_CHARS = 70


def at_a_glance(
    person: str,
    held: Sequence[Listing],
    asked: Sequence[str],
    free: Sequence[FreeMachine],
    old: Sequence[str] = (),
) -> Reply:
    """What a person holds, what waits for them, and what they can have now; `old`: what of it is shown as it was."""
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
    below = [context(lines(old))] if old else []
    return Reply(text, [*(section(part) for part in parts if part), *below, buttons], secret=True)


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
    cost = "owned" if instance.provider == "owned" else rate_in_words(rate) if rate else "price not known"
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


def questions(cards: Sequence[list[Block]]) -> list[Block]:
    """What waits for this person's answer, as it was asked."""
    if not cards:
        return []
    fit = [[block for block in card if block["type"] in _ON_HOME] for card in cards[:MOST_CARDS]]
    shown, left = fitting(fit, CARDS_TEXT)
    left += max(len(cards) - MOST_CARDS, 0)
    more = [context(f"and {left} more, in your messages and your teams' channels.")] if left else []
    return [header("Waits for your answer"), *shown, *more]


def held(listings: Sequence[Listing], person: str, now: int) -> list[Block]:
    """What they hold until when, with a button to extend and one to give it back."""
    if not listings:
        return [header("You hold"), section("Nothing just now.")]
    shown, left = fitting([_held(listing, person, now) for listing in listings[:MOST_HELD]], HELD_TEXT)
    left += max(len(listings) - MOST_HELD, 0)
    more = [context(f"and {left} more: {gpu_command('status mine')} shows all.")] if left else []
    return [header("You hold"), *shown, *more]


def _held(listing: Listing, person: str, now: int) -> list[Block]:
    claim, instance = listing.claim_of(person), listing.instance
    extend = [
        button(f"Extend by {hours} h", f"{EXTEND_BUTTON}:{hours}", f"{claim.id}|{hours}") for hours in (1, 4) if claim
    ]
    release = button(f"Release {instance.name}", RELEASE_BUTTON, instance.id)
    return [section(describe_machine(listing, now)), actions(*extend, release)]


def bookings_section(rows: Sequence[Block]) -> list[Block]:
    """What they have booked, the next time of each."""
    return [header("You booked"), *rows, context(f"{gpu_command('bookings mine')} shows all of them.")] if rows else []


def waited_for(rows: Sequence[Block]) -> list[Block]:
    """Their places in line."""
    return [header("You wait for"), *rows] if rows else []


_ACTIONS = (("Find", "find"), ("Claim", "claim"), ("Book", "book"), ("Wait", "wait"))
"""Forms in the row of actions, by label and name."""


def row_of_actions(forms: Collection[str]) -> Block:
    """What people come here to do."""
    opened = [form_button(label, name) for label, name in _ACTIONS if name in forms]
    looks = (("What is idle", "gpu status idle"), ("Status", "gpu status"), ("Help", "gpu help"))
    return actions(*opened, *(look_button(label, words) for label, words in looks))


def free(machines: Sequence[FreeMachine]) -> list[Block]:
    """What they can have now, the cheapest first, each with a button that takes it."""
    if not machines:
        return [header("Free now"), section(f"Nothing that is seen idle. {gpu_command('find any')} says what is next.")]
    rows = [section(free_in_short(machine), claim_button(machine.listing)) for machine in machines[:FREE_SHOWN]]
    left = len(machines) - FREE_SHOWN
    more = [context(f"and {left} more: {gpu_command('status free')} shows all.")] if left > 0 else []
    return [header("Free now"), *rows, *more]


def team_month(month: TeamMonth | None, lacks: Sequence[str] = ()) -> list[Block]:
    """Their team's month, with its budget; `lacks`: what is not counted yet."""
    if month is None:
        return []
    name = esc(month.team, 60)
    if month.standing is None:
        amount = f"{about(exact=not month.is_estimated)}{roughly(month.spent_micros)}"
        spent = f"{name}: {amount} spent so far; no budget is set."
        return [header("Your team's month"), section(lines([spent, *lacks]))]
    budget = button("Budget", BUDGET_BUTTON, month.standing.scope.text)
    return [header("Your team's month"), section(lines([budget_in_short(month.standing), *lacks]), budget)]


def foot(forms: Collection[str], now: int, old: Sequence[str] = ()) -> list[Block]:
    """Settings of one's own, as of when that is, and what of it is older."""
    settings = [actions(form_button("My settings", MY_SETTINGS))] if MY_SETTINGS in forms else []
    as_of = f"As of {clock_time(now)}. It keeps itself up to date for an hour."
    return [divider(), *settings, context(lines([as_of, *old]))]
