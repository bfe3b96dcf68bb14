"""The outbox worker: draws what is due, posts or edits it, and finds out after a crash what was posted.

It owns its retries (`retry_handlers=[]`), because the SDK's own double a post when Slack took it and the line dropped.
"""

import logging
import time
from functools import partial
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.domain.clock import SECOND_MS
from bot.services import outbox, undelivered
from bot.services.context import Context
from bot.services.outbox import Post
from handlers.blocks.parts import FALLBACK_TEXT, Block, Reply, cut_mrkdwn
from handlers.send import (
    BLOCKS_REFUSED,
    LOST,
    TIMEOUT_S,
    UNSURE,
    checked_answer,
    degrees,
    error_code,
    next_page,
    part,
    perhaps,
    retry_after,
    word,
)
from handlers.topics import draw

log = logging.getLogger(__name__)
FINAL = frozenset(
    {
        *("channel_not_found", "is_archived", "not_in_channel", "user_not_found", "cannot_dm_bot", "restricted_action"),
        *("missing_scope", "no_text", "invalid_blocks", "msg_too_long", "msg_blocks_too_long"),
        *("cant_update_message", "message_not_found"),
    }
)
"""No later try helps until somebody changes something."""
SHUT_OUT = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
"""Slack takes nothing from us at all, until an admin has put that right; no message is at fault."""
EVENT = "valet_message"
PACE_S = 1.0
AROUND_S = 120
"""How far Slack's clock and ours may be apart when an attempt is looked for in the history."""
HISTORY_PAGES = 5


class Notifier:
    """Posts what the outbox holds. `drain` is called by one thread at a time."""

    def __init__(self, ctx: Context, client: WebClient, *, pace_s: float = PACE_S) -> None:
        self._ctx = ctx
        self._client = WebClient(token=client.token, base_url=client.base_url, timeout=TIMEOUT_S, retry_handlers=[])
        self._pace_s = pace_s
        self._open_at: dict[str, float] = {}
        """By channel: from when on Slack takes the next post there, on the monotonic clock."""

    @property
    def _desk(self) -> Context:
        return self._ctx.current()

    def drain(self) -> float | None:
        """Send what is due and what Slack's limits let through; seconds until more of it may go, if more waits."""
        for post in outbox.unanswered(self._desk):
            self._find_out(post)
        waits: list[float] = []
        held: set[str] = set()
        for post in outbox.due(self._desk):
            wait = self._wait(post)
            if wait > 0:
                waits.append(wait)
                continue
            if post.channel in held or self._is_kept(post):
                continue
            if not self._handle(post):
                break
            if outbox.goes_first(self._desk, post):
                held.add(post.channel)
        return min(waits, default=None)

    def _is_kept(self, post: Post) -> bool:
        """Whether it waits for a morning, or is needed no more; one that can't be looked at is not held up by that."""
        try:
            return outbox.waits(self._desk, post)
        except Exception:  # the job edge, as for drawing
            log.exception("whether message %s (%s) waits can't be said", post.id, post.kind)
            return False

    def draw(self, post: Post) -> Reply | None:
        """What to show for a row, as things stand now; None when its subject is gone."""
        return draw(self._desk, post.kind, post.subject)

    def _handle(self, post: Post) -> bool:
        """Send one message; False when Slack can't be reached, so that the others need not try.

        1. Take the row: from here on, news of the same message becomes a row of its own.
        2. Draw it: the other way round, news between drawing and taking would join this row and never be shown.
        3. Send it.
        """
        if not outbox.start(self._desk, post):
            return True
        try:
            reply = self.draw(post)
        except Exception:  # the job edge: a message that can't be drawn must not hold up the others
            log.exception("message %s (%s %s) can't be drawn", post.id, post.kind, post.subject)
            outbox.again(self._desk, post, "can't be drawn", wait=outbox.LONGEST_WAIT)
            return True
        if reply is None:
            outbox.bury(self._desk, post, undelivered.NOTHING_LEFT)
            return True
        return self._send(post, reply)

    def _send(self, post: Post, reply: Reply) -> bool:
        for blocks in degrees(reply.blocks):
            self._pause(post, self._pace_s)
            try:
                self._call(post, reply.text, blocks)
            except SlackApiError as error:
                if blocks and error_code(error) in BLOCKS_REFUSED:
                    log.error("Slack refused the blocks of %s: %s", post.kind, error_code(error))  # noqa: TRY400
                    continue
                return self._failed(post, error)
            except LOST as error:
                # nobody knows whether it was posted; `_find_out` looks for it
                log.warning("no answer from Slack to a post: %s", type(error).__name__)
                return False
            return True
        return True

    def _call(self, post: Post, text: str, blocks: list[Block]) -> None:
        content: dict[str, Any] = {"text": cut_mrkdwn(text, FALLBACK_TEXT), "blocks": blocks}
        content["metadata"] = {"event_type": EVENT, "event_payload": {"outbox_id": str(post.id)}}
        if post.is_edit:
            checked_answer(
                lambda: self._client.chat_update(channel=str(post.posted_channel), ts=str(post.ts), **content)
            )
            outbox.sent(self._desk, post, str(post.posted_channel), str(post.ts))
            return
        said = checked_answer(
            lambda: self._client.chat_postMessage(
                channel=post.channel, thread_ts=post.thread_ts, unfurl_links=False, **content
            )
        )
        outbox.sent(self._desk, post, word(said, "channel"), word(said, "ts"))

    def _failed(self, post: Post, error: SlackApiError) -> bool:
        """What to do about it; False when the others need not try."""
        code, status = error_code(error), error.response.status_code
        if code in SHUT_OUT:
            log.error("Slack refuses the bot's token: %s", code)
            outbox.again(self._desk, post, code)
        elif code in FINAL:
            log.error("a message to %s can't be posted: %s", post.channel, code)
            outbox.bury(self._desk, post, code)
        elif status == 429:
            wait = retry_after(error.response.headers, longest=outbox.LONGEST_WAIT / SECOND_MS)
            self._pause(post, wait)
            outbox.again(self._desk, post, "ratelimited", wait=int(wait * SECOND_MS))
        elif status < 500 and code and code not in UNSURE:
            outbox.again(self._desk, post, code)
        # else nobody knows whether it was posted; `_find_out` looks for it
        return code not in SHUT_OUT

    def _find_out(self, post: Post) -> None:
        """Look for an attempt without an answer in Slack's history; not there: send it again."""
        if not post.is_edit:
            try:
                found = self._in_history(post)
            except SlackApiError as error:
                if error.response.status_code >= 429 or not error_code(error):
                    return  # not now; `_find_out` comes again
                log.warning("history can't be read (%s); a message may appear twice", error_code(error))
                found = None
            except LOST:
                return
            if found is not None:
                outbox.sent(self._desk, post, *found)
                return
        outbox.again(self._desk, post, "no answer", wait=0)

    def _in_history(self, post: Post) -> tuple[str, str] | None:
        channel, tried_s = post.channel, (post.tried_at or 0) // SECOND_MS
        if channel.startswith(("U", "W")):
            channel = word(
                part(checked_answer(partial(self._client.conversations_open, users=channel)), "channel", dict), "id"
            )
        oldest, latest = str(tried_s - AROUND_S), str(tried_s + AROUND_S)
        cursor: str | None = None
        seen: set[str] = set()
        for _ in range(HISTORY_PAGES):
            span = {"oldest": oldest, "latest": latest, "cursor": cursor, "limit": 200, "include_all_metadata": True}
            if post.thread_ts:
                asked = partial(self._client.conversations_replies, ts=post.thread_ts)
            else:
                asked = partial(self._client.conversations_history)
            said = checked_answer(partial(asked, channel=channel, **span))
            for message in part(said, "messages", list):
                metadata: dict[str, Any] = perhaps(message, "metadata", dict) or {}
                payload: dict[str, Any] = perhaps(metadata, "event_payload", dict) or {}
                if payload.get("outbox_id") == str(post.id):
                    return channel, word(message, "ts")
            cursor = next_page(said, seen)
            if not cursor:
                break
        return None

    def _wait(self, post: Post) -> float:
        """Seconds until Slack takes the next post in this channel: about one a second each."""
        return self._open_at.get(post.channel, 0.0) - time.monotonic()

    def _pause(self, post: Post, seconds: float) -> None:
        self._open_at[post.channel] = time.monotonic() + seconds
