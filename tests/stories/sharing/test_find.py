"""Ada looks for GPUs: what is paid already comes first, each with its cost and a button that does it."""

import pytest

from bot.domain.clock import MINUTE_MS
from tests.stories.conftest import SETTINGS


@pytest.fixture
def shop(office):
    office.reports("dgx-1", [90.0] * 2 + [0.0] * 6)
    office.reports("train-7", 0.0)
    office.types("bob", "/gpu claim train-9 for 3h eval")
    return office


@pytest.mark.parametrize(
    "typed", ["two A100s for 6h", "a100 x2 for 6h", "2 a100s 6h", "gpus:2 a100 for 6h", "2 of the a100s 6 hours"]
)
def test_numbers_of_gpus_are_read_as_people_say_them(office, typed):
    told = office.types("cy", "/gpu find 2xA100 for 6h")

    assert office.types("cy", f"/gpu find {typed}") == told
    assert office.types("cy", f"/gpu claim {typed}").startswith("GPUs 0-1 of *train-")


def test_what_could_serve_is_ranked_with_the_cost_of_each(shop):
    assert shop.types("ada", "/gpu find 2xA100 for 6h") == (
        "*2x A100* for 6 h: *dgx-1* is free now, and already paid.\n"
        "*dgx-1*  owned  ·  8xA100 80 GB  ·  6 GPUs free, idle for 1 h 15 m\n"
        "Nothing extra ($13.68 paid anyway).\n"
        "[Claim 2 GPUs of dgx-1]\n"
        "*train-7*  p4d.24xlarge  ·  8xA100 40 GB  ·  all free, idle for 1 h 15 m\n"
        "Nothing extra ($32.94 paid anyway).\n"
        "[Claim 2 GPUs of train-7]\n"
        "*train-9*  p4de.24xlarge  ·  8xA100 80 GB  ·  @Bob has it until Mon 12:00 UTC, unknown whether in use\n"
        "Nothing extra (about $41.17 paid anyway).\n"
        "[Ask for train-9]"
    )


def test_the_button_claims_as_many_gpus_for_as_long_as_was_asked(shop):
    shop.types("ada", "/gpu find 2xA100 for 6h")

    assert shop.presses("ada", "Claim 2 GPUs of dgx-1").startswith("GPUs 2-3 of *dgx-1* are @Ada's until Mon 15:00 UTC")


def test_the_button_keeps_the_end_that_was_named_however_late_it_is_pressed(shop):
    shop.types("ada", "/gpu find 8xa100-40 until 18:00")
    shop.passes(20 * MINUTE_MS)

    assert shop.presses("ada", "Claim train-7").startswith("*train-7* is @Ada's until Mon 18:00 UTC")


def test_a_stopped_machine_costs_extra_and_can_be_started_from_the_list(shop):
    for name in ("nb-2", "nb-5", "scratch"):
        shop.types("cy", f"/gpu claim {name} for 8h")

    seen = shop.types("ada", "/gpu find a10g for 2h")

    assert "*eval-2*  g5.2xlarge  ·  1xA10G 22 GB  ·  stopped\nCosts about $2.42 extra (about $1.21/h)." in seen
    shop.presses("ada", "Start eval-2")
    assert "eval-2" in shop.sees("bob", "#ml-platform")


def test_a_machine_without_a_reading_is_offered_but_not_called_idle(shop):
    seen = shop.types("ada", "/gpu find h100 for 1h")

    assert seen.startswith("*1x H100* for 1 h: *train-3* is unclaimed, and already being paid for.")
    assert "unclaimed, unknown whether in use" in seen


def test_where_nothing_is_free_fewer_gpus_come_nearest(shop):
    shop.types("cy", "/gpu claim train-7 for 4h")

    seen = shop.types("ada", "/gpu find 8xa100 for 6h")

    assert seen.startswith("*8x A100* for 6 h: none are free, but nobody uses *train-7*. Ask its holder.")
    assert "Fewer, but now:\n*dgx-1*" in seen
    assert "[Claim 6 GPUs of dgx-1]" in seen


def test_a_kind_instead_of_a_name_is_claimed_at_once(shop):
    assert shop.types("ada", "/gpu claim 2x a100 80gb for 6h fine-tune").startswith(
        "GPUs 2-3 of *dgx-1* are @Ada's until Mon 15:00 UTC (fine-tune)."
    )
    assert shop.types("cy", "/gpu claim a100 for 1h").startswith("GPU 4 of *dgx-1* is @Cy's until Mon 10:00 UTC")
    assert shop.types("cy", "/gpu claim 9xa100").startswith("No machine has 9 A100 GPUs; the largest has 8.")


def test_a_kind_that_is_not_free_is_answered_with_what_could_serve(shop):
    shop.types("cy", "/gpu claim train-3 for 4h")

    seen = shop.types("ada", "/gpu claim h100 for 2h")

    assert seen.startswith("*1x H100* for 2 h: none are free now. You can ask a holder.")
    assert "[Ask for train-3]" in seen


def test_a_machine_that_is_called_like_a_gpu_is_claimed_by_its_name(shop):
    shop.reports("a100", 0.0)

    assert shop.types("ada", "/gpu claim a100 for 1h").startswith("*a100* is @Ada's until Mon 10:00 UTC")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("find for 6h banana", "What do you need? Try `/gpu find 2xA100 for 6h`."),
        ("find a100 banana", 'I can\'t make sense of "banana" here. Try `/gpu find 2xA100 for 6h`.'),
        ("find 2xA100 for 99d", "A claim lasts at most 14 days. Try 4h or 14d."),
        ("find 999", "No machine has 999 GPUs; the largest has 8."),
        ("claim 999xA100", "No machine has 999 A100 GPUs; the largest has 8."),
        ("wait 999", "No machine has 999 GPUs; the largest has 8. Try `wait 8xany`."),
        ("find 0xA100", "That is no GPU at all. Ask for at least one, such as 2xA100."),
        ("find a100 40gb 80gb", '"a100 40gb 80gb" says two sizes of memory. Say one: a100-80, or >=40gb.'),
        ("find train-7", "train-7 is a machine. `/gpu status train-7` shows it, `/gpu claim train-7` takes it."),
        ("find b200", "No machine here has a GPU like B200. You have A100, A10G, H100."),
        ("claim 2xA100 gpus:2", "That says twice how many GPUs. Say it once, such as 2xA100."),
    ],
)
def test_what_can_not_be_found_is_refused_with_what_to_type(shop, typed, said):
    assert shop.types("ada", f"/gpu {typed}").startswith(said.split(". You have")[0])


def test_hostile_names_of_machines_and_gpus_stay_text(shop):
    shop.reports("<!channel> *x* `y`", 0.0)
    shop.fleet.change("nb-5", gpu_model="A100 <@U0BOB> *b*")
    shop.tick()

    seen = shop.types("ada", "/gpu find a100 for 6h")

    assert "!channel" in seen
    assert "<!channel>" not in seen
    assert "*!channel \u2217x\u2217 'y'*  owned" in seen
    assert "@Bob *b*" not in seen


def test_what_is_booked_within_the_time_or_waited_for_is_not_offered(shop):
    shop.types("cy", "/gpu book train-7 today 12:00 for 6h")

    assert "train-7" not in shop.types("ada", "/gpu find 8xa100-40 for 6h")
    assert "[Claim train-7]" in shop.types("ada", "/gpu find 8xa100-40 for 2h")


def test_where_nothing_is_free_the_line_is_offered_with_when_it_may_be_ones_turn(shop):
    shop.types("cy", "/gpu claim train-3 for 4h")

    seen = shop.types("ada", "/gpu find 8xh100 for 2h")

    assert seen.endswith("[Ask for train-3]\nOr wait: you'd be first; expected around 13:00 UTC.\n[Wait in line]")
    assert shop.presses("ada", "Wait in line").startswith("You're first in line for *8x H100*, for 2 h;")
    shop.types("ada", "/gpu find 8xh100 for 2h")
    assert "train-3" in shop.presses("ada", "Ask for train-3")


def test_a_start_from_the_list_is_for_as_long_as_was_asked(shop):
    shop.types("ada", "/gpu find a10g for 2h")
    shop.presses("ada", "Show 1 more")

    shop.presses("ada", "Start eval-2")

    assert shop.sees("bob", "#ml-platform").startswith("*Start eval-2 for 2 h?")


def test_a_launch_of_what_admins_list_comes_last_with_all_it_adds(office_with):
    box = {"name": "big", "template": "lt-2", "region": "us-west-2", "account": "111122223333"}
    office = office_with({**SETTINGS, "launch": [{**box, "type": "p5.48xlarge", "gpu": "H100", "gpus": 8}]})
    office.types("cy", "/gpu claim train-3 for 4h")

    seen = office.types("ada", "/gpu find 8xh100 for 2h")

    assert seen.index("[Ask for train-3]") < seen.index("a new *big*  p5.48xlarge  ·  8xH100")
    assert "Costs about $110 extra (about $55.04/h)." in seen
    office.presses("ada", "Ask to launch big")
    assert office.sees("bob", "#ml-platform").startswith("*Launch big for 2 h? @Ada asks.")


def test_before_a_launch_what_stands_still_or_free_is_named(office_with):
    box = {"name": "big", "template": "lt-2", "region": "us-west-2", "account": "111122223333"}
    office = office_with({**SETTINGS, "launch": [{**box, "type": "g5.12xlarge", "gpu": "A10G", "gpus": 1}]})

    seen = office.types("ada", "/gpu launch big for 2h")

    assert seen.startswith("Before you launch *big*: *eval-2* would do as well and only has to be started. That saves")
    assert "[Start eval-2 instead] [Launch big anyway]" in seen
    office.presses("ada", "Launch big anyway")
    assert office.sees("bob", "#ml-platform").startswith("*Launch big for 2 h?")


def test_what_people_came_first_for_is_not_offered_to_others(shop):
    shop.types("bob", "/gpu claim train-7 gpus:7 for 2h")
    assert "[Claim 1 GPU of train-7]" in shop.types("ada", "/gpu find a100-40 for 1h")

    shop.types("cy", "/gpu wait train-7 for 2h")

    seen = shop.types("ada", "/gpu find a100-40 for 1h")
    assert "[Claim 1 GPU of train-7]" not in seen
    assert "Or wait: you'd be 2nd;" in seen


def test_a_stopped_machine_that_could_not_be_started_is_not_offered(shop):
    shop.fleet.change("eval-2", lifecycle="spot")
    shop.tick()

    assert "eval-2" not in shop.types("ada", "/gpu find a10g for 2h")


def test_a_machine_of_whose_gpus_nobody_knows_is_offered_to_nobody(office):
    office.fleet.change("scratch", gpu_count=0, gpu_model="")
    office.tick()

    assert "*scratch*" not in office.types("ada", "/gpu find any")


def test_a_bare_find_asks_in_a_form_and_answers_as_the_words_do(shop):
    words = shop.types("ada", "/gpu find 2xA100 for 4h")

    shop.types("ada", "/gpu find")

    assert shop.opens("ada").startswith("# Find a GPU")
    assert shop.submits("ada", kind="A100", count="2", length="4 h") == ""
    assert shop.sees("ada") == words


def test_a_find_without_gpus_keeps_how_long_in_its_form(shop):
    shop.types("ada", "/gpu find for 6h")

    assert "[6 h v]" in shop.opens("ada")


def test_the_shortcut_asks_in_the_same_form_and_answers_in_person(shop):
    shop.shortcut("ada", "Find a GPU")

    assert shop.submits("ada", kind="A100", length="4 h") == ""
    assert shop.sees("ada", "@ada").startswith("*1x A100* for 4 h: ")
