"""Images of machines: what a clone is made from, what they cost, and what is in the way of a clone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from bot.domain import parts
from bot.domain.acting.actions import Action
from bot.domain.acting.obstacles import Scene, obstacle_to_anything, outdated
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.machines.states import in_words

ImageState = Literal["pending", "available", "failed"]
COPY_DEADLINE_MS = 6 * HOUR_MS
"""An image that is not there after this: a person must look."""
IMAGE_MICROS_PER_GIB_MONTH = 50_000
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
    snapshots: tuple[str, ...] = ()
    """Of its disks; they are what costs."""
    launched_at: int | None = None
    """When a machine was last launched from it, as AWS says, up to a day late; None where AWS says nothing."""

    @property
    def account(self) -> str:
        """The account it is in, as its source has it."""
        return self.source.partition("/")[2].rpartition("/")[0]

    @property
    def region(self) -> str:
        """The region."""
        return self.source.rsplit("/", 1)[-1]

    @property
    def micros_per_month(self) -> int:
        """The most it costs in a month."""
        return self.size_gib * IMAGE_MICROS_PER_GIB_MONTH


@dataclass(frozen=True, slots=True)
class ImageKeep:
    """Somebody wants an image to stay: nobody is asked about it until then."""

    image_id: str
    who: str
    until_at: int
    made_at: int


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image with what is known of its use."""

    image: Image
    used_at: int
    """When it was made, or a machine was last launched from it."""
    keep: ImageKeep | None = None
    """Whoever keeps it now."""

    def is_unused(self, now: int, days: int) -> bool:
        """Nobody has launched anything from it for so many days."""
        return self.image.state == "available" and now - self.used_at >= days * DAY_MS


def with_last_use(image: Image, ordered_at: int | None, keep: ImageKeep | None) -> StoredImage:
    """The image with its last use; `ordered_at` is when Valet last launched a machine from it."""
    return StoredImage(image, max(image.made_at, image.launched_at or 0, ordered_at or 0), keep)


@dataclass(frozen=True, slots=True)
class ImageShelf:
    """The images there are, the oldest first, and how long one may go unused before it is proposed for clean-up."""

    days: int
    made_at: int
    images: tuple[StoredImage, ...]

    @property
    def proposed(self) -> tuple[StoredImage, ...]:
        """Those to be cleaned up, the largest first; what somebody keeps is not among them."""
        unused = (stored for stored in self.images if stored.keep is None and stored.is_unused(self.made_at, self.days))
        return tuple(sorted(unused, key=lambda stored: (-stored.image.size_gib, stored.used_at, stored.image.id)))

    def of(self, chosen: Callable[[Image], bool]) -> "ImageShelf":
        """Those of them that are chosen."""
        return replace(self, images=tuple(stored for stored in self.images if chosen(stored.image)))


def most_micros_of(images: Iterable[StoredImage]) -> int:
    """Micro-dollars a month of images, at most."""
    return sum(stored.image.micros_per_month for stored in images)


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
        return f"{name} is {in_words(instance.state)}. Try again once it is running or stopped."
    if instance.root_device != "ebs":
        return f"{name} boots from instance store, of which AWS makes no image."
    if instance.state == "running" and reboot:
        return _obstacle_to_reboot(scene, requester)
    return None


def _obstacle_to_reboot(scene: Scene, requester: str) -> str | None:
    if obstacle_to_anything(scene):
        return obstacle_to_anything(scene)
    instance, verdict = scene.instance, scene.verdict
    without = f"{parts.gpu('clone', instance.name, 'no-reboot')} copies it as it runs."
    others = sorted({claim.holder for claim in scene.claims} - {requester})
    if instance.asg:
        return f"{instance.name} is in the Auto Scaling group {instance.asg}, which a reboot would upset. {without}"
    if others:
        return f"A clone reboots {instance.name}, which {parts.person(others[0])} holds. {without}"
    if verdict is None or verdict.state == "unknown":
        return f"A clone reboots {instance.name}, and I can't tell whether it works. {without}"
    if not verdict.is_idle:
        return f"A clone reboots {instance.name}, which is working. {without}"
    return None


def obstacle_to_copy(action: Action, scene: Scene) -> str | None:
    """What changed since the card was shown so that an approved clone must not happen; None when nothing did."""
    return outdated(action, scene) or obstacle_to_clone(scene, action.requester, reboot=action.reboots)
