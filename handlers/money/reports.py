"""/cost report and idle: what was spent, and what of it for nothing."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from bot.domain.days import local_day
from bot.domain.money.reports import REPORT_WAYS, ReportBy, SpendReport
from bot.errors import Refused
from bot.services import people
from bot.services.context import Context
from bot.services.money import reports, weekly
from handlers.blocks.money import idle as idle_blocks
from handlers.blocks.money import reports as reports_blocks
from handlers.blocks.money import weekly as weekly_blocks
from handlers.blocks.money.reports import (
    IDLE_BUTTON,
    IDLE_HOW_BUTTON,
    REPORT_BUTTON,
    REPORT_CSV_BUTTON,
    REPORT_HOW_BUTTON,
)
from handlers.blocks.parts import Reply
from handlers.controller import Draw, Press
from handlers.parsing.dates import names_days, read_day_span
from handlers.parsing.scopes import named_scope
from handlers.verbs import Ask, Verb

ANEW = "|new"
"""Ends a button's value where the message it is on stays: the answer comes beside it."""
WAY_WORDS: dict[str, ReportBy] = {"machine": "instance", "people": "person", "holder": "person", "user": "person"}
BY_WORDS = frozenset({"by", "per"})


def report(ask: Ask) -> Reply:
    """A month or a day, told apart one way."""
    by, first, last = _asked(ask, "report", "team")
    return _report(ask.ctx, reports.spend_report(ask.ctx, by, first, last))


def _report(ctx: Context, made: SpendReport) -> Reply:
    return reports_blocks.report(made, _names(ctx, made.by))


def _names(ctx: Context, by: ReportBy) -> dict[str, str]:
    """For the chart of a report by person."""
    return people.known(ctx) if by == "person" else {}


def _idle(ctx: Context, made: SpendReport) -> Reply:
    return idle_blocks.idle_report(made, _names(ctx, made.by))


def idle(ask: Ask) -> Reply:
    """What idled, and what idles now."""
    by, first, last = _asked(ask, "idle", "instance")
    return _idle(ask.ctx, reports.made_idle_report(ask.ctx, by, first, last))


def _asked(ask: Ask, verb: str, usual: ReportBy) -> tuple[ReportBy, date, date]:
    command, today = ask.ctx.settings.slack.cost_command, today_of(ask.ctx)
    words = [word.lower() for word in ask.words]
    said, words = _way(words)
    by = usual if said is None else way(said, f"{command} {verb}")
    _refuse_others(ask, words, f"{command} {verb}")
    first, last = read_day_span(words, today)
    if first > today:
        raise Refused(f"{first:%B %Y} has not come yet. Try `{command} {verb}`.")
    return by, first, last


def today_of(ctx: Context) -> date:
    """In the zone of everything about money."""
    return local_day(ctx.clock(), ZoneInfo(ctx.settings.digest.timezone))


def _way(words: list[str]) -> tuple[str | None, list[str]]:
    """What stands after "by", or a way alone; None without any, and the words without it."""
    at = next((number for number, word in enumerate(words) if word in BY_WORDS), None)
    if at is not None:
        return " ".join(words[at + 1 : at + 2]), words[:at] + words[at + 2 :]
    alone = next((word for word in words if _known(word)), None)
    return alone, [word for word in words if word != alone]


def without_way(words: list[str]) -> list[str]:
    """The words of a report that tell which days."""
    return _way([word.lower() for word in words])[1]


def _refuse_others(ask: Ask, words: list[str], command: str) -> None:
    """A report is of everything, told apart one way: say so to whoever asks for a team, or for two ways."""
    ways = [word for word in words if _known(word)]
    if ways:
        raise Refused(f"Say one way to split it, such as `{command} by {ways[0]}`.")
    scope = None if not words or names_days(words, today_of(ask.ctx)) else named_scope(ask.ctx, " ".join(words))
    if scope is not None:
        cost, by = ask.ctx.settings.slack.cost_command, "instance" if scope.kind == "total" else scope.kind
        forecast = f" `{cost} forecast {scope.label or scope.key}` is of it alone."
        raise Refused(f"A report covers everything: try `{command} by {by}`.{forecast}")


def way(said: str, command: str) -> ReportBy:
    """By what it is told apart. Raises Refused."""
    found = _known(said)
    if found is None:
        raise Refused(f'By "{said[:40]}"? Try `{command} by {"|".join(REPORT_WAYS)}`.')
    return found


def _known(said: str) -> ReportBy | None:
    return next((each for each in REPORT_WAYS if said in {each, f"{each}s"}), None) or WAY_WORDS.get(
        said.removesuffix("s")
    )


def report_of_button(ctx: Context, value: str, *, idling: bool = False) -> SpendReport:
    """The report of a button's days and way. Raises Refused where another version made the button."""
    try:
        first, last, by = value.removesuffix(ANEW).split("|")
        days = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise Refused("This button is from another version of Valet. Use the command instead.") from None
    make = reports.made_idle_report if idling else reports.spend_report
    return make(ctx, way(by, f"{ctx.settings.slack.cost_command} report"), *days)


VERBS = (
    Verb(
        "report",
        f"report [month|week|day] [by {'|'.join(REPORT_WAYS)}]",
        "What was spent, for whom, and how much idled.",
        report,
    ),
    Verb(
        "idle", f"idle [month|week|day] [by {'|'.join(REPORT_WAYS)}]", "What idled, who holds it and since when.", idle
    ),
)


def show_report(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[By person], [October 2026]: in place."""
    return replace(_report(ctx, report_of_button(ctx, value)), replace=not value.endswith(ANEW))


def on_idle(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[By team] under what idled: in place."""
    return replace(_idle(ctx, report_of_button(ctx, value, idling=True)), replace=not value.endswith(ANEW))


def how_report_counted(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[How this is counted] under a report: beside it."""
    return reports_blocks.report_how(report_of_button(ctx, value))


def how_idle_counted(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[How this is counted] under what idled: beside it."""
    return idle_blocks.idle_counted(report_of_button(ctx, value, idling=True))


def as_csv(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[As CSV]: a file to whoever pressed."""
    made = report_of_button(ctx, value)
    return reports_blocks.as_csv(made, "".join(reports.csv(made)))


BUTTONS: dict[str, Press] = {
    REPORT_BUTTON: show_report,
    IDLE_BUTTON: on_idle,
    REPORT_CSV_BUTTON: as_csv,
    REPORT_HOW_BUTTON: how_report_counted,
    IDLE_HOW_BUTTON: how_idle_counted,
}


def draw_report(ctx: Context, subject: str) -> Reply | None:
    """A report; its subject is "channel|date"."""
    channel, _, local_date = subject.partition("|")
    made = weekly.weekly_of(ctx, channel, local_date)
    return weekly_blocks.weekly(made) if made else None


MESSAGES: dict[str, Draw] = {weekly.KIND: draw_report}
