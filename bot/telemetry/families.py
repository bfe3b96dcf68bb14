"""Every family of /metrics: its name, its labels and what it means. Docs, alerts and the dashboard go by this table.

No label is called `job` or `instance`: those are Prometheus' own, and it would rename ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["gauge", "counter"]


@dataclass(frozen=True, slots=True)
class Family:
    """One family; a counter's name ends in `_total`, and it begins at 0 with the process."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    kind: Kind = "gauge"


_OF = ("team", "provider")
_TABLE = (
    Family("valet_build_info", "1; which version runs, with its Python and SQLite.", ("version", "python", "sqlite")),
    Family("valet_started_timestamp_seconds", "When this process began, seconds since 1970."),
    Family("valet_job_age_seconds", "Since each job last came to its end.", ("job_name",)),
    Family("valet_database_usable", "1 while the database can be used."),
    Family("valet_database_bytes", "Size of the database with its log."),
    Family("valet_disk_free_bytes", "Room on the disk of the database."),
    Family("valet_backup_enabled", "1 while `[backup]` makes nightly backups."),
    Family("valet_backup_age_seconds", "Since the newest backup."),
    Family("valet_slack_silence_seconds", "Since Slack was last heard."),
    Family("valet_other_bot_connected", "1 while another bot has the same Slack app."),
    Family("valet_clock_ahead_seconds", "How far our clock is ahead of Slack's, or of AWS's where Slack does not say."),
    Family("valet_outbox_messages", "Messages by state; sent ones of the last 30 days.", ("state",)),
    Family("valet_outbox_age_seconds", "Age of the oldest unsent message."),
    Family("valet_door_pushes_total", "Deliveries by HTTP status.", ("status",), "counter"),
    Family("valet_door_minutes_total", "GPU minutes stored.", (), "counter"),
    Family("valet_door_waiting", "Deliveries that wait to be kept."),
    Family("valet_source_age_seconds", "Since a source was last read.", ("source", "pace")),
    Family("valet_source_failing", "1 while a source can't be read.", ("source", "pace")),
    Family("valet_agents", "Hosts that have an agent, or a token for one, by how it is.", ("state",)),
    Family("valet_agents_by_version", "Agents by version; beyond 20 versions, the rest together.", ("version",)),
    Family("valet_agent_age_seconds", "Since an agent last reported.", ("host",)),
    Family("valet_agent_failing", "1 while an agent says that something is wrong.", ("host",)),
    Family("valet_agent_gpus", "GPUs that an agent sees.", ("host",)),
    Family("valet_agent_info", "Version of an agent, and driver.", ("host", "version", "driver")),
    Family("valet_instances", "Instances known, by verdict, or by state where they don't run.", (*_OF, "state")),
    Family("valet_gpus", "GPUs of the instances of that verdict or state.", (*_OF, "state")),
    Family("valet_instances_unpriced", "Running instances without a known price: no sum has them.", _OF),
    Family("valet_instances_estimated", "Running instances at a borrowed price: sums are about right.", _OF),
    Family("valet_usd_per_hour", "What runs costs, as far as prices are known, USD per hour.", _OF),
    Family("valet_usd_per_hour_idle", "Of that, unused.", _OF),
    Family("valet_usd_per_hour_unknown", "Of that, of instances of which nobody knows whether they work.", _OF),
    Family("valet_claims", "Open claims, by the holder's team.", ("team",)),
    Family("valet_claimed_gpus", "GPUs in open claims, by the holder's team.", ("team",)),
    Family("valet_waiting", "Places in line, by the team of who waits.", ("team",)),
    Family("valet_actions_open", "Stops, starts, launches, clones and resizes that are not over.", ("kind", "state")),
    Family("valet_actions_total", "Those that ended since the start, by outcome.", ("kind", "outcome"), "counter"),
    Family("valet_approved_age_seconds", "Age of the oldest approval not taken up."),
    Family("valet_month_spent_usd", "What rented instances cost this month up to now.", ("scope",)),
    Family("valet_month_counted_from_timestamp_seconds", "From when on this month is counted, seconds since 1970."),
    Family("valet_month_forecast_usd", "What the month is expected to come to; 80 % range.", ("scope", "bound")),
    Family("valet_forecast_age_seconds", "Since the forecast of everything was made."),
    Family("valet_budget_usd", "Budget of this month.", ("scope",)),
    Family("valet_budget_spent_usd", "Of it, spent up to now.", ("scope",)),
    Family("valet_budget_chance_over_ratio", "How likely the month ends over the budget, 0 to 1.", ("scope",)),
)
FAMILIES: Mapping[str, Family] = {family.name: family for family in _TABLE}
