"""Tries, without changing anything, whether Valet may do in one region of one account what it is there for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.nearest import nearest
from bot.providers.accounts import Access
from bot.providers.aws_words import cause_of
from bot.providers.ec2_errors import AwsError, reading_failed

NO_INSTANCE = "i-00000000000000000"
SOME_TYPE = [{"Name": "instance-type", "Values": ["g5.xlarge"]}]
MAY = "DryRunOperation"
NO_SUCH_CODES = frozenset({"InvalidInstanceID.Malformed", "InvalidInstanceID.NotFound"})

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
    elsewhere: tuple[Callable[[], Any], ...] = ()
    """EC2's clients in other regions of the account: they tell of this one where it does not answer itself."""
    known: frozenset[str] = frozenset()
    """Every region that the SDK knows."""
    tag: tuple[str, str] | None = None
    """The tag (name, value) that the role asks for on a machine it may stop."""

    def access(self, sentence: str, *, ok: bool) -> Access:
        """A finding about this room."""
        return Access(self.source, ok, sentence)

    def failure(self, said: AwsError) -> Access:
        """A finding that a read failed."""
        return self.access(f"{str(reading_failed(said, self.region)).removesuffix('.')}.", ok=False)


def check_access(room: Room) -> Iterator[Access]:
    """Who we are, whether we can look, and whether we could stop; ends early where nothing more can be learnt."""
    who = room.attempt(lambda: "Valet is {Arn} in account {Account}.".format_map(room.sts().get_caller_identity()))
    if isinstance(who, AwsError):
        yield room.access(off, ok=False) if (off := _off(room)) else room.failure(who)
        return
    yield room.access(who, ok=True)
    found = room.attempt(lambda: _ids(room.ec2().describe_instances(MaxResults=5, Filters=_stoppable(room.tag))))
    if isinstance(found, AwsError):
        yield room.access(off, ok=False) if (off := _off(room)) else room.failure(found)
        return
    yield room.access(f"Valet can see the machines in {room.region}.", ok=True)
    yield _types(room)
    yield _attribute(room, found[0] if found else NO_INSTANCE)
    yield _stop(room, found[0] if found else NO_INSTANCE)


def _ids(answer: Mapping[str, Any]) -> list[str]:
    return [raw["InstanceId"] for group in answer["Reservations"] for raw in group["Instances"]]


def _off(room: Room) -> str:
    """That the region is none, or not switched on for the account, as a sentence; empty where neither is known."""
    told = next((said for ask in room.elsewhere if not isinstance(said := room.attempt(_regions(ask)), AwsError)), None)
    known = frozenset(told or ()) or room.known
    if room.region not in known:
        near = nearest(room.region, sorted(known))
        meant = f" Did you mean {near[0]}?" if near else ""
        return f"AWS has no region {room.region}.{meant} Correct regions under [[aws]]."
    if told and told[room.region] == "not-opted-in":
        return (
            f"The region {room.region} is not switched on for this account. Whoever runs the account can do that; "
            "or take it out of [[aws]]."
        )
    return ""


def _regions(ask: Callable[[], Any]) -> Callable[[], dict[str, str]]:
    """How every region stands for the account, by name."""
    return lambda: {
        each["RegionName"]: each.get("OptInStatus", "") for each in ask().describe_regions(AllRegions=True)["Regions"]
    }


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
    if not isinstance(said, AwsError):
        return room.access(f"Stopping in {room.region} could not be tried: no clear answer.", ok=False)
    if said.code == MAY:
        return room.access(f"Valet may stop machines in {room.region}: a dry run was allowed.", ok=True)
    if said.code in NO_SUCH_CODES or (instance_id == NO_INSTANCE and said.meaning == "denied"):
        return room.access(f"Nothing Valet may stop runs in {room.region}, so stopping was not tried.", ok=True)
    if said.meaning == "denied" and (cause := cause_of(said.code, said.message)):
        return room.access(
            f"Valet may not stop {instance_id} in {room.region}: {cause}. Until then it only looks.", ok=False
        )
    if said.meaning == "denied":
        return room.access(
            f"Valet may not stop {instance_id} in {room.region}: {said.code}. Until its role has ec2:StopInstances and "
            "the machine the role's tag, Valet only looks; `valet iam-policy` prints both.",
            ok=False,
        )
    return room.access(f"Stopping in {room.region} could not be tried: {said.words.rstrip('.')}.", ok=False)


def _denied(said: Any) -> bool:
    # A dry run that is allowed fails too, with DryRunOperation; one on a machine that isn't there with NotFound.
    return isinstance(said, AwsError) and said.code != MAY and said.code not in NO_SUCH_CODES
