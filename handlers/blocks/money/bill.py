"""`/cost bill` as a message: the bill beside our ledger, why they differ, and where every figure is from."""

from collections.abc import Sequence
from datetime import date

from bot.domain.days import ONE_DAY, month_end
from bot.domain.money.reconciliation import REASON_TEXTS, BillReport, ComparedDay, ComparedSum, UnseenMachine
from handlers.blocks.parts import Block, Reply, actions, button, context, cut, handed_over, lines, section
from handlers.blocks.words import at, days, esc, usd

# Messages that stand in Slack carry these, so their text never changes.
BILL_BUTTON = "bill"
BILL_CSV_BUTTON = "bill_csv"

SHOWN_SUMS = 5
SHOWN_DAYS = 7
ALL_DAYS = 31
CENT = 10_000


def bill(report: BillReport) -> Reply:
    """The whole answer."""
    conclusion = _conclusion(report)
    blocks: list[Block] = [section(f"*{conclusion}*"), *_why(report)]
    if len(report.days) > 1:
        blocks.append(section(lines(["*Day by day*, UTC", *_days(report)])))
    since = f", since {_day(report.compared[0].day)}" if _is_partial(report) else ""
    for title, rows, nameless in (
        ("By team", report.teams, "no team"),
        ("By type of machine", report.types, "no machine"),
        ("By service", report.services, "no service"),
    ):
        if rows:
            blocks.append(section(lines([f"*{title}*{since}", *_besides(rows, nameless)])))
    if report.unseen:
        blocks.append(section(_unseen(report.unseen)))
    buttons = _buttons(report)
    if buttons:
        blocks.append(actions(*buttons))
    blocks.append(context(_small_print(report)))
    return Reply(cut(f"{conclusion} {_difference(report)}", 3_900), blocks)


def _conclusion(report: BillReport) -> str:
    billed = [day for day in report.days if day.billed_micros is not None]
    if not billed:
        metered, so_far = usd(_metered(report.days)), " so far" if report.last >= report.today else ""
        return f"{_span(report)}: nothing is billed yet. Our meters say {metered}{so_far}."
    until = "" if billed[-1].day == report.last or len(report.days) == 1 else f" up to {_day(billed[-1].day)}"
    so_far = " so far" if any(day.estimate for day in billed) else ""
    said = f"{_span(report)}: {usd(report.billed_micros)} billed{so_far}{until}"
    if not report.compared:
        return f"{said}. Our ledger begins later, so there is nothing to compare."
    if _is_partial(report):
        since = sum(day.billed_micros or 0 for day in report.compared)
        return (
            f"{said}; since {_day(report.compared[0].day)} {usd(since)}, beside {usd(report.metered_micros)} metered."
        )
    return f"{said}, beside {usd(report.metered_micros)} on our meters."


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
    if abs(difference) < CENT:
        return "To the cent the same."
    return f"{usd(abs(difference))} {'more' if difference > 0 else 'less'} than we metered."


def _why(report: BillReport) -> list[Block]:
    """The difference and its reasons, which add up to it; those under a cent are summed up."""
    if not report.compared:
        return []
    shown = [(why, micros) for why, micros in report.reasons.items() if abs(micros) >= CENT]
    rows = [f"{_signed(micros)}  {REASON_TEXTS[why]}" for why, micros in shown]
    return [section(lines([_difference(report) + (" That is:" if rows else ""), *rows]))]


def _signed(micros: int) -> str:
    return f"{'+' if micros >= 0 else '-'}{usd(abs(micros))}"


def _days(report: BillReport) -> list[str]:
    past = [day for day in report.days if day.billed_micros is not None or day.metered_micros]
    shown = past[-(ALL_DAYS if report.last < report.today else SHOWN_DAYS) :]
    return [_one(day) for day in shown]


def _one(day: ComparedDay) -> str:
    metered = "" if day.metered_micros is None else f"{usd(day.metered_micros)} metered"
    if day.billed_micros is None:
        words = ["not billed yet" if day.estimate else "nothing billed", metered]
    else:
        words = [f"{usd(day.billed_micros)} billed{' so far' if day.estimate else ''}", metered]
    estimate = "  _estimate_" if day.estimate else ""
    return f"{day.day:%a} {_day(day.day)}  {', '.join(word for word in words if word)}{estimate}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _besides(rows: Sequence[ComparedSum], nameless: str) -> list[str]:
    """The dearest, the others in one line, and last what has no name."""
    named, without = [row for row in rows if row.name], [each for each in rows if not each.name]
    said, rest = [_beside(part, nameless) for part in named[:SHOWN_SUMS]], named[SHOWN_SUMS:]
    if rest:
        more = ComparedSum(f"{len(rest)} more", sum(each.billed_micros for each in rest), _rest(rest))
        said.append(_beside(more, nameless))
    return [*said, *(_beside(each, nameless) for each in without)]


def _rest(rows: Sequence[ComparedSum]) -> int | None:
    known = [row.metered_micros for row in rows if row.metered_micros is not None]
    return sum(known) if known else None


def _beside(part: ComparedSum, nameless: str) -> str:
    metered = f", {usd(part.metered_micros)} metered" if part.metered_micros else ""
    return f"{esc(part.name, 60) or nameless}: {usd(part.billed_micros)} billed{metered}"


def _unseen(unseen: Sequence[UnseenMachine]) -> str:
    rows = []
    for machine in unseen[:SHOWN_SUMS]:
        named = " ".join(esc(part, 60) for part in (machine.instance, machine.type) if part)
        account = f", account {esc(machine.account, 40)}" if machine.account else ""
        rows.append(f"{named}{account}: {usd(machine.micros)} billed")
    if len(unseen) > SHOWN_SUMS:
        rows.append(f"and {len(unseen) - SHOWN_SUMS:,} more")
    hint = "Is their account or region missing under `[[aws]]`, or were they gone before a look?"
    return lines(["*On the bill, but not seen by Valet*", *rows, hint])


def _buttons(report: BillReport) -> list[Block]:
    made = []
    if report.first == report.last:
        made.append(button(f"All of {report.first:%B}", f"{BILL_BUTTON}:month", f"{report.first:%Y-%m}"))
    elif done := [day.day for day in report.compared if not day.estimate]:
        made.append(button(f"Only {_day(done[-1])}", f"{BILL_BUTTON}:day", done[-1].isoformat()))
    before = report.first.replace(day=1) - ONE_DAY
    if report.begins is not None and report.begins <= before:
        made.append(button(f"{before:%B %Y}", BILL_BUTTON, f"{before:%Y-%m}"))
    if any(day.billed_micros is not None or day.metered_micros is not None for day in report.days):
        made.append(button("As CSV", BILL_CSV_BUTTON, f"{report.first}|{report.last}"))
    return made


def as_csv(report: BillReport, content: str) -> Reply:
    """Told beside the file."""
    return handed_over(f"valet-bill-{report.first}-to-{report.last}.csv", content)


def _small_print(report: BillReport) -> str:
    said = [
        f"{esc(report.source, 60)}, {esc(report.place, 120)}: as of {at(report.as_of)}, read {at(report.looked_at)}."
    ]
    if report.error:
        when = f" at {at(report.error_at)}" if report.error_at else ""
        said.append(f"The newest look failed{when}: {esc(report.error, 200).rstrip('.')}.")
    said.append("Estimates may still grow: a day is billed in full some two days later.")
    said.append("Metered: rented machines, at our rates.")
    return " ".join([*said, *(esc(note, 200) for note in report.notes)])
