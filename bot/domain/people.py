"""Who may do what: teams, approvers and admins, known by Slack user id only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bot.domain import parts

FORGOTTEN_ID = "UFORGOTTEN"
"""How the id begins that stands for somebody who was forgotten; six letters or digits of their own follow."""


def is_forgotten(user: str) -> bool:
    """Whether an id stands for somebody who was forgotten."""
    return user.startswith(FORGOTTEN_ID)


@dataclass(frozen=True, slots=True)
class Team:
    """A team and its rules, as the settings give them."""

    name: str
    members: frozenset[str] = frozenset()
    approvers: frozenset[str] = frozenset()
    approvals: int = 1
    """How many different people have to say yes."""
    break_glass: bool = False
    """Its approvers may pass their own requests, with a reason that is posted."""
    guests_approve: bool = False
    """Whether guests of the workspace decide, too, where they are named or in the group."""
    channel: str = ""
    timezone: str = "UTC"
    budget_micros: int | None = None
    """Budget per calendar month, micro-dollars."""


@dataclass(frozen=True, slots=True)
class Roster:
    """All teams and the admins."""

    teams: tuple[Team, ...] = ()
    admins: frozenset[str] = frozenset()

    def team(self, name: str) -> Team | None:
        """The team of that name, if there is one."""
        return next((team for team in self.teams if team.name == name), None)

    def team_of(self, user: str) -> str:
        """The name of the first team the user is a member of, else an approver of; empty when in none."""
        member = (team.name for team in self.teams if user in team.members)
        return next(member, "") or next((team.name for team in self.teams if user in team.approvers), "")

    def approvers(self, team_name: str) -> frozenset[str]:
        """Who may approve for a team: its approvers, else the admins."""
        team = self.team(team_name)
        return (team.approvers if team else frozenset()) or self.admins

    def without(self, gone: frozenset[str], guests: frozenset[str]) -> "Roster":
        """As it is without those who have left, and without guests among those who decide."""
        teams = tuple(
            replace(
                team,
                members=team.members - gone,
                approvers=team.approvers - gone - (frozenset() if team.guests_approve else guests),
            )
            for team in self.teams
        )
        return Roster(teams, self.admins - gone - guests)


def either(users: Iterable[str]) -> str:
    """Who of them could do it, for a sentence that refuses somebody else."""
    return parts.persons(sorted(users), nobody="nobody yet (no approver is set)")


def troubles(named: Roster, able: Roster, gone: frozenset[str], meant: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What the admins should know, by a key that stays while it is so.

    `able` is `named` without who decides no more; `meant` are the teams that the settings give deciders of their own.
    """
    for user in sorted(named.admins - able.admins):
        yield f"admin {user}", f"{_why(user, gone)} and is no admin of Valet any more. Look at [slack] admins."
    for team in named.teams:
        left = able.team(team.name)
        out = sorted(team.approvers - (left.approvers if left else frozenset()))
        for user in out:
            remedy = "" if user in gone else " Unless `guests_approve = true` stands there."
            where = f"Look at [teams.{team.name}] in valet.toml."
            yield (
                f"{team.name} {user} {'gone' if user in gone else 'guest'}",
                f"{_why(user, gone)}, so they decide nothing for team {team.name}. {where}{remedy}",
            )
        if team.name in meant and not (left and left.approvers):
            yield (
                f"{team.name} nobody",
                f"Nobody is left who may decide for team {team.name}, so the admins are asked instead.",
            )


def _why(user: str, gone: frozenset[str]) -> str:
    return f"{parts.person(user)} is {'no member of this workspace any more' if user in gone else 'a guest'}"
