"""Every morning one message tells what idles, and two buttons settle it."""

from copy import deepcopy

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.money.rates import MICROS_PER_USD
from bot.domain.money.savings import SavedPiece
from bot.services.machines import fleet
from bot.services.money import forecast
from store.money import ledger as stored_ledger
from store.money import savings as stored_savings
from tests.stories.beginnings import past_charges
from tests.stories.conftest import SETTINGS


@pytest.fixture
def morning(office):
    """train-7 and nb-2 idle, overnight, until 09:00 the next day."""
    office.clock.forward(DAY_MS - 5 * HOUR_MS - 25 * MINUTE_MS)
    for _ in range(65):
        office.clock.forward(5 * MINUTE_MS)
        office.reports("train-7", 0.0, minutes=5)
        office.reports("nb-2", 0.0, minutes=5, memory=31_000, process="python")
        fleet.sweep(office.valet.ctx)
        assert "Idle GPUs" not in office.sees("bob", "#ml-platform")
    office.tick()
    return office


@pytest.mark.slow
def test_it_names_the_machines_how_long_what_it_cost_and_who_holds_them(morning):
    seen = morning.sees("bob", "#ml-platform")

    assert seen.startswith("*Idle GPUs, Tuesday 24 November: $96.98 went unused in the last 24 hours. 1 machine needs")
    assert "train-7 | idle 5 h 25 m | $96.98 | open | unclaimed | $21.96 | 8xA100" in seen
    assert "[Stop train-7…] [Keep train-7]" in seen


def test_it_says_which_gpus_were_claimed_since_where_others_go_on_idling(morning):
    morning.types("ada", "/gpu claim train-7 gpus:0,1 for 3h")
    assert "@Ada claimed GPUs 0-1 until Tue 12:00 UTC" in morning.sees("bob", "#ml-platform")

    morning.types("ada", "/gpu claim train-7 gpus:all for 3h")
    assert "@Ada claimed it until Tue 12:00 UTC" in morning.sees("bob", "#ml-platform")


def test_idle_machines_that_it_does_not_list_are_named(office):
    office.clock.forward(DAY_MS - HOUR_MS)
    office.types("ada", "/gpu snooze train-3 until 18:00 paper deadline")
    for name in ("train-7", "train-3"):
        office.reports(name, 0.0, minutes=200)
    office.clock.forward(HOUR_MS)
    for name in ("train-7", "train-3"):
        office.reports(name, 0.0, minutes=65)
    office.tick()

    seen = office.sees("bob", "#ml-platform")
    assert "train-3 | " not in seen
    assert "Idle too, but kept, drained or exempt: train-3. As of Tue 09:00 UTC." in seen


@pytest.mark.slow
def test_its_last_line_is_the_month_as_it_is_expected_to_end(office_with):
    settings = deepcopy(SETTINGS)
    settings["teams"]["nlp"]["budget_usd"] = "60000"
    office = office_with(settings)
    with office.valet.ctx.store.writing() as db:
        stored_ledger.add(db, past_charges(office.clock()))
    at = office.clock.now // HOUR_MS * HOUR_MS
    with office.valet.ctx.store.writing() as db:
        for number, team in enumerate(("nlp", "vision")):
            source = stored_savings.SavingSource(
                f"act_{team}", f"i-{team}", "train-7", team, "It would have run.", at, over=True
            )
            stored_savings.keep_saved(
                db, source, [SavedPiece("stopped", at - HOUR_MS, at, HOUR_MS, (100 + number) * MICROS_PER_USD)]
            )
    office.clock.forward(DAY_MS - 2 * HOUR_MS)
    for _ in range(5):
        office.reports("train-7", 0.0, minutes=200)
        office.clock.forward(25 * MINUTE_MS)
    office.reports("nb-2", 0.0, minutes=200)
    office.reports("train-7", 0.0, minutes=200)
    forecast.refresh_reports(office.valet.ctx)
    office.tick()

    team, everything = office.sees("bob", "#ml-platform"), office.sees("bob", "#gpus")

    assert team.splitlines()[-2] == (
        "November (nlp): $47,354 expected, budget $60,000 (1 % chance to go over). Saved this month: $100."
    )
    assert everything.splitlines()[-2] == (
        "November: $63,795 expected, budget $60,000 (92 % chance to go over). Saved this month: $201."
    )
    assert "[Forecast]" in team.splitlines()[-1]
    assert office.presses("bob", "Forecast", "#ml-platform").startswith("*November (nlp): $")


@pytest.mark.slow
def test_without_a_forecast_that_was_kept_it_waits_for_none(morning):
    assert "expected" not in morning.sees("bob", "#ml-platform")


def test_free_and_held_are_never_the_same_message(morning):
    assert "nb-2 | idle 5 h 25 m, python keeps 121 GB | " in morning.sees("bob", "#gpus")
    assert "nb-2" not in morning.sees("bob", "#ml-platform")


@pytest.mark.slow
def test_it_comes_once_a_day_whatever_restarts(morning):
    morning.restart()
    morning.passes(2 * HOUR_MS)
    morning.restart()

    digests = [text for text in morning.slack.sees("bob", "#ml-platform") if "Idle GPUs" in text]

    assert len(digests) == 1


@pytest.mark.slow
def test_keep_settles_it_and_the_digest_says_by_whom(morning):
    morning.presses("ada", "Keep train-7", "#ml-platform")

    seen = morning.slack.sees("bob", "#ml-platform")[-1]
    assert "@Ada keeps it until Wed 09:00 UTC" in seen
    assert "[Keep train-7]" not in seen
    assert "All are settled." in seen


@pytest.mark.slow
def test_stop_from_the_digest_asks_an_approver(morning):
    morning.presses("ada", "Stop train-7…", "#ml-platform")
    morning.submits("ada")

    digest, card = morning.slack.sees("bob", "#ml-platform")[-2:]
    assert "*Stop train-7? @Ada asks. Waiting for @Bob" in card
    assert "@Ada asked to stop it" in digest
    assert "[Stop train-7…]" not in digest


@pytest.mark.slow
def test_a_day_without_idle_machines_is_silent(office):
    office.reports("train-7", 70.0)
    office.passes(DAY_MS, step=10 * MINUTE_MS)

    assert "Idle GPUs" not in "".join(office.slack.sees("bob", "#ml-platform") + office.slack.sees("bob", "#gpus"))
