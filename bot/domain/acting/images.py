"""Images of machines: what a clone is made from, what they cost, and what is in the way of a clone."""

from dataclasses import dataclass
from typing import Literal

from bot.domain.acting.actions import Action
from bot.domain.acting.obstacles import Scene, kept, outdated
from bot.domain.clock import DAY, HOUR

ImageState = Literal["pending", "available", "failed"]
COPY_DEADLINE = 6 * HOUR
"""An image that is not there after this: a person must look."""
OLD_AFTER = 30 * DAY
MICROS_PER_GIB_MONTH = 50_000
"""EBS snapshots, standard tier, us-east-1, as of 2026-11; only written blocks count, so it is at most this."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image that Valet had made."""

    id: str
    source: str
    name: str
    state: ImageState
    made_at: int
    size_gib: int
    """Of the disks it was made of."""
    of: str = ""
    """The name of the machine it was made of."""
    owner: str = ""
    """Slack user id of whoever asked for it."""

    @property
    def region(self) -> str:
        """The region."""
        return self.source.rsplit("/", 1)[-1]

    @property
    def micros_per_month(self) -> int:
        """The most it costs in a month."""
        return self.size_gib * MICROS_PER_GIB_MONTH


def image_name(action: Action) -> str:
    """The name of a clone's image; AWS lets no two images have one name, so it is made once."""
    return f"valet-{action.id}"


def obstacle_to_clone(scene: Scene, requester: str, *, reboot: bool) -> str | None:
    """Why this instance can't be cloned, with what to do instead; None when it can."""
    instance = scene.instance
    name = instance.name
    if instance.provider == "owned":
        return f"{name} is owned; only machines on AWS can be cloned."
    if instance.state not in {"running", "stopped"}:
        return f"{name} is {instance.state}. Try again once it is running or stopped."
    if instance.root_device != "ebs":
        return f"{name} boots from instance store, of which AWS makes no image."
    if instance.state == "running" and reboot:
        return _obstacle_to_reboot(scene, requester)
    return None


def _obstacle_to_reboot(scene: Scene, requester: str) -> str | None:
    if kept(scene):
        return kept(scene)
    instance, verdict = scene.instance, scene.verdict
    without = f"`/gpu clone {instance.name} no-reboot` copies it as it runs."
    others = sorted({claim.holder for claim in scene.claims} - {requester})
    if instance.asg:
        return f"{instance.name} is in the Auto Scaling group {instance.asg}, which a reboot would upset. {without}"
    if others:
        return f"A clone reboots {instance.name}, which <@{others[0]}> holds. {without}"
    if verdict is None or verdict.state == "unknown":
        return f"A clone reboots {instance.name}, and I can't tell whether it works. {without}"
    if not verdict.is_idle:
        return f"A clone reboots {instance.name}, which is working. {without}"
    return None


def obstacle_to_copy(action: Action, scene: Scene) -> str | None:
    """What changed since the card was shown so that an approved clone must not happen; None when nothing did."""
    return outdated(action, scene) or obstacle_to_clone(scene, action.requester, reboot=action.facts.reboot)
