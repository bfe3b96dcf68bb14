"""Whatever is typed becomes words, a length or a friendly no; nothing else comes out."""

import unicodedata

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused, ValetError
from handlers import cost, gpu
from handlers.parsing.lasting import Asker, TypedSpan
from handlers.parsing.lengths import read_length
from handlers.parsing.spans import claim_words
from handlers.parsing.text import MOST_CHARS, split_words
from handlers.verbs import Ask
from tests.conftest import MONDAY
from tests.examples import examples

ASKER = Asker(lambda: "UTC", MONDAY)
NASTY = [
    "claim train-7 for ٣h",
    "claim train-7 for ²h",
    "claim train-7 for NaN",
    "claim train-7 for inf h",
    "claim train-7 for 1e999h",
    "claim train-7 for 1_0h",
    "claim train-7 for " + "9" * 5000 + "h",
    "claim train-7 for 99999w99999w99999w",
    "claim train-7 for -4h",
    "claim train-7 for +4h",
    "claim train-7 for .5h",
    "claim train-7 for 0h",
    "claim train-7 for forever",
    "claim train-7 until tomorrow",
    "book train-7 in 99999w99999w99999w99999w99999w99999w",
    "book train-7 every tue 20:00 for 99999w",
    "book train-7 every \ud800 20:00",
    "book train-7 tomorrow 20:00-20:00",
    "unbook train-7 in 99999w",
    "calendar feed \u202e",
    "claim " + "a" * 10_000,
    "claim \u201ctrain-7\u201d for 4h",
    "claim\u00a0train-7\u00a0for\u00a04h",
    "cla\u200bim tra\u200bin-7",
    "claim \u202e7-niart",
    "claim \ud800",
    "claim x'; DROP TABLE claims; --",
    'claim "',
    '"" "" ""',
    "claim *bold* _it_ ~st~ `code` <!channel> <@U0BOB0001> <https://evil.example|train-7>",
    "status state:",
    "status team:",
    "status :free",
    "status %s%n {0} ${x}",
    "\x00\x01\x02",
    "\u2028\u2029\u0085",
    "\ufdfa" * 3000,
]


@given(st.text(max_size=2000))
@example("\ufdfa" * 1600)
@example("&amp;lt;" * 300)
@example('"' * 999)
def test_any_text_becomes_words_without_blanks_and_controls(text):
    found = split_words(text)

    assert sum(map(len, found)) <= MOST_CHARS
    assert all(word and word == " ".join(word.split()) for word in found)
    assert all(unicodedata.category(char)[0] != "C" for word in found for char in word)


@given(st.text(max_size=60))
@example("²")
@example("٣h")
@example("1_0h")
@example(" 4h\n")
def test_any_word_is_a_length_or_refused(word):
    try:
        found = read_length(word)
    except Refused:
        return

    assert isinstance(found, int)
    assert found >= 0
    assert word.isascii()


@given(st.lists(st.text(max_size=20), max_size=6))
@example([""])
@example(["for", ""])
@example(["for"])
def test_any_words_after_a_name_are_a_length_and_a_note_or_refused(rest):
    try:
        asked = claim_words(rest, ASKER)
        found, note = asked.span.length, asked.note
    except Refused:
        return

    assert found is None or found >= 0
    assert isinstance(note, str)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("30m", 30 * MINUTE_MS),
        ("4h", 4 * HOUR_MS),
        ("1h30m", 90 * MINUTE_MS),
        ("1.5h", 90 * MINUTE_MS),
        ("2D", 2 * DAY_MS),
        ("1w", 7 * DAY_MS),
        ("4h,", 4 * HOUR_MS),
        ("45min", 45 * MINUTE_MS),
        ("90mins", 90 * MINUTE_MS),
        ("4hours", 4 * HOUR_MS),
        ("2weeks", 14 * DAY_MS),
    ],
)
def test_lengths_people_write_are_understood(typed, meant):
    assert read_length(typed) == meant


@pytest.mark.parametrize(
    ("rest", "meant"),
    [
        ("for 4h fine-tune it", (4 * HOUR_MS, "fine-tune it")),
        ("4h fine-tune", (4 * HOUR_MS, "fine-tune")),
        ("for 4 hours fine-tune", (4 * HOUR_MS, "fine-tune")),
        ("2 days", (2 * DAY_MS, "")),
        ("for the demo", (None, "for the demo")),
        ("fine-tune", (None, "fine-tune")),
        ("", (None, "")),
        ("for 4 h fine-tune", (4 * HOUR_MS, "fine-tune")),
        ("for 1h 30m eval", (90 * MINUTE_MS, "eval")),
        ("1 hour and 30 minutes", (90 * MINUTE_MS, "")),
        ("for two hours", (2 * HOUR_MS, "")),
        ("for half an hour", (30 * MINUTE_MS, "")),
        ("for a day", (DAY_MS, "")),
        ("for 1.5 hours", (90 * MINUTE_MS, "")),
        ("4h 2 epochs", (4 * HOUR_MS, "2 epochs")),
        ("fine-tune for 4h", (4 * HOUR_MS, "fine-tune")),
        ("fine-tune of llama 2 hours", (2 * HOUR_MS, "fine-tune of llama")),
        ("4h keep until it works", (4 * HOUR_MS, "keep until it works")),
    ],
)
def test_the_length_of_a_claim_stands_before_its_note(rest, meant):
    asked = claim_words(rest.split(), ASKER)
    assert (asked.span.length, asked.note) == meant


@pytest.mark.parametrize("said", ["gpus:2", "gpus: 2", "gpus=2", "--gpus 2", "gpus 2", "2 gpus", "GPUs:2"])
@pytest.mark.parametrize("way", ["{} for 4h eval", "for 4h {} eval", "eval for 4h {}", "eval {} for 4h", "4h eval {}"])
def test_how_many_gpus_may_stand_anywhere(said, way):
    asked = claim_words(way.format(said).split(), ASKER)

    assert (asked.choice, asked.span.length, asked.note) == (GpuChoice(count=2), 4 * HOUR_MS, "eval")


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("for 4h for 6h", "for 6h"),
        ("4h 2h", "2h"),
        ("for 4h until 18:00", "until 18:00"),
        ("until 18:00 for 4h eval", "for 4h"),
        ("gpus:2 gpus:3", "gpus:3"),
        ("gpus:2 for 4h gpu:3 eval", "gpu:3"),
        ("gpus:2 eval gpus:3", "gpus:3"),
        ("for 4h eval for 6h", "for 6h"),
        ("for 4h eval until 18:00", "until 18:00"),
    ],
)
def test_what_is_said_twice_is_refused_and_never_becomes_the_note(rest, said):
    with pytest.raises(Refused, match=f'^"{said}" comes on top of what you said before'):
        claim_words(rest.split(), ASKER)


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("eval for 4h of llama", 'Does "for 4h" belong to the note?'),
        ("eval gpus:2 of llama", 'Does "gpus:2" belong to the note?'),
        ("18:00", 'Say "until 18:00"'),
        ("tomorrow", '"tomorrow" is a time'),
        ("tomorrow 20:00 for 6h", "`book` it"),
        ("from friday 14:00", "`book` it"),
        ("at 20:00 demo", "`book` it"),
        ("until", "At what time"),
        ("for", "For how long"),
        ("gpus:", "names no GPUs"),
        ("a day in the life", 'Is "a day" for how long, or a part of the note'),
        ("for the demo on friday", "sounds like a time of"),
    ],
)
def test_what_may_be_meant_in_two_ways_is_refused_with_what_to_type(rest, said):
    with pytest.raises(Refused, match=said):
        claim_words(rest.split(), ASKER)


@given(
    st.sampled_from([[], ["gpus:2"], ["2", "gpus"]]),
    st.sampled_from([[], ["for", "4h"], ["4h"], ["until", "18:00"], ["for", "two", "hours"]]),
    st.lists(st.sampled_from(["eval", "of the paper", "for the demo", "fine-tune", "a", "and", "2nd try"]), max_size=5),
    st.booleans(),
)
def test_no_word_is_lost_between_what_is_claimed_and_its_note(gpus, lasts, note, is_last):
    note = " ".join(note).removeprefix("2nd").split()
    note = [] if set(note) <= {"and"} else note  # an "and" with nothing behind it is no note
    said = [*note, *lasts, *gpus] if is_last and note else [*gpus, *lasts, *note]

    asked = claim_words(said, ASKER)

    assert asked.note == " ".join(note)
    assert (asked.choice is not None) == bool(gpus)
    assert (asked.span != TypedSpan()) == bool(lasts)


def test_a_number_alone_is_no_length():
    with pytest.raises(Refused, match='"4" is not a length of time'):
        claim_words(["for", "4"], ASKER)


def test_what_slack_made_a_link_is_taken_as_typed():
    typed = "claim <http://dgx-1.corp.example.com|dgx-1.corp.example.com> for 4h <mailto:a@b.example|a@b.example>"

    assert split_words(typed) == ["claim", "dgx-1.corp.example.com", "for", "4h", "a@b.example"]


def test_entities_are_undone_once():
    assert split_words("a &amp;lt; b &lt;http://x|y&gt;") == ["a", "&lt;", "b", "<http://x|y>"]


@pytest.mark.parametrize("quoted", ['"my box"', "\u201cmy box\u201d", "\u201emy box\u201c", "«my\u00a0box»"])
def test_quotes_of_any_kind_make_one_word(quoted):
    assert split_words(f"claim {quoted} 4h") == ["claim", "my box", "4h"]


@pytest.mark.parametrize(
    "typed", ["tr\u200bain-7", "\u202etrain-7\u202c", "train\u20117", "train\u20137", "\ufefftrain-7"]
)
def test_what_nobody_sees_does_not_change_a_name(typed):
    assert split_words(f"claim {typed} for 2h") == ["claim", "train-7", "for", "2h"]


def test_a_lone_quote_is_a_character():
    assert split_words('claim box 5" screen') == ["claim", "box", '5"', "screen"]


def answered(ctx, run, text):
    """The answer's text, or the friendly no."""
    try:
        reply = run(Ask(ctx, "U0ADA0001", "C0GPUS001", split_words(text)))
    except ValetError as error:
        return str(error)
    return reply.text if reply.blocks else ""


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("run", [gpu.run, cost.run], ids=["gpu", "cost"])
def test_the_nastiest_commands_get_an_answer_or_a_friendly_no(ctx, text, run):
    assert 0 < len(answered(ctx, run, text)) < 4_000


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from(
        [
            "",
            "status ",
            "claim ",
            "book train-7 ",
            "book train-7 every ",
            "unbook ",
            "calendar ",
            "claim train-7 ",
            "release ",
            "stop ",
            "status state:",
            "help ",
        ]
    ),
    st.text(max_size=80),
)
def test_any_command_gets_an_answer_or_a_friendly_no(ctx, verb, rest):
    assert answered(ctx, gpu.run, verb + rest)


MONEY = st.sampled_from(
    [
        *("report", "idle", "forecast", "savings", "budget", "prices", "rent-or-buy", "bill", "last", "month", "by"),
        *("team", "q3", "to", "vs", "8xh100", "at 12%", "price 120k", "30 days", "p4d", "nlp", "9999", "%", ":", "-"),
    ]
)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(MONEY, max_size=6).map(" ".join), st.text(max_size=12))
def test_any_money_question_gets_an_answer_or_a_friendly_no(ctx, typed, rest):
    assert answered(ctx, cost.run, f"{typed} {rest}")
