"""Owned machines end: by Bob's word, or after a month of silence, and their history stays."""

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.services.machines import owned
from store.sql import rows


@pytest.fixture
def silent(office):
    """dgx-1 worked for an hour, and was never heard again."""
    office.reports("dgx-1", 80.0, minutes=60)
    office.passes(MINUTE_MS)
    office.clock.forward(2 * DAY_MS)
    office.tick()
    return office


def charged(office):
    office.tick()
    sql = "SELECT coalesce(sum(micros), 0) AS micros FROM charges WHERE instance_id = 'dgx-1'"
    return rows(office.valet.ctx.store.reading(), sql)[0]["micros"]


def looks(office, length):
    """The hourly look at ends, for so long."""
    for _ in range(length // HOUR_MS):
        office.clock.forward(HOUR_MS)
        owned.retire_silent(office.valet.ctx)
    office.tick()


def test_bob_retires_a_machine_that_is_no_more_and_it_costs_nothing_from_then_on(silent):
    asked = silent.types("bob", "/gpu retire dgx-1")
    said = silent.presses("bob", "Retire dgx-1")
    cost = charged(silent)
    silent.clock.forward(DAY_MS)

    assert asked.startswith("Retire *dgx-1*? Its agent was last heard 2 d ago. It leaves the list and costs nothing")
    assert said.startswith("@Bob retired *dgx-1*. It costs nothing more from now on; its history stays.")
    assert charged(silent) == cost > 0
    assert "dgx-1" not in silent.types("ada", "/gpu status owned")
    assert "dgx-1" in silent.types("ada", "/cost report by machine")


def test_who_may_not_decide_on_it_may_not_retire_it(silent):
    assert "Retiring dgx-1 takes it from everybody, so @Bob decides that." in silent.types("cy", "/gpu retire dgx-1")
    assert "train-7 is rented: it leaves the list once AWS has terminated it." in silent.types(
        "bob", "/gpu retire train-7"
    )
    renamed = silent.types("bob", "/gpu rename train-7 seven")
    assert renamed == "train-7 is rented: it is called what its Name tag says; whoever owns it in AWS can change that."


def test_a_machine_whose_agent_reports_is_no_thing_of_the_past(office):
    office.reports("dgx-1", 80.0)

    assert "Stop the agent there or `valet token revoke dgx-1` first" in office.types("bob", "/gpu retire dgx-1")


def test_bob_can_bring_it_back_and_so_can_its_agent(silent):
    silent.types("bob", "/gpu retire dgx-1")
    silent.presses("bob", "Retire dgx-1")
    said = silent.presses("bob", "Bring dgx-1 back")
    shown = silent.types("ada", "/gpu status owned")
    silent.types("bob", "/gpu retire dgx-1")
    silent.presses("bob", "Retire dgx-1")
    silent.reports("dgx-1", 80.0)
    looks(silent, HOUR_MS)

    assert said == "@Bob brought *dgx-1* back."
    assert "dgx-1 | :white_circle: unknown" in shown
    assert "dgx-1 | :" in silent.types("ada", "/gpu status owned")
    assert "*dgx-1* reports again, and stays." in silent.slack.sees("bob", "#ml-platform")


@pytest.mark.slow
def test_after_a_month_of_silence_its_end_is_announced_and_a_day_later_done(silent):
    silent.clock.forward(29 * DAY_MS)
    looks(silent, HOUR_MS)
    (notice,) = (text for text in silent.slack.sees("bob", "#ml-platform") if "dgx-1" in text)
    cost = charged(silent)
    looks(silent, 25 * HOUR_MS)
    last = charged(silent)
    silent.clock.forward(30 * DAY_MS)

    assert notice.startswith("*dgx-1* has not reported for 31 d 1 h. Unless it reports within a day, it is retired.")
    assert "[Keep dgx-1]" in notice
    (done,) = (text for text in silent.slack.sees("bob", "#ml-platform") if "dgx-1" in text)
    assert "so it is retired. It costs nothing more from now on" in done
    assert cost < last == charged(silent)
    assert "dgx-1" not in silent.types("ada", "/gpu status owned")


@pytest.mark.slow
def test_kept_it_stays_for_another_month_and_heard_it_stays_for_good(silent):
    silent.clock.forward(29 * DAY_MS)
    looks(silent, HOUR_MS)
    silent.presses("bob", "Keep dgx-1", "#ml-platform")
    looks(silent, 48 * HOUR_MS)
    kept = silent.types("ada", "/gpu status owned")
    silent.clock.forward(29 * DAY_MS)
    looks(silent, HOUR_MS)
    silent.reports("dgx-1", 0.0)
    looks(silent, 26 * HOUR_MS)

    assert "dgx-1 | " in kept
    assert "dgx-1 | " in silent.types("ada", "/gpu status owned")


def test_its_claims_end_with_it_and_their_holders_are_told(silent):
    silent.types("cy", "/gpu claim dgx-1 for 8h")
    asked = silent.types("bob", "/gpu retire dgx-1")
    silent.presses("bob", "Retire dgx-1")
    silent.passes(30 * MINUTE_MS)

    assert "The claims of @Cy on it end." in asked
    assert "dgx-1" in silent.sees("cy", "@cy")


def test_a_renamed_machine_keeps_its_history_and_its_claims(silent):
    silent.types("cy", "/gpu claim dgx-1 for 8h")
    cost = charged(silent)
    said = silent.types("bob", "/gpu rename dgx-1 dgx-one")
    silent.reports("dgx-1", 80.0, minutes=2)

    assert said.startswith("*dgx-1* is called *dgx-one* from now on; its history and claims stay.")
    seen = silent.types("ada", "/gpu status dgx-one")
    assert "*dgx-one*" in seen
    assert "@Cy" in seen
    assert charged(silent) >= cost > 0
    assert "renamed it to dgx-one" in silent.types("bob", "/gpu history dgx-one")
    assert "There is a machine called train-7 already." in silent.types("bob", "/gpu rename dgx-one train-7")
    assert "so @Bob decides that" in silent.types("cy", "/gpu rename dgx-one mine")


@pytest.mark.parametrize(
    ("name", "means"),
    [
        *((word, "a filter") for word in ("idle", "mine", "Free", "owned", "stopped")),
        *((word, "what to do") for word in ("claim", "release", "kill", "help")),
        *((word, "several machines") for word in ("all", "everything", "any")),
        *((word, "a time") for word in ("2h", "tonight", "weekend", "fri", "until", "forever")),
        *((word, "GPUs that one looks for") for word in ("2xA100", "40gb")),
        *((word, "something else") for word in ("for", "and")),
        ("nlp", "`team:nlp`"),
        ("p4d", "`type:p4d`"),
    ],
)
def test_no_machine_is_renamed_to_a_word_of_commands(silent, name, means):
    said = silent.types("bob", f"/gpu rename dgx-1 to {name}")

    assert said == f'"{name}" means {means} in commands, so no machine is called so. Try one like `dgx-one`.'
    assert "dgx-1" in silent.types("bob", "/gpu status dgx-1")
