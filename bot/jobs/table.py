"""The tick table: every job, how often it looks, and what it calls."""

from collections.abc import Callable, Sequence

from bot.billing.aws_prices import AwsPrices
from bot.billing.bill import Bill
from bot.jobs.schedule import Job
from bot.services import backups, digest, outbox, people, pruning
from bot.services.acting import approvals, consents, hours, images, launch_expiry, rule_stops
from bot.services.context import Context
from bot.services.machines import fleet, notices, owned, readings, sources, verdict
from bot.services.money import accuracy, budgets, corrections, forecast, owned_rates, rates, savings, unusual, weekly
from bot.services.money import bill as bill_service
from bot.services.sharing import booking_slots, checkins, claims, grants, handovers, line_offers, reminders, unclaimed
from bot.telemetry import GpuSource

JobRow = tuple[str, int, Callable[[], object]]


def job_table(
    ctx: Context,
    refresh_groups: Callable[[], object],
    others: Sequence[GpuSource] = (),
    bill: Bill | None = None,
    aws: AwsPrices | None = None,
    name_of: Callable[[str], str | None] | None = None,
) -> list[Job]:
    """The tick table; what is due is for each of them to see from the store."""
    table = _always(ctx, refresh_groups)
    if others:
        table.insert(1, ("observe", 60, lambda: sources.read_sources(ctx, others)))
    if aws:
        table.insert(1, ("prices", 300, lambda: rates.read_prices(ctx, aws)))
    if bill:
        table.append(("bill", 3600, lambda: bill_service.fetch_bill(ctx, bill)))
        table.append(("second opinion", 3600, lambda: accuracy.ask_second_opinion(ctx, bill)))
    if name_of:
        table.append(("names", 600, lambda: people.learn(ctx, name_of)))
    return [Job(name, every_s, run) for name, every_s, run in table]


def _always(ctx: Context, refresh_groups: Callable[[], object]) -> list[JobRow]:
    """What runs whatever is set up."""
    return [
        ("sweep", 60, lambda: fleet.sweep(ctx)),
        ("judge", 60, lambda: verdict.judge_all(ctx)),
        ("sources", 60, lambda: sources.watch_sources(ctx)),
        ("machine notices", 60, lambda: notices.watch_machines(ctx)),
        ("reminders", 30, lambda: reminders.remind_holders(ctx)),
        ("claims", 30, lambda: claims.expire_claims(ctx)),
        ("line", 30, lambda: line_offers.offer_due_turns(ctx)),
        ("bookings", 30, lambda: booking_slots.run_booking_slots(ctx)),
        ("weekly bookings", 3600, lambda: booking_slots.extend_weekly_bookings(ctx)),
        ("questions", 60, lambda: checkins.run_checkins(ctx)),
        ("squatters", 60, lambda: unclaimed.look_for_unclaimed_use(ctx)),
        ("handovers", 60, lambda: handovers.lapse_handovers(ctx)),
        ("grants", 60, lambda: grants.carry_out_grants(ctx)),
        ("on-hours asked for", 60, lambda: hours.lapse_requests(ctx)),
        ("power", 30, lambda: owned.look_at_power(ctx)),
        ("consents", 30, lambda: consents.settle(ctx)),
        ("requests", 30, lambda: approvals.expire(ctx)),
        ("launches", 60, lambda: launch_expiry.ask_about_over(ctx)),
        ("retirements", 600, lambda: owned.retire_silent(ctx)),
        ("images", 3600, lambda: images.refresh(ctx)),
        ("park", 60, lambda: rule_stops.run_rules(ctx)),
        ("digests", 60, lambda: digest.make_due(ctx)),
        ("weekly report", 60, lambda: weekly.make_due_weekly(ctx)),
        ("owned rates", 600, lambda: owned_rates.refresh_owned_rates(ctx)),
        ("corrections", 600, lambda: corrections.reprice(ctx)),
        ("forecasts", 3600, lambda: forecast.refresh_reports(ctx)),
        ("score forecasts", 3600, lambda: accuracy.score_due(ctx)),
        ("budgets", 300, lambda: budgets.tell_budgets(ctx)),
        ("unusual days", 900, lambda: unusual.look_for_unusual(ctx)),
        ("savings", 600, lambda: savings.work_out_savings(ctx)),
        ("groups", 120, refresh_groups),
        ("prune trails", 3600, lambda: sources.prune(ctx)),
        ("roll up", 300, lambda: readings.roll_up(ctx)),
        ("prune minutes", 3600, lambda: verdict.prune_minutes(ctx)),
        ("prune outbox", 3600, lambda: outbox.prune(ctx)),
        ("prune the rest", 3600, lambda: pruning.prune(ctx)),
        ("backup", 600, lambda: backups.back_up(ctx)),
        ("examine database", 3600, ctx.store.examine),
    ]
