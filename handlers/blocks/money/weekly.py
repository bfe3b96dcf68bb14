"""The weekly report as a message: the week, the month, and the things to do, each with its button."""

from datetime import date

from bot.domain.clock import HOUR_MS
from bot.domain.money.weekly import Todo, Weekly
from handlers import ids
from handlers.blocks.money.forecast import month_line
from handlers.blocks.money.reports import SOME, percent
from handlers.blocks.parts import Block, Reply, actions, button, context, cut, lines, section
from handlers.blocks.silence import not_counted
from handlers.blocks.words import about, at, days_in, esc, length, per_hour, persons, plural, usd

TODO_HEADS = {1: "The one thing to do", 2: "Two things to do", 3: "Three things to do"}


def weekly(made: Weekly) -> Reply:
    """One week's report."""
    conclusion = _conclusion(made)
    figures = lines([_idle(made), _closed(made), f"{month_line(made.forecast)}.", _saved(made), _since(made)])
    blocks: list[Block] = [section(f"*{conclusion}*"), section(figures)]
    if made.todos:
        blocks.append(section(f"*{TODO_HEADS[len(made.todos)]}*"))
        blocks += [section(_todo(each, made.made_at), _button(each)) for each in made.todos]
    days = f"{made.first}|{made.last}"
    blocks.append(
        actions(
            button("By team", f"{ids.REPORT}:team", f"{days}|team|new"),
            button("What idled", f"{ids.IDLE}:week", f"{days}|instance|new"),
            button("Forecast", f"{ids.FORECAST}:month", "month|total|"),
            button("As CSV", ids.REPORT_CSV, f"{days}|instance"),
        )
    )
    blocks.append(context(_small_print(made)))
    return Reply(cut(f"{conclusion} {month_line(made.forecast)}.", 3_900), blocks, private=False)


def _conclusion(made: Weekly) -> str:
    spent = f"{made.rented.about}{usd(made.rented.micros, cents=False)} for rented GPU machines"
    beside = _beside(made)
    return f"GPU machines, {_day(made.first)} to {_day(made.last)}: {spent}{beside}."


def _beside(made: Weekly) -> str:
    before = made.before_micros
    if not before:
        return ""
    change = (made.rented.micros - before) / before
    if abs(change) < 0.005:
        return ", as much as the week before"
    more = "more" if change > 0 else "less"
    was = f"{about(exact=made.before_exact)}{usd(before, cents=False)}"
    return f", {abs(change) * 100:.0f} % {more} than the week before ({was})"


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"


def _idle(made: Weekly) -> str:
    said = []
    if made.rented.idle_share is not None:
        shares = percent(made.rented.idle_share)
        if made.rented.unknown_share >= SOME:
            shares += f"; of {percent(made.rented.unknown_share)} nobody knows"
        said.append(f"{made.rented.about_idle}{usd(made.rented.idle_micros, cents=False)} of it was idle ({shares}).")
    if made.owned.gpu_ms:
        idle, whole = (round(ms / HOUR_MS) for ms in (made.owned.idle_gpu_ms, made.owned.gpu_ms))
        said.append(f"Owned ones idled for {idle:,} of {plural(whole, 'GPU-hour')}.")
    return " ".join(said)


def _closed(made: Weekly) -> str:
    """How the month of the week ended, where it has."""
    if made.closed_micros is None:
        return ""
    closed = f"{about(exact=made.closed_exact)}{usd(made.closed_micros, cents=False)}"
    return f"{made.month:%B} is over: {closed} for rented machines."


def _since(made: Weekly) -> str:
    since = made.counted_from
    return f"Rented machines are counted from {since.day} {since:%B} on: nobody looked before." if since else ""


def _saved(made: Weekly) -> str:
    when = "this month so far" if made.closed_micros is None else f"in {made.month:%B}"
    if not made.saved_micros:
        return f"Nothing saved {when} that can be shown."
    return f"Saved and verified {when}: {about(exact=made.saved_exact)}{usd(made.saved_micros, cents=False)}."


def _todo(each: Todo, now: int) -> str:
    name = esc(each.name, 60)
    if each.what == "budget":
        return f"*{name}* is expected to exceed its budget by {usd(each.micros, cents=False)} this month."
    if each.what == "buy":
        return f"*{name}* is rented all along: see whether buying is cheaper."
    since = f" for {length(now - each.since)}" if each.since is not None else ""
    held = f", held by {persons(each.holders)}" if each.holders else ", nobody holds it"
    if each.what == "use":
        why = f"is in {esc(each.paid_anyway, 80)}, paid anyway," if each.paid_anyway else "is owned"
        return f"*{name}* {why} and idles{since}{held}: use it before renting."
    cost = f", {about(exact=each.exact)}{per_hour(each.micros)}" if each.micros else ""
    return f"*{name}* idles{since}{cost}{held}."


def _button(each: Todo) -> Block:
    """What does it; who may is decided at the press."""
    if each.what == "budget":
        return button(f"Forecast of {each.name}", f"{ids.FORECAST}:{each.id}"[:255], f"month|team|{each.id}")
    if each.what == "buy":
        return button(f"Weigh {each.name}", f"{ids.RENT_OR_BUY}:{each.id}"[:255], f"type:{each.id}|{each.id}")
    if each.what == "use":
        return button(f"Claim {each.name}", f"{ids.CLAIM}:{each.id}"[:255], each.id)
    return button(f"Stop {each.name}…", f"{ids.ASK_STOP}:{each.id}"[:255], each.id)


def _small_print(made: Weekly) -> str:
    ours = "Our own metering at our rates, without disks and traffic; not the provider's bill."
    zone = days_in(made.forecast.timezone, made.first, made.last)
    return " ".join([ours, zone, *not_counted(made.silent, made.made_at), f"Made {at(made.made_at)}."])
