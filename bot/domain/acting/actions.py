"""Something done to a machine: who asked, who said yes, and what still stands in the way.

pending -> approved -> executing -> done | failed | unknown
pending -> denied | expired | cancelled        approved -> aborted | cancelled
executing -> cancelled only while it waits for the provider's capacity
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bot.domain.acting.keepers import keeper_of
from bot.domain.clock import MINUTE
from bot.domain.exemptions import Exemption
from bot.domain.fleet import Instance
from bot.domain.measuring.verdict import Verdict
from bot.domain.people import Roster
from bot.domain.sharing.claims import Claim

Kind = Literal["stop", "start", "launch", "clone"]
PAST: Mapping[Kind, str] = {"stop": "stopped", "start": "started", "launch": "launched", "clone": "cloned"}
ActionState = Literal[
    "pending", "approved", "executing", "done", "failed", "unknown", "denied", "expired", "cancelled", "aborted"
]
LIVE: frozenset[str] = frozenset({"pending", "approved", "executing"})
VALET = "valet"
"""Asks by itself, at the end of a launched machine's time."""
BY_RULE = "rule"
"""Decided by the team's own limit, below which nobody is asked."""
BY_SETTINGS = "settings"
"""Decided by a rule that an admin wrote into valet.toml."""
STOP_DEADLINE = 15 * MINUTE
APPROVAL_LASTS = 15 * MINUTE
"""A yes that could not be carried out within this is no yes any more: the card has aged, and claims wait for it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the card showed when the action was asked for; frozen with it."""

    name: str
    type: str
    region: str
    verdict: str
    verdict_since: int | None
    evidence: str
    claim_ids: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    claim_until: int | None = None
    """When the last of the claims ends."""
    rate_micros: int | None = None
    rate_exact: bool = True
    """False when the figure was borrowed, say from another region."""
    nvme_gb: int = 0
    capacity_short: bool = False
    disk_gib: int | None = None
    """Of its disks, which cost whether it runs or not; None where not known."""
    zone: str = ""
    source: str = ""
    """Where a launch is to be."""
    reboot: bool = False
    """A clone reboots the machine it is made of."""
    owner: str = ""
    """Whose machine it is, where somebody launched it; told of it, and may decide on its stop."""
    budget_micros: int | None = None
    """The team's budget per month; None when it has none."""
    spent_micros: int = 0
    """Of it, spent so far this month."""
    rule: str = ""
    """The rule it follows from ("hours", "idle"), where nobody asked; such an action has no card of its own."""
    parked_at: int | None = None
    """Which notice tells of it: the moment that was announced."""
    approvals: int = 1
    """How many different people have to say yes."""
    even_active: bool = False
    """The team lets this rule end work."""

    def to_json(self) -> str:
        """For the store."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Facts":
        """From the store."""
        kept: dict[str, Any] = json.loads(text)
        known: dict[str, Any] = {name: value for name, value in kept.items() if name in cls.__slots__}
        known |= {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to be done to one instance. `launched_at` is the fence: another launch is another machine."""

    id: str
    kind: Kind
    instance_id: str
    """Empty for a launch, which begins with no instance."""
    launched_at: int | None
    requester: str
    team: str
    state: ActionState
    created_at: int
    expires_at: int
    facts: Facts
    reason: str = ""
    decider: str = ""
    """Whose decision was the last that it took."""
    yeses: tuple[str, ...] = ()
    """Who said yes, the first first."""
    break_glass: str = ""
    """Why whoever asked decided it alone, where they did."""
    decided_at: int | None = None
    executing_at: int | None = None
    called_at: int | None = None
    """When the provider was last asked; None while no call was made."""
    calls: int = 0
    finished_at: int | None = None
    outcome: str = ""
    """A sentence for people: how it ended, or while it is under way, what it waits for."""
    length: int | None = None
    """How long the machine is wanted, milliseconds; None for a stop."""
    template: str = ""
    """What a launch is made from."""
    made_id: str = ""
    """The instance that a launch or a clone made."""
    image_id: str = ""
    """The image that a clone is made from."""
    ordered_at: int | None = None
    """When a clone's machine was ordered, once its image was there."""
    tries: int = 0
    """How often the provider had no capacity."""
    retry_at: int | None = None
    """When it is tried again for that; None when it is not waiting."""

    @property
    def is_live(self) -> bool:
        """It may still lead to something."""
        return self.state in LIVE

    @property
    def asker(self) -> str:
        """Who asked, for a sentence."""
        return "Valet" if self.requester == VALET else f"<@{self.requester}>"

    @property
    def approver(self) -> str:
        """The person who said yes or no to just this; empty where a rule did."""
        return "" if self.facts.rule or self.decider in {BY_RULE, BY_SETTINGS} else self.decider

    @property
    def approvers(self) -> tuple[str, ...]:
        """The people who decided it; none where a rule did."""
        named = (self.approver,) if self.approver else ()
        return self.yeses if named and self.state != "denied" and not self.break_glass else named

    @property
    def decided_by(self) -> str:
        """Who decided, for a sentence."""
        return " and ".join(f"<@{each}>" for each in self.approvers) or "its team's rule"

    @property
    def told(self) -> str:
        """Who is told how it ends: whoever asked, or whose machine it is; empty for nobody."""
        return self.facts.owner if self.requester == VALET else self.requester

    @property
    def subject(self) -> str:
        """What the audit files it under: its instance, once there is one."""
        return self.instance_id or self.made_id or f"launch/{self.template}"


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that counts when an action on an instance is weighed."""

    instance: Instance
    claims: tuple[Claim, ...]
    """Those that hold now."""
    verdict: Verdict | None
    roster: Roster = field(default_factory=Roster)
    exemption: Exemption | None = None
    protected: bool = False
    """It bears the tag of machines that nothing is done to."""
    switches: frozenset[Kind] = frozenset()
    """What an admin's command does to it, where it is owned."""


def refusal_to_approve(action: Action, person: str, roster: Roster) -> str | None:
    """Why `person` may not decide on this action; None when they may."""
    if person == action.requester:
        return f"You asked for this yourself, so someone else decides: {_names(action, roster)}."
    if person not in deciders(action, roster):
        return f"Only {_names(action, roster)} can decide this."
    return None


def refusal_to_break_glass(action: Action, person: str, roster: Roster) -> str | None:
    """Why `person` may not pass this action by themselves; None when they may."""
    team = roster.team(action.team)
    if team is None or not team.break_glass:
        return f"Nobody passes their own request here; {_names(action, roster)} can decide this."
    if person != action.requester or person not in team.approvers:
        return f"Only who asked for it, as an approver of team {team.name}, can; {_names(action, roster)} can decide."
    return None


def deciders(action: Action, roster: Roster) -> frozenset[str]:
    """Who may decide on it: the team's approvers, else the admins; never the requester.

    Where Valet itself asks, whoever the machine was launched for decides as well.
    """
    if action.requester == VALET:
        return roster.approvers(action.team) | ({action.facts.owner} - {""})
    return (roster.approvers(action.team) - {action.requester}) or (roster.admins - {action.requester})


def _names(action: Action, roster: Roster) -> str:
    return " or ".join(f"<@{user}>" for user in sorted(deciders(action, roster))) or "nobody yet (no approver is set)"


def obstacle_to_stop(scene: Scene, *, even_active: bool = False) -> str | None:
    """Why this instance can't be stopped at all just now, with what to do instead; None when it can."""
    instance = scene.instance
    if instance.provider == "owned" and "stop" not in scene.switches:
        drain = f"`/gpu drain {instance.name}` keeps it from new claims"
        return f"{instance.name} is owned: Valet can't switch it off, and it costs the same either way. {drain}."
    if instance.state != "running":
        return f"{instance.name} is {instance.state}, not running."
    if scene.exemption is not None:
        day = f"{scene.exemption.last_day:%-d %B %Y}"
        return (
            f"{instance.name} is exempt until {day}: {scene.exemption.reason}. Ask an admin to lift it in valet.toml."
        )
    known = scene.verdict is not None and scene.verdict.state != "unknown"
    verdict = None if even_active and known else _verdict_obstacle(instance.name, scene.verdict)
    return kept(scene) or _provider_obstacle(instance) or verdict


def kept(scene: Scene) -> str | None:
    """Why nothing is done to this instance from here, whatever it is; None when it may be."""
    name = scene.instance.name
    if scene.protected:
        return f"{name} is protected by a tag. Whoever set the tag can take it off in AWS; Valet can't and won't."
    keeper = keeper_of(scene.instance)
    return f"{name} belongs to {keeper}, which decides when it runs. Change it there." if keeper else None


def _provider_obstacle(instance: Instance) -> str | None:
    name = instance.name
    if instance.asg:
        return f"{name} belongs to the Auto Scaling group {instance.asg}, which would replace it. Scale the group."
    if instance.lifecycle != "on-demand":
        return f"{name} is a {instance.lifecycle} instance; a stop would give it up. Ask its owner to end the request."
    if instance.root_device != "ebs":
        return f"{name} boots from instance store, so it can't be stopped without losing everything."
    if instance.stop_protected:
        return f"{name} has stop protection. Its owner can lift it in AWS; Valet can't and won't."
    return None


def _verdict_obstacle(name: str, verdict: Verdict | None) -> str | None:
    if verdict is None or verdict.state == "unknown":
        why = verdict.evidence if verdict else "no agent has reported from it"
        return (
            f"I can't tell whether {name} works ({why}), so I won't stop it. Start the agent on it, or stop it in AWS."
        )
    if not verdict.is_idle:
        return f"{name} is working: {verdict.evidence}. Valet doesn't stop a machine that works."
    return None


def obstacle_to_execute(action: Action, scene: Scene) -> str | None:
    """What changed since the card was shown so that an approved stop must not happen; None when nothing did."""
    instance = scene.instance
    unfit = outdated(action, scene)
    if unfit:
        return unfit
    if any(claim.id not in action.facts.claim_ids for claim in scene.claims):
        return f"{instance.name} was claimed after the request."
    return obstacle_to_stop(scene, even_active=action.facts.even_active)


def outdated(action: Action, scene: Scene) -> str | None:
    """Why what was approved is not what would be done now, whatever its kind; None when it still is."""
    if scene.instance.launched_at != action.launched_at:
        return f"{scene.instance.name} was restarted after the request."
    return decider_gone(action, scene.roster)


def decider_gone(action: Action, roster: Roster) -> str | None:
    """Whether whoever said yes may still say so; None when they may."""
    if action.decider in {"", BY_RULE, BY_SETTINGS}:
        return None
    refuses = refusal_to_break_glass if action.break_glass else refusal_to_approve
    said, needed = action.approvers or (action.decider,), 1 if action.break_glass else action.facts.approvals
    gone = [each for each in said if refuses(action, each, roster)]
    return f"<@{gone[0]}> may no longer approve this." if gone and len(said) - len(gone) < needed else None
