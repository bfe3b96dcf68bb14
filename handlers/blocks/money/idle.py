"""`/cost idle` as a message: what went to idle GPUs, what idles now, and the buttons that settle it."""

from collections.abc import Sequence

from bot.domain.machines.states import for_so_long, in_words
from bot.domain.money.reports import IdleNow, ReportBy, ReportRow, SpendReport
from handlers.blocks.acting.approvals import ASK_STOP_BUTTON
from handlers.blocks.buttons import CLAIM_BUTTON
from handlers.blocks.money import reports
from handlers.blocks.money.charts import bar_chart
from handlers.blocks.parts import Block, Reply, actions, button, cut, lines, section
from handlers.blocks.tables import NOTHING, Cell, table, usd_figure
from handlers.blocks.words import about, esc, length, per_hour, persons, plural, roughly, say

SHOWN_NOW = 2


def idle_report(report: SpendReport, names: reports.Names | None = None) -> Reply:
    """What idled in some days, and what idles now."""
    said = [_conclusion(report), _now(report.idle_now)]
    blocks: list[Block] = [section(lines([f"*{said[0]}*", said[1]])), *reports.silence(report)]
    blocks += [*_chart(report, names or {}), *_table(report)]
    if report.by != "instance" and report.idle_now:
        blocks.append(section(lines([_now_line(each, report.made_at) for each in report.idle_now[:SHOWN_NOW]])))
    settle = [found for each in report.idle_now if (found := settle_button(each))]
    blocks.append(actions(*settle[:SHOWN_NOW]))
    blocks.append(actions(*reports.buttons(report, reports.IDLE_BUTTON, reports.IDLE_HOW_BUTTON)))
    return Reply(cut(" ".join(part for part in said if part), 3_900), blocks)


def _conclusion(report: SpendReport) -> str:
    rented, when = report.rented, reports.span(report)
    if not (rented.idle_gpu_ms or report.owned.idle_gpu_ms):
        return f"{when}: {reports.unknown(report) or 'nothing idled that was seen.'}"
    if not rented.idle_gpu_ms:
        return f"{when}: no rented GPU idled."
    if not rented.micros:
        return f"{when}: rented GPUs idled for {reports.gpu_hours_text(rented.idle_gpu_ms)}; their price is not known."
    idle_of = f"{rented.about_idle}{roughly(rented.idle_micros)} of {rented.about}{roughly(rented.micros)}"
    share = "" if rented.idle_share is None else f" ({reports.percent(rented.idle_share)})"
    return f"{when}: {idle_of} rented went to idle GPUs{share}."


def _now(idle: Sequence[IdleNow]) -> str:
    """Owned machines cost the same whether used or not: what they waste is said with how it is counted."""
    if not idle:
        return ""
    rented = [machine for machine in idle if machine.provider != "owned"]
    what = " rented" if len(rented) < len(idle) else ""
    partly = sum(each.state == "partial" for each in idle)
    parts = [f"{len(idle) - partly} idle"] if partly < len(idle) else []
    parts += [f"{partly} partly idle" if not parts else f"{partly} partly"] if partly else []
    return f"Now: {', '.join([*parts, *([f'{_wasted(rented)}{what}'] if rented else [])])}."


def idle_counted(report: SpendReport) -> Reply:
    """[How this is counted]."""
    owned = [each for each in report.idle_now if each.provider == "owned"]
    hours = reports.gpu_hours_text(report.owned.idle_gpu_ms) if report.owned.idle_gpu_ms else ""
    return reports.report_counted(
        report,
        [
            "Idle: no work on the GPU for as long as its team's rule says, seen minute by minute.",
            f"Owned machines idled for {hours}; they cost the same whether used or not." if hours else "",
            f"Owned ones that idle now: {_wasted(owned)} of their full cost." if owned else "",
        ],
        idle=True,
    )


def _wasted(idle: Sequence[IdleNow]) -> str:
    exact = all(machine.exact for machine in idle)
    return f"{about(exact=exact)}{per_hour(sum(each.waste_micros for each in idle))}"


def _chart(report: SpendReport, names: reports.Names) -> list[Block]:
    rows = [row for row in report.rows if row.rented.idle_micros]
    way = reports.WAY_NAMES[report.by]
    labels = [reports.chart_name(row, report.by, names) for row in rows]
    idled = {"idle": [row.rented.idle_micros for row in rows]}
    return bar_chart(f"Idle rented GPUs by {way}, USD", labels, idled, x_label=way)


def _table(report: SpendReport) -> list[Block]:
    way = reports.WAY_NAMES[report.by]
    if report.by == "instance":
        head, rows = ["Machine", "Idle", "Now", "GPU-hours"], _by_machine(report)
    else:
        head, rows = [way.capitalize(), "Idle", "GPU-hours", "Owned GPU-h"], _by_way(report)
    return table(f"Idle by {way}, {reports.span(report)}", head, rows, page=reports.REPORT_PAGE)


def _idled(report: SpendReport) -> list[ReportRow]:
    return [row for row in report.rows if row.rented.idle_gpu_ms or row.owned.idle_gpu_ms]


def _by_machine(report: SpendReport) -> list[list[Cell]]:
    """What idles now first: that can be settled."""
    now = {each.instance_id: _state(each, report.made_at) for each in report.idle_now}
    idled = sorted(_idled(report), key=lambda row: row.key not in now)
    known = {row.key for row in idled}
    fresh: list[list[Cell]] = [
        [esc(each.name, 60), NOTHING, now[each.instance_id], NOTHING]
        for each in report.idle_now
        if each.instance_id not in known
    ]
    rows: list[list[Cell]] = []
    for row in reports.shown_rows(idled):
        name, cost, hours = _row(row, report.by)
        rows.append([name, cost, now.get(row.key, ""), hours])
    return [*rows[: len(now)], *fresh, *rows[len(now) :]]


def _by_way(report: SpendReport) -> list[list[Cell]]:
    """A team, a person or a type may have both kinds of machines."""
    rows = reports.shown_rows(_idled(report))
    owned = [reports.hours_figure(row.owned.idle_gpu_ms) if row.owned.idle_gpu_ms else "" for row in rows]
    return [[*_row(row, report.by), hours] for row, hours in zip(rows, owned, strict=True)]


def _row(row: ReportRow, by: ReportBy) -> list[Cell]:
    """A machine is rented or owned; a team, a person or a type may have both."""
    rented, owned = row.rented, row.owned
    name = reports.row_name(row, by)
    if rented.idle_gpu_ms:
        has_price = rented.micros or not rented.unpriced_gpu_ms
        cost: Cell = usd_figure(rented.idle_micros, exact=not rented.is_idle_estimated) if has_price else "no price"
        return [name, cost, reports.hours_figure(rented.idle_gpu_ms)]
    return [name, "owned", reports.hours_figure(owned.idle_gpu_ms) if by == "instance" else ""]


def _now_line(machine: IdleNow, now: int) -> str:
    return f"*{esc(machine.name, 60)}*: {_state(machine, now)}"


def _state(machine: IdleNow, now: int) -> str:
    """Since when, and who has it."""
    ago = length(now - machine.since)
    idle = f"{plural(machine.idle_gpus, 'GPU')} {in_words('free')} {ago}"
    state = idle if machine.state == "partial" else for_so_long(machine.state, ago)
    has = say(machine.kept)[:300] or (persons(machine.holders) if machine.holders else "unclaimed")
    anyway = f", in {esc(machine.paid_anyway, 60)}, paid anyway" if machine.paid_anyway else ""
    return f"{state}, {has}{anyway}"


def settle_button(machine: IdleNow) -> Block | None:
    """The button that does something about it."""
    if machine.kept:
        return None
    if machine.stop_saves and machine.state != "partial":
        return button(f"Stop {machine.name}…", f"{ASK_STOP_BUTTON}:{machine.instance_id}"[:255], machine.instance_id)
    if not machine.holders:
        return button(f"Claim {machine.name}", f"{CLAIM_BUTTON}:{machine.instance_id}"[:255], machine.instance_id)
    return None
