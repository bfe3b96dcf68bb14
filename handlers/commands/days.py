"""Days as finance types them: a month, a week, a quarter, a year, a day, so many days, or from one to another."""

import re
from datetime import date, timedelta

from bot.domain.days import month_end
from bot.errors import Refused
from bot.nearest import nearest

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
NAMED = ("today", "yesterday", "last month", "last week", "this week", "this year", *MONTHS)
YEARS = range(2000, 2100)
MOST_DAYS = 400
DAY = timedelta(days=1)
Span = tuple[date, date]

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


def days(words: list[str], today: date) -> Span:
    """The days that are meant, both counted: this month without words. Raises Refused."""
    plain = " ".join(_NOISE.sub(" ", " ".join(words).lower()).split())
    if re.search(r" (vs|versus|and|or) ", plain):
        raise Refused('One span at a time, or from one to another. Try "october", or "october to november".')
    found = _between(plain, today) or _read(plain, today)
    if found is None:
        close = nearest(plain, NAMED)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise Refused(
            f'"{" ".join(words)[:40]}" is no month or day.{hint} Try {today:%Y-%m}, {today:%Y-%m-%d}, last week or '
            "last 30 days."
        )
    if not all(day.year in YEARS for day in found):
        raise _no_year(today)
    return found


def _no_year(today: date) -> Refused:
    return Refused(f"Years go from {YEARS[0]} to {YEARS[-1]}. Try {today:%Y-%m} or {today:%Y-%m-%d}.")


def reads(words: list[str], today: date) -> bool:
    """Whether these words name days."""
    try:
        days(words, today)
    except Refused:
        return False
    return bool(words)


def _between(plain: str, today: date) -> Span | None:
    """From one to another, as "1 nov to 15 nov"; the other way round is no span."""
    parts = _BETWEEN.fullmatch(plain)
    if parts is None:
        return None
    ends = _read(parts[1], today), _read(parts[2], today)
    if ends[0] is None or ends[1] is None or ends[0][0] > ends[1][1]:
        return None
    return ends[0][0], ends[1][1]


def _read(plain: str, today: date) -> Span | None:
    try:
        return _named(plain, today) or _counted(plain, today) or _dated(plain, today)
    except ValueError:
        return None  # there is no such day
    except OverflowError:
        raise _no_year(today) from None


def _named(plain: str, today: date) -> Span | None:
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    return {
        **dict.fromkeys(("", "month", "this month", "mtd", "month to date"), _month(today)),
        **dict.fromkeys(("today", "now", "day", "this day"), (today, today)),
        **dict.fromkeys(("yesterday", "last day", "previous day"), (today - DAY, today - DAY)),
        **dict.fromkeys(("last", "last month", "previous month"), _month(first - DAY)),
        **dict.fromkeys(("week", "this week"), (monday, monday + 6 * DAY)),
        **dict.fromkeys(("last week", "previous week"), (monday - 7 * DAY, monday - DAY)),
        **dict.fromkeys(("quarter", "this quarter", "qtd"), _quarter(quarter)),
        **dict.fromkeys(("last quarter", "previous quarter"), _quarter((quarter - DAY).replace(day=1), back=True)),
        **dict.fromkeys(("year", "this year", "ytd", "year to date"), _year(today.year)),
        **dict.fromkeys(("last year", "previous year"), _year(today.year - 1)),
    }.get(plain)


def _counted(plain: str, today: date) -> Span | None:
    found = _COUNTED.fullmatch(plain)
    if found is None:
        return None
    count = int(found["count"]) * (7 if found["unit"].startswith("w") else 1)
    if not 0 < count <= MOST_DAYS:
        raise Refused(f"At most {MOST_DAYS} days, and at least one. Try last 30 days, or this year.")
    return today - (count - 1) * DAY, today


def _dated(plain: str, today: date) -> Span | None:
    if re.fullmatch(r"\d{4}", plain, re.ASCII):
        return _year(int(plain)) if int(plain) else None
    if found := _MONTH.fullmatch(plain):
        number = _number(found["name"] or found["named"])
        year = found["year"] or found["before"]
        return _month(date(int(year) if year else today.year - (number > today.month), number, 1))
    if found := _QUARTER.fullmatch(plain):
        number, year = int(found["number"] or found["after"]), found["year"] or found["before"]
        begins = date(int(year) if year else today.year, 3 * number - 2, 1)
        return _quarter(begins if year or begins <= today else begins.replace(year=today.year - 1))
    if found := _DAY.fullmatch(plain):
        number, day = _number(found["name"] or found["named"]), int(found["day"] or found["number"])
        there = date(int(found["year"] or today.year), number, day)
        there = there if found["year"] or there <= today else there.replace(year=today.year - 1)
        return there, there
    return _numbered(plain)


def _numbered(plain: str) -> Span | None:
    """2026-11, 2026-11-23, 11/2026 and 23.11.2026."""
    found = _NUMBERS.fullmatch(plain)
    if found is None:
        return None
    year, month, day = found["year"] or found["last"], found["month"] or found["second"], found["day"] or found["first"]
    there = date(int(year), int(month), int(day or 1))
    return (there, there) if day else _month(there)


def _number(name: str) -> int:
    return next(number for number, each in enumerate(MONTHS, 1) if each.startswith(name[:3]))


def _month(day: date) -> Span:
    return day.replace(day=1), month_end(day)


def _quarter(day: date, *, back: bool = False) -> Span:
    """Of its first month's day; `back`: of its last month's."""
    first = day.replace(month=day.month - 2) if back else day
    return first, month_end(first.replace(month=first.month + 2))


def _year(year: int) -> Span:
    return date(year, 1, 1), date(year, 12, 31)
