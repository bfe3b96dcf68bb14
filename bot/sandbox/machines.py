"""A provider of made-up rented machines that behave as EC2's do, driven by a clock alone."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from threading import RLock
from typing import Any, Literal

from bot.domain.acting.images import Image
from bot.domain.acting.launch import ACTION_TAG, Order
from bot.domain.clock import MINUTE_MS, SECOND_MS, Clock
from bot.domain.machines.fleet import Instance, InstanceState, SourceSnapshot
from bot.errors import ValetError
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
from bot.sandbox.inventory import MACHINE_KINDS, OWNED_MACHINES, image_of, made_of, rented_fleet

STOP_TAKES = 40 * SECOND_MS
START_TAKES = 20 * SECOND_MS
COPY_TAKES = 5 * MINUTE_MS

CAPACITY = "InsufficientInstanceCapacity"
CAPACITY_REASON = f"Server.{CAPACITY}"

MachineCall = Literal["describe", "stop", "start", "launch", "copy"]


@dataclass(slots=True)
class _Fault:
    """What the next calls meet."""

    error: ValetError
    times: int
    accepted: bool


class SandboxFleet:
    """The provider of the sandbox. Nothing in it moves but by its clock and its callers.

    `calls` counts what was asked, by (verb, name): `calls["stop", "train-7"]`, and ("sweep", "").
    `stops`, `starts` and `launches` list what really began to, as (name, moment). Launches are asked for, and given
    faults, by their source. `copies` lists the images begun, as (name of the machine, whether it was rebooted).
    """

    owned: tuple[Instance, ...] = OWNED_MACHINES

    def __init__(self, clock: Clock, *, demo: bool = False) -> None:
        """With `demo` there are the machines that only the demo has, too."""
        self._clock = clock
        self._lock = RLock()
        self._machines = {machine.name: machine for machine in rented_fleet(clock(), demo=demo)}
        self._changing: dict[str, int] = {}
        self._faults: dict[tuple[str, MachineCall], _Fault] = {}
        self._silent: dict[str, str] = {}
        self.calls: Counter[tuple[str, str]] = Counter()
        self._short: dict[str, bool] = {}
        self.stops: list[tuple[str, int]] = []
        self.starts: list[tuple[str, int]] = []
        self._made: dict[str, str] = {}
        self.launches: list[tuple[str, int]] = []
        self._images: dict[str, Image] = {}
        self.copies: list[tuple[str, bool]] = []

    def sweep(self) -> Iterator[SourceSnapshot]:
        """One look per region, in a fixed order."""
        with self._lock:
            self.calls["sweep", ""] += 1
            machines = [self.named(name) for name in self._machines]
            silent = dict(self._silent)
        for source in sorted({machine.source for machine in machines}):
            region = source.rsplit("/", 1)[-1]
            if region in silent:
                yield SourceSnapshot(source, error=str(reading_failed(AwsError(silent[region], 503), region)))
                continue
            here = (one for one in machines if one.source == source and one.state != "terminated")
            yield SourceSnapshot(source, tuple(here))

    def describe(self, instance: Instance) -> Instance | None:
        """The machine this moment; None when there is no such id. Raises the fault set for it."""
        with self._lock:
            fault = self._met(self._handle(instance), "describe")
            if fault:
                raise fault.error
            self._answering(instance.region)
            return self._by_id(instance.id)

    def stop(self, instance: Instance) -> None:
        """Begin to stop it. Raises Refused where EC2 would say no, or the fault set for it."""
        with self._lock:
            fault = self._met(self._handle(instance), "stop")
            if fault and not fault.accepted:
                raise fault.error
            self._begin_stop(instance)
            if fault:
                raise fault.error

    def start(self, instance: Instance) -> None:
        """Begin to start it. Raises NoCapacity and Refused where EC2 would say so, or the fault set for it."""
        with self._lock:
            fault = self._met(self._handle(instance), "start")
            if fault and not fault.accepted:
                raise fault.error
            self._begin_start(instance)
            if fault:
                raise fault.error

    def launch(self, order: Order) -> Instance:
        """Make a machine, once for one token. Raises NoCapacity where there is none, or the fault set for it."""
        with self._lock:
            fault = self._met(order.source, "launch")
            if fault and not fault.accepted:
                raise fault.error
            made = self._make(order)
            if fault:
                raise fault.error
            return made

    def copy(self, instance: Instance, name: str, tags: Mapping[str, str], *, reboot: bool) -> str:
        """Begin to make an image, once for one name. Raises Refused where EC2 would, or the fault set for it."""
        with self._lock:
            fault = self._met(self._handle(instance), "copy")
            if fault and not fault.accepted:
                raise fault.error
            if self._by_id(instance.id) is None:
                raise copy_failed(AwsError(NOT_SEEN, 400, "CreateImage"), instance)
            if name in self._images:
                raise copy_failed(AwsError("InvalidAMIName.Duplicate", 400, "CreateImage"), instance)
            self._images[name] = image_of(instance, name, tags, self._clock())
            self.copies.append((self._handle(instance), reboot))
            if fault:
                raise fault.error
            return self._images[name].id

    def copied(self, instance: Instance, name: str) -> Image | None:
        """The image of that name, this moment."""
        with self._lock:
            self._answering(instance.region)
            found = self._images.get(name)
            return self._developed(found) if found else None

    def images(self) -> list[tuple[str, list[Image]]]:
        """Every image, by source."""
        with self._lock:
            sources = sorted({machine.source for machine in self._machines.values()})
            made = [self._developed(each) for each in self._images.values()]
            return [(source, [each for each in made if each.source == source]) for source in sources]

    def _developed(self, image: Image) -> Image:
        return replace(image, state="available") if self._clock() - image.made_at >= COPY_TAKES else image

    def deregister(self, image_id: str) -> None:
        """Someone deletes an image."""
        with self._lock:
            self._images = {name: each for name, each in self._images.items() if each.id != image_id}

    def launched(self, order: Order) -> Instance | None:
        """What bears the order's tag."""
        with self._lock:
            self._answering(order.region)
            name = self._made.get(order.token)
            return self.named(name) if name else None

    def _make(self, order: Order) -> Instance:
        zone = order.subnet or f"{order.region}a"
        if order.token in self._made:
            return self.named(self._made[order.token])
        if order.shape and self._by_id(order.shape.id) is None:
            raise shape_not_seen(order.shape)
        no = "Unsupported" if order.type not in MACHINE_KINDS else CAPACITY if self._short.get(zone) is False else ""
        if no:
            raise launch_failed(AwsError(no, 400, "RunInstances"), order)
        self._made[order.token] = order.name
        self.launches.append((order.name, self._clock()))
        self._put(made_of(order, zone, self._clock()))
        used = (name for name, each in self._images.items() if each.id == order.image_id)
        self._images |= {name: replace(self._images[name], launched_at=self._clock()) for name in used}
        return self.named(order.name)

    def is_known(self, name: str) -> bool:
        """There is or was a machine that goes by this name here."""
        return name in self._machines

    def named(self, name: str) -> Instance:
        """The machine of that name, this moment."""
        with self._lock:
            machine = self._settled(self._machines[name])
            self._machines[name] = machine
            return machine

    def power_up(self, name: str) -> None:
        """Someone else starts it: pending for a while, with a new launch time."""
        with self._lock:
            machine = self.named(name)
            self._put(replace(machine, state="pending", launched_at=self._clock(), stopped_at=None, state_reason=""))

    def run_short(self, zone: str, *, late: bool = False) -> None:
        """There is no capacity in a zone, until `refill`; with `late` that shows when a machine has begun to start."""
        self._short[zone] = late

    def refill(self, zone: str) -> None:
        """There is capacity again."""
        self._short.pop(zone, None)

    def restart(self, name: str) -> None:
        """Someone has stopped and started it: it runs again, with a new launch time."""
        with self._lock:
            self._put(replace(self.named(name), state="running", launched_at=self._clock(), stopped_at=None))

    def terminate(self, name: str) -> None:
        """Someone ends it for good."""
        self.change(name, state="terminated")

    def change(self, name: str, /, **fields: Any) -> None:
        """Someone changes it in AWS: `change("nb-2", stop_protected=True)`; here its first name stays."""
        with self._lock:
            self._put(replace(self.named(name), **fields))

    def fault(
        self, name: str, error: ValetError, *, on: MachineCall = "stop", times: int = 1, accepted: bool = False
    ) -> None:
        """The next `times` calls raise `error`; with `accepted` the stop happens and only its answer is lost."""
        with self._lock:
            self._faults[name, on] = _Fault(error, times, accepted)

    def silence(self, region: str, code: str = "RequestLimitExceeded") -> None:
        """The region answers nothing but this error code, until `unsilence`."""
        with self._lock:
            self._silent[region] = code

    def unsilence(self, region: str) -> None:
        """The region answers again."""
        with self._lock:
            self._silent.pop(region, None)

    def _answering(self, region: str) -> None:
        if region in self._silent:
            raise reading_failed(AwsError(self._silent[region], 503), region)

    def _met(self, name: str, verb: MachineCall) -> _Fault | None:
        self.calls[verb, name] += 1
        fault = self._faults.get((name, verb))
        if fault is None or fault.times < 1:
            return None
        fault.times -= 1
        return fault

    def _begin_stop(self, instance: Instance) -> None:
        machine = self._by_id(instance.id)
        if machine and machine.asg:
            raise group_member(machine)
        code = why_not_stop(machine)
        if code:
            raise stop_failed(AwsError(code, 400, "StopInstances"), instance)
        if machine is None or machine.state != "running":
            return  # EC2 takes a second stop as done
        self.stops.append((self._handle(machine), self._clock()))
        reason = "Client.UserInitiatedShutdown"
        self._put(replace(machine, state="stopping", stopped_at=self._clock(), state_reason=reason))

    def _begin_start(self, instance: Instance) -> None:
        machine = self._by_id(instance.id)
        code = why_not_start(machine) or (CAPACITY if self._is_short(instance) else "")
        if code:
            raise start_failed(AwsError(code, 400, "StartInstances"), instance)
        if machine is None or machine.state != "stopped":
            return  # EC2 takes a second start as done
        self.starts.append((self._handle(machine), self._clock()))
        self.power_up(self._handle(machine))

    def _is_short(self, instance: Instance) -> bool:
        return self._short.get(instance.zone) is False

    def _by_id(self, instance_id: str) -> Instance | None:
        return next((one for name in self._machines if (one := self.named(name)).id == instance_id), None)

    def _handle(self, machine: Instance) -> str:
        """What it goes by here: its first name, whatever somebody has renamed it to."""
        return next((name for name, one in self._machines.items() if one.id == machine.id), machine.told_name)

    def _put(self, machine: Instance) -> None:
        self._machines[self._handle(machine)] = machine
        self._changing[self._handle(machine)] = self._clock()

    def _settled(self, machine: Instance) -> Instance:
        lasted = self._clock() - self._changing.get(self._handle(machine), 0)
        if machine.state == "stopping" and lasted >= STOP_TAKES:
            return replace(machine, state="stopped")
        if machine.state == "pending" and lasted >= START_TAKES:
            if self._short.get(machine.zone):
                ended: InstanceState = "terminated" if ACTION_TAG in machine.tags else "stopped"
                return replace(machine, state=ended, stopped_at=self._clock(), state_reason=CAPACITY_REASON)
            return replace(machine, state="running")
        return machine


def why_not_start(machine: Instance | None) -> str:
    """The code with which EC2 refuses a start; empty when it doesn't."""
    if machine is None:
        return NOT_SEEN
    if machine.state in {"terminated", "stopping"}:
        return "IncorrectInstanceState"
    return "" if machine.lifecycle == "on-demand" else "UnsupportedOperation"


def why_not_stop(machine: Instance | None) -> str:
    """The code with which EC2 refuses a stop; empty when it doesn't."""
    if machine is None:
        return NOT_SEEN
    if machine.state in {"terminated", "pending"}:
        return "IncorrectInstanceState"
    if machine.stop_protected:
        return "OperationNotPermitted"
    if machine.lifecycle != "on-demand" or machine.root_device != "ebs":
        return "UnsupportedOperation"
    return ""
