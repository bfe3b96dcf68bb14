"""What the sandbox workspace is made of: people, channels, messages, views, files."""

import json
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

TEAM_ID = "T0VALET"
TEAM_DOMAIN = "valet-sandbox"
TEAM_NAME = "Valet Sandbox"
APP_ID = "A0VALET01"
BOT_ID = "B0VALET01"
BOT_USER = "U0VALET01"
SLACKBOT = "USLACKBOT"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone, or some bot, of the workspace; `role` is what the page says about them."""

    id: str
    handle: str
    name: str
    role: str = ""
    timezone: str = "UTC"
    is_bot: bool = False
    is_admin: bool = False
    team_id: str = TEAM_ID
    """Another one for who is here by a shared channel, or in another workspace of the enterprise."""
    enterprise_id: str = ""
    is_guest: bool = False
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, or with `dm_of` the direct messages between one person and the bot."""

    id: str
    name: str
    topic: str = ""
    members: frozenset[str] = frozenset()
    is_general: bool = False
    is_archived: bool = False
    dm_of: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A user group such as @gpu-approvers."""

    id: str
    handle: str
    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message; with `reader` only that person sees it, and no history lists it."""

    ts: str
    channel: str
    user: str
    text: str = ""
    blocks: tuple[Json, ...] = ()
    thread_ts: str = ""
    metadata: Json | None = None
    edited_ts: str = ""
    reader: str = ""
    files: tuple[str, ...] = ()
    version: int = 0

    def is_seen_by(self, user: str) -> bool:
        """Whether that person, being in the channel, gets to see the message."""
        return self.reader in ("", user)


@dataclass(frozen=True, slots=True)
class View:
    """A modal on a person's stack, or the person's home tab; `content` is what the app sent."""

    id: str
    user: str
    content: Json
    hash: str
    root_id: str
    previous_id: str = ""
    state: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """What the app refused at the last submission: block_id -> sentence."""

    @property
    def blocks(self) -> list[Json]:
        """The view's blocks."""
        return list(self.content.get("blocks", ()))


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file; Slack needs a moment before an image block may show it."""

    id: str
    name: str
    size: int
    content: bytes | None = None
    title: str = ""
    is_complete: bool = False
    user: str = BOT_USER
    looks_left: int = 1
    """How many times files.info is asked before the file is ready."""

    @property
    def mimetype(self) -> str:
        """The type by the file's ending, as Slack's list of image types has it."""
        ending = self.name.rsplit(".", 1)[-1].lower()
        return {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif"}.get(
            ending, "application/octet-stream"
        )

    @property
    def is_image_ready(self) -> bool:
        """Whether an image block may show it by now."""
        return self.is_complete and self.looks_left <= 0 and self.mimetype.startswith("image/")


@dataclass(frozen=True, slots=True)
class ResponseUrl:
    """Where an app may answer one interaction; `message_ts` is the message it came from, if any."""

    user: str
    channel: str
    made_at: int
    message_ts: str = ""
    thread_ts: str = ""
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Trigger:
    """What lets an app open a modal, once and soon: whose act it was, and where."""

    user: str
    channel: str
    made_at: int
    is_spent: bool = False


class SlackError(Exception):
    """A call refused in Slack's form: the error's code, and details with JSON pointers."""

    def __init__(self, code: str, details: tuple[str, ...] = (), **extra: str) -> None:
        super().__init__(code)
        self.code = code
        self.details = details
        self.extra = extra

    def body(self) -> Json:
        """The response body of Slack for this error."""
        body: Json = {"ok": False, "error": self.code, **self.extra}
        if self.details:
            body["errors"] = list(self.details)
            body["response_metadata"] = {"messages": [f"[ERROR] {detail}" for detail in self.details]}
        return body


def copied(value: Any) -> Any:
    """A deep copy of anything JSON, so that no caller shares state with the workspace."""
    return json.loads(json.dumps(value))
