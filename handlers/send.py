"""Sending to Slack with patience: 429 is waited out, and a message it refuses for its chart goes without it."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

from handlers.blocks.parts import Block, Reply

log = logging.getLogger(__name__)
TRIES = 3
LONGEST_PAUSE_S = 30.0
NATIVE = frozenset({"data_visualization", "data_table"})


def patiently(call: Callable[[], SlackResponse]) -> SlackResponse:
    """Make a Web API call, waiting out 429 as Slack asks, up to three tries. Raises SlackApiError."""
    for _ in range(TRIES - 1):
        try:
            return call()
        except SlackApiError as error:
            if error.response.status_code != 429:
                raise
            time.sleep(retry_after(error.response.headers))
    return call()


def retry_after(headers: Mapping[str, Any]) -> float:
    """Seconds Slack asks to wait, at most 30."""
    found = next((value for name, value in headers.items() if name.lower() == "retry-after"), "1")
    text = found[0] if isinstance(found, list) else found
    return min(float(text) if text.isdigit() else 1.0, LONGEST_PAUSE_S)


def plainer(blocks: list[Block]) -> list[Block]:
    """The blocks without charts, for a Slack that does not draw them yet; the figures stand in the text."""
    return [block for block in blocks if block["type"] not in NATIVE]


def answer(url: str, reply: Reply) -> None:
    """Answer a command or a click through its response URL. A failure is logged, since there is nobody left to tell."""
    blocks = reply.blocks
    for _ in range(TRIES):
        result = WebhookClient(url).send(
            text=reply.text,
            blocks=blocks or None,
            response_type="ephemeral" if reply.private else "in_channel",
            replace_original=reply.replace,
        )
        if result.status_code == 429:
            time.sleep(retry_after(result.headers))
        elif "invalid_blocks" in result.body and plainer(blocks) != blocks:
            blocks = plainer(blocks)
        elif result.status_code != 200:
            log.error("Slack refused an answer: %s %s", result.status_code, result.body[:200])
            return
        else:
            return
