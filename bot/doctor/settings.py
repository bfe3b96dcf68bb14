"""Who decides, and which days teams have off, as the settings have it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.doctor.finding import Finding, fine, warning
from bot.domain.machines import tags
from bot.domain.machines.listing import FleetFilter
from bot.domain.people import Roster
from bot.errors import Unreachable
from bot.settings import Settings
from store.checkup import looking
from store.machines import listings
from store.settings_reads import settings_read

ONE_YEAR = timedelta(days=365)


def check(settings: Settings, now: int) -> Iterator[Finding]:
    """Whether somebody can approve for every team, whether there is a channel to ask in, and which days are off."""
    roster = settings.roster()
    found = [*_deciders(settings, roster), *_channels(settings)]
    yield from found or [fine("V401", "Every team has somebody who decides, and a channel.")]
    if settings.actions.observe_only:
        yield fine("V406", "Valet only observes (observe_only under [actions]): nothing is stopped, started or made.")
    yield from _holidays(settings, datetime.fromtimestamp(now / 1000, UTC).date())


def _holidays(settings: Settings, today: date) -> Iterator[Finding]:
    """What each team's days off come to; nothing of teams without any."""
    for name, team in settings.teams.items():
        days = settings.holidays(name)
        source = team.pausing.holidays_file or "pausing.holidays"
        ahead = sorted(day for day in days if today <= day < today + ONE_YEAR)
        if days and not ahead:
            hint = f"Put a newer calendar at [teams.{name}.pausing] holidays_file, or days at holidays."
            last = f"the last was {_named(max(days))}" if max(days) < today else f"the next is {_named(min(days))}"
            yield warning("V405", f"Team {name} has no day off within a year by {source}: {last}.", hint)
        elif days:
            count = "1 day" if len(ahead) == 1 else f"{len(ahead)} days"
            yield fine("V405", f"Team {name} has {count} off within a year by {source}; next {_named(ahead[0])}.")


def _named(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _deciders(settings: Settings, roster: Roster) -> Iterator[Finding]:
    if not roster.admins:
        yield warning(
            "V401",
            "There are no admins, so nobody can approve a stop of machines that belong to no team.",
            "Name some in [slack] admins.",
        )
    elif len(roster.admins) == 1:
        yield _alone(roster.admins, "machines that belong to no team", "[slack] admins")
    for team in roster.teams:
        if settings.teams[team.name].approver_group:
            continue  # who is in it, Slack knows
        deciders = roster.approvers(team.name)
        if not deciders:
            yield warning(
                "V402",
                f"Nobody can approve for team {team.name}: it has no approvers, and there are no admins.",
                f"Name some in [teams.{team.name}] approvers.",
            )
        elif len(deciders | roster.admins) == 1:  # an admin decides where the only approver asks
            yield _alone(deciders, f"team {team.name}", f"[teams.{team.name}] approvers")


def _alone(deciders: frozenset[str], whose: str, setting: str) -> Finding:
    return warning(
        "V403",
        f"{next(iter(deciders))} alone decides for {whose}, and nobody approves their own request.",
        f"Name a second one in {setting}.",
    )


def _channels(settings: Settings) -> Iterator[Finding]:
    if settings.slack.channel:
        return
    without = [name for name, team in settings.teams.items() if not team.channel]
    if without or not settings.teams:
        whose = f"Teams without a channel: {', '.join(without)}. " if without else ""
        yield warning(
            "V404",
            f"{whose}[slack] has no channel, so some approval cards and digests have nowhere to go.",
            "Set [slack] channel to a channel id, and invite Valet there.",
        )


def check_read(settings: Settings) -> Iterator[Finding]:
    """What the bot made of its settings last; nothing where it has not read any, or nobody can look."""
    path = Path(settings.database)
    if not path.exists():
        return
    try:
        with looking(path) as db:
            last = settings_read(db)
    except (Unreachable, OSError):
        return
    if last is None:
        return
    if last.refused and last.refused_at is not None:
        was = f"{_moment(last.read_at)}; the file of {_moment(last.refused_at)} was refused: {last.refused}"
        yield warning("V112", f"The settings in force were read {was}", "Correct the file; Valet reads it by itself.")
    elif last.waiting:
        keys = ", ".join(last.waiting)
        yield warning("V112", f"{keys}: changed in the file, and not in force yet.", "Restart Valet to take that up.")
    else:
        yield fine("V112", f"The settings were last read {_moment(last.read_at)}.")


def _moment(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M} UTC"


MOST_FINDINGS = 10
"""So many machines are named."""


def check_tags(settings: Settings) -> Iterator[Finding]:
    """One finding per machine with a doubtful tag; none before there are machines, or where nobody can look."""
    path = Path(settings.database)
    if not path.exists():
        return
    try:
        with looking(path) as db:
            found = [each.instance for each in listings.listings_page(db, FleetFilter(provider="ec2"), limit=-1)]
    except (Unreachable, OSError):
        return
    told = [(each, " ".join(tags.tag_doubts(each.tags, settings.known_tags))) for each in found]
    doubtful = [(each, said) for each, said in told if said]
    for instance, said in doubtful[:MOST_FINDINGS]:
        yield warning("V503", f"{instance.name} ({instance.id}): {said}", "Correct its tags in AWS.")
    if len(doubtful) > MOST_FINDINGS:
        more = f"Tags of {len(doubtful) - MOST_FINDINGS} more machines look as if they meant something else."
        yield warning("V503", more, "`/gpu why <instance>` shows each.")
    if found and not doubtful:
        yield fine("V503", "The tags of machines mean what they look like.")
