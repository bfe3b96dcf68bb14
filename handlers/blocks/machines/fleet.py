"""The fleet as a message: totals first, waste before everything else, the next step as a button."""

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.listing import FleetSource, FleetTotals, Listing
from bot.domain.machines.notices import Notice
from bot.domain.machines.verdict import Verdict
from bot.domain.money.standing_costs import StandingCost
from bot.domain.sharing.claims import Claim
from handlers.blocks.acting.approvals import ASK_STOP_BUTTON, START_BUTTON
from handlers.blocks.acting.batches import ASK_STOP_IDLE_BUTTON
from handlers.blocks.acting.drain import since as draining_since
from handlers.blocks.buttons import WHY_BUTTON
from handlers.blocks.parts import (
    FALLBACK_TEXT,
    Block,
    Reply,
    actions,
    button,
    context,
    cut_mrkdwn,
    lines,
    plainly,
    section,
)
from handlers.blocks.sharing.find import claim_button
from handlers.blocks.sharing.unclaimed import unclaimed_in_words
from handlers.blocks.words import (
    addresses,
    at,
    bars,
    clock_time,
    code,
    esc,
    gpu_command,
    gpus,
    length,
    near,
    per_hour,
    person,
    plural,
    snoozed,
    usd,
)

# Messages that stand in Slack carry these, so their text never changes.
STATUS_PAGE_BUTTON = "status_page"
STATUS_OF_BUTTON = "status_of"

FLEET_PAGE = 10
QUIET_TOLD_AFTER_MS = 5 * MINUTE_MS
"""What was told of so lately is no silence."""
_MARK = {
    "free": ":large_yellow_circle:",
    "held": ":large_orange_circle:",
    "partial": ":large_orange_circle:",
    "active": ":large_green_circle:",
}


def status(
    found: list[Listing], totals: FleetTotals, sources: list[FleetSource], now: int, *, page: int, query: str
) -> Reply:
    """A page of the fleet. `query` is the filter as typed; it is shown again by the next-page button."""
    if not totals.instances:
        return _nothing(sources, query, now)
    conclusion = fleet_headline(totals, query)
    blocks: list[Block] = [section(f"*{conclusion}*")]
    for listing in found:
        blocks += _row(listing, now)
    blocks += _foot(found, totals, sources, now, page=page, query=query)
    plain = [f"{esc(each.instance.name, 60)} {each.state}" for each in found]
    return Reply(cut_mrkdwn(f"{conclusion} {'; '.join(plain)}", FALLBACK_TEXT), blocks)


def fleet_headline(totals: FleetTotals, query: str = "") -> str:
    """The conclusion, in one or two sentences."""
    what = f"GPU fleet ({esc(query, 60)})" if query else "GPU fleet"
    about = "about " if totals.estimated else ""
    cost = f"{about}{per_hour(totals.rate_micros)} now{_of_it_owned(totals.owned_micros, totals.rate_micros)}"
    counted = f"{plural(totals.instances, 'instance')}, {plural(totals.gpus, 'GPU')}, {cost}"
    some = f"{totals.idle} idle" if totals.idle else "Some GPUs idle"
    some += f" and {totals.partial} in part" if totals.idle and totals.partial else ""
    owned = _of_it_owned(totals.owned_waste_micros, totals.waste_micros)
    idle = f"{some}, wasting {about}{per_hour(totals.waste_micros)}{owned}" if totals.waste_micros else _none(totals)
    priced = f" {plural(totals.unpriced, 'running instance')} without a known price." if totals.unpriced else ""
    return f"{what}: {counted}. {idle}.{priced}"


def _none(totals: FleetTotals) -> str:
    """That nothing idles, as far as it was seen: of unknown machines nobody knows."""
    return f"Nothing seen idle, {totals.unknown} unknown" if totals.unknown else "Nothing idle"


def _of_it_owned(owned: int, whole: int) -> str:
    """What is on no bill, so that the rest agrees with what tells of rented machines alone."""
    return f" ({'all' if owned == whole else per_hour(owned)} of it owned)" if owned else ""


def _nothing(sources: list[FleetSource], query: str, now: int) -> Reply:
    if query:
        return plainly(f"Nothing matches {code(query)}. {gpu_command('status')} shows all.")
    said = (
        "I see no GPU instance yet. Rented ones appear a minute after `[[aws]]` is set, "
        "owned ones when their agent reports."
    )
    trouble = _trouble(sources, now)
    return Reply(said, [section(said), *([context(trouble)] if trouble else [])])


def describe_machine(listing: Listing, now: int) -> str:
    """One instance in two lines: what it is and its state, then money and people."""
    instance, state = listing.instance, listing.state
    model = esc(instance.gpu_model, 40)
    devices = f"{instance.gpu_count}x{model}" if instance.gpu_count else model or "GPUs not known"
    first = f"{_MARK.get(state, ':white_circle:')} *{esc(instance.name, 60)}*  {state}{_since(listing, now)}"
    kind = "owned" if instance.provider == "owned" else esc(instance.type, 40)
    second = [
        kind,
        devices,
        _money(listing),
        _people(listing, now),
        _line(listing),
        _kept(listing),
        _drained(listing),
    ]
    return lines([f"{first}{_strip(listing)}", "  ·  ".join(part for part in second if part)])


def tells_apart(listing: Listing, now: int) -> str:
    """What tells a machine from others of that name: type, region, state, and who holds it."""
    instance = listing.instance
    kind = "owned" if instance.provider == "owned" else f"{esc(instance.type, 40)}, {esc(instance.region, 40)}"
    return f"*{esc(instance.name, 60)}*  {kind}, {esc(instance.id, 40)}, {listing.state}, {_people(listing, now)}"


def _kept(listing: Listing) -> str:
    return f"kept {snoozed(listing.snooze)}" if listing.snooze else ""


def _drained(listing: Listing) -> str:
    return draining_since(listing.drain) if listing.drain else ""


def _strip(listing: Listing) -> str:
    seen = any(cell.active_share is not None for cell in listing.strip)
    return f"  {bars(listing.strip)}" if seen and listing.running else ""


def _since(listing: Listing, now: int) -> str:
    verdict = listing.verdict
    if not listing.running:
        return _stopped(listing, now)
    if verdict is None:
        return ": no reading"
    if verdict.state == "unknown":
        return f": {_unknown(verdict, now)}"
    if verdict.state == "active":
        return (
            f": last worked {length(now - verdict.since)} ago"
            if verdict.since and now - verdict.since >= QUIET_TOLD_AFTER_MS
            else ""
        )
    for_how_long = f" for {length(now - verdict.since)}" if verdict.since and now - verdict.since >= MINUTE_MS else ""
    if verdict.state == "partial":
        return f": {verdict.idle_gpus} of {len(verdict.gpus)} GPUs idle{for_how_long}"
    return f"{for_how_long} ({esc(verdict.gist)})" if verdict.state == "held" else for_how_long


def _unknown(verdict: Verdict, now: int) -> str:
    """Why nobody can tell, and since when nothing was heard, unless that is only now."""
    why = esc(verdict.gist.removeprefix("no reading lately: "))
    if verdict.needs_time or (verdict.since and now - verdict.since < QUIET_TOLD_AFTER_MS):
        return why
    if verdict.sees_few:
        return f"{why} since {_seen(verdict.since, now)}" if verdict.since else why
    return f"no reading since {_seen(verdict.since, now)} ({why})" if verdict.since else f"no reading ({why})"


def _seen(since: int, now: int) -> str:
    return clock_time(since) if now - since < 12 * HOUR_MS else near(since, now)


def _stopped(listing: Listing, now: int) -> str:
    at_least = "" if listing.still is None or listing.still.exact else " at least"
    return f" since {near(listing.since, now)}{at_least}" if listing.since else ""


def _money(listing: Listing) -> str:
    if not listing.running:
        held = listing.instance.paid_anyway
        return ", ".join(
            filter(None, [_kept_paid(listing.keeping), f"{esc(held, 80)} is paid all the same" if held else ""])
        )
    if listing.rate is None:
        return "no known price"
    about = "" if listing.rate.exact else "about "
    unused = f" ({usd(listing.unused_micros)} unused since it was judged idle)" if listing.unused_micros else ""
    return f"{about}{per_hour(listing.rate.micros_per_hour)}{unused}"


def _kept_paid(kept: StandingCost | None) -> str:
    """What it costs while it stands still."""
    if kept is None or not kept.micros:
        return ""
    about = "at least" if kept.is_least else "about"
    things = ["its disks"] if kept.disk_micros else []
    things += [addresses(kept.addresses)] if kept.addresses else []
    return f"{about} {usd(kept.micros)} a month for {' and '.join(things)}"


def _people(listing: Listing, now: int) -> str:
    team = f"team {esc(listing.team, 40)}" if listing.team else ""
    in_use = unclaimed_in_words(listing)
    if not listing.claims:
        return ", ".join(part for part in (team, in_use or "nobody") if part)
    return ", ".join([*(_held(listing, held, now) for held in listing.claims), *([in_use] if in_use else [])])


def _line(listing: Listing) -> str:
    held = ", ".join(f"{gpus(each.gpus)} for {person(each.person)}" for each in listing.offers)
    waits = f"{listing.waiting:,} {'waits' if listing.waiting == 1 else 'wait'} in line" if listing.waiting else ""
    return f"{waits} (held: {held})" if held else waits


def _held(listing: Listing, held: Claim, now: int) -> str:
    some = "" if listing.is_whole(held) else f" has {gpus(held.gpus)}"
    note = f": {esc(held.note, 80)}" if held.note else ""
    late = " (over)" if held.until_at <= now else ""
    return f"{person(held.holder)}{some} to {near(held.until_at, now)}{late}{note}"


def _row(listing: Listing, now: int) -> list[Block]:
    blocks = [section(describe_machine(listing, now))]
    buttons = []
    if listing.running and listing.unclaimed:
        buttons.append(claim_button(listing))
    if _is_idle_rented(listing):
        buttons.append(button(f"Stop {listing.instance.name}…", ASK_STOP_BUTTON, listing.instance.id))
    if listing.state == "stopped" and listing.instance.provider == "ec2":
        buttons.append(button(f"Start {listing.instance.name}", START_BUTTON, listing.instance.id))
    if listing.state in {"unknown", "partial", "held"}:
        buttons.append(_why(listing))
    return [*blocks, actions(*buttons)] if buttons and listing.state != "active" else blocks


def _is_idle_rented(listing: Listing) -> bool:
    idle = listing.running and listing.verdict is not None and listing.verdict.is_idle
    return idle and listing.instance.provider == "ec2"


def _why(listing: Listing) -> Block:
    return button(f"Why {listing.instance.name}", WHY_BUTTON, listing.instance.id)


def one_machine(listing: Listing, now: int) -> Reply:
    """One instance, with what can be done about it."""
    blocks = _row(listing, now)
    if blocks[-1]["type"] != "actions":
        blocks.append(actions(_why(listing)))
    return Reply(f"{esc(listing.instance.name, 60)} is {listing.state}.", blocks)


def _foot(
    found: list[Listing], totals: FleetTotals, sources: list[FleetSource], now: int, *, page: int, query: str
) -> list[Block]:
    blocks: list[Block] = []
    start = page * FLEET_PAGE
    shown = f"{start + 1} to {start + len(found)} of {totals.instances}" if totals.instances > FLEET_PAGE else "all"
    fresh = min((source.ok_at for source in sources if source.ok_at), default=None)
    as_of = f" As of {clock_time(fresh)}." if fresh else ""
    blocks.append(context(f"Shown: {shown}, most wasteful first; bars are the hours with work since yesterday.{as_of}"))
    trouble = _trouble(sources, now)
    if trouble:
        blocks.append(context(trouble))
    turns = []
    idle = sum(_is_idle_rented(each) for each in found)
    if idle > 1 and query.lower().partition(" ")[0] in {"idle", "free", "held"}:
        turns.append(button("Stop all of these…", ASK_STOP_IDLE_BUTTON, query))
    if page > 0:
        turns.append(button("Previous 10", STATUS_PAGE_BUTTON, f"{page - 1}|{query}"))
    if start + len(found) < totals.instances:
        turns.append(button("Next 10", STATUS_PAGE_BUTTON, f"{page + 1}|{query}"))
    return [*blocks, *([_turning(turns)] if turns else [])]


def _turning(turns: list[Block]) -> Block:
    for number, turn in enumerate(turns):
        turn["action_id"] = f"{turn['action_id']}:{number}"
    return actions(*turns)


def _trouble(sources: list[FleetSource], now: int) -> str:
    silent = [source for source in sources if source.error]
    said = []
    for source in silent[:3]:
        since = f"no data since {clock_time(source.ok_at)}" if source.ok_at else "no data yet"
        said.append(f":warning: {esc(source.name, 60)}: {since} ({esc(source.error, 160)})")
    if len(silent) > 3:
        said.append(f"and {len(silent) - 3} more sources without data")
    return lines(said)


def machine_notice(notice: Notice, name: str, gpu_command: str, now: int) -> Reply:
    """One of them, as it stands."""
    draw = {"agent": _agent, "down": _down, "gpus": _gpus}[notice.kind]
    return plainly(draw(notice, f"*{esc(name, 60)}*", f"{gpu_command} %s {name}", now))


def _agent(notice: Notice, name: str, command: str, now: int) -> str:
    if notice.over_at is not None:
        return f"The agent of {name} reports again, or need not. It was silent for {_lasted(notice)}."
    held = ", which you hold," if notice.person else ""
    return (
        f"The agent of {name}{held} has not reported since {at(notice.since)}, {length(now - notice.since)} ago. "
        "Whether it works is unknown unless another source tells, so it is called idle by nobody and stopped by no "
        f"rule. Look whether the host is up and its agent runs; {code(command % 'why')} has the rest."
    )


def _down(notice: Notice, name: str, command: str, _now: int) -> str:
    if notice.over_at is not None:
        return f"{name} runs again, or you hold it no more. It was down for {_lasted(notice)}."
    return (
        f"{name}, which you hold, went down at {at(notice.since)}, and Valet has not stopped it: somebody else did, or "
        f"it did so itself. {code(command % 'start')} asks for a start, {code(command % 'release')} gives it back."
    )


def _gpus(notice: Notice, name: str, command: str, _now: int) -> str:
    how, _, which = notice.detail.partition("|")
    if notice.over_at is not None:
        return f"The GPUs of {name} that you hold are told of again, or you hold them no more."
    if how == "other":
        return (
            f"In the place of a GPU of {name} that you hold there is another since {at(notice.since)}: "
            f"{esc(which, 400)}. Look at what runs there; {code(command % 'why')} has the rest."
        )
    return (
        f"You hold GPUs of {name} that its agent has not told of since {at(notice.since)}: {esc(which, 400)}. "
        f"They are gone, or have another number now. What ran there may have ended; {code(command % 'why')} has the "
        "rest."
    )


def _lasted(notice: Notice) -> str:
    return length((notice.over_at or notice.since) - notice.since)
