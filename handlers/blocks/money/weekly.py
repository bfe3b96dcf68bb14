"""The weekly report as a message: the week, the month, and the things to do, each with its button."""

from datetime import date

from bot.domain.clock import HOUR_MS
from bot.domain.money.weekly import Todo, Weekly
from handlers.blocks.acting.approvals import ASK_STOP_BUTTON
from handlers.blocks.buttons import CLAIM_BUTTON
from handlers.blocks.money.charts import bar_chart
from handlers.blocks.money.forecast import month_line
from handlers.blocks.money.forecast_charts import FORECAST_BUTTON
from handlers.blocks.money.rent_or_buy import RENT_OR_BUY_BUTTON
from handlers.blocks.money.reports import (
    HOW,
    IDLE_BUTTON,
    REPORT_BUTTON,
    REPORT_CSV_BUTTON,
    REPORT_HOW_BUTTON,
    SOME,
    percent,
)
from handlers.blocks.parts import Block, Reply, actions, button, context, cut, lines, section
from handlers.blocks.silence import not_counted
from handlers.blocks.tables import Cell, table, usd_figure
from handlers.blocks.words import about, at, days_in, esc, length, per_hour, persons, plural, roughly

TODO_HEADS = {1: "The one thing to do", 2: "Two things to do", 3: "Three things to do"}


def weekly(report: Weekly) -> Reply:
    """One week's report."""
    conclusion, silent = _conclusion(report), not_counted(report.silent, report.made_at)
    said = [f"*{conclusion}*", _closed(report), f"{month_line(report.forecast)}.", _since(report), *silent]
    blocks: list[Block] = [section(lines(said)), *_chart(report), *_figures(report)]
    if report.todos:
        blocks.append(section(f"*{TODO_HEADS[len(report.todos)]}*"))
        blocks += [section(_todo(todo, report.made_at), _button(todo)) for todo in report.todos]
    days = f"{report.first}|{report.last}"
    blocks.append(
        actions(
            button("By team", f"{REPORT_BUTTON}:team", f"{days}|team|new"),
            button("What idled", f"{IDLE_BUTTON}:week", f"{days}|instance|new"),
            button("Forecast", f"{FORECAST_BUTTON}:month", "month|total|"),
            button(HOW, REPORT_HOW_BUTTON, f"{days}|instance"),
            button("As CSV", REPORT_CSV_BUTTON, f"{days}|instance"),
        )
    )
    zone = days_in(report.forecast.timezone, report.first, report.last)
    blocks.append(context(f"{zone} Made {at(report.made_at)}."))
    return Reply(cut(f"{conclusion} {month_line(report.forecast)}.", 3_900), blocks, private=False)


def _conclusion(report: Weekly) -> str:
    rented = report.rented
    idle = ""
    if rented.idle_share is not None:
        unknown = f", {percent(rented.unknown_share)} not known" if rented.unknown_share >= SOME else ""
        idle = f", {percent(rented.idle_share)} of it idle ({rented.about_idle}{roughly(rented.idle_micros)}){unknown}"
    spent = f"{rented.about}{roughly(rented.micros)} rented{idle}"
    return f"GPU machines, {_day(report.first)} to {_day(report.last)}: {spent}{_beside(report)}."


def _beside(report: Weekly) -> str:
    before = report.before_micros
    if not before:
        return ""
    change = (report.rented.micros - before) / before
    if abs(change) < 0.005:
        return "; as much as the week before"
    more = "more" if change > 0 else "less"
    return f"; {abs(change) * 100:.0f} % {more} than the week before ({roughly(before)})"


def _chart(report: Weekly) -> list[Block]:
    spent = report.rented
    known = {"in use": spent.busy_micros, "idle": spent.idle_micros, "not known": spent.unknown_micros}
    return bar_chart("Rented machines by use, USD", list(known), {"USD": list(known.values())}, x_label="what they did")


def _figures(report: Weekly) -> list[Block]:
    """The week and the month beside each other; what is not known has no row."""
    rows: list[list[Cell]] = [["rented", usd_figure(report.rented.micros, exact=not report.rented.is_estimated)]]
    if report.rented.idle_share is not None:
        rows.append(["of it idle", usd_figure(report.rented.idle_micros, exact=not report.rented.is_idle_estimated)])
    if report.before_micros:
        rows.append(["the week before", usd_figure(report.before_micros, exact=report.before_exact)])
    if report.owned.gpu_ms:
        idle, whole = (round(ms / HOUR_MS) for ms in (report.owned.idle_gpu_ms, report.owned.gpu_ms))
        rows.append(["owned machines idle", f"{idle:,} of {plural(whole, 'GPU-hour')}"])
    when = "this month so far" if report.closed_micros is None else f"in {report.month:%B}"
    saved: Cell = usd_figure(report.saved_micros, exact=report.saved_exact) if report.saved_micros else "nothing"
    rows.append([f"saved {when}", saved])
    return table("The week in figures", ("What", "USD"), rows)


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"


def _closed(report: Weekly) -> str:
    """How the month of the week ended, where it has."""
    if report.closed_micros is None:
        return ""
    closed = f"{about(exact=report.closed_exact)}{roughly(report.closed_micros)}"
    return f"{report.month:%B} is over: {closed} rented."


def _since(report: Weekly) -> str:
    since = report.counted_from
    return f"Rented machines are counted from {since.day} {since:%B} on: nobody looked before." if since else ""


def _todo(todo: Todo, now: int) -> str:
    name = esc(todo.name, 60)
    if todo.what == "budget":
        return f"*{name}* will likely be {roughly(todo.micros)} over its budget this month."
    if todo.what == "buy":
        return f"*{name}* is rented all along: see whether buying is cheaper."
    since = f" for {length(now - todo.since)}" if todo.since is not None else ""
    held = f", held by {persons(todo.holders)}" if todo.holders else ", unclaimed"
    if todo.what == "use":
        why = f"is in {esc(todo.paid_anyway, 80)}, paid anyway," if todo.paid_anyway else "is owned"
        return f"*{name}* {why} and idles{since}{held}: use it before renting."
    cost = f", {about(exact=todo.exact)}{per_hour(todo.micros)}" if todo.micros else ""
    return f"*{name}* idles{since}{cost}{held}."


def _button(todo: Todo) -> Block:
    """What does it; who may is decided at the press."""
    if todo.what == "budget":
        return button(f"Forecast of {todo.name}", f"{FORECAST_BUTTON}:{todo.id}"[:255], f"month|team|{todo.id}")
    if todo.what == "buy":
        return button(f"Weigh {todo.name}", f"{RENT_OR_BUY_BUTTON}:{todo.id}"[:255], f"type:{todo.id}|{todo.id}")
    if todo.what == "use":
        return button(f"Claim {todo.name}", f"{CLAIM_BUTTON}:{todo.id}"[:255], todo.id)
    return button(f"Stop {todo.name}…", f"{ASK_STOP_BUTTON}:{todo.id}"[:255], todo.id)
