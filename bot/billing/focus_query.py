"""One query for FOCUS exports of any shape: which of its columns are there, under which names, as what.

FOCUS 1.0 and 1.2 are read alike: what 1.2 has more (SkuMeter, SkuPriceDetails) is used where it is there. Charges are
summed where they lie, per day, account, service, team, type, machine and kind; only the sums come back.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Protocol

from bot.domain.clock import HOUR
from bot.domain.money.bill import GPU_TYPE, BillLine, Kind
from bot.domain.money.rates import USD
from bot.errors import Refused

GROUPS, SUMS = 10, 4
"""Columns of the query's result that charges are grouped by, and that are summed; two counts come after them."""
REQUIRED = ("BilledCost", "ChargePeriodStart")
INSTANCE_TYPE = "InstanceType"
"""No column of FOCUS; a company whose export has one can name it in the settings."""
AMOUNT = "DECIMAL(28,12)"
KINDS: dict[str, Kind] = {
    "usage": "usage",
    "purchase": "purchase",
    "tax": "tax",
    "credit": "credit",
    "adjustment": "adjustment",
}
BY_METER = (
    r"(?:BoxUsage|SpotUsage|DedicatedUsage|HeavyUsage|UnusedBox|UnusedDed|Reservation):([a-z][a-z0-9-]*\.[a-z0-9-]+)"
)
BY_WORDS = (
    r"(?:^|[ ,])([a-z]+[0-9][a-z0-9-]*\.(?:nano|micro|small|medium|large|[0-9]*xlarge|metal[a-z0-9-]*))(?:[ ,]|$)"
)
EC2 = "%compute cloud%"
MACHINE = r"(i-[0-9a-zA-Z]+)$"


class Dialect(Protocol):
    """Where DuckDB and Athena differ."""

    def is_text(self, kind: str) -> bool:
        """Whether a column of that type is text."""
        ...

    def day(self, column: str) -> str:
        """The day of a timestamp as text."""
        ...

    def tag(self, column: str, kind: str, key: str) -> str:
        """One tag out of a map, a record, or JSON text; NULL without it. Raises Refused for a type it can't read."""
        ...


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of an export, and how it names them."""

    kinds: Mapping[str, str]
    """Type by name, as in the export."""
    renamed: Mapping[str, str]
    """The export's name of a FOCUS column, where the settings say one."""

    def find(self, column: str) -> str | None:
        """The export's own name of a FOCUS column; None where it has none. Raises Refused for a renaming in vain."""
        own = self.renamed.get(column)
        if own is not None:
            found = next((name for name in self.kinds if name.lower() == own.lower()), None)
            if found is None:
                raise Refused(f'The export has no column "{own}", which bill.columns names for {column}.')
            return found
        return next((name for name in self.kinds if _plain(name) == _plain(column)), None)


def _plain(name: str) -> str:
    """BilledCost, billed_cost and billedcost are one column."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def quoted(name: str) -> str:
    """A column name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Text in SQL."""
    return "'" + text.replace("'", "''") + "'"


class Query:
    """The query for one shape."""

    def __init__(self, shape: Shape, dialect: Dialect, team_tag: str) -> None:
        """Raises Refused when the export lacks what nothing can be done without."""
        self._shape = shape
        self._dialect = dialect
        self._team_tag = team_tag
        for column in REQUIRED:
            if shape.find(column) is None:
                known = ", ".join(list(shape.kinds)[:12])
                raise Refused(
                    f"The export has no column {column}. Name the one that has it under bill.columns; "
                    f"its columns begin with {known}."
                )

    def text(self, relation: str, since: date) -> str:
        """Sums of every billing period from the month of `since` on."""
        period, day = self._period(), self._day("ChargePeriodStart")
        billed = self._amount("BilledCost")
        groups = [period, day, self._account(), self._text("ServiceName"), self._team(), self._type(), self._machine()]
        groups += [self._lower("ChargeCategory"), self._lower("ChargeClass"), self._text("BillingCurrency")]
        sums = [billed, self._amount("EffectiveCost"), self._amount("ListCost"), self._hours()]
        inner = ", ".join(f"{sql} AS c{n}" for n, sql in enumerate((*groups, *sums)))
        keys, told = ", ".join(_names(GROUPS)), ", ".join(f"sum({name}) AS {name}" for name in _names(SUMS, GROUPS))
        count = f"count(*) AS charges, sum(CASE WHEN c{GROUPS} IS NULL THEN 1 ELSE 0 END) AS unreadable"
        return (
            f"SELECT {keys}, {told}, {count} FROM (SELECT {inner} FROM {relation} "
            f"WHERE {period} >= {literal(f'{since:%Y-%m}')} OR {period} IS NULL) GROUP BY {keys}"
        )

    def _text(self, column: str) -> str:
        """A column as text, NULL where it is empty or says so; NULL without the column."""
        name = self._shape.find(column)
        if name is None:
            return "CAST(NULL AS VARCHAR)"
        text = f"trim(CAST({quoted(name)} AS VARCHAR))"
        return f"CASE WHEN upper({text}) IN ('', 'NULL', '\\N') THEN NULL ELSE {text} END"

    def _lower(self, column: str) -> str:
        return f"lower({self._text(column)})"

    def _amount(self, column: str) -> str:
        name = self._shape.find(column)
        known = name is not None and not self._dialect.is_text(self._shape.kinds[name])
        return f"TRY_CAST({quoted(name) if name and known else self._text(column)} AS {AMOUNT})"

    def _day(self, column: str) -> str:
        name = self._shape.find(column)
        if name is None:
            return "CAST(NULL AS VARCHAR)"
        if self._dialect.is_text(self._shape.kinds[name]):
            return f"substr({self._text(column)}, 1, 10)"
        return self._dialect.day(quoted(name))

    def _period(self) -> str:
        column = "BillingPeriodStart" if self._shape.find("BillingPeriodStart") else "ChargePeriodStart"
        return f"substr({self._day(column)}, 1, 7)"

    def _account(self) -> str:
        return f"coalesce({self._text('SubAccountId')}, {self._text('BillingAccountId')})"

    def _team(self) -> str:
        name = self._shape.find("Tags")
        if name is None:
            return "CAST(NULL AS VARCHAR)"
        kind = self._shape.kinds[name]
        keys = (self._team_tag, f"user:{self._team_tag}", f"user_{self._team_tag}")
        return f"coalesce({', '.join(self._dialect.tag(quoted(name), kind, key) for key in keys)})"

    def _type(self) -> str:
        if self._shape.find(INSTANCE_TYPE):
            return self._text(INSTANCE_TYPE)
        found = [_part(self._text(column), BY_METER) for column in ("SkuMeter", "x_UsageType") if self._has(column)]
        if self._has("SkuPriceDetails") and self._is_text("SkuPriceDetails"):
            found.append(_part(self._text("SkuPriceDetails"), r'"InstanceType" *: *"([a-z0-9.-]+)"'))
        if self._has("ChargeDescription"):
            found.append(
                f"CASE WHEN {self._is_hours()} THEN {_part(self._text('ChargeDescription'), BY_WORDS)} ELSE NULL END"
            )
        if not found:
            return "CAST(NULL AS VARCHAR)"
        type_ = f"coalesce({', '.join(found)}, NULL)"
        if not self._has("ServiceName"):
            return type_
        return f"CASE WHEN {self._lower('ServiceName')} LIKE {literal(EC2)} THEN {type_} ELSE NULL END"

    def _machine(self) -> str:
        """Only of machines with GPUs: the others would be most of the rows, and are never looked at."""
        if not self._has("ResourceId"):
            return "CAST(NULL AS VARCHAR)"
        gpus = f"regexp_extract({self._type()}, {literal('^' + GPU_TYPE.pattern + '$')}, 0)"
        machine = _part(self._text("ResourceId"), MACHINE)
        return f"CASE WHEN nullif({gpus}, '') IS NULL THEN NULL ELSE {machine} END"

    def _hours(self) -> str:
        if not self._has("ConsumedQuantity"):
            return f"CAST(NULL AS {AMOUNT})"
        return (
            f"CASE WHEN {self._is_hours()} AND {self._lower('ChargeCategory')} = 'usage' "
            f"THEN {self._amount('ConsumedQuantity')} ELSE NULL END"
        )

    def _is_hours(self) -> str:
        unit = next((name for name in ("ConsumedUnit", "PricingUnit") if self._has(name)), "ConsumedUnit")
        return f"({self._lower(unit)} LIKE 'hour%' OR {self._lower(unit)} LIKE 'hr%')"

    def _has(self, column: str) -> bool:
        return self._shape.find(column) is not None

    def _is_text(self, column: str) -> bool:
        name = self._shape.find(column)
        return name is not None and self._dialect.is_text(self._shape.kinds[name])


def _part(text: str, pattern: str) -> str:
    return f"nullif(regexp_extract({text}, {literal(pattern)}, 1), '')"


def _names(count: int, first: int = 0) -> list[str]:
    return [f"c{number}" for number in range(first, first + count)]


def added_up(table: str) -> str:
    """The query for one result out of a table of several."""
    keys = ", ".join(_names(GROUPS))
    told = ", ".join(f"sum({name})" for name in (*_names(SUMS, GROUPS), "charges", "unreadable"))
    return f"SELECT {keys}, {told} FROM {table} GROUP BY {keys}"


@dataclass(slots=True)
class Sums:
    """Rows of the query as lines of a bill."""

    lines: list[BillLine]
    charges: int = 0
    foreign: int = 0
    """Charges in another currency, which are left out."""


def lines_of(rows: Iterable[Sequence[Any]]) -> Sums:
    """Raises Refused where a charge has no readable cost or day: a bill with a hole is none."""
    found = Sums([])
    same: dict[str | None, str] = {None: ""}
    days: dict[str, date] = {}
    unreadable = 0
    for row in rows:
        *keys, billed, effective, listed, hours, charges, bad = row
        period, day, account, service, team, kind_of, machine, category, correction, currency = keys
        found.charges += int(charges)
        if currency not in {None, "USD"}:
            found.foreign += int(charges)
            continue
        if int(bad) or period is None or not _is_day(day):
            unreadable += int(bad) or int(charges)
            continue
        # one copy of each word: there are hundreds of thousands of lines, and few words
        told = [same.setdefault(word, word or "") for word in (account, service, team, kind_of, machine)]
        found.lines.append(
            BillLine(
                period=same.setdefault(period, period),
                day=days.setdefault(day, date.fromisoformat(day)),
                billed_micros=micros(billed) or 0,
                account=told[0],
                service=told[1],
                team=told[2],
                type=told[3],
                instance=told[4],
                kind="correction" if correction == "correction" else KINDS.get(category or "", "other"),
                effective_micros=micros(effective),
                list_micros=micros(listed),
                running_ms=None if hours is None else int(Decimal(hours) * HOUR),
            )
        )
    if unreadable:
        raise Refused(
            f"{unreadable:,} of the export's {found.charges:,} charges have no readable BilledCost or day, so its sums "
            "can't be trusted. Nothing was taken from it."
        )
    return found


def micros(amount: Decimal | str | None) -> int | None:
    """Micro-dollars."""
    if amount is None:
        return None
    return int((Decimal(amount) * USD).to_integral_value(ROUND_HALF_EVEN))


def _is_day(text: str | None) -> bool:
    return text is not None and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is not None
