"""Launching: the templates that admins list, what exactly is ordered, and what a machine is told at its birth."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.domain import parts
from bot.domain.acting.actions import Action, LaunchFacts
from bot.domain.acting.approvals import decider_gone
from bot.domain.acting.obstacles import shown
from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import Instance, plain_name
from bot.domain.machines.shape import Shape
from bot.domain.people import Roster
from bot.domain.preconditions import Conditions, difference

LAUNCH_DEADLINE_MS = 15 * MINUTE_MS
"""A machine that was ordered and does not run after this: a person must look."""
APPEARS_WITHIN_MS = 2 * MINUTE_MS
"""A machine that was ordered may be unknown to its provider for this long."""
ACTION_TAG = "valet-action"
UNTIL_TAG = "valet-until"
MOST_TAG = 256
"""Characters of a tag's value."""


@dataclass(frozen=True, slots=True)
class LaunchTemplate:
    """What may be launched, as valet.toml lists it."""

    name: str
    source: str
    """Where: "ec2/111122223333/us-east-1"."""
    template: str
    """EC2's launch template, by id or name."""
    version: str
    type: str
    gpu_model: str = ""
    gpu_count: int = 0
    gpu_memory_mib: int = 0
    subnets: tuple[str, ...] = ()
    """Tried in turn where there is no capacity; none: the template's own."""
    instead: tuple[str, ...] = ()
    """Other templates, offered where there is no capacity."""
    teams: tuple[str, ...] = ()
    """Whose people may use it; none: everybody's."""
    agent: bool = False
    """What it makes installs the agent: it is ready only when that reports."""

    @property
    def region(self) -> str:
        """The region."""
        return self.source.rsplit("/", 1)[-1]

    @property
    def orders(self) -> str:
        """All that is ordered by it, for a comparison."""
        return " ".join([self.source, self.type, self.template, self.version, *sorted(self.subnets)])

    def is_for(self, team: str) -> bool:
        """Whether a team's people may use it."""
        return not self.teams or team in self.teams

    def like(self) -> Instance:
        """The machine it would make, as far as that is known: what its launch template starts is not read."""
        return Instance(
            id="",
            name=self.name,
            provider="ec2",
            source=self.source,
            type=self.type,
            state="unknown",
            gpu_model=self.gpu_model,
            gpu_count=self.gpu_count,
            gpu_memory_mib=self.gpu_memory_mib,
            shape=Shape(),
        )


@dataclass(frozen=True, slots=True)
class Order:
    """One machine, to be made once: the same token makes no second one."""

    token: str
    source: str
    name: str
    type: str
    template: str = ""
    version: str = ""
    subnet: str = ""
    image_id: str = ""
    """Made from this image, in the shape of `shape`, instead of from a template."""
    shape: Instance | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def region(self) -> str:
        """The region."""
        return self.source.rsplit("/", 1)[-1]


def token_of(action: Action) -> str:
    """The token of a try: a new one only after the provider said that it has none."""
    return f"{action.id}-{action.tries}" if action.tries else action.id


def launch_ends_at(action: Action) -> int | None:
    """When the time of a machine is over that this action launched."""
    began = action.ordered_at or action.executing_at
    return None if began is None or action.length is None else began + action.length


def birth_tags(action: Action, *, name: str, team_tag: str, managed: tuple[str, str]) -> dict[str, str]:
    """Whose it is, what for and until when, and what lets Valet stop it; the same on every call of a try."""
    end = launch_ends_at(action)
    until = datetime.fromtimestamp(end / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ") if end else ""
    tags = {
        "Name": name,
        "owner": action.requester,
        team_tag: action.team,
        "purpose": plain_name(action.reason, MOST_TAG),
        UNTIL_TAG: until,
        ACTION_TAG: token_of(action),
        managed[0]: managed[1],
    }
    return {key: value for key, value in tags.items() if value}


def obstacle_to_launch(template: LaunchTemplate | None, team: str, name: str) -> str | None:
    """Why this can't be launched for this team's people; None when it can."""
    if template is None:
        return f'There is no launch template "{name}" in valet.toml any more.'
    if not template.is_for(team):
        teams = " and ".join(template.teams)
        return f"{template.name} is for {teams} only. {parts.gpu('launch')} lists what you may launch."
    return None


def obstacle_to_order(
    action: Action,
    template: LaunchTemplate | None,
    roster: Roster,
    *,
    rate_micros: int | None,
    over: frozenset[str],
    beyond: str | None,
) -> str | None:
    """What changed since the card was shown so that an approved launch must not happen; None when nothing did.

    `rate_micros` is what an hour of it costs by now, `over` which budgets are over, or would be by it, `beyond` which
    limits of fair use.
    """
    obstacle = obstacle_to_launch(template, action.team, action.template)
    if obstacle or template is None:
        return obstacle
    before, facts, orders = shown(action), action.facts, template.orders
    if before.template is None:  # asked for by a version that kept less of it
        source = facts.source if isinstance(facts, LaunchFacts) else ""
        before, orders = replace(before, template=f"{source} {facts.type}"), f"{template.source} {template.type}"
    gone = decider_gone(action, roster) or ""
    now = Conditions(template.name, rate_micros=rate_micros, template=orders, over=over, beyond=beyond, gone=gone)
    return difference("launch", before, now) or None
