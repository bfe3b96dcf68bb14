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
        verb="Stop",
        no="Keep it running",
        begun="{name} is stopping",
        not_done="Not stopped",
        denied="Kept running",
        left="{name} keeps running",
        style="danger",
    ),
    "start": Words(
        verb="Start",
        no="Leave it stopped",
        begun="{name} is starting",
        not_done="Not started",
        denied="Not started",
        left="{name} stays stopped",
    ),
    "launch": Words(
        verb="Launch",
        no="Don't launch it",
        begun="{name} is being launched",
        not_done="Not launched",
        denied="Not launched",
        left="nothing is launched",
    ),
    "clone": Words(
        verb="Clone",
        no="Don't clone it",
        begun="{name} is being cloned",
        not_done="Not cloned",
        denied="Not cloned",
        left="nothing is cloned",
    ),
    "resize": Words(
        verb="Resize",
        no="Leave it as it is",
        begun="{name} is being resized",
        not_done="Not resized",
        denied="Not resized",
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
