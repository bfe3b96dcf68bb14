"""What Slack says of a person, asked for when it matters; what it can't say now is what it said last, for an hour."""

import logging
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.domain.clock import HOUR, MINUTE, Clock
from handlers.send import LOST, error_code

log = logging.getLogger(__name__)
_UNTOLD: tuple[type[Exception], ...] = (*LOST, KeyError, TypeError, AttributeError)
"""The answer got lost, or is none."""
FRESH = 5 * MINUTE
"""So long an answer serves for what is asked with every message."""
KEPT = HOUR
"""So long what was known counts while Slack can't be asked."""
NOBODY = frozenset({"user_not_found", "user_not_visible", "users_not_found", "user_disabled", "user_not_in_team"})
"""Definite answers: there is no such person here."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One person, as users.info tells."""

    exists: bool = True
    team_id: str = ""
    enterprise_id: str = ""
    teams: frozenset[str] = frozenset()
    """Every workspace they are in, as far as Slack says."""
    is_gone: bool = False
    """Their account was closed."""
    is_guest: bool = False
    """Of one channel or of several."""
    is_stranger: bool = False
    is_bot: bool = False


class Profiles:
    """Asks Slack, and remembers."""

    def __init__(self, client: WebClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[str, tuple[int, Profile]] = {}

    def of(self, user: str, *, within: int = FRESH) -> Profile | None:
        """Who that is, by an answer no older than `within` ms; None where Slack can't say and has not said lately."""
        now = self._clock()
        asked_at, known = self._known.get(user, (0, None))
        if known is not None and now - asked_at < within:
            return known
        told = self._ask(user)
        if told is not None:
            self._known[user] = now, told
            return told
        return known if now - asked_at < KEPT else None

    def last(self, user: str) -> Profile | None:
        """What Slack said last, however long ago; None where it never did."""
        return self._known.get(user, (0, None))[1]

    def _ask(self, user: str) -> Profile | None:
        try:
            return profile(self._client.users_info(user=user)["user"])
        except SlackApiError as error:
            if error_code(error) in NOBODY:
                return Profile(exists=False)
            log.warning("%s can't be looked up: %s", user, error_code(error) or "no answer")
        except _UNTOLD as error:
            log.warning("%s can't be looked up: %s", user, type(error).__name__)
        return None


def profile(said: dict[str, Any]) -> Profile:
    """The user object of Slack's answer."""
    enterprise = said.get("enterprise_user") or {}
    return Profile(
        team_id=str(said.get("team_id") or ""),
        enterprise_id=str(enterprise.get("enterprise_id") or said.get("enterprise_id") or ""),
        teams=frozenset(map(str, [*(enterprise.get("teams") or ()), *(said.get("teams") or ())])),
        is_gone=bool(said.get("deleted")),
        is_guest=bool(said.get("is_restricted") or said.get("is_ultra_restricted")),
        is_stranger=bool(said.get("is_stranger")),
        is_bot=bool(said.get("is_bot") or said.get("id") == "USLACKBOT"),
    )
