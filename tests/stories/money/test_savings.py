"""What stopping and sharing saved is counted once, from what happened, and says what would have been otherwise."""

import copy

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from store.sql import one, rows, sqlite3
from tests.stories import conftest

BUTTONS = "[All of 2026] [How this is counted] [As CSV]"
"""Below what was saved."""
COUNTED = [
    "*November*",
    "Worked out from our ledger up to the last whole hour.",
    "Each hour of a machine counts once, and never for more than it would have cost.",
]


@pytest.fixture
def lived(office_with):
    """The company with its last five weeks of charges."""
    return office_with(conftest.SETTINGS, past=True)


def stop(office, name="train-7"):
    office.reports(name, 0.0)
    office.types("ada", f"/gpu stop {name} nobody needs it")
    office.presses("bob", f"Stop {name}", "#ml-platform")
    office.passes(2 * MINUTE_MS)


def hours_pass(office, count):
    for _ in range(count):
        office.clock.forward(HOUR_MS)
        office.tick()


def saved(office):
    return rows(office.valet.ctx.store.reading(), "SELECT * FROM saved ORDER BY from_at")


def test_without_any_stop_nothing_is_saved_and_what_could_be_is_no_saving(lived):
    lived.reports("train-7", 0.0)

    assert lived.types("ada", "/cost savings").splitlines() == [
        "*November: nothing saved so far that can be shown.*",
        "Not saved yet: $21.96/h idle now.",
        "[All of 2026] [How this is counted]",
    ]
    assert lived.presses("ada", "How this is counted").splitlines() == [
        *COUNTED,
        "What idles now is no saving yet.",
        "Days in UTC.",
    ]


def test_what_is_saved_at_a_borrowed_price_says_about(lived):
    hours_pass(lived, 1)
    stop(lived, "train-3")
    hours_pass(lived, 3)

    said = lived.types("ada", "/cost savings")

    assert said.startswith("*November: about $")
    assert "\ntrain-3 | ~$" in said


def test_a_stop_saves_what_the_machine_would_have_cost_by_its_own_pattern(lived):
    """train-7 ran in three of the four weeks before at these hours."""
    stop(lived)
    hours_pass(lived, 3)

    assert lived.types("ada", "/cost savings").splitlines() == [
        "*November: $48.86 saved so far.*",
        "(chart: Saved, November, USD)",
        "Machine | Saved | Off for | How",
        "train-7 | $48.86 | 2 h 13 m | stopped",
        BUTTONS,
    ]
    assert lived.presses("ada", "How this is counted").splitlines() == [
        *COUNTED,
        (
            "•  It would have run as in the same hours of the 4 weeks before, at most for the share of the last "
            "13 weeks in which it really ran then."
        ),
        "No rented machine is idle right now.",
        "Days in UTC.",
    ]


def test_a_start_ends_the_saving_and_no_hour_counts_twice(lived):
    stop(lived)
    hours_pass(lived, 2)
    worked_out = one(lived.valet.ctx.store.reading(), "SELECT over, until_at FROM saving_sources")
    assert worked_out == {"over": 0, "until_at": lived.clock.now // HOUR_MS * HOUR_MS}
    lived.fleet.start(lived.machine("train-7"))
    hours_pass(lived, 3)
    lived.restart()
    lived.tick()

    ran = one(
        lived.valet.ctx.store.reading(),
        "SELECT sum(running_ms) AS ms FROM charges c JOIN instances i "
        "ON i.id = c.instance_id WHERE i.name = 'train-7' AND from_at >= ?",
        lived.clock.now // DAY_MS * DAY_MS + 9 * HOUR_MS,
    )
    spared = sum(row["saved_ms"] for row in saved(lived))
    assert spared <= 5 * HOUR_MS + 2 * MINUTE_MS - ran["ms"]
    assert spared > HOUR_MS
    assert one(lived.valet.ctx.store.reading(), "SELECT over FROM saving_sources")["over"] == 1


@pytest.mark.slow
def test_a_claim_given_back_early_counts_only_when_the_machine_was_stopped(lived):
    lived.reports("train-7", 90.0)
    lived.types("ada", "/gpu claim train-7 for 10h")
    lived.presses("ada", "Claim train-7 anyway") if "Before you take" in lived.sees("ada") else None
    hours_pass(lived, 3)
    lived.types("ada", "/gpu release train-7")
    hours_pass(lived, 1)
    assert saved(lived) == []

    stop(lived)
    hours_pass(lived, 2)

    assert {row["kind"] for row in saved(lived)} == {"released"}
    assert " | given back early, stopped\n" in lived.types("ada", "/cost savings")
    claim = "Its claim would have kept it running, as long again as it was held."
    assert claim in lived.presses("ada", "How this is counted")


@pytest.mark.slow
def test_a_long_claim_given_back_at_once_earns_nothing_by_its_length(lived):
    lived.reports("train-7", 0.0)
    lived.types("ada", "/gpu claim train-7 for 300h")
    lived.presses("ada", "Claim train-7 anyway") if "Before you take" in lived.sees("ada") else None
    lived.clock.forward(2 * MINUTE_MS)
    lived.types("ada", "/gpu release train-7")
    stop(lived)
    hours_pass(lived, 26)

    found = saved(lived)
    assert sum(row["saved_ms"] for row in found if row["kind"] == "released") <= 2 * MINUTE_MS


def test_taking_what_stands_free_saves_only_while_the_other_did_not_run(lived):
    lived.reports("dgx-1", 0.0)
    lived.reports("train-7", 0.0)
    lived.types("ada", "/gpu claim train-7 gpus:2 for 6h fine-tune")
    lived.presses("ada", "Claim 2 GPUs of dgx-1 instead")
    hours_pass(lived, 2)
    assert saved(lived) == [], "train-7 ran on, so nothing was saved"

    stop(lived)
    hours_pass(lived, 3)

    found = saved(lived)
    assert len({row["from_at"] for row in found}) == len(found)
    assert {row["subject"] for row in found} == {lived.machine("train-7").id}


@pytest.mark.slow
def test_nights_off_by_rule_are_saved_from_the_end_of_a_window_to_the_next(office_with):
    settings = copy.deepcopy(conftest.SETTINGS)
    settings["teams"]["nlp"]["pausing"] = {"hours": "Mon-Fri 08:00-19:00"}
    office = office_with(settings, past=True)
    midnight = office.clock.now // DAY_MS * DAY_MS
    office.reports("train-7", 0.0, minutes=75)
    while office.clock.now < midnight + 2 * DAY_MS + 9 * HOUR_MS:
        # a warning 5 minutes before must not be missed
        hour = office.clock.now % DAY_MS // HOUR_MS
        step = 4 * MINUTE_MS if hour in {7, 8, 18, 19} else HOUR_MS
        office.clock.forward(step - office.clock.now % step)
        if office.machine("train-7").state == "running":
            office.reports("train-7", 0.0, minutes=step // MINUTE_MS + 1)
        office.tick()

    found = saved(office)
    nights = [(midnight + day * DAY_MS + 19 * HOUR_MS, midnight + day * DAY_MS + 32 * HOUR_MS) for day in range(2)]
    assert len(office.fleet.stops) == 2
    for begin, end in nights:
        spared = [row for row in found if begin <= row["from_at"] and row["until_at"] <= end]
        assert 6 * HOUR_MS < sum(row["saved_ms"] for row in spared) <= 13 * HOUR_MS
        found = [row for row in found if row not in spared]
    assert found == [], "in office hours nothing is saved"


@pytest.mark.slow
def test_savings_cannot_be_changed(lived):
    stop(lived)
    hours_pass(lived, 2)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"), lived.valet.ctx.store.writing() as db:
        db.execute("DELETE FROM saved")


def test_the_year_is_a_press_away_and_what_is_no_month_is_said(lived):
    stop(lived)
    hours_pass(lived, 2)
    lived.types("ada", "/cost savings")

    assert lived.presses("ada", "All of 2026").startswith("*2026: $32.39")
    assert lived.presses("ada", "This month").startswith("*November: $32.39")
    assert lived.types("ada", "/cost savings 2026-12") == "December 2026 has not come yet. Try `/cost savings`."
    assert lived.types("ada", "/cost savings yesterday") == (
        "Savings are counted by month or year. Try 2026-11 or 2026."
    )


@pytest.fixture
def shop(office_with):
    where = {"region": "us-west-2", "account": "111122223333"}
    box = {**where, "name": "a10g-dev", "template": "lt-1", "type": "g5.xlarge", "gpu": "A10G", "gpus": 1}
    return office_with({**conftest.SETTINGS, "launch": [box]})


def takes_scratch_instead(shop):
    shop.reports("scratch", 0.0)
    shop.types("ada", "/gpu launch a10g-dev for 9h my own tests")
    shop.presses("ada", "Claim scratch instead")


def test_a_launch_that_was_made_all_the_same_saves_nothing_from_then_on(shop):
    takes_scratch_instead(shop)
    hours_pass(shop, 2)
    spared = saved(shop)
    shop.types("ada", "/gpu launch a10g-dev for 8h my own tests")
    shop.presses("bob", "Launch a10g-dev", "#ml-platform")
    shop.passes(2 * MINUTE_MS)
    hours_pass(shop, 4)

    assert sum(row["saved_ms"] for row in spared) == 2 * HOUR_MS
    assert [row["from_at"] for row in saved(shop) if row["saved_ms"] > 3 * MINUTE_MS] == [
        row["from_at"] for row in spared
    ]


def test_a_launch_counts_as_spared_only_while_somebody_would_have_seen_it(shop):
    takes_scratch_instead(shop)
    hours_pass(shop, 1)
    shop.fleet.silence("us-west-2")
    hours_pass(shop, 4)
    assert sum(row["saved_ms"] for row in saved(shop)) == HOUR_MS

    shop.fleet.unsilence("us-west-2")
    hours_pass(shop, 2)

    assert sum(row["saved_ms"] for row in saved(shop)) == 2 * HOUR_MS, "five hours in which nobody looked are no saving"


def test_a_launch_of_what_is_listed_no_more_saves_nothing_as_nobody_could_tell(shop):
    takes_scratch_instead(shop)
    shop.settings = conftest.SETTINGS
    shop.restart()
    hours_pass(shop, 3)

    assert saved(shop) == []
