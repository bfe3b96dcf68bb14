"""Claims beyond fair use: the offer to ask, the card, and the answer."""

from bot.domain.sharing.grants import Grant
from handlers import ids
from handlers.blocks.parts import Reply, actions, button, plainly, section
from handlers.blocks.words import at, esc, length, person, persons, say


def offer(grant: Grant, sentence: str) -> Reply:
    """Told to the person: too much, but somebody can let it pass."""
    return plainly(say(sentence), button("Ask an approver", ids.GRANT_ASK, grant.id))


def asked(grant: Grant, channel: str) -> Reply:
    """Told to the person who pressed."""
    where = f"Asked in <#{channel}>."
    return plainly(f"{where} You get it as soon as somebody agrees; the question lapses at {at(grant.expires_at)}.")


def card(grant: Grant, name: str, grantors: frozenset[str]) -> Reply:
    """Put to the approvers, in whatever state it is."""
    what = f"{_gpus(grant)}*{esc(name, 60)}* for {length(grant.length)}"
    text = f"{person(grant.person)} asks for {what}, beyond fair use: {say(grant.excess)}."
    note = f"\n>{esc(grant.note, 200)}" if grant.note else ""
    if grant.state == "pending":
        who = f"{persons(sorted(grantors)[:20])} can answer until {at(grant.expires_at)}."
        buttons = actions(
            button("Let it pass", ids.GRANT_YES, grant.id, style="primary"), button("No", ids.GRANT_NO, grant.id)
        )
        return Reply(text, [section(f"{text}{note}\n{who}"), buttons], private=False)
    return plainly(f"{text}{note}\n{_ending(grant)}", private=False)


def _gpus(grant: Grant) -> str:
    choice = grant.choice
    if choice is None or choice.is_whole:
        return ""
    count = len(choice.indexes) or choice.count or 1
    return f"{count} GPU{'' if count == 1 else 's'} of "


def _ending(grant: Grant) -> str:
    return {
        "approved": f"{person(grant.decider)} let it pass.",
        "claimed": f"{person(grant.decider)} let it pass; it is claimed.",
        "failed": f"{person(grant.decider)} let it pass, but it could not be claimed: {say(grant.outcome)}",
        "denied": f"{person(grant.decider)} said no.",
        "expired": "Nobody answered in time.",
    }.get(grant.state, "")


def ended(grant: Grant, name: str) -> Reply:
    """Told to the person in the end."""
    text = f"Your request for *{esc(name, 60)}*: {_ending(grant)}"
    if grant.state == "claimed":
        return plainly(text, button(f"Release {name}", ids.RELEASE, grant.instance_id))
    return plainly(text)
