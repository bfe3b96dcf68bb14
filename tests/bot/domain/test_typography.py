"""Whatever a keyboard makes of plain characters is read as those; letters stay."""

import unicodedata

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bot.cli import main
from bot.domain.acting.hours import parse_hours as windows
from bot.domain.typography import marks, plain_typed
from bot.settings import load
from handlers.parsing.text import Quoted, split_words


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("claim train-7 \u2014gpus 2", "claim train-7 --gpus 2"),
        ("claim train-7 \u2013gpus 2", "claim train-7 --gpus 2"),
        ("tue 9\u201317", "tue 9-17"),
        ("tue 9 \u2014 17", "tue 9 - 17"),
        ("\u22124h", "-4h"),
        ("train\u20117", "train-7"),
        ("\u201cpaper deadline\u201d", '"paper deadline"'),
        ("\u00abpaper\u00bb", '"paper"'),
        ("don\u2019t", "don't"),
        ("4\u00a0h", "4 h"),
        ("4\u202fh", "4 h"),
        ("tra\u200bin-7\ufeff", "train-7"),
        ("\uff14\uff48", "4h"),
        ("\u0664h", "4h"),
        ("\u0967\u0968h", "12h"),
        ("1\u00bdh", "1.5h"),
        ("\u00bd hour", "0.5 hour"),
        ("2\u00d7A100", "2\u00d7A100"),
        ("M\u00fcller\u2026", "M\u00fcller..."),
    ],
)
def test_what_keyboards_make_of_plain_characters_is_read_as_those(typed, meant):
    assert plain_typed(typed) == meant


@given(st.text(max_size=80))
def test_plain_text_stays_as_it_is_and_has_no_marks_left(text):
    read = plain_typed(text)

    assert plain_typed(read) == read or "\u00bc" <= max(read) <= "\u00be" or not unicodedata.is_normalized("NFKC", read)
    assert marks(read) == read
    assert text.isascii() is False or read == text


@pytest.mark.parametrize("typed", ["claim 'train 2' 4h", 'claim "train 2" 4h', "claim \u2018train 2\u2019 4h"])
def test_quotes_and_apostrophes_hold_a_name_together(typed):
    read = split_words(typed)

    assert read == ["claim", "train 2", "4h"]
    assert isinstance(read[1], Quoted)


def test_an_apostrophe_within_words_holds_nothing_together():
    assert split_words("claim train-7 don\u2019t stop it\u2019s mine") == [
        "claim",
        "train-7",
        "don't",
        "stop",
        "it's",
        "mine",
    ]


def test_on_hours_and_settings_are_read_with_the_dashes_of_phones(tmp_path):
    path = tmp_path / "valet.toml"
    path.write_text(
        "[teams.nlp]\nmembers = [\u201cU0ADA0001\u200b\u201d]\n"
        "[teams.nlp.pausing]\nhours = \u201cMon\u2013Fri 08:00\u201419:00\u201d\n"
    )

    team = load(path, {}).teams["nlp"]

    assert windows("Mon\u2013Fri 08:00\u201319:00") == windows("Mon-Fri 08:00-19:00")
    assert team.members == ("U0ADA0001",)
    assert windows(team.pausing.hours) == windows("Mon-Fri 08:00-19:00")


def test_a_long_dash_before_an_option_of_the_command_line_is_two_hyphens():
    assert CliRunner().invoke(main, ["status", "\u2014help"]).output.startswith("Usage: ")
