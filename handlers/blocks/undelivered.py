"""What could not be posted: where, why, what an admin can do about it, and what it was."""

from collections.abc import Mapping, Sequence

from bot.domain.undelivered import Undelivered
from handlers.blocks.parts import (
    Block,
    Reply,
    actions,
    button,
    confirm,
    context,
    cut_mrkdwn,
    fitting,
    lines,
    plainly,
    section,
)
from handlers.blocks.words import at, code, gpu_command, plural

# Messages that stand in Slack carry these, so their text never changes.
TRY_AGAIN_BUTTON = "try_again"
DROP_KEPT_BUTTON = "drop_kept"

REMEDIES: Mapping[str, str] = {
    "not_in_channel": "Type `/invite` with my name there, then try again.",
    "channel_not_found": "Is it private? Then type `/invite` with my name there; else correct valet.toml.",
    "is_archived": "Unarchive it, or name another one in valet.toml.",
    "restricted_action": "Its settings, or the workspace's, keep me from posting there.",
    "missing_scope": "`valet doctor` says which scope the app lacks.",
    "user_not_found": "Have they left? Then look for what they hold, and take them out of valet.toml.",
    "cannot_dm_bot": "That is a bot, which can't hold machines; correct valet.toml.",
}
OUR_FAULT = "That is a fault of mine: please report it, with what my log says."
PREVIEW = 200
PLACES = 12
TEXTS_SHOWN = 3
MOST_TEXT = 9_000


def place_name(channel: str) -> str:
    """#gpus, or @Ada."""
    return f"<#{channel}>" if channel.startswith(("C", "G", "D")) else f"<@{channel}>"


def undelivered_told(channel: str, error: str, found: Undelivered | None) -> Reply:
    """For an admin: what is kept for a place; None: nothing any more."""
    if found is None:
        return plainly(f"What I could not post to {place_name(channel)} was tried again, or dropped.")
    text = (
        f"I can't post to {place_name(channel)} ({code(error, 60)}). {remedy(error)} What I had to say there is kept: "
        f"{plural(len(found.messages), 'message')} until now; {gpu_command('undelivered')} shows what."
    )
    return plainly(text, *_buttons(found))


def undelivered_places(found: Sequence[tuple[Undelivered, Sequence[str]]]) -> Reply:
    """Everything that is kept, place by place, each message by its text."""
    total = sum(len(each.messages) for each, _ in found)
    if not total:
        return plainly("Everything could be posted: nothing is kept.")
    text = f"{plural(total, 'message')} could not be posted."
    shown, left = fitting([_group(*each) for each in found[:PLACES]], MOST_TEXT)
    left += max(0, len(found) - PLACES)
    rest = [context(f"{plural(left, 'more place')}, shown as these are settled.")] if left else []
    said = section(f"*{text}* They are written anew when they are sent, as things stand then.")
    return Reply(text, [said, *shown, *rest], secret=True)


def _group(found: Undelivered, texts: Sequence[str]) -> list[Block]:
    head = f"*{place_name(found.channel)}*  {code(found.error, 60)} since {at(found.since)}. {remedy(found.error)}"
    more = [f"and {len(texts) - TEXTS_SHOWN:,} more"] if len(texts) > TEXTS_SHOWN else []
    return [
        section(lines([head, *(f">{_beginning(each)}" for each in texts[:TEXTS_SHOWN]), *more])),
        actions(*_buttons(found)),
    ]


def _beginning(text: str) -> str:
    return cut_mrkdwn(text.partition("\n")[0], PREVIEW)


def remedy(error: str) -> str:
    """What helps, for whoever can do it."""
    return REMEDIES.get(error, OUR_FAULT)


def _buttons(found: Undelivered) -> list[Block]:
    what = plural(len(found.messages), "message")
    sure = confirm("Drop them?", f"{what} will never be posted.", yes="Drop", no="Keep")
    return [
        button("Try again", f"{TRY_AGAIN_BUTTON}:{found.id}", found.id, style="primary"),
        button("Drop", f"{DROP_KEPT_BUTTON}:{found.id}", found.id, style="danger", confirm=sure),
    ]


def settled(count: int, *, again: bool) -> Reply:
    """The answer to a press."""
    what = plural(count, "message")
    if again:
        return plainly(f"Trying {what} again now. What can't be posted comes back to {gpu_command('undelivered')}.")
    return plainly(f"Dropped {what}.")
