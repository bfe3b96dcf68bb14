"""What machines cost: owned ones, and those that could be bought."""

from datetime import date
from decimal import Decimal

from pydantic import Field, field_validator, model_validator

from bot.settings.values import Name, Table, Usd


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
