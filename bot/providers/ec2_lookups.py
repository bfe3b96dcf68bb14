"""What EC2 is asked beside the instances themselves, and remembered: instance types and stop protection."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from bot.billing.quotes import types_with_gpus
from bot.domain.clock import MINUTE_MS, Clock
from bot.providers.ec2_shapes import GpuType, gpu_type

TYPES_PER_CALL = 100
PROTECTION_KEPT = 30 * MINUTE_MS
FIRST_READS_PER_SWEEP = 20
RENEWALS_PER_SWEEP = 1
"""Of each kind, those that are protected and those that are not: `describe` asks anyway, right before a stop."""
CENSUS_KEPT = 10 * MINUTE_MS
FILTER_VALUES = 200
"""EC2 takes so many values of a filter."""
PARTS_KEPT = 60 * MINUTE_MS
PARTS_RETRY = 10 * MINUTE_MS
AMAZONS = "amazon"
NEVER_READ = (False, 0)
Part = TypeVar("Part")


class TypeCatalogue:
    """What each instance type carries. A type never changes, so it is asked once in the life of the process.

    A region that does not know a type is asked about it once an hour.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, GpuType] = {}
        self._untold: dict[tuple[str, str], int] = {}
        """When a region was last asked about a type that it does not know."""

    def get(self, name: str) -> GpuType | None:
        """What is known of a type; None when EC2 was never asked, or knows no such type."""
        return self._known.get(name)

    def learn(self, client: Any, names: Collection[str]) -> None:
        """Ask for those of `names` not known yet. Raises what the client raises."""
        now, region = self._clock(), str(client.meta.region_name)
        unseen = sorted(name for name in set(names) - self._known.keys() if self._is_due((region, name), now))
        for batch in (unseen[at : at + TYPES_PER_CALL] for at in range(0, len(unseen), TYPES_PER_CALL)):
            self._known.update(_described_types(client, batch))
            self._untold.update({(region, name): now for name in batch if name not in self._known})

    def _is_due(self, asked: tuple[str, str], now: int) -> bool:
        return not 0 <= now - self._untold.get(asked, now + 1) < PARTS_KEPT


def _described_types(client: Any, names: list[str]) -> Iterator[tuple[str, GpuType]]:
    # By filter: named as InstanceTypes, one type the region doesn't know would fail all the others.
    pages = client.get_paginator("describe_instance_types").paginate(
        Filters=[{"Name": "instance-type", "Values": names}]
    )
    for page in pages:
        for info in page["InstanceTypes"]:
            yield info["InstanceType"], gpu_type(info)


class ProtectionMemory:
    """Stop protection as last read. EC2 tells it for one instance a call, so a sweep asks for only some.

    Machines never read before are, some at a time. Then half an hour is new enough; where there are too many for that,
    those longest unread come first, one a sweep that is protected and one that is not.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._read: dict[str, tuple[bool, int]] = {}

    def last_known(self, instance_id: str) -> bool:
        """Whether it was protected when last read; False when never read."""
        return self._read.get(instance_id, NEVER_READ)[0]

    def keep(self, instance_id: str, *, protected: bool) -> None:
        """Remember a fresh reading."""
        self._read[instance_id] = (protected, self._clock())

    def renew(self, instance_ids: Collection[str], read: Callable[[str], bool]) -> None:
        """Read what is due. Raises what `read` raises, keeping what it has."""
        unread = [one for one in instance_ids if one not in self._read]
        due_before = self._clock() - PROTECTION_KEPT
        old = [one for one in instance_ids if one in self._read and self._read[one][1] <= due_before]
        old.sort(key=lambda one: self._read[one][1])
        again = [one for one in old if self._read[one][0]][:RENEWALS_PER_SWEEP]
        again += [one for one in old if not self._read[one][0]][:RENEWALS_PER_SWEEP]
        for instance_id in [*unread[:FIRST_READS_PER_SWEEP], *again]:
            self.keep(instance_id, protected=read(instance_id))

    def readings(self, since: int) -> dict[str, tuple[bool, int]]:
        """What was read since then, and when."""
        return {one: reading for one, reading in self._read.items() if reading[1] >= since}

    def take(self, readings: Mapping[str, Sequence[Any]]) -> None:
        """Remember what somebody else has read, as far as it is newer."""
        for one, (protected, at) in readings.items():
            if at >= self._read.get(one, NEVER_READ)[1]:
                self._read[one] = bool(protected), int(at)

    def forget_all_but(self, instance_ids: Collection[str]) -> None:
        """Drop what is no longer there."""
        for instance_id in self._read.keys() - set(instance_ids):
            self._read.pop(instance_id, None)


class Census:
    """What a look at all machines of a region showed. Where most have no GPUs, the looks between leave those out."""

    def __init__(self, clock: Clock, page_size: int) -> None:
        self._clock, self._page_size = clock, page_size
        self._types: tuple[str, ...] = ()
        self._taken_at: int | None = None

    def types(self) -> tuple[str, ...]:
        """The types to ask for; empty where all machines are asked for, and counted anew."""
        fresh = self._taken_at is not None and 0 <= self._clock() - self._taken_at < CENSUS_KEPT
        return self._types if fresh else ()

    def take(self, kinds: Mapping[str, bool], covered: int, others: int) -> None:
        """Note a look at all: the types that were there, and whether each may have GPUs; machines of either sort.

        A type that nobody knows yet is seen by the next such look, if not by its name, and asked for from then on.
        """
        wanted = sorted({name for name, has_gpus in kinds.items() if has_gpus} | types_with_gpus())
        spares = others >= self._page_size and others > covered and len(wanted) <= FILTER_VALUES
        self._types, self._taken_at = (tuple(wanted) if spares else ()), self._clock()


def stop_protection(client: Any, instance_id: str) -> bool:
    """Ask EC2 whether the instance is protected against stops. Raises what the client raises."""
    answer = client.describe_instance_attribute(InstanceId=instance_id, Attribute="disableApiStop")
    return bool(answer["DisableApiStop"]["Value"])


class PartsMemory(Generic[Part]):
    """Parts of each machine that cost by themselves, as last read; they seldom change, so an hour old is new enough."""

    def __init__(self, clock: Clock, read: Callable[[Any], dict[str, Part]], none: Part | None) -> None:
        """`none` stands for a machine that was not in the last reading."""
        self._clock = clock
        self._read = read
        self._none = none
        self._read_at: int | None = None
        self._tried_at = -PARTS_KEPT
        self._known: dict[str, Part] = {}

    def last_known(self, instance_id: str) -> Part | None:
        """What was read of it; None when that was never read."""
        return None if self._read_at is None else self._known.get(instance_id, self._none)

    def reading(self, since: int) -> tuple[int, dict[str, Part]] | None:
        """What was read since then, and when; None where nothing was."""
        return None if self._read_at is None or self._read_at < since else (self._read_at, self._known)

    def take(self, reading: Sequence[Any] | None) -> None:
        """Remember what somebody else has read, as far as it is newer."""
        if reading is not None and reading[0] >= (self._read_at or 0):
            self._read_at, self._known = reading

    def renew(self, client: Any) -> None:
        """Read all of a region, when that is due. Raises what the client raises, keeping what it has."""
        now = self._clock()
        due = self._read_at is None or not 0 <= now - self._read_at < PARTS_KEPT
        if not due or 0 <= now - self._tried_at < PARTS_RETRY:
            return
        self._tried_at = now
        self._known, self._read_at = self._read(client), now


def disks(client: Any) -> dict[str, dict[str, int]]:
    """GiB by kind of disk of every machine in a region. Raises what the client raises."""
    found: dict[str, dict[str, int]] = {}
    pages = client.get_paginator("describe_volumes").paginate(
        Filters=[{"Name": "attachment.status", "Values": ["attached"]}], PaginationConfig={"PageSize": 500}
    )
    for volume in (each for page in pages for each in page["Volumes"]):
        for attached in volume["Attachments"]:
            of_one, kind = found.setdefault(attached["InstanceId"], {}), volume.get("VolumeType", "standard")
            of_one[kind] = of_one.get(kind, 0) + volume["Size"]
    return found


def addresses_by_instance(client: Any) -> dict[str, int]:
    """How many elastic IP addresses every machine in a region has. Raises what the client raises."""
    found: dict[str, int] = {}
    for address in client.describe_addresses()["Addresses"]:
        instance_id, pool = address.get("InstanceId"), address.get("PublicIpv4Pool", AMAZONS)
        if instance_id and pool == AMAZONS:  # a company's own addresses cost nothing
            found[instance_id] = found.get(instance_id, 0) + 1
    return found
