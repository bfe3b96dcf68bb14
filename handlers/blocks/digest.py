"""The daily digest on one screen: what idles, since when, what it cost, and what settles it."""

from collections.abc import Sequence

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.digest import Digest, DigestNow, IdleRow, MonthAhead, RowNow
from bot.domain.machines.states import STATES, UNCLAIMED
from handlers.blocks.acting import dormant as dormant_blocks
from handlers.blocks.acting.approvals import ASK_STOP_BUTTON
from handlers.blocks.acting.batches import ASK_STOP_LISTED_BUTTON
from handlers.blocks.acting.dormant import DORMANT_OF_BUTTON, IMAGES_OF_BUTTON
from handlers.blocks.buttons import CLAIM_BUTTON
from handlers.blocks.money.forecast_charts import FORECAST_BUTTON
from handlers.blocks.money.reports import CENT, SOME, gpu_hours_text
from handlers.blocks.parts import Block, Reply, actions, button, context, cut, lines, menu, plainly, section
from handlers.blocks.silence import as_they_were
from handlers.blocks.tables import Cell, table, usd_figure
from handlers.blocks.words import (
    about,
    at,
    chance_of,
    day_at,
    esc,
    gpu_command,
    gpus,
    length,
    near,
    person,
    persons,
    plural,
    roughly,
)

# Messages that stand in Slack carry these, so their text never changes.
KEEP_IDLE_BUTTON = "keep_idle"
DIGEST_HOW_BUTTON = "digest_how"

HOW_COUNTED = "How this is counted"
DIGEST_HEAD = ("Machine", "Idle", "Unused in 24 h", "Now", "Who, until when", "USD/h", "GPUs")
"""What became of a row stands where a phone still shows it."""
FEW = 2
"""So many machines have a button each; more have menus."""
NAMES_SHOWN = 5
ROWS_SHOWN = 15
"""Rows drawn; the rest is counted, and `/gpu status idle` shows it."""


def digest(made: DigestNow) -> Reply:
    """One channel's digest, with what became of each row since it was posted."""
    rows, head, late = made.rows[:ROWS_SHOWN], _headline(made), _late(made.digest)
    blocks: list[Block] = [section(lines([f"*{head}*", late]))]
    blocks += table(
        "Idle machines, most wasteful first", DIGEST_HEAD, [_cells(now, made.digest.made_at) for now in rows]
    )
    more = len(made.rows) - ROWS_SHOWN
    notes = [f"and {more} more: {gpu_command('status idle')} shows all."] if more > 0 else []
    if made.rows:
        blocks.append(context(" ".join([*notes, *_small_print(made)])))
    ends = [*_to_tidy(made), *_month(made.digest.month)]
    blocks += [section(said) for said, _ in ends]
    buttons = [*_settling(rows, made.digest), *(show for _, show in ends)]
    buttons += [button(HOW_COUNTED, DIGEST_HOW_BUTTON, _subject(made.digest))] if made.rows else []
    if buttons:
        blocks.append(actions(*buttons))
    plain = "; ".join(f"{esc(now.row.name, 60)} {_idle(now.row, made.digest.made_at)}" for now in rows)
    text = " ".join(part for part in (head, late, *(said for said, _ in ends), plain) if part)
    return Reply(cut(text, 3_900), blocks, private=False)


def digest_counted(made: DigestNow) -> Reply:
    """What the sums of a digest are of, and what they lack."""
    digest = made.digest
    parts = [f"A GPU is idle after {_rule(digest.windows)} without work, seen minute by minute."]
    if digest.span:
        parts.append(f"Sums are the ledger's since {at(digest.span.from_at)}: of what was idle, from then on.")
    if digest.unlisted_micros >= CENT:
        them = "that are in use or off by now, or are kept, drained or exempt"
        unlisted = f"{about(exact=digest.exact)}{roughly(digest.unlisted_micros)}"
        parts.append(f"{unlisted} of it is of machines not listed: {them}.")
    if digest.span and digest.span.rented.unknown_share >= SOME:
        parts.append(f"Of {roughly(digest.span.rented.unknown_micros)} nobody knows whether it was used.")
    if digest.partial_idle_gpu_ms:
        hours = gpu_hours_text(digest.partial_idle_gpu_ms)
        parts.append(f"Partly idle machines ({hours}) can be shared, not stopped.")
    if digest.unpriced:
        parts.append(f"{plural(digest.unpriced, 'machine')} without a known price not counted.")
    return plainly(lines(parts))


def _subject(digest: Digest) -> str:
    return f"{digest.channel}|{digest.local_date.isoformat()}"


def _settling(rows: Sequence[RowNow], digest: Digest) -> list[Block]:
    """What settles the open rows: a button each where there are few of them, else a menu for each thing to do."""
    open_rows = [now for now in rows if now.state == "idle"]
    stops = [(f"Stop {now.row.name}…", now.row.instance_id) for now in open_rows if now.may_stop]
    claims = [
        (f"Claim {now.row.name}", now.row.instance_id) for now in open_rows if not now.may_stop and not now.row.holders
    ]
    keeps = [(f"Keep {now.row.name}", now.row.instance_id) for now in open_rows]
    made = _choice("Stop…", ASK_STOP_BUTTON, stops) + _choice("Claim…", CLAIM_BUTTON, claims)
    made += _choice("Keep for a day…", KEEP_IDLE_BUTTON, keeps)
    if len(stops) > 1:
        label = f"Stop all {len(stops)} of these…"
        made.append(button(label, ASK_STOP_LISTED_BUTTON, digest.local_date.isoformat()))
    return made


def _choice(title: str, action_id: str, offered: Sequence[tuple[str, str]]) -> list[Block]:
    if len(offered) > FEW:
        return [menu(action_id, offered, placeholder=title)]
    return [button(label, f"{action_id}:{number}", value) for number, (label, value) in enumerate(offered)]


def _cells(now: RowNow, made_at: int) -> list[Cell]:
    """One row of the table: what idles since when, what that cost, who has it, and what became of it."""
    row = now.row
    unused: Cell = "not known"
    if row.wasted_micros is not None and row.is_waste_known:
        unused = usd_figure(row.wasted_micros, exact=row.exact)
    rate: Cell = "not known"
    if row.waste_micros_per_hour is not None:
        rate = usd_figure(row.waste_micros_per_hour, exact=row.exact)
    held = f"{persons(row.holders)} to {near(row.claim_until, made_at)}" if row.claim_until else UNCLAIMED.word
    return [
        esc(row.name, 60),
        _idle(row, made_at),
        unused,
        _became(now) or (f"in {esc(row.paid_anyway, 60)}, paid anyway" if row.paid_anyway else "open"),
        held,
        rate,
        f"{esc(row.gpus, 40)}{', owned' if row.provider == 'owned' else ''}",
    ]


def _idle(row: IdleRow, made_at: int) -> str:
    """Since when it idles, and what keeps its memory."""
    ago = length(made_at - row.since)
    if row.state == "partial":
        return f"{plural(row.idle_gpus, 'GPU')} {STATES['free'].word} {ago}"
    kept = f", {esc(_program(row), 60)}" if row.state == "held" else ""
    return f"{STATES['free'].word} {ago}{kept}"


def _program(row: IdleRow) -> str:
    """What keeps its memory: the first words of the evidence."""
    return row.evidence.partition(";")[0].partition(",")[0]


def _month(month: MonthAhead | None) -> list[tuple[str, Block]]:
    """What the month will come to, with the button that shows why."""
    if month is None:
        return []
    whose, scope = (f" ({esc(month.team, 40)})", f"team|{month.team}") if month.team else ("", "total|")
    line = f"{month.first:%B}{whose}: {roughly(month.expected_micros)} expected"
    if month.budget_micros is not None:
        chance = "" if month.chance_over is None else f" ({chance_of(month.chance_over)} chance to go over)"
        line += f", budget {roughly(month.budget_micros)}{chance}"
    saved = f" Saved this month: {roughly(month.saved_micros)}." if month.saved_micros else ""
    return [(f"{line}.{saved}", button("Forecast", f"{FORECAST_BUTTON}:month", f"month|{scope}"))]


def _to_tidy(made: DigestNow) -> list[tuple[str, Block]]:
    """Once a week: what nobody has used for weeks, each with the button that shows it."""
    tidy, channel = made.digest.tidy, made.digest.channel
    if tidy is None:
        return []
    machines = (dormant_blocks.dormant_line(tidy), button("Show", DORMANT_OF_BUTTON, channel))
    unused = (dormant_blocks.image_line(tidy), button("Show images", IMAGES_OF_BUTTON, channel))
    return [*([machines] if tidy.machines else []), *([unused] if tidy.images else [])]


def _late(digest: Digest) -> str:
    """Whether it comes late, and of whom it knows nothing."""
    parts = [f"This digest is late: it was due {day_at(digest.due_at)}."] if digest.due_at else []
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
        return f"{about(exact=digest.exact)}{roughly(digest.wasted_micros)} went unused in the last 24 hours{beside}"
    if owned:
        return f"{owned} of owned machines went unused in the last 24 hours"
    if digest.span and digest.span.rented.unknown_micros:
        return "what went unused in the last 24 hours is not known"
    return "$0 went unused in the last 24 hours"


def _became(now: RowNow) -> str:
    """What happened since; empty while it waits for a decision."""
    who, when = person(now.who), f" {day_at(now.at)}" if now.at else ""
    until = f" until {at(now.until)}" if now.until else ""
    return {
        "asked": f"{who} asked to stop it{when}, waiting{until}",
        "approved": f"{who} approved the stop{when}",
        "stopping": f"stopping, {who} approved it{when}",
        "stopped": f"stopped{when}" if not now.who else f"stopped, {who} approved it{when}",
        "claimed": f"{who} claimed {gpus(now.gpus) if now.gpus else 'it'}{until}",
        "kept": f"{who} keeps it{until}",
        "working": "in use again",
        "unknown": "unknown now",
        "gone": "gone",
    }.get(now.state, "")


def _small_print(made: DigestNow) -> list[str]:
    """What is not listed or not seen, and as of when; how it is counted is behind a button."""
    digest = made.digest
    said = [f"Idle too, but kept, drained or exempt: {_names(digest.left_out)}."] if digest.left_out else []
    return [*said, *as_they_were(digest.silent, digest.made_at), f"As of {at(digest.made_at)}."]


def _rule(windows: Sequence[int]) -> str:
    """After how long a GPU is idle: one for all its teams, or from the shortest to the longest."""
    least, most = windows[0] * MINUTE_MS, windows[-1] * MINUTE_MS
    if least == most:
        return "an hour" if least == HOUR_MS else plural(windows[0], "minute")
    return f"{length(least)} to {length(most)}, by team,"


def _names(known: Sequence[str]) -> str:
    rest = len(known) - NAMES_SHOWN
    return ", ".join([esc(name, 60) for name in known[:NAMES_SHOWN]] + ([f"{rest} more"] if rest > 0 else []))


def kept_until(name: str, until: int) -> Reply:
    """Told to the one who pressed Keep."""
    text = f"{esc(name, 60)} stays as it is; no digest asks about it until {at(until)}."
    return Reply(text, [section(text)])
