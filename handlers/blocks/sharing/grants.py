"""What is beyond fair use: the offer to ask, the card, and the answer."""

from bot.domain.sharing.grants import Grant
from handlers.blocks.buttons import BOOKINGS_BUTTON, RELEASE_BUTTON
from handlers.blocks.parts import Reply, actions, button, plainly, section
from handlers.blocks.words import at, esc, length, person, persons, say, when

# Messages that stand in Slack carry these, so their text never changes.
GRANT_ASK_BUTTON = "grant_ask"
GRANT_YES_BUTTON = "grant_yes"
GRANT_NO_BUTTON = "grant_no"


def grant_offer(grant: Grant, sentence: str) -> Reply:
    """Told to the person: too much, but somebody can let it pass; asked already, that is said."""
    if grant.state != "drafted":
        return plainly(f"{say(sentence)} You have asked already. Approvers have until {at(grant.expires_at)}.")
    return plainly(say(sentence), button("Ask an approver", GRANT_ASK_BUTTON, grant.id))


def grant_asked(grant: Grant, channel: str) -> Reply:
    """Told to the person who pressed."""
    where = f"Asked in <#{channel}>."
    return plainly(f"{where} You get it as soon as somebody approves. They have until {at(grant.expires_at)}.")


def grant_card(grant: Grant, name: str, grantors: frozenset[str]) -> Reply:
    """Put to the approvers, in whatever state it is."""
    text = f"{person(grant.person)} {_wish(grant, name)}, beyond fair use: {say(grant.excess)}."
    note = f"\n>{esc(grant.note, 200)}" if grant.note else ""
    if grant.state == "pending":
        who = f"{persons(sorted(grantors)[:20])} can answer until {at(grant.expires_at)}."
        buttons = actions(
            button("Let it pass", GRANT_YES_BUTTON, grant.id, style="primary"), button("No", GRANT_NO_BUTTON, grant.id)
        )
        return Reply(text, [section(f"{text}{note}\n{who}"), buttons], private=False)
    return plainly(f"{text}{note}\n{_ending(grant)}", private=False)


def _wish(grant: Grant, name: str) -> str:
    what, long = f"{_gpus(grant)}*{esc(name, 60)}*", f"for {length(grant.length)}"
    if grant.handover_id:
        return f"asks to take over {what} {long}"
    if grant.from_at is None:
        held = grant.shown.until_at if grant.shown else None
        return f"asks for {what} {long}{f', theirs until {at(held)} now' if held else ''}"
    weekly = f" every week{f' until {grant.last_day:%-d %B %Y}' if grant.last_day else ''}" if grant.weekly else ""
    return f"asks to book {what} from {when(grant.from_at)} {long}{weekly}"


def _gpus(grant: Grant) -> str:
    choice = grant.choice
    if choice is None or choice.is_whole:
        return ""
    count = len(choice.indexes) or choice.count or 1
    return f"{count} GPU{'' if count == 1 else 's'} of "


def _ending(grant: Grant) -> str:
    done = "taken over" if grant.handover_id else "claimed" if grant.from_at is None else "booked"
    return {
        "approved": f"{person(grant.decider)} let it pass.",
        "claimed": f"{person(grant.decider)} let it pass; it is {done}.",
        "failed": f"{person(grant.decider)} let it pass, but it could not be {done}: {say(grant.outcome)}",
        "denied": f"{person(grant.decider)} said no.",
        "expired": say(grant.outcome) or "Nobody answered in time.",
    }.get(grant.state, "")


def grant_ended(grant: Grant, name: str) -> Reply:
    """Told to the person in the end."""
    text = f"Your request for *{esc(name, 60)}*: {_ending(grant)}"
    if grant.state == "claimed" and grant.from_at is not None:
        return plainly(text, button(f"Bookings of {name}", BOOKINGS_BUTTON, grant.instance_id))
    if grant.state == "claimed":
        return plainly(text, button(f"Release {name}", RELEASE_BUTTON, grant.instance_id))
    return plainly(text)
