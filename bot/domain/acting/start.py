"""Starting a machine that stands still: what is in the way, and how long it is tried when there is no capacity."""

from bot.domain import parts
from bot.domain.acting.actions import Action
from bot.domain.acting.obstacles import Scene, obstacle_to_anything, outdated
from bot.domain.clock import MINUTE_MS, SECOND_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.states import in_words

CAPACITY_PAUSES_MS = (MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS)
"""After each answer that there is no capacity, so long until the next try; after the last, no more."""
START_DEADLINE_MS = 10 * MINUTE_MS
"""A machine that was asked to start and neither runs nor stands still after this: a person must look."""
REPORTS_WITHIN_MS = 10 * MINUTE_MS
"""So long a running machine's agent has time to report before it is called ready without it."""
BOOTS_WITHIN_MS = 20 * MINUTE_MS
"""An owned machine that was switched on and whose agent has not reported after this: a person must look."""
SHOWS_WITHIN_MS = 30 * SECOND_MS
"""A look may be this much older than the call it follows."""
MONTH_HOURS = 730
_REASONS = {
    "Client.InternalError": "most often whoever starts it may not use the key that encrypts its disk (kms:CreateGrant)",
    "Client.VolumeLimitExceeded": "the account has reached its limit of disks; ask AWS for more",
    "Client.InvalidSnapshot.NotFound": "the snapshot of its disk is gone",
}
"""EC2's words for why a machine that it began to start stopped again, in ours."""


def obstacle_to_start(scene: Scene) -> str | None:
    """Why this instance can't be started, with what to do instead; None when it can."""
    instance = scene.instance
    name = instance.name
    if instance.provider == "owned" and "start" not in scene.switches:
        return f"{name} is owned, so it can't be started from here. Ask whoever runs it."
    if instance.state == "running":
        return _runs(scene)
    if instance.state != "stopped":
        return f"{name} is {in_words(instance.state)}; it can be started once it is stopped. Try again in a minute."
    if instance.asg:
        return f"{name} belongs to the Auto Scaling group {instance.asg}. Scale the group instead."
    if instance.lifecycle != "on-demand":
        return f"{name} is a {instance.lifecycle} instance, which only AWS starts again."
    return obstacle_to_anything(scene)


def _runs(scene: Scene) -> str:
    """An owned machine that goes off by itself is known as running on."""
    name, is_seen = scene.instance.name, scene.verdict is not None and scene.verdict.state != "unknown"
    if scene.instance.provider == "owned" and not is_seen:
        return f"I can't tell whether {name} is off: it was not stopped from here, and its agent is silent. Look at it."
    if scene.claims:
        return f"{name} runs already. {parts.gpu('status', name)} shows who has it."
    return f"{name} runs already. {parts.gpu('claim', name)} takes it."


def obstacle_to_begin_start(action: Action, scene: Scene) -> str | None:
    """What changed since the card was shown so that an approved start must not happen; None when nothing did."""
    return obstacle_to_start(scene) or outdated(action, scene)


def began_and_stopped(action: Action, instance: Instance) -> bool:
    """The provider took the start and let the machine stop again, rather than never hearing of it."""
    return instance.launched_at != action.launched_at or "Insufficient" in instance.state_reason


def why_it_ended(state_reason: str) -> str:
    """The provider's reason for an end that nobody asked for, to stand within a sentence; empty where it has none."""
    if not state_reason:
        return ""
    known = next((words for reason, words in _REASONS.items() if state_reason.startswith(reason)), "")
    return f" ({state_reason}): {known}" if known else f" ({state_reason})"


def month_micros(rate_micros: int) -> int:
    """Micro-dollars of a machine that runs a whole month."""
    return rate_micros * MONTH_HOURS
