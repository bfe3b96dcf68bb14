"""The client for Slack's Web API: it waits where Slack asks it to, and keeps in mind which token Slack refuses."""

import logging
import threading
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler
from slack_sdk.web.slack_response import SlackResponse

from bot.settings import Secrets
from handlers.notifier import SHUT_OUT
from handlers.send import checked_answer, error_code

log = logging.getLogger(__name__)
REFUSED_CODES = SHUT_OUT | {"not_allowed_token_type"}
"""A definite no to the token itself: no later try will be answered otherwise."""
OPENING = "apps.connections.open"
"""The one method that takes the app token."""


class SlackClient(WebClient):
    """Slack's own client, with an ear for what is wrong with the tokens."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lock = threading.Lock()
        self._refused: dict[str, str] = {}

    def api_call(self, api_method: str, **kwargs: Any) -> SlackResponse:
        """Call a method. Raises SlackApiError, or what a lost connection raised."""
        name = "SLACK_APP_TOKEN" if api_method == OPENING else "SLACK_BOT_TOKEN"
        try:
            said = checked_answer(lambda: super(SlackClient, self).api_call(api_method, **kwargs))
        except SlackApiError as error:
            if error_code(error) in REFUSED_CODES:
                self._note(name, error_code(error))
            raise
        self._note(name, "")
        return said

    def _note(self, name: str, code: str) -> None:
        with self._lock:
            before = self._refused.get(name, "")
            self._refused[name] = code
        if code and code != before:
            log.critical("Slack refuses %s (%s): put a valid one in its place and start Valet again", name, code)
        elif before and not code:
            log.warning("Slack takes %s again", name)

    def worries(self) -> tuple[str, ...]:
        """A sentence for each token that Slack refuses."""
        with self._lock:
            refused = sorted((name, code) for name, code in self._refused.items() if code)
        return tuple(f"Slack refuses {name} ({code}): put a valid one in its place" for name, code in refused)


def slack_client(secrets: Secrets) -> SlackClient:
    """For calls that may wait: rate limits and dropped connections are tried again."""
    handlers = [ConnectionErrorRetryHandler(), RateLimitErrorRetryHandler(max_retry_count=2)]
    return SlackClient(secrets.bot_token, base_url=secrets.slack_api_url, timeout=10, retry_handlers=handlers)
