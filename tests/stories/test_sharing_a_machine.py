"""Ada and Bob share train-7."""

from bot.domain.clock import HOUR, MINUTE


def test_the_first_to_ask_gets_it_and_the_second_is_told_who_has_it_until_when(office):
    assert office.types("ada", "/gpu claim train-7 for 4h fine-tune") == (
        "*train-7* is @Ada's until Mon 13:00 UTC (fine-tune).\n[Release train-7]"
    )

    seen = office.types("bob", "/gpu claim train-7")

    assert seen.startswith("*train-7* is @Ada's until Mon 13:00 UTC (fine-tune).")


def test_a_claim_that_runs_out_frees_the_machine_and_tells_its_holder(office):
    office.types("ada", "/gpu claim train-7 for 1h")

    office.passes(HOUR + MINUTE)

    assert office.sees("ada", "@ada").startswith("Your claim on *train-7* ended at Mon 10:00 UTC.")
    assert "[Claim train-7 again]" in office.sees("ada", "@ada")
    assert office.types("bob", "/gpu claim train-7").startswith("*train-7* is @Bob's")


def test_a_typo_gets_the_nearest_name_as_a_button(office):
    seen = office.types("ada", "/gpu claim trian-7")

    assert seen.startswith('I don\'t know "trian-7". Did you mean train-7')
    assert "[Status of train-7]" in seen


def test_a_wrong_verb_gets_the_right_one(office):
    assert "Did you mean `/gpu claim`?" in office.types("ada", "/gpu clam train-7")


def test_no_length_of_time_is_taken_for_what_it_is_not(office):
    assert office.types("ada", "/gpu claim train-7 for -2h") == (
        '"-2h" is not a length of time. Try 30m, 4h, 1h30m or 2d.'
    )
    assert office.types("ada", "/gpu claim train-7 for 99d").startswith("A claim lasts at most 14 days.")


def test_only_the_holder_or_an_approver_can_release(office):
    office.types("ada", "/gpu claim train-7")

    assert "only they or an approver can release it" in office.types("cy", "/gpu release train-7")
    assert office.types("bob", "/gpu release train-7") == (
        "*train-7* is @Ada's until Mon 17:00 UTC, and unknown now.\n[Release train-7 anyway]"
    )
    assert office.presses("bob", "Release train-7 anyway").startswith("@Bob released *train-7*")
    assert office.sees("ada", "@ada").startswith("Your claim on *train-7* was ended by @Bob.")


def test_the_same_words_work_by_mention_and_in_threads(office):
    office.types("ada", "@valet claim train-7 for 2h")

    assert office.valet.desk.store.reading().execute("SELECT count(*) FROM claims").fetchone()[0] == 1


def test_asked_again_without_a_length_a_claim_never_ends_sooner(office):
    office.types("ada", "/gpu claim train-7 for 2d")

    seen = office.types("ada", "/gpu claim train-7 now with a note")

    assert seen.startswith("*train-7* is @Ada's until Wed 09:00 UTC (now with a note).")
    assert office.types("ada", "/gpu claim train-7 for 1h").startswith("*train-7* is @Ada's until Mon 10:00 UTC")


def test_an_owned_machine_is_on_no_bill_to_forecast(office):
    office.reports("dgx-1", 50.0)

    assert office.types("ada", "/cost forecast dgx-1").startswith(
        "dgx-1 is owned: it costs the same whether used or not"
    )


def test_people_named_in_a_note_are_shown_but_not_called(office):
    seen = office.types("ada", "/gpu claim train-7 for 2h with @bob")

    assert seen.startswith("*train-7* is @Ada's until Mon 11:00 UTC (with @")
    assert "<@" not in office.slack.last("ada", "#gpus").text.partition("until")[2]
