"""One question to Slack's Web API, with whatever comes of it; no answer ever carries a token."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Said:
    """What Slack said; `error` is empty when it agreed."""

    error: str = ""
    detail: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name."""


def ask(call: Callable[[], SlackResponse]) -> Said:
    """Make the call. Slack's refusal and its silence are answers too."""
    try:
        return _said(call())
    except SlackApiError as refusal:
        answer = refusal.response
        return _said(answer) if isinstance(answer, SlackResponse) else Said(NO_ANSWER, "an answer that isn't Slack's")
    except OSError as silence:
        reason = getattr(silence, "reason", silence)
        return Said(NO_ANSWER, str(getattr(reason, "strerror", None) or reason))
    except (SlackClientError, HTTPException, ValueError) as other:
        # The text of a ValueError may quote a header, and with it the token.
        return Said(NO_ANSWER, f"an answer that isn't Slack's ({type(other).__name__})")


def _said(answer: SlackResponse) -> Said:
    headers = {name.lower(): value if isinstance(value, str) else value[0] for name, value in answer.headers.items()}
    if not isinstance(answer.data, dict):
        return Said(NO_ANSWER, "an answer that isn't Slack's", headers=headers)
    refused = "" if answer.data.get("ok") else str(answer.data.get("error") or f"status {answer.status_code}")
    return Said(refused, content=answer.data, headers=headers)
