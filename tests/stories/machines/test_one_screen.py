"""The commonest answers fit the screen of a phone, on a fleet of 14 machines."""

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.services.machines import fleet
from bot.services.money import forecast
from store.money import ledger as stored_ledger
from tests.screens import ONE_SCREEN, lines_on_phone
from tests.stories.beginnings import past_charges

ANSWERS = (
    "/gpu status",
    "/gpu status free",
    "/gpu status idle",
    "/gpu why train-7",
    "/gpu",
    "/gpu find 2xA100 for 6h",
    "/gpu claim train-7 for 4h fine-tune",
    "/cost forecast",
    "/cost idle",
)


@pytest.fixture
def morning(office):
    """A Tuesday morning: some machines work, four idle since the night, one of them keeps memory, one is half used."""
    with office.valet.ctx.store.writing() as db:
        stored_ledger.add(db, past_charges(office.clock()))
    office.types("bob", "/gpu claim train-3 for 2d sweep over all of it")
    office.clock.forward(DAY_MS - 2 * HOUR_MS)
    for _ in range(24):
        office.clock.forward(5 * MINUTE_MS)
        for name in ("train-7", "nb-5", "eval-1", "llm-serve"):
            if office.fleet.is_known(name):
                office.reports(name, 0.0, minutes=5)
        office.reports("nb-2", 0.0, minutes=5, memory=31_000, process="jupyter")
        office.reports("train-3", 92.0, minutes=5, process="train.py")
        office.reports("dgx-1", [80.0] * 6 + [0.0] * 2, minutes=5, process="train.py")
        fleet.sweep(office.valet.ctx)
    forecast.refresh_reports(office.valet.ctx)
    office.tick()
    return office


def on_phone(office, who: str, channel: str) -> int:
    return lines_on_phone(list(office.slack.last(who, channel).blocks))


def test_the_commonest_answers_fit_a_phones_screen(morning):
    lines = {}
    for line in ANSWERS:
        morning.types("ada", line)
        lines[line] = on_phone(morning, "ada", "#gpus")

    assert {line: count for line, count in lines.items() if count > ONE_SCREEN} == {}


def test_the_digest_and_the_card_of_a_stop_fit_a_phones_screen(morning):
    assert "*Idle GPUs, Tuesday" in morning.sees("bob", "#gpus")
    assert on_phone(morning, "bob", "#gpus") <= ONE_SCREEN

    morning.types("ada", "/gpu stop train-7 the run is over")

    assert "Stop train-7?" in morning.sees("bob", "#ml-platform")
    assert on_phone(morning, "bob", "#ml-platform") <= ONE_SCREEN
