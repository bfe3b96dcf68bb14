"""What machines cost: owned ones, and those that could be bought."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field, field_validator, model_validator

from bot.settings.values import Budget, BudgetScope, ChannelId, Month, Name, Table, TimeOfDay, TypePattern, Usd, Zone


class OwnedHost(Table):
    """[owned.hosts.NAME]"""

    usd_per_hour: Usd | None = Field(default=None, description="Full cost of an hour of it, USD; goes before its parts")
    team: str = Field(default="", description="Team it belongs to")
    gpus: int | None = Field(
        default=None, ge=1, le=64, description="How many GPUs it has; none: as many as its agent has seen"
    )
    purchase_usd: Usd | None = Field(default=None, description="What was paid for it")
    purchased_on: date | None = Field(default=None, description="When: 2025-03-01")
    life_years: Decimal | None = Field(default=None, gt=0, le=10, description="As in [owned], for this host")
    residual_percent: Decimal | None = Field(default=None, ge=0, le=100, description="As in [owned], for this host")
    watts: Decimal | None = Field(default=None, gt=0, description="Watts of the whole host, while none are measured")
    other_watts: Decimal = Field(
        default=Decimal(0), ge=0, description="Watts it draws beside its GPUs, added to what they are measured to draw"
    )
    hosting_usd_per_month: Usd | None = Field(default=None, description="As in [owned], for this host")
    staff_usd_per_month: Usd | None = Field(default=None, description="As in [owned], for this host")
    power_off: tuple[str, ...] = Field(
        default=(),
        description="Command that shuts it down, run on Valet's host without a shell: program and arguments, one each",
    )
    power_on: tuple[str, ...] = Field(default=(), description="As `power_off`: the command that switches it on")

    @field_validator("purchased_on", mode="before")
    @classmethod
    def _a_day(cls, value: object) -> object:
        if value is not None and type(value) is not date:
            raise ValueError("expected a date such as 2025-03-01, without quotes")
        return value

    @model_validator(mode="after")
    def _price_with_its_day(self) -> "OwnedHost":
        if (self.purchase_usd is None) != (self.purchased_on is None):
            raise ValueError("expected both purchase_usd and purchased_on, or neither")
        return self


class OwnedSettings(Table):
    """[owned]"""

    usd_per_gpu_hour: Usd | None = Field(
        default=None, description="Full cost of a GPU-hour where a host has neither usd_per_hour nor purchase_usd"
    )
    life_years: Decimal = Field(
        default=Decimal(3), gt=0, le=10, description="Years over which a purchase is written off, evenly"
    )
    residual_percent: Decimal = Field(
        default=Decimal(0), ge=0, le=100, description="What a machine is worth after that, percent of its price"
    )
    usd_per_kwh: Usd | None = Field(default=None, description="Price of power; none: power is not counted")
    pue: Decimal = Field(
        default=Decimal(1),
        ge=1,
        le=3,
        description="Power of the room over that of its machines; 1: no cooling",
    )
    hosting_usd_per_month: Usd | None = Field(
        default=None, description="Rack, network, insurance and service of a machine"
    )
    staff_usd_per_month: Usd | None = Field(default=None, description="Share of people's time for a machine")
    retire_after_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        description="A machine of which nothing was heard for so many days is retired, with a day's notice; 0: never",
    )
    hosts: dict[Name, OwnedHost] = Field(default={}, description="Owned hosts, by the name their agent reports under")


class ServerSettings(Table):
    """[buy.servers.TYPE]"""

    usd: Usd = Field(description="Price of one server that can do what this instance type does")
    source: str = Field(min_length=1, description="Where the price is from, with its date; it is shown beside it")
    replaces: int = Field(default=1, ge=1, le=100, description="Instances of that type that one server stands for")
    watts: Decimal | None = Field(default=None, gt=0, description="Watts of it at work")
    hosting_usd_per_month: Usd | None = Field(default=None, description="As in [owned], for such a server")
    staff_usd_per_month: Usd | None = Field(default=None, description="As in [owned], for such a server")


class BuySettings(Table):
    """[buy]"""

    discount_percent: Decimal = Field(
        default=Decimal(12), ge=0, le=100, description="What money is worth to the company in a year; 10 to 15 is usual"
    )
    life_years: Decimal = Field(default=Decimal(3), ge=1, le=10, description="Years a bought server is counted on")
    residual_percent: Decimal = Field(
        default=Decimal(0), ge=0, le=100, description="What it is worth after that, percent of its price"
    )
    tax_percent: Decimal = Field(
        default=Decimal(0), ge=0, lt=100, description="Tax on profit, which costs and depreciation lower; 0: left out"
    )
    servers: dict[Name, ServerSettings] = Field(default={}, description="What can be bought, by instance type")


class DiscountSettings(Table):
    """[[discount]]"""

    percent: Decimal = Field(
        gt=0, lt=100, max_digits=6, decimal_places=3, description="What is taken off the list price, percent"
    )
    source: str = Field(min_length=1, max_length=120, description="Where it is from; it is shown: Savings Plan 4711")
    types: tuple[TypePattern, ...] = Field(
        default=(), description="Instance types it is for, or patterns such as p4d.*; none: all"
    )
    account: str = Field(default="", description="Account: the name of an [[aws]] entry, or its number; none: all")
    until: date | None = Field(default=None, description="Last day of it, in the zone of [digest]: 2027-03-01")
    committed: bool = Field(
        default=False, description="Whether it is paid even when nothing runs, as savings plans and reservations are"
    )

    @field_validator("until", mode="before")
    @classmethod
    def _a_day(cls, value: object) -> object:
        if value is not None and type(value) is not date:
            raise ValueError("expected a date such as 2027-03-01, without quotes")
        return value


class PriceListSettings(Table):
    """[price_list]"""

    enabled: bool = Field(
        default=True, description="Whether AWS's list and spot prices are read, where [[aws]] is set; that is free"
    )
    region: Literal["us-east-1", "eu-central-1", "ap-south-1"] = Field(
        default="us-east-1", description="Where the price list is asked, for any region: the three that have it"
    )


REQUESTS_PER_LOOK = 3
"""Of Cost Explorer, as long as every cut fits a page."""


class BillSettings(Table):
    """[bill]"""

    source: Literal["", "cost-explorer", "focus", "athena"] = Field(
        default="", description="Where the bill is read: cost-explorer, focus (files) or athena; none: not at all"
    )
    path: str = Field(
        default="", description="For focus: a FOCUS 1.0 or 1.2 export (CSV, CSV.gz, Parquet), a folder or a pattern"
    )
    role_arn: str = Field(default="", description="Role to assume for AWS's bill, best in the account that pays")
    external_id: str = Field(default="", description="External id that role asks for")
    region: str = Field(default="us-east-1", description="Region of Cost Explorer or Athena")
    database: str = Field(default="", description="For athena: the database of the export's table")
    table: str = Field(default="", description="For athena: the table of the FOCUS export")
    bucket: str = Field(default="", description="For athena: the bucket the export lies in, for `valet iam-policy`")
    workgroup: str = Field(default="primary", description="For athena: the workgroup; let it limit the bytes scanned")
    output: str = Field(
        default="", description="For athena: where results go (s3://...); none: where the workgroup says"
    )
    columns: dict[str, str] = Field(
        default={}, description='The export\'s own names of FOCUS columns, and of InstanceType: `BilledCost = "cost"`'
    )
    team_tag: str = Field(default="", description="Tag that names a team on the bill; none: as in [actions]")
    lookback_days: int = Field(
        default=40,
        ge=3,
        le=366,
        description="Days that every look reads again, and the rest of their month; bills change for weeks",
    )
    looks_per_day: int = Field(default=2, ge=1, le=4, description="How often Cost Explorer or Athena is asked")
    requests_per_day: int = Field(
        default=16, ge=3, le=48, description="Most paid requests in a UTC day; Cost Explorer's cost $0.01 each"
    )
    memory_mib: int = Field(default=512, ge=128, description="Most memory to read FOCUS files with")

    @property
    def leaves_one(self) -> bool:
        """The looks of a day leave a request for AWS's own forecast; each look of Cost Explorer makes three."""
        return REQUESTS_PER_LOOK * self.looks_per_day < self.requests_per_day

    @model_validator(mode="after")
    def _complete(self) -> "BillSettings":
        if self.source == "focus" and not self.path:
            raise ValueError('expected path, such as "/srv/billing/focus", where source is "focus"')
        if self.source == "athena" and not (self.database and self.table):
            raise ValueError('expected database and table where source is "athena"')
        return self


class BudgetSettings(Table):
    """[budget]"""

    usd: Budget | None = Field(
        default=None, description="Budget of the whole company per calendar month, USD; none: the sum of the teams'"
    )
    warn_percent: int = Field(default=80, ge=10, le=99, description="Share of a budget at which its channel is told")
    unusual_usd: Usd = Field(
        default=Decimal(100), description="A day is unusual only if it cost so much more than expected, USD"
    )


class ScopedBudgetSettings(Table):
    """[[budgets]]"""

    scope: BudgetScope = Field(
        description="What it is for: `team nlp`, `type p4d.24xlarge`, `instance train-7`, or `total`"
    )
    usd: Budget = Field(description="Budget per calendar month, USD; before `budget_usd` and `usd` under [budget]")
    month: Month = Field(default="", description="The one month it is for, such as 2026-12; none: every month")

    @property
    def parts(self) -> tuple[str, str]:
        """Its kind and its name."""
        kind, _, name = self.scope.partition(" ")
        return kind, name


def twice(budgets: tuple[ScopedBudgetSettings, ...]) -> str:
    """The first scope that has two budgets for the same months; empty for none."""
    seen = set()
    for each in budgets:
        key = each.scope, each.month
        if key in seen:
            return f"{each.scope} {each.month}".strip()
        seen.add(key)
    return ""


class ReportSettings(Table):
    """[reports]"""

    channel: ChannelId = Field(default="", description="Channel of the weekly report; none: it is not posted")
    weekday: Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] = Field(
        default="Mon", description="Day of the week on which it is posted; it tells of the seven days before"
    )
    at: TimeOfDay = Field(default="09:00", description="Local time of it, 04:00 to 23:59")
    timezone: Zone | Literal[""] = Field(default="", description="Zone of that time; none: as in [digest]")
