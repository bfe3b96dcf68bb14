"""What stands in the way of an action on an instance: when it is asked for, and when it is carried out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.acting.actions import Action, Kind
from bot.domain.acting.deciders import decider_gone
from bot.domain.acting.keepers import KEEPERS, keeper_of
from bot.domain.acting.snoozes import Snooze
from bot.domain.clock import HOUR
from bot.domain.exemptions import Exemption
from bot.domain.fleet import Instance
from bot.domain.measuring.verdict import Verdict
from bot.domain.people import Roster
from bot.domain.sharing.bookings import Slot
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.offers import Offer

WORTH_STOPPING_FOR = 2 * HOUR
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
    switches: frozenset[Kind] = frozenset()
    """What an admin's command does to it, where it is owned."""
    offers: tuple[Offer, ...] = ()
    """The open ones."""
    snooze: Snooze | None = None
    """The longest."""
    snoozes: tuple[Snooze, ...] = ()
    """All that it is under."""
    slots: tuple[Slot, ...] = ()
    """What is booked of it, the next to begin first."""
    now: int = 0

    @property
    def booked(self) -> Slot | None:
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
        drain = f"`/gpu drain {instance.name}` keeps it from new claims"
        return f"{instance.name} is owned: Valet can't switch it off, and it costs the same either way. {drain}."
    if instance.state != "running":
        return f"{instance.name} is {instance.state}, not running."
    if scene.exemption is not None:
        day = f"{scene.exemption.last_day:%-d %B %Y}"
        return (
            f"{instance.name} is exempt until {day}: {scene.exemption.reason}. Ask an admin to lift it in valet.toml."
        )
    return kept(scene) or provider_obstacle(instance)


def obstacle_to_rule(scene: Scene) -> str | None:
    """What keeps a rule from stopping this instance just now, where a person's yes would; None when nothing does."""
    name, slot = scene.instance.name, scene.booked
    if scene.snooze is not None:
        return f"<@{scene.snooze.who}> keeps {name}."
    if is_booked_soon(slot, scene.now) and slot is not None:
        return f"<@{slot.holder}> has booked {name} for soon after."
    return None


def is_booked_soon(slot: Slot | None, at: int) -> bool:
    """Whether a booking begins so soon after a moment that nobody would stop the machine for that long."""
    return slot is not None and slot.from_at - at < WORTH_STOPPING_FOR


def _promised(scene: Scene) -> str | None:
    if not scene.offers:
        return None
    who = f"<@{scene.offers[0].person}>, whose turn in the line it is"
    return f"{scene.instance.name} is held for {who}. Ask again once they have answered."


def kept(scene: Scene) -> str | None:
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
            f"`/gpu stop {name} it runs the wrong model`; then it takes two people who say yes."
        )
    return None


def obstacle_to_execute(action: Action, scene: Scene) -> str | None:
    """What changed since the card was shown so that an approved stop must not happen; None when nothing did."""
    instance = scene.instance
    unfit = outdated(action, scene)
    if unfit:
        return unfit
    if any(claim.id not in action.facts.claim_ids for claim in scene.claims):
        return f"{instance.name} was claimed after the request."
    if action.facts.rule and (obstacle := obstacle_to_rule(scene)):
        return obstacle
    obstacle = obstacle_to_stop(scene, even_active=action.facts.even_active)
    if obstacle and scene.verdict is not None and scene.verdict.works:
        return f"{instance.name} is working: {scene.verdict.evidence}. It was not when the stop was asked for."
    return obstacle


def snoozed_since(action: Action, scene: Scene) -> str | None:
    """Whether somebody was told, after the request, that this instance is left alone; None where nobody was."""
    later = [each for each in scene.snoozes if each.until_at > action.facts.snoozed.get(each.who, 0)]
    return f"<@{later[-1].who}> has snoozed {scene.instance.name} meanwhile." if later else None


def outdated(action: Action, scene: Scene) -> str | None:
    """Why what was approved is not what would be done now, whatever its kind; None when it still is."""
    if scene.instance.launched_at != action.launched_at:
        return f"{scene.instance.name} was restarted after the request."
    return decider_gone(action, scene.roster)
