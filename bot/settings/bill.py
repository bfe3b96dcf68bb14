"""Where the provider's bill is read."""

from typing import Literal

from pydantic import Field, model_validator

from bot.settings.values import Table

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
