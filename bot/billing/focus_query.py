"""One query for FOCUS exports of any shape: which of its columns are there, under which names, as what.

FOCUS 1.0 and 1.2 are read alike: what 1.2 has more (SkuMeter, SkuPriceDetails) is used where it is there. Charges are
summed where they lie, per day, account, service, team, type, machine and kind; only the sums come back.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from bot.domain.money.bill import GPU_TYPE
from bot.errors import Refused

GROUPS, SUMS = 10, 4
"""Columns of the query's result that charges are grouped by, and that are summed; two counts come after them."""
REQUIRED = ("BilledCost", "ChargePeriodStart")
TELLING_COLUMNS = (
    *("BilledCost", "EffectiveCost", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory"),
    *("BillingPeriodStart", "BillingCurrency", "ServiceName", "ConsumedQuantity"),
)
MOST_LIKELY = 3
"""An export with so many of those columns, one of a charge's time among them, is one of charges."""
INSTANCE_TYPE = "InstanceType"
"""No column of FOCUS; a company whose export has one can name it in the settings."""
AMOUNT_TYPE = "DECIMAL(28,12)"
BY_METER = (
    r"(?:BoxUsage|SpotUsage|DedicatedUsage|HeavyUsage|UnusedBox|UnusedDed|Reservation):([a-z][a-z0-9-]*\.[a-z0-9-]+)"
)
TYPE_WORD = (
    r"(?:^|[ ,])([a-z]+[0-9][a-z0-9-]*\.(?:nano|micro|small|medium|large|[0-9]*xlarge|metal[a-z0-9-]*))(?:[ ,]|$)"
)
EC2_SERVICES = ("%compute cloud%", "amazonec2%", "amazon ec2%", "aws ec2%", "ec2%")
"""How exporters call EC2, in small letters."""
NUMBER_TYPES = re.compile(r"u?(tiny|small|big|huge)?int|decimal|double|float|real", re.IGNORECASE)
"""Types of numbers."""
ISO_DAY = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})([T ]|$)"
TAG_KEYS = ("{}", "user:{}", "user_{}")
WORTH = ("ChargeCategory", "ServiceName", "ResourceId", "BillingPeriodStart", "EffectiveCost", "ListCost")
"""A row of a CSV with nothing in these, no day and no cost is an empty line of a spreadsheet."""
QUOTE = '"'
MACHINE = r"(i-[0-9a-zA-Z]+)$"


class Dialect(Protocol):
    """Where DuckDB and Athena differ."""

    def is_text(self, kind: str) -> bool:
        """Whether a column of that type is text."""
        ...

    def words(self, column: str, kind: str) -> str:
        """A column of any type as text; NULL where it can't be."""
        ...

    def day(self, column: str) -> str:
        """The day of a timestamp as text."""
        ...

    def tag(self, column: str, kind: str, key: str) -> str | None:
        """One tag out of a map, a record, or JSON text; NULL without it. None for a type it can't read."""
        ...


@dataclass(frozen=True, slots=True)
class FocusShape:
    """The columns of an export, and how it names them."""

    kinds: Mapping[str, str]
    """Type by name, as in the export."""
    renamed: Mapping[str, str]
    """The export's name of a FOCUS column, where the settings say one."""

    def is_charges(self) -> bool:
        """Whether it is one of FOCUS charges at all, however incomplete."""
        names = {own.lower(): column for column, own in self.renamed.items()}
        known = {_plain(names.get(name.lower(), name)) for name in self.kinds}
        own_to_charges = any(_plain(column) in known for column in ("ChargePeriodStart", "ChargePeriodEnd"))
        return own_to_charges and sum(_plain(column) in known for column in TELLING_COLUMNS) >= MOST_LIKELY

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

    def __init__(self, shape: FocusShape, dialect: Dialect, team_tag: str) -> None:
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

    def text(self, relation: str, since: date, without: Iterable[str] = ()) -> str:
        """Sums of every billing period from the month of `since` on, but for those `without`."""
        period, day = self.period(), self._day("ChargePeriodStart")
        billed = self._amount("BilledCost")
        groups = [period, day, self.account(), self._text("ServiceName"), self._team(), self._type(), self._machine()]
        groups += [self._lower("ChargeCategory"), self._lower("ChargeClass")]
        groups.append(f"upper({self._text('BillingCurrency')})")
        sums = [billed, self._amount("EffectiveCost"), self._amount("ListCost"), self._hours()]
        inner = ", ".join(f"{sql} AS c{n}" for n, sql in enumerate((*groups, *sums)))
        keys, told = ", ".join(_names(GROUPS)), ", ".join(f"{sql} AS c{GROUPS + n}" for n, sql in enumerate(_sums()))
        count = "count(*) AS charges, sum(CASE WHEN c1 IS NULL OR c10 IS NULL THEN 1 ELSE 0 END) AS unreadable"
        return (
            f"SELECT {keys}, {told}, {count} FROM (SELECT {inner} FROM {relation} "
            f"WHERE {self.counted(since, without)}) GROUP BY {keys}"
        )

    def counted(self, since: date, without: Iterable[str] = ()) -> str:
        """Which rows count: charges of the months asked for, and every row that can't be told to be none of them."""
        period = self.period()
        left_out = ", ".join(literal(each) for each in sorted(without))
        some = f" AND {period} NOT IN ({left_out})" if left_out else ""
        asked = f"({period} IS NULL OR ({period} >= {literal(f'{since:%Y-%m}')}{some}))"
        own = [(self._text(column), literal(self._shape.find(column) or "")) for column in REQUIRED]
        if not all(self._is_text(column) for column in REQUIRED):
            return asked
        header = " AND ".join(f"coalesce({text}, '') = {name}" for text, name in own)
        there = [self._text(column) for column in (*REQUIRED, *WORTH) if self._has(column)]
        return f"{asked} AND NOT ({header}) AND coalesce({', '.join(there)}) IS NOT NULL"

    def hole(self, relation: str, since: date) -> str:
        """The query for one row without a readable cost or day: which column it is, and what stands there."""
        holes = {"BilledCost": self._amount("BilledCost"), "ChargePeriodStart": self._day("ChargePeriodStart")}
        if self._has("BillingPeriodStart"):
            holes["BillingPeriodStart"] = self.period()
        column = " ".join(f"WHEN {sql} IS NULL THEN {literal(name)}" for name, sql in holes.items())
        raw = {name: quoted(self._shape.find(name) or name) for name in holes}
        told = " ".join(f"WHEN {sql} IS NULL THEN CAST({raw[name]} AS VARCHAR)" for name, sql in holes.items())
        some = " OR ".join(f"{sql} IS NULL" for sql in holes.values())
        return (
            f"SELECT CASE {column} END, CASE {told} END FROM {relation} "
            f"WHERE {self.counted(since)} AND ({some}) LIMIT 1"
        )

    def keys(self, relation: str, columns: Sequence[str], *, hour: str) -> str:
        """The query for what tells charges apart, without what they cost: month, day, account, and one text."""
        parts = [f"coalesce({text}, '')" for text in (hour, *(self._text(column) for column in columns))]
        told = f"{self.period()} AS period, {self._day('ChargePeriodStart')} AS day, {self.account()} AS account"
        billed = f"{self._amount('BilledCost')} AS billed"
        return f"SELECT {told}, {billed}, {' || chr(31) || '.join(parts)} AS charge FROM {relation}"

    def notes(self) -> tuple[str, ...]:
        """What can't be read of the columns that one can do without."""
        name = self._shape.find("Tags")
        if name is None or self._tag("Tags", self._team_tag) is not None:
            return ()
        return (f"its tags can't be read (the column is of type {self._shape.kinds[name][:40].strip(QUOTE)})",)

    def _text(self, column: str) -> str:
        """A column as text, NULL where it is empty or says so; NULL without the column."""
        name = self._shape.find(column)
        if name is None:
            return "CAST(NULL AS VARCHAR)"
        text = f"trim({self._dialect.words(quoted(name), self._shape.kinds[name])})"
        return f"CASE WHEN upper({text}) IN ('', 'NULL', '\\N') THEN NULL ELSE {text} END"

    def _lower(self, column: str) -> str:
        return f"lower({self._text(column)})"

    def _amount(self, column: str) -> str:
        name = self._shape.find(column)
        known = name is not None and NUMBER_TYPES.match(self._shape.kinds[name])
        return f"TRY_CAST({quoted(name) if name and known else self._text(column)} AS {AMOUNT_TYPE})"

    def _day(self, column: str) -> str:
        name = self._shape.find(column)
        if name is None:
            return "CAST(NULL AS VARCHAR)"
        if self._shape.kinds[name].upper().startswith(("TIMESTAMP", "DATE")):
            return self._dialect.day(quoted(name))
        return f"CAST(TRY_CAST({_part(self._text(column), ISO_DAY)} AS DATE) AS VARCHAR)"

    def day(self) -> str:
        """The day of the charge."""
        return self._day("ChargePeriodStart")

    def period(self) -> str:
        """The month that invoices it: where the export leaves that empty, the month of the charge."""
        charged = f"substr({self._day('ChargePeriodStart')}, 1, 7)"
        if not self._has("BillingPeriodStart"):
            return charged
        invoiced = f"substr({self._day('BillingPeriodStart')}, 1, 7)"
        return f"CASE WHEN {self._text('BillingPeriodStart')} IS NULL THEN {charged} ELSE {invoiced} END"

    def account(self) -> str:
        """The account that used it, or that pays."""
        return f"coalesce({self._text('SubAccountId')}, {self._text('BillingAccountId')})"

    def _tag(self, column: str, key: str) -> str | None:
        """A tag, or the like in another column; None where the column is of a type that has none."""
        name = self._shape.find(column)
        return None if name is None else self._dialect.tag(quoted(name), self._shape.kinds[name], key)

    def _team(self) -> str:
        found = [self._tag("Tags", form.format(self._team_tag)) for form in TAG_KEYS]
        told = ", ".join(each for each in found if each is not None)
        return f"coalesce({told})" if told else "CAST(NULL AS VARCHAR)"

    def _type(self) -> str:
        if self._shape.find(INSTANCE_TYPE):
            return self._text(INSTANCE_TYPE)
        found = [_part(self._text(column), BY_METER) for column in ("SkuMeter", "x_UsageType") if self._has(column)]
        details = self._tag("SkuPriceDetails", INSTANCE_TYPE)
        if details is not None:
            found.append(_part(details, r"^([a-z0-9.-]+)$"))
        if self._has("ChargeDescription"):
            found.append(
                f"CASE WHEN {self._is_hours()} THEN {_part(self._text('ChargeDescription'), TYPE_WORD)} ELSE NULL END"
            )
        if not found:
            return "CAST(NULL AS VARCHAR)"
        type_ = f"coalesce({', '.join(found)}, NULL)"
        if not self._has("ServiceName"):
            return type_
        service = self._lower("ServiceName")
        is_ec2 = " OR ".join(f"{service} LIKE {literal(each)}" for each in EC2_SERVICES)
        return f"CASE WHEN {service} IS NULL OR {is_ec2} THEN {type_} ELSE NULL END"

    def _machine(self) -> str:
        """Only of machines with GPUs: the others would be most of the rows, and are never looked at."""
        if not self._has("ResourceId"):
            return "CAST(NULL AS VARCHAR)"
        gpus = f"regexp_extract({self._type()}, {literal('^' + GPU_TYPE.pattern + '$')}, 0)"
        machine = _part(self._text("ResourceId"), MACHINE)
        return f"CASE WHEN nullif({gpus}, '') IS NULL THEN NULL ELSE {machine} END"

    def _hours(self) -> str:
        if not self._has("ConsumedQuantity"):
            return f"CAST(NULL AS {AMOUNT_TYPE})"
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
    told = ", ".join([*_sums(), "sum(charges)", "sum(unreadable)"])
    return f"SELECT {keys}, {told} FROM {table} GROUP BY {keys}"


def _sums() -> list[str]:
    """Of each summed column. What would be paid without commitments, or by list, is unknown where a part of it is."""
    billed, effective, listed, hours = _names(SUMS, GROUPS)
    whole = [f"CASE WHEN count({name}) = count(*) THEN sum({name}) ELSE NULL END" for name in (effective, listed)]
    return [f"sum({billed})", *whole, f"sum({hours})"]
