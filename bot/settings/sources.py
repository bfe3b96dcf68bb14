"""Who tells of GPUs beside the agents."""

from pydantic import Field

from bot.domain.clock import MINUTE
from bot.settings.values import Address, Label, Metric, Table

CLOUDWATCH, PROMETHEUS = "CloudWatch", "Prometheus"
CLOUDWATCH_LATE = 3 * MINUTE
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
