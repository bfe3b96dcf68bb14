"""A Grafana dashboard of Valet's own figures, made from one table of rows and panels."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from bot.telemetry.alerts import PROMPT

Look = Literal["timeseries", "stat", "table"]
WIDE = 24
"""Grafana's grid is so many columns wide."""
_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: each query with its legend; `unit` as Grafana calls it."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    look: Look = "timeseries"
    width: int = 8
    red_from: float | None = None
    """A stat is red from this value on; with `red_below`, below it."""
    red_below: bool = False


_SPENT = "valet_month_spent_usd"
_OLDEST_JOB = f'max(valet_job_age_seconds{{job_name=~"{PROMPT}"}})'
_IDLE = "sum by (team) (valet_usd_per_hour_idle)"
_TEAMS = f'{_SPENT}{{scope=~"team:.*"}}'
ROWS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "Is Valet well?",
        (
            Panel("Database", "bool_yes_no", (("min(valet_database_usable)", ""),), "stat", 3, 1, red_below=True),
            Panel("Slack last heard", "s", (("max(valet_slack_silence_seconds)", ""),), "stat", 3, 120),
            Panel(
                "Oldest job",
                "s",
                ((_OLDEST_JOB, ""),),
                "stat",
                3,
                300,
            ),
            Panel("Oldest unsent message", "s", (("max(valet_outbox_age_seconds)", ""),), "stat", 3, 1200),
            Panel("Failing sources", "none", (("sum(valet_source_failing)", ""),), "stat", 3, 1),
            Panel("Silent agents", "none", (('sum(valet_agents{state="silent"})', ""),), "stat", 3, 1),
            Panel("Another Valet", "bool_yes_no", (("max(valet_other_bot_connected)", ""),), "stat", 3, 1),
            Panel("Version", "none", (("valet_build_info", "{{version}}, SQLite {{sqlite}}"),), "table", 3),
        ),
    ),
    (
        "Machines",
        (
            Panel("Machines by state", "none", (("sum by (state) (valet_instances)", "{{state}}"),)),
            Panel("GPUs by state of their machine", "none", (("sum by (state) (valet_gpus)", "{{state}}"),)),
            Panel("Machines by team", "none", (("sum by (team) (valet_instances)", "{{team}}"),)),
            Panel(
                "Cost now, per hour",
                "currencyUSD",
                (
                    ("sum(valet_usd_per_hour)", "all that runs"),
                    ("sum(valet_usd_per_hour_idle)", "idle"),
                    ("sum(valet_usd_per_hour_unknown)", "use not known"),
                ),
            ),
            Panel("Idle now by team, per hour", "currencyUSD", ((_IDLE, "{{team}}"),)),
            Panel(
                "Not in the sums, or about",
                "none",
                (
                    ("sum(valet_instances_unpriced)", "running without a price"),
                    ("sum(valet_instances_estimated)", "running at a borrowed price"),
                ),
            ),
        ),
    ),
    (
        "Money",
        (
            Panel(
                "This month, all",
                "currencyUSD",
                (
                    (f'{_SPENT}{{scope="total"}}', "spent"),
                    ('valet_month_forecast_usd{scope="total"}', "expected, {{bound}}"),
                    ('valet_budget_usd{scope="total"}', "budget"),
                ),
                width=12,
            ),
            Panel("Spent this month by team", "currencyUSD", ((_TEAMS, "{{scope}}"),), width=12),
            Panel("Spent of each budget", "percentunit", (("valet_budget_spent_usd / valet_budget_usd", "{{scope}}"),)),
            Panel("Likely over its budget", "percentunit", (("valet_budget_chance_over_ratio", "{{scope}}"),)),
            Panel(
                "Age of the forecast, and month counted from",
                "s",
                (
                    ("valet_forecast_age_seconds", "age of the forecast"),
                    ("time() - valet_month_counted_from_timestamp_seconds", "counted since"),
                ),
            ),
        ),
    ),
    (
        "Who uses what, and what is done",
        (
            Panel("Claims by team", "none", (("sum by (team) (valet_claims)", "{{team}}"),), width=6),
            Panel("GPUs in claims by team", "none", (("sum by (team) (valet_claimed_gpus)", "{{team}}"),), width=6),
            Panel("In line by team", "none", (("sum by (team) (valet_waiting)", "{{team}}"),), width=6),
            Panel(
                "Not over yet",
                "none",
                (("sum by (kind, state) (valet_actions_open) > 0", "{{kind}} {{state}}"),),
                width=6,
            ),
            Panel(
                "Ended within a day",
                "none",
                (("sum by (kind, outcome) (increase(valet_actions_total[1d])) > 0", "{{kind}} {{outcome}}"),),
                width=12,
            ),
            Panel("Oldest approval not taken up", "s", (("valet_approved_age_seconds", "age"),), width=12),
        ),
    ),
    (
        "Sources and agents",
        (
            Panel("Age of what each source said", "s", (("valet_source_age_seconds", "{{source}}"),)),
            Panel("Agents by state", "none", (("sum by (state) (valet_agents)", "{{state}}"),)),
            Panel("Agents by version", "none", (("sum by (version) (valet_agents_by_version)", "{{version}}"),)),
            Panel("Agents not heard for longest", "s", (("topk(10, valet_agent_age_seconds)", "{{host}}"),)),
            Panel(
                "Agents that say something is wrong",
                "none",
                (
                    ("valet_agent_failing == 1", "{{host}}"),
                    ("valet_agent_gpus and valet_agent_failing == 1", "{{host}}: GPUs"),
                ),
            ),
            Panel("Drivers", "none", (("count by (driver) (valet_agent_info)", "{{driver}}"),)),
        ),
    ),
    (
        "Inside",
        (
            Panel("Age of each job", "s", (("valet_job_age_seconds", "{{job_name}}"),)),
            Panel("Messages", "none", (('valet_outbox_messages{state!="sent"}', "{{state}}"),)),
            Panel(
                "Deliveries of agents, per second, and waiting",
                "reqps",
                (
                    ("sum by (status) (rate(valet_door_pushes_total[5m]))", "{{status}}"),
                    ("rate(valet_door_minutes_total[5m])", "minutes stored"),
                    ("valet_door_waiting", "waiting now"),
                ),
            ),
            Panel(
                "Disk",
                "bytes",
                (("valet_database_bytes", "database"), ("valet_disk_free_bytes", "free")),
            ),
            Panel(
                "Age of the newest backup",
                "s",
                (("valet_backup_age_seconds and on (job, instance) valet_backup_enabled == 1", "age"),),
            ),
            Panel(
                "Clock ahead, and up since",
                "s",
                (
                    ("valet_clock_ahead_seconds", "ahead of Slack's or AWS's"),
                    ("time() - valet_started_timestamp_seconds", "up"),
                ),
            ),
        ),
    ),
)


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana imports it; it asks for the Prometheus that scrapes Valet."""
    return {
        "title": "Valet",
        "uid": "gpu-valet",
        "tags": ["gpu", "valet"],
        "description": "GPU machines, what they cost, and whether Valet does its work.",
        "schemaVersion": 39,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "browser",
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}]
        },
        "panels": list(_panels()),
    }


def _panels() -> Iterator[dict[str, Any]]:
    number, top = 1, 0
    for title, panels in ROWS:
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": _at(0, top, WIDE, 1),
        }
        number, top, left = number + 1, top + 1, 0
        height = 4 if panels[0].look == "stat" else 8
        for panel in panels:
            if left + panel.width > WIDE:
                left, top = 0, top + height
            yield _panel(panel, number, _at(left, top, panel.width, height))
            number, left = number + 1, left + panel.width
        top += height


def _at(left: int, top: int, width: int, height: int) -> dict[str, int]:
    return {"x": left, "y": top, "w": width, "h": height}


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.look,
        "title": panel.title,
        "datasource": _DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "thresholds": _thresholds(panel)}, "overrides": []},
        "options": {},
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": _DATASOURCE,
                "expr": expr,
                "legendFormat": legend or panel.title,
                "instant": panel.look == "table",
            }
            for index, (expr, legend) in enumerate(panel.queries)
        ],
    }


def _thresholds(panel: Panel) -> dict[str, Any]:
    first, then = ("red", "green") if panel.red_below else ("green", "red")
    steps: list[dict[str, Any]] = [{"color": first, "value": None}]
    if panel.red_from is not None:
        steps.append({"color": then, "value": panel.red_from})
    return {"mode": "absolute", "steps": steps}
