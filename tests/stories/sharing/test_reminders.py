"""Ada's claim on train-7 comes to its end, and one message tells her so."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.errors import NotFound
from bot.sandbox.slack.people import ADA
from tests.stories.conftest import SETTINGS

BUTTONS = "\n[Extend by 1 h] [Extend by 4 h] [Extend…] [Release train-7]"


def told(office, who="ada"):
    """What Valet has posted to somebody, each message as it stands now."""
    return office.slack.sees(who, f"@{who}")


@pytest.mark.slow
def test_one_message_tells_of_the_end_at_30_15_5_minutes_and_of_grace(office):
    office.types("ada", "/gpu claim train-7 for 2h")

    office.passes(89 * MINUTE_MS)
    assert told(office) == []
    seen = [told(office) for wait in (1, 14, 1, 9, 1, 4, 1) if office.passes(wait * MINUTE_MS) is None]

    ends = "Your claim on *train-7* ends Mon 11:00 UTC, in {} minutes." + BUTTONS
    over = (
        "Your claim on *train-7* ended Mon 11:00 UTC. You can still extend it until 11:10 UTC; then others can have it."
    )
    lines = [ends.format(30), ends.format(30), ends.format(15), ends.format(15), ends.format(5), ends.format(5)]
    assert seen == [[text] for text in [*lines, over + BUTTONS]]


@pytest.mark.slow
def test_the_end_itself_is_told_in_the_same_message(office):
    office.types("ada", "/gpu claim train-7 for 2h")

    office.passes(2 * HOUR_MS + 12 * MINUTE_MS)

    assert told(office) == [
        "Your claim on *train-7* ended Mon 11:00 UTC. Others can claim it now.\n[Claim train-7 again]"
    ]


@pytest.mark.slow
def test_extending_from_the_reminder_begins_anew(office):
    office.types("ada", "/gpu claim train-7 for 2h")
    office.passes(90 * MINUTE_MS)

    office.presses("ada", "Extend by 1 h", "@ada")

    assert told(office)[0] == "Your claim on *train-7* now lasts until Mon 12:00 UTC." + BUTTONS
    office.passes(HOUR_MS)
    assert told(office)[0].startswith("Your claim on *train-7* ends Mon 12:00 UTC, in 30 minutes.")


def test_a_short_claim_is_not_told_at_once_what_was_just_said(office):
    office.types("ada", "/gpu claim train-7 for 30m")

    office.passes(14 * MINUTE_MS)
    assert told(office) == []
    office.passes(MINUTE_MS)
    assert told(office)[0].startswith("Your claim on *train-7* ends Mon 09:30 UTC, in 15 minutes.")


@pytest.mark.slow
def test_releasing_from_the_reminder_is_thanked_and_takes_its_buttons_away(office):
    office.types("ada", "/gpu claim train-7 gpus:0-1 for 2h")
    office.passes(91 * MINUTE_MS)

    office.presses("ada", "Release train-7", "@ada")

    assert told(office)[0] == "You released GPUs 0-1 of *train-7*. Thanks."


@pytest.mark.slow
def test_a_restart_repeats_no_reminder_and_tells_what_was_missed_as_of_now(office):
    office.types("ada", "/gpu claim train-7 for 2h")
    office.passes(91 * MINUTE_MS)
    office.restart()
    office.tick()
    assert len(told(office)) == 1

    office.clock.forward(20 * MINUTE_MS)
    office.restart()
    office.tick()

    assert told(office) == ["Your claim on *train-7* ends Mon 11:00 UTC, in 9 minutes." + BUTTONS]


@pytest.mark.slow
def test_somebody_elses_release_is_news_beside_the_reminder(office):
    office.types("ada", "/gpu claim train-7 for 2h")
    office.passes(91 * MINUTE_MS)

    office.types("bob", "/gpu release train-7")
    office.presses("bob", "Release train-7 anyway")

    assert told(office) == [
        "Your claim on *train-7* has ended.",
        "@Bob ended your claim on *train-7*. Ask them if that surprises you.",
    ]


@pytest.mark.slow
def test_who_hands_it_over_is_reminded_no_more_and_who_has_it_is(office):
    office.types("ada", "/gpu claim train-7 for 2h")
    office.passes(91 * MINUTE_MS)
    office.types("ada", "/gpu hand train-7 @cy")
    office.presses("cy", "Take it over", "@cy")
    office.passes(20 * MINUTE_MS)

    assert told(office)[0] == "You handed *train-7* over."
    assert any(each.startswith("Your claim on *train-7* ends Mon 11:00 UTC, in 1") for each in told(office, "cy"))


@pytest.fixture
def worked_on(office_with):
    """Ada's claim on two GPUs of train-7 has ended, and her job still runs there."""
    office = office_with({**SETTINGS, "people": {"ada": ADA}})
    office.reports("train-7", [90.0] * 2 + [0.0] * 6, process="python3", memory=30_000)
    office.types("ada", "/gpu claim train-7 gpus:0-1 for 30m fine-tune")
    for _ in range(45):
        office.passes(MINUTE_MS)
        office.reports("train-7", [90.0] * 2 + [0.0] * 6, minutes=1, process="python3", memory=30_000)
    return office


@pytest.mark.slow
def test_a_claim_that_ends_under_a_job_is_offered_again_with_its_gpus(worked_on):
    assert told(worked_on)[0] == (
        "Your claim on GPUs 0-1 of *train-7* ended Mon 09:30 UTC, but your job still runs there. Claim it again?\n"
        "[8 h] [I'm done]"
    )

    said = worked_on.presses("ada", "8 h", "@ada")

    assert said.startswith("GPUs 0-1 of *train-7* are @Ada's until Mon 17:45 UTC (fine-tune).")


@pytest.mark.slow
def test_whoever_is_done_there_is_asked_no_more(worked_on):
    worked_on.presses("ada", "I'm done", "@ada")

    assert told(worked_on)[0] == "Your claim on *train-7* ended Mon 09:30 UTC. You're done there. Thanks."
    assert "@Ada" not in worked_on.types("bob", "/gpu status train-7").splitlines()[-1]


@pytest.mark.slow
def test_another_claim_since_is_said_instead_of_an_offer(office):
    office.types("ada", "/gpu claim train-7 for 30m")
    office.types("bob", "/gpu wait train-7")
    office.passes(41 * MINUTE_MS)
    office.presses("bob", "Take it", "@bob")
    office.restart()

    with pytest.raises(NotFound):
        office.presses("ada", "I'm done", "@ada")
    assert office.presses("ada", "Claim train-7 again", "@ada").startswith("*train-7* is @Bob's")
