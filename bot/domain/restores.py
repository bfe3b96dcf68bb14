"""After a copy of the database was put back: how machines are otherwise than it has them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple


class StoredMachine(NamedTuple):
    """A machine as the database has it."""

    name: str
    state: str
    launched_at: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One machine that is otherwise; a state is empty where the machine was not known, or is not there any more."""

    name: str
    before: str
    after: str


def differences(copy: Mapping[str, StoredMachine], now: Mapping[str, StoredMachine]) -> Iterator[Difference]:
    """How machines are otherwise now: new, gone, in another state, or started again meanwhile."""
    for key, seen in now.items():
        known = copy.get(key)
        if known is None:
            yield Difference(seen.name, "", seen.state)
        elif known.state != seen.state or (known.launched_at and known.launched_at != seen.launched_at):
            yield Difference(seen.name, known.state, seen.state)
    for key, known in copy.items():
        if key not in now:
            yield Difference(known.name, known.state, "")
