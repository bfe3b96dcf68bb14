"""What monitoring reads is what people read: the same machines, money and claims, and nothing that nobody knows."""

import re

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.readings import AgentReport
from bot.jobs.schedule import Schedule
from bot.services import metrics
from bot.services.money import budgets, forecast
from bot.telemetry.families import FAMILIES
from bot.telemetry.figures import exposition
from bot.watching import bot_metrics
from store.machines import agents
from store.machines import fleet as stored_fleet
from store.money import ledger as stored_ledger
from tests.stories.beginnings import past_charges
from tests.stories.conftest import SETTINGS

BUDGETS = {
    **SETTINGS,
    "teams": {**SETTINGS["teams"], "nlp": {**SETTINGS["teams"]["nlp"], "budget_usd": 42_000}},
    "budgets": [{"scope": "type p4d.24xlarge", "usd": 9_000}],
}


def shown(office) -> dict[str, dict[tuple[str, ...], float]]:
    told = bot_metrics(office.valet.ctx, Schedule([], office.clock), lambda: None)
    return {figure.name: dict(figure.values) for figure in told}


def total(values: dict[tuple[str, ...], float], **wanted: str) -> float:
    """The sum of values that have all of these among their labels."""
    return sum(value for labels, value in values.items() if set(wanted.values()) <= set(labels))


def dollars(text: str, pattern: str) -> float:
    found = re.search(pattern.replace("USD", r"\$([\d,.]+\d)"), text)
    assert found, text
    return float(found[1].replace(",", ""))


def test_machines_and_money_of_now_are_those_of_status(office):
    office.reports("train-7", 0.0, minutes=200)
    office.passes(MINUTE_MS)
    status, figures = office.types("ada", "/gpu status"), shown(office)

    machines, gpus = map(int, re.findall(r"(\d+) (?:machines|GPUs)", status)[:2])
    assert total(figures["valet_instances"]) == machines
    assert total(figures["valet_gpus"]) == gpus
    assert total(figures["valet_instances"], state="free") == 1
    assert "1 idle, wasting" in status
    assert total(figures["valet_usd_per_hour"]) == pytest.approx(dollars(status, "about USD/h"), abs=1)
    assert total(figures["valet_usd_per_hour_idle"]) == pytest.approx(dollars(status, "wasting about USD/h"), abs=0.01)
    assert total(figures["valet_instances_unpriced"]) == 1
    assert "1 running machine without a known price" in status


def test_what_nobody_knows_is_a_state_of_its_own_or_not_there(office):
    figures = shown(office)

    assert total(figures["valet_instances"], state="unknown") > 0
    assert figures["valet_usd_per_hour_idle"] == {}, "no machine was seen, so none is known to idle for nothing"
    assert total(figures["valet_usd_per_hour_unknown"]) == total(figures["valet_usd_per_hour"])
    for name in ("valet_backup_age_seconds", "valet_clock_ahead_seconds", "valet_slack_silence_seconds"):
        assert name not in figures
    assert figures.get("valet_month_forecast_usd", {}) == {}


def test_nothing_is_told_of_money_before_anything_was_read(office):
    for table in ("source_reads", "charges"):
        office.valet.ctx.store._writer.execute(f"DELETE FROM {table}")
    office.valet.ctx.store._writer.execute("UPDATE sources SET ok_at = NULL, error = 'ExpiredToken'")

    assert not {name for name in shown(office) if name.startswith(("valet_month", "valet_budget", "valet_forecast"))}


@pytest.fixture
def month(office_with):
    """Five weeks of charges, budgets of a team and a type, and the forecasts of this hour."""
    office = office_with(BUDGETS)
    with office.valet.ctx.store.writing() as db:
        stored_ledger.add(db, past_charges(office.clock()))
    office.passes(MINUTE_MS)
    forecast.refresh_reports(office.valet.ctx)
    budgets.tell_budgets(office.valet.ctx)
    return office


def test_the_month_is_that_of_cost_and_its_budgets(month):
    cost, budget = month.types("ada", "/cost report"), month.types("ada", "/cost budget nlp")
    ahead, figures = month.types("ada", "/cost forecast"), shown(month)

    spent, expected = figures["valet_month_spent_usd"], figures["valet_month_forecast_usd"]
    assert spent[("total",)] == pytest.approx(dollars(cost, "USD"), rel=0.001)
    assert expected[("total", "mean")] == pytest.approx(dollars(ahead, "USD expected"), abs=6)
    assert figures["valet_budget_usd"] == {("team:nlp",): 42_000, ("type:p4d.24xlarge",): 9_000, ("total",): 42_000}
    assert figures["valet_budget_spent_usd"][("team:nlp",)] == spent[("team:nlp",)]
    assert spent[("team:nlp",)] == pytest.approx(dollars(budget, "USD of \\$42,000"), abs=1)
    assert set(figures["valet_budget_chance_over_ratio"]) <= set(figures["valet_budget_usd"])


def test_the_month_is_counted_without_the_sums_per_day_too(month):
    before = shown(month)["valet_month_spent_usd"]
    month.valet.ctx.store._writer.execute("DELETE FROM day_sums_until")
    without = shown(month)["valet_month_spent_usd"]

    assert without == before != {}


def test_claims_line_and_outcomes_are_counted_by_team_and_kind(office):
    office.reports("train-7", 0.0)
    before = shown(office)
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7 for 2h")
    office.types("ada", "/gpu stop train-7")
    asked = shown(office)
    office.presses("bob", "Keep it running", "#ml-platform")
    after = shown(office)

    def grew(name: str, *labels: str) -> float:
        return after[name][labels] - before[name][labels]

    assert (grew("valet_claims", "nlp"), grew("valet_claimed_gpus", "nlp")) == (1, 8)
    assert grew("valet_waiting", "vision") == 1
    assert asked["valet_actions_open"][("stop", "pending")] - before["valet_actions_open"][("stop", "pending")] == 1
    assert grew("valet_actions_total", "stop", "denied") == 1
    assert grew("valet_actions_total", "stop", "done") == 0


def test_agents_are_counted_by_how_they_are(office):
    office.reports("train-7", 0.0)
    first = shown(office)["valet_agents"]
    office.clock.forward(6 * MINUTE_MS)
    later = shown(office)

    assert first[("reporting",)] == 1
    assert (later["valet_agents"][("reporting",)], later["valet_agents"][("silent",)]) == (0, 1)
    assert set(later["valet_agent_age_seconds"].values()) == {6 * 60 + 0.0}


@pytest.mark.parametrize(
    ("state", "ago", "error", "word"),
    [
        ("running", MINUTE_MS, "", "reporting"),
        ("running", MINUTE_MS, "no driver", "failing"),
        ("running", HOUR_MS, "no driver", "silent"),
        ("stopped", HOUR_MS, "", "off"),
        (None, HOUR_MS, "", "silent"),
        ("running", None, "", "never"),
    ],
)
def test_an_agent_is_in_one_state_by_its_machine_and_its_words(state, ago, error, word):
    now = 10 * DAY_MS
    host = metrics.AgentHost("dgx-1", None if ago is None else now - ago, error, "0.1.0", "550", 8, state)

    assert metrics.agent_state(host, now) == word


def test_a_large_fleet_makes_no_more_series_than_a_small_one(office):
    ctx, now = office.valet.ctx, office.clock()
    with ctx.store.writing() as db:
        for number in range(400):
            instance = Instance(
                id=f"i-{number:017x}",
                name=f"m-{number}",
                provider="ec2",
                source="ec2/111122223333/us-east-1",
                type=f"p{number}.large",
                state="running",
            )
            stored_fleet.save(db, instance, team=f"whatever {number}", rate=None)
            agents.save_report(db, AgentReport(instance.id, now - number, 8, f"0.{number}", f"{number}", "", None))
    figures = shown(office)

    assert len(figures["valet_agent_age_seconds"]) == metrics.MOST_HOSTS
    assert len(figures["valet_agents_by_version"]) == metrics.MOST_VERSIONS + 1
    assert total(figures["valet_agents_by_version"]) >= 400
    assert {team for team, *_ in figures["valet_instances"]} <= {"nlp", "vision", "(none)", "(other)"}
    assert sum(map(len, figures.values())) < 700


def test_every_figure_is_of_the_table_with_all_its_labels(month):
    told = bot_metrics(month.valet.ctx, Schedule([], month.clock), lambda: 3.0)

    for figure in told:
        assert FAMILIES[figure.name].labels == figure.labels
        assert {len(labels) for labels in figure.values} <= {len(figure.labels)}
    assert exposition(told).count(b"# TYPE valet_instances gauge") == 1
