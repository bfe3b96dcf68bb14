"""Reads the provider's bill when that is due, and never more often than was allowed: some looks cost money."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from bot.billing.bill import Bill
from bot.domain import clock, tags
from bot.domain.money.bill import DAY, BillLine, BillLook, utc_day
from bot.errors import Refused, ValetError, answering
from bot.services.desk import Desk
from store.money import bill as bills

JITTER = 10 * clock.MINUTE
"""A job that is this early is on time."""
RETRY = clock.HOUR
SETTLES = 2 * clock.DAY
"""So long an export that has become shorter is taken for one that is still arriving."""
KEEP_LOOKS = 90 * clock.DAY


def fetch(desk: Desk, bill: Bill) -> bool:
    """Look at the bill if a look is due; whether one was made. A failure is kept as the sentence that people see."""
    now = desk.clock()
    _count_charges(desk)
    if not _is_due(desk, bill, now):
        return False
    since = (utc_day(now) - desk.settings.bill.lookback_days * DAY).replace(day=1)  # half a month would look cheap
    try:
        with answering(bill.name):
            look = bill.look(since, now, partial(_spend, desk, bill.name))
        _refuse_shorter(desk, look, now)
    except ValetError as error:
        with desk.store.writing() as db:
            bills.failed(db, bill.name, desk.settings.bill.path or desk.settings.bill.table, now, str(error))
        return True
    with desk.store.writing() as db:
        bills.keep(db, replace(look, lines=_with_teams(look.lines, desk.settings.teams)), now)
        bills.prune(db, now - KEEP_LOOKS)
    return True


def _with_teams(lines: Sequence[BillLine], teams: Collection[str]) -> tuple[BillLine, ...]:
    """The lines under the teams of the settings, however their tags are spelt: the ledger has them so, too."""
    known = {team: tags.named(team, teams) for team in {line.team for line in lines} if team}
    return tuple(replace(line, team=known[line.team]) if line.team else line for line in lines)


def _refuse_shorter(desk: Desk, look: BillLook, now: int) -> None:
    """Raises Refused where a month ends days before what was read of it lately: an export arrives file by file.

    After two days it counts as it is: whoever has it may have taken something back.
    """
    if look.first != date.min:
        return  # it was asked for days, and has what there is of them
    known = bills.reach(desk.store.reading(), look.source, look.place, now - SETTLES)
    for period, last in known.items():
        days = [line.day for line in look.lines if line.period == period and line.kind == "usage"]
        if days and max(days) < last:
            raise Refused(
                f"{look.place} has {period} only up to {max(days):%d %b}, and had it up to {last:%d %b}: it is still "
                "arriving, or something is missing. What was read before stands"
            )


def _is_due(desk: Desk, bill: Bill, now: int) -> bool:
    db = desk.store.reading()
    good, bad = bills.newest(db, bill.name, ok=True), bills.newest(db, bill.name, ok=False)
    if bad is not None and 0 <= now - bad.looked_at < RETRY - JITTER:
        return False
    if good is None:
        return True
    try:
        with answering(bill.name):
            seal = bill.seal()
    except ValetError:
        return True  # the look will say why
    if seal:
        return seal != good.seal
    return not 0 <= now - good.looked_at < clock.DAY // desk.settings.bill.looks_per_day - JITTER


def _spend(desk: Desk, source: str) -> None:
    """Count a request before it is made, so that no crash can make it free. Raises Refused beyond the most a day."""
    most = desk.settings.bill.requests_per_day
    with desk.store.writing() as db:
        if not bills.count_request(db, source, utc_day(desk.clock()), most):
            raise Refused(f"{most} paid requests were made today (UTC), the most that bill.requests_per_day allows.")


def _count_charges(desk: Desk) -> None:
    """Carry our ledger on by the days of the bill."""
    done = False
    while not done:
        with desk.store.writing() as db:
            done = bills.catch_up(db)
