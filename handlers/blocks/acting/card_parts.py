"""The parts that the cards of several kinds have in common."""

from datetime import date

from bot.domain.acting.actions import Action, ActionFacts, MachineFacts, PaidFacts, SeenFacts, StartFacts
from bot.domain.acting.snooze import Snooze
from bot.domain.machines.states import for_so_long
from bot.domain.money.rates import cost_for
from handlers.blocks.parts import lines
from handlers.blocks.words import (
    addresses,
    at,
    by_clock,
    esc,
    length,
    near,
    per_hour,
    person,
    persons,
    roughly,
    say,
    snooze_line,
)

MOST_PROGRAMS = 8


def is_owned(known: ActionFacts) -> bool:
    """It costs the same whether it runs or not."""
    return known.type == "owned"


def price(known: ActionFacts) -> str:
    """Dollars an hour, called an estimate where it is one."""
    return f"{'' if known.rate_exact else 'about '}{per_hour(known.rate_micros or 0)}"


def saves_nothing(known: MachineFacts) -> str:
    """Why a stop leaves the bill as it is; empty where it ends the machine's cost."""
    if not known.paid_anyway:
        return ""
    return f"Saves nothing: it runs in {esc(known.paid_anyway, 80)}, which is paid whether it runs or not."


def place_line(action: Action, kind: str = "") -> str:
    """What is meant beyond its name, which others may bear: type, region and id."""
    known, instance_id = action.facts, action.instance_id or action.made_id
    what = "owned" if is_owned(known) else f"{esc(kind or known.type, 40)}, {esc(known.region, 40)}"
    return f"{what}, {esc(instance_id, 40)}" if instance_id else what


def spends(action: Action) -> str:
    """What it costs for as long as it is wanted."""
    rate, wanted = action.facts.rate_micros, action.length or 0
    if is_owned(action.facts):
        return "Costs only its power, as it is owned."
    if rate is None:
        return "What it costs is not known: there is no price for it."
    if isinstance(action.facts, StartFacts) and action.facts.paid_anyway:
        return f"Costs nothing more, as {esc(action.facts.paid_anyway, 80)} is paid whether it runs or not."
    about = "" if action.facts.rate_exact else "about "
    return f"Costs {about}{roughly(cost_for(rate, wanted))} for {length(wanted)}."


def budget_line(action: Action) -> str:
    """What its team may spend this month and has, if it has a budget; and every other one that is over, or would be.

    Then the limits of fair use that it goes beyond.
    """
    known, said = action.paid, []
    if known is None:
        return ""
    costs = cost_for(known.rate_micros or 0, action.length or 0)
    since = _since(known)
    if known.budget_micros is not None:
        said.append(_used(esc(action.team, 60) or "the team", known.spent_micros, known.budget_micros, costs, since))
    said += [_used(esc(each.name, 60), each.spent_micros, each.budget_micros, costs, since) for each in known.over]
    return lines([*said, _not_counted(known) if said else "", beyond(known)])


def beyond(known: PaidFacts) -> str:
    """What somebody would hold beyond fair use, which a yes lets pass."""
    return f"Beyond fair use: {say(known.beyond)}." if known.beyond else ""


def _since(known: PaidFacts) -> str:
    """Since when is counted what is spent."""
    if not known.spent_from:
        return "this month"
    day = date.fromisoformat(known.spent_from)
    return f"since the first look on {day.day} {day:%b}"


def _not_counted(known: PaidFacts) -> str:
    """What that lacks, as nobody could read it; empty where all was read."""
    if not known.unread:
        return ""
    more = f" and {len(known.unread) - 1} more" if len(known.unread) > 1 else ""
    since = f" since {at(known.unread_since)}" if known.unread_since is not None else ""
    return (
        f":warning: Not counted: what machines of {esc(known.unread[0], 40)}{more} cost{since}: it could not be read."
    )


def _used(whose: str, spent: int, of: int, costs: int, since: str) -> str:
    """A budget that is over already is not taken over by this."""
    so_far, begins = f"{roughly(spent)} of {roughly(of)}", whose
    if whose.startswith(("the ", "type ")):
        begins = whose[0].upper() + whose[1:]
    if spent > of:
        adds = f"; this adds {roughly(costs)}" if costs else ""
        return f"{begins} is already {roughly(spent - of)} over its budget {since} ({so_far}){adds}."
    if spent + costs > of:
        return f"This takes {whose} {roughly(spent + costs - of)} over its budget {since} ({so_far} spent)."
    return f"{begins} has spent {roughly(spent)} of its {roughly(of)} budget {since}."


def programs(known: SeenFacts) -> str:
    """What was seen running, and ends."""
    if not known.programs:
        return ""
    shown = ", ".join(esc(each, 60) for each in known.programs[:MOST_PROGRAMS])
    more = len(known.programs) - MOST_PROGRAMS
    return f"Runs on its GPUs and would end: {shown}{f' and {more} more' if more > 0 else ''}."


def verdict(action: Action, known: SeenFacts) -> str:
    """What it was seen to do when it was asked for, or when its card was passed on, and as of when."""
    since = known.verdict_since if not action.ends_work else None
    ago = f"for {length((known.as_of or action.created_at) - since)}" if since else ""
    as_of = f" As of {by_clock(known.as_of, action.created_at)}." if known.as_of is not None else ""
    state = for_so_long(known.verdict, ago)
    return f"{state[:1].upper()}{state[1:]}: {esc(known.evidence)}.{as_of}"


def late(known: SeenFacts) -> str:
    """That work which begins right before may not be seen, where no source tells of it at once."""
    if not known.late:
        return ""
    return (
        f"{esc(known.late_by, 40)} tells of work up to {length(known.late)} late. It is asked once more before the "
        "stop, and can't see what has just begun."
    )


def holder_line(action: Action, known: MachineFacts) -> str:
    """Who holds it until when, who wants it left alone, and who has booked it."""
    until = near(known.claim_until, action.created_at) if known.claim_until else ""
    holds = "hold" if len(known.holders) > 1 else "holds"
    whose = f"{persons(known.holders)} {holds} it until {until}." if until else "Nobody holds it."
    return lines([whose, keeper(action, known), booked_line(known)])


def wanted(action: Action, known: MachineFacts) -> str:
    """The same, where anybody else wants anything of it."""
    return holder_line(action, known) if known.holders or known.kept_until or known.booked_at else ""


def booked_line(known: MachineFacts) -> str:
    """Who has booked it next, where that is soon."""
    return f"{person(known.booked_by)} has booked it from {at(known.booked_at)}." if known.booked_at else ""


def waiting_line(known: SeenFacts) -> str:
    """How many stand in the line for just this machine."""
    return f"{known.waiting:,} {'waits' if known.waiting == 1 else 'wait'} in line for it." if known.waiting else ""


def keeper(action: Action, known: MachineFacts) -> str:
    """Whoever has snoozed it; empty where nobody else has."""
    if known.kept_until is None:
        return ""
    made = Snooze(action.instance_id, known.kept_until, known.kept_by, action.created_at, known.kept_why)
    return f"To be left alone: {snooze_line(made)}."


def still_costs(known: MachineFacts) -> str:
    """What goes on costing while it stands still."""
    keeping = known.keeping
    if keeping is None:
        return "its disks and addresses"
    kinds = f" ({', '.join(esc(kind, 20) for kind in keeping.kinds)})" if keeping.kinds else ""
    about = "at least" if keeping.is_least else "about"
    disks = f"{keeping.disk_gib:,} GB of disks{kinds}, {about} {roughly(keeping.disk_micros)} a month"
    if keeping.addresses is None:
        return f"{disks}, and its addresses"
    named = (
        f", and {addresses(keeping.addresses)}, about {roughly(keeping.address_micros)}" if keeping.addresses else ""
    )
    return f"{disks}{named}"


def lost_by_stop(known: MachineFacts, *, ends_work: bool = False) -> str:
    """What a stop destroys."""
    gb = known.nvme_gb
    work = "the work in progress, " if ends_work else ""
    if not gb:
        return f"Lost for good: {work}what is in memory."
    return f"Lost for good: {work}{local_nvme(gb)} and what is in memory."


def local_nvme(gb: int) -> str:
    """How much there is of what a stop loses."""
    size = f"{gb / 1000:.1f} TB" if gb >= 1000 else f"{gb} GB"
    return f"{size} of local NVMe"
