"""What the provider's bill is read through: Cost Explorer, FOCUS files, or FOCUS in place by Athena."""

from collections.abc import Callable
from datetime import date
from typing import Protocol

from bot.domain.money.bill import BillLook


class Bill(Protocol):
    """One source of the bill. Slow, and some looks cost money: only a job looks, people are answered from the store."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    def seal(self) -> str:
        """Changes when there is something new to read; empty where only a look can tell. Raises Unreachable, Refused.

        It costs nothing.
        """
        ...

    def check(self) -> str:
        """What was found out, at no cost, about whether it can be read: a sentence. Raises Unreachable, Refused."""
        ...

    def look(self, since: date, now: int, spend: Callable[[], None]) -> BillLook:
        """Read the days from `since` on.

        `spend` is called before each request that costs money and raises Refused when no more may be made.
        Raises Unreachable when the source does not answer, Refused when what it says can't be used.
        """
        ...
