"""One machine as a message: what it does and since when, what it costs and who has it, the next step as a button."""

from bot.domain.acting.actions import PAST_TENSE, Action
from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.domain.machines.states import FREE, STATES, UNCLAIMED, for_so_long, in_words
from bot.domain.machines.verdict import Verdict
from bot.domain.money.standing_costs import StandingCost
from bot.domain.sharing.claims import Claim
from handlers.blocks.acting.approvals import ASK_STOP_BUTTON, START_BUTTON
from handlers.blocks.acting.drain import drain_since as draining_since
from handlers.blocks.buttons import WHY_BUTTON
from handlers.blocks.parts import Reply, actions, button, lines, section
from handlers.blocks.sharing.find import claim_button
from handlers.blocks.sharing.unclaimed import unclaimed_in_words
from handlers.blocks.words import (
    addresses,
    clock_time,
    esc,
    gpus,
    length,
    near,
    per_hour,
    person,
    plural,
    roughly,
    say,
    snooze_line,
)

# Messages that stand in Slack carry these, so their text never changes.
STATUS_OF_BUTTON = "status_of"

QUIET_TOLD_AFTER_MS = 5 * MINUTE_MS
"""What was heard of so lately is no silence."""
FREE_MARK = ":large_green_circle:"
"""Green means that whoever looks can have it now."""
_MARKS = {
    "active": ":large_blue_circle:",
    "free": ":large_yellow_circle:",
    "held": ":large_orange_circle:",
    "partial": ":large_yellow_circle:",
    "stopped": ":black_circle:",
}
NO_GPUS: frozenset[int] = frozenset()


def marked(listing: Listing, free: frozenset[int] = NO_GPUS) -> str:
    """A colour that repeats the word beside it."""
    return FREE_MARK if free else _MARKS.get(listing.state, ":white_circle:")


def state_in_short(listing: Listing, now: int, free: frozenset[int] = NO_GPUS) -> str:
    """What it does and since when, for a list: "free, idle 3 h 12 m". `free` are GPUs that the reader can have now."""
    said = [*_free_part(listing, free), _state_since(listing, now, len(free))]
    said += ["kept"] if listing.snooze else []
    said += ["draining"] if listing.drain else []
    said += [f"{listing.waiting:,} in line"] if listing.waiting else []
    return ", ".join(said)


def _free_part(listing: Listing, free: frozenset[int]) -> list[str]:
    """Which of its GPUs the reader can have now: "free", "2 of 8 GPUs free", or nothing."""
    if not free:
        return []
    whole = len(listing.gpus)
    return [FREE.word if len(free) == whole else f"{len(free)} of {plural(whole, 'GPU')} {FREE.word}"]


def _state_since(listing: Listing, now: int, free: int) -> str:
    verdict, word = listing.verdict, in_words(listing.state)
    if not listing.running:
        return f"{word}{_stopped(listing, now)}"
    ago = f" {length(now - (verdict.since or now))}" if verdict and _is_long(verdict, now) else ""
    match listing.state:
        case "active":
            return f"{word}, last{ago} ago" if ago and verdict and _is_old(verdict, now) else word
        case "partial" if verdict:
            idle = "" if verdict.idle_gpus == free else f"{verdict.idle_gpus} of {plural(len(verdict.gpus), 'GPU')} "
            return f"{idle}{STATES['free'].word}{ago}"
        case "held" | "free":
            return for_so_long(listing.state, ago.strip())
        case _:
            silent = verdict and not verdict.needs_time and ago
            return f"{word} since {_seen(verdict.since, now)}" if silent and verdict and verdict.since else word


def _is_long(verdict: Verdict, now: int) -> bool:
    return bool(verdict.since) and now - (verdict.since or 0) >= MINUTE_MS


def describe_machine(listing: Listing, now: int, free: frozenset[int] = NO_GPUS) -> str:
    """One machine in two lines: what it does and since when, then money and people."""
    instance = listing.instance
    model = esc(instance.gpu_model, 40)
    devices = f"{instance.gpu_count}x{model}" if instance.gpu_count else model or "GPUs not known"
    said = ", ".join([*_free_part(listing, free), state_in_full(listing, now)])
    first = f"{marked(listing, free)} *{esc(instance.name, 60)}*  {said}"
    second = [
        "owned" if instance.provider == "owned" else esc(instance.type, 40),
        devices,
        _money(listing),
        _people(listing, now),
        _line(listing),
        f"kept {snooze_line(listing.snooze)}" if listing.snooze else "",
        draining_since(listing.drain) if listing.drain else "",
    ]
    return lines([first, "  ·  ".join(part for part in second if part)])


def tells_apart(listing: Listing, now: int) -> str:
    """What tells a machine from others of that name: type, region, state, and who has it."""
    instance, state = listing.instance, in_words(listing.state)
    kind = "owned" if instance.provider == "owned" else f"{esc(instance.type, 40)}, {esc(instance.region, 40)}"
    return f"*{esc(instance.name, 60)}*  {kind}, {esc(instance.id, 40)}, {state}, {_people(listing, now)}"


def state_in_full(listing: Listing, now: int) -> str:
    """What it does, since when, and how that is known: "idle for 3 h 12 m: no programs, all 8 GPUs at 0 %"."""
    verdict, word = listing.verdict, in_words(listing.state)
    if not listing.running:
        return f"{word}{_stopped(listing, now)}"
    if verdict is None:
        return f"{word}: no reading"
    if verdict.state == "unknown":
        return f"{word}: {_unknown(verdict, now)}"
    if verdict.state == "active":
        return f"{word}, last {length(now - verdict.since)} ago" if verdict.since and _is_old(verdict, now) else word
    for_how_long = f" for {length(now - (verdict.since or now))}" if _is_long(verdict, now) else ""
    if verdict.state == "partial":
        return f"{word}: {verdict.idle_gpus} of {len(verdict.gpus)} GPUs idle{for_how_long}"
    return f"{STATES['free'].word}{for_how_long}: {esc(verdict.gist)}"


def _is_old(verdict: Verdict, now: int) -> bool:
    return now - (verdict.since or now) >= QUIET_TOLD_AFTER_MS


def _unknown(verdict: Verdict, now: int) -> str:
    """Why nobody can tell, and since when nothing was heard, unless that is only now."""
    why = esc(verdict.gist.removeprefix("no reading lately: "))
    if verdict.needs_time or (verdict.since and not _is_old(verdict, now)):
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
    wasted = f" ({roughly(listing.unused_micros)} wasted so far)" if listing.unused_micros else ""
    return f"{about}{per_hour(listing.rate.micros_per_hour)}{wasted}"


def _kept_paid(kept: StandingCost | None) -> str:
    """What it costs while it stands still."""
    if kept is None or not kept.micros:
        return ""
    about = "at least" if kept.is_least else "about"
    things = ["its disks"] if kept.disk_micros else []
    things += [addresses(kept.addresses)] if kept.addresses else []
    return f"{about} {roughly(kept.micros)} a month for {' and '.join(things)}"


def _people(listing: Listing, now: int) -> str:
    team = f"team {esc(listing.team, 40)}" if listing.team else ""
    in_use = unclaimed_in_words(listing)
    if not listing.claims:
        return ", ".join(part for part in (team, in_use or UNCLAIMED.word) if part)
    return ", ".join([*(_held(listing, held, now) for held in listing.claims), *([in_use] if in_use else [])])


def _line(listing: Listing) -> str:
    kept = ", ".join(f"{gpus(each.gpus)} for {person(each.person)}" for each in listing.offers)
    waits = f"{listing.waiting:,} {'waits' if listing.waiting == 1 else 'wait'} in line" if listing.waiting else ""
    return f"{waits} (kept: {kept})" if kept else waits


def _held(listing: Listing, held: Claim, now: int) -> str:
    some = "" if listing.is_whole(held) else f" has {gpus(held.gpus)}"
    note = f": {esc(held.note, 80)}" if held.note else ""
    late = " (over)" if held.until_at <= now else ""
    return f"{person(held.holder)}{some} to {near(held.until_at, now)}{late}{note}"


def one_machine(listing: Listing, now: int, free: frozenset[int] = NO_GPUS, action: Action | None = None) -> Reply:
    """One machine, with what can be done about it. `free` are GPUs that whoever looks can have now; `action` is what
    is asked about it or happens to it already."""
    name, id_ = listing.instance.name, listing.instance.id
    buttons = []
    asked_only = action is None or action.state == "pending"
    if listing.running and listing.unclaimed and listing.state != "active" and asked_only:
        buttons.append(claim_button(listing))
    if is_idle_rented(listing) and action is None:
        buttons.append(button(f"Stop {name}…", ASK_STOP_BUTTON, id_))
    if listing.state == "stopped" and listing.instance.provider == "ec2" and action is None:
        buttons.append(button(f"Start {name}", START_BUTTON, id_))
    buttons.append(button(f"Why {name}", WHY_BUTTON, id_))
    text = f"{esc(name, 60)} is {state_in_full(listing, now)}."
    return Reply(text, [section(lines([describe_machine(listing, now, free), _happening(action)])), actions(*buttons)])


def _happening(action: Action | None) -> str:
    if action is None:
        return ""
    if action.state == "pending":
        return f"{say(action.asker)} asked to {action.kind} it."
    return f"It is being {PAST_TENSE[action.kind]}; {say(action.decided_by)} approved it."


def is_idle_rented(listing: Listing) -> bool:
    """Whether to stop it would save something."""
    idle = listing.running and listing.verdict is not None and listing.verdict.is_idle
    return idle and listing.instance.provider == "ec2"
