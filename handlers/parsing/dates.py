"""Days ahead as people type them: tomorrow, fri, next fri, mon next week, 25 nov, the 27th, 2026-11-25."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.days import days_after, month_end
from bot.errors import Refused
from bot.nearest import nearest
from handlers.parsing.text import Quoted

_ISO = re.compile(r"(20\d\d)-(\d\d)-(\d\d)", re.ASCII)
_DAY_NUMBER = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.?", re.ASCII)
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)", re.ASCII)
_YEAR = re.compile(r"20\d\d", re.ASCII)
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAYS = {short: day for day, name in enumerate(_DAYS) for short in (name, name[:3])} | {"thur": 3, "wedne": 2}
_NAMED = {
    **dict.fromkeys(("today", "tody", "2day"), "today"),
    **dict.fromkeys(("tonight", "tonite", "2nite", "2night", "tonigth"), "tonight"),
    **dict.fromkeys(("tomorrow", "tmrw", "tmr", "tmw", "tomorow", "tommorow", "tommorrow", "2morrow"), "tomorrow"),
}


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day that was named."""

    said: str
    date: date
    kind: str
    """today, tonight, tomorrow, weekday, date (without a year) or exact."""
    remark: str = ""


def counted_day(on: date) -> NamedDay:
    """A day that was counted."""
    return NamedDay(f"{on:%-d %b}", on, "exact")


def weekday(word: str) -> int | None:
    """The day of the week, Monday is 0: tue, tuesday, tuesdays; None when it is none."""
    return None if isinstance(word, Quoted) else _WEEKDAYS.get(word.lower().rstrip(".,;!?").removesuffix("s"))


def named_day(word: str) -> str:
    """today, tonight or tomorrow, also as people misspell them; empty where it is none of them."""
    return "" if isinstance(word, Quoted) else _NAMED.get(word.lower().rstrip(".,;!?"), "")


def read_day(rest: list[str], today: date) -> tuple[NamedDay | None, list[str]]:
    """The day that the first words name, and the words after it. Raises Refused."""
    if not rest or isinstance(rest[0], Quoted):
        return None, rest
    word = rest[0].lower().rstrip(",")
    if name := named_day(word):
        return NamedDay(name, days_after(today, int(name == "tomorrow")), name), rest[1:]
    relative = _relative([word.lower().rstrip(",") for word in rest[:4]], today)
    if relative is not None:
        return relative[0], rest[relative[1] :]
    number = weekday(word)
    if number is not None:
        return _from_weekday(rest, number, today)
    iso = _ISO.fullmatch(word.partition("t")[0])
    if iso:
        clock = word.partition("t")[2]
        on = _date(iso[0], int(iso[1]), int(iso[2]), int(iso[3]))
        in_utc = clock.endswith("z")
        return NamedDay(iso[0], on, "exact"), [*([clock.rstrip("z")] if clock else []), *["utc"] * in_utc, *rest[1:]]
    return _month_and_day(rest, today)


def _from_weekday(rest: list[str], number: int, today: date) -> tuple[NamedDay, list[str]]:
    """ "fri", and "fri 27 nov"."""
    word, after = rest[0].lower().rstrip(","), rest[1:]
    after = after[1:] if [word.lower() for word in after[:1]] == ["the"] else after
    dated, left = read_day(after, today)
    if dated is not None and dated.kind in {"date", "exact"}:
        return _of_weekday(dated, number), left
    return NamedDay(word, days_after(today, (number - today.weekday()) % 7), "weekday"), rest[1:]


def _relative(words: list[str], today: date) -> tuple[NamedDay, int] | None:
    """ "next fri", "fri next week" and "the day after tomorrow", and how many words that is."""
    the = int(words[:1] == ["the"])
    if words[the : the + 2] == ["day", "after"] and named_day(" ".join(words[the + 2 : the + 3])) == "tomorrow":
        return counted_day(days_after(today, 2)), the + 3
    number = weekday(words[1]) if len(words) > 1 else None
    if words[0] in {"next", "coming", "upcoming", "this"} and number is not None:
        return _coming(words[0], words[1], (number - today.weekday()) % 7, today), 2
    first = weekday(words[0])
    in_next_week = today + timedelta(days=7 - today.weekday())
    if words[:2] == ["next", "week"] and len(words) > 2:
        on = 1 + int(words[2] == "on")
        number = weekday(words[1 + on]) if len(words) > 1 + on else None
        return (counted_day(days_after(in_next_week, number)), 2 + on) if number is not None else None
    if first is not None and words[1:3] == ["next", "week"]:
        return counted_day(days_after(in_next_week, first)), 3
    return None


def _coming(which: str, name: str, ahead: int, today: date) -> NamedDay:
    """ "next fri" is never today, "this fri" may be."""
    on = days_after(today, ahead or (0 if which == "this" else 7))
    if which == "this":
        return NamedDay(f"{which} {name}", on, "exact")
    after = f"{days_after(on, 7):%-d %b}"
    return NamedDay(
        f"{which} {name}", on, "exact", f"Next {name} is taken for the coming one; the one after is {after}."
    )


def _of_weekday(day: NamedDay, number: int) -> NamedDay:
    """A date with its day of the week, "sun 29 nov". Raises Refused where they do not agree."""
    if day.date.weekday() != number:
        raise Refused(f"{day.said} is a {day.date:%A}, not a {_DAYS[number].title()}. Say only one of them.")
    return day


def _month_and_day(rest: list[str], today: date) -> tuple[NamedDay | None, list[str]]:
    """25 nov, 25th november 2026, nov 25, the 25th: of the year that makes it the next one. Raises Refused."""
    the = int(rest[0].lower() == "the" and len(rest) > 1)
    words = rest[the:]
    if len(words) > 2 and words[1].lower() == "of":
        words = [words[0], *words[2:]]
    if len(words) > 1:
        month, number = _month(words[1]), _DAY_NUMBER.fullmatch(words[0].lower().rstrip(","))
        if month is None or number is None:
            month, number = _month(words[0]), _DAY_NUMBER.fullmatch(words[1].lower().rstrip(","))
        if month is not None and number is not None:
            return _dated(words[:2], words[2:], month, int(number[1]), today)
    ordinal = _ORDINAL.fullmatch(rest[the].lower().rstrip(","))
    if ordinal is None or not 1 <= int(ordinal[1]) <= 31:
        return None, rest
    return _numbered(f"{rest[the]}", int(ordinal[1]), today), rest[the + 1 :]


def _numbered(typed: str, number: int, today: date) -> NamedDay:
    """The next day of that number in a month. Raises Refused."""
    for ahead in range(32 * 2):
        on = today + timedelta(days=ahead)
        if on.day == number:
            return NamedDay(typed, on, "exact")
    raise Refused(f'There is no "{typed[:40]}" soon. Write a day such as 2026-11-25.')


def _dated(of: list[str], left: list[str], month: int, number: int, today: date) -> tuple[NamedDay, list[str]]:
    typed = f"{of[0]} {of[1]}"
    if left and _YEAR.fullmatch(left[0].rstrip(",")):
        year = left[0].rstrip(",")
        return NamedDay(f"{typed} {year}", _date(typed, int(year), month, number), "exact"), left[1:]
    # 29 February is a date of some years only; the error names what was said
    on = _date(typed, today.year, month, number)
    if on < today:
        on = _date(typed, today.year + 1, month, number)
    return NamedDay(typed, on, "date"), left


def _month(word: str) -> int | None:
    least = word.lower().rstrip(".,")
    if least == "sept":
        return 9
    return next((number for number, name in enumerate(MONTHS, 1) if least in {name, name[:3]}), None)


def _date(typed: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Refused(f'There is no "{typed[:40]}" in {year}. Write a day such as 2026-11-25.') from None


_NAMED_SPANS = ("today", "yesterday", "last month", "last week", "this week", "this year", *MONTHS)
_YEARS_READ = range(2000, 2100)
MOST_DAYS_BACK = 400
_DAY_LONG = timedelta(days=1)
DaySpan = tuple[date, date]

_NOISE = re.compile(r"\b(the|of|for|in|during|please)\b|[,]|(?<=\d)(st|nd|rd|th)\b")
_NAME = "|".join(sorted({name[:length] for name in MONTHS for length in range(3, len(name) + 1)} | {"sept"}))
_MONTH = re.compile(rf"(?P<name>{_NAME})\.?( (?P<year>\d{{4}}))?|(?P<before>\d{{4}}) (?P<named>{_NAME})", re.ASCII)
_DAY = re.compile(
    rf"((?P<day>\d{{1,2}})\.? (?P<name>{_NAME})|(?P<named>{_NAME}) (?P<number>\d{{1,2}}))\.?( (?P<year>\d{{4}}))?",
    re.ASCII,
)
_NUMBERS = re.compile(
    r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})([-/.](?P<day>\d{1,2}))?"
    r"|((?P<first>\d{1,2})\.)?(?P<second>\d{1,2})[./](?P<last>\d{4})",
    re.ASCII,
)
_QUARTER = re.compile(r"q(?P<number>[1-4])( (?P<year>\d{4}))?|(?P<before>\d{4})[ -]?q(?P<after>[1-4])", re.ASCII)
_COUNTED = re.compile(r"((last|past|previous) )?(?P<count>\d{1,4}) ?(?P<unit>d|days?|w|weeks?)", re.ASCII)
_BETWEEN = re.compile(r"(?:from )?(.+?) (?:to|until|till|through|-) (.+)")


def read_day_span(words: list[str], today: date) -> DaySpan:
    """The days that are meant, both counted: this month without words. Raises Refused."""
    plain = " ".join(_NOISE.sub(" ", " ".join(words).lower()).split())
    if re.search(r" (vs|versus|and|or) ", plain):
        raise Refused('One span at a time, or from one to another. Try "october", or "october to november".')
    span = _between(plain, today) or _read(plain, today)
    if span is None:
        close = nearest(plain, _NAMED_SPANS)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise Refused(
            f'"{" ".join(words)[:40]}" is no month or day.{hint} Try {today:%Y-%m}, {today:%Y-%m-%d}, last week or '
            "last 30 days."
        )
    if not all(day.year in _YEARS_READ for day in span):
        raise _no_year(today)
    return span


def _no_year(today: date) -> Refused:
    return Refused(f"Years go from {_YEARS_READ[0]} to {_YEARS_READ[-1]}. Try {today:%Y-%m} or {today:%Y-%m-%d}.")


def names_days(words: list[str], today: date) -> bool:
    """Whether these words name days."""
    try:
        read_day_span(words, today)
    except Refused:
        return False
    return bool(words)


def _between(plain: str, today: date) -> DaySpan | None:
    """From one to another, as "1 nov to 15 nov"; the other way round is no span."""
    parts = _BETWEEN.fullmatch(plain)
    if parts is None:
        return None
    ends = _read(parts[1], today), _read(parts[2], today)
    if ends[0] is None or ends[1] is None or ends[0][0] > ends[1][1]:
        return None
    return ends[0][0], ends[1][1]


def _read(plain: str, today: date) -> DaySpan | None:
    try:
        return _named(plain, today) or _counted(plain, today) or _dated_period(plain, today)
    except ValueError:
        return None  # there is no such day
    except OverflowError:
        raise _no_year(today) from None


def _named(plain: str, today: date) -> DaySpan | None:
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    return {
        **dict.fromkeys(("", "month", "this month", "mtd", "month to date"), _month_period(today)),
        **dict.fromkeys(("today", "now", "day", "this day"), (today, today)),
        **dict.fromkeys(("yesterday", "last day", "previous day"), (today - _DAY_LONG, today - _DAY_LONG)),
        **dict.fromkeys(("last", "last month", "previous month"), _month_period(first - _DAY_LONG)),
        **dict.fromkeys(("week", "this week"), (monday, monday + 6 * _DAY_LONG)),
        **dict.fromkeys(("last week", "previous week"), (monday - 7 * _DAY_LONG, monday - _DAY_LONG)),
        **dict.fromkeys(("quarter", "this quarter", "qtd"), _quarter(quarter)),
        **dict.fromkeys(
            ("last quarter", "previous quarter"), _quarter((quarter - _DAY_LONG).replace(day=1), back=True)
        ),
        **dict.fromkeys(("year", "this year", "ytd", "year to date"), _year(today.year)),
        **dict.fromkeys(("last year", "previous year"), _year(today.year - 1)),
    }.get(plain)


def _counted(plain: str, today: date) -> DaySpan | None:
    counted = _COUNTED.fullmatch(plain)
    if counted is None:
        return None
    count = int(counted["count"]) * (7 if counted["unit"].startswith("w") else 1)
    if not 0 < count <= MOST_DAYS_BACK:
        raise Refused(f"At most {MOST_DAYS_BACK} days, and at least one. Try last 30 days, or this year.")
    return today - (count - 1) * _DAY_LONG, today


def _dated_period(plain: str, today: date) -> DaySpan | None:
    if re.fullmatch(r"\d{4}", plain, re.ASCII):
        return _year(int(plain)) if int(plain) else None
    if match := _MONTH.fullmatch(plain):
        number = _number(match["name"] or match["named"])
        year = match["year"] or match["before"]
        return _month_period(date(int(year) if year else today.year - (number > today.month), number, 1))
    if match := _QUARTER.fullmatch(plain):
        number, year = int(match["number"] or match["after"]), match["year"] or match["before"]
        begins = date(int(year) if year else today.year, 3 * number - 2, 1)
        return _quarter(begins if year or begins <= today else begins.replace(year=today.year - 1))
    if match := _DAY.fullmatch(plain):
        number, day = _number(match["name"] or match["named"]), int(match["day"] or match["number"])
        there = date(int(match["year"] or today.year), number, day)
        there = there if match["year"] or there <= today else there.replace(year=today.year - 1)
        return there, there
    return _numbered_period(plain)


def _numbered_period(plain: str) -> DaySpan | None:
    """2026-11, 2026-11-23, 11/2026 and 23.11.2026."""
    match = _NUMBERS.fullmatch(plain)
    if match is None:
        return None
    year, month, day = match["year"] or match["last"], match["month"] or match["second"], match["day"] or match["first"]
    there = date(int(year), int(month), int(day or 1))
    return (there, there) if day else _month_period(there)


def _number(name: str) -> int:
    return next(number for number, month in enumerate(MONTHS, 1) if month.startswith(name[:3]))


def _month_period(day: date) -> DaySpan:
    return day.replace(day=1), month_end(day)


def _quarter(day: date, *, back: bool = False) -> DaySpan:
    """Of its first month's day; `back`: of its last month's."""
    first = day.replace(month=day.month - 2) if back else day
    return first, month_end(first.replace(month=first.month + 2))


def _year(year: int) -> DaySpan:
    return date(year, 1, 1), date(year, 12, 31)
