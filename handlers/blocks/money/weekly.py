"""The weekly report as a message: the week, the month, and the things to do, each with its button."""

from datetime import date

from bot.domain.clock import HOUR_MS
from bot.domain.money.weekly import Todo, Weekly
from handlers.blocks.acting.approvals import ASK_STOP_BUTTON
from handlers.blocks.buttons import CLAIM_BUTTON
from handlers.blocks.money.forecast import month_line
from handlers.blocks.money.forecast_charts import FORECAST_BUTTON
from handlers.blocks.money.rent_or_buy import RENT_OR_BUY_BUTTON
from handlers.blocks.money.reports import IDLE_BUTTON, REPORT_BUTTON, REPORT_CSV_BUTTON, SOME, percent
from handlers.blocks.parts import Block, Reply, actions, button, context, cut, lines, section
from handlers.blocks.silence import not_counted
from handlers.blocks.words import about, at, days_in, esc, length, per_hour, persons, plural, usd

TODO_HEADS = {1: "The one thing to do", 2: "Two things to do", 3: "Three things to do"}


def weekly(report: Weekly) -> Reply:
    """One week's report."""
    conclusion = _conclusion(report)
    figures = lines([_idle(report), _closed(report), f"{month_line(report.forecast)}.", _saved(report), _since(report)])
    blocks: list[Block] = [section(f"*{conclusion}*"), section(figures)]
    if report.todos:
        blocks.append(section(f"*{TODO_HEADS[len(report.todos)]}*"))
        blocks += [section(_todo(todo, report.made_at), _button(todo)) for todo in report.todos]
    days = f"{report.first}|{report.last}"
    blocks.append(
        actions(
            button("By team", f"{REPORT_BUTTON}:team", f"{days}|team|new"),
            button("What idled", f"{IDLE_BUTTON}:week", f"{days}|instance|new"),
            button("Forecast", f"{FORECAST_BUTTON}:month", "month|total|"),
            button("As CSV", REPORT_CSV_BUTTON, f"{days}|instance"),
        )
    )
    blocks.append(context(_small_print(report)))
    return Reply(cut(f"{conclusion} {month_line(report.forecast)}.", 3_900), blocks, private=False)


def _conclusion(report: Weekly) -> str:
    spent = f"{report.rented.about}{usd(report.rented.micros, cents=False)} for rented GPU machines"
    beside = _beside(report)
    return f"GPU machines, {_day(report.first)} to {_day(report.last)}: {spent}{beside}."


def _beside(report: Weekly) -> str:
    before = report.before_micros
    if not before:
        return ""
    change = (report.rented.micros - before) / before
    if abs(change) < 0.005:
        return ", as much as the week before"
    more = "more" if change > 0 else "less"
    was = f"{about(exact=report.before_exact)}{usd(before, cents=False)}"
    return f", {abs(change) * 100:.0f} % {more} than the week before ({was})"


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"


def _idle(report: Weekly) -> str:
    said = []
    if report.rented.idle_share is not None:
        shares = percent(report.rented.idle_share)
        if report.rented.unknown_share >= SOME:
            shares += f"; of {percent(report.rented.unknown_share)} nobody knows"
        said.append(
            f"{report.rented.about_idle}{usd(report.rented.idle_micros, cents=False)} of it was idle ({shares})."
        )
    if report.owned.gpu_ms:
        idle, whole = (round(ms / HOUR_MS) for ms in (report.owned.idle_gpu_ms, report.owned.gpu_ms))
        said.append(f"Owned ones idled for {idle:,} of {plural(whole, 'GPU-hour')}.")
    return " ".join(said)


def _closed(report: Weekly) -> str:
    """How the month of the week ended, where it has."""
    if report.closed_micros is None:
        return ""
    closed = f"{about(exact=report.closed_exact)}{usd(report.closed_micros, cents=False)}"
    return f"{report.month:%B} is over: {closed} for rented machines."


def _since(report: Weekly) -> str:
    since = report.counted_from
    return f"Rented machines are counted from {since.day} {since:%B} on: nobody looked before." if since else ""


def _saved(report: Weekly) -> str:
    when = "this month so far" if report.closed_micros is None else f"in {report.month:%B}"
    if not report.saved_micros:
        return f"Nothing saved {when} that can be shown."
    return f"Saved and verified {when}: {about(exact=report.saved_exact)}{usd(report.saved_micros, cents=False)}."


def _todo(todo: Todo, now: int) -> str:
    name = esc(todo.name, 60)
    if todo.what == "budget":
        return f"*{name}* is expected to exceed its budget by {usd(todo.micros, cents=False)} this month."
    if todo.what == "buy":
        return f"*{name}* is rented all along: see whether buying is cheaper."
    since = f" for {length(now - todo.since)}" if todo.since is not None else ""
    held = f", held by {persons(todo.holders)}" if todo.holders else ", nobody holds it"
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


def _small_print(report: Weekly) -> str:
    ours = "Our own metering at our rates, without disks and traffic; not the provider's bill."
    zone = days_in(report.forecast.timezone, report.first, report.last)
    return " ".join([ours, zone, *not_counted(report.silent, report.made_at), f"Made {at(report.made_at)}."])
