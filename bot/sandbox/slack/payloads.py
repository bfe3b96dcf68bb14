"""What Slack sends an app: messages and views as JSON, and the bodies of commands, clicks and events."""

from bot.sandbox.slack.records import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    TEAM_DOMAIN,
    TEAM_ID,
    Channel,
    File,
    Json,
    Message,
    Person,
    View,
    copied,
)
from bot.sandbox.slack.world import SlackWorld

VERIFICATION_TOKEN = "sandbox-verification-token"  # noqa: S105 - the old, unused field of Slack's payloads


def message_json(world: SlackWorld, message: Message, *, with_metadata: bool = False) -> Json:
    """A message as conversations.history and interaction payloads carry it."""
    body: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text, "team": TEAM_ID}
    if message.user == BOT_USER:
        profile = {"id": BOT_ID, "app_id": APP_ID, "name": world.people[BOT_USER].name, "team_id": TEAM_ID}
        body |= {"bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": {**profile, "deleted": False, "updated": 0}}
    if message.blocks:
        body["blocks"] = copied(list(message.blocks))
    if message.edited_ts:
        body["edited"] = {"user": BOT_ID, "ts": message.edited_ts}
    if message.files:
        body["files"] = [file_json(world.files[name]) for name in message.files]
    if message.metadata and with_metadata:
        body["metadata"] = copied(message.metadata)
    return body | _thread_json(world, message)


def _thread_json(world: SlackWorld, message: Message) -> Json:
    if message.thread_ts and message.thread_ts != message.ts:
        parent = world.messages.get(message.thread_ts)
        return {"thread_ts": message.thread_ts, "parent_user_id": parent.user if parent else ""}
    replies = [reply for reply in list(world.messages.values()) if reply.thread_ts == message.ts and not reply.reader]
    if not replies:
        return {}
    writers = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(writers),
        "reply_users": writers,
        "latest_reply": max(reply.ts for reply in replies),
        "is_locked": False,
        "subscribed": True,
    }


def file_json(file: File) -> Json:
    """A file as files.info carries it; the type is known only once Slack has looked at it."""
    kind = file.mimetype if file.is_complete and file.looks_left <= 0 else ""
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": kind,
        "filetype": kind.partition("/")[2],
        "size": file.size,
        "user": file.user,
        "mode": "hosted",
        "is_external": False,
        "is_public": False,
        "file_access": "visible",
    }


def channel_json(channel: Channel) -> Json:
    """A channel as conversations.info carries it."""
    body: Json = {"id": channel.id, "is_archived": channel.is_archived, "created": 1_700_000_000, "updated": 0}
    body |= {"context_team_id": TEAM_ID, "is_org_shared": False}
    if channel.dm_of:
        return body | {"is_im": True, "user": channel.dm_of, "is_user_deleted": False, "is_open": True}
    return body | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": False,
        "is_general": channel.is_general,
        "is_member": BOT_USER in channel.members,
        "num_members": len(channel.members),
        "creator": BOT_USER,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def user_json(person: Person) -> Json:
    """A person as users.info carries it."""
    enterprise = {"id": person.id, "enterprise_id": person.enterprise_id, "teams": [person.team_id]}
    return {
        **({"enterprise_user": enterprise} if person.enterprise_id else {}),
        "id": person.id,
        "team_id": person.team_id,
        "name": person.handle,
        "real_name": person.name,
        "deleted": person.is_gone,
        "tz": person.timezone,
        "tz_label": person.timezone,
        "tz_offset": 0,
        "is_admin": person.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": False,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": 0,
        "profile": {
            "real_name": person.name,
            "real_name_normalized": person.name,
            "display_name": person.handle,
            "display_name_normalized": person.handle,
            "title": person.role,
            "team": person.team_id,
            **({"bot_id": BOT_ID, "api_app_id": APP_ID} if person.id == BOT_USER else {}),
        },
    }


def view_json(view: View) -> Json:
    """A view as views.open answers it and submissions carry it."""
    given = {"private_metadata": "", "callback_id": "", "external_id": "", "clear_on_close": False}
    given |= {"notify_on_close": False, "close": None, "submit": None, "submit_disabled": False}
    return {
        **given,
        "title": {"type": "plain_text", "text": "View Title", "emoji": True},
        **copied(view.content),
        "id": view.id,
        "team_id": TEAM_ID,
        "state": {"values": copied(view.state)},
        "hash": view.hash,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id or None,
        "app_id": APP_ID,
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
    }


def _interaction(kind: str, person: Person, trigger: str) -> Json:
    return {
        "type": kind,
        "user": {"id": person.id, "username": person.handle, "name": person.handle, "team_id": person.team_id},
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def command_payload(person: Person, channel: Channel, words: tuple[str, str], *, url: str, trigger: str) -> Json:
    """A slash command: `words` are the command and its text, `url` the response URL."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.dm_of else channel.name,
        "user_id": person.id,
        "user_name": person.handle,
        "command": words[0],
        "text": words[1],
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": url,
        "trigger_id": trigger,
    }


def message_action(world: SlackWorld, person: Person, message: Message, *, act: Json, url: str, trigger: str) -> Json:
    """A click in a message; `act` has "actions" and "state"."""
    channel = world.channels[message.channel]
    container: Json = {"type": "message", "message_ts": message.ts, "channel_id": channel.id}
    container["is_ephemeral"] = bool(message.reader)
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    body = _interaction("block_actions", person, trigger) | {
        "container": container,
        "channel": {"id": channel.id, "name": "directmessage" if channel.dm_of else channel.name},
        "response_url": url,
        "state": {"values": act["state"]},
        "actions": act["actions"],
    }
    # Slack sends no content of ephemeral messages back.
    if not message.reader:
        body["message"] = message_json(world, message)
    return body


def view_action(person: Person, view: View, *, act: Json, trigger: str) -> Json:
    """A click in a modal or in the home tab."""
    return _interaction("block_actions", person, trigger) | {
        "container": {"type": "view", "view_id": view.id},
        "view": view_json(view),
        "actions": act["actions"],
    }


def view_submission(person: Person, view: View, *, trigger: str, urls: list[Json]) -> Json:
    """The modal's submit button was pressed; `urls` are those of inputs that ask for one."""
    return _interaction("view_submission", person, trigger) | {"view": view_json(view), "response_urls": urls}


def block_suggestion(person: Person, shown_in: Json, element: tuple[str, str], typed: str) -> Json:
    """An external select asks for options; `shown_in` says where, `element` is its block_id and action_id."""
    body = _interaction("block_suggestion", person, "") | shown_in
    del body["trigger_id"]
    return body | {"block_id": element[0], "action_id": element[1], "value": typed}


def shortcut(person: Person, callback_id: str, *, at_ts: str, trigger: str) -> Json:
    """A global shortcut was chosen."""
    return _interaction("shortcut", person, trigger) | {"callback_id": callback_id, "action_ts": at_ts}


def message_shortcut(world: SlackWorld, message: Message, by_whom: Json, *, url: str) -> Json:
    """A shortcut was chosen in a message's menu; `by_whom` is the payload of a global one."""
    channel = world.channels[message.channel]
    return by_whom | {
        "type": "message_action",
        "message_ts": message.ts,
        "message": message_json(world, message),
        "channel": {"id": channel.id, "name": "directmessage" if channel.dm_of else channel.name},
        "response_url": url,
    }


def view_closed(person: Person, view: View, *, is_cleared: bool) -> Json:
    """The modal was closed without submitting."""
    body = _interaction("view_closed", person, "") | {"view": view_json(view), "is_cleared": is_cleared}
    del body["trigger_id"]
    return body
