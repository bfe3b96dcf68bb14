"""The count of a phone's lines itself."""

from handlers.blocks.parts import Reply, actions, button, context, section
from handlers.blocks.tables import Figure, table
from handlers.blocks.words import at, person
from tests.handlers.pieces import NOW
from tests.screens import lines_on_phone, words_on_screen


def test_a_line_is_wrapped_at_words_and_marks_take_no_room():
    assert lines_on_phone("word " * 8) == 1
    assert lines_on_phone("word " * 9) == 2
    assert lines_on_phone(f"*{'a' * 20}* `{'b' * 19}`") == 1
    assert lines_on_phone("one\ntwo\n\nfour") == 4


def test_a_button_is_never_broken_in_two():
    assert lines_on_phone("[Claim train-7 for 8 h] [Wait in line now]") == 2


def test_an_emoji_is_as_wide_as_it_is_shown():
    assert lines_on_phone(f":large_yellow_circle: {'a' * 37}") == 1


def test_blocks_are_counted_as_they_are_shown():
    assert lines_on_phone([section("x" * 40), context("one\ntwo")]) == 3
    assert lines_on_phone([section(f"*{person('U0ADA0001')}* until {at(NOW)} :large_green_circle:")]) == 1
    assert lines_on_phone([actions(*[button("Stop", "stop", "v")] * 5)]) == 1
    assert lines_on_phone([actions(*[button("Stop it now", "stop", "v")] * 4)]) == 2
    assert lines_on_phone(Reply("only text, no blocks")) == 1


def test_a_table_takes_a_line_a_row_and_two_for_head_and_caption():
    rows = [["train-7", Figure(21.96, "$21.96")]] * 10

    assert lines_on_phone(table("Machines", ["Machine", "USD/h"], rows)) == 12


def test_words_of_tables_and_buttons_count_too():
    assert words_on_screen([section("Two words"), actions(button("Stop train-7", "stop", "v"))]) == 4
