"""`/cost bill` as a message: the bill beside our ledger, why they differ, and, on request, every figure's source."""

from collections.abc import Sequence
from datetime import date

from bot.domain.days import ONE_DAY, month_end
from bot.domain.money.reconciliation import REASON_TEXTS, BillReport, ComparedDay, ComparedSum, UnseenMachine
from handlers.blocks.money.charts import CHART_POINTS, chart
from handlers.blocks.money.reports import REPORT_PAGE
from handlers.blocks.parts import Block, Reply, actions, button, cut, handed_over, lines, section
from handlers.blocks.tables import Cell, table, usd_figure
from handlers.blocks.words import at, day_at, days, esc, plural, roughly

# Messages that stand in Slack carry these, so their text never changes.
BILL_BUTTON = "bill"
BILL_CSV_BUTTON = "bill_csv"
BILL_DETAILS_BUTTON = "bill_details"

SHOWN_SUMS = 5
SHOWN_NOTES = 2
ALL_DAYS = 31
BILL_CENT = 10_000


def bill(report: BillReport) -> Reply:
    """The bill beside our ledger, why they differ, a chart of the days and a table of the teams."""
    conclusion = _conclusion(report)
    failed = [_failed(report)] if report.error else []
    gaps = [f":warning: {each}" for each in (*failed, *(esc(note, 200) for note in report.notes[:SHOWN_NOTES]))]
    blocks: list[Block] = [section(f"*{conclusion}*"), *_why(report), section(lines([*gaps, _unseen_sum(report)]))]
    blocks += [*_chart(report), *_by_team(report), actions(*_buttons(report))]
    return Reply(cut(f"{conclusion} {_difference(report)}", 3_900), blocks)


def details(report: BillReport) -> Reply:
    """[Details]: day by day, by type and service, what Valet did not see, and how it is counted."""
    blocks: list[Block] = [section(f"*{_conclusion(report)}*")]
    if len(report.days) > 1:
        blocks.append(section(lines(["*Day by day*, UTC", *_days(report)])))
    for title, rows, nameless in (
        ("By type of machine", report.types, "no machine"),
        ("By service", report.services, "no service"),
    ):
        if rows:
            blocks.append(section(lines([f"*{title}*{_since(report)}", *_besides(rows, nameless)])))
    if report.unseen:
        blocks.append(section(_unseen(report.unseen)))
    blocks.append(section(lines(["*How this is counted*", *_small_print(report)])))
    return Reply(cut(_conclusion(report), 3_900), blocks)


def _since(report: BillReport) -> str:
    return f", since {_day(report.compared[0].day)}" if _is_partial(report) else ""


def _chart(report: BillReport) -> list[Block]:
    """The newest days that fit, of a month or some days."""
    shown = _known_days(report)[-CHART_POINTS:]
    if len(shown) < 2:
        return []
    series = {
        "billed": [day.billed_micros or 0 for day in shown],
        "metered": [day.metered_micros or 0 for day in shown],
    }
    return [chart("bar", "Billed and metered a day, USD", [_day(day.day) for day in shown], series, x_label="day, UTC")]


def _by_team(report: BillReport) -> list[Block]:
    """Teams with names first, what has none last."""
    named = [row for row in report.teams if row.name]
    without = [row for row in report.teams if not row.name]
    rows: list[list[Cell]] = [
        [
            esc(row.name, 60) or "no team",
            usd_figure(row.billed_micros),
            usd_figure(row.metered_micros) if row.metered_micros else "",
        ]
        for row in [*_shortened(named), *without]
    ]
    return table(f"Bill by team{_since(report)}", ("Team", "Billed", "Metered"), rows, page=REPORT_PAGE)


def _unseen_sum(report: BillReport) -> str:
    """That something is on the bill that Valet does not know of; each by its name is among the details."""
    if not report.unseen:
        return ""
    micros = sum(machine.micros for machine in report.unseen)
    return f"On the bill, but not seen by Valet: {plural(len(report.unseen), 'machine')}, {roughly(micros)}."


def _conclusion(report: BillReport) -> str:
    billed = [day for day in report.days if day.billed_micros is not None]
    if not billed:
        metered, so_far = roughly(_metered(report.days)), " so far" if report.last >= report.today else ""
        return f"{_span(report)}: nothing is billed yet. Our meters say {metered}{so_far}."
    until = "" if billed[-1].day == report.last or len(report.days) == 1 else f" up to {_day(billed[-1].day)}"
    so_far = " so far" if any(day.estimate for day in billed) else ""
    said = f"{_span(report)}: {roughly(report.billed_micros)} billed{so_far}{until}"
    if not report.compared:
        return f"{said}. Our ledger begins later, so there is nothing to compare."
    if _is_partial(report):
        since = sum(day.billed_micros or 0 for day in report.compared)
        metered = roughly(report.metered_micros)
        return f"{said}; since {_day(report.compared[0].day)} {roughly(since)} billed and {metered} metered."
    return f"{said}; our meters say {roughly(report.metered_micros)}."


def _is_partial(report: BillReport) -> bool:
    """Our ledger begins after the bill does."""
    return 0 < len(report.compared) < sum(day.billed_micros is not None for day in report.days)


def _metered(days: Sequence[ComparedDay]) -> int:
    return sum(day.metered_micros or 0 for day in days)


def _span(report: BillReport) -> str:
    """This month ends with today here."""
    is_month = report.first.day == 1 and report.last == report.today and report.first < report.last
    last = month_end(report.last) if is_month and report.first.month == report.last.month else report.last
    return days(report.first, last, report.today)


def _difference(report: BillReport) -> str:
    if not report.compared:
        return ""
    difference = sum(report.reasons.values())
    if abs(difference) < BILL_CENT:
        return "To the cent the same."
    return f"{roughly(abs(difference))} {'more' if difference > 0 else 'less'} than we metered."


def _why(report: BillReport) -> list[Block]:
    """The difference and its reasons, which add up to it; those under a cent are summed up."""
    if not report.compared:
        return []
    shown = [(why, micros) for why, micros in report.reasons.items() if abs(micros) >= BILL_CENT]
    rows = [f"{_signed(micros)}  {REASON_TEXTS[why]}" for why, micros in shown]
    return [section(lines([_difference(report) + (" That is:" if rows else ""), *rows]))]


def _signed(micros: int) -> str:
    return f"{'+' if micros >= 0 else '-'}{roughly(abs(micros))}"


def _known_days(report: BillReport) -> list[ComparedDay]:
    return [day for day in report.days if day.billed_micros is not None or day.metered_micros]


def _days(report: BillReport) -> list[str]:
    return [_one(day) for day in _known_days(report)[-ALL_DAYS:]]


def _one(day: ComparedDay) -> str:
    metered = "" if day.metered_micros is None else f"{roughly(day.metered_micros)} metered"
    if day.billed_micros is None:
        words = ["not billed yet" if day.estimate else "nothing billed", metered]
    else:
        words = [f"{roughly(day.billed_micros)} billed{' so far' if day.estimate else ''}", metered]
    estimate = "  _estimate_" if day.estimate else ""
    return f"{day.day:%a} {_day(day.day)}  {', '.join(word for word in words if word)}{estimate}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _besides(rows: Sequence[ComparedSum], nameless: str) -> list[str]:
    """The dearest, the others in one line, and last what has no name."""
    named, without = [row for row in rows if row.name], [each for each in rows if not each.name]
    return [_beside(each, nameless) for each in [*_shortened(named), *without]]


def _shortened(named: Sequence[ComparedSum]) -> list[ComparedSum]:
    """The dearest, and the others in one."""
    rest = named[SHOWN_SUMS:]
    if not rest:
        return list(named)
    more = ComparedSum(f"{len(rest)} more", sum(each.billed_micros for each in rest), _rest(rest))
    return [*named[:SHOWN_SUMS], more]


def _rest(rows: Sequence[ComparedSum]) -> int | None:
    known = [row.metered_micros for row in rows if row.metered_micros is not None]
    return sum(known) if known else None


def _beside(part: ComparedSum, nameless: str) -> str:
    metered = f", {roughly(part.metered_micros)} metered" if part.metered_micros else ""
    return f"{esc(part.name, 60) or nameless}: {roughly(part.billed_micros)} billed{metered}"


def _unseen(unseen: Sequence[UnseenMachine]) -> str:
    rows = []
    for machine in unseen[:SHOWN_SUMS]:
        named = " ".join(esc(part, 60) for part in (machine.instance, machine.type) if part)
        account = f", account {esc(machine.account, 40)}" if machine.account else ""
        rows.append(f"{named}{account}: {roughly(machine.micros)} billed")
    if len(unseen) > SHOWN_SUMS:
        rows.append(f"and {len(unseen) - SHOWN_SUMS:,} more")
    hint = "Is their account or region missing under `[[aws]]`, or were they gone before Valet looked?"
    return lines(["*On the bill, but not seen by Valet*", *rows, hint])


def _buttons(report: BillReport) -> list[Block]:
    made = []
    if report.first == report.last:
        made.append(button(f"All of {report.first:%B}", f"{BILL_BUTTON}:month", f"{report.first:%Y-%m}"))
    elif done := [day.day for day in report.compared if not day.estimate]:
        made.append(button(f"Only {_day(done[-1])}", f"{BILL_BUTTON}:day", done[-1].isoformat()))
    before = report.first.replace(day=1) - ONE_DAY
    if report.begins is not None and report.begins <= before:
        year = "" if before.year == report.today.year else f" {before:%Y}"
        made.append(button(f"{before:%b}{year}", BILL_BUTTON, f"{before:%Y-%m}"))
    made.append(button("Details", BILL_DETAILS_BUTTON, f"{report.first}|{report.last}"))
    if any(day.billed_micros is not None or day.metered_micros is not None for day in report.days):
        made.append(button("As CSV", BILL_CSV_BUTTON, f"{report.first}|{report.last}"))
    return made


def as_csv(report: BillReport, content: str) -> Reply:
    """Told beside the file."""
    return handed_over(f"valet-bill-{report.first}-to-{report.last}.csv", content)


def _failed(report: BillReport) -> str:
    when = f" {day_at(report.error_at)}" if report.error_at else ""
    return f"The newest look failed{when}: {esc(report.error, 200).rstrip('.')}."


def _small_print(report: BillReport) -> list[str]:
    source = f"{esc(report.source, 60)}, {esc(report.place, 120)}"
    return [
        f"{source}: as of {at(report.as_of)}, read {at(report.looked_at)}.",
        *([_failed(report)] if report.error else []),
        "Estimates may still grow: a day is billed in full some two days later.",
        "Metered: rented machines, at our rates.",
        *(esc(note, 200) for note in report.notes),
    ]
