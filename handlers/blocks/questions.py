"""Questions put back: which of several machines was meant, what comes nearest to words; and what was understood."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.machines.listing import Listing
from bot.domain.sharing.clarifications import Clarification
from handlers.blocks.machines.fleet import tells_apart
from handlers.blocks.parts import FALLBACK_TEXT, Block, Reply, button, context, cut_mrkdwn, lines, plainly, section
from handlers.blocks.words import code, cost_command, esc, gpu_command, say

# Messages that stand in Slack carry these, so their text never changes.
MEANT_BUTTON = "meant"
LOOK_BUTTON = "look"


def machine(sentence: str, found: Sequence[Listing], now: int, asked: Clarification) -> Reply:
    """What each candidate is, and a button that says the same of just that one."""
    said = say(sentence)
    rows = lines([f"•  {tells_apart(listing, now)}" for listing in found])
    return Reply(said, [section(f"{said}\n{rows}"), *question(sentence, asked).blocks[1:]])


def question(sentence: str, asked: Clarification) -> Reply:
    """The sentence, and a button for each thing that may have been meant."""
    buttons = [_meant_button(wording.label, number, asked) for number, wording in enumerate(asked.wordings)]
    return plainly(say(sentence), *buttons)


def _meant_button(label: str, number: int, asked: Clarification) -> Block:
    return button(label, f"{MEANT_BUTTON}:{number}", f"{asked.id}|{number}")


def look_button(label: str, words: str) -> Block:
    """A button that only looks: its words are a command of ours and its verb, such as "gpu status free"."""
    return button(label, f"{LOOK_BUTTON}:{words}"[:255], words)


def understood(command: str, reply: Reply, first: str = "") -> Reply:
    """An answer to a plain question, with what was understood before it, and `first` where it is asked for more."""
    lead = f"I read that as {code(command, 120)}."
    text = cut_mrkdwn(" ".join(part for part in (lead, first, reply.text) if part), FALLBACK_TEXT)
    blocks = [context(lead), *([section(f"*{first}*")] if first else []), *reply.blocks]
    return replace(reply, text=text, blocks=blocks)


def is_free_now(listing: Listing) -> str:
    """They need not wait."""
    return f"{esc(listing.instance.name, 60)} is free for you now."


def would_wait(listing: Listing, place: str) -> str:
    """Where they would stand in its line, and until when."""
    return f"If you waited for {esc(listing.instance.name, 60)} now, you would be {place.rstrip('.')}."


_PLEASANTRIES = {
    "hello": "Hello! Ask me who has a machine or what is free. {help} shows more.",
    "thanks": "You're welcome.",
    "fine": "All right. :+1:",
}


def pleasantry(kind: str) -> Reply:
    """A line for a line."""
    return plainly(_PLEASANTRIES[kind].format(help=gpu_command("help")))


def unread(typed: str, asked: Clarification | None, ours: Sequence[str]) -> Reply:
    """Nothing was done; what comes nearest is a press away."""
    unclear = f'I can\'t read "{esc(typed, 60)}".'
    meant = (
        [_meant_button(wording.label, number, asked) for number, wording in enumerate(asked.wordings)] if asked else []
    )
    looks = [look_button(_label(words), words) for words in ours]
    labels = [*(wording.label for wording in asked.wordings), *map(_label, ours)] if asked else [*map(_label, ours)]
    heard = f"{unclear} Did you mean {' or '.join(labels)}?" if labels else unclear
    return replace(plainly(f"{unclear} Did you mean one of these?", *meant, *looks), text=heard, secret=True)


def _label(words: str) -> str:
    """As it is typed here."""
    command, _, rest = words.partition(" ")
    return (cost_command(rest) if command == "cost" else gpu_command(rest)).strip("`")


def too_long(said: int, most: int) -> Reply:
    """More than anybody types who wants one thing."""
    text = f"That is too long for me: I read {most} characters, and that has {said:,}. Say in one line what you need."
    return replace(plainly(text, *_first_looks()), secret=True)


def file_unread() -> Reply:
    """A file, and no word to it."""
    return replace(plainly("I can't read files. Write what you need.", *_first_looks()), secret=True)


def beside_file(reply: Reply) -> Reply:
    """The answer to the words; the file they came with was left alone."""
    return replace(reply, blocks=[*(reply.blocks or [section(reply.text)]), context("I left the file unread.")])


def _first_looks() -> tuple[Block, Block]:
    return look_button("What is free", "gpu status free"), look_button("Help", "gpu help")
