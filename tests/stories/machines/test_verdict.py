"""A machine reports every minute for hours, and every place that shows a verdict says the same of it."""

import pytest

from bot.commands.status import print_fleet
from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.source_history import Observation, SourceAnswer
from bot.services.machines import fleet, sources, verdict
from bot.services.money import ledger_export
from bot.settings.measuring import PROMETHEUS
from tests.stories.conftest import SETTINGS

URL = "http://prometheus.internal:9090"


def by_agent(office, utils):
    for name, util in utils.items():
        office.reports(name, util, minutes=1)


def by_prometheus(office, utils):
    now, ctx = office.clock.now, office.valet.ctx
    seen = tuple(
        Observation(office.machine(name).id, None, now - MINUTE_MS, util, util) for name, util in utils.items()
    )
    rules = {office.machine(name).id: ctx.settings.rule_of("") for name in utils}
    sources.record_answer(ctx, PROMETHEUS, SourceAnswer(URL, seen, read_until=now), now, rule_for=rules)
    verdict.judge_all(ctx)


def works(office, length, utils, telling=by_agent):
    """Every minute of this length is told as it ends."""
    for _ in range(length // MINUTE_MS):
        office.clock.forward(MINUTE_MS)
        telling(office, utils)
    fleet.sweep(office.valet.ctx)


@pytest.fixture(params=[by_agent, by_prometheus], ids=["agent", "prometheus"])
def telling(request):
    return request.param


@pytest.fixture
def measured(office_with):
    return office_with(SETTINGS | {"prometheus": {"url": URL}})


def test_a_machine_at_work_for_hours_is_active_now_wherever_it_is_shown(measured, telling, capsys):
    measured.types("ada", "/gpu claim train-7 for 8h")
    works(measured, 2 * HOUR_MS, {"train-7": 98.0}, telling)

    measured.slack.open_home("ada")
    report = next(
        each for each in ledger_export.fleet_status(measured.valet.ctx)["instances"] if each["name"] == "train-7"
    )
    print_fleet(*ledger_export.everything(measured.valet.ctx), [], {})
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("train-7"))

    for seen in (measured.types("bob", "/gpu status train-7"), measured.slack.sees_home("ada")):
        assert "*train-7*  in use" in seen
        assert ", last " not in seen
    why = measured.types("bob", "/gpu why train-7")
    assert why.startswith("*train-7 is in use. It last worked 1 m ago (Mon 10:59 UTC).*")
    assert (
        "worked 1 min ago" in why
        or "8 of 8 GPUs worked within the last 60 minutes, at most 98 % in the last one" in why
    )
    assert "@Ada has it until Mon 17:00 UTC, in use" in measured.types("cy", "/gpu find 8xA100 for 2h")
    assert (report["state"], report["since"]) == ("active", None)
    assert line.split()[3:6] == ["in", "use", "-"]
    card = measured.types("ada", "/gpu stop train-7 it hangs")
    assert "2 h" not in card


def test_of_a_machine_half_at_work_only_the_idle_half_is_counted(measured):
    works(measured, 2 * HOUR_MS, {"dgx-1": [80.0] * 6 + [0.0] * 2})
    measured.clock.forward(MINUTE_MS)

    assert "*dgx-1*  2 of 8 GPUs free, partly idle: 2 of 8 GPUs idle for 2 h" in measured.types(
        "bob", "/gpu status dgx-1"
    )
    assert measured.types("bob", "/gpu why dgx-1").startswith(
        "*dgx-1 has been partly idle for 2 h 1 m, since Mon 09:00 UTC.*"
    )


def test_a_machine_that_stopped_working_says_when_it_last_did(measured, telling):
    works(measured, HOUR_MS, {"train-7": 98.0}, telling)
    works(measured, 20 * MINUTE_MS, {"train-7": 0.0}, telling)

    assert "*train-7*  in use, last 21 m ago" in measured.types("bob", "/gpu status train-7")
    why = measured.types("bob", "/gpu why train-7")
    assert why.startswith("*train-7 is in use. It last worked 21 m ago (Mon 09:59 UTC).*")


def test_in_json_what_nobody_has_seen_is_null_and_an_estimate_is_named(office):
    for _ in range(15):
        office.clock.forward(10 * MINUTE_MS)
        office.reports("nb-2", 0, minutes=10)
        office.tick()

    told = {each["name"]: each for each in ledger_export.fleet_status(office.valet.ctx)["instances"]}
    assert told["train-9"]["unused_usd_24h"] is None
    assert float(told["nb-2"]["unused_usd_24h"]) > 0
    assert (told["nb-2"]["usd_per_hour_exact"], told["train-9"]["usd_per_hour_exact"]) == (True, False)
