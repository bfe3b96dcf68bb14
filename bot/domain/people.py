"""Who may do what: teams, approvers and admins, known by Slack user id only."""

from collections.abc import Iterable
from dataclasses import dataclass, replace


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
    return " or ".join(f"<@{user}>" for user in sorted(users)) or "nobody yet (no approver is set)"
