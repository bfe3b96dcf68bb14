"""Plain questions, in a mention or a command: answered with what was understood, or put back as buttons."""

import pytest

from bot.domain.clock import HOUR_MS
from tests.screens import ONE_SCREEN, lines_on_phone


@pytest.fixture
def busy(office):
    office.reports("train-7", 0.0)
    office.reports("train-3", 95.0)
    office.types("bob", "/gpu claim train-3 for 4h")
    return office


def test_who_has_a_machine_is_answered_with_what_was_understood(busy):
    seen = busy.types("ada", "@valet who has train-3?")

    assert seen.startswith("I read that as `/gpu status train-3`.\n")
    assert "@Bob to Mon 13:00 UTC" in seen
    assert busy.sees("cy") == seen, "asked before everybody"


def test_the_same_question_is_answered_after_the_command(busy):
    assert "@Bob to Mon 13:00 UTC" in busy.types("ada", "/gpu who has train-3?")


def test_what_can_be_had_until_tonight_is_found(busy):
    seen = busy.types("ada", "@valet what can I have with two A100s until tonight?")

    assert seen.startswith("I read that as `/gpu find two A100s until tonight`.\n*2x A100* for 11 h: *train-7* is free")


def test_when_a_machine_is_free_is_told_by_its_line(busy):
    assert "*train-7 is free for you now.*" in busy.types("ada", "@valet when is train-7 free?")
    busy.types("cy", "/gpu claim train-7 for 4h")

    seen = busy.types("ada", "@valet when is train-7 free?")

    assert "*If you waited for train-7 now, you would be first; expected around 13:00 UTC.*" in seen
    assert "would be" not in busy.types("cy", "@valet when is train-7 free?"), "whoever has it need not wait"


@pytest.mark.parametrize(
    "question", ["could you stop train-3 please", "train-3 stop", "I want to release train-3", "free train-3"]
)
def test_what_sounds_like_something_to_do_is_put_back_and_not_done(busy, question):
    seen = busy.types("bob", f"/gpu {question}")

    assert "Did you mean one of these?" in seen or "give it back?" in seen
    assert "@Bob to Mon 13:00 UTC" in busy.types("bob", "/gpu status train-3")
    assert busy.slack.sees("bob", "#ml-platform") == []


def test_the_button_below_it_does_what_it_says(busy):
    busy.types("bob", "/gpu I want to release train-3")

    assert "@Bob released *train-3*" in busy.presses("bob", "/gpu release train-3")


def test_free_with_a_name_is_asked_back_and_either_answer_counts(busy):
    assert busy.types("bob", "/gpu free train-3") == (
        "Do you want to see whether train-3 is free, or give it back?\n[Status of train-3] [Release train-3]"
    )
    assert "@Bob to Mon 13:00 UTC" in busy.presses("bob", "Status of train-3")
    busy.types("bob", "/gpu free train-3")
    assert "@Bob released *train-3*" in busy.presses("bob", "Release train-3")


def test_what_cant_be_read_is_told_to_whoever_asked_alone(busy):
    seen = busy.types("ada", "@valet what is the meaning of life?")

    assert seen.startswith('I can\'t read "what is the meaning of life?". Did you mean one of these?\n[/gpu ')
    assert "I can't read" not in busy.sees("cy")
    busy.presses("ada", "/gpu help")
    assert busy.sees("ada").startswith("Ask in plain words:")


@pytest.mark.parametrize(
    ("said", "answer"),
    [("thanks!", "You're welcome."), ("hello", "Hello! Ask me who has a machine"), ("thanks a lot", "You're welcome.")],
)
def test_thanks_and_greetings_get_a_line_and_no_manual(busy, said, answer):
    seen = busy.types("ada", f"@valet {said}")

    assert seen.startswith(answer)
    assert len(seen.splitlines()) == 1


def test_a_question_about_money_is_answered_wherever_it_is_put(busy):
    busy.passes(HOUR_MS)

    for command in ("/gpu", "/cost", "@valet"):
        seen = busy.types("ada", f"{command} how much did we spend today?")
        assert seen.startswith("I read that as `/cost report today`.\n*Monday 23 November")


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("/gpu free", "/gpu status free"),
        ("/gpu idle", "/gpu status idle"),
        ("/gpu train-3", "/gpu status train-3"),
        ("/gpu team:nlp", "/gpu status team:nlp"),
        ("/gpu train-3 why", "/gpu why train-3"),
        ("@valet idle", "@valet status idle"),
        ("/gpu forecast", "/cost forecast"),
    ],
)
def test_a_filter_or_a_name_alone_means_what_it_looks_like(busy, typed, same):
    assert busy.types("ada", typed) == busy.types("ada", same)


def test_the_bare_command_shows_ones_desk_on_one_screen(busy):
    for name in ("train-7", "nb-2", "llm-serve", "train-9"):
        busy.types("bob", f"/gpu claim {name} for 4h")
    busy.types("ada", "/gpu stop train-7 the run is over")
    busy.types("bob", "/gpu release train-7")

    seen = busy.types("bob", "/gpu")

    assert seen.startswith("*You hold*\n*")
    assert "\nand 1 more\n" in seen
    assert "*Free now*\n*train-7*  8x A100, $21.96/h\n" in seen
    assert lines_on_phone(seen) <= ONE_SCREEN


def test_the_bare_command_names_what_waits_for_an_answer(busy):
    busy.types("ada", "/gpu stop train-7 the run is over")

    assert "*Waits for you*\nStop train-7?" in busy.types("bob", "/gpu")


def test_the_bare_cost_command_tells_how_the_month_stands(busy):
    busy.passes(HOUR_MS)

    seen = busy.types("ada", "/cost")

    assert seen.startswith("November")
    assert "so far: about $126" in seen
    assert "\nNovember: $" in seen
    assert seen.endswith("[By team] [What idled] [Forecast] [Budgets] [Help]")
    assert lines_on_phone(seen) <= ONE_SCREEN
    assert "[How this is counted]" in busy.presses("ada", "By team")
