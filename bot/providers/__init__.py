"""Where machines come from: what every provider offers."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from bot.domain.acting.images import Image
from bot.domain.acting.launch import Order
from bot.domain.machines.fleet import Instance, SourceSnapshot


class Provider(Protocol):
    """One kind of machine room. Calls may be slow; none is made on the path of a command."""

    def sweep(self) -> Iterable[SourceSnapshot]:
        """One look per source; a source that fails yields a Look with `error` and never raises."""
        ...

    def describe(self, instance: Instance) -> Instance | None:
        """The instance as it is this moment, stop protection included; None when it is gone.

        Raises Unreachable when the provider does not answer.
        """
        ...

    def stop(self, instance: Instance) -> None:
        """Ask for a stop and return at once.

        Raises Refused when the provider says no for good, Unreachable when it did not answer
        (`retryable`: whether the same call may work later).
        """
        ...

    def start(self, instance: Instance) -> None:
        """Ask for a start and return at once.

        Raises NoCapacity when there is none left just now, Refused and Unreachable as `stop` does.
        """
        ...

    def launch(self, order: Order) -> Instance:
        """Make the machine that was ordered and return at once; an order makes one. Raises as `start` does."""
        ...

    def copy(self, instance: Instance, name: str, tags: Mapping[str, str], *, reboot: bool) -> str:
        """Have an image made of an instance and return its id at once; a name makes one. Raises as `stop` does."""
        ...

    def copied(self, instance: Instance, name: str) -> Image | None:
        """The image of that name where the instance is; None when none is seen. Raises Unreachable."""
        ...

    def images(self) -> Iterable[tuple[str, list[Image]]]:
        """The images that Valet had made, by source; a source that fails is left out."""
        ...

    def launched(self, order: Order) -> Instance | None:
        """The machine that an order has made; None when none is seen. Raises Unreachable."""
        ...
