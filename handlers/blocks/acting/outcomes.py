"""What became of an action, as a title and a sentence: its card, and whoever asked, are told the same."""

from bot.domain.acting.actions import BY_RULE, NOBODY_ASKED, Action, ResizeFacts, StopFacts
from handlers.blocks.acting import card_parts as card_parts_blocks
from handlers.blocks.acting.card_facts import WORDS_OF, card_name
from handlers.blocks.words import by_clock, esc, near, per_hour, person, persons, roughly, say


def outcome_title(action: Action) -> str:
    """What holds now, in a few words: "train-7 is stopped"."""
    words, name = WORDS_OF[action.kind], card_name(action)
    said = {
        "pending": "{name} waits for an answer",
        "approved": "{name} is looked at once more",
        "executing": words.begun,
        "done": words.done,
        "failed": words.not_done,
        "aborted": words.not_done,
        "unknown": "It is not clear whether " + words.done,
        "denied": words.kept,
        "expired": words.kept,
        "cancelled": f"The request to {words.verb.lower()} {{name}} is off",
    }
    return said[action.state].format(name=name)


def outcome_sentence(action: Action) -> str:
    """Who decided that and when, how it went, and what it saves."""
    said = say(action.outcome)
    return {
        "pending": f"{say(action.asker)} asks.",
        "approved": f"{approval(action)}.{f' {said}' if said else ''}",
        "executing": " ".join(filter(None, [f"{approval(action)}.", _waits(action)])),
        "done": " ".join(filter(None, [f"{approval(action)}. {said}", saving(action)])),
        "failed": f"{approval(action)}. {said}",
        "unknown": f"{approval(action)}. {said}",
        "aborted": f"{approval(action)}. {said}",
        "denied": _denied(action),
        "expired": _too_few(action),
        "cancelled": f"{said} {say(action.asker)} had asked.",
    }.get(action.state, action.state)


def whole_outcome(action: Action) -> str:
    """Both, for a message about just this."""
    return f"*{outcome_title(action)}.* {outcome_sentence(action)}"


def approval(action: Action) -> str:
    """Who approved it, and when."""
    when = f" at {by_clock(action.decided_at, action.created_at)}" if action.decided_at else ""
    if action.decider == BY_RULE:
        return f"{say(action.asker)}'s request stays within what the team may start unasked"
    if action.break_glass:
        return f"{person(action.decider)} broke the glass for their own request{when}"
    return f"{persons(action.approvers)} approved {say(action.asker)}'s request{when}"


def approvals_so_far(action: Action) -> str:
    """How many approvals it takes where one is not enough, and who has given theirs."""
    needed, given = action.facts.approvals, action.yeses
    if needed == 1:
        return ""
    by = f": {persons(given)}" if given else ""
    return f"Needs {needed} approvals ({len(given)} of {needed}{by})."


def saving(action: Action) -> str:
    """What a stop that was done saves; empty where that is nothing, or not known."""
    facts = action.facts
    if not isinstance(facts, StopFacts) or card_parts_blocks.is_owned(facts):
        return ""
    if facts.paid_anyway:
        return card_parts_blocks.saves_nothing(facts)
    if not facts.saved_micros:
        return ""
    whole, about = facts.saves_by(action.finished_at), "" if facts.rate_exact else "about "
    until = f": about {roughly(whole)} by {near(facts.saves_until or 0, action.created_at)}" if whole else ""
    return f"Saves {about}{per_hour(facts.saved_micros)}{until}."


def _waits(action: Action) -> str:
    """What an action under way waits for."""
    said = say(action.outcome)
    if action.retry_at:
        return f"{said} Next try at {by_clock(action.retry_at, action.created_at)}."
    if action.arrived_at:
        is_awaited = isinstance(action.facts, ResizeFacts) and action.facts.waiting
        then = "offered to those in line" if is_awaited else "stopped and kept"
        return f"{said} {card_name(action)} itself runs on until it is seen idle, and is then {then}."
    return ""


def _denied(action: Action) -> str:
    who, asked = person(action.decider), f"{say(action.asker)} had asked."
    when = f" at {by_clock(action.decided_at, action.created_at)}" if action.decided_at else ""
    why = f" {who} says: {esc(action.outcome, 300)}" if action.outcome else ""
    holders = action.machine.holders if action.machine else ()
    if action.decider in holders:
        return f"{who} holds it and still needs it, as said{when}. {asked}{why}"
    return f"{who} decided that{when}. {asked}{why}"


def _too_few(action: Action) -> str:
    request, by = f"{say(action.asker)}'s request", by_clock(action.expires_at, action.created_at)
    if action.outcome == NOBODY_ASKED:
        return f"The card was not posted in time, so nobody could answer {request}."
    if action.yeses:
        return f"Only {persons(action.yeses)} approved {request} by {by}; it needed {action.facts.approvals} approvals."
    return f"Nobody answered {request} by {by}."
