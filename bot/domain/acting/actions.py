"""Something done to a machine: who asked, who said yes, and what still stands in the way.

pending -> approved -> executing -> done | failed | unknown
pending -> denied | expired | cancelled        approved -> aborted | cancelled
executing -> cancelled only while it waits for the provider's capacity
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from bot.domain import parts
from bot.domain.clock import MINUTE_MS
from bot.domain.money.rates import cost_for
from bot.domain.money.standing_costs import StandingCost

ActionKind = Literal["stop", "start", "launch", "clone", "resize"]
PAST_TENSE: Mapping[ActionKind, str] = {
    "stop": "stopped",
    "start": "started",
    "launch": "launched",
    "clone": "cloned",
    "resize": "resized",
}
ActionState = Literal[
    "pending", "approved", "executing", "done", "failed", "unknown", "denied", "expired", "cancelled", "aborted"
]
LIVE_STATES: frozenset[str] = frozenset({"pending", "approved", "executing"})
NOTHING_CAME: frozenset[str] = frozenset({"failed", "unknown", "aborted"})
"""It was decided, and it did not come about as far as anybody knows."""
NOBODY_ASKED = "Its card was not posted in time, so nobody was asked."
"""How a request lapsed that those who decide never saw: Valet was away, or Slack did not take the card."""
VALET = "valet"
"""Asks by itself, at the end of a launched machine's time."""
BY_RULE = "rule"
"""Decided by the team's own limit, below which nobody is asked."""
BY_SETTINGS = "settings"
"""Decided by a rule that an admin wrote into valet.toml."""
STOP_DEADLINE_MS = 15 * MINUTE_MS
APPROVAL_LASTS_MS = 15 * MINUTE_MS
"""A yes that could not be carried out within this is no yes any more: the card has aged, and claims wait for it."""


class OverBudget(NamedTuple):
    """A budget beside the team's that is over, or would be by an action, micro-dollars."""

    name: str
    """Of what: "the company", "type p4d.24xlarge", a machine."""
    spent_micros: int
    budget_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFacts:
    """What the card showed when the action was asked for, frozen with it: what every kind has."""

    name: str
    type: str
    """What is to run or to stop; of a resize, what it becomes, and so are the rate and the risk."""
    region: str
    rate_micros: int | None = None
    rate_exact: bool = True
    """False when the figure was borrowed, say from another region."""
    capacity_short: bool = False
    rule: str = ""
    """The rule it follows from ("hours", "idle"), where nobody asked; such an action has no card of its own."""
    parked_at: int | None = None
    """Which notice tells of it: the moment that was announced, or at which on-hours began."""
    approvals: int = 1
    """How many different people have to say yes."""
    is_observed: bool = False
    """It was asked for while Valet only observed, and its card says that nothing is done whatever is decided."""


# The parts below have no slots of their own: Python combines no two bases that have. The kinds have them all.


@dataclass(frozen=True, kw_only=True)
class PaidFacts(ActionFacts):
    """Of what makes something run that costs money: what may be spent this month and has been, and fair use."""

    __slots__ = ()

    budget_micros: int | None = None
    """The team's budget per month; None when it has none."""
    spent_micros: int = 0
    """Of it, spent so far this month."""
    over: tuple[OverBudget, ...] = ()
    beyond: str | None = None
    """The limits of fair use that whoever asks would go beyond, as phrases; None: not looked at."""
    spent_from: str = ""
    """The day from which that is known, where it is after the first of the month: "2026-11-23"."""
    unread: tuple[str, ...] = ()
    unread_since: int | None = None
    """Sources of machines that were silent when it was asked for, and since when one was: what is spent lacks them."""


@dataclass(frozen=True, kw_only=True)
class MachineFacts(ActionFacts):
    """Of a machine that is there: who has it and wants it, and what it costs on."""

    __slots__ = ()

    claim_ids: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    claim_until: int | None = None
    """When the last of the claims ends."""
    booked_by: str = ""
    booked_at: int | None = None
    """Who has booked it next, and from when, where that is within a day."""
    kept_by: str = ""
    kept_until: int | None = None
    kept_why: str = ""
    """Who else has snoozed it the longest, until when and why."""
    snoozed: Mapping[str, int] = field(default_factory=dict)
    """Until when each person wanted it left alone by then, where what runs there is to end."""
    paid_anyway: str = ""
    """What it runs in that is paid whether it runs or not; a stop saves nothing then."""
    shape: str | None = None
    """What it is besides its type, as "Windows, dedicated"; None where that was not kept."""
    nvme_gb: int = 0
    keeping: StandingCost | None = None
    """What costs on whether it runs or not; None where not known."""
    zone: str = ""

    @property
    def saved_micros(self) -> int | None:
        """Micro-dollars an hour that a stop saves; None where no price is known."""
        return 0 if self.paid_anyway else self.rate_micros

    @property
    def booked(self) -> tuple[str, int] | None:
        """Who has booked it next, and from when."""
        return (self.booked_by, self.booked_at) if self.booked_at is not None else None

    @property
    def left_alone(self) -> dict[str, int]:
        """Until when each person wanted it left alone."""
        return ({self.kept_by: self.kept_until or 0} if self.kept_by else {}) | dict(self.snoozed)

    @property
    def held(self) -> tuple[tuple[str, str], ...]:
        """Each claim on it, with its holder."""
        return tuple(zip(self.claim_ids, self.holders, strict=True))


@dataclass(frozen=True, kw_only=True)
class SeenFacts(MachineFacts):
    """Of a machine whose work may end: what it was seen to do."""

    __slots__ = ()

    verdict: str = ""
    verdict_since: int | None = None
    evidence: str = ""
    as_of: int | None = None
    """Up to when it was seen for the verdict."""
    late_by: str = ""
    late: int = 0
    """Who tells of work at the soonest, and how long after it began, milliseconds, where nobody tells at once."""
    programs: tuple[str, ...] = ()
    """What was seen running on its GPUs, with the unix user where that is known."""
    waiting: int = 0
    """How many stand in the line for just this machine; one that is resized is not stopped then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopFacts(SeenFacts):
    """On the card of a stop."""

    owner: str = ""
    """Whose machine it is, where somebody launched it; told of it, and may decide on its stop."""
    even_active: bool = False
    """It may end work: the team lets this rule, or it is known to work and two people are asked."""
    saves_from: int | None = None
    saves_until: int | None = None
    """From when, and until when, its card reckons what it saves; None where that is not known."""
    saves_why: str = ""
    """Why until then, as a sentence has it behind the moment: "when its on-hours begin"."""

    def saves_by(self, begin: int | None) -> int | None:
        """Micro-dollars that a stop at `begin` saves until then; None where that is not known, or nothing."""
        if not self.saved_micros or begin is None or self.saves_until is None or self.saves_until <= begin:
            return None
        return cost_for(self.saved_micros, self.saves_until - begin)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFacts(MachineFacts, PaidFacts):
    """On the card of a start."""

    asks_at_end: bool = False
    """When its time is over, Valet asks whether to stop it; not where it could not, nor of what was asked before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchFacts(PaidFacts):
    """On the card of a launch, for which there is no machine yet."""

    source: str = ""
    """Where it is to be."""
    template: str = ""
    """What its template orders there; empty where that was not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloneFacts(MachineFacts, PaidFacts):
    """On the card of a clone."""

    reboot: bool = False
    """It reboots the machine that it is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeFacts(SeenFacts, PaidFacts):
    """On the card of a resize: of the machine that is resized, and of what it becomes."""

    reboot: bool = False
    was_type: str = ""
    was_rate_micros: int | None = None
    idle_after: int | None = None
    """How long after its reboot it can be seen idle again at the soonest."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Which the new one bears as well."""
    exempt: str = ""
    """Until when and why it is exempt by its name, which the new one does not have."""


KindFacts = StopFacts | StartFacts | LaunchFacts | CloneFacts | ResizeFacts
FACTS: Mapping[ActionKind, type[KindFacts]] = {
    "stop": StopFacts,
    "start": StartFacts,
    "launch": LaunchFacts,
    "clone": CloneFacts,
    "resize": ResizeFacts,
}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to be done to one instance. `launched_at` is the fence: another launch is another machine.

    Raises ValueError for facts of another kind than its own.
    """

    # What was asked for.
    id: str
    kind: ActionKind
    instance_id: str
    """Empty for a launch, which begins with no instance."""
    launched_at: int | None
    requester: str
    team: str
    state: ActionState
    created_at: int
    expires_at: int
    facts: KindFacts
    reason: str = ""
    # Decided.
    decider: str = ""
    """Whose decision was the last that it took."""
    yeses: tuple[str, ...] = ()
    """Who said yes, the first first."""
    break_glass: str = ""
    """Why whoever asked decided it alone, where they did."""
    decided_at: int | None = None
    # Carried out. A row is written before each call, so that these tell after a crash what may have been asked for.
    executing_at: int | None = None
    called_at: int | None = None
    """When the provider was last asked; None while no call was made."""
    calls: int = 0
    finished_at: int | None = None
    outcome: str = ""
    """A sentence for people: how it ended, or while it is under way, what it waits for."""
    # Only a stop.
    batch: str = ""
    """The batch it was asked for with, where several stops are on one card."""
    # Every kind but a stop: it costs for a time, and the provider may have no capacity.
    length: int | None = None
    """How long the machine is wanted, milliseconds; None for a stop."""
    tries: int = 0
    """How often the provider had no capacity."""
    retry_at: int | None = None
    """When it is tried again for that; None when it is not waiting."""
    # Only a launch.
    template: str = ""
    """What a launch is made from."""
    # A launch, a clone and a resize.
    made_id: str = ""
    """The instance that it made."""
    # A clone and a resize, which make an image first and order from it.
    image_id: str = ""
    """The image that a clone is made from."""
    ordered_at: int | None = None
    """When a clone's machine was ordered, once its image was there."""
    # Only a resize.
    arrived_at: int | None = None
    """When the machine that a resize made ran, so that the old one was next."""

    def __post_init__(self) -> None:
        """What a card shows is drawn, and looked at again, by the class of the facts; the rest goes by the kind."""
        if type(self.facts) is not FACTS[self.kind]:
            raise ValueError(f"A {self.kind} has no {type(self.facts).__name__}.")

    @property
    def ends_work(self) -> bool:
        """A person asked to stop a machine that works, so it takes two others who say yes."""
        return self.may_end_work and not self.facts.rule

    @property
    def may_end_work(self) -> bool:
        """It is a stop that is carried out although the machine works."""
        return isinstance(self.facts, StopFacts) and self.facts.even_active

    @property
    def reboots(self) -> bool:
        """The machine that is copied is rebooted for it."""
        return isinstance(self.facts, CloneFacts | ResizeFacts) and self.facts.reboot

    @property
    def machine(self) -> MachineFacts | None:
        """What its card showed of a machine that was there; None for a launch."""
        return self.facts if isinstance(self.facts, MachineFacts) else None

    @property
    def paid(self) -> PaidFacts | None:
        """What its card showed of what may be spent; None for a stop."""
        return self.facts if isinstance(self.facts, PaidFacts) else None

    @property
    def saved_micros(self) -> int | None:
        """Micro-dollars an hour that a stop saves; None where no price is known."""
        return self.machine.saved_micros if self.machine else None

    @property
    def is_live(self) -> bool:
        """It may still lead to something."""
        return self.state in LIVE_STATES

    @property
    def asker(self) -> str:
        """Who asked, for a sentence."""
        return "Valet" if self.requester == VALET else parts.person(self.requester)

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
        return parts.persons(self.approvers, " and ", nobody="its team's rule")

    @property
    def owner(self) -> str:
        """Whose machine is stopped, where somebody launched it."""
        return self.facts.owner if isinstance(self.facts, StopFacts) else ""

    @property
    def told(self) -> str:
        """Who is told how it ends: whoever asked, or whose machine it is; empty for nobody."""
        return self.owner if self.requester == VALET else self.requester

    @property
    def subject(self) -> str:
        """What the audit files it under: its instance, once there is one."""
        return self.instance_id or self.made_id or f"launch/{self.template}"
