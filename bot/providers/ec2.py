"""Rented machines on AWS, in several accounts and regions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from botocore.config import Config

from bot.domain.acting.images import Image
from bot.domain.acting.launch import ACTION_TAG, Order
from bot.domain.clock import Clock, system_clock
from bot.domain.machines.fleet import Instance, SourceSnapshot, UncoveredMachine
from bot.errors import SettingsError, Unreachable
from bot.providers.accounts import Access, AwsAccount
from bot.providers.clients import PATIENT, Clients, call_aws, home_of, regions, told_as
from bot.providers.ec2_access import Room, check_access
from bot.providers.ec2_errors import (
    NOT_SEEN,
    AwsError,
    copy_failed,
    group_member,
    launch_failed,
    reading_failed,
    shape_not_seen,
    start_failed,
    stop_failed,
)
from bot.providers.ec2_lookups import (
    Census,
    PartsMemory,
    ProtectionMemory,
    TypeCatalogue,
    addresses_by_instance,
    disks,
    stop_protection,
)
from bot.providers.ec2_making import born_of, image, launch_request, pairs
from bot.providers.ec2_pages import read_pages_quickly
from bot.providers.ec2_shapes import GpuType, untold
from bot.providers.ec2_shapes import instance as to_instance
from bot.providers.ec2_shapes import other as to_other

T = TypeVar("T")

EC2_WORKERS = 8
PAGE_SIZE = 500
SEEN_STATES = ["pending", "running", "stopping", "stopped"]
# A stop or a start is sent once. If its answer is lost it may have worked, and the machine may be somebody's again by
# the time a second one arrives; so the caller looks again, at LaunchTime too, before it asks again.
EC2_ONCE = PATIENT.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))
PATIENT_LOOKING = PATIENT.merge(Config(user_agent_extra="gpu-valet looking"))
"""Of clients by themselves: what they read of a machine is only what a look shows."""


@dataclass(frozen=True, slots=True)
class _Place:
    """One region of one account."""

    account: AwsAccount
    region: str
    protection: ProtectionMemory = field(compare=False)
    disks: PartsMemory[dict[str, int]] = field(compare=False)
    addresses: PartsMemory[int] = field(compare=False)
    census: Census = field(compare=False)

    @property
    def source(self) -> str:
        return self.account.source(self.region)

    def instance(self, raw: Mapping[str, Any], kind: GpuType, *, stop_protected: bool = False) -> Instance:
        """An entry of DescribeInstances, with what the machine has that costs by itself, as last read."""
        return to_instance(
            raw,
            kind,
            self.source,
            stop_protected=stop_protected,
            disks=self.disks.last_known(raw["InstanceId"]),
            addresses=self.addresses.last_known(raw["InstanceId"]),
        )


class Ec2:
    """The provider of EC2 instances with NVIDIA GPUs.

    Raises SettingsError when two accounts would look at the same place.
    """

    def __init__(
        self,
        accounts: Sequence[AwsAccount],
        *,
        clock: Clock = system_clock,
        page_size: int = PAGE_SIZE,
        clients: Clients | None = None,
    ) -> None:
        self.clients = clients or Clients()
        self._types = TypeCatalogue(clock)
        self._page_size = page_size
        self._places: dict[str, _Place] = {}
        for account in accounts:
            for region in account.regions:
                place = _Place(
                    account=account,
                    region=region,
                    protection=ProtectionMemory(clock),
                    disks=PartsMemory(clock, disks, None),
                    addresses=PartsMemory(clock, addresses_by_instance, 0),
                    census=Census(clock, page_size),
                )
                if self._places.setdefault(place.source, place) is not place:
                    raise SettingsError(f"[[aws]] names {region} of account {account.key} twice; keep one of them.")

    @property
    def sources(self) -> list[str]:
        """The names of all places that are looked at."""
        return list(self._places)

    def memory_of(self, source: str, *, since: int) -> dict[str, Any]:
        """What was read of a place since then, beside its machines: for another who looks there."""
        place = self._places[source]
        return {
            "protection": place.protection.readings(since),
            "disks": place.disks.reading(since),
            "addresses": place.addresses.reading(since),
        }

    def take_memory(self, memory: Mapping[str, Mapping[str, Any]]) -> None:
        """What another has read of places, by source; what is known here and newer stands."""
        for place, known in ((self._places[source], known) for source, known in memory.items()):
            place.protection.take(known["protection"])
            place.disks.take(known["disks"])
            place.addresses.take(known["addresses"])

    def sweep(self) -> Iterator[SourceSnapshot]:
        """One look per account and region, each as soon as it is there; a failing one is a Look with `error`."""
        yield from self._everywhere(self._look)

    def describe(self, instance: Instance) -> Instance | None:
        """The instance as it is this moment, stop protection included; None when AWS knows it no more.

        Raises Unreachable, retryable or not, when AWS can't or won't say.
        """
        place = self._place(instance)
        said: Instance | AwsError | None = call_aws(lambda: self._described(place, instance))
        if not isinstance(said, AwsError):
            return said
        if said.code == NOT_SEEN:
            return None
        raise reading_failed(said, place.region)

    def stop(self, instance: Instance) -> None:
        """Send one StopInstances and return; the machine takes its time.

        Raises Refused when AWS says no for good, Unreachable when it is not known to have agreed: look again with
        `describe` before asking again, since it may be stopping all the same.
        """
        if instance.asg:
            raise group_member(instance)
        place = self._place(instance)
        with told_as(lambda said: stop_failed(said, instance)):
            self._ec2(place, config=EC2_ONCE).stop_instances(InstanceIds=[instance.id])

    def start(self, instance: Instance) -> None:
        """Send one StartInstances and return; the machine takes its time, and AWS may find no room for it yet.

        Raises NoCapacity, Refused, and Unreachable as `stop` does.
        """
        place = self._place(instance)
        with told_as(lambda said: start_failed(said, instance)):
            self._ec2(place, config=EC2_ONCE).start_instances(InstanceIds=[instance.id])

    def launch(self, order: Order) -> Instance:
        """Send one RunInstances under the order's token. Raises as `start` does."""
        place = self._place_of(order.source, order.name)
        with told_as(lambda said: launch_failed(said, order)):
            shape = self._shape(place, order.shape) if order.shape else None
            answer = self._ec2(place, config=EC2_ONCE).run_instances(**launch_request(order, shape))
            return self._made(place, answer["Instances"][0])

    def launched(self, order: Order) -> Instance | None:
        """The machine that bears the order's tag; None when none is seen (yet). Raises Unreachable."""
        place = self._place_of(order.source, order.name)
        with _reading(place):
            raws = _raws(self._ec2(place).describe_instances(Filters=born_of(order)))
            return self._made(place, raws[0]) if raws else None

    def _shape(self, place: _Place, like: Instance) -> Mapping[str, Any]:
        raws = _raws(self._ec2(place).describe_instances(InstanceIds=[like.id]))
        if not raws:
            raise shape_not_seen(like)
        return raws[0]

    def copy(self, instance: Instance, name: str, tags: Mapping[str, str], *, reboot: bool) -> str:
        """Send one CreateImage and return the image's id; EC2 refuses a second one of that name. Raises as `stop`."""
        place = self._place(instance)
        asked = {"InstanceId": instance.id, "Name": name, "NoReboot": not reboot}
        specified = [{"ResourceType": "image", "Tags": pairs(tags)}]
        with told_as(lambda said: copy_failed(said, instance)):
            answer = self._ec2(place, config=EC2_ONCE).create_image(**asked, TagSpecifications=specified)
            return str(answer["ImageId"])

    def copied(self, instance: Instance, name: str) -> Image | None:
        """The image of that name; None when none is seen (yet). Raises Unreachable."""
        place = self._place(instance)
        with _reading(place):
            found = self._images(place, {"Name": "name", "Values": [name]})
            return found[0] if found else None

    def images(self) -> Iterator[tuple[str, list[Image]]]:
        """The images that Valet had made, by account and region; one that fails is left out."""
        for place in self._places.values():
            with suppress(Exception):
                yield place.source, self._images(place, {"Name": "tag-key", "Values": [ACTION_TAG]})

    def _images(self, place: _Place, chosen: Mapping[str, Any]) -> list[Image]:
        answer = self._ec2(place).describe_images(Owners=["self"], Filters=[chosen])
        return [image(raw, place.source) for raw in answer["Images"]]

    def _made(self, place: _Place, raw: Mapping[str, Any]) -> Instance:
        # The machine exists, so nothing may fail any more; what is not learnt here, the next sweep learns.
        with suppress(Exception):
            self._types.learn(self._ec2(place), [raw["InstanceType"]])
        return to_instance(raw, self._types.get(raw["InstanceType"]) or untold(raw["InstanceType"]), place.source)

    def check_access(self, tag: tuple[str, str] | None = None) -> list[Access]:
        """What may be done in each account and region, tried without changing anything.

        `tag` is the (name, value) that the role asks for on a machine it may stop; the dry run is made on one of these.
        """
        found = self._everywhere(lambda place: (place.source, list(check_access(self._room(place, tag)))))
        return [access for _, accesses in sorted(found, key=lambda pair: pair[0]) for access in accesses]

    def _everywhere(self, ask: Callable[[_Place], T]) -> Iterator[T]:
        if not self._places:
            return
        with ThreadPoolExecutor(min(EC2_WORKERS, len(self._places)), thread_name_prefix="valet-ec2") as pool:
            for done in as_completed([pool.submit(ask, place) for place in self._places.values()]):
                yield done.result()

    def _look(self, place: _Place) -> SourceSnapshot:
        try:
            with _reading(place):
                seen, others = self._seen(place)
        except Unreachable as error:
            return SourceSnapshot(place.source, error=str(error))
        return SourceSnapshot(place.source, seen, others=others)

    def _seen(self, place: _Place) -> tuple[tuple[Instance, ...], tuple[UncoveredMachine, ...] | None]:
        """What Valet looks after, and what else is there, where this look asks for that."""
        client = read_pages_quickly(self._ec2(place, config=PATIENT_LOOKING))
        chosen = place.census.types()
        seen: list[tuple[Mapping[str, Any], GpuType]] = []
        others: list[UncoveredMachine] = []
        gpus_by_type: dict[str, bool] = {}
        for page in self._pages(client, chosen):
            self._types.learn(client, {raw["InstanceType"] for raw in page})
            kinds = [(raw, self._types.get(raw["InstanceType"]) or untold(raw["InstanceType"])) for raw in page]
            gpus_by_type |= {raw["InstanceType"]: kind.has_gpus for raw, kind in kinds}
            seen += [(raw, kind) for raw, kind in kinds if kind.has_gpus]
            others += [to_other(raw, kind) for raw, kind in kinds if not kind.has_gpus]
        if not chosen:
            place.census.take(gpus_by_type, len(seen), len(others))
        self._renew_protection(place, client, [raw for raw, _ in seen])
        for parts in (place.disks, place.addresses):
            with suppress(Exception):
                parts.renew(client)
        return tuple(self._whole(place, raw, kind) for raw, kind in seen), None if chosen else tuple(others)

    def _whole(self, place: _Place, raw: Mapping[str, Any], kind: GpuType) -> Instance:
        protected = place.protection.last_known(raw["InstanceId"])
        return place.instance(raw, kind, stop_protected=protected)

    def _pages(self, client: Any, types: Sequence[str]) -> Iterator[list[Mapping[str, Any]]]:
        chosen = [{"Name": "instance-type", "Values": list(types)}] if types else []
        pages = client.get_paginator("describe_instances").paginate(
            Filters=[{"Name": "instance-state-name", "Values": SEEN_STATES}, *chosen],
            PaginationConfig={"PageSize": self._page_size},
        )
        return map(_raws, pages)

    def _renew_protection(self, place: _Place, client: Any, raws: Sequence[Mapping[str, Any]]) -> None:
        place.protection.forget_all_but([raw["InstanceId"] for raw in raws])
        running = [raw["InstanceId"] for raw in raws if raw["State"]["Name"] == "running"]
        # Not worth losing the look for: what was last known still shows, and `describe` asks again before a stop.
        with suppress(Exception):
            place.protection.renew(running, partial(stop_protection, client))

    def _described(self, place: _Place, instance: Instance) -> Instance | None:
        client = self._ec2(place)
        raws = _raws(client.describe_instances(InstanceIds=[instance.id]))
        if not raws:
            return None
        self._types.learn(client, [raws[0]["InstanceType"]])
        kind = self._types.get(raws[0]["InstanceType"]) or GpuType(
            instance.gpu_model, instance.gpu_count, instance.gpu_memory_mib, instance.nvme_gb
        )
        fresh = place.instance(raws[0], kind)
        if fresh.state == "terminated":  # EC2 soon forgets what it was
            return fresh
        protected = stop_protection(client, instance.id)
        place.protection.keep(instance.id, protected=protected)
        return replace(fresh, stop_protected=protected)

    def _ec2(self, place: _Place, *, config: Config = PATIENT) -> Any:
        return self.clients.get(place.account, "ec2", place.region, config=config)

    def _room(self, place: _Place, tag: tuple[str, str] | None) -> Room:
        sts = partial(self.clients.get, place.account, "sts", place.region)
        others = [
            each for each in dict.fromkeys([home_of(place.region), *place.account.regions]) if each != place.region
        ]
        elsewhere = tuple(partial(self.clients.get, place.account, "ec2", each, config=EC2_ONCE) for each in others)
        ec2 = partial(self._ec2, place)
        return Room(place.source, place.region, ec2, sts, call_aws, elsewhere, regions(), tag)

    def _place(self, instance: Instance) -> _Place:
        return self._place_of(instance.source, instance.name)

    def _place_of(self, source: str, name: str) -> _Place:
        place = self._places.get(source)
        if place is None:
            raise Unreachable(f"No [[aws]] entry covers {source}, where {name} is.", retryable=False)
        return place


def _reading(place: _Place) -> AbstractContextManager[None]:
    """A look at a place, whatever of it fails: Unreachable."""
    return told_as(lambda said: reading_failed(said, place.region))


def _raws(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [raw for group in answer["Reservations"] for raw in group["Instances"]]
