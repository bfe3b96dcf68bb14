"""Resizing: a new machine of another type is made from an image of a machine, which is then stopped and kept."""

from collections.abc import Mapping

from bot.domain import parts
from bot.domain.acting.actions import Action
from bot.domain.acting.keepers import KEEPERS, is_keepers
from bot.domain.acting.obstacles import (
    Scene,
    fixed_obstacle,
    obstacle_to_anything,
    outdated,
    passing_obstacle,
    provider_obstacle,
)
from bot.domain.machines.fleet import Instance
from bot.domain.machines.states import in_words
from bot.domain.sharing.bookings import BookingSlot
from bot.domain.sharing.claims import Claim

ARM_TYPES = ("g5g.", "p6e-gb200.")
"""Beginnings of types with NVIDIA GPUs whose processors are ARM; those of all others are x86."""
MOST_TAGS = 40
"""Of the 50 that AWS lets a machine bear, so that there is room for those of its birth."""


def architecture(kind: str) -> str:
    """What the disks of such a machine are made for."""
    return "arm64" if kind.startswith(ARM_TYPES) else "x86_64"


def type_family(kind: str) -> str:
    """The family of a type: g5 of g5.xlarge."""
    return kind.partition(".")[0]


def new_name(action_id: str, name: str) -> str:
    """What a copy of a machine, of whatever type, is called."""
    return f"{name}-{action_id[:4]}"


def tags_to_bear(instance: Instance, keepers: Mapping[str, str] = KEEPERS) -> Mapping[str, str]:
    """Those of its tags that a machine made of it bears as well."""
    own = {key: value for key, value in sorted(instance.tags.items()) if not is_keepers(key, value, keepers)}
    return dict([(key, value) for key, value in own.items() if not key.startswith("aws:")][:MOST_TAGS])


def obstacle_to_resize(scene: Scene, requester: str, kind: str) -> str | None:
    """Why this instance can't be resized, with what to do instead; None when it can."""
    instance = scene.instance
    if instance.provider == "owned":
        return f"{instance.name} is owned; only machines on AWS can be resized."
    if instance.state not in {"running", "stopped"}:
        return f"{instance.name} is {in_words(instance.state)}. Try again once it is running or stopped."
    return _unfit(instance, kind) or _in_use(scene, requester)


def _unfit(instance: Instance, kind: str) -> str | None:
    name, here, there = instance.name, architecture(instance.type), architecture(kind)
    if kind == instance.type:
        return f"{name} is a {kind} already."
    if here != there:
        return f"{name} is {here} and a {kind} is {there}, so what is on its disks would not run there."
    return None


def _in_use(scene: Scene, requester: str) -> str | None:
    name, verdict, others = scene.instance.name, scene.verdict, claims_of_others(scene.claims, requester)
    if others:
        holder = parts.person(others[0].holder)
        return f"{holder} holds {name}, which would be stopped. {parts.gpu('request', name)} asks for it."
    if scene.instance.state == "stopped":
        return obstacle_to_anything(scene) or provider_obstacle(scene.instance)
    if booked := booked_by_others(scene, requester):
        return (
            f"{parts.person(booked[0].holder)} has booked {name}, which would be stopped: "
            f"{parts.gpu('bookings', name)} shows when. "
            f"{parts.gpu('clone', name)} gives you one like it and leaves {name} as it is."
        )
    if verdict is not None and verdict.works:
        return f"{name} is working: {verdict.evidence}. It can be resized once it is idle or stopped."
    return fixed_obstacle(scene) or passing_obstacle(scene)


def claims_of_others(claims: tuple[Claim, ...], requester: str) -> list[Claim]:
    """The claims of others."""
    return [claim for claim in claims if claim.holder != requester]


def booked_by_others(scene: Scene, requester: str) -> list[BookingSlot]:
    """What others have booked of it; one's own bookings go along to the new machine."""
    return [slot for slot in scene.slots if slot.holder != requester]


def obstacle_to_begin_resize(action: Action, scene: Scene) -> str | None:
    """What changed since the card was shown so that an approved resize must not happen; None when nothing did."""
    return outdated(action, scene) or obstacle_to_resize(scene, action.requester, action.facts.type)


def reason_to_leave(action: Action, scene: Scene) -> str | None:
    """Why the old machine is left running for good, now that the new one runs; None when it depends on what it does."""
    if unfit := outdated(action, scene, "old"):
        return unfit
    if claims_of_others(scene.claims, action.requester):
        return f"{scene.instance.name} is held by somebody else by now."
    if booked := booked_by_others(scene, action.requester):
        return f"{parts.person(booked[0].holder)} has booked {scene.instance.name} meanwhile."
    return fixed_obstacle(scene)


def reason_to_wait(scene: Scene) -> str | None:
    """Why it is not stopped just now; None when it is seen idle."""
    return passing_obstacle(scene)
