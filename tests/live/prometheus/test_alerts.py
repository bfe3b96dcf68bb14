"""Alerts and the dashboard, by Prometheus' own tools: what fires when, and that every query asks for what there is."""

import json
import re
import subprocess
import threading
from collections.abc import Iterable

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.domain.clock import MINUTE_MS, system_clock
from bot.jobs.schedule import Schedule
from bot.telemetry.alerts import ALERTS, PROMPT, alert_rules
from bot.telemetry.dashboard import dashboard
from bot.telemetry.families import FAMILIES
from bot.telemetry.figures import exposition
from bot.telemetry.prometheus import PrometheusApi
from bot.watching import PROMPT_JOBS, bot_metrics
from tests.live.prometheus.server import prometheus, tool
from tests.stories.conftest import office, office_with  # noqa: F401  # a company whose figures are read

WELL = {
    'up{job="valet"}': "1",
    "valet_build_info": "1",
    "valet_started_timestamp_seconds": "1000",
    "valet_database_usable": "1",
    "valet_disk_free_bytes": "5e10",
    "valet_backup_enabled": "1",
    "valet_backup_age_seconds": "40000",
    'valet_job_age_seconds{job_name="sweep"}': "30",
    'valet_job_age_seconds{job_name="forecasts"}': "3000",
    "valet_slack_silence_seconds": "5",
    "valet_other_bot_connected": "0",
    "valet_outbox_age_seconds": "0",
    'valet_outbox_messages{state="dead"}': "0",
    "valet_clock_ahead_seconds": "-3",
    'valet_source_failing{source="east",pace="minutes"}': "0",
    'valet_source_age_seconds{source="east",pace="minutes"}': "60",
    'valet_source_age_seconds{source="the bill",pace="hours"}': "80000",
    'valet_agents{state="silent"}': "0",
    'valet_agents{state="off"}': "7",
    'valet_agent_failing{host="dgx-1"}': "0",
    'valet_instances{state="active"}': "8",
    'valet_instances{state="unknown"}': "2",
    "valet_instances_unpriced": "0",
    "valet_approved_age_seconds": "0",
    'valet_actions_total{kind="stop",outcome="failed"}': "0",
    "valet_forecast_age_seconds": "3000",
    'valet_budget_usd{scope="team:nlp"}': "100",
    'valet_budget_spent_usd{scope="team:nlp"}': "40",
    'valet_budget_chance_over_ratio{scope="team:nlp"}': "0.1",
    'valet_door_pushes_total{status="401"}': "0",
}
"""Series of a Valet that is well, each with its value all along; None in an illness below: it is not there."""
ILL: dict[str, dict[str, str | None]] = {
    "ValetDown": {'up{job="valet"}': "0"},
    "ValetRestarts": {"valet_started_timestamp_seconds": "0+300x600"},
    "ValetDatabaseUnusable": {"valet_database_usable": "0"},
    "ValetDiskFull": {"valet_disk_free_bytes": "2e8"},
    "ValetJobLate": {'valet_job_age_seconds{job_name="sweep"}': "301"},
    "ValetSlackSilent": {"valet_slack_silence_seconds": "121"},
    "ValetOtherBot": {"valet_other_bot_connected": "1"},
    "ValetOutboxStuck": {"valet_outbox_age_seconds": "1201"},
    "ValetUndelivered": {'valet_outbox_messages{state="dead"}': "1"},
    "ValetClockOff": {"valet_clock_ahead_seconds": "-61"},
    "ValetSourceFailing": {'valet_source_failing{source="east",pace="minutes"}': "1"},
    "ValetSlowSourceOld": {'valet_source_age_seconds{source="the bill",pace="hours"}': "180000"},
    "ValetAgentsSilent": {'valet_agents{state="silent"}': "1"},
    "ValetAgentFailing": {'valet_agent_failing{host="dgx-1"}': "1"},
    "ValetMachinesUnknown": {'valet_instances{state="unknown"}': "3"},
    "ValetUnpriced": {"valet_instances_unpriced": "1"},
    "ValetApprovalWaits": {"valet_approved_age_seconds": "301"},
    "ValetActionsFail": {'valet_actions_total{kind="stop",outcome="failed"}': "0+1x600"},
    "ValetBackupOld": {"valet_backup_age_seconds": "180000"},
    "ValetBackupMissing": {"valet_backup_age_seconds": None},
    "ValetForecastOld": {"valet_forecast_age_seconds": "12000"},
    "ValetBudgetSpent": {'valet_budget_spent_usd{scope="team:nlp"}': "101"},
    "ValetBudgetLikelyOver": {'valet_budget_chance_over_ratio{scope="team:nlp"}': "0.6"},
    "ValetDoorRefuses": {'valet_door_pushes_total{status="401"}': "0+9x600"},
}
"""By alert, what is otherwise when it must fire."""
LONG = {"ValetBackupMissing", "ValetUnpriced"}
"""Must hold for a day or more."""
ALIKE: dict[str, dict[str, str | None]] = {
    "no backups are wanted": {"valet_backup_enabled": "0", "valet_backup_age_seconds": None},
    "backups were switched off": {"valet_backup_enabled": "0", "valet_backup_age_seconds": "9e6"},
    "nothing is known of Slack, clock, money and use": {
        series: None
        for series in WELL
        if series.startswith(("valet_slack", "valet_clock", "valet_other", "valet_budget", "valet_forecast"))
    },
}
"""What is no illness."""

NOT_KNOWN_YET = {
    *("valet_backup_age_seconds", "valet_other_bot_connected"),
    *("valet_clock_ahead_seconds", "valet_budget_usd", "valet_budget_spent_usd", "valet_budget_chance_over_ratio"),
    "valet_door_pushes_total",
}
"""What a company has no value for that nobody has connected, and that has neither backups nor budgets."""


def promtool(*arguments: object, given: bytes | None = None) -> str:
    line = [tool("promtool"), *map(str, arguments)]
    said = subprocess.run(line, check=False, capture_output=True, timeout=60, input=given)
    assert said.returncode == 0, (said.stdout + said.stderr).decode()
    return said.stdout.decode()


def test_every_alert_says_what_is_wrong_and_what_to_do(tmp_path):
    printed = CliRunner().invoke(main, ["prometheus-rules", "--alerts"]).output
    (tmp_path / "alerts.yml").write_text(printed)

    assert f"SUCCESS: {len(ALERTS)} rules found" in promtool("check", "rules", tmp_path / "alerts.yml")
    assert all(alert.summary.endswith(".") and alert.runbook.endswith(".") for alert in ALERTS)
    assert len({alert.name for alert in ALERTS}) == len(ALERTS)


def test_each_alert_fires_for_its_illness_alone(tmp_path):
    assert set(ILL) == {alert.name for alert in ALERTS}
    cases = [case(illness, [name], hours=50 if name in LONG else 8) for name, illness in ILL.items()]
    cases += [case(harmless, [], hours=50) for harmless in ({}, *ALIKE.values())]
    (tmp_path / "alerts.yml").write_text(alert_rules())
    given = {"rule_files": ["alerts.yml"], "evaluation_interval": "30m", "tests": cases}
    (tmp_path / "test.yml").write_text(json.dumps(given))

    assert "SUCCESS" in promtool("test", "rules", tmp_path / "test.yml")


def case(otherwise: dict[str, str | None], firing: Iterable[str], *, hours: int = 8) -> dict[str, object]:
    """A test of promtool's: these alerts fire after hours of it, and no other."""
    series = {name: value for name, value in (WELL | otherwise).items() if value is not None}
    samples = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in firing]
    return {
        "interval": "5m",
        "input_series": [
            {"series": name, "values": value if "x" in value else f"{value}x{12 * hours}"}
            for name, value in series.items()
        ],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{hours}h",
                "exp_samples": samples,
            }
        ],
    }


def queries() -> list[str]:
    """Every query of the dashboard."""
    return [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", ())]


def test_every_query_of_the_dashboard_parses(tmp_path):
    rules = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(queries())]
    (tmp_path / "queries.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))

    assert f"SUCCESS: {len(rules)} rules found" in promtool("check", "rules", tmp_path / "queries.yml")


def test_alerts_and_dashboard_ask_for_families_and_labels_that_exist():
    asked = [*queries(), *(alert.expr for alert in ALERTS)]
    named = {name for query in asked for name in re.findall(r"\bvalet_\w+", query)}
    legends = [target["legendFormat"] for panel in dashboard()["panels"] for target in panel.get("targets", ())]
    labels = {label for text in legends for label in re.findall(r"{{(\w+)}}", text)}
    labels |= {label for query in asked for label in re.findall(r"(\w+)=~?\"", query)}

    assert named == set(FAMILIES), "each family is looked at somewhere"
    assert labels <= {label for family in FAMILIES.values() for label in family.labels} | {"job"}


def test_no_label_is_one_that_prometheus_gives_itself():
    ours = {label for family in FAMILIES.values() for label in family.labels}

    assert ours & {"job", "instance", "le", "quantile"} == set()
    assert not any(label.startswith(("__", "exported_")) for label in ours)


def test_alerts_watch_the_jobs_that_health_does():
    assert set(PROMPT.split("|")) == PROMPT_JOBS


def test_the_dashboard_is_one_that_grafana_reads_whole():
    model = pytest.importorskip("grafana_foundation_sdk.models.dashboard", reason="grafana-foundation-sdk is missing")
    plugins = pytest.importorskip("grafana_foundation_sdk.cog.plugins")
    encoder = pytest.importorskip("grafana_foundation_sdk.cog.encoder")
    plugins.register_default_plugins()

    printed = json.loads(CliRunner().invoke(main, ["grafana-dashboard"]).output)
    read = json.loads(json.dumps(model.Dashboard.from_json(printed), cls=encoder.JSONEncoder))

    assert printed == dashboard()
    assert list(lost(printed, read)) == []


def lost(ours: object, theirs: object, path: str = "") -> Iterable[str]:
    """What Grafana's own model does not know, or reads otherwise."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            yield from lost(value, theirs.get(key), f"{path}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from lost(one, other, f"{path}/{number}")
    elif ours != theirs:
        yield f"{path}: {ours!r} became {theirs!r}"


def test_panels_lie_side_by_side_and_never_on_each_other():
    places = [panel["gridPos"] for panel in dashboard()["panels"]]
    cells = [
        (x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


@pytest.fixture
def company(office):  # noqa: F811
    """A company with a machine that idles, a claim, budgets and a forecast."""
    office.reports("train-7", 0.0, minutes=200)
    office.passes(MINUTE_MS)
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("ada", "/cost forecast")
    return office


def test_promtool_finds_nothing_to_say_of_the_figures(company):
    told = exposition(bot_metrics(company.valet.ctx, Schedule([], company.clock), lambda: 3.0))

    assert promtool("check", "metrics", given=told) == ""


@pytest.mark.slow
def test_a_real_prometheus_keeps_every_label_and_answers_every_query(company, tmp_path):
    company.valet.schedule.run(company.valet.schedule._jobs[0])
    company.valet.door.start()
    with prometheus(tmp_path, scrape=company.valet.door.port) as url:
        api, pause = PrometheusApi(url), threading.Event()
        while not api.query("valet_build_info", at=system_clock()):
            pause.wait(0.1)
        now = system_clock()
        names = {each.labels["__name__"] for each in api.query('{__name__=~"valet_.*"}', at=now)}
        renamed = api.query('{exported_job!=""} or {exported_instance!=""}', at=now)
        jobs = {(each.labels["job"], each.labels["job_name"]) for each in api.query("valet_job_age_seconds", at=now)}
        answered = [api.query(query, at=now) for query in queries()]
    company.valet.door.stop()

    assert renamed == []
    assert jobs == {("gpus", "sweep")}
    assert set(FAMILIES) - names == NOT_KNOWN_YET
    assert sum(map(bool, answered)) > len(answered) / 2
