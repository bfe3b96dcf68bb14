"""The tick table: every job, how often it looks, and what it calls."""

from collections.abc import Callable
from functools import partial

from bot.jobs.schedule import Job
from bot.services import backups, digest, forget, outbox, own_settings, people, pruning, restores
from bot.services.acting import approvals, consents, half_way, hours, images, launch_expiry, rule_stops
from bot.services.context import Context
from bot.services.machines import fleet, notices, owned, readings, sources, verdict
from bot.services.money import (
    accuracy,
    budgets,
    corrections,
    forecast,
    ledger,
    owned_rates,
    rates,
    savings,
    unusual,
    weekly,
)
from bot.services.money import bill as bill_service
from bot.services.sharing import booking_slots, checkins, claims, grants, handovers, line_offers, reminders, unclaimed

JobRow = tuple[str, int, Callable[[Context], object]]


def job_table(
    ctx: Context,
    look_at_people: Callable[[Context], object],
    ask_about: Callable[[str], people.Called | None] | None = None,
) -> list[Job]:
    """The tick table; what is due is for each of them to see from the store, by the settings of that moment."""
    table = [*_always(), ("groups", 120, look_at_people)]
    table.append(("digests in person", 60, own_settings.make_due_own_digests))
    if ask_about:
        table.append(("names", 600, lambda now: people.learn(now, ask_about)))
    return [Job(name, every_s, partial(_run, ctx, run)) for name, every_s, run in table]


def _run(ctx: Context, run: Callable[[Context], object]) -> object:
    return run(ctx.current())


def _observe(ctx: Context) -> None:
    sources.read_sources(ctx, ctx.sources)


def _read_prices(ctx: Context) -> None:
    if ctx.prices:
        rates.read_prices(ctx, ctx.prices)


def _fetch_bill(ctx: Context) -> None:
    if ctx.bill:
        bill_service.fetch_bill(ctx, ctx.bill)


def _ask_second_opinion(ctx: Context) -> None:
    if ctx.bill:
        accuracy.ask_second_opinion(ctx, ctx.bill)


_KEEPING: tuple[JobRow, ...] = (
    ("prune trails", 3600, sources.prune),
    ("roll up", 300, readings.roll_up_readings),
    ("prune minutes", 3600, verdict.prune_minutes),
    ("prune outbox", 3600, outbox.prune),
    ("prune the rest", 3600, pruning.prune),
    ("retention", 6 * 3600, forget.keep_to_retention),
    ("backup", 600, backups.back_up),
    ("examine database", 60, lambda now: now.store.examine_when_due(now.clock())),
)
"""What keeps the database small and whole."""


def _always() -> list[JobRow]:
    """What runs whatever is set up; where there is nobody to ask, a job has nothing to do."""
    return [
        ("sweep", 60, fleet.sweep),
        ("prices", 300, _read_prices),
        ("observe", 60, _observe),
        ("judge", 60, verdict.judge_all),
        ("sources", 60, sources.watch_sources),
        ("restored", 60, restores.tell_restored),
        ("machine notices", 60, notices.watch_machines),
        ("reminders", 30, reminders.remind_holders),
        ("claims", 30, claims.expire_claims),
        ("line", 30, line_offers.offer_due_turns),
        ("bookings", 30, booking_slots.run_booking_slots),
        ("weekly bookings", 3600, booking_slots.extend_weekly_bookings),
        ("questions", 60, checkins.run_checkins),
        ("squatters", 60, unclaimed.look_for_unclaimed_use),
        ("handovers", 60, handovers.lapse_handovers),
        ("grants", 60, grants.carry_out_grants),
        ("on-hours asked for", 60, hours.lapse_requests),
        ("power", 30, owned.look_at_power),
        ("consents", 30, consents.pass_on),
        ("requests", 30, approvals.expire),
        ("half way", 60, half_way.remind),
        ("launches", 60, launch_expiry.ask_about_over),
        ("retirements", 600, owned.retire_silent),
        ("images", 3600, images.refresh_images),
        ("park", 60, rule_stops.run_rules),
        ("digests", 60, digest.make_due),
        ("weekly report", 60, weekly.make_due_weekly),
        ("owned rates", 600, owned_rates.refresh_owned_rates),
        ("day sums", 60, ledger.catch_up_spend),
        ("old hours", 600, ledger.fold_old_hours),
        ("corrections", 600, corrections.reprice),
        ("forecasts", 3600, forecast.refresh_reports),
        ("score forecasts", 3600, accuracy.score_due),
        ("budgets", 300, budgets.tell_budgets),
        ("unusual days", 900, unusual.look_for_unusual),
        ("savings", 600, savings.work_out_savings),
        *_KEEPING,
        ("bill", 3600, _fetch_bill),
        ("second opinion", 3600, _ask_second_opinion),
    ]
