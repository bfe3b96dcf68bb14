"""On-hours: read as people write them, right over every change of clocks, and never ending sooner than was said."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acting.hours import (
    WEEKDAYS,
    Edge,
    OnHours,
    Window,
    hours_text,
    is_on,
    last_edge,
    next_edge,
    on_ms,
    on_spans,
    parse_hours,
    read_as,
)
from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.errors import Refused

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia")
OFFICE = "Mon-Fri 08:00-19:00"


def at(zone: str, *when: int) -> int:
    return int(datetime(*when, tzinfo=ZoneInfo(zone)).timestamp() * 1000)  # type: ignore[misc]


def said(zone: str, instant: int) -> str:
    return f"{datetime.fromtimestamp(instant / 1000, UTC).astimezone(ZoneInfo(zone)):%a %d %H:%M}"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Mon-Fri 08:00-19:00", "Mon-Fri 08:00-19:00"),
        ("mon-fri 8-19", "Mon-Fri 08:00-19:00"),
        ("Monday-Friday 8:30 - 19", "Mon-Fri 08:30-19:00"),
        ("Sat 10-14", "Sat 10:00-14:00"),
        ("Fri-Mon 22-6", "Fri-Mon 22:00-06:00"),
        ("Mon-Sun 0-24", "Mon-Sun 00:00-24:00"),
        ("Mon-Thu 8-20,Fri 8-16", "Mon-Thu 08:00-20:00, Fri 08:00-16:00"),
        ("mon-fri 8am-7pm", "Mon-Fri 08:00-19:00"),
        ("mon - fri 8:30am - 12:15pm", "Mon-Fri 08:30-12:15"),
        ("mon-fri 8-7pm", "Mon-Fri 08:00-19:00"),
        ("monday to friday 8 to 19", "Mon-Fri 08:00-19:00"),
        ("weekdays from 9am to 6pm", "Mon-Fri 09:00-18:00"),
        ("every day 8.00-20.00", "Mon-Sun 08:00-20:00"),
        ("daily between 8 and 20", "Mon-Sun 08:00-20:00"),
        ("weekends 10h-14h30", "Sat-Sun 10:00-14:30"),
        ("mon, wed and fridays 8-18", "Mon 08:00-18:00, Wed 08:00-18:00, Fri 08:00-18:00"),
        ("mon-fri 8-12, 13-18", "Mon-Fri 08:00-12:00, Mon-Fri 13:00-18:00"),
        ("mon-fri, 0800-1900", "Mon-Fri 08:00-19:00"),
        ("tues 12pm-midnight", "Tue 12:00-24:00"),
        ("wednesdays noon-10pm", "Wed 12:00-22:00"),
        ("fri 09:00-05:00", "Fri 09:00-05:00"),
        ("mo-fr 8-18", "Mon-Fri 08:00-18:00"),
        ("9am-5pm mon-fri", "Mon-Fri 09:00-17:00"),
        ("mon-sun 08:00-23:59, 00:00-02:00", "Mon-Sun 08:00-24:00, Mon-Sun 00:00-02:00"),
        ("daily 0:00-23:59", "Mon-Sun 00:00-24:00"),
        ("mon-fri 8am - 11:59pm", "Mon-Fri 08:00-24:00"),
        ("weekdays 0800 to 2359", "Mon-Fri 08:00-24:00"),
    ],
)
def test_what_people_write_is_understood(typed, meant):
    assert hours_text(parse_hours(typed)) == meant


@pytest.mark.parametrize(
    "typed",
    [
        *("mon-sun 08:00-23:59, 00:00-02:00", "mon-sun 08:00-24:00, 00:00-02:00", "mon-sun 08:00-02:00"),
        *("mon-sun 08:00-11:59, 12:00-23:59, 00:00-01:59", "mon-sun 8-12, 12-20, 20-2"),
    ],
)
def test_hours_that_touch_are_one_whatever_their_last_minute(typed):
    hours = OnHours(parse_hours(typed), "Europe/Berlin")
    edges, now = [], at("Europe/Berlin", 2026, 11, 23, 7, 0)
    for _ in range(4):
        edge = next_edge(hours, now)
        assert edge is not None
        now = edge.at
        edges.append(("on" if edge.on else "off", said("Europe/Berlin", now + MINUTE_MS)[:9]))

    assert edges == [("on", "Mon 23 08"), ("off", "Tue 24 02"), ("on", "Tue 24 08"), ("off", "Wed 25 02")]


def test_an_end_at_the_last_minute_is_said_to_be_midnight():
    assert read_as("Mon-Sun 08:00-23:59") == "An end at 23:59 is read as midnight, 24:00."
    assert read_as("Mon-Sun 08:00-19:00") == read_as("Mon-Sun 23:59-06:00") == ""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("mon-fri 9-5", "write 9-17, or 09:00-05:00 for"),
        ("mon-fri 8am-7", "say am or pm"),
        ("mon-fri 9-11pm", "say am or pm"),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_about(typed, meant):
    with pytest.raises(Refused, match=meant):
        parse_hours(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *("", "8-19", "Mon-Fri", "Mon 8", "Mon 25-26", "Foo 8-9", "Mon 8-8", "Mon 8-24:30", "Mon 8-9;Tue 8-9"),
        *("whenever", "Mon 8-9, Fri", "Mon 13pm-14pm", "Mon 8:75-9", "Mon,, 8-9", "Mon-Fri-Sat 8-9"),
    ],
)
def test_what_makes_no_sense_is_refused_with_an_example(typed):
    with pytest.raises(Refused, match="Mon-Fri 08:00-19:00"):
        parse_hours(typed)


@given(st.text(max_size=60))
def test_any_text_is_windows_or_a_refusal(text):
    try:
        windows = parse_hours(text)
    except Refused:
        return
    assert parse_hours(hours_text(windows)) == windows


windows = st.builds(
    Window,
    st.tuples(st.integers(0, 6), st.integers(1, 7)).map(lambda run: frozenset((run[0] + k) % 7 for k in range(run[1]))),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
).filter(lambda window: window.begins != window.ends)
hours = st.builds(
    OnHours,
    st.lists(windows, min_size=1, max_size=3).map(tuple),
    st.sampled_from(ZONES),
    st.frozensets(st.dates(date(2026, 1, 1), date(2027, 1, 1)), max_size=3),
)
moments = st.integers(at("UTC", 2026, 1, 5), at("UTC", 2026, 12, 28))


@given(hours, moments)
def test_edges_take_turns_and_agree_with_what_is_on(known, now):
    before, after = last_edge(known, now), next_edge(known, now)

    assert before is None or (before.at <= now and is_on(known, before.at) == before.on)
    assert after is None or (after.at > now and is_on(known, after.at) == after.on)
    if before:
        assert is_on(known, now) == before.on
    if after:
        assert is_on(known, now) != after.on
        assert is_on(known, after.at - 1) != after.on


@given(hours, moments)
def test_minute_by_minute_it_is_on_as_the_wall_clock_says(known, now):
    zone = ZoneInfo(known.zone)
    wall = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
    near_a_change = wall.utcoffset() != (wall + timedelta(days=1)).utcoffset() or (
        wall.utcoffset() != (wall - timedelta(days=2)).utcoffset()
    )
    if near_a_change:
        return
    today, yesterday = wall.date(), wall.date() - timedelta(days=1)

    def covers(window: Window) -> bool:
        clock = wall.time().replace(tzinfo=None)
        on_today = today.weekday() in window.days and today not in known.holidays
        on_yesterday = yesterday.weekday() in window.days and yesterday not in known.holidays
        if window.ends > window.begins:
            return on_today and window.begins <= clock < window.ends
        return (on_today and clock >= window.begins) or (on_yesterday and clock < window.ends)

    assert is_on(known, now) == any(covers(window) for window in known.windows)


@pytest.mark.parametrize(
    ("zone", "window", "day", "meant"),
    [
        # clocks go forward at 02:00: 02:30 is shown as 03:30 that day
        ("America/New_York", "Sun 02:30-06:00", (2026, 3, 8), ("Sun 08 01:30", "Sun 08 06:00")),
        ("America/New_York", "Sun 00:00-02:30", (2026, 3, 8), ("Sun 08 00:00", "Sun 08 03:30")),
        # clocks go back at 02:00: 01:30 comes twice
        ("America/New_York", "Sun 01:30-06:00", (2026, 11, 1), ("Sun 01 01:30", "Sun 01 06:00")),
        ("America/New_York", "Sun 00:00-01:30", (2026, 11, 1), ("Sun 01 00:00", "Sun 01 01:30")),
        # half an hour only, in April and October
        ("Australia/Lord_Howe", "Sun 00:00-01:45", (2026, 4, 5), ("Sun 05 00:00", "Sun 05 01:45")),
        ("Australia/Lord_Howe", "Sun 00:00-02:15", (2026, 10, 4), ("Sun 04 00:00", "Sun 04 02:45")),
        ("Asia/Kolkata", "Sun 00:00-02:15", (2026, 10, 4), ("Sun 04 00:00", "Sun 04 02:15")),
    ],
)
def test_where_clocks_change_it_begins_early_and_ends_late(zone, window, day, meant):
    [span] = on_spans(OnHours(parse_hours(window), zone), at(zone, *day), at(zone, *day) + DAY_MS)

    assert tuple(said(zone, moment) for moment in span) == meant


def test_a_time_that_comes_twice_ends_the_window_at_the_second():
    zone = "America/New_York"
    [span] = on_spans(OnHours(parse_hours("Sun 00:00-01:30"), zone), at(zone, 2026, 11, 1), at(zone, 2026, 11, 2))

    assert span[1] - span[0] == 2 * HOUR_MS + 30 * MINUTE_MS


def test_an_office_week_has_its_edges_and_a_holiday_has_none():
    berlin = OnHours(parse_hours(OFFICE), "Europe/Berlin", frozenset({date(2026, 11, 24)}))
    monday = at("Europe/Berlin", 2026, 11, 23, 12)

    assert next_edge(berlin, monday) == Edge(at("Europe/Berlin", 2026, 11, 23, 19), on=False)
    assert next_edge(berlin, monday + 8 * HOUR_MS) == Edge(at("Europe/Berlin", 2026, 11, 25, 8), on=True)
    assert not is_on(berlin, monday + DAY_MS)
    assert on_ms(berlin, monday - 12 * HOUR_MS, monday - 12 * HOUR_MS + 7 * DAY_MS) == 4 * 11 * HOUR_MS


def test_windows_that_touch_are_one():
    known = OnHours(parse_hours("Mon-Sun 0-12, Mon-Sun 12-24"), "Europe/Berlin")

    assert next_edge(known, at("Europe/Berlin", 2026, 11, 23, 11)) is None
    assert is_on(known, at("Europe/Berlin", 2026, 3, 29, 2))


def test_days_are_named_as_in_calendars():
    assert WEEKDAYS[date(2026, 11, 23).weekday()] == "Mon"
    assert parse_hours("Mon 0-24")[0].ends == time(0)


def test_an_edge_is_known_for_sixteen_days_and_no_longer():
    monday = date(2026, 11, 23)
    off = frozenset({monday + timedelta(days=7), monday + timedelta(days=14)})
    once = OnHours((Window(frozenset({0}), time(8), time(9)),), "UTC", off)
    over = at("UTC", 2026, 11, 23, 9)

    assert last_edge(once, over + 16 * DAY_MS) == Edge(over, on=False)
    assert last_edge(once, over + 16 * DAY_MS + 1) is None
