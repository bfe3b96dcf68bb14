"""What each kind of action is called on its card."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.domain.acting.actions import Action, Kind
from handlers.blocks.words import esc, length


@dataclass(frozen=True, slots=True)
class Words:
    """One kind's words; {name} is the instance's, or the template's."""

    verb: str
    no: str
    """The button that declines."""
    begun: str
    not_done: str
    denied: str
    left: str
    """What stays as it is when nothing is done."""
    style: Literal["primary", "danger"] = "primary"

    @property
    def stays(self) -> str:
        """What stays, at the beginning of a sentence."""
        return self.left if self.left.startswith("{") else self.left[:1].upper() + self.left[1:]


OF: Mapping[Kind, Words] = {
    "stop": Words(
        *("Stop", "Keep it running", "{name} is stopping", "Not stopped", "Kept running"),
        left="{name} keeps running",
        style="danger",
    ),
    "start": Words(
        *("Start", "Leave it stopped", "{name} is starting", "Not started", "Not started"),
        left="{name} stays stopped",
    ),
    "launch": Words(
        *("Launch", "Don't launch it", "{name} is being launched", "Not launched", "Not launched"),
        left="nothing is launched",
    ),
    "clone": Words(
        *("Clone", "Don't clone it", "{name} is being cloned", "Not cloned", "Not cloned"),
        left="nothing is cloned",
    ),
    "resize": Words(
        *("Resize", "Leave it as it is", "{name} is being resized", "Not resized", "Not resized"),
        left="{name} stays as it is",
        style="danger",
    ),
}


def name_of(action: Action) -> str:
    """What the card is about, made inert."""
    return esc(action.facts.name, 60)


def question(action: Action) -> str:
    """Start nb-5 for 8 h?"""
    wanted = f" for {length(action.length)}" if action.length else ""
    becomes = f" to {esc(action.facts.type, 40)}" if action.kind == "resize" else ""
    return f"{OF[action.kind].verb} {name_of(action)}{becomes}{wanted}?"


def label(action: Action) -> str:
    """On the button that says yes."""
    return f"{OF[action.kind].verb} {action.facts.name}"
