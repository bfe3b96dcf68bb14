"""What stands in the way of an action on an instance: when it is asked for, and when it is carried out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain import parts
from bot.domain.acting.actions import Action, ActionKind, LaunchFacts, PaidFacts, ResizeFacts, SeenFacts
from bot.domain.acting.approvals import decider_gone
from bot.domain.acting.keepers import KEEPERS, keeper_of
from bot.domain.acting.snooze import Snooze
from bot.domain.clock import HOUR_MS
from bot.domain.machines.exemptions import Exemption
from bot.domain.machines.fleet import Instance
from bot.domain.machines.states import in_words
from bot.domain.machines.verdict import Verdict
from bot.domain.money.rates import cost_for
from bot.domain.people import Roster
from bot.domain.preconditions import Conditions, RequestKind, difference
from bot.domain.sharing.bookings import BookingSlot
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.offers import LineOffer

WORTH_STOPPING_FOR_MS = 2 * HOUR_MS
"""A machine that is booked sooner than this is not stopped by rule: it might not come back in time."""


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
    keepers: Mapping[str, str] = field(default_factory=lambda: KEEPERS)
    """By which tags others own their machines."""
    switches: frozenset[ActionKind] = frozenset()
    """What an admin's command does to it, where it is owned."""
    offers: tuple[LineOffer, ...] = ()
    """The open ones."""
    snooze: Snooze | None = None
    """The longest."""
    snoozes: tuple[Snooze, ...] = ()
    """All that it is under."""
    waiting: tuple[str, ...] = ()
    """Who waits in line for just this machine and is offered nothing yet, the first first."""
    slots: tuple[BookingSlot, ...] = ()
    """What is booked of it, the next to begin first."""
    now: int = 0
    team: str | None = None
    """Whose it is; None where that is not looked at."""
    rate_micros: int | None = None
    """What an hour costs of what the action would run; None where that is not known."""
    over: frozenset[str] | None = None
    """The budgets that are over, or would be by the action; None where that is not looked at."""
    beyond: str | None = None
    """The limits of fair use that whoever asked goes beyond by it; None: not looked at."""

    @property
    def booked(self) -> BookingSlot | None:
        """The booking that begins next."""
        return next(iter(self.slots), None)


def obstacle_to_stop(scene: Scene, *, even_active: bool = False) -> str | None:
    """Why this instance can't be stopped at all just now, with what to do instead; None when it can."""
    return fixed_obstacle(scene) or passing_obstacle(scene, even_active=even_active)


def passing_obstacle(scene: Scene, *, even_active: bool = False) -> str | None:
    """Why this instance is not stopped just now, for what it does or for whom it is held; None when it may be."""
    known = scene.verdict is not None and scene.verdict.state != "unknown"
    verdict = None if even_active and known else _verdict_obstacle(scene.instance.name, scene.verdict)
    return verdict or _promised(scene)


def fixed_obstacle(scene: Scene) -> str | None:
    """Why this instance can't be stopped whatever it does; None when that is all that counts."""
    instance = scene.instance
    if instance.provider == "owned" and "stop" not in scene.switches:
        drain = f"{parts.gpu('drain', instance.name)} keeps it from new claims"
        return f"{instance.name} is owned: Valet can't switch it off, and it costs the same either way. {drain}."
    if instance.state != "running":
        return f"{instance.name} is {in_words(instance.state)}, not running."
    if scene.exemption is not None:
        day = f"{scene.exemption.last_day:%-d %B %Y}"
        return (
            f"{instance.name} is exempt until {day}: {scene.exemption.reason}. Ask an admin to lift it in valet.toml."
        )
    return obstacle_to_anything(scene) or provider_obstacle(instance)


def obstacle_to_rule(scene: Scene) -> str | None:
    """What keeps a rule from stopping this instance just now, where a person's yes would; None when nothing does."""
    name, slot = scene.instance.name, scene.booked
    if scene.snooze is not None:
        return f"{parts.person(scene.snooze.who)} keeps {name}."
    if is_booked_soon(slot, scene.now) and slot is not None:
        return f"{parts.person(slot.holder)} has booked {name} for soon after."
    return f"{parts.person(scene.waiting[0])} waits for {name}." if scene.waiting else None


def is_booked_soon(slot: BookingSlot | None, at: int) -> bool:
    """Whether a booking begins so soon after a moment that nobody would stop the machine for that long."""
    return slot is not None and slot.from_at - at < WORTH_STOPPING_FOR_MS


def _promised(scene: Scene) -> str | None:
    if not scene.offers:
        return None
    who = f"{parts.person(scene.offers[0].person)}, whose turn in the line it is"
    return f"{scene.instance.name} is held for {who}. Ask again once they have answered."


def obstacle_to_anything(scene: Scene) -> str | None:
    """Why nothing is done to this instance from here, whatever it is; None when it may be."""
    name = scene.instance.name
    if scene.protected:
        return f"{name} is protected by a tag. Whoever set the tag can take it off in AWS; Valet can't and won't."
    keeper = keeper_of(scene.instance, scene.keepers)
    return f"{name} belongs to {keeper}, which decides when it runs. Change it there." if keeper else None


def provider_obstacle(instance: Instance) -> str | None:
    """Why a stop of this instance would fail or do harm for as long as it is what it is; None when it would not."""
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
        way = "Start the agent on it, or stop it in AWS."
        if verdict is not None and verdict.needs_time:
            way = "Ask again once it has been quiet for so long."
        return f"I can't tell whether {name} works ({why}), so I won't stop it. {way}"
    if not verdict.is_idle:
        return (
            f"{name} is working: {verdict.evidence}. To end that work all the same, say why, as in "
            f"{parts.gpu('stop', name, 'it runs the wrong model')}; then it takes two approvals."
        )
    return None


def obstacle_to_execute(action: Action, scene: Scene) -> str | None:
    """What changed since the card was shown so that an approved stop must not happen; None when nothing did."""
    instance = scene.instance
    unfit = outdated(action, scene)
    if unfit:
        return unfit
    if action.facts.rule and (obstacle := obstacle_to_rule(scene)):
        return obstacle
    obstacle = obstacle_to_stop(scene, even_active=action.may_end_work)
    if obstacle and scene.verdict is not None and scene.verdict.works:
        return f"{instance.name} is working: {scene.verdict.evidence}. It was not when the stop was asked for."
    return obstacle


def outdated(action: Action, scene: Scene, part: RequestKind | None = None) -> str | None:
    """Why what was approved is not what would be done now; None when it still is.

    `part` is which of it is up, where that is not the whole.
    """
    return difference(part or action.kind, shown(action), _seen(action, scene)) or None


def obstacle_to_make(action: Action, roster: Roster, rate_micros: int | None) -> str | None:
    """What changed so that no machine is to be ordered from the image that was made; None when nothing did."""
    now = Conditions(f"A {action.facts.type}", rate_micros=rate_micros, gone=decider_gone(action, roster) or "")
    return difference("order", shown(action), now) or None


def shown(action: Action) -> Conditions:
    """What the card of an action said."""
    facts, machine, paid = action.facts, action.machine, action.paid
    over = {budget.name for budget in paid.over} if paid else set()
    if paid and is_over(paid, action.length):
        over.add(f"team {action.team}")
    return Conditions(
        name=facts.name,
        launch=action.launched_at,
        team=action.team,
        type=_kind(facts.was_type if isinstance(facts, ResizeFacts) else facts.type, machine.shape if machine else ""),
        rate_micros=facts.rate_micros,
        template=(facts.template or None) if isinstance(facts, LaunchFacts) else None,
        paid_anyway=machine.paid_anyway if machine else None,
        over=None if facts.rule else frozenset(over),
        beyond=paid.beyond if paid else None,
        claims=frozenset(machine.claim_ids) if machine else None,
        waiting=facts.waiting if isinstance(facts, SeenFacts) else None,
        booked=machine.booked if machine else None,
        snoozed=machine.left_alone if machine else None,
    )


def _kind(type_: str, shape: str | None) -> str | None:
    """The type and what it is besides that, as both make its price; None where the type is not known."""
    return (f"{type_} ({shape})" if shape else type_) or None


def is_over(facts: PaidFacts, length: int | None) -> bool:
    """Whether the team's budget is over, or would be by it."""
    costs = cost_for(facts.rate_micros or 0, length or 0)
    return facts.budget_micros is not None and facts.spent_micros + costs > facts.budget_micros


def _seen(action: Action, scene: Scene) -> Conditions:
    """The same, as it is."""
    instance, slot = scene.instance, scene.booked
    soon = slot is not None and slot.holder != action.requester and is_booked_soon(slot, scene.now)
    return Conditions(
        name=instance.name,
        launch=instance.launched_at,
        team=scene.team,
        type=_kind(instance.type, instance.shape_words if action.machine and action.machine.shape is not None else ""),
        rate_micros=scene.rate_micros,
        paid_anyway=instance.paid_anyway,
        over=scene.over,
        beyond=scene.beyond,
        claims=frozenset(claim.id for claim in scene.claims),
        waiting=sum(person != action.requester for person in scene.waiting),
        booked=(slot.holder, slot.from_at) if slot is not None and soon else None,
        snoozed={snooze.who: snooze.until_at for snooze in scene.snoozes} if _goes_down(action, instance) else None,
        gone=decider_gone(action, scene.roster) or "",
    )


def _goes_down(action: Action, instance: Instance) -> bool:
    """Whether it ends what runs there, so that a snooze keeps it from that."""
    return instance.state == "running" and (action.kind != "clone" or action.reboots)
