"""Amounts, lengths and instants in words, and the one place where untrusted text is made inert."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.acting.snooze import Snooze
from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.days import cuts_an_hour, month_end
from bot.domain.machines.models import GpuKind
from bot.domain.machines.rollups import HourCell
from bot.domain.money.rates import MICROS_PER_USD, Rate
from bot.domain.parts import typed, written
from bot.domain.people import is_forgotten
from bot.domain.sharing.bookings import BookingSlot
from bot.domain.sharing.claims import Claim

_BARS = "▁▂▃▄▅▆▇█"
_COMMANDS: ContextVar[Mapping[str, str]] = ContextVar("the commands as they are called here")
_CHANNEL = re.compile(r"(<#[A-Z0-9]+>)")
_USUAL = {"gpu": "/gpu", "cost": "/cost"}
_LINKS = re.compile(r"://|@(?=(?:channel|here|everyone)\b)|\bwww(?=\.)|\bmailto(?=:)", re.IGNORECASE)


def esc(text: str, limit: int = 200) -> str:
    """Untrusted text for mrkdwn: no markup, no mention, no link, no control characters.

    At most `limit` characters as they are sent, where "&" alone takes five.
    """
    plain = unicodedata.normalize("NFKC", text[: 4 * limit])
    if not plain.isprintable():  # what is, has none of those
        plain = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in plain)
    plain = " ".join(plain.split())
    for char, inert in (("`", "'"), ("*", "\u2217"), ("~", "\u223c")):
        plain = plain.replace(char, inert)
    return _fitting(_unlinked(plain), limit)


def _unlinked(plain: str) -> str:
    """Text without blocks is read for addresses and @channel, and can't be told not to: they are broken unseen."""
    return _LINKS.sub(lambda found: f"{found[0][0]}\u2060{found[0][1:]}", plain)


_AS_IT_IS = re.compile(r"(`[^`]*`|<[^<>]*>|https?://\S+)")
_NO_DOMAIN = r"\d*x?large|metal|toml|csv|json|ya?ml|db|service"
_DOMAIN = re.compile(rf"(?<=[\w-])\.(?=(?!(?:{_NO_DOMAIN})\b)[^\W\d_]{{2,}})", re.IGNORECASE)
"""The dot before what could be a top-level domain: Slack knows 1,400 of them, such as `ml`, `ai`, `sh` and `py`.

Sizes of machines and the files that Valet speaks of itself are none, and stay as they are.
"""


def as_typed(text: str) -> str:
    """The text of a message with no name or note in it that Slack would take for an address: `train-7.ml`, `run.sh`.

    Blocks are told not to look for addresses; the text beside them, or without them, can't be. What stands between
    backticks or angle brackets, and whole addresses, are left as they are.
    """
    if "." not in text:
        return text
    parts = _AS_IT_IS.split(text)
    return "".join(part if number % 2 else _DOMAIN.sub("\u2060.", part) for number, part in enumerate(parts))


def _fitting(plain: str, limit: int) -> str:
    escaped = as_inert(plain)
    if len(escaped) <= limit:
        return escaped
    kept, room = "", limit - 1
    for char in plain:
        piece = as_inert(char)
        if len(kept) + len(piece) > room:
            break
        kept += piece
    return kept + "…"


def say(sentence: str) -> str:
    """A sentence made below the face, as Slack shows it: people as mentions, commands to be copied, all else inert.

    Names inside it carry no angle brackets (`bot.domain.machines.fleet.plain`), so none of them can pose as a part.
    """
    return written(sentence, person=person, command=_command, moment=at, text=_inert)


def _inert(text: str) -> str:
    pieces = _CHANNEL.split(text)
    return "".join(piece if number % 2 else as_inert(piece) for number, piece in enumerate(pieces))


@contextmanager
def commands_called(gpu: str, cost: str) -> Iterator[None]:
    """Within it commands are written as this workspace calls them; an admin may have renamed them."""
    before = _COMMANDS.set({"gpu": gpu, "cost": cost})
    try:
        yield
    finally:
        _COMMANDS.reset(before)


def gpu_command(*words: str) -> str:
    """The machine command, as people type it here; the words are inert already."""
    return _typed("gpu", " ".join(words))


def cost_command(*words: str) -> str:
    """The money command, as people type it here; the words are inert already."""
    return _typed("cost", " ".join(words))


def _command(name: str, words: str) -> str:
    return _typed(name, as_inert(words))


def _typed(name: str, words: str) -> str:
    return typed(_COMMANDS.get(_USUAL)[name], words)


def as_inert(text: str) -> str:
    """Text in which Slack finds no markup; it is not shortened and keeps its characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str, limit: int = 80) -> str:
    """Untrusted text as a code span, so that no character of it is markup."""
    return f"`{esc(text, limit) or '-'}`"


def usd(micros: int, *, cents: bool = True) -> str:
    """Dollars: $5.67, or $5,670 without cents."""
    sign, micros = ("-", -micros) if micros < 0 else ("", micros)
    if cents:
        total = (micros + MICROS_PER_USD // 200) // (MICROS_PER_USD // 100)
        return f"{sign}${total // 100:,}.{total % 100:02d}"
    return f"{sign}${(micros + MICROS_PER_USD // 2) // MICROS_PER_USD:,}"


def roughly(micros: int) -> str:
    """Dollars, with cents only where they matter: below a hundred."""
    return usd(micros, cents=0 < abs(micros) < 100 * MICROS_PER_USD)


def chance_of(share: float) -> str:
    """A chance: 21 %, and never quite none or all."""
    percent = round(share * 100)
    return "under 1 %" if percent < 1 else "over 99 %" if percent > 99 else f"{percent} %"


def per_hour(micros: int) -> str:
    """Dollars an hour, whole from a hundred on."""
    return f"{usd(micros, cents=abs(micros) < 100 * MICROS_PER_USD)}/h"


def rate_in_words(rate: Rate) -> str:
    """What a machine costs an hour, with "about" where that is not exact."""
    return f"{about(exact=rate.exact)}{per_hour(rate.micros_per_hour)}"


def about(*, exact: bool) -> str:
    """What stands before an amount: a word where its rate is not exact."""
    return "" if exact else "about "


def length(ms: int) -> str:
    """A length of time in at most two units: 45 m, 3 h 12 m, 2 d 4 h."""
    ms = max(ms, 0)
    if ms < HOUR_MS:
        return f"{ms // MINUTE_MS} m"
    if ms < DAY_MS:
        minutes = ms % HOUR_MS // MINUTE_MS
        return f"{ms // HOUR_MS} h {minutes} m" if minutes else f"{ms // HOUR_MS} h"
    hours = ms % DAY_MS // HOUR_MS
    return f"{ms // DAY_MS} d {hours} h" if hours else f"{ms // DAY_MS} d"


def at(instant: int) -> str:
    """An instant in the reader's own zone; the fallback is UTC and says so."""
    fallback = datetime.fromtimestamp(instant / 1000, UTC).strftime("%a %H:%M UTC")
    return f"<!date^{instant // 1000}^{{date_short_pretty}} {{time}}|{fallback}>"


def day_at(instant: int) -> str:
    """An instant as it stands after a verb, in the reader's own zone: asked "today at 09:14"."""
    return at(instant).replace("} {time}", "} at {time}")


def when(instant: int) -> str:
    """An instant with its date, in the reader's own zone; the fallback is UTC and says so."""
    fallback = datetime.fromtimestamp(instant / 1000, UTC).strftime("%a %-d %b %H:%M UTC")
    return f"<!date^{instant // 1000}^{{date_short_pretty}} {{time}}|{fallback}>"


def near(instant: int, seen: int) -> str:
    """An instant for whoever knows or reads it at `seen`: a weekday alone tells it within six days only."""
    return at(instant) if abs(instant - seen) < 6 * DAY_MS else when(instant)


def by_clock(instant: int, seen: int) -> str:
    """An instant by its time alone where that is clear: within half a day of when it is, or was, read."""
    return clock_time(instant) if abs(instant - seen) < DAY_MS // 2 else near(instant, seen)


def snooze_line(snooze: Snooze) -> str:
    """Who keeps a machine until when, and why."""
    reason = f" ({esc(snooze.reason, 120)})" if snooze.reason else ""
    return f"by {person(snooze.who)} until {near(snooze.until_at, snooze.made_at)}{reason}"


def ends(held: Claim | BookingSlot) -> str:
    """When a claim or a booking ends."""
    return near(held.until_at, held.from_at)


def on_day(instant: int) -> str:
    """The day of an instant, in the reader's own zone: for what is weeks ago."""
    moment = datetime.fromtimestamp(instant / 1000, UTC)
    return f"<!date^{instant // 1000}^{{date_short}}|{moment.day} {moment:%B %Y}>"


def clock_time(instant: int) -> str:
    """Only the time of day, in the reader's own zone."""
    fallback = datetime.fromtimestamp(instant / 1000, UTC).strftime("%H:%M UTC")
    return f"<!date^{instant // 1000}^{{time}}|{fallback}>"


def days_in(timezone: str, first: date, last: date, what: str = "Days") -> str:
    """The zone in which days are meant, and where they are cut, if that is amid an hour of the ledger."""
    return f"{what} in {esc(timezone, 60)}.{midnight(timezone, first, last)}"


def midnight(timezone: str, first: date, last: date) -> str:
    """A sentence on where days from one to another are cut, if that is amid an hour of the ledger; else empty."""
    if not cuts_an_hour((first, last + timedelta(days=1)), ZoneInfo(timezone)):
        return ""
    return " Midnight there falls within an hour of UTC, which counts for the day it began in."


def days(first: date, last: date, today: date) -> str:
    """Days from one to another: "Sunday 22 November", "November", "2026", or "16 Nov to 22 Nov".

    A year that is not this one is said.
    """
    year = "" if first.year == last.year == today.year else f" {last:%Y}"
    if first == last:
        return f"{first:%A} {first.day} {first:%B}{year}"
    if first.day == 1 and last == month_end(first):
        return f"{first:%B}{year}"
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year:
        return f"{first:%Y}"
    begins = "" if first.year == last.year else f" {first:%Y}"
    return f"{first.day} {first:%b}{begins} to {last.day} {last:%b}{year}"


def plural(count: int, noun: str) -> str:
    """1 GPU, 2 GPUs."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def kind_in_words(kind: GpuKind) -> str:
    """A kind of GPU: A100, A100 with 80 GB or more."""
    return re.sub(r"&gt;=(\d+)GB", r"with \1 GB or more", esc(str(kind), 60))


def addresses(count: int) -> str:
    """1 elastic IP address, 2 elastic IP addresses."""
    return f"{count:,} elastic IP address{'' if count == 1 else 'es'}"


def hour_bars(cells: Sequence[HourCell]) -> str:
    """A strip of hours: the higher, the more of the minutes seen had work; a dot where too few were seen."""
    return "".join(_bar(cell) for cell in cells)


def _bar(cell: HourCell) -> str:
    if cell.active_share is None:
        return "·"
    return _BARS[min(len(_BARS) - 1, round(cell.active_share * (len(_BARS) - 1)))]


def person(user: str) -> str:
    """A mention; Slack shows the name."""
    if is_forgotten(user):
        return "somebody forgotten"
    return f"<@{user}>" if user else "nobody"


def persons(users: Sequence[str]) -> str:
    """Mentions of several people; "nobody" for none."""
    named = [person(user) for user in users]
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named) or "nobody"


def gpus(indexes: Sequence[int]) -> str:
    """GPUs by their indexes: GPU 3, GPUs 0-2, 5."""
    runs: list[list[int]] = []
    for index in indexes:
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    named = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    return f"GPU{'' if len(indexes) == 1 else 's'} {named}"
