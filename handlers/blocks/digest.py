"""The daily digest: what idles, since when, what it cost, and the two buttons that settle it."""

from collections.abc import Sequence

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.digest import Digest, DigestNow, IdleRow, MonthAhead, RowNow
from handlers.blocks.acting import dormant as dormant_blocks
from handlers.blocks.acting.approvals import ASK_STOP_BUTTON
from handlers.blocks.acting.batches import ASK_STOP_LISTED_BUTTON
from handlers.blocks.acting.dormant import DORMANT_OF_BUTTON, IMAGES_OF_BUTTON
from handlers.blocks.buttons import CLAIM_BUTTON
from handlers.blocks.money.forecast_charts import FORECAST_BUTTON
from handlers.blocks.money.reports import CENT, SOME, gpu_hours_text
from handlers.blocks.parts import Block, Reply, actions, button, context, cut, lines, section
from handlers.blocks.silence import as_they_were
from handlers.blocks.words import (
    about,
    at,
    chance_of,
    esc,
    gpu_command,
    gpus,
    length,
    near,
    per_hour,
    person,
    persons,
    plural,
    roughly,
    usd,
)

# Messages that stand in Slack carry these, so their text never changes.
KEEP_IDLE_BUTTON = "keep_idle"

NAMED = 5
SHOWN = 15
"""Rows drawn; the rest is counted, and `/gpu status idle` shows it."""


def digest(made: DigestNow) -> Reply:
    """One channel's digest, with what became of each row since it was posted."""
    rows = made.rows
    head = _headline(made)
    blocks: list[Block] = [section(f"*{head}*")]
    for now in rows[:SHOWN]:
        blocks += _row(now, made.digest.made_at)
    if len(rows) > SHOWN:
        blocks.append(context(f"and {len(rows) - SHOWN} more: {gpu_command('status idle')} shows all."))
    stoppable = sum(now.may_stop for now in rows)
    if stoppable > 1:
        day = made.digest.local_date.isoformat()
        blocks.append(actions(button(f"Stop all {stoppable} of these…", ASK_STOP_LISTED_BUTTON, day)))
    late = _late(made.digest)
    if late:
        blocks.insert(1, context(late))
    if rows:
        blocks.append(context(_small_print(made)))
    plain = "; ".join(f"{esc(now.row.name, 60)} {now.row.state}" for now in rows[:SHOWN])
    tidy = _to_tidy(made)
    ends = [*tidy, *_month(made.digest.month)]
    said = " ".join(line for line, _ in ends)
    text = " ".join(part for part in (head, late, said, plain) if part)
    return Reply(cut(text, 3_900), [*blocks, *(section(line, show) for line, show in ends)], private=False)


def _month(month: MonthAhead | None) -> list[tuple[str, Block]]:
    """What the month will come to, with the button that shows why."""
    if month is None:
        return []
    whose, scope = (f" ({esc(month.team, 40)})", f"team|{month.team}") if month.team else ("", "total|")
    line = f"{month.first:%B}{whose}: {roughly(month.expected_micros)} expected"
    if month.budget_micros is not None:
        chance = "" if month.chance_over is None else f" ({chance_of(month.chance_over)} chance to exceed)"
        line += f", budget {roughly(month.budget_micros)}{chance}"
    saved = f" Saved this month: {roughly(month.saved_micros)}." if month.saved_micros else ""
    return [(f"{line}.{saved}", button("Forecast", f"{FORECAST_BUTTON}:month", f"month|{scope}"))]


def _to_tidy(made: DigestNow) -> list[tuple[str, Block]]:
    """Once a week: what nobody has used for weeks, each with the button that shows it."""
    tidy, channel = made.digest.tidy, made.digest.channel
    if tidy is None:
        return []
    machines = (dormant_blocks.line(tidy), button("Show", DORMANT_OF_BUTTON, channel))
    unused = (dormant_blocks.image_line(tidy), button("Show images", IMAGES_OF_BUTTON, channel))
    return [*([machines] if tidy.machines else []), *([unused] if tidy.images else [])]


def _late(digest: Digest) -> str:
    """Whether it comes late, and of whom it knows nothing."""
    parts = [f"This digest is late: it was due at {at(digest.due_at)}."] if digest.due_at else []
    if digest.missing:
        whose = "whose agents have not reported since Valet runs again"
        parts.append(f"Nothing is known of {_names(digest.missing)}, {whose}.")
    return " ".join(parts)


def _headline(made: DigestNow) -> str:
    digest = made.digest
    when = f"{digest.local_date:%A} {digest.local_date.day} {digest.local_date:%B}"
    wasted = _wasted(digest)
    if not made.rows:
        none = "none known" if digest.missing else "none"
        return f"Idle GPUs, {when}: {none}{f' now; {wasted}' if digest.wasted_micros else ''}."
    open_rows = sum(now.state == "idle" and now.row.state != "partial" for now in made.rows)
    asked = sum(now.state == "asked" for now in made.rows)
    wait = f"{plural(open_rows, 'machine')} {'needs' if open_rows == 1 else 'need'} a decision."
    asking = f"{plural(asked, 'stop')} {'waits' if asked == 1 else 'wait'} for an approver." if asked else ""
    settled = " ".join(part for part in (wait if open_rows else "", asking) if part) or "All are settled."
    return f"Idle GPUs, {when}: {wasted}. {settled}"


def _wasted(digest: Digest) -> str:
    """Owned machines apart: they cost the same whether used or not."""
    owned = gpu_hours_text(digest.span.owned.idle_gpu_ms) if digest.span and digest.span.owned.idle_gpu_ms else ""
    if digest.wasted_micros:
        beside = f", and {owned} of owned machines" if owned else ""
        return f"{about(exact=digest.exact)}{usd(digest.wasted_micros)} went unused in the last 24 hours{beside}"
    if owned:
        return f"{owned} of owned machines went unused in the last 24 hours"
    if digest.span and digest.span.rented.unknown_micros:
        return "what went unused in the last 24 hours is not known"
    return f"{usd(0)} went unused in the last 24 hours"


def _row(now: RowNow, made_at: int) -> list[Block]:
    row = now.row
    idle = f"{row.state} for {length(made_at - row.since)}"
    if row.state == "partial":
        idle = f"partial: {plural(row.idle_gpus, 'GPU')} idle for {length(made_at - row.since)}"
    money = "no known price"
    if row.wasted_micros is not None and row.waste_micros_per_hour is not None:
        unused = f"{about(exact=row.exact)}{usd(row.wasted_micros)}" if row.is_waste_known else "not known what went"
        money = f"{unused} unused ({per_hour(row.waste_micros_per_hour)})"
    kind = "owned" if row.provider == "owned" else esc(row.type, 40)
    held = f"{persons(row.holders)} to {near(row.claim_until, made_at)}" if row.claim_until else "nobody"
    first = f"*{esc(row.name, 60)}*  {idle}  ·  {money}"
    anyway = f"  ·  in {esc(row.paid_anyway, 80)}, paid whether it runs or not" if row.paid_anyway else ""
    second = f"{kind}, {esc(row.gpus, 40)}  ·  {held}{_gist(row)}{anyway}"
    state = _became(now)
    block = section(lines([first, second, state]))
    return [block] if state else [block, actions(*_buttons(row))]


def _gist(row: IdleRow) -> str:
    return f"  ·  {esc(row.evidence.partition(';')[0])}" if row.state == "held" else ""


def _buttons(row: IdleRow) -> list[Block]:
    keep = button(f"Keep {row.name}", KEEP_IDLE_BUTTON, row.instance_id)
    if row.state == "partial" or not row.stop_saves:
        return [keep] if row.holders else [button(f"Claim {row.name}", CLAIM_BUTTON, row.instance_id), keep]
    return [button(f"Stop {row.name}…", ASK_STOP_BUTTON, row.instance_id), keep]


def _became(now: RowNow) -> str:
    """What happened since; empty while it waits for a decision."""
    who, when = person(now.who), f" at {at(now.at)}" if now.at else ""
    until = f" until {at(now.until)}" if now.until else ""
    return {
        "asked": f"{who} asked to stop it{when}; somebody else decides{until}.",
        "approved": f"{who} approved the stop{when}.",
        "stopping": f"Stopping: {who} approved it{when}.",
        "stopped": f"Stopped{when}." if not now.who else f"Stopped: {who} approved it{when}.",
        "claimed": f"{who} claimed {gpus(now.gpus) if now.gpus else 'it'}{until}.",
        "kept": f"{who} keeps it{until}.",
        "working": "Works again.",
        "unknown": "No reading now.",
        "gone": "Gone.",
    }.get(now.state, "")


def _small_print(made: DigestNow) -> str:
    digest = made.digest
    parts = [f"Idle: {_rule(digest.windows)} without work on any GPU, seen minute by minute."]
    if digest.span:
        parts.append(f"Sums are the ledger's since {at(digest.span.from_at)}: of what was judged idle, from then on.")
    if digest.unlisted_micros >= CENT:
        them = "that work or are off by now, or are kept, drained or exempt"
        unlisted = f"{about(exact=digest.exact)}{usd(digest.unlisted_micros)}"
        parts.append(f"{unlisted} of it is of machines not listed: {them}.")
    if digest.span and digest.span.rented.unknown_share >= SOME:
        parts.append(f"Of {usd(digest.span.rented.unknown_micros)} nobody knows whether it was used.")
    if digest.partial_idle_gpu_ms:
        hours = gpu_hours_text(digest.partial_idle_gpu_ms)
        parts.append(f"Partly idle machines: {hours} unused; they can't be stopped, but shared.")
    if digest.unpriced:
        parts.append(f"{plural(digest.unpriced, 'machine')} without a known price left out of the sum.")
    if digest.left_out:
        parts.append(f"Idle too, but kept, drained or exempt: {_names(digest.left_out)}.")
    parts += as_they_were(digest.silent, digest.made_at)
    parts.append(f"As of {at(digest.made_at)}.")
    return " ".join(parts)


def _rule(windows: Sequence[int]) -> str:
    """After how long a GPU is idle: one for all its teams, or from the shortest to the longest."""
    least, most = windows[0] * MINUTE_MS, windows[-1] * MINUTE_MS
    if least == most:
        return "an hour" if least == HOUR_MS else plural(windows[0], "minute")
    return f"{length(least)} to {length(most)}, by team,"


def _names(known: Sequence[str]) -> str:
    rest = len(known) - NAMED
    return ", ".join([esc(name, 60) for name in known[:NAMED]] + ([f"{rest} more"] if rest > 0 else []))


def kept(name: str, until: int) -> Reply:
    """Told to the one who pressed Keep."""
    text = f"{esc(name, 60)} stays as it is; no digest asks about it until {at(until)}."
    return Reply(text, [section(text)])
