"""The week ahead as a strip of characters that keep their width, with the same in words below."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.clock import DAY_MS
from bot.domain.days import local
from bot.domain.sharing.bookings import Hold
from bot.domain.sharing.calendar import CalendarCell, CalendarWeek, calendar_cells, calendar_days
from handlers.blocks.buttons import BOOKINGS_BUTTON
from handlers.blocks.forms import form_button
from handlers.blocks.parts import Block, Reply, actions, button, context, cut_mrkdwn, filled, lines, plainly, section
from handlers.blocks.words import at, clock_time, code, esc, gpu_command, gpus, person, plural, when

# Messages that stand in Slack carry these, so their text never changes.
CALENDAR_BUTTON = "calendar"

CELL_SIGNS: dict[CalendarCell, str] = {"over": " ", "free": "·", "some": "░", "taken": "▓", "mine": "█"}
CALENDAR_LEGEND = "█ yours  ▓ taken  ░ some GPUs taken  · free"
MOST_WEEKS_SHOWN = 5
MOST_HOLDS_SHOWN = 3
"""What fits a phone's screen below the strip."""
MOST_BUTTONS_SHOWN = 3


def week_of_machine(week: CalendarWeek, reader: str, zone: str, now: int) -> Reply:
    """One machine: a row a day, a character an hour."""
    there = ZoneInfo(zone)
    rows = ["       0     6     12    18"]
    for day in calendar_days(now, there):
        strip = "".join(CELL_SIGNS[cell] for cell in calendar_cells(week, day, there, reader, now))
        rows.append(f"{day:%a %d} {strip}".rstrip())
    name = esc(week.name, 60)
    holds = [_hold(week, hold) for hold in week.holds[:MOST_HOLDS_SHOWN]]
    first = f" The first {len(holds)} of {len(week.holds)}:" if len(week.holds) > len(holds) else ""
    words = lines(holds) or "Nothing is claimed or booked in these seven days."
    blocks = [
        section(f"*{name}*, the next 7 days"),
        _fixed(rows),
        context(f"{CALENDAR_LEGEND}. Hours of {esc(zone, 40)}.{first}"),
        section(words),
        actions(
            form_button("Book", "book", filled(machine=week.instance_id)),
            button(f"Bookings of {week.name}", BOOKINGS_BUTTON, week.instance_id),
        ),
    ]
    return Reply(cut_mrkdwn(f"{name}, the next 7 days: {words}", 2_900), blocks)


def _hold(week: CalendarWeek, hold: Hold) -> str:
    is_all = set(range(week.gpu_count)) <= set(hold.gpus)
    some = "" if is_all else f", {gpus(hold.gpus)}"
    note = f" ({esc(hold.note, 30)})" if hold.note else ""
    who = f"{person(hold.holder)}{some}{note}"
    if not hold.booked:
        return f"Until {when(hold.until_at)}: {who}"
    is_short = hold.until_at - hold.from_at < DAY_MS // 2
    return f"{when(hold.from_at)} to {clock_time(hold.until_at) if is_short else at(hold.until_at)}: {who}"


def week_of_fleet(weeks: Sequence[CalendarWeek], reader: str, zone: str, now: int) -> Reply:
    """Every machine of which something is claimed or booked: a row each, four characters a day."""
    if not weeks:
        return plainly(
            f"Nothing is claimed or booked for the next 7 days. {gpu_command('calendar train-7')} shows one machine."
        )
    there = ZoneInfo(zone)
    rows = ["".join(f"{day:%a} " for day in calendar_days(now, there)).rstrip()]
    for week in weeks[:MOST_WEEKS_SHOWN]:
        strip = "".join(
            CELL_SIGNS[cell]
            for day in calendar_days(now, there)
            for cell in calendar_cells(week, day, there, reader, now, hours=6)
        )
        rows += [esc(week.name, 28), strip.rstrip()]
    first = f"{plural(len(weeks), 'machine')} claimed or booked in the next 7 days."
    blocks = [section(f"*{first}*"), _fixed(rows)]
    more = len(weeks) - MOST_WEEKS_SHOWN
    rest = f" {more:,} more: {gpu_command('calendar NAME')} shows one." if more > 0 else ""
    blocks.append(context(f"{CALENDAR_LEGEND}. A character is 6 hours of {esc(zone, 40)}.{rest}"))
    shown = [
        button(f"Calendar of {week.name}", f"{CALENDAR_BUTTON}:{week.instance_id}", week.instance_id) for week in weeks
    ]
    text = lines([first, *(_in_words(week, there) for week in weeks[:MOST_WEEKS_SHOWN])])
    return Reply(cut_mrkdwn(text, 2_900), [*blocks, actions(form_button("Book", "book"), *shown[:MOST_BUTTONS_SHOWN])])


def _in_words(week: CalendarWeek, zone: ZoneInfo) -> str:
    """For who hears it read: the strip says nothing aloud."""
    times = ", ".join(f"{_short(hold.from_at, zone)} to {_short(hold.until_at, zone)}" for hold in week.holds[:3])
    return f"{esc(week.name, 60)}: {times}{' and more' if len(week.holds) > 3 else ''}."


def _short(instant: int, zone: ZoneInfo) -> str:
    there: datetime = local(instant, zone)
    return f"{there:%a %-d %b %H:%M}"


def _fixed(rows: Sequence[str]) -> Block:
    return section("```\n" + "\n".join(rows) + "\n```")


def feed_address(url: str, *, is_whole: bool, replaced: bool, of: str) -> Reply:
    """The address of a feed, shown once."""
    how = (
        "In your calendar, choose to subscribe by URL."
        if is_whole
        else "Put the address of Valet's door before it; an admin knows it, and sets `[door] url` to have it here."
    )
    older = " The one you had before has stopped working." if replaced else ""
    text = f"The calendar feed of {esc(of)}, shown only this once:\n{code(url, 300)}\n{how}{older}"
    small = (
        f"Whoever has the address can read it: keep it to yourself. {gpu_command('calendar feed off')} makes it stop."
    )
    return Reply(text, [section(text), context(small)], secret=True)
