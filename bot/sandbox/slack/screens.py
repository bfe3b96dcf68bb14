"""What stands on people's screens, as text; and what they type, as Slack sends it on."""

import html
import re

from bot.sandbox.slack import show
from bot.sandbox.slack.app import Workspace
from bot.sandbox.slack.records import Json, Message, View


def options_text(offered: Json) -> str:
    """What a menu offers, a line each: options, and under a label in brackets those of a group."""
    lines = [option["text"]["text"] for option in offered.get("options", ())]
    for group in offered.get("option_groups", ()):
        lines += [f"({group['label']['text']})", *(option["text"]["text"] for option in group["options"])]
    return "\n".join(lines)


class Screens(Workspace):
    """The workspace as people see it."""

    def sees(self, user: str, channel: str, thread_ts: str = "") -> list[str]:
        """All messages the person sees in the channel, oldest first, as text with buttons in brackets."""
        names = self.names()
        return [show.message_text(message, names) for message in self.seen(user, channel, thread_ts)]

    def latest(self, user: str, channel: str) -> str:
        """The newest message the person sees in the channel, as text; empty when there is none."""
        found = self.last(user, channel)
        return show.message_text(found, self.names()) if found else ""

    def last(self, user: str, channel: str) -> Message | None:
        """The newest message the person sees in the channel."""
        return next(reversed(self.seen(user, channel)), None)

    def modal(self, user: str) -> View | None:
        """The modal on top of the person's screen."""
        return next(reversed(self.modals.get(self.person(user).id, [])), None)

    def sees_modal(self, user: str) -> str:
        """The modal on top of the person's screen, as text; empty when none is open."""
        view = self.modal(user)
        return show.text_of_view(view, self.names()) if view else ""

    def sees_home(self, user: str) -> str:
        """The home tab the app last published for the person, as text."""
        view = self.homes.get(self.person(user).id)
        return show.text_of_view(view, self.names()) if view else ""

    def names(self) -> dict[str, str]:
        """What is shown for each id of a person, channel or user group."""
        with self.lock:
            shown = {person.id: person.name for person in self.people.values()}
            shown |= {channel.id: channel.name for channel in self.channels.values()}
            return shown | {group.id: group.handle for group in self.groups.values()}

    def linked(self, text: str) -> str:
        """What a person typed, as Slack sends it on: escaped, with @people and #channels as ids."""

        def person(found: re.Match[str]) -> str:
            wanted = found.group(1).lower()
            group = next((one for one in self.groups.values() if one.handle.lower() == wanted), None)
            if group:
                return f"<!subteam^{group.id}>"
            known = next((one for one in self.people.values() if one.handle.lower() == wanted), None)
            return f"<@{known.id}>" if known else found.group(0)

        def channel(found: re.Match[str]) -> str:
            wanted = found.group(1).lower()
            known = next((one for one in self.channels.values() if one.name == wanted and not one.dm_of), None)
            return f"<#{known.id}|{known.name}>" if known else found.group(0)

        escaped = html.escape(text, quote=False)
        return re.sub(r"(?<!\w)#([\w-]+)", channel, re.sub(r"(?<!\w)@([\w.-]*\w)", person, escaped))
