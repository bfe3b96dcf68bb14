"""`/cost report` as a message: the sum, a chart and a table of who or what it was for; how it is counted on request."""

from collections.abc import Mapping, Sequence
from datetime import date

from bot.domain.clock import HOUR_MS
from bot.domain.days import ONE_DAY, GpuMs
from bot.domain.money.reports import REPORT_WAYS, ReportBy, ReportRow, SpendReport, Spent
from handlers.blocks.money.charts import bar_chart
from handlers.blocks.parts import Block, Reply, actions, button, cut, handed_over, lines, plainly, section
from handlers.blocks.silence import not_counted
from handlers.blocks.tables import Cell, Figure, table, usd_figure
from handlers.blocks.words import about, at, cost_command, days, days_in, esc, person, roughly

# Messages that stand in Slack carry these, so their text never changes.
REPORT_BUTTON = "report"
REPORT_CSV_BUTTON = "report_csv"
REPORT_HOW_BUTTON = "report_how"
IDLE_BUTTON = "idle_report"
IDLE_HOW_BUTTON = "idle_how"

HOW = "How this is counted"
"""Label of the button under every answer about money that has more to say than one screen holds."""
SHOWN_ROWS = 20
REPORT_PAGE = 4
"""Rows of a table that a phone shows beside a chart, its conclusion and its buttons."""
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
Names = Mapping[str, str]
"""What people are called, by user id: a chart shows no mentions."""


def report(made: SpendReport, names: Names | None = None) -> Reply:
    """What some days cost."""
    conclusion = _conclusion(made)
    said = lines([f"*{conclusion}*", _beside(made), _lacking(made.rented)])
    blocks: list[Block] = [section(said), *silence(made), *_chart(made, names or {}), *_table(made)]
    blocks.append(actions(*buttons(made, REPORT_BUTTON, REPORT_HOW_BUTTON)))
    return Reply(cut(" ".join([conclusion, _beside(made), _lacking(made.rented)]).strip(), 3_900), blocks)


def silence(report: SpendReport) -> list[Block]:
    """What the sums lack while a source is silent: too much of a part for small print."""
    said = not_counted(report.silent, report.made_at)
    return [section(lines(said))] if said else []


def _conclusion(report: SpendReport) -> str:
    rented = report.rented
    if not report.rows:
        return f"{span(report)}: {unknown(report) or 'nothing was charged.'}"
    if not (rented.micros or rented.gpu_ms):
        return f"{span(report)}: no rented machine ran."
    if not rented.micros:
        return f"{span(report)}: rented machines ran, but none has a known price."
    return f"{span(report)}: {rented.about}{roughly(rented.micros)} rented{_idle_of(rented)}."


def _beside(report: SpendReport) -> str:
    """Owned machines, which are on no bill."""
    owned = report.owned
    if not (owned.micros or owned.gpu_ms):
        return ""
    return f"Owned: {owned.about}{roughly(owned.micros)} at full cost{_idle_share(owned)}."


def _lacking(rented: Spent) -> str:
    """What is not known is no $0."""
    if not (rented.micros and rented.unpriced_gpu_ms):
        return ""
    return f"{gpu_hours_text(rented.unpriced_gpu_ms)} have no known price and are left out."


def unknown(report: SpendReport) -> str:
    """Why nothing can be told of the days, if they are before the first look; empty if they are not."""
    begins = min((day for day in (report.begins, report.owned_begins) if day is not None), default=None)
    if begins is None:
        return "nothing is known yet."
    return "nothing is known, as it was before the first look." if begins > report.last else ""


def _idle_of(spent: Spent) -> str:
    share = spent.idle_share
    if share is None:
        return ", whether it was used is not known"
    return f", {percent(share)} of it idle ({spent.about_idle}{roughly(spent.idle_micros)}){_not_known(spent)}"


def _idle_share(spent: Spent) -> str:
    share = spent.idle_share
    if share is None:
        return ", use not known" if spent.micros else ""
    return f", {percent(share)} idle{_not_known(spent)}"


def _not_known(spent: Spent) -> str:
    return f", {percent(spent.unknown_share)} not known" if spent.unknown_share >= SOME else ""


def percent(share: float) -> str:
    """36 %."""
    return f"{share * 100:.0f} %"


def gpu_hours_text(ms: GpuMs) -> str:
    """48 GPU-hours, and 0.3 where a rounded figure would say nothing."""
    return "1 GPU-hour" if hours_number(ms) == "1" else f"{hours_number(ms)} GPU-hours"


def hours_number(ms: GpuMs) -> str:
    """GPU-hours as a column has them."""
    if 0 < ms < HOUR_MS // 20:
        return "under 0.1"
    few = 0 < ms < 2 * HOUR_MS and ms % HOUR_MS
    return f"{ms / HOUR_MS:.1f}" if few else f"{round(ms / HOUR_MS):,}"


def hours_figure(ms: GpuMs) -> Figure:
    """GPU-hours in a table."""
    return Figure(round(ms / HOUR_MS, 2), hours_number(ms))


def span(report: SpendReport) -> str:
    """Which days."""
    named = days(report.first, report.last, report.today)
    return f"{named} so far" if report.first <= report.today <= report.last else named


def _chart(report: SpendReport, names: Names) -> list[Block]:
    """Rented ones by what they did."""
    rented = [row.rented for row in report.rows]
    series = {
        "in use": [spent.busy_micros for spent in rented],
        "idle": [spent.idle_micros for spent in rented],
        "not known": [spent.unknown_micros for spent in rented],
    }
    way = WAY_NAMES[report.by]
    labels = [chart_name(row, report.by, names) for row in report.rows]
    return bar_chart(f"Rented machines by {way}, USD", labels, series, x_label=way)


def chart_name(row: ReportRow, by: ReportBy, names: Names) -> str:
    """As a chart has it, which draws no mentions."""
    known = names.get(row.key, row.name) if by == "person" and row.key else row.name
    return known or NAMELESS[by]


def _table(report: SpendReport) -> list[Block]:
    way = WAY_NAMES[report.by]
    has_owned = any(row.owned.gpu_ms for row in report.rows)
    head = [way.capitalize(), "Rented", "Idle", "GPU-hours", *(["Owned", "Owned GPU-h"] if has_owned else [])]
    rows = [_row(row, report.by, has_owned=has_owned) for row in shown_rows(report.rows)]
    return table(f"Spend by {way}, {span(report)}", head, rows, page=REPORT_PAGE)


def shown_rows(rows: Sequence[ReportRow]) -> list[ReportRow]:
    """The first ones, and the others together."""
    rest = rows[SHOWN_ROWS:]
    return [*rows[:SHOWN_ROWS], *([together(rest)] if rest else [])]


def _row(row: ReportRow, by: ReportBy, *, has_owned: bool) -> list[Cell]:
    rented, owned = row.rented, row.owned
    shown: list[Cell] = [row_name(row, by)]
    shown += [_amount(rented), _use(rented), hours_figure(rented.gpu_ms)] if rented.gpu_ms else ["", "", ""]
    if has_owned:
        shown += [_amount(owned), hours_figure(owned.gpu_ms)] if owned.gpu_ms else ["", ""]
    return shown


def _amount(spent: Spent) -> Cell:
    """What is not known is no $0; what is known in part says so."""
    if not spent.unpriced_gpu_ms:
        return usd_figure(spent.micros, exact=not spent.is_estimated)
    return usd_figure(spent.micros, exact=not spent.is_estimated, unit=" + ?") if spent.micros else "no price"


def _use(spent: Spent) -> Cell:
    share = spent.idle_share
    if share is None:
        return "not known" if spent.gpu_ms else ""
    return Figure(round(share, 4), f"{percent(share)}{_not_known(spent)}")


def row_name(row: ReportRow, by: ReportBy) -> str:
    """Whose or what a row is."""
    if by == "person" and row.key:
        return person(row.key)
    return esc(row.name, 60) or NAMELESS[by]


def together(rows: Sequence[ReportRow]) -> ReportRow:
    """Rows in one; it has no key, as it is of several."""
    rented, owned = sum((row.rented for row in rows), Spent()), sum((row.owned for row in rows), Spent())
    return ReportRow("", f"{len(rows)} more", rented, owned)


def buttons(report: SpendReport, action: str, how: str) -> list[Block]:
    """The other ways to tell it apart, the month it lies in or follows, and what is behind it."""
    days_of = f"{report.first}|{report.last}"
    found = [
        button(f"By {WAY_NAMES[way]}", f"{action}:{way}", f"{days_of}|{way}") for way in REPORT_WAYS if way != report.by
    ]
    found += [button(HOW, how, report.value), button("As CSV", REPORT_CSV_BUTTON, report.value)]
    eve = report.first - ONE_DAY
    month = eve.replace(day=1)
    before = (month + 31 * ONE_DAY).replace(day=1) - ONE_DAY
    begins = [day for day in (report.begins, report.owned_begins) if day is not None]
    if action == REPORT_BUTTON and begins and min(begins) <= eve:
        value = f"{month}|{before}|{report.by}"
        year = "" if before.year == report.today.year else f" {before:%Y}"
        found.append(button(f"{before:%b}{year}", f"{action}:before", value))
    return found


def report_how(report: SpendReport) -> Reply:
    """[How this is counted]."""
    return report_counted(report, [])


def report_counted(report: SpendReport, more: Sequence[str], *, idle: bool = False) -> Reply:
    """What is behind the figures of some days, a line each; `more` is of what idled."""
    said = ["Our own metering at our rates, without disks and traffic; not the provider's bill."]
    if report.before_micros is not None:
        before = f"{about(exact=report.before_exact)}{roughly(report.before_micros)}"
        said.append(f"As many days before: {before} for rented machines.")
    if report.running_micros >= CENT:
        said.append(f"{roughly(report.running_micros)} of it is the running hour, charged when that ends.")
    said += [*more, *_estimated(report, idle=idle), *_begins(report)]
    said.append(days_in(report.timezone, report.first, report.last))
    return plainly(lines([f"*{span(report)}*", *said, f"As of {at(report.made_at)}."]))


def _begins(report: SpendReport) -> list[str]:
    """Since when each kind of machine is known, where that is within the days shown."""
    began = {"rented": report.begins, "owned": report.owned_begins}
    late = {kind: day for kind, day in began.items() if day is not None and day > report.first}
    known = {day for day in began.values() if day is not None}
    if late and len(known) == 1:
        return [f"The ledger begins on {_day(known.pop())}."]
    return [f"The ledger knows of {kind} machines since {_day(day)}." for kind, day in late.items()]


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _estimated(report: SpendReport, *, idle: bool) -> list[str]:
    """What of it is an estimate: more than a fifth of an amount says "about", or "~" in a table."""
    rented, owned, said = report.rented.estimated_micros, report.owned.estimated_micros, []
    if idle:
        rented, owned = report.rented.estimated_idle_micros, 0
    if rented:
        said.append(f"{roughly(rented)} of it is an estimate: another region's list price, or spot machines.")
    if owned:
        said.append("The full cost of owned machines lacks a part.")
    return [*said, f"{cost_command('prices')} with a machine's name says where its price is from."] if said else []


def as_csv(report: SpendReport, content: str) -> Reply:
    """Told beside the file."""
    name = f"valet-{report.first}-to-{min(report.last, report.today)}-by-{report.by}.csv"
    return handed_over(name, content, *not_counted(report.silent, report.made_at))
