"""Ada and Bob share train-7."""

from contextlib import suppress
from dataclasses import replace
from itertools import product

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.errors import ValetError
from bot.sandbox.slack.people import CY, GPUS
from handlers.topics import BUTTONS, press
from tests.neighbours import CLAIM


def test_the_first_gets_it_and_the_second_hears_who_has_it_until_when(office):
    assert office.types("ada", "/gpu claim train-7 for 4h fine-tune") == (
        "*train-7* is @Ada's until Mon 13:00 UTC (fine-tune).\n[Extend by 1 h] [Extend by 4 h] [Release train-7]"
    )

    seen = office.types("bob", "/gpu claim train-7")

    assert seen.startswith("*train-7* is @Ada's until Mon 13:00 UTC (fine-tune).")


def test_a_claim_that_runs_out_frees_the_machine_and_tells_its_holder(office):
    office.types("ada", "/gpu claim train-7 for 1h")

    office.passes(HOUR_MS + 11 * MINUTE_MS)

    assert office.sees("ada", "@ada").startswith("Your claim on *train-7* ended Mon 10:00 UTC.")
    assert "[Claim train-7 again]" in office.sees("ada", "@ada")
    assert office.types("bob", "/gpu claim train-7").startswith("*train-7* is @Bob's")


def test_a_typo_gets_the_nearest_name_as_a_button(office):
    seen = office.types("ada", "/gpu claim trian-7")

    assert seen.startswith('I don\'t know "trian-7". Did you mean train-7')
    assert "[Status of train-7]" in seen


def test_an_endless_name_is_not_said_again_in_full(office):
    assert len(office.types("ada", "/gpu claim " + "y" * 10_000)) < 200


def test_machines_of_one_name_are_told_apart_by_id_and_type(office):
    for name in ("train-7", "train-9"):
        office.fleet.change(name, name="twin")
    office.tick()

    seen = office.types("ada", "/gpu claim twin")

    assert f"*  p4d.24xlarge, us-east-1, {office.machine('train-7').id}, unknown" in seen
    assert f"*  p4de.24xlarge, us-west-2, {office.machine('train-9').id}, unknown" in seen


def test_a_wrong_verb_gets_the_right_one(office):
    assert "[/gpu claim train-7]" in office.types("ada", "/gpu clam train-7")


def test_no_length_of_time_is_taken_for_what_it_is_not(office):
    assert office.types("ada", "/gpu claim train-7 for -2h") == (
        '"-2h" is not a length of time. Try 30m, 4h, 1h30m or 2d.\n[2 h] [As a note]'
    )
    assert office.types("ada", "/gpu claim train-7 for 99d").startswith("A claim lasts at most 14 days.")


def test_an_extension_by_nothing_or_by_no_length_is_refused(office):
    office.types("ada", "/gpu claim train-7 for 4h")

    assert office.types("ada", "/gpu extend train-7 0h").startswith("Less than a minute changes nothing.")
    assert office.types("ada", "/gpu extend train-7 somewhat") == (
        '"somewhat" is no length of time. Try `extend train-7 2h`.'
    )
    assert "to Mon 13:00 UTC" in office.types("ada", "/gpu status train-7"), "it ends when it did"


def test_a_length_that_cannot_be_is_refused_before_anything_else_is_offered(office):
    office.reports("train-7", 0.0)
    office.reports("dgx-1", 0.0)

    assert office.types("ada", "/gpu claim train-7 for 0h") == ("A claim lasts at least 5 minutes. Try 30m, 4h or 2d.")


def test_a_machine_that_stands_still_is_not_claimed_but_can_be_started(office):
    assert office.types("ada", "/gpu claim eval-2 for 2h") == (
        "eval-2 is stopped, so there is nothing to claim. `/gpu start eval-2` starts it for you."
    )
    assert office.types("ada", "/gpu request eval-2") == (
        "Nobody holds eval-2, so there is nobody to ask. `/gpu status eval-2` shows it."
    )


def test_a_press_with_a_strange_value_gets_an_answer_or_a_no(office):
    odd = ["", "|||", "9" * 19, "9" * 5_000, "train-7|" + "9" * 5_000, "\u0663|\u00b2|\u00b2", "\x00"]
    for action, value in product(BUTTONS, odd):
        with suppress(ValetError):
            press(office.valet.ctx, action, CY, GPUS, value=value)


def test_only_the_holder_or_an_approver_can_release(office):
    office.types("ada", "/gpu claim train-7")

    assert "only they or an approver can release it" in office.types("cy", "/gpu release train-7")
    assert office.types("bob", "/gpu release train-7") == (
        "*train-7* is @Ada's until Mon 17:00 UTC.\nIt is unknown.\n[Release train-7 anyway]"
    )
    assert office.presses("bob", "Release train-7 anyway").startswith("@Bob released *train-7*")
    assert office.sees("ada", "@ada").startswith("@Bob ended your claim on *train-7*.")


def test_the_same_words_work_by_mention_and_in_threads(office):
    office.types("ada", "@valet claim train-7 for 2h")

    assert (
        office.valet.ctx.store.reading().execute("SELECT count(*) FROM claims WHERE id <> ?", [CLAIM]).fetchone()[0]
        == 1
    )


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


def test_two_people_share_one_machine_by_its_gpus(office):
    office.reports("dgx-1", [90.0] * 2 + [0.0] * 6)

    assert office.types("ada", "/gpu claim dgx-1 gpus:2 for 4h eval") == (
        "GPUs 2-3 of *dgx-1* are @Ada's until Mon 13:00 UTC (eval).\n[Extend by 1 h] [Extend by 4 h] [Release dgx-1]"
    )
    seen = office.types("bob", "/gpu claim dgx-1")
    assert seen.startswith("GPUs 2-3 of *dgx-1* are @Ada's until Mon 13:00 UTC (eval).\n[Claim 4 GPUs of dgx-1]"), (
        "nobody is offered what works"
    )

    assert office.presses("bob", "Claim 4 GPUs of dgx-1").startswith("GPUs 4-7 of *dgx-1* are @Bob's until")
    assert "@Bob has GPUs 4-7 to Mon 17:00 UTC, @Ada has GPUs 2-3 to" in office.types("cy", "/gpu status dgx-1")


def test_a_claim_on_some_gpus_can_grow_and_shrink_in_place(office):
    office.types("ada", "/gpu claim train-7 gpus:0,3 for 4h")

    assert office.types("ada", "/gpu claim train-7 gpus:all").startswith("*train-7* is @Ada's until Mon 17:00 UTC.")
    assert office.types("ada", "/gpu claim train-7 gpu:5 for 2h").startswith("GPU 5 of *train-7* is @Ada's until Mon")
    assert office.types("bob", "/gpu claim train-7 gpus:7").startswith("GPUs 0-4, 6-7 of *train-7* are @Bob's")
    assert "[Claim" not in office.types("ada", "/gpu claim train-7 gpus:2").partition("You could have")[0]


def test_gpus_that_are_not_there_are_refused_with_what_is(office):
    assert office.types("ada", "/gpu claim train-7 gpus:9") == "It has 8 GPUs, so say gpus:1 to gpus:8."
    assert office.types("ada", "/gpu claim render-1 gpus:2") == "It has one GPU, so leave gpus:2 out."
    assert office.types("ada", "/gpu claim train-7 gpus:0,8") == "It has GPUs 0 to 7; there is no GPU 8."
    assert office.types("ada", "/gpu claim train-7 gpus:0").startswith("gpus:0 would be none. Try gpus:1")
    assert office.types("ada", "/gpu claim train-7 gpus:x").startswith('"gpus:x" names no GPUs. Try gpus:2')
    assert office.types("ada", "/gpu claim train-7 gpus:3-1").startswith('"gpus:3-1" counts backwards.')


def test_a_claim_is_extended_by_command_and_by_button_from_its_end(office):
    office.types("ada", "/gpu claim train-7 for 4h")

    assert "until Mon 15:00 UTC" in office.types("ada", "/gpu extend train-7 2h")
    assert "until Mon 16:00 UTC" in office.presses("ada", "Extend by 1 h")
    assert "until Tue 00:00 UTC" in office.types("ada", "/gpu extend")
    assert office.types("bob", "/gpu extend train-7") == (
        "train-7 is @Ada's, so nobody else can extend it. `/gpu wait train-7` puts you in the line."
    )
    assert office.types("bob", "/gpu extend nb-2") == "You hold nothing on nb-2. `/gpu claim nb-2` takes it."
    assert office.types("ada", "/gpu extend train-7 30d").startswith("A claim lasts at most 14 days.")


def test_in_its_grace_a_claim_still_holds_and_can_be_extended(office):
    office.types("ada", "/gpu claim train-7 for 1h")
    office.passes(HOUR_MS + 5 * MINUTE_MS)

    assert office.types("bob", "/gpu claim train-7").startswith("*train-7* is @Ada's until Mon 10:00 UTC.")
    assert "until Mon 11:05 UTC" in office.types("ada", "/gpu extend train-7 1h")


def test_a_claim_can_end_at_a_time_of_day_in_the_zone_of_who_asks(office):
    assert office.types("ada", "/gpu claim train-7 until 18:00 eval").startswith(
        "*train-7* is @Ada's until Mon 18:00 UTC (eval)."
    )
    assert "until Fri 14:00 UTC" in office.types("ada", "/gpu extend train-7 until fri 14:00")
    assert "until Sat 08:00 UTC" in office.types("ada", "/gpu extend until sat 8")
    assert office.types("ada", "/gpu extend train-7 until 18:00").startswith(
        "Your claim on train-7 lasts longer than that already."
    )
    assert office.types("ada", "/gpu extend train-7 until friday") == (
        "At what time on friday? Try friday 14:00.\n[Fri 27 Nov 09:00] [Fri 27 Nov 18:00]"
    )


def test_a_time_over_for_today_is_tomorrows_and_that_is_said(office):
    seen = office.types("ada", "/gpu claim train-7 until 02:00")

    assert seen.startswith("*train-7* is @Ada's until Tue 02:00 UTC.\n")
    assert "02:00 is over for today, so this is tomorrow's." in seen


def test_releasing_a_part_says_which_and_thanks_only_its_holder(office):
    office.types("ada", "/gpu claim train-7 gpus:2 for 4h")
    office.types("cy", "/gpu claim train-7 gpus:6 for 4h")

    office.types("bob", "/gpu release train-7")
    seen = office.presses("bob", "Release GPUs 0-1 of train-7 anyway")

    assert seen == (
        "@Bob released GPUs 0-1 of *train-7*, 4 h early. It was @Ada's. That leaves $21.96 of GPU time to others."
    )
    assert office.types("cy", "/gpu release").startswith("@Cy released GPUs 2-7 of *train-7*, 4 h early. Thanks.")


def test_a_time_beyond_six_days_is_told_with_its_date(office):
    assert office.types("ada", "/gpu claim train-7 for 10d").startswith(
        "*train-7* is @Ada's until Thu 3 Dec 09:00 UTC."
    )
    assert "@Ada to Thu 3 Dec 09:00 UTC" in office.types("cy", "/gpu status train-7")
    assert "Their claim lasts until Thu 3 Dec 09:00 UTC." in office.types("cy", "/gpu request train-7")
    assert "Your claim lasts until Thu 3 Dec 09:00 UTC." in office.sees("ada", "@ada")


def test_a_beginning_of_many_names_names_some_and_says_that_there_are_others(office):
    template = office.machine("scratch")
    for number in range(12):
        name = f"many-{number:02d}"
        office.fleet._machines[name] = replace(template, id=f"i-0many{number:02d}", name=name, tags={"Name": name})
    office.tick()

    seen = office.types("ada", "/gpu claim many")
    assert seen.startswith('"many" could be any of many-00, many-01, ')
    assert ", many-09 and others. Say which.\n" in seen
