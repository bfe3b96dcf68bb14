"""Owned machines: their agents tell of them through the door; an admin's commands switch them, where there are some."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from bot.domain.acting.images import Image
from bot.domain.acting.launch import Order
from bot.domain.machines.fleet import Instance, SourceSnapshot
from bot.errors import Refused
from bot.providers.power import Power, run_power_command


class Owned:
    """The provider of owned machines; `power` has the commands of those that can be switched, by id."""

    def __init__(self, power: Mapping[str, Power] = MappingProxyType({})) -> None:
        self._power = power

    def sweep(self) -> Iterable[SourceSnapshot]:
        """Nothing: owned machines come into the store when their agent reports."""
        return ()

    def describe(self, instance: Instance) -> Instance | None:
        """The instance as given; nobody knows more."""
        return instance

    def stop(self, instance: Instance) -> None:
        """Run its `power_off`; it returns before the machine is off. Raises as the Protocol says."""
        self._switch(instance, self._power.get(instance.id, Power()).off, "stopped")

    def start(self, instance: Instance) -> None:
        """Run its `power_on`; it returns before the machine is up. Raises as the Protocol says."""
        self._switch(instance, self._power.get(instance.id, Power()).on, "started")

    @staticmethod
    def _switch(instance: Instance, command: tuple[str, ...], what: str) -> None:
        if not command:
            raise Refused(f"{instance.name} is owned, and valet.toml has no command by which it is {what}.")
        run_power_command(command, instance.told_name)

    def launch(self, order: Order) -> Instance:
        """Raise Refused: nothing makes owned machines."""
        raise Refused(f"{order.name} can't be launched: owned machines are bought.")

    def copy(self, instance: Instance, _name: str, _tags: Mapping[str, str], *, reboot: bool) -> str:
        """Raise Refused: nothing makes images of owned machines."""
        raise Refused(f"{instance.name} is owned; only machines on AWS can be cloned.")

    def copied(self, _instance: Instance, _name: str) -> Image | None:
        """None: there are no images of owned machines."""
        return None

    def images(self) -> Iterable[tuple[str, list[Image]]]:
        """None, for the same reason."""
        return ()

    def launched(self, _order: Order) -> Instance | None:
        """None: nothing makes owned machines."""
        return None
