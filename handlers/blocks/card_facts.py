"""The facts on a card, as they were when it was asked for: what it costs, what is lost, what the risk is."""

from bot.domain.acting.actions import Action, Facts
from bot.domain.money.rates import cost
from handlers.blocks.parts import lines
from handlers.blocks.words import addresses, at, esc, length, near, per_hour, person, persons, usd

MOST_PROGRAMS = 8


def facts(action: Action) -> str:
    """Everything that counts, for this kind."""
    return {"stop": _stop, "start": _start, "launch": _launch, "clone": _clone}[action.kind](action)


def _stop(action: Action) -> str:
    known = action.facts
    since = known.verdict_since if not action.ends_work else None
    idle = f" for {length(action.created_at - since)}" if since else ""
    until = near(known.claim_until, action.created_at) if known.claim_until else ""
    holder = f"{persons(known.holders)} to {until}" if until else "nobody"
    return lines(
        [
            _what(known),
            f"Verdict: {known.verdict}{idle}: {esc(known.evidence)}.",
            _programs(known),
            f"Holder: {holder}.",
            f"Booked: by {person(known.booked_by)} from {at(known.booked_at)}." if known.booked_at else "",
            lost(action),
            _keeps(known),
            _risk(known),
        ]
    )


def _programs(known: Facts) -> str:
    if not known.programs:
        return ""
    shown = ", ".join(esc(each, 60) for each in known.programs[:MOST_PROGRAMS])
    more = len(known.programs) - MOST_PROGRAMS
    return f"Runs on its GPUs, and ends: {shown}{f' and {more} more' if more > 0 else ''}."


def _risk(known: Facts) -> str:
    if is_owned(known):
        return "How: by the power command in valet.toml, run once. It is off when its agent falls silent."
    if known.capacity_short:
        return _scarce(known, "starting again may fail for hours")
    return "Risk: starting again may fail if AWS is short of capacity."


def is_owned(known: Facts) -> bool:
    """It costs the same whether it runs or not."""
    return known.type == "owned"


def _keeps(known: Facts) -> str:
    if is_owned(known):
        return "Keeps costing: all but its power."
    kept = known.keeping
    if kept is None:
        return "Keeps costing: its disks and addresses."
    kinds = f" ({', '.join(esc(kind, 20) for kind in kept.kinds)})" if kept.kinds else ""
    about = "at least" if kept.is_least else "about"
    disks = f"{kept.disk_gib:,} GB of disks{kinds}, {about} {usd(kept.disk_micros)} a month"
    if kept.addresses is None:
        return f"Keeps costing: {disks}, and its addresses."
    named = f", and {addresses(kept.addresses)}, about {usd(kept.address_micros)}" if kept.addresses else ""
    return f"Keeps costing: {disks}{named}."


def _start(action: Action) -> str:
    known = action.facts
    risk = _scarce(known, "if so, I try for 21 minutes")
    ends = "Nothing stops it by itself at the end of that time."
    if is_owned(known):
        return lines([_what(known), spends(action), ends])
    return lines([_what(known), spends(action), _budget(action), ends, risk])


def _launch(action: Action) -> str:
    known = action.facts
    risk = _scarce(known, "it may take a while or fail")
    ends = "At the end of that time I ask whether to stop it; stopped, its disks go on costing. Nothing deletes it."
    return lines([_what(known), spends(action), _budget(action), ends, risk])


def _clone(action: Action) -> str:
    known = action.facts
    how = (
        f"Rebooted for it: {esc(known.name, 60)}. What runs there ends."
        if known.reboot
        else "No reboot: files that are being written may be torn in the copy."
    )
    return lines(
        [
            f"Copy: {_what(known)}",
            spends(action),
            _budget(action),
            how,
            "The image keeps costing, at most $0.05 per GB of disk a month, until an admin deletes it: `/gpu images`.",
            "Whoever has the copy sees everything that is on the disks.",
            "At the end of that time I ask whether to stop the copy.",
        ]
    )


def _budget(action: Action) -> str:
    known = action.facts
    if known.budget_micros is None:
        return ""
    after = known.spent_micros + cost(known.rate_micros or 0, action.length or 0)
    used = f"{usd(known.spent_micros, cents=False)} of {usd(known.budget_micros, cents=False)} spent this month"
    over = f"; this takes it over, to {usd(after, cents=False)}" if after > known.budget_micros else ""
    return f"Budget: {used}{over}."


def _what(known: Facts) -> str:
    rate = price(known) if known.rate_micros is not None else "no known price"
    return f"owned, {rate}" if is_owned(known) else f"{esc(known.type, 40)}, {esc(known.region, 40)}, {rate}"


def _scarce(known: Facts, then: str) -> str:
    """What follows where the provider is often out of such machines; empty where it is not."""
    family = esc(known.type.split(".")[0], 20)
    return f"Risk: {family} is often short of capacity; {then}." if known.capacity_short else ""


def price(known: Facts) -> str:
    """Dollars an hour, called an estimate where it is one."""
    return f"{'' if known.rate_exact else 'about '}{per_hour(known.rate_micros or 0)}"


def spends(action: Action) -> str:
    """What it costs for as long as it is wanted."""
    rate, wanted = action.facts.rate_micros, action.length or 0
    if is_owned(action.facts):
        return "Costs: only its power, as it is owned."
    if rate is None:
        return "Costs: not known, as there is no price for it."
    about = "" if action.facts.rate_exact else "about "
    return f"Costs: {about}{usd(cost(rate, wanted))} for {length(wanted)}."


def lost(action: Action) -> str:
    """What a stop destroys."""
    gb = action.facts.nvme_gb
    work = "the work in progress, " if action.ends_work else ""
    if not gb:
        return f"Lost for good: {work}what is in memory."
    size = f"{gb / 1000:.1f} TB" if gb >= 1000 else f"{gb} GB"
    return f"Lost for good: {work}{size} of local NVMe, and what is in memory."
