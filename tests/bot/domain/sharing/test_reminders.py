"""Which reminder is due, whatever the clock does."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.reminders import JUST_CHOSEN_MS, REMINDER_MARKS, Reminder, latest_mark, mark_to_tell

START = 1_000 * HOUR_MS
steps = st.lists(st.integers(-40, 90), max_size=40)


def told_over(claim, moments):
    """The marks that are told at these moments, with what was told before kept as the store keeps it."""
    said, told = None, []
    for now in moments:
        mark = mark_to_tell(claim, Reminder(claim.id, claim.until_at, claim.from_at, said), now)
        if mark is not None:
            told.append((mark, now))
            said = mark
    return told


@given(st.integers(5, 300), steps)
def test_no_mark_is_told_twice_or_before_its_time_however_the_clock_jumps(minutes, jumps):
    claim = Claim("c", "i", "ada", START, START + minutes * MINUTE_MS, (0,))
    moments = [START + sum(jumps[:number]) * MINUTE_MS for number in range(len(jumps) + 1)]

    told = told_over(claim, moments)

    marks = [mark for mark, _ in told]
    assert marks == sorted(set(marks), reverse=True)
    assert all(now >= claim.until_at - mark * MINUTE_MS for mark, now in told)


@given(st.integers(5, 300))
def test_looked_at_every_minute_each_mark_worth_telling_is_told_when_it_comes(minutes):
    claim = Claim("c", "i", "ada", START, START + minutes * MINUTE_MS, (0,))

    told = told_over(claim, range(START, claim.until_at + MINUTE_MS, MINUTE_MS))

    worth = [mark for mark in REMINDER_MARKS if mark == 0 or (minutes - mark) * MINUTE_MS > JUST_CHOSEN_MS]
    assert told == [(mark, claim.until_at - mark * MINUTE_MS) for mark in worth]


def test_what_was_slept_through_is_skipped():
    assert latest_mark(START, START - 2 * HOUR_MS, START - 7 * MINUTE_MS) == 15
    assert latest_mark(START, START - 2 * HOUR_MS, START + 7 * MINUTE_MS) == 0
    assert latest_mark(START, START - 2 * HOUR_MS, START - 31 * MINUTE_MS) is None
