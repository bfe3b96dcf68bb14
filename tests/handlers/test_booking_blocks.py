"""Whatever notes and names hold, what is said of bookings and calendars is fit to send."""

from datetime import date, time

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.sharing.bookings import Booking, BookingSlot, Gap, Hold, SlotState
from bot.domain.sharing.calendar import CalendarWeek
from bot.domain.sharing.claims import GpuChoice
from handlers.blocks.machines import fleet as fleet_blocks
from handlers.blocks.sharing import bookings as bookings_blocks
from handlers.blocks.sharing import calendar as calendar_blocks
from tests.handlers import pieces
from tests.handlers.pieces import NOW, TEXTS, objections

ID, ADA, BOB = "i-0123456789abcdef0", "U0ADA0001", "U0BOB0001"
ZONE = "America/Argentina/ComodRivadavia"


def slot(text: str, number: int = 0, **fields: object) -> BookingSlot:
    given = {"note": text, "weekly": True, "outcome": "<@U0BOB0001> cancelled it."} | fields
    return BookingSlot(
        id=f"{number:032}",
        booking_id="b" * 32,
        instance_id=ID,
        holder=ADA,
        gpus=tuple(range(0, 8, 2)),
        from_at=NOW + DAY_MS + number * HOUR_MS,
        until_at=NOW + 2 * DAY_MS + number * HOUR_MS,
        **given,  # type: ignore[arg-type]
    )


def made(text: str, last_day: date | None) -> Booking:
    return Booking(
        id="b" * 32,
        instance_id=ID,
        holder=ADA,
        choice=GpuChoice(count=4),
        zone=ZONE,
        first_day=date(2026, 11, 24),
        wall=time(20),
        length=6 * HOUR_MS,
        made_at=NOW,
        last_day=last_day,
        note=text,
    )


def holds(text: str) -> tuple[Hold, ...]:
    return tuple(
        Hold(ID, BOB, (number % 8,), NOW, NOW + number * HOUR_MS, booked=number % 2 == 0, note=text)
        for number in range(60)
    )


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_said_of_bookings_is_fit_to_send(text):
    one, stopped = pieces.listing(text), pieces.listing(text, state="unknown")
    gap = Gap(ADA, GpuChoice(indexes=(0, 3)), 8, NOW + DAY_MS, 6 * HOUR_MS)
    wanted = bookings_blocks.ClaimAttempt(BOB, GpuChoice(), ZONE)
    slots = [slot(text, number) for number in range(40)]
    replies = [
        bookings_blocks.booking_made(one, made(text, date(2027, 1, 1)), slots, no_show_minutes=30, remark=text),
        bookings_blocks.booking_made(stopped, made(text, None), slots, no_show_minutes=30),
        bookings_blocks.booking_clash(one, gap, holds(text), NOW + 3 * DAY_MS, ZONE),
        bookings_blocks.booking_clash(one, gap, (), None, ZONE),
        bookings_blocks.booking_met(one, slots[0], wanted, now=NOW, shortest=5 * MINUTE_MS),
        bookings_blocks.booking_met(one, slots[0], wanted, now=slots[0].from_at, shortest=5 * MINUTE_MS),
        bookings_blocks.booking_list(slots, {ID: one}, ADA, of=f"of {text[:120]}"),
        bookings_blocks.booking_list(slots, {}, BOB, of="to come"),
        bookings_blocks.booking_list([], {}, BOB, of="to come"),
        bookings_blocks.which_bookings(slots[0], text),
        bookings_blocks.booking_cancelled(slots, text, BOB, series=True),
        bookings_blocks.booking_cancelled(slots, text, ADA, series=False),
        bookings_blocks.slot_begins_soon(slots[0], one),
        bookings_blocks.with_bookings(fleet_blocks.one_machine(one, NOW), slots, one),
    ]

    assert [objections(reply) for reply in replies] == [[]] * len(replies)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("state", SlotState.__args__)
def test_how_a_booking_goes_is_fit_to_send_in_every_state(text, state):
    told = slot(text, state=state, claim_id="c")
    replies = [
        bookings_blocks.slot_progress(told, one, text, no_show_minutes=30) for one in (pieces.listing(text), None)
    ]

    assert [objections(reply) for reply in replies] == [[], []]


@pytest.mark.parametrize("text", TEXTS)
def test_calendars_are_fit_to_send(text):
    weeks = [CalendarWeek(f"{ID}{number}", text, 8, holds(text)) for number in range(40)]
    replies = [
        calendar_blocks.week_of_machine(weeks[0], BOB, ZONE, NOW),
        calendar_blocks.week_of_machine(CalendarWeek(ID, text, 8, ()), BOB, ZONE, NOW),
        calendar_blocks.week_of_fleet(weeks, BOB, ZONE, NOW),
        calendar_blocks.week_of_fleet([], BOB, ZONE, NOW),
        calendar_blocks.feed_address(
            "https://valet.example.com/v1/calendar/x.ics", is_whole=True, replaced=True, of=text[:80]
        ),
    ]

    assert [objections(reply) for reply in replies] == [[]] * len(replies)
