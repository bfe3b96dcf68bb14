"""What goes between Valet and the process that looks at EC2 for it: lines of JSON, short ones, a few machines each."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from bot.domain.machines.fleet import Instance, SourceSnapshot, UncoveredMachine
from bot.domain.machines.shape import Shape
from bot.providers.accounts import AwsAccount

MACHINES_PER_LINE = 100
"""Read in a millisecond: whoever types meanwhile does not wait for a whole region."""
_INSTANCE = tuple(each.name for each in fields(Instance))
_OTHER = tuple(each.name for each in fields(UncoveredMachine))
_SHAPE = _INSTANCE.index("shape")
WireMessage = dict[str, Any]


def wire_line(message: WireMessage) -> bytes:
    """A message as it is sent."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def account_row(account: AwsAccount) -> dict[str, Any]:
    """An account for a message."""
    return asdict(account)


def account_of(row: dict[str, Any]) -> AwsAccount:
    """The account of a message."""
    return AwsAccount(**{**row, "regions": tuple(row["regions"])})


def machine_lines(look: SourceSnapshot) -> Iterator[WireMessage]:
    """A look's machines, some a line."""
    for part in _parts([_row(each) for each in look.instances]):
        yield {"source": look.source, "machines": part}
    for part in _parts([[getattr(each, name) for name in _OTHER] for each in look.others or ()]):
        yield {"source": look.source, "others": part}


def _parts(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[at : at + MACHINES_PER_LINE] for at in range(0, len(rows), MACHINES_PER_LINE))


def _row(machine: Instance) -> list[Any]:
    row = [getattr(machine, name) for name in _INSTANCE]
    row[_SHAPE] = machine.shape and asdict(machine.shape)
    return row


def machine_of(row: list[Any]) -> Instance:
    """A machine of a message."""
    row[_SHAPE] = row[_SHAPE] and Shape(**row[_SHAPE])
    return Instance(*row)


def last_line(look: SourceSnapshot) -> WireMessage:
    """What ends a look: whether it worked, and whether machines without GPUs were asked for."""
    return {"source": look.source, "error": look.error, "counted": look.others is not None}


class Gathered:
    """The looks of one sweep as their lines come in."""

    def __init__(self) -> None:
        self._machines: dict[str, list[Instance]] = {}
        self._others: dict[str, list[UncoveredMachine]] = {}

    def add(self, message: WireMessage) -> SourceSnapshot | None:
        """Take a line; the look that it ends, else None."""
        source = message["source"]
        if "machines" in message:
            self._machines.setdefault(source, []).extend(map(machine_of, message["machines"]))
        elif "others" in message:
            self._others.setdefault(source, []).extend(UncoveredMachine(*row) for row in message["others"])
        else:
            look = SourceSnapshot(source, tuple(self._machines.pop(source, ())), message["error"])
            others = tuple(self._others.pop(source, ()))
            return replace(look, others=others if message["counted"] else None)
        return None
