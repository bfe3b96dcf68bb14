"""The Web API's reading methods: channels, histories, people and groups."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.app import Workspace
from bot.sandbox.slack.chat import target
from bot.sandbox.slack.payloads import channel_json, message_json, user_json
from bot.sandbox.slack.records import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    TEAM_DOMAIN,
    TEAM_ID,
    TEAM_NAME,
    Json,
    Message,
    SlackError,
)


def is_true(given: Any) -> bool:
    """A flag as forms ("true", "1") and JSON send it."""
    return given is True or str(given).lower() in ("true", "1")


def page_of(key: str, everything: Sequence[Any], given: Json, *, usual: int = 100) -> Json:
    """One page of a listing, with the cursor of the next."""
    try:
        start = int(base64.b64decode(str(given.get("cursor") or ""), validate=True) or b"0")
    except (binascii.Error, ValueError):
        raise SlackError("invalid_cursor") from None
    try:
        size = int(given.get("limit") or usual)
    except ValueError:
        raise SlackError("invalid_limit") from None
    end = start + max(1, min(size, 1000))
    following = base64.b64encode(str(end).encode()).decode() if end < len(everything) else ""
    body: Json = {"ok": True, key: list(everything[start:end])}
    return body | {"has_more": bool(following), "response_metadata": {"next_cursor": following}}


def auth_test(slack: Workspace, _given: Json) -> Json:
    """auth.test."""
    name = slack.people[BOT_USER].handle
    body = {"ok": True, "url": f"https://{TEAM_DOMAIN}.slack.com/", "team": TEAM_NAME, "user": name}
    return body | {
        **({"enterprise_id": slack.enterprise_id} if slack.enterprise_id else {}),
        "team_id": TEAM_ID,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "app_name": slack.people[BOT_USER].name,
        "is_enterprise_install": False,
    }


def api_test(_slack: Workspace, given: Json) -> Json:
    """api.test."""
    if "error" in given:
        raise SlackError(str(given["error"]))
    return {"ok": True, "args": {key: value for key, value in given.items() if key != "token"}}


def team_info(_slack: Workspace, _given: Json) -> Json:
    """team.info."""
    return {"ok": True, "team": {"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_DOMAIN}}


def open_conversation(slack: Workspace, given: Json) -> Json:
    """conversations.open, with one person."""
    users = [user for user in str(given.get("users") or "").split(",") if user]
    if given.get("channel"):
        channel = target(slack, given["channel"], to_read=True)
    elif len(users) == 1:
        channel = slack.direct(users[0])
    else:
        raise SlackError("too_many_users" if users else "not_enough_users")
    shown = channel_json(channel) if is_true(given.get("return_im")) else {"id": channel.id}
    return {"ok": True, "no_op": True, "already_open": True, "channel": shown}


def conversation_info(slack: Workspace, given: Json) -> Json:
    """conversations.info."""
    channel = slack.channels.get(str(given.get("channel", "")))
    if channel is None:
        raise SlackError("channel_not_found")
    return {"ok": True, "channel": channel_json(channel)}


def list_conversations(slack: Workspace, given: Json) -> Json:
    """conversations.list."""
    kinds = str(given.get("types") or "public_channel").split(",")
    channels = [
        channel_json(channel)
        for channel in slack.channels.values()
        if ("im" if channel.dm_of else "public_channel") in kinds
        and not (channel.is_archived and is_true(given.get("exclude_archived")))
    ]
    return page_of("channels", channels, given)


def members(slack: Workspace, given: Json) -> Json:
    """conversations.members."""
    channel = slack.channels.get(str(given.get("channel", "")))
    if channel is None:
        raise SlackError("channel_not_found")
    return page_of("members", sorted(channel.members), given)


def channel_history(slack: Workspace, given: Json) -> Json:
    """conversations.history: newest first, without thread replies and private messages."""
    channel = target(slack, given.get("channel"), to_read=True)
    oldest, latest = _span(given)
    found = [
        message
        for message in sorted(_public(slack, channel.id), key=lambda message: message.ts, reverse=True)
        if message.thread_ts in ("", message.ts) and _is_within(message, oldest, latest, given)
    ]
    return page_of("messages", _shown(slack, found, given), given)


def replies(slack: Workspace, given: Json) -> Json:
    """conversations.replies: the parent first, then its replies by age."""
    channel = target(slack, given.get("channel"), to_read=True)
    wanted = str(given.get("ts", ""))
    oldest, latest = _span(given)
    found = [message for message in _public(slack, channel.id) if wanted in (message.ts, message.thread_ts)]
    if not found:
        raise SlackError("thread_not_found")
    kept = [message for message in found if message.ts == wanted or _is_within(message, oldest, latest, given)]
    return page_of("messages", _shown(slack, sorted(kept, key=lambda message: message.ts), given), given)


def _public(slack: Workspace, channel: str) -> list[Message]:
    with slack.lock:
        return [message for message in slack.messages.values() if message.channel == channel and not message.reader]


def _span(given: Json) -> tuple[float, float]:
    bounds = []
    for name, usual in (("oldest", 0.0), ("latest", float("inf"))):
        try:
            bounds.append(float(given.get(name) or usual))
        except ValueError:
            raise SlackError(f"invalid_ts_{name}") from None
    return bounds[0], bounds[1]


def _is_within(message: Message, oldest: float, latest: float, given: Json) -> bool:
    at = float(message.ts)
    if is_true(given.get("inclusive")):
        return oldest <= at <= latest
    return oldest < at < latest


def _shown(slack: Workspace, found: list[Message], given: Json) -> list[Json]:
    wants = is_true(given.get("include_all_metadata"))
    return [message_json(slack, message, with_metadata=wants) for message in found]


def user_info(slack: Workspace, given: Json) -> Json:
    """users.info."""
    person = slack.people.get(str(given.get("user", "")))
    if person is None:
        raise SlackError("user_not_found")
    return {"ok": True, "user": user_json(person)}


def list_users(slack: Workspace, given: Json) -> Json:
    """users.list."""
    return page_of("members", [user_json(person) for person in slack.people.values()], given)


def list_groups(slack: Workspace, given: Json) -> Json:
    """usergroups.list."""
    groups: list[Json] = []
    for group in slack.groups.values():
        shown: Json = {"id": group.id, "team_id": TEAM_ID, "is_usergroup": True, "name": group.name}
        shown |= {"handle": group.handle, "user_count": len(group.members), "date_delete": 0}
        groups.append(shown | ({"users": list(group.members)} if is_true(given.get("include_users")) else {}))
    return {"ok": True, "usergroups": groups}


def group_users(slack: Workspace, given: Json) -> Json:
    """usergroups.users.list."""
    group = slack.groups.get(str(given.get("usergroup", "")))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"ok": True, "users": list(group.members)}
