"""Ada wants a machine stopped that Cy holds: Cy is asked first, and those who decide only then."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.errors import Refused
from bot.sandbox.slack.people import BOB, CY
from bot.services.acting import consents
from handlers.blocks.digest import KEEP_IDLE_BUTTON
from handlers.topics import press
from store.acting import approvals as stored_approvals

DECIDE = "#ml-platform"


@pytest.fixture
def held(office):
    """Cy holds train-7, which idles."""
    office.reports("train-7", 0.0)
    office.types("cy", "/gpu claim train-7 for 8h evaluation")
    return office


def ask(office):
    return office.types("ada", "/gpu stop train-7 nobody seems to use it")


def test_the_holder_is_asked_and_nobody_else_yet(held):
    seen = ask(held)

    assert seen.startswith("@Cy holds it and has been asked first, until Mon 09:30 UTC; then the question goes on to")
    assert "train-7 keeps running until then." in seen
    question = held.sees("cy", "@cy")
    assert question.startswith(
        "@Ada asks to stop *train-7*, which you hold until Mon 17:00 UTC.\n>nobody seems to use it"
    )
    assert "Without your answer by Mon 09:30 UTC it goes to those who decide, who are told so." in question
    assert "[I still need it] [It may be stopped]" in question
    assert "Stop train-7?" not in held.sees("bob", DECIDE)
    held.slack.open_home("bob")
    held.settle()
    assert "Stop train-7?" not in held.slack.sees_home("bob")


@pytest.mark.slow
def test_one_who_still_needs_it_ends_it(held):
    ask(held)
    held.presses("cy", "I still need it", "@cy")
    held.passes(HOUR_MS)

    assert "You still need it, so it keeps running. They know." in held.sees("cy", "@cy")
    assert "keeps running.* @Cy holds it and still needs it, as said at 09:00 UTC." in held.sees("ada", "@ada")
    assert "Stop train-7?" not in held.sees("bob", DECIDE)
    assert held.fleet.stops == []


@pytest.mark.slow
def test_nobody_nags_a_holder_who_has_just_said_no(held):
    ask(held)
    held.presses("cy", "I still need it", "@cy")
    held.passes(HOUR_MS)
    held.reports("train-7", 0.0)
    soon = ask(held)
    held.passes(4 * HOUR_MS)
    held.reports("train-7", 0.0)

    assert "@Cy was asked less than 4 hours ago and still needs train-7. Talk to them." in soon
    assert "has been asked first" in ask(held)


def test_a_holder_who_has_just_said_no_may_ask_for_it_themselves(held):
    ask(held)
    held.presses("cy", "I still need it", "@cy")
    held.reports("train-7", 0.0)

    assert "Asked in #ml-platform" in held.types("cy", "/gpu stop train-7")


def test_one_who_agrees_passes_the_question_on(held):
    ask(held)
    held.clock.forward(10 * MINUTE_MS)
    held.reports("train-7", 0.0, minutes=10)
    held.presses("cy", "It may be stopped", "@cy")
    card = held.sees("bob", DECIDE)
    held.presses("bob", "Stop train-7", DECIDE)
    held.passes(2 * MINUTE_MS)

    assert "Waiting for @Bob until 11:10 UTC." in card
    assert "@Cy holds it until Mon 17:00 UTC." in card
    assert "@Cy says it may be stopped" in card
    told = held.slack.sees("cy", "@cy")
    assert any("You said that it may be stopped. It took 60 s." in said for said in told)
    assert held.machine("train-7").state == "stopped"


def test_silence_passes_it_on_and_the_card_says_so(held):
    ask(held)
    held.passes(31 * MINUTE_MS)

    assert "@Cy was asked first and has not answered" in held.sees("bob", DECIDE)
    assert "You have not answered in time; others decide now. You can still keep it." in held.sees("cy", "@cy")


@pytest.mark.slow
def test_a_card_passed_on_says_what_the_machine_does_and_as_of_when(held):
    ask(held)
    for _ in range(30):
        held.clock.forward(MINUTE_MS)
        held.reports("train-7", 0.0, minutes=1)
        held.tick()
    card = held.sees("bob", DECIDE)

    assert "Idle for 1 h 45 m: no programs, all 8 GPUs at 0 %; no work seen in 60 of the last 60 minutes" in card
    assert "As of 09:30 UTC." in card


def test_a_card_that_is_passed_on_says_for_how_long_nothing_was_heard(held):
    ask(held)
    held.passes(31 * MINUTE_MS)

    card = held.sees("bob", DECIDE)

    assert "\nUnknown for 31 m: no reading lately: its agent is silent. As of 09:30 UTC.\n" in card


def test_a_card_is_not_passed_on_for_a_machine_that_has_begun_to_work(held):
    ask(held)
    held.passes(29 * MINUTE_MS)
    held.reports("train-7", 90.0, minutes=20)
    held.passes(2 * MINUTE_MS)

    assert "[Stop train-7]" not in held.sees("bob", DECIDE)
    assert "is off.* train-7 began to work after the request." in held.sees("ada", "@ada")


def test_a_claim_given_back_needs_no_answer(held):
    ask(held)
    held.types("cy", "/gpu release train-7")
    held.passes(MINUTE_MS)

    assert any("@Cy has given it back" in text for text in held.slack.sees("bob", DECIDE))


def test_a_claim_that_is_extended_is_an_answer(held):
    ask(held)
    held.types("cy", "/gpu extend train-7 2h")
    held.passes(MINUTE_MS)

    assert "keeps running.* @Cy holds it and still needs it" in held.sees("ada", "@ada")


def test_the_wrong_person_and_the_late_are_told(held):
    ask(held)
    asked = stored_approvals.unanswered_consents(held.valet.ctx.store.reading())[0]
    held.passes(31 * MINUTE_MS)

    with pytest.raises(Refused, match="Only the holder can answer this"):
        consents.answer_consent(held.valet.ctx, asked.id, BOB, agrees=True)
    with pytest.raises(Refused, match="nobody did in time, so those who decide are asked"):
        consents.answer_consent(held.valet.ctx, asked.id, CY, agrees=True)


def test_asked_twice_it_is_one_question(held):
    ask(held)
    again = held.types("bob", "/gpu stop train-7")

    assert again.startswith("@Ada asked already: Stop train-7? @Cy holds it and has been asked first")
    assert len([said for said in held.slack.sees("cy", "@cy") if "asks to stop" in said]) == 1


def test_ones_own_claim_is_asked_about_nowhere(held):
    held.types("cy", "/gpu stop train-7 I am done")

    assert "Stop train-7? @Cy asks." in held.sees("bob", DECIDE)


def test_several_holders_are_all_asked_and_one_no_is_enough(office):
    office.reports("nb-2", 0.0)
    office.types("cy", "/gpu claim nb-2 gpus:1 for 4h")
    office.types("bob", "/gpu claim nb-2 gpus:2 for 4h")
    seen = office.types("ada", "/gpu stop nb-2")
    office.presses("cy", "It may be stopped", "@cy")
    between = office.sees("bob", "#gpus")
    office.presses("bob", "I still need it", "@bob")

    assert "@Bob and @Cy hold it and have been asked first" in seen
    assert "Stop nb-2?" not in between
    assert "keeps running.* @Bob holds it and still needs it" in office.sees("ada", "@ada")


@pytest.mark.slow
def test_a_restart_in_between_loses_nothing(held):
    ask(held)
    held.restart()
    held.passes(31 * MINUTE_MS)
    held.restart()
    held.reports("train-7", 0.0, minutes=31)
    held.presses("bob", "Stop train-7", DECIDE)
    held.passes(2 * MINUTE_MS)

    assert held.machine("train-7").state == "stopped"
    assert len(held.fleet.stops) == 1


@pytest.mark.slow
def test_whoever_takes_it_over_meanwhile_needs_it_so_the_request_is_off(held):
    ask(held)
    held.types("cy", "/gpu hand train-7 @bob")
    held.presses("bob", "Take it over", "@bob")
    held.passes(HOUR_MS)

    assert "is off.* @Bob took train-7 over from @Cy." in held.sees("ada", "@ada")
    assert "Nobody needs your answer any more. @Bob took train-7 over from @Cy." in held.slack.sees("cy", "@cy")[0]
    assert "given it back" not in held.sees("bob", DECIDE)
    assert held.fleet.stops == []


def test_what_is_approved_can_not_be_taken_over_any_more(held):
    held.types("cy", "/gpu hand train-7 @bob")
    ask(held)
    held.presses("cy", "It may be stopped", "@cy")
    held.presses("bob", "Stop train-7", DECIDE)
    held.presses("bob", "Take it over", "@bob")
    held.passes(2 * MINUTE_MS)

    assert "train-7 is about to be stopped (@Bob approved it)." in " ".join(held.slack.sees("bob", "@bob"))
    assert held.machine("train-7").state == "stopped"


def test_keep_in_a_digest_that_is_pressed_meanwhile_ends_the_request(held):
    ask(held)

    answered = press(held.valet.ctx, KEEP_IDLE_BUTTON, BOB, "", value=held.machine("train-7").id)
    held.settle()

    assert "train-7" in answered.text
    assert "is off.* @Bob snoozed train-7 first." in held.sees("ada", "@ada")
    assert "Nobody needs your answer any more." in held.sees("cy", "@cy")
    assert "Stop train-7?" not in held.sees("bob", DECIDE)
