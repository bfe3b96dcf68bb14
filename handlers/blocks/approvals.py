"""The approval card and what follows it."""

from bot.domain.actions import Action, Facts
from handlers import ids
from handlers.blocks.parts import Block, Reply, actions, button, confirm, context, lines, plainly, section
from handlers.blocks.words import at, esc, length, per_hour, person, persons, say, usd

MOST_NAMED = 20


def card(action: Action, approvers: frozenset[str]) -> Reply:
    """The card in whatever state the action is; only a pending one has buttons."""
    name = esc(action.facts.name, 60)
    if action.state == "pending":
        return _question(action, name, approvers)
    text = f"{_ending(action, name)} Asked by {person(action.requester)}."
    return Reply(text, [section(f"*Stop {name}?*\n{text}"), context(_facts(action))], private=False)


def _question(action: Action, name: str, approvers: frozenset[str]) -> Reply:
    text = f"Stop {name}? {person(action.requester)} asks. {_who(approvers)} can answer until {at(action.expires_at)}."
    reason = f"\n>{esc(action.reason, 300)}" if action.reason else ""
    sure = confirm(f"Stop {action.facts.name}?", _sure(action), yes="Stop it", no="Back")
    buttons = actions(
        button(f"Stop {action.facts.name}", ids.APPROVE, action.id, style="danger", confirm=sure),
        button("Keep it running", ids.DENY, action.id),
    )
    return Reply(text, [section(f"*{text}*{reason}"), section(_facts(action)), buttons], private=False)


def _who(approvers: frozenset[str]) -> str:
    named = [person(user) for user in sorted(approvers)]
    if not named:
        return "Nobody"
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return " ".join(named[:MOST_NAMED]) + more


def _facts(action: Action) -> str:
    facts = action.facts
    rate = f", {_price(facts)}" if facts.rate_micros is not None else ", no known price"
    idle = f" for {length(action.created_at - facts.verdict_since)}" if facts.verdict_since else ""
    holder = f"{persons(facts.holders)} to {at(facts.claim_until)}" if facts.claim_until else "nobody"
    return lines(
        [
            f"{esc(facts.type, 40)}, {esc(facts.region, 40)}{rate}",
            f"Verdict: {facts.verdict}{idle}: {esc(facts.evidence)}.",
            f"Holder: {holder}.",
            _lost(action),
            "Keeps costing: its disks and addresses.",
            f"Risk: {esc(facts.type.split('.')[0], 20)} is often short of capacity; starting again may fail for hours."
            if facts.capacity_short
            else "Risk: starting again may fail if AWS is short of capacity.",
        ]
    )


def _price(facts: Facts) -> str:
    return f"{'' if facts.rate_exact else 'about '}{per_hour(facts.rate_micros or 0)}"


def _lost(action: Action) -> str:
    gb = action.facts.nvme_gb
    if not gb:
        return "Lost for good: what is in memory."
    size = f"{gb / 1000:.1f} TB" if gb >= 1000 else f"{gb} GB"
    return f"Lost for good: {size} of local NVMe, and what is in memory."


def _sure(action: Action) -> str:
    facts = action.facts
    rate = f" ({_price(facts)})" if facts.rate_micros is not None else ""
    holder = f"held by {persons(facts.holders)}"
    return f"{esc(facts.name, 60)}{rate}, {holder}. {_lost(action)}"


def _ending(action: Action, name: str) -> str:
    who = person(action.decider)
    when = f" at {at(action.decided_at)}" if action.decided_at else ""
    said = say(action.outcome)
    return {
        "approved": f"{who} approved it{when}; checking {name} once more.",
        "executing": f"{who} approved it{when}; {name} is stopping.",
        "done": f"{said} {who} approved it{when}.",
        "failed": f"Not stopped, though {who} approved it{when}: {said}",
        "unknown": f"Unclear. {who} approved it{when}, but {said}",
        "aborted": f"Not stopped, though {who} approved it{when}: {said}",
        "denied": f"Kept running. {who} decided it{when}.",
        "expired": f"Nobody answered in time, so {name} keeps running.",
        "cancelled": f"No longer needed: {said}",
    }.get(action.state, action.state)


def asked(action: Action, channel: str, *, again: bool) -> Reply:
    """Told to the one who asked."""
    name = esc(action.facts.name, 60)
    where = f" in <#{channel}>" if channel else ""
    if action.state != "pending":
        return plainly(f"{name} is already on its way: {_ending(action, name)}")
    begun = "It was asked for already" if again else "Asked"
    text = (
        f"{begun}{where}. {name} keeps running until somebody approves; the question lapses at {at(action.expires_at)}."
    )
    return Reply(text, [section(text)])


def ended(action: Action) -> Reply:
    """Told in person to the one who asked, when it is over."""
    name = esc(action.facts.name, 60)
    text = f"*{name}*: {_ending(action, name)}"
    saved = action.facts.rate_micros
    about = "" if action.facts.rate_exact else "about "
    more = f" From now on that is {about}{usd(saved * 24)} a day less." if action.state == "done" and saved else ""
    blocks: list[Block] = [section(text + more)]
    if action.state in {"aborted", "expired", "failed"}:
        blocks.append(actions(button(f"Ask again to stop {action.facts.name}", ids.ASK_STOP, action.instance_id)))
    return Reply(text + more, blocks)
