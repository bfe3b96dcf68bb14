"""What is paid below AWS's list prices, and whether those are read."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field, field_validator

from bot.settings.values import Table, TypePattern


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
