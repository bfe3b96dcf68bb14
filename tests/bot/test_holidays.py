"""Days off from an iCalendar file, as calendars really write them."""

from datetime import date

import pytest

from bot.errors import SettingsError
from bot.settings.holidays import holidays_in


def days(tmp_path, *events: str) -> frozenset[date]:
    made = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    path = tmp_path / "days.ics"
    path.write_bytes(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:t\r\n{made}END:VCALENDAR\r\n".encode())
    return holidays_in(str(path))


NEW_YEAR = "UID:n\r\nDTSTART;VALUE=DATE:20270101"
CHRISTMAS = "UID:c\r\nDTSTART;VALUE=DATE:20201225\r\nDTEND;VALUE=DATE:20201227"


def test_a_yearly_holiday_comes_every_year(tmp_path):
    found = days(tmp_path, f"{CHRISTMAS}\r\nRRULE:FREQ=YEARLY")

    assert {date(2020, 12, 25), date(2026, 12, 25), date(2026, 12, 26), date(2099, 12, 26)} <= found
    assert date(2026, 12, 27) not in found


def test_a_rule_ends_when_it_says_so_and_leaves_out_what_it_says(tmp_path):
    until = "RRULE:FREQ=YEARLY;UNTIL=20231231T000000Z\r\nEXDATE;VALUE=DATE:20221225"
    found = days(tmp_path, f"{CHRISTMAS}\r\n{until}")

    assert date(2023, 12, 25) in found
    assert not {date(2022, 12, 25), date(2024, 12, 25)} & found


def test_the_fourth_thursday_of_november(tmp_path):
    found = days(tmp_path, "UID:t\r\nDTSTART;VALUE=DATE:20201126\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH")

    assert date(2026, 11, 26) in found


def test_a_duration_is_as_long_as_it_says(tmp_path):
    found = days(tmp_path, "UID:d\r\nDTSTART;VALUE=DATE:20260803\r\nDURATION:P3D")

    assert found == {date(2026, 8, 3), date(2026, 8, 4), date(2026, 8, 5)}


def test_what_is_cancelled_is_no_holiday_once_or_for_one_year(tmp_path):
    once = days(tmp_path, f"{CHRISTMAS}\r\nSTATUS:CANCELLED", NEW_YEAR)
    gone = "UID:c\r\nRECURRENCE-ID;VALUE=DATE:20261225\r\nDTSTART;VALUE=DATE:20261225\r\nSTATUS:CANCELLED"
    yearly = days(tmp_path, f"{CHRISTMAS}\r\nRRULE:FREQ=YEARLY", gone)

    assert once == {date(2027, 1, 1)}
    assert not {date(2026, 12, 25), date(2026, 12, 26)} & yearly
    assert date(2027, 12, 25) in yearly


def test_a_day_that_ends_with_a_time_of_day_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(SettingsError, match="begins with a day and ends with a time of day"):
        days(tmp_path, "UID:m\r\nDTSTART;VALUE=DATE:20260803\r\nDTEND:20260804T120000Z")


def test_an_event_with_a_time_of_day_and_no_end_of_rules_is_no_holiday(tmp_path):
    assert days(tmp_path, "UID:m\r\nDTSTART:20260803T100000Z\r\nRRULE:FREQ=DAILY", NEW_YEAR) == {date(2027, 1, 1)}


@pytest.mark.parametrize("events", [(), ("UID:m\r\nDTSTART:20260803T100000Z",), (f"{CHRISTMAS}\r\nSTATUS:CANCELLED",)])
def test_a_file_that_brings_no_day_is_refused(tmp_path, events):
    with pytest.raises(SettingsError, match=r"brings no day off: it has (1 event|0 events), and none is"):
        days(tmp_path, *events)


@pytest.mark.parametrize(
    "written",
    [
        "DTSTART;VALUE=DATE:20270101\r\nDTEND;VALUE=DATE:20270101",
        "DTSTART;VALUE=DATE:20270101\r\nDURATION:PT0S",
        "DTSTART;TZID=Europe/Berlin:20270101T000000\r\nDTEND;TZID=Europe/Berlin:20270102T000000",
        "DTSTART:20270101T000000\r\nDURATION:P1D",
        "DTSTART;VALUE=DATE:20270101",
    ],
)
def test_a_day_is_one_however_programs_write_it(tmp_path, written):
    assert days(tmp_path, f"UID:n\r\n{written}") == {date(2027, 1, 1)}


def test_an_event_that_ends_before_it_begins_is_named(tmp_path):
    with pytest.raises(SettingsError, match="the event of 2027-01-02 ends before it begins"):
        days(tmp_path, "UID:n\r\nDTSTART;VALUE=DATE:20270102\r\nDTEND;VALUE=DATE:20270101")
