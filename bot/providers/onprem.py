"""Owned machines: their agents tell of them through the door, so there is nothing here to look at or switch."""

from collections.abc import Iterable, Mapping

from bot.domain.fleet import Instance, Look
from bot.domain.images import Image
from bot.domain.launches import Order
from bot.errors import Refused


class Owned:
    """The provider of owned machines."""

    def sweep(self) -> Iterable[Look]:
        """Nothing: owned machines come into the store when their agent reports."""
        return ()

    def describe(self, instance: Instance) -> Instance | None:
        """The instance as given; nobody knows more."""
        return instance

    def stop(self, instance: Instance) -> None:
        """Raise Refused: nothing switches an owned machine off from here."""
        raise Refused(
            f"{instance.name} is owned, so it can't be stopped from here and costs the same either way. "
            "Release it, and the next person can have it."
        )

    def start(self, instance: Instance) -> None:
        """Raise Refused: nothing switches an owned machine on from here."""
        raise Refused(f"{instance.name} is owned, so it can't be started from here. Ask whoever runs it.")

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
