"""Untrusted text is inert wherever it is shown: no ping, no link, no way out of a code span, no excess."""

import html
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.typography import marks
from handlers.blocks.parts import Reply, cut, cut_mrkdwn, section
from handlers.blocks.words import as_typed, code, esc, length, near, plural, say, usd

HOSTILE = [
    "<!channel>",
    "<!here|here>",
    "<!subteam^S0614TZR7>",
    "<@U0BOB0001>",
    "<#C0GPUS001|gpus>",
    "<https://evil.example|Approve>",
    "\uff1c!channel\uff1e",
    "\ufe64!everyone\ufe65",
    "&lt;!channel&gt;",
    "&amp;lt;!channel&amp;gt;",
    "`code` breaks `out",
    "```\nblock\n```",
    "*bold* ~gone~",
    "a\nb\r\nc\u2028d",
    "\u202etxt.exe\u202c",
    "zero\u200bwidth\ufeff",
    "Z\u0351a\u0351l\u0351g\u0351o" * 50,
    "&" * 500,
    "<" * 500,
    "\ufdfa" * 500,
    "'; DROP TABLE instances; --",
]
TOKEN = re.compile(r"<[^>]*>")
BARE = re.compile(r"&(?!(?:amp|lt|gt);)")


def is_inert(shown: str) -> bool:
    """Nothing in it that Slack would read as a mention, a link, a code span or a new line."""
    marks = "<>`*~\n\r\u2028\u2029"
    return not any(mark in shown for mark in marks) and not BARE.search(shown)


@given(st.text(max_size=400), st.integers(1, 200))
@example("&" * 100, 7)
@example("<@U0BOB0001>", 5)
@example("\ufdfa" * 50, 20)
def test_escaped_text_is_inert_and_never_longer_than_it_may_be(text, limit):
    shown = esc(text, limit)

    assert is_inert(shown)
    assert len(shown) <= limit
    assert all(unicodedata.category(char)[0] != "C" for char in shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_stay_names(text):
    assert is_inert(esc(text))
    assert not TOKEN.search(say(f"I don't know {esc(text)}."))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_breaks_out_of_a_code_span(text):
    shown = code(text)

    assert shown.count("`") == 2
    assert shown[0] == shown[-1] == "`"
    assert is_inert(shown[1:-1])


def test_an_empty_code_span_is_never_made():
    assert code("") == code("\u200b") == "`-`"


@given(st.text(max_size=200))
def test_escaping_loses_nothing_that_is_plain(text):
    plain = " ".join("".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum() or c == " ").split())

    assert html.unescape(esc(plain, 2000)) == plain


def test_a_sentence_of_ours_keeps_its_mentions_and_nothing_else():
    said = say("<@U0BOB0001> & <!channel> in <#C0GPUS001>: <https://evil.example|x>")

    assert said == "<@U0BOB0001> &amp; &lt;!channel&gt; in <#C0GPUS001>: &lt;https://evil.example|x&gt;"


@given(
    st.lists(st.sampled_from(["a", "<@U0BOB0001>", "&amp;", "&lt;", "<!date^1^{time}|09:00 UTC>", " "]), max_size=80),
    st.integers(2, 120),
)
def test_a_cut_never_leaves_half_a_mention_or_entity(pieces, limit):
    shown = cut_mrkdwn("".join(pieces), limit)

    assert len(shown) <= limit
    assert shown.count("<") == shown.count(">")
    assert not BARE.search(shown.removesuffix("…"))


def test_a_cut_says_that_it_cut():
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "0 m"),
        (59 * MINUTE_MS, "59 m"),
        (HOUR_MS, "1 h"),
        (3 * HOUR_MS + 12 * MINUTE_MS, "3 h 12 m"),
        (DAY_MS, "1 d"),
        (2 * DAY_MS + 4 * HOUR_MS, "2 d 4 h"),
        (-5, "0 m"),
    ],
)
def test_lengths_take_two_units_at_most(ms, said):
    assert length(ms) == said


@pytest.mark.parametrize(
    ("micros", "said"),
    [(5_670_000, "$5.67"), (0, "$0.00"), (-1_004_999, "-$1.00"), (1_234_567_895_000, "$1,234,567.90")],
)
def test_dollars_are_rounded_to_cents(micros, said):
    assert usd(micros) == said


def test_counts_have_their_noun():
    assert (plural(1, "GPU"), plural(2_000, "GPU")) == ("1 GPU", "2,000 GPUs")


@given(st.integers(0, 4_000_000_000_000), st.integers(-20 * DAY_MS, 20 * DAY_MS))
def test_a_weekday_alone_stands_only_for_less_than_six_days(seen, away):
    fallback = near(seen + away, seen).rpartition("|")[2]

    dated = re.match(r"\w{3} \d{1,2} \w{3} ", fallback) is not None
    assert dated == (abs(away) >= 6 * DAY_MS)


@pytest.mark.parametrize(
    "text", ["see https://evil.example/x", "@here", "@channel: free", "www.evil.example", "@Everyone"]
)
def test_what_a_tag_says_neither_links_nor_mentions_in_plain_text(text):
    said = esc(text)

    assert said.replace("\u2060", "") == text
    assert not re.search(r"://|www\.|@(here|channel|everyone)", said, re.IGNORECASE)


SLACK_LINKS = re.compile(r"(?<![\w@.-])(?:[\w-]+\.)+(?:ml|ai|sh|py|io|com|md|dev)\b", re.IGNORECASE)
"""Bare domains as Slack reads them in the text of a message; blocks are told not to."""
LABELS = st.text(alphabet="abz09-", min_size=1, max_size=6)
TOPS = st.sampled_from(["ml", "ai", "sh", "py", "io", "com", "MD", "dev"])
NAMES = st.builds(lambda labels, top: ".".join([*labels, top]), st.lists(LABELS, min_size=1, max_size=3), TOPS)


@given(st.lists(NAMES | st.sampled_from(["`run.sh`", "<@U0ADA>", "g5.xlarge", "until 18:00.", "3.5"]), max_size=6))
def test_no_name_or_note_becomes_a_link_and_each_shows_as_typed(words):
    text = " ".join(words)

    said = Reply(text, [section(text)]).text

    assert said.replace("\u2060", "") == text
    assert not SLACK_LINKS.search(re.sub(r"`[^`]*`", "", said))
    assert as_typed(said) == said


def test_addresses_code_and_what_is_no_domain_stay_whole():
    text = "See https://valet.example.com/x, `run.sh`, <https://a.ai|here>: g5.xlarge, p4d.24xlarge, valet.toml, $3.50."

    assert as_typed(text) == text


def test_a_name_copied_from_a_text_is_the_name():
    assert marks(as_typed("claim train-7.ml")) == "claim train-7.ml"
    assert marks(as_typed("claim caf\u00e9-7.ml")) == "claim caf\u00e9-7.ml"
