"""Whatever is typed is an instant ahead or a friendly no, in the zone of whoever typed it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.errors import Refused
from handlers.parsing.lasting import Asker
from handlers.parsing.moments import read_moment
from handlers.parsing.spans import claim_words, extension
from tests.conftest import MONDAY

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
LORD_HOWE, KOLKATA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kolkata")
PIECES = [
    "today",
    "tonight",
    "tomorrow",
    "mon",
    "tue",
    "friday",
    "sat",
    "nov",
    "25",
    "25.",
    "1st",
    "february",
    "29",
    "2026",
    "2026-11-25",
    "2026-11-25T14:00",
    "at",
    "on",
    "in",
    "2h",
    "noon",
    "midnight",
    "0:00",
    "18:00",
    "6pm",
    "12am",
    "9",
    "24:00",
    "utc",
    "until",
    "for",
    "25/11",
    "next",
    ",",
    "99999w",
    "Sept",
    "31",
]


def at(said: str, zone: ZoneInfo = NEW_YORK, now: int = MONDAY) -> str:
    """The instant meant, as a clock in that zone shows it."""
    found, rest = read_moment(said.split(), zone, now)
    shown = datetime.fromtimestamp(found.at / 1000, UTC).astimezone(zone)
    return f"{shown:%a %d %b %H:%M}" + (f" + {' '.join(rest)}" if rest else "")


def ms(said: str) -> int:
    return int(datetime.fromisoformat(said).timestamp() * 1000)


@pytest.mark.parametrize(
    ("said", "meant"),
    [  # it is Monday 23 November 2026, 04:00 in New York
        ("18:00", "Mon 23 Nov 18:00"),
        ("18:00 fine-tune", "Mon 23 Nov 18:00 + fine-tune"),
        ("6pm", "Mon 23 Nov 18:00"),
        ("6:30PM", "Mon 23 Nov 18:30"),
        ("12am", "Tue 24 Nov 00:00"),
        ("noon", "Mon 23 Nov 12:00"),
        ("midnight", "Tue 24 Nov 00:00"),
        ("02:00", "Tue 24 Nov 02:00"),
        ("today 18:00", "Mon 23 Nov 18:00"),
        ("tonight", "Mon 23 Nov 20:00"),
        ("tonight 8", "Mon 23 Nov 20:00"),
        ("tonight at 11pm", "Mon 23 Nov 23:00"),
        ("tonight 1:30", "Tue 24 Nov 01:30"),
        ("midnight tonight", "Tue 24 Nov 00:00"),
        ("tomorrow 20:00", "Tue 24 Nov 20:00"),
        ("tomorrow at 20:00 eval", "Tue 24 Nov 20:00 + eval"),
        ("20:00 tomorrow", "Tue 24 Nov 20:00"),
        ("tomorrow noon", "Tue 24 Nov 12:00"),
        ("fri 14:00", "Fri 27 Nov 14:00"),
        ("Friday 9", "Fri 27 Nov 09:00"),
        ("on friday at 9am", "Fri 27 Nov 09:00"),
        ("14:00 on fri note", "Fri 27 Nov 14:00 + note"),
        ("mon 14:00", "Mon 23 Nov 14:00"),
        ("mon 03:30", "Mon 30 Nov 03:30"),
        ("25 nov 14:00", "Wed 25 Nov 14:00"),
        ("wed 25 nov 14:00", "Wed 25 Nov 14:00"),
        ("sunday, 29 november 2:30", "Sun 29 Nov 02:30"),
        ("wed 2026-11-25 14:00", "Wed 25 Nov 14:00"),
        ("25th November 2026 14:00", "Wed 25 Nov 14:00"),
        ("nov 25, 2pm", "Wed 25 Nov 14:00"),
        ("14:00 25 nov", "Wed 25 Nov 14:00"),
        ("5 jan 9", "Tue 05 Jan 09:00"),
        ("7 sept 2027 9:00", "Tue 07 Sep 09:00"),
        ("2026-11-25 14:00", "Wed 25 Nov 14:00"),
        ("2026-11-25T14:00 x", "Wed 25 Nov 14:00 + x"),
        ("in 2h", "Mon 23 Nov 06:00"),
        ("in 90 minutes", "Mon 23 Nov 05:30"),
        ("18:00 utc", "Mon 23 Nov 13:00"),
        ("fri 14:00 UTC note", "Fri 27 Nov 09:00 + note"),
    ],
)
def test_moments_people_write_are_understood_in_their_zone(said, meant):
    assert at(said) == meant


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "At what time? Try 18:00"),
        ("friday", "At what time on friday? Try friday 14:00."),
        ("tomorrow demo", "At what time tomorrow? Try tomorrow 14:00."),
        ("18", '"18" could be morning or evening. Try 18:00 or 6pm.'),
        ("25:00", '"25:00" is no time of day. Try 18:00 or 6pm.'),
        ("13pm", '"13pm" is no time of day.'),
        ("mon 25 nov 14:00", "25 nov is a Wednesday, not a Monday. Say only one of them."),
        ("25/11 14:00", '"25/11" can be read in two ways. Write 25 nov 14:00'),
        ("31 nov 14:00", 'There is no "31 nov" in 2026.'),
        ("2026-02-30 14:00", 'There is no "2026-02-30" in 2026.'),
        ("20 nov 14:00", "20 nov 14:00 is over."),
        ("2026-11-20 14:00", "2026-11-20 14:00 is over."),
        ("today 03:00", "today 03:00 is over."),
        ("tomorrow midnight", "Before or after tomorrow? Say tomorrow 0:00 or tomorrow 23:59."),
        ("soon", '"soon" is no time I can read. Try 18:00, 6pm,'),
        ("in", 'In how long? Try "in 2h".'),
        ("in a while", '"a" is not a length of time.'),
        ("in 0m", '"in 0m" is now.'),
        ("in 99999w", "That is too far ahead."),
        ("03:59", "03:59 was 1 minute ago. If you mean the next one, say tomorrow 03:59."),
    ],
)
def test_what_is_no_moment_is_refused_with_what_to_type(said, why):
    with pytest.raises(Refused) as refused:
        at(said)

    assert str(refused.value).startswith(why)


def test_a_time_that_is_over_for_today_is_tomorrows_and_it_is_said():
    found, _ = read_moment(["02:00"], NEW_YORK, MONDAY)

    assert found.remark == "02:00 is over for today, so this is tomorrow's."


@pytest.mark.parametrize(
    ("zone", "now", "said", "meant"),
    [
        # New York: 02:30 of 8 March 2026 is skipped, 01:30 of 1 November 2026 comes twice
        (NEW_YORK, "2026-03-08T00:30-05:00", "02:30", "2026-03-08T03:30-04:00"),
        (NEW_YORK, "2026-03-07T12:00-05:00", "tomorrow 02:30", "2026-03-08T03:30-04:00"),
        (NEW_YORK, "2026-03-07T12:00-05:00", "tomorrow 03:30", "2026-03-08T03:30-04:00"),
        (NEW_YORK, "2026-10-31T12:00-04:00", "tomorrow 01:30", "2026-11-01T01:30-04:00"),
        (NEW_YORK, "2026-11-01T01:10-04:00", "01:30", "2026-11-01T01:30-04:00"),
        (NEW_YORK, "2026-11-01T01:40-04:00", "01:30", "2026-11-01T01:30-05:00"),
        (NEW_YORK, "2026-11-01T00:30-04:00", "02:30", "2026-11-01T02:30-05:00"),
        # Lord Howe moves by half an hour: 4 October 2026 has no 02:00 to 02:30, 5 April has 01:30 to 02:00 twice
        (LORD_HOWE, "2026-10-03T12:00+10:30", "tomorrow 02:15", "2026-10-04T02:45+11:00"),
        (LORD_HOWE, "2026-10-03T12:00+10:30", "tomorrow 02:30", "2026-10-04T02:30+11:00"),
        (LORD_HOWE, "2026-04-04T12:00+11:00", "tomorrow 01:45", "2026-04-05T01:45+11:00"),
        (LORD_HOWE, "2026-04-05T01:50+11:00", "01:45", "2026-04-05T01:45+10:30"),
        # Kolkata is half an hour off, and never changes
        (KOLKATA, "2026-11-23T09:00+00:00", "18:00", "2026-11-23T12:30+00:00"),
        (KOLKATA, "2026-11-23T19:00+00:00", "tomorrow 20:00", "2026-11-25T20:00+05:30"),
    ],
)
def test_where_clocks_change_a_time_is_read_as_calendars_do(zone, now, said, meant):
    found, _ = read_moment(said.split(), zone, ms(now))

    assert found.at == ms(meant)


@given(
    st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=6),
    st.sampled_from([NEW_YORK, LORD_HOWE, KOLKATA, BERLIN]),
    st.integers(ms("2024-01-01T00:00+00:00"), ms("2031-01-01T00:00+00:00")),
)
@example([""], BERLIN, MONDAY)
@example(["29", "feb", "9"], BERLIN, ms("2028-02-29T08:00+00:00"))
def test_any_words_give_an_instant_ahead_or_a_friendly_no(rest, zone, now):
    try:
        found, left = read_moment(rest, zone, now)
    except Refused:
        return

    assert found.at > now
    assert left == rest[len(rest) - len(left) :] or "T" in "".join(rest)


@given(
    st.integers(0, 23),
    st.integers(0, 59),
    st.sampled_from([NEW_YORK, LORD_HOWE, KOLKATA]),
    st.integers(ms("2026-01-01T00:00+00:00"), ms("2027-01-01T00:00+00:00")),
)
def test_a_time_alone_is_the_next_one_there_is(hour, minute, zone, now):
    try:
        found, _ = read_moment([f"{hour:02}:{minute:02}"], zone, now)
    except Refused:
        return

    assert now < found.at <= now + DAY_MS + HOUR_MS
    shown = datetime.fromtimestamp(found.at / 1000, UTC).astimezone(zone)
    shift = (shown.hour * 60 + shown.minute - hour * 60 - minute) % 1440
    assert shift in {0, 30, 60}, "as typed, or later by what the clocks skip"
    if shift:
        assert found.at - now <= DAY_MS


def test_a_claim_ends_at_the_moment_named_and_its_note_follows():
    asked = claim_words(["gpus:2", "until", "fri", "14:00", "the", "big", "eval"], Asker(lambda: "UTC", MONDAY))

    assert asked.span.end == MONDAY + 4 * DAY_MS + 5 * HOUR_MS
    assert asked.note == "the big eval"


def test_a_length_after_until_is_put_right():
    with pytest.raises(Refused, match='"4h" is a length of time: say "for 4h"'):
        claim_words(["until", "4h"], Asker(lambda: "UTC", MONDAY))


@pytest.mark.parametrize(
    ("said", "by", "until"),
    [
        ("2h", 2 * HOUR_MS, None),
        ("by 30m", 30 * MINUTE_MS, None),
        ("for 2 hours", 2 * HOUR_MS, None),
        ("until 18:00", None, MONDAY + 9 * HOUR_MS),
    ],
)
def test_an_extension_is_a_length_or_an_end(said, by, until):
    found = extension(said.split(), Asker(lambda: "UTC", MONDAY))

    assert found is not None
    assert (found.length, found.end) == (by, until)


def test_a_name_is_no_extension():
    assert extension(["train-7", "2h"], Asker(lambda: "UTC", MONDAY)) is None
