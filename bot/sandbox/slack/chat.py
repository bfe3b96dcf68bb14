"""The Web API's chat methods."""

import json
from dataclasses import replace
from typing import Any

from bot.sandbox.slack import limits
from bot.sandbox.slack.app import Workspace
from bot.sandbox.slack.payloads import message_json
from bot.sandbox.slack.posting import checked_blocks, checked_text, parsed
from bot.sandbox.slack.records import BOT_USER, TEAM_DOMAIN, Channel, Json, Message, SlackError


def target(slack: Workspace, given: Any, *, to_read: bool = False) -> Channel:
    """The channel of a call: an id, or a person's id for their direct messages; the bot must be in it."""
    name = str(given or "")
    channel = slack.channels.get(name) or (slack.direct(name) if _is_person(slack, name) else None)
    if channel is None and not to_read:
        wanted = name.removeprefix("#")
        channel = next((one for one in slack.channels.values() if one.name == wanted and not one.dm_of), None)
    if channel is None:
        raise SlackError("channel_not_found")
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _is_person(slack: Workspace, name: str) -> bool:
    return name in slack.people and not slack.people[name].is_bot


def post_message(slack: Workspace, given: Json) -> Json:
    """chat.postMessage."""
    channel = _open_target(slack, given)
    blocks = checked_blocks(slack, given.get("blocks"))
    text = checked_text(given.get("text"), blocks)
    message = Message(
        "",
        channel.id,
        BOT_USER,
        text,
        tuple(blocks),
        thread_ts=_thread(slack, channel, given),
        metadata=_metadata(given),
    )
    posted = slack.post(message)
    shown = message_json(slack, posted, with_metadata=True)
    return {"ok": True, "channel": channel.id, "ts": posted.ts, "message": shown}


def post_ephemeral(slack: Workspace, given: Json) -> Json:
    """chat.postEphemeral."""
    channel = _open_target(slack, given)
    user = str(given.get("user", ""))
    if user not in slack.people:
        raise SlackError("user_not_found" if user else "invalid_arguments")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    blocks = checked_blocks(slack, given.get("blocks"))
    text = checked_text(given.get("text"), blocks)
    thread = _thread(slack, channel, given)
    posted = slack.post(Message("", channel.id, BOT_USER, text, tuple(blocks), thread_ts=thread, reader=user))
    return {"ok": True, "message_ts": posted.ts}


def update_message(slack: Workspace, given: Json) -> Json:
    """chat.update: what is left out stays; an empty list of blocks removes them."""
    old = _own_message(slack, given, "cant_update_message")
    blocks = checked_blocks(slack, given["blocks"]) if "blocks" in given else list(old.blocks)
    text = checked_text(given.get("text", old.text), blocks, longest=limits.UPDATE_TEXT)
    metadata = _metadata(given) if "metadata" in given else old.metadata
    changed = replace(old, text=text, blocks=tuple(blocks), metadata=metadata, edited_ts=slack.new_ts())
    stored = slack.post(changed)
    shown = message_json(slack, stored, with_metadata=True)
    return {"ok": True, "channel": stored.channel, "ts": stored.ts, "text": text, "message": shown}


def delete(slack: Workspace, given: Json) -> Json:
    """chat.delete."""
    old = _own_message(slack, given, "cant_delete_message")
    slack.delete(old.ts)
    return {"ok": True, "channel": old.channel, "ts": old.ts}


def permalink(slack: Workspace, given: Json) -> Json:
    """chat.getPermalink."""
    channel = target(slack, given.get("channel"), to_read=True)
    message = slack.messages.get(str(given.get("message_ts", "")))
    if message is None or message.channel != channel.id or message.reader:
        raise SlackError("message_not_found")
    path = f"archives/{channel.id}/p{message.ts.replace('.', '')}"
    return {"ok": True, "channel": channel.id, "permalink": f"https://{TEAM_DOMAIN}.slack.com/{path}"}


def _open_target(slack: Workspace, given: Json) -> Channel:
    channel = target(slack, given.get("channel"))
    if channel.is_archived:
        raise SlackError("is_archived")
    return channel


def _own_message(slack: Workspace, given: Json, refusal: str) -> Message:
    # Slack wants the channel's id here, not a person's.
    channel = slack.channels.get(str(given.get("channel", "")))
    if channel is None:
        raise SlackError("channel_not_found")
    message = slack.messages.get(str(given.get("ts", "")))
    if message is None or message.channel != channel.id or message.reader:
        raise SlackError("message_not_found")
    if message.user != BOT_USER:
        raise SlackError(refusal)
    if channel.is_archived:
        raise SlackError("is_archived")
    return message


def _thread(slack: Workspace, channel: Channel, given: Json) -> str:
    wanted = str(given.get("thread_ts") or "")
    parent = slack.messages.get(wanted)
    if wanted and (parent is None or parent.channel != channel.id or parent.reader):
        raise SlackError("thread_not_found")
    return parent.thread_ts or parent.ts if parent else ""


def _metadata(given: Json) -> Json | None:
    if not given.get("metadata"):
        return None
    metadata = parsed(given["metadata"], "invalid_metadata_format")
    is_whole = isinstance(metadata, dict) and isinstance(metadata.get("event_payload"), dict)
    if not is_whole or not isinstance(metadata.get("event_type"), str):
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(metadata)) > 16_000:
        raise SlackError("metadata_too_large")
    return dict(metadata)
