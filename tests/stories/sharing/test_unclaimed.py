"""Somebody works on dgx-1 without a claim; the settings say whose unix user that is, or do not."""

from typing import Any

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.sandbox.slack.people import ADA, CY
from handlers.topics import press
from tests.stories.conftest import SETTINGS

TWO = [90.0, 90.0] + [0.0] * 6
PEOPLE = {"ada": ADA, "dgx-1/c": CY}


@pytest.fixture
def office(office_with):
    return office_with(SETTINGS | {"people": PEOPLE})


def works(office, length: int, user: str | list[str] = "ada", util: list[float] = TWO) -> None:
    """Time passes while programs of that unix user run on the GPUs that work."""
    for _ in range(length // (4 * MINUTE_MS)):
        office.reports("dgx-1", util, minutes=5, process="python3", user=user)
        office.passes(4 * MINUTE_MS, step=4 * MINUTE_MS if length > HOUR_MS else MINUTE_MS)


def told(office, who: str = "ada") -> list[Any]:
    return office.slack.sees(who, f"@{who}")


def test_after_half_an_hour_the_person_behind_the_unix_user_is_asked_to_claim(office):
    works(office, 28 * MINUTE_MS)
    assert told(office) == []

    works(office, 8 * MINUTE_MS)

    (asked,) = told(office)
    assert asked == (
        "GPUs 0-1 of *dgx-1* have worked for you (unix user `ada`) for 30 m, and nobody has claimed them. "
        "Somebody else may take them.\n[Claim GPUs 0-1 of dgx-1] [Not mine]"
    )


@pytest.mark.slow
def test_one_press_claims_exactly_those_gpus(office):
    works(office, 36 * MINUTE_MS)

    office.presses("ada", "Claim GPUs 0-1 of dgx-1", "@ada")

    assert told(office)[0].endswith("nobody has claimed them. You claimed it. Thanks.")
    assert "@Ada has GPUs 0-1 to" in office.types("cy", "/gpu status dgx-1")


@pytest.mark.slow
def test_not_mine_is_believed_for_a_week_and_the_status_names_the_unix_user(office):
    works(office, 36 * MINUTE_MS)

    office.presses("ada", "Not mine", "@ada")

    assert told(office)[0].endswith("You said it is not yours. I won't ask about it again for a week.")
    office.clock.forward(DAY_MS)
    works(office, 40 * MINUTE_MS)
    assert len(told(office)) == 1
    assert "in use without a claim by unix user `ada` (GPUs 0-1)" in office.types("cy", "/gpu status dgx-1")


@pytest.mark.slow
def test_a_person_is_asked_once_a_day_about_a_machine(office):
    works(office, 36 * MINUTE_MS)
    works(office, 80 * MINUTE_MS, util=[0.0] * 8)
    works(office, 60 * MINUTE_MS)
    assert len(told(office)) == 1
    assert told(office)[0].endswith("The work there is over.")

    office.clock.forward(DAY_MS)
    works(office, 40 * MINUTE_MS)

    assert len(told(office)) == 2


@pytest.mark.slow
def test_a_restart_asks_nothing_twice_and_unseen_hours_are_not_use(office):
    works(office, 20 * MINUTE_MS)
    office.clock.forward(3 * HOUR_MS)
    office.restart()
    works(office, 8 * MINUTE_MS)
    assert told(office) == []

    works(office, 30 * MINUTE_MS)
    office.restart()
    works(office, 8 * MINUTE_MS)

    assert len(told(office)) == 1


def test_a_name_can_be_said_for_one_host_alone(office):
    works(office, 36 * MINUTE_MS, user="c")

    assert told(office, "cy")[0].startswith("GPUs 0-1 of *dgx-1* have worked for you (unix user `c`) for 30 m")


@pytest.mark.slow
def test_whoever_nobody_knows_is_named_by_their_unix_user_and_nobody_is_asked(office):
    works(office, 60 * MINUTE_MS, user="<!channel>*")

    assert told(office) == told(office, "cy") == []
    seen = office.types("ada", "/gpu status dgx-1")
    assert "in use without a claim by unix user `<!channel>" in seen
    assert "<!channel>" not in str(office.slack.last("ada", "#gpus").blocks), "sent, it is inert"
    assert "In use without a claim by unix user" in office.types("ada", "/gpu why dgx-1")


@pytest.mark.slow
def test_claimed_work_is_nobodys_question(office):
    office.reports("dgx-1", TWO, process="python3")
    office.types("ada", "/gpu adopt dgx-1 for 4h")

    works(office, HOUR_MS)

    assert told(office) == []


def test_adopt_claims_the_gpus_ones_programs_run_on(office):
    office.reports("dgx-1", TWO, process="python3", user=["c", "ada"] + [""] * 6)

    seen = office.types("ada", "/gpu adopt dgx-1 for 4h fine-tune")

    assert seen.startswith("GPU 1 of *dgx-1* is @Ada's until Mon 13:00 UTC (fine-tune).")


def test_adopt_says_what_is_seen_when_nothing_is_ones_own(office):
    office.reports("dgx-1", TWO, process="python3", user="cy")

    assert office.types("ada", "/gpu adopt dgx-1") == (
        "I see no program of yours (unix user ada) on dgx-1 now. Programs there belong to cy. "
        "`/gpu claim dgx-1 gpus:1` claims GPUs that are free."
    )
    assert office.types("bob", "/gpu adopt dgx-1") == (
        "I don't know which unix user you are on dgx-1; an admin can say so in [people]. "
        "`/gpu claim dgx-1 gpus:0,1` claims GPUs by their numbers."
    )
    office.passes(10 * MINUTE_MS)
    assert "No program is reported there." in office.types("ada", "/gpu adopt dgx-1")


def test_adopt_takes_nothing_that_somebody_has_claimed(office):
    office.reports("dgx-1", TWO, process="python3")
    office.types("cy", "/gpu claim dgx-1 gpu:0 for 4h")

    assert office.types("ada", "/gpu adopt dgx-1").startswith("GPU 0 of *dgx-1* is @Cy's until Mon 13:00 UTC.")


def test_adopting_keeps_what_one_holds_there_already(office):
    office.reports("dgx-1", TWO, process="python3", user=["ada", "ada"] + [""] * 6)
    office.types("ada", "/gpu claim dgx-1 gpu:7 for 4h")

    assert office.types("ada", "/gpu adopt dgx-1").startswith("GPUs 0-1, 7 of *dgx-1* are @Ada's until Mon")


def test_whoever_claims_hears_who_works_there_just_now(office):
    office.reports("dgx-1", TWO, process="python3", user="c")

    seen = office.types("ada", "/gpu claim dgx-1 for 4h")

    assert "GPUs 0-1 work for @Cy (unix user `c`) now. Ask before you start." in seen
    office.types("ada", "/gpu release dgx-1")
    assert "Ask before you start" not in office.types("cy", "/gpu claim dgx-1 gpus:0-1"), "one's own work is no news"


@pytest.mark.slow
def test_only_whoever_was_asked_answers(office):
    works(office, 36 * MINUTE_MS)
    asked = office.slack.last("ada", "@ada")
    button = asked.blocks[-1]["elements"][0]

    for action in ("claim_used", "not_mine"):
        with pytest.raises(Exception, match="asked of somebody else"):
            press(office.valet.ctx, action, CY, "D", value=button["value"])


def test_adopt_names_no_free_gpus_where_none_are(office):
    office.reports("dgx-1", [95] * 8, process="python3", user="cy")

    assert office.types("ada", "/gpu adopt dgx-1") == (
        "I see no program of yours (unix user ada) on dgx-1 now. Programs there belong to cy."
    )
