"""The table of Web API methods, and how a call becomes an answer; modals, home tabs and files included."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.sandbox.slack import chat, reads, views
from bot.sandbox.slack.app import Workspace
from bot.sandbox.slack.payloads import file_json, view_json
from bot.sandbox.slack.posting import checked_view, parsed
from bot.sandbox.slack.records import BOT_USER, File, Json, Message, SlackError, View

Method = Callable[[Workspace, Json], Json]


def open_view(slack: Workspace, given: Json) -> Json:
    """views.open."""
    content = _checked(slack, given, "modal")
    trigger = slack.spend_trigger(str(given.get("trigger_id", "")))
    view = views.new_view(slack, trigger.user, content, channel=trigger.channel)
    with slack.lock:
        slack.modals[trigger.user] = [view]
        slack.changed()
    return _view_answer(view)


def push_view(slack: Workspace, given: Json) -> Json:
    """views.push."""
    content = _checked(slack, given, "modal")
    return _view_answer(views.push(slack, slack.spend_trigger(str(given.get("trigger_id", ""))).user, content))


def update_view(slack: Workspace, given: Json) -> Json:
    """views.update."""
    content = checked_view(slack, given.get("view"))
    old = views.find_view(slack, str(given.get("view_id") or given.get("external_id") or ""))
    if old is None:
        raise SlackError("not_found")
    _agree(old, given)
    view = views.changed_view(slack, old, content)
    views.put_view(slack, view)
    return _view_answer(view)


def publish_view(slack: Workspace, given: Json) -> Json:
    """views.publish."""
    content = _checked(slack, given, "home")
    user = str(given.get("user_id", ""))
    if user not in slack.people:
        raise SlackError("user_not_found" if user else "invalid_arguments")
    if not slack.has_home:
        raise SlackError("not_enabled")
    old = slack.homes.get(user)
    if old:
        _agree(old, given)
    view = views.changed_view(slack, old, content) if old else views.new_view(slack, user, content)
    with slack.lock:
        slack.homes[user] = view
        slack.changed()
    return _view_answer(view)


def _checked(slack: Workspace, given: Json, kind: str) -> Json:
    content = checked_view(slack, given.get("view"))
    if content["type"] != kind:
        raise SlackError("invalid_arguments", (f"must be of type {kind} [json-pointer:/view/type]",))
    name = content.get("external_id")
    if name and kind == "modal" and views.find_view(slack, name):
        raise SlackError("duplicate_external_id")
    return content


def _agree(old: View, given: Json) -> None:
    if given.get("hash") and given["hash"] != old.hash:
        raise SlackError("hash_conflict")


def _view_answer(view: View) -> Json:
    return {"ok": True, "view": view_json(view)}


def upload_url(slack: Workspace, given: Json) -> Json:
    """files.getUploadURLExternal."""
    name, size = str(given.get("filename") or ""), int(given.get("length") or 0)
    if not name or size <= 0:
        raise SlackError("invalid_arguments")
    file = File(slack.new_id("F"), name, size)
    with slack.lock:
        slack.files[file.id] = file
    return {"ok": True, "upload_url": f"{slack.url}/upload/{file.id}", "file_id": file.id}


def take_upload(slack: Workspace, file_id: str, content: bytes) -> None:
    """The bytes posted to an upload address."""
    with slack.lock:
        file = slack.files.get(file_id)
        if file is None or file.is_complete:
            raise SlackError("file_not_found")
        slack.files[file_id] = replace(file, content=content, size=len(content))


def complete_upload(slack: Workspace, given: Json) -> Json:
    """files.completeUploadExternal, which also shares the files when a channel is given."""
    wanted = parsed(given.get("files"), "invalid_arguments") or []
    if not wanted:
        raise SlackError("invalid_arguments")
    channel = given.get("channel_id") or given.get("channels")
    where = chat.target(slack, channel) if channel else None
    done = [_completed(slack, one) for one in wanted]
    if where:
        text, thread = str(given.get("initial_comment") or ""), str(given.get("thread_ts") or "")
        names = tuple(file.id for file in done)
        slack.post(Message("", where.id, BOT_USER, text, thread_ts=thread, files=names))
    return {"ok": True, "files": [file_json(file) for file in done]}


def _completed(slack: Workspace, given: Any) -> File:
    with slack.lock:
        file = slack.files.get(str(given.get("id", "")))
        if file is None or file.content is None:
            raise SlackError("file_not_found")
        done = replace(file, is_complete=True, title=str(given.get("title") or file.name))
        slack.files[file.id] = done
        return done


def file_info(slack: Workspace, given: Json) -> Json:
    """files.info; a fresh file is not ready at the first look."""
    with slack.lock:
        file = slack.files.get(str(given.get("file", "")))
        if file is None:
            raise SlackError("file_not_found")
        slack.files[file.id] = replace(file, looks_left=file.looks_left - 1)
    return {"ok": True, "file": file_json(file), "comments": [], "response_metadata": {"next_cursor": ""}}


def open_connection(slack: Workspace, _given: Json) -> Json:
    """apps.connections.open."""
    socket = slack.url.replace("http://", "ws://", 1)
    return {"ok": True, "url": f"{socket}/link/?ticket={slack.new_id('ticket-')}&app_id=sandbox"}


METHODS: dict[str, tuple[Method, str]] = {
    "api.test": (reads.api_test, ""),
    "apps.connections.open": (open_connection, ""),
    "auth.test": (reads.auth_test, ""),
    "chat.delete": (chat.delete, "chat:write"),
    "chat.getPermalink": (chat.permalink, ""),
    "chat.postEphemeral": (chat.post_ephemeral, "chat:write"),
    "chat.postMessage": (chat.post_message, "chat:write"),
    "chat.update": (chat.update_message, "chat:write"),
    "conversations.history": (reads.channel_history, "channels:history"),
    "conversations.info": (reads.conversation_info, "channels:read"),
    "conversations.list": (reads.list_conversations, "channels:read"),
    "conversations.members": (reads.members, "channels:read"),
    "conversations.open": (reads.open_conversation, "im:write"),
    "conversations.replies": (reads.replies, "channels:history"),
    "files.completeUploadExternal": (complete_upload, "files:write"),
    "files.getUploadURLExternal": (upload_url, "files:write"),
    "files.info": (file_info, "files:read"),
    "team.info": (reads.team_info, "team:read"),
    "usergroups.list": (reads.list_groups, "usergroups:read"),
    "usergroups.users.list": (reads.group_users, "usergroups:read"),
    "users.info": (reads.user_info, "users:read"),
    "users.list": (reads.list_users, "users:read"),
    "views.open": (open_view, ""),
    "views.publish": (publish_view, ""),
    "views.push": (push_view, ""),
    "views.update": (update_view, ""),
}
"""Method -> what does it, and the scope the bot's token needs for it."""

EVENT_SCOPES = frozenset(
    {"app_mentions:read", "channels:read", "commands", "groups:history", "groups:read", "im:history"}
)


def granted_scopes(slack: Workspace) -> list[str]:
    """The scopes of the bot's token: those of the manifest, and where none was installed all there are."""
    everything = {scope for _, scope in METHODS.values() if scope} | EVENT_SCOPES
    return sorted((slack.scopes or everything) - slack.missing_scopes)


def call(slack: Workspace, method: str, given: Json, *, token: str) -> Json:
    """Answer one Web API call as Slack does; refusals come back as {"ok": false, "error": ...}."""
    try:
        return _call(slack, method, given, token)
    except SlackError as error:
        return error.body()


def _call(slack: Workspace, method: str, given: Json, token: str) -> Json:
    if method not in METHODS:
        raise SlackError("unknown_method", req_method=method)
    if not token and method != "api.test":
        raise SlackError("not_authed")
    right = slack.app_token if method == "apps.connections.open" else slack.bot_token
    if token != right and method != "api.test":
        kinds = (slack.app_token, slack.bot_token)
        raise SlackError("not_allowed_token_type" if token in kinds else "invalid_auth")
    act, scope = METHODS[method]
    scopes = granted_scopes(slack)
    if scope and scope not in scopes:
        raise SlackError("missing_scope", needed=scope, provided=",".join(scopes))
    return act(slack, given)
