"""The members of Slack's user groups: a group that is gone has none, one that can't be read keeps its for an hour."""

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.domain.clock import HOUR_MS, MINUTE_MS, Clock
from handlers.send import LOST, Garbled, checked_answer, error_code, ids, next_page

log = logging.getLogger(__name__)
GROUPS_KEPT_MS = HOUR_MS
"""So long the members that were read last count while a group can't be read."""
SAID_AFTER = 5 * MINUTE_MS
"""Slack stumbles now and then; after this an admin should know."""
GROUP_GONE = frozenset({"no_such_subteam", "subteam_not_found", "invalid_subteam"})
"""Definite answers; every other error says nothing of the group: Slack stumbles, or the app may not ask."""
GROUP_PAGES = 20


class Groups:
    """What each group in use was when last asked."""

    def __init__(self, client: WebClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._read: dict[str, tuple[int, frozenset[str]]] = {}
        self._unread_since: dict[str, int] = {}
        self.troubles: dict[str, tuple[str, str]] = {}
        """What an admin should know, by group: of what kind, and the sentence."""

    def members(self, groups: Iterable[str]) -> dict[str, frozenset[str]]:
        """Ask for each of them; one that is gone, or was not to be read for an hour, has nobody."""
        return {group: self._members(group) for group in groups}

    def last(self, groups: Iterable[str]) -> dict[str, frozenset[str]]:
        """The members that each had when it was read last; nobody, where it was not."""
        return {group: self._read[group][1] for group in groups if group in self._read}

    def _members(self, group: str) -> frozenset[str]:
        now = self._clock()
        try:
            users = self._read_members(group)
        except SlackApiError as error:
            code = error_code(error)
            if error.response.status_code >= 429 or code not in GROUP_GONE:
                return self._unread(group, code or f"HTTP {error.response.status_code}", now)
            return self._gone(group, code)
        except LOST as error:
            return self._unread(group, type(error).__name__, now)
        self._read[group] = now, users
        self._unread_since.pop(group, None)
        self.troubles.pop(group, None)
        return users

    def _read_members(self, group: str) -> frozenset[str]:
        """All of them, or nothing: whoever stands on a page that can't be read would count as none."""
        users: set[str] = set()
        seen: set[str] = set()
        cursor = ""
        for _ in range(GROUP_PAGES):
            asked: dict[str, Any] = {"usergroup": group} | ({"cursor": cursor} if cursor else {})
            said = checked_answer(partial(self._client.usergroups_users_list, **asked))
            users.update(ids(said, "users"))
            cursor = next_page(said, seen)
            if not cursor:
                return frozenset(users)
        raise Garbled("too many pages")

    def _gone(self, group: str, code: str) -> frozenset[str]:
        self._read.pop(group, None)
        self._unread_since.pop(group, None)
        sentence = f"Slack has no user group {group} any more ({code}), so nobody counts as a member of it."
        self.troubles[group] = "gone", sentence
        return frozenset()

    def _unread(self, group: str, why: str, now: int) -> frozenset[str]:
        since = self._unread_since.setdefault(group, now)
        read_at, users = self._read.get(group, (None, frozenset[str]()))
        log.warning("the user group %s can't be read: %s", group, why)
        if read_at is None or now - read_at >= GROUPS_KEPT_MS:
            sentence = f"The user group {group} can't be read ({why}), so nobody counts as a member of it."
            self.troubles[group] = "lapsed", sentence
            return frozenset()
        if now - since >= SAID_AFTER:
            kept = f"Its members of before count for {GROUPS_KEPT_MS // MINUTE_MS} minutes, and then nobody."
            self.troubles[group] = "unread", f"The user group {group} can't be read ({why}). {kept}"
        return users
