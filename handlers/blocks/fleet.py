"""The fleet as a message: totals first, waste before everything else, the next step as a button."""

from bot.domain.claims import Claim
from bot.domain.clock import HOUR, MINUTE
from bot.domain.listing import Listing, Source, Totals
from handlers import ids
from handlers.blocks.parts import (
    FALLBACK_TEXT,
    Block,
    Reply,
    actions,
    button,
    confirm,
    context,
    cut_mrkdwn,
    lines,
    plainly,
    section,
)
from handlers.blocks.words import at, bars, clock_time, code, esc, length, per_hour, person, plural, usd

PAGE = 10
_MARK = {
    "free": ":large_yellow_circle:",
    "held": ":large_orange_circle:",
    "partial": ":large_orange_circle:",
    "active": ":large_green_circle:",
}


def status(found: list[Listing], totals: Totals, sources: list[Source], now: int, *, page: int, query: str) -> Reply:
    """A page of the fleet. `query` is the filter as typed; it is shown again by the next-page button."""
    if not totals.instances:
        return _nothing(sources, query, now)
    conclusion = headline(totals, query)
    blocks: list[Block] = [section(f"*{conclusion}*")]
    for listing in found:
        blocks += _row(listing, now)
    blocks += _foot(found, totals, sources, now, page=page, query=query)
    plain = [f"{esc(each.instance.name, 60)} {each.state}" for each in found]
    return Reply(cut_mrkdwn(f"{conclusion} {'; '.join(plain)}", FALLBACK_TEXT), blocks)


def headline(totals: Totals, query: str = "") -> str:
    """The conclusion, in one or two sentences."""
    what = f"GPU fleet ({esc(query, 60)})" if query else "GPU fleet"
    counted = (
        f"{plural(totals.instances, 'instance')}, {plural(totals.gpus, 'GPU')}, {per_hour(totals.rate_micros)} now"
    )
    some = f"{totals.idle} idle" if totals.idle else "Some GPUs idle"
    idle = f"{some}, wasting {per_hour(totals.waste_micros)}" if totals.waste_micros else "Nothing idle"
    priced = f" {plural(totals.unpriced, 'running instance')} without a known price." if totals.unpriced else ""
    return f"{what}: {counted}. {idle}.{priced}"


def _nothing(sources: list[Source], query: str, now: int) -> Reply:
    if query:
        return plainly(f"Nothing matches {code(query)}. `/gpu status` shows all.")
    said = (
        "I see no GPU instance yet. Rented ones appear a minute after `[[aws]]` is set, "
        "owned ones when their agent reports."
    )
    trouble = _trouble(sources, now)
    return Reply(said, [section(said), *([context(trouble)] if trouble else [])])


def describe(listing: Listing, now: int) -> str:
    """One instance in two lines: what it is and its state, then money and people."""
    instance, state = listing.instance, listing.state
    gpus = f"{instance.gpu_count}x{esc(instance.gpu_model, 40)}" if instance.gpu_count else esc(instance.gpu_model, 40)
    first = f"{_MARK.get(state, ':white_circle:')} *{esc(instance.name, 60)}*  {state}{_since(listing, now)}"
    kind = "owned" if instance.provider == "owned" else esc(instance.type, 40)
    second = [kind, gpus, _money(listing, now), _people(listing, now)]
    return lines([f"{first}{_strip(listing)}", "  ·  ".join(part for part in second if part)])


def _strip(listing: Listing) -> str:
    seen = any(cell.active_share is not None for cell in listing.strip)
    return f"  {bars(listing.strip)}" if seen and listing.running else ""


def _since(listing: Listing, now: int) -> str:
    verdict = listing.verdict
    if not listing.running:
        return f" since {at(listing.instance.stopped_at)}" if listing.instance.stopped_at else ""
    if verdict is None:
        return ": no reading"
    if verdict.state == "unknown":
        seen = f"no reading since {clock_time(verdict.since)}" if verdict.since else "no reading"
        return f": {seen} ({esc(verdict.gist)})"
    for_how_long = f" for {length(now - verdict.since)}" if verdict.since and now - verdict.since >= MINUTE else ""
    if verdict.state == "partial":
        return f": {verdict.idle_gpus} of {len(verdict.gpus)} GPUs idle{for_how_long}"
    return f"{for_how_long} ({esc(verdict.gist)})" if verdict.state == "held" else for_how_long


def _money(listing: Listing, now: int) -> str:
    if not listing.running:
        return ""
    if listing.rate is None:
        return "no known price"
    about = "" if listing.rate.exact else "about "
    verdict = listing.verdict
    if listing.waste_micros and verdict and verdict.since:
        so_far = listing.waste_micros * (now - verdict.since) // HOUR
        return f"{about}{per_hour(listing.rate.micros_per_hour)} ({usd(so_far)} unused so far)"
    return f"{about}{per_hour(listing.rate.micros_per_hour)}"


def _people(listing: Listing, now: int) -> str:
    held = listing.claim
    team = f"team {esc(listing.team, 40)}" if listing.team else ""
    if held is None:
        return f"{team}, nobody" if team else "nobody"
    note = f": {esc(held.note, 80)}" if held.note else ""
    late = " (over)" if held.until_at <= now else ""
    return f"{person(held.holder)} to {at(held.until_at)}{late}{note}"


def _row(listing: Listing, now: int) -> list[Block]:
    blocks = [section(describe(listing, now))]
    buttons = []
    if listing.running and listing.claim is None:
        buttons.append(button(f"Claim {listing.instance.name}", ids.CLAIM, listing.instance.id))
    idle_rented = listing.verdict is not None and listing.verdict.is_idle and listing.instance.provider == "ec2"
    if listing.running and idle_rented:
        buttons.append(button(f"Stop {listing.instance.name}…", ids.ASK_STOP, listing.instance.id))
    if listing.state in {"unknown", "partial", "held"}:
        buttons.append(_why(listing))
    return [*blocks, actions(*buttons)] if buttons and listing.state != "active" else blocks


def _why(listing: Listing) -> Block:
    return button(f"Why {listing.instance.name}", ids.WHY, listing.instance.id)


def single(listing: Listing, now: int) -> Reply:
    """One instance, with what can be done about it."""
    blocks = _row(listing, now)
    if blocks[-1]["type"] != "actions":
        blocks.append(actions(_why(listing)))
    return Reply(f"{esc(listing.instance.name, 60)} is {listing.state}.", blocks)


def _foot(
    found: list[Listing], totals: Totals, sources: list[Source], now: int, *, page: int, query: str
) -> list[Block]:
    blocks: list[Block] = []
    start = page * PAGE
    shown = f"{start + 1} to {start + len(found)} of {totals.instances}" if totals.instances > PAGE else "all"
    fresh = min((source.ok_at for source in sources if source.ok_at), default=None)
    as_of = f" As of {clock_time(fresh)}." if fresh else ""
    blocks.append(context(f"Shown: {shown}, most wasteful first; bars are the hours with work since yesterday.{as_of}"))
    trouble = _trouble(sources, now)
    if trouble:
        blocks.append(context(trouble))
    turns = []
    if page > 0:
        turns.append(button("Previous 10", ids.STATUS_PAGE, f"{page - 1}|{query}"))
    if start + len(found) < totals.instances:
        turns.append(button("Next 10", ids.STATUS_PAGE, f"{page + 1}|{query}"))
    return [*blocks, *([_turning(turns)] if turns else [])]


def _turning(turns: list[Block]) -> Block:
    for number, turn in enumerate(turns):
        turn["action_id"] = f"{turn['action_id']}:{number}"
    return actions(*turns)


def _trouble(sources: list[Source], now: int) -> str:
    silent = [source for source in sources if source.error]
    said = []
    for source in silent[:3]:
        since = f"no data since {clock_time(source.ok_at)}" if source.ok_at else "no data yet"
        said.append(f":warning: {esc(source.name, 60)}: {since} ({esc(source.error, 160)})")
    if len(silent) > 3:
        said.append(f"and {len(silent) - 3} more sources without data")
    return lines(said)


def claimed(listing: Listing, now: int) -> Reply:
    """Somebody has it now; the others see it too."""
    held = listing.claim
    name = esc(listing.instance.name, 60)
    if held is None:
        return plainly(f"{name} is free again.")
    note = f" ({esc(held.note, 120)})" if held.note else ""
    text = f"*{name}* is {person(held.holder)}'s until {at(held.until_at)}{note}."
    blocks = [section(text), actions(button(f"Release {listing.instance.name}", ids.RELEASE, listing.instance.id))]
    return Reply(text, blocks, private=False)


def released(name: str, held: Claim, person_id: str, now: int) -> Reply:
    """It is free again, with thanks when it is early."""
    early = f", {length(held.until_at - now)} early. Thanks" if held.until_at - now >= HOUR else ""
    whose = "" if person_id == held.holder else f" ({person(held.holder)} held it)"
    text = f"{person(person_id)} released *{esc(name, 60)}*{early}.{whose}"
    return Reply(text, [section(text)], private=False)


def release_others(listing: Listing, held: Claim) -> Reply:
    """Asked before somebody else's claim is ended."""
    name = esc(listing.instance.name, 60)
    text = f"*{name}* is {person(held.holder)}'s until {at(held.until_at)}, and {listing.state} now."
    sure = confirm(f"End the claim on {listing.instance.name}?", f"{text} They are told.", yes="End it", no="Back")
    label = f"Release {listing.instance.name} anyway"
    return plainly(text, button(label, ids.RELEASE_OTHERS, listing.instance.id, style="danger", confirm=sure))


def taken(listing: Listing, held: Claim, others: list[Listing], now: int) -> Reply:
    """Somebody else has it: who, until when, and what could be had instead."""
    name = esc(listing.instance.name, 60)
    note = f" ({esc(held.note, 120)})" if held.note else ""
    text = f"*{name}* is {person(held.holder)}'s until {at(held.until_at)}{note}."
    blocks = [section(text)]
    if others:
        blocks.append(section("Free just now:\n" + lines([describe(other, now) for other in others])))
        blocks.append(
            actions(
                *(button(f"Claim {o.instance.name}", f"{ids.CLAIM}:{n}", o.instance.id) for n, o in enumerate(others))
            )
        )
    else:
        blocks.append(context("Nothing like it is free just now. Ask its holder, or try `/gpu status free` later."))
    return Reply(text, blocks)


def claim_ended(claim: Claim, name: str) -> Reply:
    """Told to the holder when a claim ended without them."""
    label = esc(name, 60)
    if claim.end_reason == "expired":
        text = f"Your claim on *{label}* ended at {at(claim.until_at)}. It is free for others now."
        again = button(f"Claim {name} again", ids.CLAIM, claim.instance_id)
        return Reply(text, [section(text), actions(again)])
    if claim.end_reason == "gone":
        text = f"Your claim on *{label}* ended: the machine is gone."
    else:
        text = f"Your claim on *{label}* was ended by {person(claim.ended_by)}. Ask them if that surprises you."
    return Reply(text, [section(text)])
