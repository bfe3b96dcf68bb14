"""When a GPU is idle, what may idle, and the daily digest of it."""

from datetime import date

from pydantic import Field, field_validator, model_validator

from bot.domain.clock import MINUTE_MS
from bot.settings.values import Address, Label, Metric, Table, TimeOfDay, Zone


class IdleSettings(Table):
    """[idle]"""

    window_minutes: int = Field(
        default=60, ge=15, le=1440, description="Minutes without work in a row before a GPU is idle"
    )
    known_percent: float = Field(
        default=90.0, ge=50, le=100, description="Share of them that must really have been seen"
    )
    active_percent: float = Field(
        default=5.0, gt=0, le=100, description="GPU utilisation from which a minute counts as work"
    )
    held_mib: int = Field(default=512, ge=1, description="Used GPU memory from which an idle GPU is held, not free")
    veto_watts: float = Field(
        default=15.0, gt=0, description="Power over a GPU's own idle floor from which a minute counts as work, watts"
    )
    settle_minutes: int = Field(
        default=15, ge=0, le=240, description="Minutes after a boot or a start of the agent that never count as quiet"
    )
    stale_minutes: int = Field(
        default=5, ge=2, le=60, description="Minutes without a reading after which a verdict is unknown"
    )
    suspect_minutes: int = Field(
        default=180,
        ge=30,
        description="Minutes of flat, low use after which a keep-alive is suspected; nothing else follows",
    )


class ExemptSettings(Table):
    """[[exempt]]"""

    instance: str = Field(default="", description="Name or id of an instance that may idle")
    tag: str = Field(default="", description="Or a tag of instances that may: `keep`, or `purpose=serving`")
    reason: str = Field(min_length=1, description="Why; people are told")
    until: date = Field(description="Last day of it, in the zone of [digest]: 2026-12-31")

    @field_validator("until", mode="before")
    @classmethod
    def _a_day(cls, value: object) -> object:
        if type(value) is not date:
            raise ValueError("expected a date such as 2026-12-31, without quotes")
        return value

    @model_validator(mode="after")
    def _one_of_two(self) -> "ExemptSettings":
        if bool(self.instance) == bool(self.tag):
            raise ValueError("expected either instance or tag")
        return self


class DigestSettings(Table):
    """[digest]"""

    at: TimeOfDay = Field(default="09:00", description="Local time of the daily digest, 04:00 to 23:59")
    timezone: Zone = Field(
        default="UTC", description="Zone of the digest where a team has none, and of all days and months of money"
    )
    enabled: bool = Field(default=True, description="Whether digests are posted")


CLOUDWATCH, PROMETHEUS = "CloudWatch", "Prometheus"
CLOUDWATCH_LATE = 3 * MINUTE_MS
"""The CloudWatch agent reads a GPU once a minute, sends up to a minute later, and AWS shows it some time after that."""


class CloudWatchSettings(Table):
    """[cloudwatch]"""

    enabled: bool = Field(
        default=False, description="Whether to read GPU metrics of the CloudWatch agent, in the accounts of [[aws]]"
    )
    namespace: str = Field(default="CWAgent", min_length=1, description="Namespace the CloudWatch agent writes to")
    metric: str = Field(default="nvidia_smi_utilization_gpu", min_length=1, description="GPU utilisation, percent")
    memory_metric: str = Field(
        default="nvidia_smi_memory_used", description="GPU memory in use, MiB; none: idle is then held, never free"
    )
    every_minutes: int = Field(
        default=1, ge=1, le=10, description="How often to ask; AWS charges for each metric that is asked for"
    )
    discover_minutes: int = Field(
        default=60, ge=5, le=1440, description="How often to look for new metrics (ListMetrics)"
    )
    stale_minutes: int = Field(
        default=10, ge=3, le=30, description="Without a reading for this long CloudWatch does not count"
    )


class PrometheusSettings(Table):
    """[prometheus]"""

    url: Address = Field(
        default="", description="Address of a Prometheus-compatible server; its API is at URL/api/v1; none: not used"
    )
    token_file: str = Field(default="", description="File with a bearer token, read anew for every request")
    tenant: str = Field(default="", description="X-Scope-OrgID, for servers with several tenants")
    percent_metrics: tuple[Metric, ...] = Field(
        default=("DCGM_FI_DEV_GPU_UTIL",), description="GPU utilisation 0 to 100; not used for MIG"
    )
    ratio_metrics: tuple[Metric, ...] = Field(
        default=("DCGM_FI_DEV_GPU_UTIL_RATIO",), description="GPU utilisation 0 to 1; not used for MIG"
    )
    profiling_metrics: tuple[Metric, ...] = Field(
        default=("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_PROF_GR_ENGINE_UTIL_RATIO"),
        description="Engine activity 0 to 1; the only ones used for MIG",
    )
    memory_metrics: tuple[Metric, ...] = Field(
        default=("DCGM_FI_DEV_FB_USED",), description="GPU memory in use, MiB; none: idle is then held, never free"
    )
    power_metrics: tuple[Metric, ...] = Field(
        default=("DCGM_FI_DEV_POWER_USAGE",),
        description="Power of a GPU, watts; clearly more than it draws at rest is work",
    )
    host_labels: tuple[Label, ...] = Field(
        default=("Hostname", "hostname", "instance"), min_length=1, description="Labels that name the host"
    )
    gpu_label: Label = Field(default="gpu", description="Label with the index of the GPU")
    host_names: tuple[str, ...] = Field(
        default=("{id}", "{name}"), description="What the labels say of an instance, with {id} and {name} filled in"
    )
    hosts: dict[str, str] = Field(default={}, description="Instance id or name by what the labels say, before all else")
    scrape_seconds: int = Field(default=30, ge=1, le=300, description="How often the server reads GPU metrics")
    stale_minutes: int = Field(
        default=5, ge=2, le=30, description="Without a reading for this long Prometheus does not count"
    )
