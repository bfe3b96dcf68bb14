"""From what is known of a machine to its plan, and to the lines that explain how plans move a forecast.

A plan is only made where the machine's past can't hold it already: office hours that a machine has kept for weeks, or
bookings of a machine that is used every week, are in its history and are not counted again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.acting.hours import OnHours, is_on, next_edge, on_ms, on_spans
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.days import ONE_DAY, day_length, day_start, local_day
from bot.domain.money.forecast.known_spend import STEADY_WINDOW, DailyLedger, RentedMachine, RunKind
from bot.domain.money.forecast.report import KnownChange
from bot.domain.money.forecast.run_plans import DAYS_AHEAD, ENDING_REASONS, PlanReason, RunPlan
from bot.domain.spans import TimeSpan, merged_spans

FAR_MS = (DAYS_AHEAD + 2) * DAY_MS
PATTERN_SPAN = 14 * ONE_DAY
"""What a machine does within this is its own pattern."""
MORE, LESS = 1.1, 0.8
"""A machine keeps its on-hours if it ran between these shares of them."""
USUAL_DAYS = 28


@dataclass(frozen=True, slots=True)
class KnownAhead:
    """What is known of a machine's days ahead."""

    stopping: bool = False
    """Its stop is approved."""
    parked_at: int | None = None
    """It is announced that it stops then for idleness."""
    ends_at: int | None = None
    """It is stopped then, as a claim ends or the time is over for which it was launched."""
    ends: PlanReason = "claim_ends"
    hours: OnHours | None = None
    hours_since: int | None = None
    """When its on-hours were set; None: nobody knows."""
    held_until: int | None = None
    """No rule stops it before: somebody has claimed it, or keeps it for a while."""
    booked: tuple[TimeSpan, ...] = ()
    wanted: TimeSpan | None = None
    """An approved start or launch: from now on, for so long."""
    launching: bool = False


def run_plan(machine: RentedMachine, what: RunKind, facts: KnownAhead, ledger: DailyLedger, now: int) -> RunPlan | None:
    """The machine's plan, if something is known that its history does not hold."""
    if facts.stopping and what == "steady":
        return RunPlan("stopping", now, merged_spans(facts.booked))
    if facts.hours is not None and not facts.hours.stop_only and _keeps(machine, facts.hours, facts, ledger, now):
        return _by_hours(facts.hours, facts, now)
    if what == "steady":
        return _until_its_end(facts, now)
    if facts.wanted is not None and not _used_lately(machine, ledger):
        why: PlanReason = "launching" if facts.launching else "starting"
        return RunPlan(why, facts.wanted[0], merged_spans([facts.wanted, *facts.booked]))
    if facts.booked and not machine.runs and not _used_lately(machine, ledger):
        return RunPlan("booked", facts.booked[0][0], merged_spans(facts.booked))
    return None


def _until_its_end(facts: KnownAhead, now: int) -> RunPlan | None:
    found: list[tuple[int, PlanReason]] = []
    if facts.parked_at is not None:
        found.append((facts.parked_at, "parked"))
    if facts.ends_at is not None and facts.ends_at > now:
        found.append((facts.ends_at, facts.ends))
    if not found:
        return None
    at, why = min(found)
    at = max(at, facts.held_until or 0)
    return RunPlan(why, at, merged_spans([(now, at), *facts.booked]))


def _by_hours(hours: OnHours, facts: KnownAhead, now: int) -> RunPlan:
    """It starts with each window; what holds it past the end of one only puts that stop off."""
    kept = [(max(begin, now), over) for begin, over in on_spans(hours, now, now + FAR_MS)]
    edge = next_edge(hours, now)
    held = [(now, facts.held_until)] if facts.held_until else []
    return RunPlan("hours", edge.at if edge else now, merged_spans([*kept, *held, *facts.booked]))


def _keeps(machine: RentedMachine, hours: OnHours, facts: KnownAhead, ledger: DailyLedger, now: int) -> bool:
    """Whether it can be taken to run by its on-hours: it has since they were set, or they are too new to tell."""
    if is_on(hours, now) and not machine.runs:
        return False  # somebody has stopped it
    first = max(
        ledger.first_seen.get(machine.id, ledger.today) + ONE_DAY, ledger.today - STEADY_WINDOW, ledger.first_day
    )
    if facts.hours_since is not None:
        first = max(first, local_day(facts.hours_since, ledger.zone) + ONE_DAY)
    if first >= ledger.today:
        return machine.runs
    start, end = day_start(first, ledger.zone), day_start(ledger.today, ledger.zone)
    planned = on_ms(hours, start, end)
    ran = sum(used.running_ms for day, used in ledger.days.get(machine.id, {}).items() if first <= day < ledger.today)
    return LESS * planned <= ran <= MORE * planned + HOUR_MS


def _used_lately(machine: RentedMachine, ledger: DailyLedger) -> bool:
    return any(day >= ledger.today - PATTERN_SPAN for day in ledger.days.get(machine.id, {}))


def planned_changes(
    machines: Sequence[RentedMachine], before: Mapping[str, RunKind], plans: Mapping[str, RunPlan], ledger: DailyLedger
) -> tuple[KnownChange, ...]:
    """How plans move the forecast from what it would be without them; `before` is what the machines were without."""
    found = []
    for machine in machines:
        made = plans.get(machine.id)
        if made is None or not machine.micros_per_day:
            continue
        if made.why in ENDING_REASONS and made.at < _end_of_days(ledger):
            found.append(_change(machine, made, -machine.micros_per_day, ledger))
        elif made.why == "hours" and before[machine.id] == "steady":
            usual = round(usual_share(made, ledger) * machine.micros_per_day)
            found.append(_change(machine, made, usual - machine.micros_per_day, ledger))
        elif made.why in {"booked", "starting", "launching"}:
            length = sum(over - begin for begin, over in made.spans)
            total = machine.micros_per_day * length // DAY_MS
            found.append(_change(machine, made, total, ledger, once=True))
    return tuple(sorted(found, key=lambda each: (each.date, each.name)))


def _end_of_days(ledger: DailyLedger) -> int:
    return day_start(ledger.today + DAYS_AHEAD * ONE_DAY, ledger.zone)


def _change(
    machine: RentedMachine, run_plan: RunPlan, micros: int, ledger: DailyLedger, *, once: bool = False
) -> KnownChange:
    return KnownChange(machine.id, machine.name, run_plan.why, local_day(run_plan.at, ledger.zone), micros, once=once)


def usual_share(run_plan: RunPlan, ledger: DailyLedger) -> float:
    """The share of the four weeks from tomorrow on in which it runs."""
    start = day_start(ledger.today + ONE_DAY, ledger.zone)
    days = [ledger.today + timedelta(days=number + 1) for number in range(USUAL_DAYS)]
    length = sum(day_length(day, ledger.zone) for day in days)
    return sum(max(0, min(over, start + length) - max(begin, start)) for begin, over in run_plan.spans) / length
