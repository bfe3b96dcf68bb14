"""Days off from an iCalendar file, as calendars really write them."""

from datetime import date

import pytest

from bot.errors import SettingsError
from bot.settings.holidays import holidays_in


def days(tmp_path, *events: str) -> frozenset[date]:
    made = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    path = tmp_path / "days.ics"
    path.write_bytes(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:t\r\n{made}END:VCALENDAR\r\n".encode())
    holidays_in.cache_clear()
    return holidays_in(str(path))


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
    once = days(tmp_path, f"{CHRISTMAS}\r\nSTATUS:CANCELLED")
    gone = "UID:c\r\nRECURRENCE-ID;VALUE=DATE:20261225\r\nDTSTART;VALUE=DATE:20261225\r\nSTATUS:CANCELLED"
    yearly = days(tmp_path, f"{CHRISTMAS}\r\nRRULE:FREQ=YEARLY", gone)

    assert once == frozenset()
    assert not {date(2026, 12, 25), date(2026, 12, 26)} & yearly
    assert date(2027, 12, 25) in yearly


def test_a_day_that_ends_with_a_time_of_day_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(SettingsError, match="begins with a day and ends with a time of day"):
        days(tmp_path, "UID:m\r\nDTSTART;VALUE=DATE:20260803\r\nDTEND:20260804T120000Z")


def test_an_event_with_a_time_of_day_and_no_end_of_rules_is_no_holiday(tmp_path):
    assert days(tmp_path, "UID:m\r\nDTSTART:20260803T100000Z\r\nRRULE:FREQ=DAILY") == frozenset()
