"""The weekly report for management: made once per channel and week, kept as it was made."""

from collections.abc import Iterator
from datetime import date

from bot.domain.days import ONE_DAY, month_end
from bot.domain.money.budgets import LIKELY_OVER
from bot.domain.money.scope import TOTAL, Scope
from bot.domain.money.weekly import Todo, Weekly, due_on, weekly_todos, without_days
from bot.services import queries
from bot.services.context import Context
from bot.services.digest import judged_lately
from bot.services.money import budget_amounts, forecast, ledger, reports, savings
from store import outbox as stored_outbox
from store.money import weekly as stored_weekly

KIND = "weekly"


def make_due_weekly(ctx: Context) -> bool:
    """Make the report if one is due and not made yet; whether it had something to say. Run it every few minutes."""
    chosen, now = ctx.settings.reports, ctx.clock()
    if not chosen.channel:
        return False
    day = due_on(now, chosen.timezone or ctx.settings.digest.timezone, chosen.weekday, chosen.at)
    db = ctx.store.reading()
    if (
        day is None
        or stored_weekly.is_done(db, chosen.channel, day.isoformat())
        or not judged_lately(db, now)
        or ledger.why_nothing_known(ctx)
    ):
        return False
    made = _made(ctx, chosen.channel, day, now)
    report = None if made.is_empty else made
    with ctx.store.writing() as writing:
        fresh = stored_weekly.keep_first(writing, chosen.channel, day.isoformat(), report, now=now)
        spoken = fresh and report is not None
        if spoken:
            subject = f"{chosen.channel}|{day.isoformat()}"
            stored_outbox.tell(
                writing, chosen.channel, f"{KIND}:{day.isoformat()}", kind=KIND, subject=subject, now=now
            )
    if spoken:
        ctx.wake()
    return spoken


def _made(ctx: Context, channel: str, day: date, now: int) -> Weekly:
    """Of the seven days that are over in the zone of [digest], whatever day it is where the report is read."""
    today = savings.today(ctx)
    last = min(day, today) - ONE_DAY
    first, month = last - 6 * ONE_DAY, last.replace(day=1)
    week = reports.spend_report(ctx, "team", first, last)
    closed = reports.spend_report(ctx, "team", month, month_end(last)) if month_end(last) < today else None
    saved = savings.savings_of(ctx, month, min(today, month_end(last)))
    return Weekly(
        channel=channel,
        first=first,
        last=last,
        made_at=now,
        rented=week.rented,
        owned=week.owned,
        before_micros=week.before_micros,
        forecast=without_days(forecast.current_report(ctx, TOTAL)),
        month=month,
        closed_micros=closed.rented.micros if closed else None,
        saved_micros=saved.micros,
        todos=weekly_todos(reports.idle_now(ctx), _over_budget(ctx), _to_weigh(ctx)),
        before_exact=week.before_exact,
        saved_exact=saved.exact,
        closed_exact=closed is None or not closed.rented.about,
        silent=week.silent,
        counted_from=ledger.counted_from(ctx, min(first, month)),
    )


def _over_budget(ctx: Context) -> Iterator[Todo]:
    for team in ctx.roster().teams:
        scope = Scope("team", team.name)
        budget = budget_amounts.own_budget(ctx, scope)
        if budget is None:
            continue
        report = forecast.current_report(ctx, scope)
        over = report.month.micros - budget
        if over > 0 and (report.chance_over is None or report.chance_over >= LIKELY_OVER):
            yield Todo("budget", team.name, team.name, over)


def _to_weigh(ctx: Context) -> Iterator[Todo]:
    """Types that are rented now and that somebody has named a price to buy for."""
    rented = queries.types(ctx)
    return (Todo("buy", kind, kind) for kind in ctx.settings.buy.servers if kind in rented)


def weekly_of(ctx: Context, channel: str, local_date: str) -> Weekly | None:
    """A report as it was made; None when there was nothing to say, or no report."""
    return stored_weekly.kept_report(ctx.store.reading(), channel, local_date)
