"""Each condition of the statements about sums, prices and bills counts: without any one of them, nothing is found."""

import pytest

from bot.domain.clock import DAY_MS
from bot.domain.money.price_reads import SPOT_DAYS
from bot.domain.money.scope import Scope
from store import digest as stored_digest
from store.money import accuracy as stored_accuracy
from store.money import bill as stored_bill
from store.money import budgets as stored_budgets
from store.money import day_sums, source_reads, spend, sums
from store.money import prices as stored_prices
from tests.neighbours import FAR, MACHINE, NEAR, TEAM
from tests.store.conditions import START, Condition, asked, hold, put, row_in, written
from tests.store.money.charged import (
    ACROSS,
    ANOTHERS,
    CHARGED,
    CORRECTED,
    KIND,
    OTHER_TYPE,
    OWNED,
    share,
)

NIGHT = row_in("budgets_told", scope="total", month="2099-12-01", micros=5, mark="warn", at=1, standing="{}")


def is_corrected(db, _):
    """Whether what a machine cost counts the correction of its charge."""
    return sum(each.micros for each in sums.sums_by(db, "team", NEAR, NEAR + 1, instance_id=MACHINE)) == 18


DAYS = [
    Condition(
        asked(sums.sums_by, "team", NEAR, NEAR + 1, **within),
        (
            *others,
            put("charges", from_at=NEAR + 1, running_ms=0, idle_ms=0),
            put("charges", from_at=NEAR - 1, until_at=NEAR, running_ms=0, idle_ms=0),
        ),
        CHARGED,
    )
    for within, others in (
        ({}, ()),
        ({"instance_id": MACHINE}, (ANOTHERS,)),
        ({"team": TEAM}, (put("charges", team="vision"),)),
    )
]
SPENDING = [
    *DAYS,
    Condition(is_corrected, ("UPDATE charges SET corrects = 2 WHERE id = 2",), (*CHARGED, CORRECTED, share(2))),
    Condition(
        asked(sums.sums_by, "team", NEAR, NEAR + 1, instance_id=MACHINE),
        (
            put("charges", "id = 1", instance_id=ACROSS),
            put("charges", "id = 1", from_at=NEAR + 1, running_ms=0, idle_ms=0),
            put("charges", "id = 1", from_at=NEAR - 1, until_at=NEAR, running_ms=0, idle_ms=0),
        ),
        (*CHARGED, CORRECTED, share(2)),
    ),
    Condition(
        asked(spend.idle_all_along, NEAR, NEAR + 1),
        (
            put("shares", use="busy"),
            put("shares", micros=0),
            OWNED,
            share(1, "busy"),
            put("charges", from_at=NEAR + 1, running_ms=0, idle_ms=0),
            put("charges", from_at=NEAR - 1, until_at=NEAR, running_ms=0, idle_ms=0),
        ),
        CHARGED,
    ),
    *(
        Condition(
            read,
            (
                OTHER_TYPE,
                OWNED,
                put("charges", from_at=NEAR + 1, running_ms=1, idle_ms=0),
                put("charges", from_at=NEAR - 1, until_at=NEAR, running_ms=1, idle_ms=0),
            ),
            CHARGED,
        )
        for read in (
            asked(spend.at_once, Scope(), KIND, NEAR, NEAR + 1),
            asked(spend.sources_of_type, Scope(), KIND, NEAR, NEAR + 1),
            lambda db, _: spend.paid(db, Scope(), KIND, NEAR, NEAR + 1) != (0, 0),
        )
    ),
    Condition(
        asked(spend.at_once, Scope(), KIND, NEAR, FAR, holes=[(NEAR - 1, NEAR)]),
        (put("charges", from_at=NEAR - 1, until_at=NEAR, running_ms=1, idle_ms=0),),
        CHARGED,
    ),
    Condition(
        lambda db, _: day_sums.catch_up(db, "UTC") and spend.estimated(db, FAR - DAY_MS),
        (
            put("charges", exact=1),
            put("shares", micros=0),
            OWNED,
            put("charges", from_at=FAR - DAY_MS - 1, until_at=FAR - DAY_MS, running_ms=0, idle_ms=0),
        ),
        CHARGED,
    ),
    Condition(
        asked(stored_budgets.marks_noted, "total", stored_budgets.date(2099, 12, 1), 5),
        (
            put("budgets_told", scope="team:x"),
            put("budgets_told", month="2099-11-01"),
            put("budgets_told", micros=4),
        ),
        (NIGHT,),
    ),
    Condition(
        asked(source_reads.first_read),
        ("DELETE FROM source_reads",),
        (row_in("source_reads", source="s", from_at=1, until_at=2),),
    ),
]
ASKED = row_in("price_answers", what="instance", place="eu-1", name=KIND, asked_at=1, micros=5, named_at=1, why="")
UNNAMED = row_in(
    "price_answers", what="instance", place="eu-1", name=KIND, asked_at=1, micros=None, named_at=None, why="x"
)
SPOT = row_in(
    "spot_prices", source="s", zone="z", type=KIND, micros=5, changed_at=1, read_at=FAR - SPOT_DAYS * DAY_MS - 1
)
OLD_DAY = FAR // DAY_MS - SPOT_DAYS - 1
RANGE = row_in("spot_days", source="s", zone="z", type=KIND, day=OLD_DAY + 1, low=1, high=9)
TROUBLE = row_in("price_troubles", sheet="list", place="eu-1", at=1, error="x")


def is_ranged(db, _):
    """Whether the range of the spot price is that of the day, and not the price alone."""
    return [(span.low, span.high) for span in stored_prices.spot_spans(db, KIND, FAR)] == [(1, 9)]


PRICING = [
    Condition(
        written(stored_prices.forget_old, [], FAR), (put("spot_prices", read_at=FAR - SPOT_DAYS * DAY_MS),), (SPOT,)
    ),
    Condition(
        written(stored_prices.forget_old, [], FAR),
        (put("spot_days", day=OLD_DAY + 1),),
        (RANGE, put("spot_days", day=OLD_DAY)),
    ),
    *(
        Condition(act, (put("price_troubles", sheet="spot"), put("price_troubles", place="us-1")), (TROUBLE,))
        for act in (written(stored_prices.worked, "list", "eu-1"),)
    ),
    Condition(
        lambda db, _: not written(stored_prices.forget_old, [("list", "eu-1")], FAR)(db, None),
        (put("price_troubles", sheet="spot"), put("price_troubles", place="us-1")),
        (TROUBLE,),
    ),
    Condition(asked(stored_prices.list_prices), (put("price_answers", micros=None, named_at=None),), (ASKED,)),
    *(
        Condition(
            asked(stored_prices.list_prices, "eu-1"),
            (
                put("price_answers", place="eu-2"),
                put("price_answers", place="eu-1a"),
                put("price_answers", place="eu-"),
            ),
            (ASKED, put("price_answers", place=place)),
        )
        for place in ("eu-1", "eu-1-lax-1")
    ),
    Condition(
        asked(stored_prices.unlisted, KIND),
        (
            put("price_answers", name="other"),
            put("price_answers", what="volume"),
            put("price_answers", micros=5, named_at=1),
        ),
        (UNNAMED,),
    ),
    Condition(
        lambda db, _: [row["place"] for row in stored_prices.unlisted(db, KIND)] == ["eu-1", "us-1"],
        (put("price_answers", "place = 'us-1'", place="ap-1"),),
        (UNNAMED, UNNAMED.replace("'eu-1'", "'us-1'")),
    ),
    Condition(asked(stored_prices.spot_now, "s"), (put("spot_prices", source="t"),), (SPOT,)),
    Condition(
        is_ranged,
        (
            put("spot_days", source="t"),
            put("spot_days", zone="y"),
            put("spot_days", type="other"),
            put("spot_days", day=OLD_DAY),
            put("spot_prices", type="other"),
        ),
        (SPOT, RANGE),
    ),
]
LOOKED = (
    row_in("bill_looks", id=1, source="focus", place="s3", looked_at=NEAR, as_of=1, seal="", notes="[]", error=""),
    row_in(
        "bill_lines",
        period="2099-12",
        day="2099-12-30",
        cut="kind,type",
        kind="usage",
        type=KIND,
        instance=MACHINE,
        billed_micros=9,
        look_id=1,
    ),
)
THE_DAY = stored_bill.date(2099, 12, 30)
NEXT_DAY = stored_bill.date(2099, 12, 31)
OTHER_DAYS = (put("bill_lines", day="2099-12-29"), put("bill_lines", day="2099-12-31"))
UNREAD = put("bill_lines", period="2100-01")
READ_THEN = row_in("bill_requests", day="2099-12-30", source="focus", count=1)
BILLING = [
    *(
        Condition(
            asked(stored_bill.newest_look, "focus", ok=ok),
            (put("bill_looks", source="other"), put("bill_looks", error="" if error else "x")),
            (*LOOKED, put("bill_looks", error=error)),
        )
        for ok, error in ((True, ""), (False, "refused"))
    ),
    Condition(
        asked(stored_bill.last_usage_days, "focus", "s3", NEAR),
        (
            put("bill_looks", source="other"),
            put("bill_looks", place="s4"),
            put("bill_looks", looked_at=NEAR - 1),
            put("bill_lines", kind="tax"),
            "UPDATE bill_looks SET id = 2",
        ),
        (*LOOKED, "PRAGMA defer_foreign_keys = 1"),
    ),
    Condition(
        written(stored_bill.prune, NEAR + 1),
        (put("bill_looks", looked_at=NEAR + 1), LOOKED[1]),
        LOOKED[:1],
    ),
    Condition(
        asked(stored_bill.requests_made, "focus", THE_DAY),
        (put("bill_requests", source="other"), put("bill_requests", day="2099-12-29")),
        (READ_THEN,),
    ),
    Condition(asked(stored_bill.count_request, "focus", THE_DAY, 2), (put("bill_requests", count=2),), (READ_THEN,)),
    *(
        Condition(read, (*OTHER_DAYS, UNREAD, *others), LOOKED)
        for read, others in (
            (lambda db, _: list(stored_bill.comparable_lines(db, THE_DAY, THE_DAY)), (put("bill_lines", cut="kind"),)),
            (asked(stored_bill.billed_days, THE_DAY, THE_DAY), ()),
            (asked(stored_bill.sums, "type", THE_DAY, THE_DAY), (put("bill_lines", cut="kind"),)),
        )
    ),
    Condition(
        asked(stored_bill.corrections_alone, THE_DAY, THE_DAY),
        (*OTHER_DAYS, put("bill_lines", period="2099-12")),
        (*LOOKED, UNREAD),
    ),
    Condition(asked(stored_bill.bill_begins), (UNREAD,), LOOKED),
    Condition(
        lambda db, _: [each.unpriced_ms for each in stored_bill.metered_machines(db, NEXT_DAY, NEXT_DAY)] == [0],
        ("DELETE FROM charges WHERE id = 2",),
        (*CHARGED, put("charges", rate_micros=0), CORRECTED),
    ),
    Condition(
        asked(
            stored_bill.metered_machines, THE_DAY + stored_bill.date.resolution, THE_DAY + stored_bill.date.resolution
        ),
        (
            OWNED,
            put("charges", from_at=NEAR - DAY_MS, until_at=NEAR - DAY_MS + 1, running_ms=0, idle_ms=0),
            put("charges", from_at=FAR, until_at=FAR + 1, running_ms=0, idle_ms=0),
            row_in("bill_metered_until", only=1, charge_id=1),
        ),
        CHARGED,
    ),
]
FORECAST = row_in("forecasts", scope="total", made_at=NEAR, content="{}")
SCORED = row_in("forecast_scores", scope="total", made_at=NEAR, horizon="7d", expected_micros=1)
TOLD = row_in("digests", channel="C0", local_date="2099-12-30", made_at=NEAR, content='{"tidy": [1]}')
GUESSING = [
    Condition(
        asked(stored_accuracy.unscored, "7d", NEAR, NEAR + 1),
        (put("forecasts", made_at=NEAR + 1), put("forecasts", made_at=NEAR - 1), SCORED),
        (FORECAST,),
    ),
    *(
        Condition(
            asked(stored_accuracy.unscored, "7d", NEAR, FAR),
            (put("forecast_scores", **same),),
            (FORECAST, SCORED, other),
        )
        for other, same in (
            (put("forecast_scores", scope="team:x"), {"scope": "total"}),
            (put("forecast_scores", made_at=1), {"made_at": NEAR}),
            (put("forecast_scores", horizon="30d"), {"horizon": "7d"}),
        )
    ),
    Condition(written(stored_accuracy.prune_forecasts, NEAR + 1), (put("forecasts", made_at=NEAR + 1),), (FORECAST,)),
    Condition(
        lambda db, _: len(stored_accuracy.scores_of(db, "tot")), (put("forecast_scores", scope="team:tot"),), (SCORED,)
    ),
    Condition(
        asked(stored_accuracy.was_asked, THE_DAY),
        (put("opinions", asked_on="2099-12-29"),),
        (row_in("opinions", asked_on="2099-12-30", asked_at=1, error="x"),),
    ),
    Condition(
        asked(stored_accuracy.newest_opinion),
        (put("opinions", error="x", micros=None),),
        (
            row_in(
                "opinions",
                asked_on="2099-12-30",
                asked_at=1,
                micros=9,
                error="",
                first="2099-12-30",
                last="2099-12-30",
                lo80_micros=1,
                hi80_micros=9,
            ),
        ),
    ),
    *(
        Condition(
            read,
            (put("digests", channel="C1"), put("digests", content="null"), *others),
            (TOLD,),
        )
        for read, others in (
            (asked(stored_digest.newest, "C0", NEAR), (put("digests", made_at=NEAR - 1),)),
            (asked(stored_digest.said_to_tidy, "C0", "2099-12-30"), (put("digests", local_date="2099-12-29"),)),
        )
    ),
    Condition(
        asked(stored_digest.stop_after, MACHINE, NEAR),
        (START, put("actions", instance_id=ACROSS), put("actions", created_at=NEAR - 1)),
    ),
    Condition(asked(stored_digest.anything_judged), (put("verdicts", state="unknown"),)),
]


@pytest.mark.parametrize("condition", [*SPENDING, *PRICING, *BILLING, *GUESSING])
def test_without_any_one_of_its_conditions_nothing_is_summed_or_billed(awake, condition):
    hold(awake, condition)
