"""The month in one line for a channel's digest: from a forecast that was kept, so that no digest waits for one."""

from zoneinfo import ZoneInfo

from bot.domain.clock import DAY
from bot.domain.days import day_start, local_day
from bot.domain.digest import MonthAhead
from bot.domain.money.report import Report, Scope
from bot.services.desk import Desk
from store.money import ledger, saved


def of_channel(desk: Desk, channel: str) -> MonthAhead | None:
    """Of the team whose channel it is, or of everything in the general one; None where no forecast of it was kept."""
    teams = [team.name for team in desk.roster().teams if team.channel == channel]
    if channel != desk.settings.slack.channel and len(teams) != 1:
        return None
    team = "" if channel == desk.settings.slack.channel else teams[0]
    now, zone = desk.clock(), ZoneInfo(desk.settings.digest.timezone)
    first = local_day(now, zone).replace(day=1)
    report = _kept(desk, Scope("team", team) if team else Scope(), now)
    if report is None or report.today.replace(day=1) != first or report.trust == "run-rate":
        return None
    found = saved.between(desk.store.reading(), day_start(first, zone), now)
    micros = sum(each.micros for each in found if team in {"", each.team})
    return MonthAhead(team, first, report.month.micros, report.budget_micros, report.chance_over, micros)


def _kept(desk: Desk, scope: Scope, now: int) -> Report | None:
    kept = ledger.newest_forecast(desk.store.reading(), scope.text)
    if kept is None or now - kept[0] > DAY:
        return None
    try:
        return Report.from_json(kept[1])
    except (KeyError, TypeError, ValueError):
        return None  # another version wrote it
