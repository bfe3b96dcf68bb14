"""The history of an instance as a message: what was done to it, by whom and when."""

import re
from typing import get_args

from bot.domain.acting.actions import ActionState
from bot.domain.audit import REFUSED, Entry
from handlers.blocks.machines.fleet import STATUS_OF_BUTTON
from handlers.blocks.parts import FALLBACK_TEXT, Reply, actions, button, context, cut_mrkdwn, lines, section
from handlers.blocks.words import esc, person, say, when

_USER = re.compile(r"[UW][A-Z0-9]{2,}", re.ASCII)
_WITHIN = re.compile(r"(?<!<@)\b[UW](?=[A-Z]*\d)[A-Z0-9]{7,}\b", re.ASCII)
"""A person's id in a text: of their full length, so that words in capitals stay words."""
_ACTION = re.compile(r"\b[0-9a-f]{32}\b", re.ASCII)
_OURS = {"valet": "Valet", "command line": "An admin (command line)"}


def history(name: str, instance_id: str, entries: list[Entry], total: int) -> Reply:
    """The newest entries, newest first. `instance_id` is empty where the instance is gone."""
    shown = esc(name, 60)
    status = [actions(button(f"Status of {name}", f"{STATUS_OF_BUTTON}:0", instance_id))] if instance_id else []
    if not entries:
        still = "has done anything" if instance_id else "did anything, while it was there,"
        said = f"Nobody {still} to {shown} through Valet."
        return Reply(said, [section(said), *status])
    gone = "" if instance_id else ", which is gone"
    counted = f"{total:,} {'entry' if total == 1 else 'entries'}"
    first = f"{shown}{gone}: {counted} in the audit, newest first."
    rows = [_row(entry) for entry in entries]
    blocks = [section(f"*{first}*"), section(lines(rows))]
    if total > len(entries):
        blocks.append(context(f"{total - len(entries):,} older. An admin gets all of them by `valet audit --csv`."))
    return Reply(cut_mrkdwn(f"{first} {rows[0]}", FALLBACK_TEXT), [*blocks, *status])


def _row(entry: Entry) -> str:
    who = _OURS.get(entry.who) or _word(entry.who)
    if entry.after == REFUSED:
        return f"{when(entry.at)}  {who} {esc(entry.did, 60)}, refused: {cut_mrkdwn(say(entry.detail), 200)}"
    told = entry.after in get_args(ActionState)  # what was done says it
    change = f" ({_word(entry.before)} to {_word(entry.after)})" if (entry.before or entry.after) and not told else ""
    why = _why(entry)
    why = f": {why}" if why else ""
    return f"{when(entry.at)}  {who} {esc(entry.did, 60)}{change}{why}"


def _why(entry: Entry) -> str:
    """Ids of actions are for the CSV, and nobody has to be told twice who did it."""
    text = _ACTION.sub("", entry.detail).strip()
    if text == entry.who:
        return ""
    if text.startswith("for ") and _USER.fullmatch(text[4:]):
        return f"for {person(text[4:])}"
    if entry.who == "valet":
        return _named(cut_mrkdwn(say(text), 200))  # a sentence of our own
    return _word(text) if text else ""


def _word(text: str) -> str:
    """A person as a mention, anything else as inert text."""
    return person(text) if _USER.fullmatch(text) else _named(esc(text, 120)) or "nothing"


def _named(text: str) -> str:
    """A text that is inert already, with the people in it as mentions."""
    return _WITHIN.sub(lambda found: person(found[0]), text)
