"""Tries, without changing anything, whether Valet may do in one region of one account what it is there for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.providers.accounts import Access
from bot.providers.ec2_errors import Said, reading_failed

NOBODY = "i-00000000000000000"
SOME_TYPE = [{"Name": "instance-type", "Values": ["g5.xlarge"]}]
MAY = "DryRunOperation"
MAY_NOT = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
NO_SUCH = frozenset({"InvalidInstanceID.Malformed", "InvalidInstanceID.NotFound"})

Attempt = Callable[[Callable[[], Any]], Any]
"""Makes a call and returns its answer, or a Said when it failed."""


@dataclass(frozen=True, slots=True)
class Room:
    """One region of one account, with the ways to ask it; the two clients are made on first use."""

    source: str
    region: str
    ec2: Callable[[], Any]
    sts: Callable[[], Any]
    attempt: Attempt
    tag: tuple[str, str] | None = None
    """The tag (name, value) that the role asks for on a machine it may stop."""

    def access(self, sentence: str, *, ok: bool) -> Access:
        """A finding about this room."""
        return Access(self.source, ok, sentence)

    def failure(self, said: Said) -> Access:
        """A finding that a read failed."""
        return self.access(f"{reading_failed(said, self.region)}.", ok=False)


def check(room: Room) -> Iterator[Access]:
    """Who we are, whether we can look, and whether we could stop; ends early where nothing more can be learnt."""
    who = room.attempt(lambda: room.sts().get_caller_identity())
    if isinstance(who, Said):
        yield room.failure(who)
        return
    yield room.access(f"Valet is {who['Arn']} in account {who['Account']}.", ok=True)
    seen = room.attempt(lambda: room.ec2().describe_instances(MaxResults=5, Filters=_stoppable(room.tag)))
    if isinstance(seen, Said):
        yield room.failure(seen)
        return
    yield room.access(f"Valet can see the machines in {room.region}.", ok=True)
    yield _types(room)
    found = [raw["InstanceId"] for group in seen["Reservations"] for raw in group["Instances"]]
    yield _attribute(room, found[0] if found else NOBODY)
    yield _stop(room, found[0] if found else NOBODY)


def _stoppable(tag: tuple[str, str] | None) -> list[dict[str, Any]]:
    running = {"Name": "instance-state-name", "Values": ["running"]}
    return [running, {"Name": f"tag:{tag[0]}", "Values": [tag[1]]}] if tag else [running]


def _types(room: Room) -> Access:
    said = room.attempt(lambda: room.ec2().describe_instance_types(DryRun=True, Filters=SOME_TYPE))
    if _denied(said):
        return room.failure(said)
    return room.access(f"Valet can tell which types in {room.region} have GPUs.", ok=True)


def _attribute(room: Room, instance_id: str) -> Access:
    said = room.attempt(
        lambda: room.ec2().describe_instance_attribute(InstanceId=instance_id, Attribute="disableApiStop", DryRun=True)
    )
    if _denied(said):
        return room.failure(said)
    return room.access(f"Valet can read stop protection in {room.region}.", ok=True)


def _stop(room: Room, instance_id: str) -> Access:
    said = room.attempt(lambda: room.ec2().stop_instances(InstanceIds=[instance_id], DryRun=True))
    code = said.code if isinstance(said, Said) else ""
    if code == MAY:
        return room.access(f"Valet may stop machines in {room.region}: a dry run was allowed.", ok=True)
    if code in NO_SUCH or (instance_id == NOBODY and code in MAY_NOT):
        return room.access(f"Nothing Valet may stop runs in {room.region}, so stopping was not tried.", ok=True)
    if code in MAY_NOT:
        return room.access(
            f"Valet may not stop {instance_id} in {room.region}: {code}. Until its role has ec2:StopInstances and the "
            "machine the role's tag, Valet only looks; `valet iam-policy` prints both.",
            ok=False,
        )
    return room.access(f"Stopping in {room.region} could not be tried: {code or 'no clear answer'}.", ok=False)


def _denied(said: Any) -> bool:
    # A dry run that is allowed fails too, with DryRunOperation; one on a machine that isn't there with NotFound.
    return isinstance(said, Said) and said.code != MAY and said.code not in NO_SUCH
