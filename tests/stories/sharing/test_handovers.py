"""Ada hands her claim to Bob, who has to accept it."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS


def offered(office) -> None:
    office.types("ada", "/gpu claim train-7 gpus:0-3 for 4h fine-tune")
    office.types("ada", "/gpu hand train-7 @bob")


def test_it_is_hers_until_he_accepts_then_his_with_gpus_end_and_note(office):
    offered(office)
    assert office.sees("ada") == (
        "Asked @Bob to take *train-7* over. It stays yours until they accept. The offer ends Mon 13:00 UTC.\n"
        "[Take the offer back]"
    )
    assert office.sees("bob", "@bob") == (
        "@Ada offers you GPUs 0-3 of *train-7* until Mon 13:00 UTC (fine-tune).\n[Take it over] [No, thanks]"
    )

    seen = office.presses("bob", "Take it over", "@bob")

    assert seen.startswith("GPUs 0-3 of *train-7* are @Bob's until Mon 13:00 UTC (fine-tune).")
    assert "You took it over." in "\n".join(office.slack.sees("bob", "@bob"))
    assert office.sees("ada", "@ada") == "@Bob took GPUs 0-3 of *train-7* over."
    assert "@Bob has GPUs 0-3 to Mon 13:00 UTC: fine-tune" in office.types("cy", "/gpu status train-7")


def test_he_may_say_no_and_she_is_told(office):
    offered(office)

    assert office.presses("bob", "No, thanks", "@bob").endswith("You said no.")

    assert office.sees("ada", "@ada") == "@Bob does not want GPUs 0-3 of *train-7* now, so it stays yours."
    assert "@Ada has GPUs 0-3" in office.types("cy", "/gpu status train-7")


def test_she_may_take_the_offer_back(office):
    offered(office)

    assert office.presses("ada", "Take the offer back") == "*train-7* stays yours. @Bob sees that the offer is gone."

    assert office.sees("bob", "@bob").endswith("They took the offer back.")


@pytest.mark.slow
def test_an_offer_lapses_with_its_claim_and_nothing_changes_hands(office):
    offered(office)

    office.passes(4 * HOUR_MS + MINUTE_MS)

    assert office.sees("bob", "@bob").endswith("The offer has ended.")
    assert "Your offer of GPUs 0-3 of *train-7* to @Bob has ended without an answer." in "\n".join(
        office.slack.sees("ada", "@ada")
    )


def test_a_press_by_somebody_else_or_too_late_changes_nothing(office):
    offered(office)
    office.types("ada", "/gpu release train-7")

    office.presses("bob", "Take it over", "@bob")

    assert "Too late: the offer or the claim has ended." in "\n".join(office.slack.sees("bob", "@bob"))
    assert "unclaimed" in office.types("cy", "/gpu status train-7")


def test_what_makes_no_sense_is_refused_with_what_to_type(office):
    office.types("ada", "/gpu claim train-7 for 4h")

    assert office.types("ada", "/gpu hand train-7 somebody").startswith('I can\'t tell who "somebody" is.')
    assert office.types("ada", "/gpu hand train-7 @ada").startswith("train-7 is yours already.")
    assert office.types("bob", "/gpu hand train-7 @cy").startswith("You hold nothing there to hand over.")


@pytest.mark.parametrize("somebody", ["@valet", "<@U0NOBODY99>", "<@USLACKBOT>"])
def test_only_people_of_the_workspace_can_be_offered_a_machine(office, somebody):
    office.types("ada", "/gpu claim train-7 for 4h")

    assert "is nobody here who could take it" in office.types("ada", f"/gpu hand train-7 {somebody}")
    assert "[Take the offer back]" in office.types("ada", "/gpu hand train-7 @cy")
