"""The tick table: every job, how often it looks, and what it calls."""

from collections.abc import Callable, Sequence

from bot.billing.aws_prices import AwsPrices
from bot.billing.bill import Bill
from bot.jobs.schedule import Job
from bot.services import backing_up, digesting, people_names, posting, pruning, source_watch
from bot.services.acting import asking, consenting, imaging, outliving, parking, powering, retiring, wishing_hours
from bot.services.desk import Desk
from bot.services.measuring import judging, noticing, observing, rolling, sweeping
from bot.services.money import (
    billing,
    budgeting,
    forecasting,
    owning,
    price_reading,
    repricing,
    saving,
    scoring,
    second_opinion,
    surprising,
    weekly,
)
from bot.services.sharing import checking, claim_ends, granting, handing, offering, reminding, slots, squatting
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
        table.insert(1, ("observe", 60, lambda: observing.observe(desk, others)))
    if aws:
        table.insert(1, ("prices", 300, lambda: price_reading.read(desk, aws)))
    if bill:
        table.append(("bill", 3600, lambda: billing.fetch(desk, bill)))
        table.append(("second opinion", 3600, lambda: second_opinion.ask(desk, bill)))
    if name_of:
        table.append(("names", 600, lambda: people_names.learn(desk, name_of)))
    return [Job(name, every_s, run) for name, every_s, run in table]


def _always(desk: Desk, refresh_groups: Callable[[], object]) -> list[Row]:
    """What runs whatever is set up."""
    return [
        ("sweep", 60, lambda: sweeping.sweep(desk)),
        ("judge", 60, lambda: judging.judge_all(desk)),
        ("sources", 60, lambda: source_watch.look(desk)),
        ("machine notices", 60, lambda: noticing.look(desk)),
        ("reminders", 30, lambda: reminding.remind(desk)),
        ("claims", 30, lambda: claim_ends.expire(desk)),
        ("line", 30, lambda: offering.offer_due(desk)),
        ("bookings", 30, lambda: slots.run(desk)),
        ("weekly bookings", 3600, lambda: slots.roll_on(desk)),
        ("questions", 60, lambda: checking.check(desk)),
        ("squatters", 60, lambda: squatting.look(desk)),
        ("handovers", 60, lambda: handing.lapse(desk)),
        ("grants", 60, lambda: granting.carry_out(desk)),
        ("on-hours asked for", 60, lambda: wishing_hours.lapse(desk)),
        ("power", 30, lambda: powering.look(desk)),
        ("consents", 30, lambda: consenting.settle(desk)),
        ("requests", 30, lambda: asking.expire(desk)),
        ("launches", 60, lambda: outliving.ask_about_over(desk)),
        ("retirements", 600, lambda: retiring.look(desk)),
        ("images", 3600, lambda: imaging.refresh(desk)),
        ("park", 60, lambda: parking.park(desk)),
        ("digests", 60, lambda: digesting.make_due(desk)),
        ("weekly report", 60, lambda: weekly.make_due(desk)),
        ("owned rates", 600, lambda: owning.refresh(desk)),
        ("corrections", 600, lambda: repricing.reprice(desk)),
        ("forecasts", 3600, lambda: forecasting.refresh(desk)),
        ("score forecasts", 3600, lambda: scoring.score(desk)),
        ("budgets", 300, lambda: budgeting.look(desk)),
        ("unusual days", 900, lambda: surprising.look(desk)),
        ("savings", 600, lambda: saving.work_out(desk)),
        ("groups", 120, refresh_groups),
        ("prune trails", 3600, lambda: observing.prune(desk)),
        ("roll up", 300, lambda: rolling.roll_up(desk)),
        ("prune minutes", 3600, lambda: judging.prune(desk)),
        ("prune outbox", 3600, lambda: posting.prune(desk)),
        ("prune the rest", 3600, lambda: pruning.prune(desk)),
        ("backup", 600, lambda: backing_up.back_up(desk)),
        ("examine database", 3600, desk.store.examine),
    ]
