"""A wrong setting is named with the line it stands on."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.settings.lines import line_of
from bot.settings.reading import parse_text
from tests.examples import examples

FILE = """\
# who decides
[slack]
channel = "C024BE7LR"

[[aws]]
regions = ["us-east-1"]

[[aws]]
name = "research"
regions = [
    "us-east-1",  # two places
    "eu-west-1",
]

[teams.nlp]
members = ["U0ADA"]
pausing = { hours = "Mon-Fri 08:00-19:00" }

[teams.nlp.claims]
default_hours = 8

[owned.hosts."dgx-1.lab"]
team = "nlp"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (["slack", "channel"], 3),
        (["aws", 1, "regions", 1], 10),
        (["aws", 0, "regions", 0], 6),
        (["aws", 1, "role_arn"], 8),
        (["teams", "nlp", "pausing", "hours"], 17),
        (["teams", "nlp", "claims", "default_hours"], 20),
        (["owned", "hosts", "dgx-1.lab", "team"], 23),
        (["nowhere"], 1),
    ],
)
def test_each_setting_is_found_on_its_line(path, line):
    assert line_of(FILE, path) == line


@settings(max_examples=examples(30), deadline=None)
@given(st.integers(0, 40), st.lists(st.sampled_from(["", "# a note", "[claims]\n"]), max_size=3))
def test_the_line_holds_wherever_the_setting_moves(gap, before):
    begin = "\n".join(dict.fromkeys(before)) + "\n" * gap

    assert line_of(f"{begin}[actions]\nmost_stops = 0", ["actions", "most_stops"]) == begin.count("\n") + 2


def test_a_wrong_file_is_refused_with_line_key_and_what_was_expected():
    with pytest.raises(SettingsError, match=r'^valet.toml, line 20: Setting "teams.nlp.claims.default_hours" is 0: '):
        parse_text(FILE.replace("default_hours = 8", "default_hours = 0"), "/etc/valet/valet.toml", {})
    with pytest.raises(SettingsError, match=r"can't be read: .*line 3"):
        parse_text(FILE.replace('"C024BE7LR"', '"C024BE7LR'), "/etc/valet/valet.toml", {})
