"""The count of a phone's lines itself."""

from tests.screens import lines_on_phone


def test_a_line_is_wrapped_at_words_and_marks_take_no_room():
    assert lines_on_phone("word " * 8) == 1
    assert lines_on_phone("word " * 9) == 2
    assert lines_on_phone(f"*{'a' * 20}* `{'b' * 19}`") == 1
    assert lines_on_phone("one\ntwo\n\nfour") == 4


def test_a_button_is_never_broken_in_two():
    assert lines_on_phone("[Claim train-7 for 8 h] [Wait in line now]") == 2


def test_an_emoji_is_as_wide_as_it_is_shown():
    assert lines_on_phone(f":large_yellow_circle: {'a' * 37}") == 1
