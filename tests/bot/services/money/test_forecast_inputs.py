"""What is known of the days ahead moves the forecast, once, and is told."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acting.actions import FACTS, Action
from bot.domain.acting.hours import HoursRule
from bot.domain.acting.rule_stops import RuleStop
from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.money.forecast.report import ForecastReport
from bot.domain.money.forecast.run_plans import DAYS_AHEAD, RunPlan
from bot.domain.money.rates import MICROS_PER_USD, Charge, Rate
from bot.domain.money.scope import TOTAL, Scope
from bot.domain.sharing.bookings import Booking, BookingSlot
from bot.domain.sharing.claims import Claim, GpuChoice
from bot.domain.spans import merged_spans
from bot.services.context import Context
from bot.services.money import forecast
from bot.settings import parse
from store.acting import actions
from store.acting import approvals as stored_approvals
from store.acting import hours as stored_hours
from store.acting import rule_stops as stored_rule_stops
from store.machines import fleet as stored_fleet
from store.money import ledger as stored_ledger
from store.records import json_text, of_json_text
from store.sharing import bookings as stored_bookings
from store.sharing import claims as stored_claims

SETTINGS = {
    "digest": {"timezone": "UTC"},
    "slack": {"admins": ["U0ADA0001"]},
    "teams": {"nlp": {}, "vision": {"pausing": {"idle_stop_hours": 2}}},
}
A_DAY = 24 * MICROS_PER_USD


@pytest.fixture
def ctx(store, clock):
    """Monday 23 November 2026, 09:00 UTC: 7 days and 15 hours of the month are left."""
    settings = parse(SETTINGS, {})
    return Context(store, clock, settings, {}, settings.roster)


def at(month: int, day: int, hour: int = 0) -> int:
    return int(datetime(2026, month, day, hour, tzinfo=UTC).timestamp() * 1000)


def machine(ctx, name, *, launched=None, state="running", team="nlp", ran_from=None, hours=range(24), until=None):
    """A machine of a dollar an hour that was charged for these hours of the days since then."""
    made = Instance(f"i-{name}", name, "ec2", "s", "g5.xlarge", state, gpu_count=1, launched_at=launched)
    start = launched if ran_from is None else ran_from
    wanted = range(start, until or ctx.clock(), HOUR_MS) if start is not None else ()
    charges = [
        Charge(made.id, hour, hour + HOUR_MS, HOUR_MS, MICROS_PER_USD, MICROS_PER_USD, team)
        for hour in wanted
        if hour // HOUR_MS % 24 in hours
    ]
    with ctx.store.writing() as db:
        stored_fleet.save(db, made, team=team, rate=Rate(MICROS_PER_USD, "valet.toml"))
        stored_ledger.add(db, charges)
    return made.id


def claimed(ctx, name, since, until):
    with ctx.store.writing() as db:
        stored_claims.add(db, Claim(f"c-{name}", f"i-{name}", "U0ADA0001", since, until, (0,), team="nlp"))


def booked(ctx, name, since, until):
    booking = Booking(
        f"b-{name}", f"i-{name}", "U0ADA0001", GpuChoice(), "UTC", date(2026, 11, 24), datetime.min.time(), HOUR_MS, 0
    )
    with ctx.store.writing() as db:
        stored_bookings.add(db, booking)
        stored_bookings.add_slot(db, BookingSlot(f"s-{name}", booking.id, f"i-{name}", "U0ADA0001", (0,), since, until))


def approved(ctx, kind, name, *, length=None, yes=True, template=""):
    facts = FACTS[kind](name=name, type="g5.xlarge", region="us-east-1", rate_micros=MICROS_PER_USD)
    now = ctx.clock()
    instance = "" if kind == "launch" else f"i-{name}"
    made = Action(
        id=f"a-{name}",
        kind=kind,
        instance_id=instance,
        launched_at=None,
        requester="U0ADA0001",
        team="nlp",
        state="pending",
        created_at=now,
        expires_at=now + HOUR_MS,
        facts=facts,
        length=length,
        template=template,
    )
    with ctx.store.writing() as db:
        actions.add(db, made)
        if yes:
            assert stored_approvals.decide_action(db, made.id, "U0BOB0001", "approved", now)


def told(report: ForecastReport) -> list[tuple[str, str, date, int, bool]]:
    return [(each.name, each.why, each.date, each.micros, each.once) for each in report.changes]


def expected(report: ForecastReport, day: date) -> int:
    return next(each.expected_micros for each in report.days if each.date == day)


def adds_up(report: ForecastReport) -> bool:
    return report.charged_micros + report.known_rest_micros + report.variable_rest_micros == report.month.micros


def test_a_machine_started_for_a_claim_ends_with_it(ctx):
    machine(ctx, "train-3", launched=at(11, 10, 8))
    claimed(ctx, "train-3", at(11, 10, 8), at(11, 24, 12))

    report = forecast.make_report(ctx, TOTAL)

    assert told(report) == [("train-3", "claim_ends", date(2026, 11, 24), -A_DAY, False)]
    assert report.month.micros == report.charged_micros + (15 + 12) * MICROS_PER_USD
    assert [expected(report, date(2026, 11, day)) for day in (24, 25)] == [12 * MICROS_PER_USD, 0]
    assert report.known_rest_micros == 27 * MICROS_PER_USD
    assert adds_up(report)


def test_a_machine_that_ran_before_the_claim_is_not_ended_and_said_so(ctx):
    machine(ctx, "train-3", launched=at(10, 1))
    claimed(ctx, "train-3", at(11, 22), at(11, 24, 12))

    report = forecast.make_report(ctx, TOTAL)

    assert told(report) == []
    assert report.month.micros == 30 * A_DAY
    assert "train-3 on 24 Nov" in report.uncounted[0]


def test_where_a_team_has_idle_machines_stopped_a_claims_end_counts(ctx):
    machine(ctx, "label-1", launched=at(10, 1), team="vision")
    claimed(ctx, "label-1", at(11, 22), at(11, 24, 12))

    report = forecast.make_report(ctx, TOTAL)

    assert report.month.micros == report.charged_micros + (15 + 14) * MICROS_PER_USD
    assert report.uncounted == ()


def test_a_booking_after_the_claim_is_counted_once(ctx):
    machine(ctx, "train-3", launched=at(11, 10, 8))
    claimed(ctx, "train-3", at(11, 10, 8), at(11, 24, 12))
    booked(ctx, "train-3", at(11, 24, 11), at(11, 24, 20))

    report = forecast.make_report(ctx, TOTAL)

    assert report.month.micros == report.charged_micros + (15 + 20) * MICROS_PER_USD


def test_a_booking_of_a_machine_that_stands_still_is_what_it_will_run(ctx):
    machine(ctx, "nb-4", state="stopped", ran_from=at(10, 1), until=at(10, 10))
    booked(ctx, "nb-4", at(11, 25, 9), at(11, 25, 17))

    report = forecast.make_report(ctx, TOTAL)

    assert told(report) == [("nb-4", "booked", date(2026, 11, 25), 8 * MICROS_PER_USD, True)]
    assert expected(report, date(2026, 11, 25)) == 8 * MICROS_PER_USD


def test_a_booking_of_a_machine_in_use_is_in_its_history(ctx):
    machine(ctx, "nb-5", ran_from=at(10, 1), hours=range(8, 18), launched=at(11, 23, 8))
    before = forecast.make_report(ctx, TOTAL)
    booked(ctx, "nb-5", at(11, 25, 9), at(11, 25, 17))

    report = forecast.make_report(ctx, TOTAL)

    assert report.month == before.month
    assert report.changes == ()


def test_an_approved_stop_counts_and_a_pending_one_does_not(ctx):
    machine(ctx, "train-7", launched=at(10, 1))
    approved(ctx, "stop", "train-7", yes=False)
    assert forecast.make_report(ctx, TOTAL).month.micros == 30 * A_DAY

    with ctx.store.writing() as db:
        stored_approvals.decide_action(db, "a-train-7", "U0BOB0001", "approved", ctx.clock())
    report = forecast.make_report(ctx, TOTAL)

    assert report.month.micros == report.charged_micros
    assert told(report) == [("train-7", "stopping", date(2026, 11, 23), -A_DAY, False)]


def test_an_announced_stop_of_an_idle_machine_counts(ctx):
    machine(ctx, "label-1", launched=at(10, 1), team="vision")
    with ctx.store.writing() as db:
        stored_rule_stops.add(db, RuleStop("i-label-1", "idle", at(11, 23, 8), at(11, 23, 10), "C0GPUS001", "settings"))

    report = forecast.make_report(ctx, TOTAL)

    assert report.month.micros == report.charged_micros + MICROS_PER_USD
    assert [each.why for each in report.changes] == ["parked"]


def test_an_approved_launch_costs_its_time(ctx):
    machine(ctx, "serve", launched=at(10, 1))
    approved(ctx, "launch", "p4d", length=8 * HOUR_MS, template="p4d")

    report = forecast.make_report(ctx, TOTAL)

    assert report.month.micros == 30 * A_DAY + 8 * MICROS_PER_USD
    assert told(report) == [("p4d", "launching", date(2026, 11, 23), 8 * MICROS_PER_USD, True)]


def test_a_machine_launched_for_a_time_ends_with_it(ctx):
    made = machine(ctx, "p4d-7", launched=at(11, 22, 9))
    approved(ctx, "launch", "p4d", length=3 * DAY_MS, template="p4d")
    with ctx.store.writing() as db:
        actions.move(db, "a-p4d", "approved", "executing", executing_at=at(11, 22, 9))
        actions.move(db, "a-p4d", "executing", "done", made_id=made)

    report = forecast.make_report(ctx, TOTAL)

    assert report.month.micros == 3 * A_DAY
    assert [each.why for each in report.changes] == ["launched", "time_over"]


def hours(ctx, name, windows, set_at, *, stop_only=False):
    with ctx.store.writing() as db:
        stored_hours.set_hours(db, HoursRule(f"i-{name}", windows, stop_only, "U0ADA0001", set_at))


def test_on_hours_of_today_move_a_machine_that_ran_around_the_clock(ctx):
    machine(ctx, "nb-4", launched=at(10, 1))
    hours(ctx, "nb-4", "Mon-Fri 08:00-18:00", at(11, 23, 8))

    report = forecast.make_report(ctx, TOTAL)

    assert [expected(report, date(2026, 11, day)) for day in (24, 28, 29)] == [10 * MICROS_PER_USD, 0, 0]
    assert report.month.micros == report.charged_micros + (9 + 5 * 10) * MICROS_PER_USD
    ((_, why, day, micros, once),) = told(report)
    assert (why, day, once) == ("hours", date(2026, 11, 23), False)
    assert micros == round(-A_DAY + 50 * MICROS_PER_USD / 7)


def test_on_hours_kept_for_weeks_are_no_change_and_holidays_count(ctx):
    machine(ctx, "nb-4", launched=at(11, 23, 8), ran_from=at(10, 5), hours=range(8, 18))
    hours(ctx, "nb-4", "Mon-Sun 08:00-18:00", at(10, 4))

    report = forecast.make_report(ctx, TOTAL)

    assert told(report) == []
    assert [each.how for each in report.drivers] == ["planned"]
    assert report.month.micros == report.charged_micros + (9 + 7 * 10) * MICROS_PER_USD


def test_a_claim_past_the_end_of_a_window_puts_the_stop_off(ctx):
    machine(ctx, "nb-4", launched=at(10, 1))
    hours(ctx, "nb-4", "Mon-Fri 08:00-18:00", at(11, 23, 8))
    claimed(ctx, "nb-4", at(11, 23, 8), at(11, 24, 6))

    report = forecast.make_report(ctx, TOTAL)

    assert [expected(report, date(2026, 11, day)) for day in (24, 25)] == [16 * MICROS_PER_USD, 10 * MICROS_PER_USD]


def test_no_rule_counts_for_an_exempt_machine(ctx):
    exempt = {"exempt": [{"instance": "nb-4", "reason": "deadline", "until": date(2026, 12, 31)}]}
    settings = parse({**SETTINGS, **exempt}, {})
    machine(ctx, "nb-4", launched=at(10, 1))
    hours(ctx, "nb-4", "Mon-Fri 08:00-18:00", at(11, 23, 8))

    assert forecast.make_report(replace(ctx, settings=settings), TOTAL).month.micros == 30 * A_DAY


def test_an_announced_stop_of_what_was_claimed_since_does_not_count(ctx):
    machine(ctx, "label-1", launched=at(10, 1), team="vision")
    claimed(ctx, "label-1", at(11, 23, 9), at(11, 30))
    with ctx.store.writing() as db:
        stored_rule_stops.add(db, RuleStop("i-label-1", "idle", at(11, 23, 8), at(11, 23, 10), "C0GPUS001", "settings"))

    report = forecast.make_report(ctx, TOTAL)

    assert [each.why for each in report.changes] == ["claim_ends"]
    assert report.month.micros == report.charged_micros + (15 + 6 * 24 + 2) * MICROS_PER_USD


def test_on_hours_that_a_machine_runs_through_do_not_count(ctx):
    machine(ctx, "nb-4", launched=at(10, 1))
    hours(ctx, "nb-4", "Mon-Fri 08:00-18:00", at(11, 10))

    report = forecast.make_report(ctx, TOTAL)

    assert report.month.micros == 30 * A_DAY


def test_a_machine_alone_costs_its_rate_for_every_hour_at_most(ctx):
    machine(ctx, "burst", ran_from=at(10, 20), hours=range(0, 24, 2), launched=at(11, 23, 8))
    machine(ctx, "wild", ran_from=at(11, 18), hours=range(23), launched=at(11, 23, 8))

    for name in ("burst", "wild"):
        report = forecast.make_report(ctx, Scope("instance", f"i-{name}", name))

        assert (
            report.month.hi_micros <= report.month.hi95_micros <= report.charged_micros + (7 * 24 + 15) * MICROS_PER_USD
        )
        assert all(span.hi95_micros <= days * A_DAY for span, days in zip(report.next_days, (7, 30, 90), strict=True))
        assert all(day.hi_micros is None or day.hi_micros <= A_DAY for day in report.days)


def test_a_machine_bought_of_late_is_named_but_on_no_bill(ctx):
    bought = {"purchase_usd": "149000", "purchased_on": date(2026, 11, 20), "team": "nlp"}
    settings = parse({**SETTINGS, "owned": {"hosts": {"dgx-9": bought}}}, {})
    machine(ctx, "serve", launched=at(10, 1))

    buyer = replace(ctx, settings=settings)
    nlp, vision = (forecast.make_report(buyer, Scope("team", name)) for name in ("nlp", "vision"))

    assert forecast.make_report(buyer, TOTAL).uncounted == nlp.uncounted
    assert nlp.uncounted == ("the purchase of dgx-9 on 20 Nov 2026: owned machines are on no bill.",)
    assert vision.uncounted == ()
    assert nlp.month.micros == 30 * A_DAY


def test_a_report_with_plans_comes_back_from_the_store(ctx):
    machine(ctx, "train-3", launched=at(11, 10, 8))
    claimed(ctx, "train-3", at(11, 10, 8), at(11, 24, 12))

    report = forecast.make_report(ctx, TOTAL)

    assert of_json_text(ForecastReport, json_text(report)) == report


def test_parts_add_up_to_the_whole_with_plans(ctx):
    machine(ctx, "train-3", launched=at(11, 10, 8))
    claimed(ctx, "train-3", at(11, 10, 8), at(11, 24, 12))
    machine(ctx, "label-1", launched=at(10, 1), team="vision")

    total = forecast.make_report(ctx, TOTAL)
    teams = [forecast.make_report(ctx, Scope("team", name)) for name in ("nlp", "vision")]

    assert total.month.micros == sum(each.month.micros for each in teams)
    assert total.next(30).micros == sum(each.next(30).micros for each in teams)


INSTANTS = st.integers(at(11, 20), at(12, 20))


@given(spans=st.lists(st.tuples(INSTANTS, INSTANTS), max_size=8), now=st.integers(at(11, 23), at(11, 23) + DAY_MS - 1))
def test_shares_of_days_are_shares_and_add_up_to_the_time(spans, now):
    kept = merged_spans([(max(begin, now), over) for begin, over in spans])
    plan = RunPlan("booked", now, kept)

    shares = plan.shares(date(2026, 11, 23), ZoneInfo("UTC"), now)

    assert len(shares) == DAYS_AHEAD
    assert all(0 <= share <= 1 for share in shares)
    lengths = [at(11, 24) - now, *[DAY_MS] * (DAYS_AHEAD - 1)]
    covered = sum(over - begin for begin, over in kept)
    assert abs(sum(share * length for share, length in zip(shares, lengths, strict=True)) - covered) < MINUTE_MS


def test_refreshing_needs_no_zone_of_its_own(ctx):
    other = replace(ctx, settings=parse({**SETTINGS, "digest": {"timezone": "Asia/Kolkata"}}, {}))
    machine(other, "train-3", launched=at(11, 10, 8))
    claimed(other, "train-3", at(11, 10, 8), at(11, 24, 12))

    report = forecast.make_report(other, TOTAL)

    assert report.month.micros == pytest.approx(report.charged_micros + 27 * MICROS_PER_USD, abs=MICROS_PER_USD)
