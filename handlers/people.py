"""Slack's people: the app's own identity, the members of user groups, and people's time zones, asked now and then."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.domain import people
from bot.domain.clock import HOUR_MS, SECOND_MS, Clock
from bot.domain.people import Roster
from bot.services import people as people_service
from bot.services.context import Context
from bot.services.people import Called
from bot.settings import Settings
from handlers.groups import Groups
from handlers.profiles import NO_SUCH_PERSON, Profile, Profiles, asked_of
from handlers.send import LOST, checked_answer, error_code, perhaps, word

log = logging.getLogger(__name__)
ZONE_LASTS = HOUR_MS
UNREAD: tuple[type[Exception], ...] = (SlackApiError, *LOST, KeyError, ValueError)
JUST_NOW = 30 * SECOND_MS


@dataclass(slots=True)
class Identity:
    """Who we are in the workspace; empty until Slack has said so."""

    team_id: str = ""
    user_id: str = ""
    bot_id: str = ""
    enterprise_id: str = ""
    """Of an Enterprise Grid: its people are colleagues, whichever of its workspaces they are in."""

    def learn(self, client: WebClient) -> None:
        """Ask Slack. Raises SlackApiError, or one of LOST; then what was known stays."""
        said = checked_answer(client.auth_test)
        enterprise, bot = (perhaps(said, name, str) or "" for name in ("enterprise_id", "bot_id"))
        team, user = word(said, "team_id"), word(said, "user_id")
        self.enterprise_id, self.team_id, self.user_id, self.bot_id = enterprise, team, user, bot

    def has(self, told: Profile) -> bool:
        """Whether that is a person of this workspace, or of its enterprise, who is still there."""
        if not told.exists or told.is_gone or told.is_bot or told.is_stranger:
            return False
        if self.enterprise_id and told.enterprise_id:
            return told.enterprise_id == self.enterprise_id
        return not self.team_id or told.team_id in {"", self.team_id} or self.team_id in told.teams


class People:
    """The roster, with the members that user groups had when last asked, and the zones people had set."""

    def __init__(self, settings: Settings, client: WebClient, clock: Clock, identity: Identity) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._identity = identity
        self.profiles = Profiles(client, clock)
        self._group_members = Groups(client, clock)
        self._zones: dict[str, tuple[int, str]] = {}
        self._roster = settings.roster()
        self._refreshed_at = 0
        self.troubles: dict[str, str] = {}
        """What the admins should know of who decides, by a key of its own; see `roster_news.tell`."""

    def roster(self) -> Roster:
        """Teams and admins as last known."""
        return self._roster

    def take_up(self, settings: Settings) -> None:
        """Go by other settings from now on. Slack is asked anew soon; until then what it said last counts."""
        self._settings, self._refreshed_at = settings, 0
        roster = settings.roster(self._group_members.last(self._in_use()))
        self._roster = roster.without(*self._outsiders(roster))

    def refresh(self) -> None:
        """Ask Slack for the members of every user group in use, and whether those who decide are still there."""
        roster = self._settings.roster(self._group_members.members(self._in_use()))
        deciders = roster.admins.union(*(team.approvers for team in roster.teams))
        self._look_up(deciders)
        gone, guests = self._outsiders(roster)
        self._refreshed_at = self._clock()
        self._roster = roster.without(gone, guests)
        self.troubles = dict(self._group_troubles()) | dict(
            people.troubles(roster, self._roster, gone, self._with_deciders())
        )

    def _outsiders(self, roster: Roster) -> tuple[frozenset[str], frozenset[str]]:
        """Of those who decide: who is gone, and who is a guest, as Slack said last."""
        deciders = roster.admins.union(*(team.approvers for team in roster.teams))
        told = {user: known for user in deciders if (known := self.profiles.last(user)) is not None}
        gone = frozenset(user for user, known in told.items() if not self._identity.has(known))
        return gone, frozenset(user for user, known in told.items() if known.is_guest) - gone

    def freshen(self) -> None:
        """As `refresh`, unless that was just now: a no that Slack gives counts at once."""
        if self._clock() - self._refreshed_at >= JUST_NOW:
            self.refresh()

    def _look_up(self, users: Iterable[str]) -> None:
        """Stops at the first who can't be looked up: the others could not either, and somebody waits."""
        for user in sorted(users):
            if self.profiles.of(user, within=JUST_NOW) is None:
                return

    def look(self, ctx: Context) -> None:
        """As `refresh`; and the admins are told of what has changed by itself."""
        self.refresh()
        people_service.tell(ctx, self.troubles)

    def _group_troubles(self) -> Iterator[tuple[str, str]]:
        for group, (kind, sentence) in self._group_members.troubles.items():
            using = (
                name for name, team in self._settings.teams.items() if group in (team.usergroup, team.approver_group)
            )
            where = " and ".join(f"[teams.{name}]" for name in sorted(using))
            yield f"group {group} {kind}", f"{sentence} Look at {where} in valet.toml."

    def _with_deciders(self) -> frozenset[str]:
        """Teams that are to have deciders of their own."""
        teams = self._settings.teams.items()
        return frozenset(name for name, team in teams if team.approvers or team.approver_group)

    def _in_use(self) -> list[str]:
        teams = self._settings.teams.values()
        return sorted({group for team in teams for group in (team.usergroup, team.approver_group) if group})

    def is_colleague(self, user: str) -> bool:
        """Whether that is a person of this workspace who is still there; yes, where Slack can't be asked."""
        told = self.profiles.of(user, within=0)
        return told is None or self._identity.has(told)

    def zone(self, user: str) -> str:
        """The time zone a person has set in Slack; their team's where Slack does not say."""
        asked_at, known = self._zones.get(user, (0, ""))
        now = self._clock()
        if now - asked_at >= ZONE_LASTS:
            known = self._ask_zone(user) or known
            self._zones[user] = now, known
        if known:
            return known
        team = self._roster.team(self._roster.team_of(user))
        return team.timezone if team else self._settings.digest.timezone

    def called(self, user: str) -> Called | None:
        """How a person is called in Slack, and whether they have left; None where Slack can't be asked now."""
        try:
            said = asked_of(self._client, user)
            profile: dict[str, Any] = perhaps(said, "profile", dict) or {}
        except SlackApiError as error:
            return Called("", has_left=True) if error_code(error) in NO_SUCH_PERSON else None
        except LOST:
            return None
        names = (profile.get("real_name"), said.get("real_name"), profile.get("display_name"), said.get("name"))
        name = next((each for each in names if isinstance(each, str) and each), None)
        return None if name is None else Called(name, has_left=bool(perhaps(said, "deleted", bool)))

    def _ask_zone(self, user: str) -> str:
        try:
            said = word(asked_of(self._client, user), "tz")
            ZoneInfo(said)
        except UNREAD as error:
            log.warning("the zone of %s can't be read: %s", user, type(error).__name__)
            return ""
        return said
