"""The tick table: every job, how often it looks, and what it calls."""

from collections.abc import Callable, Sequence

from bot.billing.aws_prices import AwsPrices
from bot.billing.bill import Bill
from bot.jobs.schedule import Job
from bot.services import backups, digest, outbox, people, pruning
from bot.services.acting import approvals, consents, hours, images, launch_expiry, rule_stops
from bot.services.context import Desk
from bot.services.machines import fleet, notices, owned, readings, sources, verdict
from bot.services.money import accuracy, budgets, corrections, forecast, owned_rates, rates, savings, unusual, weekly
from bot.services.money import bill as bill_service
from bot.services.sharing import booking_slots, checkins, claims, grants, handovers, line, reminders, unclaimed
from bot.telemetry import Source

Row = tuple[str, int, Callable[[], object]]


def jobs(
    desk: Desk,
    refresh_groups: Callable[[], object],
    others: Sequence[Source] = (),
    bill: Bill | None = None,
    aws: AwsPrices | None = None,
    name_of: Callable[[str], str | None] | None = None,
) -> list[Job]:
    """The tick table; what is due is for each of them to see from the store."""
    table = _always(desk, refresh_groups)
    if others:
        table.insert(1, ("observe", 60, lambda: sources.observe(desk, others)))
    if aws:
        table.insert(1, ("prices", 300, lambda: rates.read(desk, aws)))
    if bill:
        table.append(("bill", 3600, lambda: bill_service.fetch(desk, bill)))
        table.append(("second opinion", 3600, lambda: accuracy.ask(desk, bill)))
    if name_of:
        table.append(("names", 600, lambda: people.learn(desk, name_of)))
    return [Job(name, every_s, run) for name, every_s, run in table]


def _always(desk: Desk, refresh_groups: Callable[[], object]) -> list[Row]:
    """What runs whatever is set up."""
    return [
        ("sweep", 60, lambda: fleet.sweep(desk)),
        ("judge", 60, lambda: verdict.judge_all(desk)),
        ("sources", 60, lambda: sources.look(desk)),
        ("machine notices", 60, lambda: notices.look(desk)),
        ("reminders", 30, lambda: reminders.remind(desk)),
        ("claims", 30, lambda: claims.expire(desk)),
        ("line", 30, lambda: line.offer_due(desk)),
        ("bookings", 30, lambda: booking_slots.run(desk)),
        ("weekly bookings", 3600, lambda: booking_slots.roll_on(desk)),
        ("questions", 60, lambda: checkins.check(desk)),
        ("squatters", 60, lambda: unclaimed.look(desk)),
        ("handovers", 60, lambda: handovers.lapse(desk)),
        ("grants", 60, lambda: grants.carry_out(desk)),
        ("on-hours asked for", 60, lambda: hours.lapse(desk)),
        ("power", 30, lambda: owned.look_at_power(desk)),
        ("consents", 30, lambda: consents.settle(desk)),
        ("requests", 30, lambda: approvals.expire(desk)),
        ("launches", 60, lambda: launch_expiry.ask_about_over(desk)),
        ("retirements", 600, lambda: owned.look(desk)),
        ("images", 3600, lambda: images.refresh(desk)),
        ("park", 60, lambda: rule_stops.park(desk)),
        ("digests", 60, lambda: digest.make_due(desk)),
        ("weekly report", 60, lambda: weekly.make_due(desk)),
        ("owned rates", 600, lambda: owned_rates.refresh(desk)),
        ("corrections", 600, lambda: corrections.reprice(desk)),
        ("forecasts", 3600, lambda: forecast.refresh(desk)),
        ("score forecasts", 3600, lambda: accuracy.score(desk)),
        ("budgets", 300, lambda: budgets.look(desk)),
        ("unusual days", 900, lambda: unusual.look(desk)),
        ("savings", 600, lambda: savings.work_out(desk)),
        ("groups", 120, refresh_groups),
        ("prune trails", 3600, lambda: sources.prune(desk)),
        ("roll up", 300, lambda: readings.roll_up(desk)),
        ("prune minutes", 3600, lambda: verdict.prune(desk)),
        ("prune outbox", 3600, lambda: outbox.prune(desk)),
        ("prune the rest", 3600, lambda: pruning.prune(desk)),
        ("backup", 600, lambda: backups.back_up(desk)),
        ("examine database", 3600, desk.store.examine),
    ]
