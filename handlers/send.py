"""Sending to Slack with patience: 429 is waited out, and blocks it refuses are left out rather than the answer."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

from handlers.blocks import tables
from handlers.blocks.parts import FALLBACK_TEXT, Block, Reply, cut_mrkdwn

log = logging.getLogger(__name__)
T = TypeVar("T")
TRIES = 3
PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
TIMEOUT_S = 10
BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
UNSURE = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})
"""After these Slack may have posted it or not."""
LOST: tuple[type[Exception], ...] = (OSError, HTTPException)
"""What a call raises when its answer got lost: the connection broke, or broke off, or what came is no answer."""
_WORD = re.compile(r"[a-z][a-z0-9_]*")


class Garbled(OSError):
    """What came is no answer of Slack's: other parts, or other kinds of parts. So nothing is known."""


def checked_answer(call: Callable[[], SlackResponse]) -> SlackResponse:
    """Make a call. Raises SlackApiError, or one of LOST: JSON that is no object makes the SDK itself stumble."""
    try:
        return call()
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise Garbled(type(error).__name__) from None  # its text may quote a header, and with it the token


def part(said: Any, name: str, kind: type[T]) -> T:
    """A part of Slack's answer that has to be there. Raises Garbled."""
    found = perhaps(said, name, kind)
    if found is None:
        raise Garbled(f"{name} is missing")
    return found


def word(said: Any, name: str) -> str:
    """A text of Slack's answer that has to be there and says something. Raises Garbled."""
    found = part(said, name, str)
    if not found:
        raise Garbled(f"{name} is empty")
    return found


def perhaps(said: Any, name: str, kind: type[T]) -> T | None:
    """A part that Slack may leave out, or set to null. Raises Garbled."""
    try:
        found = said.get(name)
    except (AttributeError, ValueError):
        raise Garbled(f"{name} in no object") from None
    if found is not None and not isinstance(found, kind):
        raise Garbled(f"{name} is {type(found).__name__}")
    return found


def ids(said: Any, name: str) -> list[str]:
    """A list of ids that has to be there. Raises Garbled."""
    found: list[Any] = part(said, name, list)
    if not all(isinstance(each, str) and each for each in found):
        raise Garbled(f"{name} has other than ids")
    return found


def next_page(said: Any, before: set[str]) -> str:
    """The cursor of the next page, which is noted; empty where this is the last. Raises Garbled where it repeats."""
    cursor = perhaps(perhaps(said, "response_metadata", dict) or {}, "next_cursor", str) or ""
    if cursor and cursor in before:
        raise Garbled("the same page again")
    before.add(cursor)
    return cursor


def patiently(call: Callable[[], SlackResponse]) -> SlackResponse:
    """Make a Web API call, up to three tries: 429 is waited out as Slack asks, a stumble or lost connection tried anew.

    Twice is better than never here: what must not be said twice goes through the outbox. Raises SlackApiError, or what
    the last lost connection raised.
    """
    for _ in range(TRIES - 1):
        try:
            return checked_answer(call)
        except SlackApiError as error:
            limited = error.response.status_code == 429
            if not limited and error.response.status_code < 500 and error_code(error) not in UNSURE | {""}:
                raise
            time.sleep(retry_after(error.response.headers) if limited else PAUSE_S)
        except LOST:
            time.sleep(PAUSE_S)
    return checked_answer(call)


def retry_after(headers: Mapping[str, Any], *, longest: float = LONGEST_PAUSE_S) -> float:
    """Seconds Slack asks to wait, at most `longest`."""
    found = next((value for name, value in headers.items() if name.lower() == "retry-after"), "1")
    text = str(found[0] if isinstance(found, list) else found)
    return min(float(text), longest) if text.isascii() and text.isdigit() else PAUSE_S


def slacks_clock(headers: Mapping[str, Any]) -> int | None:
    """When Slack says it answered, UTC milliseconds; None where it does not."""
    found = next((value for name, value in headers.items() if name.lower() == "date"), "")
    try:
        return int(parsedate_to_datetime(str(found[0] if isinstance(found, list) else found)).timestamp() * 1000)
    except ValueError:
        return None


def degrees(blocks: list[Block]) -> list[list[Block]]:
    """The blocks, and what is sent when Slack refuses the ones before: the newest kinds of blocks go first.

    Without charts, whose figures stand in the text; with the older table; with rows of text; and none at all. That
    makes five at most, as many as a response URL takes.
    """
    found = [blocks]
    for plainer in (_without_charts, tables.as_older_table, tables.as_rows):
        less = [part for block in found[-1] for part in plainer(block)]
        if less not in (found[-1], []):
            found.append(less)
    return [*found, *([[]] if blocks else [])]


def _without_charts(block: Block) -> list[Block]:
    return [] if block["type"] == "data_visualization" else [block]


def error_code(error: SlackApiError) -> str:
    """Slack's word for what is wrong; empty where it says none, as a proxy's page."""
    data = error.response.data
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) and _WORD.fullmatch(code) else ""


def post(client: WebClient, channel: str, reply: Reply, *, thread: str = "", reader: str = "") -> None:
    """Post in a channel, or to a person by their id; with `reader` only that member of the channel sees it.

    Raises SlackApiError, or what a lost connection raised.
    """
    call: Callable[..., SlackResponse] = client.chat_postEphemeral if reader else client.chat_postMessage
    more: dict[str, Any] = {"user": reader} if reader else {"unfurl_links": False}
    for blocks in degrees(reply.blocks):
        content = {"text": cut_mrkdwn(reply.text, FALLBACK_TEXT), "blocks": blocks or None}
        try:
            patiently(
                lambda shown=content: call(  # type: ignore[misc]
                    channel=channel, thread_ts=thread or None, **more, **shown
                )
            )
        except SlackApiError as error:
            if not blocks or error_code(error) not in BLOCKS_REFUSED:
                raise
            log.error("Slack refused blocks: %s", error_code(error))  # noqa: TRY400 - the trace would tell nothing
        else:
            return


def send_answer(url: str, reply: Reply) -> bool:
    """Answer a command or a click through its response URL; False when Slack did not take it."""
    for blocks in degrees(reply.blocks):
        status, said = _offer(url, reply, blocks)
        if status == 200:
            return True
        log.error("Slack refused an answer: %s %s", status, said[:200])
        if not any(code in said for code in BLOCKS_REFUSED):
            break
    return False


def _offer(url: str, reply: Reply, blocks: list[Block]) -> tuple[int, str]:
    """Post to a response URL, up to three tries; the last status (0 for none) and what came with it."""
    client = WebhookClient(url, timeout=TIMEOUT_S, retry_handlers=[])
    status, said, pause = 0, "", 0.0
    for _ in range(TRIES):
        time.sleep(pause)
        pause = PAUSE_S
        try:
            result = client.send(
                text=cut_mrkdwn(reply.text, FALLBACK_TEXT),
                blocks=blocks or None,
                response_type="ephemeral" if reply.private else "in_channel",
                replace_original=reply.replace,
            )
        except LOST as error:
            said = type(error).__name__
            continue
        status, said = result.status_code, result.body
        if status == 429:
            pause = retry_after(result.headers)
        elif status < 500:
            break
    return status, said
