"""/cost report and idle: what was spent, and what of it for nothing."""

from datetime import date
from zoneinfo import ZoneInfo

from bot.domain.days import local_day
from bot.domain.money.spend_report import WAYS, ReportBy, SpendReport
from bot.errors import Refused
from bot.services.desk import Desk
from bot.services.money import spend_reporting
from handlers.blocks.money import reports as blocks
from handlers.blocks.parts import Reply
from handlers.commands.bill import span
from handlers.commands.verbs import Ask, Verb

ANEW = "|new"
"""Ends a button's value where the message it is on stays: the answer comes beside it."""
ALSO: dict[str, ReportBy] = {"machine": "instance", "people": "person", "holder": "person"}


def report(ask: Ask) -> Reply:
    """A month or a day, told apart one way."""
    by, first, last = _asked(ask, "report", "team")
    return blocks.report(spend_reporting.report(ask.desk, by, first, last))


def idle(ask: Ask) -> Reply:
    """What idled, and what idles now."""
    by, first, last = _asked(ask, "idle", "instance")
    return blocks.idle(spend_reporting.idle(ask.desk, by, first, last))


def _asked(ask: Ask, verb: str, usual: ReportBy) -> tuple[ReportBy, date, date]:
    words = [word.lower() for word in ask.words]
    by, command = usual, ask.desk.settings.slack.cost_command
    if "by" in words:
        number = words.index("by")
        said, words = " ".join(words[number + 1 : number + 2]), words[:number] + words[number + 2 :]
        by = way(said, f"{command} {verb}")
    today = local_day(ask.desk.clock(), ZoneInfo(ask.desk.settings.digest.timezone))
    first, last = span(words, today)
    if first > today:
        raise Refused(f"{first:%B %Y} has not come yet. Try `{command} {verb}`.")
    return by, first, last


def way(said: str, command: str) -> ReportBy:
    """By what it is told apart. Raises Refused."""
    found = next((each for each in WAYS if said in {each, f"{each}s"}), None) or ALSO.get(said.removesuffix("s"))
    if found is None:
        raise Refused(f'By "{said[:40]}"? Try `{command} by {"|".join(WAYS)}`.')
    return found


def pressed(desk: Desk, value: str, *, idling: bool = False) -> SpendReport:
    """The report of a button's days and way. Raises Refused where another version made the button."""
    try:
        first, last, by = value.removesuffix(ANEW).split("|")
        days = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise Refused("This button is from another version of Valet. Use the command instead.") from None
    make = spend_reporting.idle if idling else spend_reporting.report
    return make(desk, way(by, f"{desk.settings.slack.cost_command} report"), *days)


VERBS = (
    Verb("report", f"report [month] [by {'|'.join(WAYS)}]", "What was spent, for whom, and how much idled.", report),
    Verb("idle", f"idle [month] [by {'|'.join(WAYS)}]", "What idled, who holds it and since when.", idle),
)
