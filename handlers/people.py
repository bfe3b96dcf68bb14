"""Slack's people: the app's own identity, and the members of user groups, looked up now and then."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.domain.people import Roster
from bot.settings import Settings

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Identity:
    """Who we are in the workspace; empty until Slack has said so."""

    team_id: str = ""
    user_id: str = ""
    bot_id: str = ""

    def learn(self, client: WebClient) -> None:
        """Ask Slack. Raises SlackApiError or OSError."""
        said = client.auth_test()
        self.team_id, self.user_id, self.bot_id = said["team_id"], said["user_id"], said.get("bot_id", "")


class People:
    """The roster, with the members that user groups had when last asked."""

    def __init__(self, settings: Settings, client: WebClient) -> None:
        self._settings = settings
        self._client = client
        self._groups: dict[str, frozenset[str]] = {}
        self._roster = settings.roster()

    def roster(self) -> Roster:
        """Teams and admins as last known."""
        return self._roster

    def refresh(self) -> None:
        """Ask Slack for the members of every user group in use; one that can't be read keeps its last members."""
        for group in self._in_use():
            try:
                users: Iterable[str] = self._client.usergroups_users_list(usergroup=group)["users"]
            except (SlackApiError, OSError) as error:
                log.warning("user group %s can't be read: %s", group, type(error).__name__)
                continue
            self._groups[group] = frozenset(users)
        self._roster = self._settings.roster(self._groups)

    def _in_use(self) -> list[str]:
        return sorted({team.usergroup for team in self._settings.teams.values() if team.usergroup})
