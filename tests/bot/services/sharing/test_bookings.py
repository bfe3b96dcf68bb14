"""How much may be booked."""

import pytest

from bot.domain.clock import HOUR_MS
from bot.domain.sharing.bookings import BookingRequest
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from bot.services.sharing import bookings, claims
from tests.bot.services.room import ADA, BOB, SETTINGS, Room
from tests.conftest import MONDAY


@pytest.fixture
def room(tmp_path, clock):
    """Three GPUs at a time and 20 GPU-hours a week for each; two bookings."""
    rules = {"gpus_per_person": 3, "gpu_hours_per_person": 20, "at_limit": "ask", "bookings_per_person": 2}
    opened = Room(tmp_path / "room.db", clock, settings=SETTINGS | {"claims": rules})
    opened.sweep()
    yield opened
    opened.close()


def book(room, name="train-7", *, who=ADA, at=10, hours=1, count=2):
    wish = BookingRequest(MONDAY + at * HOUR_MS, hours * HOUR_MS, GpuChoice(count=count))
    return bookings.book_gpus(room.ctx, room.machine(name).id, who, wish)[1][0]


def test_only_what_is_held_at_the_same_time_counts_against_gpus_at_a_time(room):
    claims.claim_gpus(room.ctx, room.machine("train-3").id, ADA, choice=GpuChoice(count=2), length=2 * HOUR_MS)

    assert book(room, at=3).gpus == (0, 1)
    with pytest.raises(Refused, match="you would have 4 GPUs, the limit is 3"):
        book(room, "train-9", at=3)
    with pytest.raises(Refused, match="you would have 4 GPUs"):
        book(room, "train-9", at=1)


def test_bookings_count_into_the_gpu_hours_of_the_week(room):
    book(room, at=10, hours=8)

    with pytest.raises(Refused, match="you would have 32 GPU-hours in a week, the limit is 20"):
        book(room, "train-3", at=40, hours=8)
    assert book(room, "train-3", at=200, hours=8)
    assert book(room, at=40, hours=8, who=BOB)


def test_there_is_a_limit_to_how_many_and_how_far_ahead(room):
    book(room, at=10)
    book(room, at=20)

    with pytest.raises(Refused, match="You have 2 bookings, as many as there may be"):
        book(room, at=30)
    with pytest.raises(Refused, match="at most 28 days ahead"):
        book(room, at=28 * 24 + 1)
    with pytest.raises(Refused, match="over already"):
        book(room, at=0)
    bookings.cancel_booking(room.ctx, bookings.upcoming_bookings(room.ctx)[0].id, ADA)
    assert book(room, at=30)


def test_a_refused_booking_leaves_nothing_behind(room):
    with pytest.raises(Refused):
        book(room, hours=20)

    assert bookings.upcoming_bookings(room.ctx) == []
