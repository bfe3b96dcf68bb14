"""The outbox worker: draws what is due, posts or edits it, and finds out after a crash what was posted.

It owns its retries (`retry_handlers=[]`), because the SDK's own double a post when Slack took it and the line dropped.
"""

import logging
import time
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.domain.actions import deciders
from bot.domain.clock import SECOND
from bot.services import looking, posting
from bot.services.desk import Desk
from bot.services.posting import Post
from handlers.blocks import approvals, fleet
from handlers.blocks.parts import Reply
from handlers.send import plainer, retry_after

log = logging.getLogger(__name__)
FINAL = frozenset(
    {
        *("channel_not_found", "is_archived", "not_in_channel", "user_not_found", "cannot_dm_bot", "restricted_action"),
        *("invalid_auth", "account_inactive", "token_revoked", "missing_scope", "no_text", "invalid_blocks"),
        *("msg_too_long", "msg_blocks_too_long", "cant_update_message", "message_not_found"),
    }
)
EVENT = "valet_message"
PACE_S = 1.0


class Notifier:
    """Posts what the outbox holds. `drain` is called by one thread at a time."""

    def __init__(self, desk: Desk, client: WebClient, *, pace_s: float = PACE_S) -> None:
        self._desk = desk
        self._client = WebClient(token=client.token, base_url=client.base_url, timeout=10, retry_handlers=[])
        self._pace_s = pace_s
        self._posted: dict[str, float] = {}

    def drain(self) -> None:
        """Send everything that is due."""
        for post in posting.unanswered(self._desk):
            self._find_out(post)
        for post in posting.due(self._desk):
            reply = self.draw(post)
            if reply is None:
                posting.bury(self._desk, post, "there is nothing left to show")
            elif posting.start(self._desk, post):
                self._send(post, reply)

    def draw(self, post: Post) -> Reply | None:
        """What to show for a row, as things stand now; None when its subject is gone."""
        return draw(self._desk, post.kind, post.subject)

    def _send(self, post: Post, reply: Reply) -> None:
        self._keep_pace(post.channel)
        try:
            self._call(post, reply)
        except SlackApiError as error:
            self._failed(post, reply, error)
        except OSError as error:
            log.warning("no answer from Slack to a post: %s", type(error).__name__)

    def _call(self, post: Post, reply: Reply) -> None:
        content: dict[str, Any] = {"text": reply.text, "blocks": reply.blocks}
        content["metadata"] = {"event_type": EVENT, "event_payload": {"outbox_id": str(post.id)}}
        if post.is_edit:
            self._client.chat_update(channel=str(post.posted_channel), ts=str(post.ts), **content)
            posting.sent(self._desk, post, str(post.posted_channel), str(post.ts))
            return
        said = self._client.chat_postMessage(channel=post.channel, unfurl_links=False, **content)
        posting.sent(self._desk, post, said["channel"], said["ts"])

    def _failed(self, post: Post, reply: Reply, error: SlackApiError) -> None:
        code, status = _code(error), error.response.status_code
        if code == "invalid_blocks" and plainer(reply.blocks) != reply.blocks:
            self._send(post, Reply(reply.text, plainer(reply.blocks)))
        elif code in FINAL:
            log.error("a message to %s can't be posted: %s", post.channel, code)
            posting.bury(self._desk, post, code)
        elif status == 429:
            wait = int(retry_after(error.response.headers) * SECOND)
            posting.again(self._desk, post, "ratelimited", wait=wait)
        elif status < 500:
            posting.again(self._desk, post, code)
        # 5xx: nobody knows whether it was posted; `_find_out` looks for it

    def _find_out(self, post: Post) -> None:
        """Look for an attempt without an answer in Slack's history; not there: send it again."""
        if not post.is_edit:
            try:
                found = self._in_history(post)
            except SlackApiError as error:
                log.warning("history can't be read (%s); a message may appear twice", _code(error))
                found = None
            except OSError:
                return
            if found is not None:
                posting.sent(self._desk, post, *found)
                return
        posting.again(self._desk, post, "no answer", wait=0)

    def _in_history(self, post: Post) -> tuple[str, str] | None:
        channel = post.channel
        if channel.startswith(("U", "W")):
            channel = self._client.conversations_open(users=channel)["channel"]["id"]
        oldest = str((post.tried_at or 0) // 1000 - 120)
        said = self._client.conversations_history(channel=channel, oldest=oldest, limit=200, include_all_metadata=True)
        for message in said["messages"]:
            payload = message.get("metadata", {}).get("event_payload", {})
            if payload.get("outbox_id") == str(post.id):
                return channel, message["ts"]
        return None

    def _keep_pace(self, channel: str) -> None:
        """About one message a second and channel, as Slack allows."""
        wait = self._posted.get(channel, 0.0) + self._pace_s - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        self._posted[channel] = time.monotonic()


def _code(error: SlackApiError) -> str:
    data = error.response.data
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def draw(desk: Desk, kind: str, subject: str) -> Reply | None:
    """A message of this kind about this subject, as things stand now."""
    if kind in {"action_card", "action_ended"}:
        action = looking.action(desk, subject)
        if action is None:
            return None
        return (
            approvals.card(action, deciders(action, desk.roster()))
            if kind == "action_card"
            else approvals.ended(action)
        )
    if kind == "claim_ended":
        claim = looking.claim(desk, subject)
        return fleet.claim_ended(claim, looking.name_of(desk, claim.instance_id)) if claim else None
    return None
