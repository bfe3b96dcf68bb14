"""Who is no colleague: people of other workspaces see shared channels, press there, mention the bot and look at it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.errors import Refused
from handlers.people import Identity
from handlers.profiles import Profile

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a payload says of whose somebody is."""

    user: str
    teams: tuple[str, ...]
    """Workspaces it names for them; the one it came through, where it names none."""
    enterprises: tuple[str, ...] = ()
    """Enterprises it names, ours or theirs."""
    enterprise_of_theirs: str = ""
    """The enterprise it names for just that workspace."""
    is_certain: bool = True
    """Whether the workspaces are the person's own, and not those of a channel."""


def of_command(body: Body) -> Origin:
    """Only who is in a workspace that has the app can type its commands, so it tells of both together."""
    team, enterprise = _text(body.get("team_id")), _text(body.get("enterprise_id"))
    return Origin(_text(body.get("user_id")), _named(team), _named(enterprise), enterprise, is_certain=bool(team))


def of_press(body: Body) -> Origin:
    """`user.team_id` is the person's; `team` and `enterprise` may be of the channel."""
    user, team, enterprise = (body.get(key) or {} for key in ("user", "team", "enterprise"))
    own, through = _text(user.get("team_id")), _text(team.get("id"))
    named = _named(team.get("enterprise_id"), enterprise.get("id"))
    of_theirs = named[0] if named and own and own == through else ""
    return Origin(_text(user.get("id")), _named(own or through), named, of_theirs, is_certain=bool(own))


def of_event(body: Body) -> Origin:
    """The event names its author's workspace, or nothing; then only the one that it came through is known."""
    event, outer = body["event"], _text(body.get("team_id"))
    inner = _named(*(event.get(key) for key in ("user_team", "source_team", "team")))
    named, shared = _named(body.get("enterprise_id")), bool(body.get("is_ext_shared_channel"))
    of_theirs = named[0] if named and set(inner) == {outer} else ""
    teams = inner or _named(outer)
    return Origin(_text(event.get("user")), teams, named, of_theirs, is_certain=bool(inner) and not shared)


def refuse(identity: Identity, origin: Origin, ask: Callable[[str], Profile | None]) -> None:
    """Refuse who is not of this workspace or its enterprise. Raises Refused."""
    theirs = is_ours(identity, origin, ask)
    if theirs is None:
        raise Refused("Slack does not say just now whether you are of this workspace. Try again in a minute.")
    if not theirs:
        raise Refused("Valet only answers people of its own workspace.")


def is_ours(identity: Identity, origin: Origin, ask: Callable[[str], Profile | None]) -> bool | None:
    """Whether somebody is a colleague; None where the payload does not tell, and Slack can't be asked."""
    foreign = [team for team in origin.teams if team != identity.team_id]
    if foreign and not identity.enterprise_id:
        return False
    if origin.is_certain and not foreign:
        return True
    told = ask(origin.user) if origin.user else Profile(exists=False)
    if told is None:
        return None
    if not identity.has(told):
        # of our enterprise, in a workspace that Slack tells us nothing of, where the payload knows of just that one
        return not told.enterprise_id and told.exists and _vouches(identity, origin, told)
    return not foreign or bool(told.enterprise_id) or identity.enterprise_id in origin.enterprises


def _vouches(identity: Identity, origin: Origin, told: Profile) -> bool:
    gone = told.is_gone or told.is_stranger or told.is_bot
    return bool(identity.enterprise_id) and not gone and origin.enterprise_of_theirs == identity.enterprise_id


def _named(*ids: object) -> tuple[str, ...]:
    return tuple(str(each) for each in ids if each)


def _text(value: object) -> str:
    return str(value or "")
