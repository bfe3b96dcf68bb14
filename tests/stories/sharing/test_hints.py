"""Before somebody claims or starts what costs money, Valet names what stands free, and counts what that saves."""

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.errors import Refused
from bot.sandbox.slack.people import CY
from handlers.blocks.sharing.find import GO_ON_ANYWAY_BUTTON
from handlers.topics import press
from store.money import savings as stored_savings


@pytest.fixture
def shop(office):
    office.reports("dgx-1", [90.0] * 2 + [0.0] * 6)
    office.reports("train-7", 0.0)
    return office


def counted(office):
    return stored_savings.shared_between(office.valet.ctx.store.reading(), 0, 1 << 60)


def test_before_a_rented_machine_is_claimed_a_free_owned_one_is_named(shop):
    assert shop.types("ada", "/gpu claim train-7 gpus:2 for 4h fine-tune") == (
        "Before you take *train-7*: *dgx-1* has 2 GPUs free that would do as well, and is paid already. "
        "Nobody else uses *train-7*, so $21.96/h could be saved.\n"
        "*dgx-1*  owned  ·  8xA100 80 GB  ·  6 GPUs free, idle for 1 h 15 m\n"
        "[Claim 2 GPUs of dgx-1 instead] [Claim train-7 anyway]"
    )
    assert "unclaimed" in shop.types("cy", "/gpu status train-7")


def test_a_saving_is_counted_once_and_only_if_it_is_taken(shop):
    shop.types("ada", "/gpu claim train-7 gpus:2 for 4h fine-tune")
    assert counted(shop) == []

    assert shop.presses("ada", "Claim 2 GPUs of dgx-1 instead").startswith(
        "GPUs 2-3 of *dgx-1* are @Ada's until Mon 13:00 UTC (fine-tune)."
    )
    [saving] = counted(shop)
    assert (saving.kind, saving.avoided, saving.taken_id) == ("shared", "claim", "dgx-1")
    assert saving.instead_of == shop.machine("train-7").id
    assert saving.micros_per_hour == 21_957_642
    assert saving.until_at - saving.at == 4 * HOUR_MS
    assert saving.counterfactual == "train-7 would have been claimed, and so kept running."

    shop.types("ada", "/gpu claim train-9 for 1h")
    shop.restart()
    assert len(counted(shop)) == 1


def test_whoever_goes_on_gets_what_they_asked_for_and_nothing_is_counted(shop):
    shop.types("ada", "/gpu claim train-7 gpus:0,3 for 4h fine-tune")

    assert shop.presses("ada", "Claim train-7 anyway").startswith(
        "GPUs 0, 3 of *train-7* are @Ada's until Mon 13:00 UTC (fine-tune)."
    )
    assert counted(shop) == []


def test_nobody_is_told_twice_of_the_same_machine_within_a_day(shop):
    shop.types("ada", "/gpu claim train-7 gpus:2 for 1h")

    assert shop.types("ada", "/gpu claim train-7 gpus:2 for 1h").startswith("GPUs 0-1 of *train-7* are @Ada's until")
    shop.types("ada", "/gpu release train-7")
    assert shop.types("cy", "/gpu claim train-7 gpus:2 for 1h").startswith("Before you take *train-7*")

    shop.clock.forward(DAY_MS)
    shop.reports("dgx-1", 0.0)
    assert shop.types("ada", "/gpu claim train-7 for 1h").startswith("Before you take *train-7*: *dgx-1* stands free,")


def test_nothing_is_said_where_nothing_would_be_saved_or_nothing_is_known_to_be_idle(shop):
    assert shop.types("ada", "/gpu claim dgx-1 gpus:1").startswith("GPU 2 of *dgx-1* is @Ada's")
    assert shop.types("cy", "/gpu claim train-3 for 1h").startswith("*train-3* is @Cy's"), "no other H100 stands free"
    assert shop.types("cy", "/gpu claim train-7 for 1h").startswith("*train-7* is @Cy's"), "dgx-1 has only five left"
    shop.types("cy", "/gpu claim train-7 gpus:4")
    assert shop.types("ada", "/gpu claim train-7 gpus:2").startswith("GPUs 4-5 of *train-7*"), "it runs for Cy anyway"


def test_before_a_machine_is_started_one_that_runs_is_named(shop):
    shop.reports("nb-5", 0.0)

    assert shop.types("ada", "/gpu start eval-2 for 2h notebook") == (
        "Before you start *eval-2*: *nb-5* stands free, would do as well and is being paid for anyway. "
        "That saves about $1.21/h.\n"
        "*nb-5*  g5.xlarge  ·  1xA10G 22 GB  ·  all free, idle for 1 h 15 m\n"
        "[Claim nb-5 instead] [Start eval-2 anyway]"
    )
    assert shop.presses("ada", "Claim nb-5 instead").startswith("*nb-5* is @Ada's until Mon 11:00 UTC (notebook).")
    assert [each.avoided for each in counted(shop)] == ["start"]


def test_a_start_goes_on_for_as_long_as_was_asked(shop):
    shop.reports("nb-5", 0.0)
    shop.types("ada", "/gpu start eval-2 for 2h notebook")

    assert "eval-2 stays stopped unless someone approves" in shop.presses("ada", "Start eval-2 anyway")
    assert shop.sees("bob", "#ml-platform").startswith("*Start eval-2 for 2 h?")


def test_the_holder_of_an_idle_machine_is_named_where_only_they_could_give_it(shop):
    shop.reports("nb-5", 0.0)
    for name in ("nb-2", "scratch", "nb-5"):
        shop.types("cy", f"/gpu claim {name} for 8h")

    seen = shop.types("ada", "/gpu start eval-2 for 2h")

    assert seen.startswith("Before you start *eval-2*: *nb-5* would do as well, and its holder does not use it now.")
    assert "@Cy has it until Mon 17:00 UTC, idle" in seen
    assert "[Ask for nb-5] [Start eval-2 anyway]" in seen


def test_only_the_one_who_was_told_can_answer(shop):
    shop.types("ada", "/gpu claim train-7 gpus:2 for 4h")
    hint_id = shop.valet.ctx.store.reading().execute("SELECT id FROM hints").fetchone()[0]

    with pytest.raises(Refused, match="That was said to somebody else"):
        press(shop.valet.ctx, GO_ON_ANYWAY_BUTTON, CY, "", value=hint_id)


def test_what_stood_free_and_is_gone_meanwhile_is_not_counted(shop):
    shop.types("ada", "/gpu claim train-7 gpus:6 for 4h")
    shop.types("cy", "/gpu claim dgx-1 for 1h")

    assert "@Cy's until" in shop.presses("ada", "Claim 6 GPUs of dgx-1 instead")
    assert counted(shop) == []
