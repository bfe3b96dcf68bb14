"""What Slack sends an app by its Events API: what was said, changed, deleted or opened."""

from typing import Any

from bot.sandbox.slack.payloads import VERIFICATION_TOKEN, file_json, message_json, view_json
from bot.sandbox.slack.records import APP_ID, BOT_ID, BOT_USER, TEAM_ID, Channel, File, Json, Message, View
from bot.sandbox.slack.world import SlackWorld


def event(event_id: str, inner: Json, *, at: int, enterprise: str = "") -> Json:
    """An event of the Events API; `at` in epoch milliseconds."""
    authorization: Json = {"enterprise_id": enterprise or None, "team_id": TEAM_ID, "user_id": BOT_USER}
    return {
        **({"enterprise_id": enterprise} if enterprise else {}),
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "context_team_id": TEAM_ID,
        "context_enterprise_id": enterprise or None,
        "api_app_id": APP_ID,
        "event": inner,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": at // 1000,
        "authorizations": [{**authorization, "is_bot": True, "is_enterprise_install": False}],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event_id}",
    }


def said_event(
    message: Message, channel: Channel, *, kind: str, team: str = TEAM_ID, files: tuple[File, ...] = ()
) -> Json:
    """The inner event of what was said: "app_mention", or "message" in a direct channel."""
    words: list[dict[str, Any]] = [{"type": "text", "text": message.text}]
    rich = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": words}], "block_id": "said"}
    inner: Json = {
        "type": kind,
        "user": message.user,
        "client_msg_id": f"00000000-0000-4000-8000-{int(message.ts.replace('.', '')) % 10**12:012d}",
        "text": message.text,
        "ts": message.ts,
        "team": team,
        "blocks": [rich],
        "channel": channel.id,
        "event_ts": message.edited_ts or message.ts,
    }
    if message.edited_ts:
        inner["edited"] = {"user": message.user, "ts": message.edited_ts}
    if message.thread_ts:
        inner["thread_ts"] = message.thread_ts
    if files:
        inner |= {"subtype": "file_share", "files": [file_json(file) for file in files], "upload": False}
    if message.user == BOT_USER:
        inner |= {"bot_id": BOT_ID, "app_id": APP_ID}
    if kind == "message":
        inner["channel_type"] = "im"
    return inner


def changed_event(world: SlackWorld, before: Message, after: Message | None, *, at_ts: str) -> Json:
    """The inner event when a message in a direct channel was edited, or with no `after` deleted."""
    inner: Json = {"type": "message", "channel": before.channel, "channel_type": "im", "hidden": True}
    inner |= {"ts": at_ts, "event_ts": at_ts, "previous_message": message_json(world, before)}
    if after is None:
        return inner | {"subtype": "message_deleted", "deleted_ts": before.ts}
    return inner | {"subtype": "message_changed", "message": message_json(world, after)}


def opened_event(user: str, channel: Channel, *, tab: str, at_ts: str, home: View | None = None) -> Json:
    """The inner event when somebody opens the app's "home" or "messages" tab."""
    inner: Json = {"type": "app_home_opened", "user": user, "channel": channel.id, "tab": tab, "event_ts": at_ts}
    return inner | ({"view": view_json(home)} if home else {})
