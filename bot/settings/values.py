"""The kinds of values `valet.toml` takes, each with the words for what was expected."""

import re
import zoneinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict

MOST_BUDGET = 1_000_000_000
"""USD a month: more is a slip of the pen."""


def _zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected a time zone such as Europe/Berlin") from None
    return name


def _digest_time(value: str) -> str:
    if not "04:00" <= value <= "23:59":
        raise ValueError("expected a time from 04:00 to 23:59; earlier ones are skipped or doubled by daylight saving")
    return value


def _usd(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError("expected an amount of 0 or more")
    return value


def _budget(value: Decimal) -> Decimal:
    if not 0 <= value <= MOST_BUDGET:
        raise ValueError(f"expected an amount from 0 (nothing may be spent) to {MOST_BUDGET:,}")
    return value


def _text(pattern: str, expected: str) -> Any:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(f"expected {expected}")
        return value

    return Annotated[str, AfterValidator(check)]


if TYPE_CHECKING:
    UserId: TypeAlias = str
    GroupId: TypeAlias = str
    ChannelId: TypeAlias = str
    Zone: TypeAlias = str
    Command: TypeAlias = str
    TimeOfDay: TypeAlias = str
    Name: TypeAlias = str
    UnixUser: TypeAlias = str
    TypePattern: TypeAlias = str
    Address: TypeAlias = str
    Metric: TypeAlias = str
    Label: TypeAlias = str
    Tag: TypeAlias = str
    Usd: TypeAlias = Decimal
    Budget: TypeAlias = Decimal
    BudgetScope: TypeAlias = str
    Month: TypeAlias = str
else:
    UserId = _text(r"[UW][A-Z0-9]{2,}", "a Slack user id such as U024BE7LH (in Slack: profile, Copy member ID)")
    GroupId = _text(r"(S[A-Z0-9]{2,})?", "the id of a Slack user group such as S0614TZR7")
    ChannelId = _text(r"([CGD][A-Z0-9]{2,})?", "a Slack channel id such as C024BE7LR (in Slack: channel details)")
    Zone = Annotated[str, AfterValidator(_zone)]
    Command = _text(r"/[a-z0-9_-]{1,31}", "a command such as /gpu")
    TimeOfDay = Annotated[_text(r"([01]\d|2[0-3]):[0-5]\d", "a time such as 09:00"), AfterValidator(_digest_time)]
    Usd = Annotated[Decimal, AfterValidator(_usd)]
    BudgetScope = _text(
        r"total|(team|type|instance) \S(.{0,126}\S)?",
        'a scope such as "team nlp", "type p4d.24xlarge", "instance train-7" or "total"',
    )
    Month = _text(r"(20\d\d-(0[1-9]|1[0-2]))?", "a month such as 2026-12")
    Budget = Annotated[Decimal, AfterValidator(_budget)]
    Address = _text(r"(https?://[^\s?#@]+)?", "an address such as https://prometheus.example.com:9090")
    Metric = _text(r"[a-zA-Z_:][a-zA-Z0-9_:]*", "the name of a metric such as DCGM_FI_DEV_GPU_UTIL")
    Label = _text(r"[a-zA-Z_][a-zA-Z0-9_]*", "the name of a label such as Hostname")
    Tag = _text(r"[^=\s]{1,127}=[^=\s]{1,255}", "a tag such as gpu-valet=managed")
    TypePattern = _text(r"[a-z0-9*][a-z0-9.*-]{0,62}", "an instance type such as p4d.24xlarge, or a pattern: p4d.*")
    UnixUser = _text(r"([^/\s]{1,253}/)?[^/\s]{1,64}", "a unix user such as ada, or dgx-1/ada for one host")
    Name = _text(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", "a name of letters, digits, dots and dashes")


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
