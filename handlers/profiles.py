"""What Slack says of a person, asked for when it matters; what it can't say now is what it said last, for an hour."""

import logging
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.domain.clock import HOUR_MS, MINUTE_MS, Clock
from handlers.send import LOST, Garbled, checked_answer, error_code, ids, part, perhaps, word

log = logging.getLogger(__name__)
PROFILE_FRESH_MS = 5 * MINUTE_MS
"""So long an answer serves for what is asked with every message."""
PROFILES_KEPT_MS = HOUR_MS
"""So long what was known counts while Slack can't be asked."""
NO_SUCH_PERSON = frozenset(
    {"user_not_found", "user_not_visible", "users_not_found", "user_disabled", "user_not_in_team"}
)
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

    def of(self, user: str, *, within: int = PROFILE_FRESH_MS) -> Profile | None:
        """Who that is, by an answer no older than `within` ms; None where Slack can't say and has not said lately."""
        now = self._clock()
        asked_at, known = self._known.get(user, (0, None))
        if known is not None and now - asked_at < within:
            return known
        told = self._ask(user)
        if told is not None:
            self._known[user] = now, told
            return told
        return known if now - asked_at < PROFILES_KEPT_MS else None

    def last(self, user: str) -> Profile | None:
        """What Slack said last, however long ago; None where it never did."""
        return self._known.get(user, (0, None))[1]

    def _ask(self, user: str) -> Profile | None:
        try:
            return profile(asked_of(self._client, user))
        except SlackApiError as error:
            if error_code(error) in NO_SUCH_PERSON:
                return Profile(exists=False)
            log.warning("%s can't be looked up: %s", user, error_code(error) or "no answer")
        except LOST as error:
            log.warning("%s can't be looked up: %s", user, type(error).__name__)
        return None


def asked_of(client: WebClient, user: str) -> dict[str, Any]:
    """The user object of one person. Raises SlackApiError, or one of LOST: also where it is somebody else's."""
    said: dict[str, Any] = part(checked_answer(lambda: client.users_info(user=user)), "user", dict)
    if word(said, "id") != user:
        raise Garbled("somebody else")
    return said


def profile(said: dict[str, Any]) -> Profile:
    """The user object of Slack's answer. Raises Garbled where it does not say whose they are, and whether still."""
    enterprise: dict[str, Any] = perhaps(said, "enterprise_user", dict) or {}
    of_enterprise = perhaps(enterprise, "enterprise_id", str) or perhaps(said, "enterprise_id", str)
    teams = [each for told in (enterprise, said) if told.get("teams") is not None for each in ids(told, "teams")]
    return Profile(
        team_id=word(said, "team_id"),
        enterprise_id=of_enterprise or "",
        teams=frozenset(teams),
        is_gone=part(said, "deleted", bool),
        is_guest=any(perhaps(said, name, bool) for name in ("is_restricted", "is_ultra_restricted")),
        is_stranger=bool(perhaps(said, "is_stranger", bool)),
        is_bot=bool(perhaps(said, "is_bot", bool)) or said["id"] == "USLACKBOT",
    )
