"""`/cost report` and `/cost idle` as messages: the sum first, then who or what it was for."""

from collections.abc import Sequence
from datetime import date

from bot.domain.clock import HOUR_MS
from bot.domain.days import ONE_DAY, GpuMs
from bot.domain.money.reports import REPORT_WAYS, IdleNow, ReportBy, ReportRow, SpendReport, Spent
from handlers.blocks.acting.approvals import ASK_STOP_BUTTON
from handlers.blocks.buttons import CLAIM_BUTTON
from handlers.blocks.parts import Block, Reply, actions, button, context, cut, handed_over, lines, section
from handlers.blocks.silence import not_counted
from handlers.blocks.words import (
    about,
    at,
    cost_command,
    days,
    days_in,
    esc,
    gpu_command,
    length,
    per_hour,
    person,
    persons,
    plural,
    say,
    usd,
)

# Messages that stand in Slack carry these, so their text never changes.
REPORT_BUTTON = "report"
REPORT_CSV_BUTTON = "report_csv"
IDLE_BUTTON = "idle_report"

SHOWN_ROWS = 12
SHOWN_IDLE = 5
WAY_NAMES: dict[ReportBy, str] = {"team": "team", "person": "person", "type": "type", "instance": "machine"}
NAMELESS: dict[ReportBy, str] = {
    "team": "no team",
    "person": "held by nobody",
    "type": "no type",
    "instance": "no machine",
}
CENT = 10_000
SOME = 0.05
"""A smaller share of time that nobody knows about is not worth a word."""


def report(made: SpendReport) -> Reply:
    """What some days cost."""
    conclusion = _conclusion(made)
    blocks: list[Block] = [section(f"*{conclusion}*"), *_silence(made)]
    if made.rows:
        rows = [_row(row, made.by) for row in made.rows[:SHOWN_ROWS]]
        blocks.append(section(lines([f"*By {WAY_NAMES[made.by]}*", *rows, _rest(made.rows[SHOWN_ROWS:])])))
    blocks += [actions(*_buttons(made, REPORT_BUTTON)), context(_small_print(made))]
    return Reply(cut(conclusion, 3_900), blocks)


def _silence(report: SpendReport) -> list[Block]:
    """What the sums lack while a source is silent: too much of a part for small print."""
    said = not_counted(report.silent, report.made_at)
    return [section(lines(said))] if said else []


def _conclusion(report: SpendReport) -> str:
    if not report.rows:
        return f"{_span(report)}: {_unknown(report) or 'nothing was charged.'}"
    rented, owned = report.rented, report.owned
    said = f"{_span(report)}: {rented.about}{usd(rented.micros)} for rented machines{_idle_of(rented)}."
    if owned.micros or owned.gpu_ms:
        said += f" Owned ones beside it: {owned.about}{usd(owned.micros)} at full cost{_idle_of(owned)}."
    return said


def _unknown(report: SpendReport) -> str:
    """Why nothing can be told of the days, if they are before the first look; empty if they are not."""
    begins = min((day for day in (report.begins, report.owned_begins) if day is not None), default=None)
    if begins is None:
        return "nothing is known yet."
    return "nothing is known, as it was before the first look." if begins > report.last else ""


def _idle_of(spent: Spent) -> str:
    share = spent.idle_share
    if share is None:
        return ", whether they worked is not known" if spent.micros else ""
    unknown = f", {percent(spent.unknown_share)} not known" if spent.unknown_share >= SOME else ""
    return f", {spent.about_idle}{usd(spent.idle_micros)} of it idle ({percent(share)}{unknown})"


def percent(share: float) -> str:
    """36 %."""
    return f"{share * 100:.0f} %"


def gpu_hours_text(ms: GpuMs) -> str:
    """48 GPU-hours, and 0.3 where a rounded figure would say nothing."""
    if 0 < ms < HOUR_MS // 20:
        return "under 0.1 GPU-hours"
    few = 0 < ms < 2 * HOUR_MS and ms % HOUR_MS
    return f"{ms / HOUR_MS:.1f} GPU-hours" if few else plural(round(ms / HOUR_MS), "GPU-hour")


def _use_of(spent: Spent) -> str:
    share = spent.idle_share
    if share is None:
        return ", use not known" if spent.micros else ""
    unknown = f", {percent(spent.unknown_share)} not known" if spent.unknown_share >= SOME else ""
    return f", {percent(share)} idle{unknown}"


def _span(report: SpendReport) -> str:
    named = days(report.first, report.last, report.today)
    return f"{named} so far" if report.first <= report.today <= report.last else named


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _row(row: ReportRow, by: ReportBy) -> str:
    return f"{_name(row, by)}: {_costs(row)}"


def _costs(row: ReportRow) -> str:
    parts = []
    if row.rented.gpu_ms:
        hours = gpu_hours_text(row.rented.gpu_ms)
        parts.append(f"{_amount(row.rented)}{_use_of(row.rented)}, {hours}{_unpriced(row.rented)}")
    if row.owned.gpu_ms:
        hours = gpu_hours_text(row.owned.gpu_ms)
        kind = "owned: " if parts else "owned, "
        parts.append(f"{kind}{row.owned.about}{usd(row.owned.micros)} at full cost, {hours}")
    return "; ".join(parts)


def _amount(spent: Spent) -> str:
    """What is not known is no $0.00."""
    return f"{spent.about}{usd(spent.micros)}" if spent.micros or not spent.unpriced_gpu_ms else "no known price"


def _unpriced(spent: Spent) -> str:
    some = spent.micros and spent.unpriced_gpu_ms
    return f" ({gpu_hours_text(spent.unpriced_gpu_ms)} of it without a known price)" if some else ""


def _name(row: ReportRow, by: ReportBy) -> str:
    if by == "person" and row.key:
        return person(row.key)
    return esc(row.name, 60) or NAMELESS[by]


def _rest(rows: Sequence[ReportRow]) -> str:
    if not rows:
        return ""
    return f"and {len(rows)} more: {_costs(_together(rows))}"


def _together(rows: Sequence[ReportRow]) -> ReportRow:
    return ReportRow("", "", sum((row.rented for row in rows), Spent()), sum((row.owned for row in rows), Spent()))


def _buttons(report: SpendReport, action: str) -> list[Block]:
    span = f"{report.first}|{report.last}"
    found = [
        button(f"By {WAY_NAMES[way]}", f"{action}:{way}", f"{span}|{way}") for way in REPORT_WAYS if way != report.by
    ]
    before = report.first.replace(day=1) - ONE_DAY
    begins = [day for day in (report.begins, report.owned_begins) if day is not None]
    if action == REPORT_BUTTON and begins and min(begins) <= before:
        value = f"{before.replace(day=1)}|{before}|{report.by}"
        found.append(button(f"{before:%B %Y}", f"{action}:before", value))
    found.append(button("As CSV", REPORT_CSV_BUTTON, report.value))
    return found


def _small_print(report: SpendReport, *, idle: bool = False) -> str:
    said = ["Our own metering at our rates, without disks and traffic; not the provider's bill."]
    if report.before_micros is not None:
        before = f"{about(exact=report.before_exact)}{usd(report.before_micros)}"
        said.append(f"As many days before: {before} for rented machines.")
    if report.running_micros >= CENT:
        said.append(f"{usd(report.running_micros)} of it is of the running hour, charged once that is over.")
    said += _estimated(report, idle=idle)
    said += _begins(report)
    said.append(days_in(report.timezone, report.first, report.last))
    return " ".join([*said, f"As of {at(report.made_at)}."])


def _begins(report: SpendReport) -> list[str]:
    """Since when each kind of machine is known, where that is within the days shown."""
    began = {"rented": report.begins, "owned": report.owned_begins}
    late = {kind: day for kind, day in began.items() if day is not None and day > report.first}
    known = {day for day in began.values() if day is not None}
    if late and len(known) == 1:
        return [f"The ledger begins on {_day(known.pop())}."]
    return [f"The ledger knows of {kind} machines since {_day(day)}." for kind, day in late.items()]


def _estimated(report: SpendReport, *, idle: bool) -> list[str]:
    """What "about" is about."""
    rented, owned, said = report.rented.estimated_micros, report.owned.estimated_micros, []
    if idle:
        rented, owned = report.rented.estimated_idle_micros, 0
    if rented:
        said.append(f'"About": {usd(rented)} of it is at another region\'s list price, or of spot machines.')
    if owned:
        said.append("The full cost of owned ones lacks a part.")
    return [*said, f"{cost_command('prices')} and a machine's name tell where its price is from."] if said else []


def idle(report: SpendReport) -> Reply:
    """What idled in some days, and what idles now."""
    conclusion = _idle_conclusion(report)
    blocks: list[Block] = [section(f"*{conclusion}*"), *_silence(report)]
    idled = [row for row in report.rows if row.rented.idle_gpu_ms or row.owned.idle_gpu_ms]
    if idled:
        rows = [_idle_row(row, report.by) for row in idled[:SHOWN_ROWS]]
        rest = idled[SHOWN_ROWS:]
        more = f"and {len(rest)} more: {_idled(_together(rest))}" if rest else ""
        blocks.append(section(lines([f"*What idled, by {WAY_NAMES[report.by]}*", *rows, more])))
    blocks += [_now_row(machine, report.made_at) for machine in report.idle_now[:SHOWN_IDLE]]
    if len(report.idle_now) > SHOWN_IDLE:
        blocks.append(context(f"and {len(report.idle_now) - SHOWN_IDLE} more: {gpu_command('status idle')} shows all."))
    blocks += [actions(*_buttons(report, IDLE_BUTTON)), context(_small_print(report, idle=True))]
    return Reply(cut(conclusion, 3_900), blocks)


def _idle_conclusion(report: SpendReport) -> str:
    rented, owned = report.rented, report.owned
    if not (rented.idle_gpu_ms or owned.idle_gpu_ms):
        said = f"{_span(report)}: {_unknown(report) or 'nothing idled that was seen.'}"
    else:
        share = rented.idle_share
        of = "" if share is None else f", {percent(share)} of what was spent"
        hours = gpu_hours_text(rented.idle_gpu_ms)
        said = f"{_span(report)}: {rented.about_idle}{usd(rented.idle_micros)} went to idle rented GPUs{of} ({hours})."
        if owned.idle_gpu_ms:
            said += f" Owned ones idled for {gpu_hours_text(owned.idle_gpu_ms)}."
    if report.idle_now:
        some = sum(each.state == "partial" for each in report.idle_now)
        part = f" ({some} of them in part)" if some else ""
        said += f" Idle now: {plural(len(report.idle_now), 'machine')}{part}, {_idle_now(report.idle_now)}."
    return said


def _idle_now(idle: Sequence[IdleNow]) -> str:
    """What idles now: owned machines apart, as they cost the same whether used or not."""
    rented = [machine for machine in idle if machine.provider != "owned"]
    owned = [each for each in idle if each.provider == "owned"]
    beside = f" of rented ones and {_wasted(owned)} of owned ones" if any(each.waste_micros for each in owned) else ""
    return f"{_wasted(rented)}{beside}"


def _wasted(idle: Sequence[IdleNow]) -> str:
    exact = all(machine.exact for machine in idle)
    return f"{about(exact=exact)}{per_hour(sum(each.waste_micros for each in idle))}"


def _idle_row(row: ReportRow, by: ReportBy) -> str:
    return f"{_name(row, by)}: {_idled(row)}"


def _idled(row: ReportRow) -> str:
    parts = []
    if row.rented.idle_gpu_ms:
        hours = gpu_hours_text(row.rented.idle_gpu_ms)
        unknown = row.rented.unpriced_gpu_ms and not row.rented.micros
        idled = "no known price" if unknown else f"{row.rented.about_idle}{usd(row.rented.idle_micros)}"
        parts.append(f"{idled}, {hours}")
    if row.owned.idle_gpu_ms:
        parts.append(f"owned, {gpu_hours_text(row.owned.idle_gpu_ms)}")
    return "; ".join(parts)


def _now_row(machine: IdleNow, now: int) -> Block:
    some = f", {plural(machine.idle_gpus, 'GPU')}" if machine.state == "partial" else ""
    cost = "owned" if machine.provider == "owned" else _wasted([machine]) if machine.waste_micros else "no price"
    held = say(machine.kept)[:300] or (persons(machine.holders) if machine.holders else "nobody")
    cost += f", in {esc(machine.paid_anyway, 80)}, paid anyway" if machine.paid_anyway else ""
    text = f"*{esc(machine.name, 60)}*  {machine.state}{some} for {length(now - machine.since)}  ·  {cost}  ·  {held}"
    return section(text, settle_button(machine))


def settle_button(machine: IdleNow) -> Block | None:
    """The button that does something about it."""
    if machine.kept:
        return None
    if machine.stop_saves and machine.state != "partial":
        return button(f"Stop {machine.name}…", f"{ASK_STOP_BUTTON}:{machine.instance_id}"[:255], machine.instance_id)
    if not machine.holders:
        return button(f"Claim {machine.name}", f"{CLAIM_BUTTON}:{machine.instance_id}"[:255], machine.instance_id)
    return None


def as_csv(report: SpendReport, content: str) -> Reply:
    """Told beside the file."""
    name = f"valet-{report.first}-to-{min(report.last, report.today)}-by-{report.by}.csv"
    return handed_over(name, content, *not_counted(report.silent, report.made_at))
