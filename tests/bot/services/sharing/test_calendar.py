"""What people subscribe to says what the store says, whatever is written in a note."""

import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.machines.fleet import plain_name
from bot.domain.sharing.bookings import BookingRequest
from bot.errors import Refused
from bot.services.sharing import booking_slots, bookings, calendar, claims
from bot.services.sharing.calendar import CalendarEvent, calendar_file
from tests.bot.services.room import ADA, BOB, CY
from tests.conftest import MONDAY
from tests.examples import examples
from tests.neighbours import MACHINE


def read(found: bytes) -> list:
    return list(Calendar.from_ical(found).walk("VEVENT"))


def events(room) -> list[CalendarEvent]:
    """Everybody's, but the neighbours'."""
    return [event for event in calendar.calendar_events(room.ctx) if event.instance_id != MACHINE]


def utc(at: int) -> datetime:
    return datetime.fromtimestamp(at // 1000, UTC)


HOSTILE = 'a\r\nEND:VEVENT\r\nBEGIN:VALARM;x=\\n,;:"'
EVENTS = st.lists(
    st.builds(
        lambda number, start, length, title, tentative: CalendarEvent(
            f"{number}@gpu-valet", MONDAY, start * 1000, (start + length) * 1000, title, ADA, "i-1", tentative
        ),
        st.integers(0, 10**9),
        st.integers(0, 4 * 10**9),
        st.integers(1, 10**6),
        st.text(max_size=300),
        st.booleans(),
    ),
    max_size=5,
)


@given(EVENTS, st.text(max_size=80))
@example([CalendarEvent("1@x", 0, 0, 1000, HOSTILE, ADA, "i-1", tentative=False)], "a\nb;c,d")
@settings(deadline=None)
def test_what_is_written_can_be_read_back_and_nothing_leaves_its_line(events, name):
    made = calendar_file(events, name)

    back = read(made)
    assert [str(entry["uid"]) for entry in back] == [event.uid for event in events]
    assert [entry.decoded("dtstart") for entry in back] == [utc(event.from_at) for event in events]
    assert [entry.decoded("dtstamp") for entry in back] == [utc(event.made_at) for event in events]
    assert [entry.decoded("dtend") for entry in back] == [utc(event.until_at) for event in events]
    assert [str(entry["summary"]) for entry in back] == [plain_name(event.title, 200) for event in events]
    assert all(len(line) <= 75 for line in made.split(b"\r\n"))
    assert made.count(b"\r\nBEGIN:") == len(events)


def test_an_entry_keeps_its_identity_when_a_booking_becomes_a_claim_and_is_extended(room):
    room.reports("train-7", 0.0)
    made, _ = bookings.book_gpus(
        room.ctx, room.machine("train-7").id, ADA, BookingRequest(MONDAY + HOUR_MS, 4 * HOUR_MS, note="eval; x")
    )
    before = events(room)

    room.clock.forward(HOUR_MS)
    booking_slots.begin_bookings(room.ctx)
    claims.extend_claim(room.ctx, made.instance_id, ADA, by=HOUR_MS)

    (after,) = events(room)
    assert after.uid == before[0].uid
    assert (before[0].tentative, after.tentative) == (True, False)
    assert (before[0].until_at, after.until_at) == (MONDAY + 5 * HOUR_MS, MONDAY + 6 * HOUR_MS)
    assert after.title == "train-7: eval; x"


def test_what_was_released_ends_when_it_was_and_leaves_after_two_weeks(room):
    held = claims.claim_gpus(room.ctx, room.machine("train-7").id, ADA, length=8 * HOUR_MS).claims[0]
    room.clock.forward(HOUR_MS)
    claims.release_claim(room.ctx, held.id, ADA)

    assert [event.until_at for event in events(room)] == [MONDAY + HOUR_MS]
    room.clock.forward(14 * DAY_MS)
    assert events(room) == []


def feed(room, token: str) -> list:
    found = calendar.calendar_feed(room.ctx, hashlib.sha256(token.encode()).hexdigest())
    return read(found) if found is not None else ["gone"]


def test_a_feed_has_ones_own_or_a_teams_and_nothing_else(room):
    claims.claim_gpus(room.ctx, room.machine("train-7").id, ADA)
    claims.claim_gpus(room.ctx, room.machine("train-3").id, CY)

    mine, _ = calendar.subscribe_to_feed(room.ctx, ADA)
    teams, _ = calendar.subscribe_to_feed(room.ctx, BOB, "vision")

    assert [str(entry["summary"]) for entry in feed(room, mine)] == ["train-7"]
    assert [str(entry["summary"]) for entry in feed(room, teams)] == ["train-3"]
    with pytest.raises(Refused, match='You are in no team "vision"'):
        calendar.subscribe_to_feed(room.ctx, ADA, "vision")


def test_a_feed_stops_when_it_is_revoked_replaced_or_its_person_leaves_the_team(room):
    first, was_there = calendar.subscribe_to_feed(room.ctx, ADA)
    second, replaced = calendar.subscribe_to_feed(room.ctx, ADA)
    team, _ = calendar.subscribe_to_feed(room.ctx, ADA, "nlp")

    assert (was_there, replaced) == (False, True)
    assert (feed(room, first), feed(room, second), feed(room, team)) == (["gone"], [], [])
    room.roster = type(room.roster)()
    assert feed(room, team) == ["gone"]
    calendar.unsubscribe_from_feeds(room.ctx, ADA)
    assert feed(room, second) == ["gone"]
    assert feed(room, "") == ["gone"]


def test_only_a_hash_of_the_address_is_kept(room):
    token, _ = calendar.subscribe_to_feed(room.ctx, ADA)

    assert token.encode() not in room.path.read_bytes()


@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_no_made_up_address_opens_a_feed(room, token):
    assert feed(room, token.encode(errors="replace").decode()) == ["gone"]
