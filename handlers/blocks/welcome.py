"""The first words: two lines to a person, three to a channel."""

from collections.abc import Collection

from handlers.blocks.buttons import MY_SETTINGS
from handlers.blocks.forms import form_button
from handlers.blocks.parts import Reply, plainly
from handlers.blocks.questions import look_button
from handlers.blocks.words import gpu_command, persons

_MOST_NAMED = 5


_WHAT = "I know who holds which GPU machine, whether it is used, and what it costs."


def welcome() -> Reply:
    """To somebody who is here for the first time."""
    how = f"Ask me in plain words, here or as `@valet`, or type {gpu_command()}."
    return plainly(
        f"Hello, I'm Valet. {_WHAT}\n{how}",
        form_button("Find a GPU", "find"),
        look_button("What is idle", "gpu status idle"),
        form_button("My settings", MY_SETTINGS),
        look_button("Help", "gpu help"),
    )


def joined(admins: Collection[str]) -> Reply:
    """To a channel that Valet was added to."""
    how = f"Ask `@valet what is free`, or type {gpu_command()}. I stop nothing without a person's yes."
    buttons = look_button("What is free", "gpu status free"), look_button("Help", "gpu help")
    return plainly(f"I'm Valet. {_WHAT}\n{how}\n{_admins(admins)}", *buttons, private=False)


def _admins(admins: Collection[str]) -> str:
    if not admins:
        return "Nobody is my admin yet: `[slack] admins` in valet.toml names them."
    more = f" and {len(admins) - _MOST_NAMED} more" if len(admins) > _MOST_NAMED else ""
    are = "My admin is" if len(admins) == 1 else "My admins are"
    return f"{are} {persons(sorted(admins)[:_MOST_NAMED])}{more}."
