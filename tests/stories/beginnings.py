"""What stories begin with: the past of a company, and files in which an office has begun already."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from bot.domain.money.rates import Charge
from bot.sandbox.history import SandboxHistory
from tests.opening import folder


@cache
def past_charges(began: int) -> tuple[Charge, ...]:
    """Five weeks of charges before a moment: all stories that begin then have the same past."""
    return tuple(SandboxHistory(began).charges())


_BEGUN: dict[str, Path | None] = {}
"""The file of each beginning, from the second time on."""


def begun(beginning: str, begin: Callable[[Path], None]) -> Path | None:
    """A file in which an office has begun, to go on with as after a restart; None where this one has to do it itself.

    To begin would be half of what most stories cost.
    """
    if beginning not in _BEGUN:
        _BEGUN[beginning] = None
    elif _BEGUN[beginning] is None:
        path = Path(mkdtemp(dir=folder())) / "valet.db"
        begin(path)
        _BEGUN[beginning] = path
    return _BEGUN[beginning]
