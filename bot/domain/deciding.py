"""What has become of those who were to decide: who left, who is a guest, and where nobody is left."""

from collections.abc import Iterator

from bot.domain.people import Roster


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
    return f"<@{user}> is no member of this workspace any more" if user in gone else f"<@{user}> is a guest"
