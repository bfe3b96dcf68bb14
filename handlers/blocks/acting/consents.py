"""The question to holders before a stop is decided, and what they said."""

from collections.abc import Sequence

from bot.domain.acting.actions import Action
from bot.domain.acting.approvals import OPEN_ANSWERS, Consent
from handlers.blocks.acting.card_facts import card_name
from handlers.blocks.parts import Reply, button, confirm, plainly
from handlers.blocks.words import at, esc, near, person, persons, say

# Messages that stand in Slack carry these, so their text never changes.
CONSENT_YES_BUTTON = "consent_yes"
CONSENT_NO_BUTTON = "consent_no"


def consent_question(consent: Consent, action: Action) -> Reply:
    """Put to a holder, in whatever state it is."""
    reason = f"\n>{esc(action.reason, 300)}" if action.reason else ""
    until = near(consent.until_at, consent.asked_at)
    works = " It is working, and that work would end." if action.ends_work else ""
    text = f"{say(action.asker)} asks to stop *{card_name(action)}*, which you hold until {until}.{works}{reason}"
    if consent.answer or action.state != "pending":
        undone = consent.answer in OPEN_ANSWERS and action.state in {"pending", "approved"}
        no = (button("I still need it", CONSENT_NO_BUTTON, consent.id, style="primary"),) if undone else ()
        return plainly(f"{text}\n{_became(consent, action)}", *no)
    what = "It is working, and that work" if action.ends_work else "What runs there"
    sure = confirm(f"May {action.facts.name} be stopped?", f"{what} ends, if others agree.", yes="Yes", no="No")
    silence = f"Without your answer by {at(consent.deadline_at)} it goes to those who decide, who are told so."
    return plainly(
        f"{text}\n{silence}",
        button("I still need it", CONSENT_NO_BUTTON, consent.id, style="primary"),
        button("It may be stopped", CONSENT_YES_BUTTON, consent.id, confirm=sure),
    )


def _became(consent: Consent, action: Action) -> str:
    if consent.answer in OPEN_ANSWERS:
        begun = "You said that it may be stopped" if consent.answer == "agreed" else "You have not answered in time"
        return f"{begun}{_since_then(action)}"
    return {
        "needed": "You still need it, so it keeps running. They know.",
        "late": "You still need it, so it keeps running. They know.",
        "ended": "Your claim has ended, so there is nothing to answer.",
    }.get(consent.answer, f"Nobody needs your answer any more. {say(action.outcome)}".rstrip())


def _since_then(action: Action) -> str:
    if action.state == "pending":
        return "; others decide now. You can still keep it."
    if action.state == "approved":
        return f"; {say(action.decided_by)} approved it. You can still keep it."
    if action.state == "executing":
        return f"; it is being stopped, as {say(action.decided_by)} approved."
    return ". It keeps running." if action.state == "denied" else f". {say(action.outcome)}"


def first_question(asked: Sequence[Consent]) -> str:
    """Who is asked before a card is posted, for whoever wants the stop; empty where nobody has to answer any more."""
    waiting = [each for each in asked if not each.answer]
    if not waiting:
        return ""
    who, until = persons([each.holder for each in waiting]), at(max(each.deadline_at for each in waiting))
    holds = "holds it and has" if len(waiting) == 1 else "hold it and have"
    return f"{who} {holds} been asked first, until {until}"


def said(asked: Sequence[Consent]) -> str:
    """What holders said, for the card; empty where none was asked."""
    words = {
        "agreed": "says it may be stopped",
        "needed": "still needs it",
        "late": "still needs it",
        "silent": "was asked first and has not answered",
        "ended": "has given it back",
    }
    return "; ".join(f"{person(each.holder)} {words[each.answer]}" for each in asked if each.answer)
