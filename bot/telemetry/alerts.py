"""Alerting rules for a Prometheus that scrapes Valet: one table, each with what to do about it."""

import json
import re
from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning", "info"]
"""critical: Valet does not do its work. warning: a part of it does not. info: worth a look by day."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule; `holds` is how long it must be so before anybody hears, as Prometheus writes it."""

    name: str
    severity: Severity
    expr: str
    holds: str
    summary: str
    """What is wrong; {{ }} are Prometheus' own."""
    runbook: str
    """What to do first."""


PROMPT = "sweep|judge|claims|requests|database"
"""The jobs that /healthz expects to be prompt."""
ALERTS = (
    Alert(
        "ValetDown",
        "critical",
        'up{job=~".*valet.*"} == 0 or absent(valet_build_info)',
        "5m",
        "Valet can't be scraped.",
        "See whether `valet run` lives (`systemctl status valet`), and why it ended (`journalctl -u valet`).",
    ),
    Alert(
        "ValetRestarts",
        "warning",
        "changes(valet_started_timestamp_seconds[1h]) > 3",
        "0m",
        "Valet has begun {{ $value }} times within an hour.",
        "Read the log from the last start on: exit code 69 means a deaf connection to Slack, 75 a second Valet.",
    ),
    Alert(
        "ValetDatabaseUnusable",
        "critical",
        "valet_database_usable == 0",
        "1m",
        "The database can't be used, so no machine is touched.",
        "`/healthz` says why. Make room or give back rights, or put back a backup with `valet restore`.",
    ),
    Alert(
        "ValetDiskFull",
        "warning",
        "valet_disk_free_bytes < 1e9",
        "10m",
        "Less than 1 GB is free on the disk of the database.",
        "Make room, or move the database and `[backup] folder` to a larger disk.",
    ),
    Alert(
        "ValetJobLate",
        "critical",
        f'valet_job_age_seconds{{job_name=~"{PROMPT}"}} > 300',
        "1m",
        "The job {{ $labels.job_name }} has not come to its end for over 5 minutes.",
        "Read the log for that job's name; a restart is safe, every step goes on where it was.",
    ),
    Alert(
        "ValetSlackSilent",
        "critical",
        "valet_slack_silence_seconds > 120",
        "2m",
        "Slack has not been heard for over 2 minutes.",
        "Look at Slack's status page and at the way out of this machine; Valet connects anew by itself.",
    ),
    Alert(
        "ValetOtherBot",
        "critical",
        "valet_other_bot_connected == 1",
        "5m",
        "Another Valet is connected to the same Slack app.",
        "Stop the one that should not run; `valet doctor` and the log name it.",
    ),
    Alert(
        "ValetOutboxStuck",
        "warning",
        "valet_outbox_age_seconds > 1200",
        "5m",
        "A message has waited for over 20 minutes.",
        "`/healthz` and the log say what Slack answers to posts.",
    ),
    Alert(
        "ValetUndelivered",
        "info",
        'valet_outbox_messages{state="dead"} > 0',
        "1h",
        "{{ $value }} messages could not be posted.",
        "An admin types `/gpu undelivered` in Slack: it has the reasons, and tries again.",
    ),
    Alert(
        "ValetClockOff",
        "critical",
        "abs(valet_clock_ahead_seconds) > 60",
        "2m",
        "The clock of Valet's machine is {{ $value }} s off.",
        "Set the clock right (chrony, systemd-timesyncd): nothing ends, is charged or stopped by a clock in doubt.",
    ),
    Alert(
        "ValetSourceFailing",
        "warning",
        'valet_source_failing == 1 or valet_source_age_seconds{pace="minutes"} > 300',
        "5m",
        "{{ $labels.source }} can't be read.",
        "`valet doctor` says which right or address is missing; machines there are unknown meanwhile, never idle.",
    ),
    Alert(
        "ValetSlowSourceOld",
        "info",
        'valet_source_age_seconds{pace="hours"} > 172800',
        "1h",
        "{{ $labels.source }} was not read for over two days.",
        "`valet doctor` says why prices or the bill can't be read; figures go by the old ones.",
    ),
    Alert(
        "ValetAgentsSilent",
        "warning",
        'sum(valet_agents{state="silent"}) > 0',
        "15m",
        "{{ $value }} agents are silent on machines that run.",
        "`valet doctor` names the hosts; on one of them: `systemctl status valet-agent`.",
    ),
    Alert(
        "ValetAgentFailing",
        "warning",
        "valet_agent_failing == 1",
        "15m",
        "The agent on {{ $labels.host }} can't read what it should.",
        "`/gpu why` of that machine has the agent's own words, mostly a driver that is missing or was upgraded.",
    ),
    Alert(
        "ValetMachinesUnknown",
        "warning",
        'sum(valet_instances{state="unknown"}) > 0.25 * '
        'sum(valet_instances{state=~"active|held|free|partial|unknown"})',
        "1h",
        "Of over a quarter of the running machines nobody knows whether they work.",
        "Look which source or agents they lack: `/gpu status unknown`, then `/gpu why` of one.",
    ),
    Alert(
        "ValetUnpriced",
        "info",
        "sum(valet_instances_unpriced) > 0",
        "1d",
        "{{ $value }} running machines have no known price, so no sum has them.",
        "Allow `pricing:GetProducts`, or set `[prices]`; owned ones take `[owned]` prices.",
    ),
    Alert(
        "ValetApprovalWaits",
        "warning",
        "valet_approved_age_seconds > 300",
        "1m",
        "Something approved waits for over 5 minutes to be taken up.",
        "See `/healthz` and the log for AWS's answer; an approval ends by itself after 15 minutes.",
    ),
    Alert(
        "ValetActionsFail",
        "warning",
        'sum by (kind) (increase(valet_actions_total{outcome=~"failed|unknown"}[1h])) > 0',
        "0m",
        "A {{ $labels.kind }} has failed within the hour.",
        "The card in Slack has AWS's words; `valet doctor` tries each right without doing anything.",
    ),
    Alert(
        "ValetBackupOld",
        "warning",
        "valet_backup_age_seconds > 172800 and on (job, instance) valet_backup_enabled == 1",
        "10m",
        "The newest backup is over two days old.",
        "Try `valet backup`; it says what hinders it, mostly room or rights in the folder of `[backup]`.",
    ),
    Alert(
        "ValetBackupMissing",
        "warning",
        "valet_backup_enabled == 1 unless on (job, instance) valet_backup_age_seconds",
        "2d",
        "There is no backup at all.",
        "Try `valet backup`, or set `[backup] enabled = false` where Litestream alone is meant.",
    ),
    Alert(
        "ValetForecastOld",
        "info",
        "valet_forecast_age_seconds > 10800",
        "30m",
        "The forecast of everything is over three hours old.",
        "Read the log for the job `forecasts`.",
    ),
    Alert(
        "ValetBudgetSpent",
        "info",
        "valet_budget_spent_usd > valet_budget_usd",
        "10m",
        "The budget of {{ $labels.scope }} is spent.",
        "`/cost budget` and `/cost report` say on what; starts beyond it ask for a yes where the team wants that.",
    ),
    Alert(
        "ValetBudgetLikelyOver",
        "info",
        "valet_budget_chance_over_ratio > 0.5 unless valet_budget_spent_usd > valet_budget_usd",
        "6h",
        "The month of {{ $labels.scope }} will likely end over its budget.",
        "`/cost forecast` of that scope has the machines that make it; `/cost idle` what could stop.",
    ),
    Alert(
        "ValetDoorRefuses",
        "info",
        'sum by (status) (increase(valet_door_pushes_total{status=~"4..|5.."}[15m])) > 20',
        "15m",
        "The door answers agents with {{ $labels.status }}.",
        "401: a token was revoked or is of another host, see `valet token list`. 503: the database, see `/healthz`.",
    ),
)
_DURATION = re.compile(r"\d+[mhd]")


def alert_rules() -> str:
    """The rules as Prometheus' YAML; texts are written as JSON strings, which YAML reads."""
    lines = [
        "# Alerts on Valet's own /metrics. Valet tells its admins in Slack of most of these, too: what matters here is",
        "# what it can't say itself. Severities: critical, warning, info. Change the limits to your taste.",
        "groups:",
        "- name: valet",
        "  rules:",
    ]
    for alert in ALERTS:
        assert _DURATION.fullmatch(alert.holds)  # noqa: S101 - a slip in the table above
        lines += [
            f"  - alert: {alert.name}",
            f"    expr: {json.dumps(alert.expr)}",
            f"    for: {alert.holds}",
            f"    labels: {{severity: {alert.severity}}}",
            "    annotations:",
            f"      summary: {json.dumps(alert.summary)}",
            f"      runbook: {json.dumps(alert.runbook)}",
        ]
    return "\n".join(lines) + "\n"
