"""The bill in the store: newer looks take the place of older ones, and no charge is counted twice."""

from datetime import date

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.machines.fleet import Instance
from bot.domain.money.bill import BillLine, BillLook
from bot.domain.money.rates import Charge
from store.machines import fleet as stored_fleet
from store.money import bill as stored_bill
from store.money import ledger as stored_ledger
from tests.conftest import MONDAY

ONE, TWO, OCTOBER = date(2026, 11, 16), date(2026, 11, 17), date(2026, 10, 30)


def line(day, micros, period="2026-11", **known):
    return BillLine(period, day, micros, **known)


def look(*lines, periods=("2026-11",), as_of=MONDAY, **more):
    return BillLook("Cost Explorer", "account 1", as_of, periods, lines, **more)


def kept(store, *looks):
    for number, each in enumerate(looks):
        with store.writing() as db:
            stored_bill.keep_look(db, each, MONDAY + number)
    return store.reading()


def days(db):
    return {each.day: each.billed_micros for each in stored_bill.billed_days(db, date(2026, 10, 1), date(2026, 11, 30))}


def test_cuts_of_the_same_day_are_not_added_up(store):
    lines = [
        *(line(ONE, 7, account="1", service="EC2"), line(ONE, 3, account="1", service="S3")),
        *(line(ONE, 10, team="nlp", type="g5.xlarge"), line(ONE, 10, type="g5.xlarge", kind="usage")),
    ]

    db = kept(store, look(*lines))

    assert days(db) == {ONE: 10}
    for name in ("account", "service", "team", "type", "kind"):
        assert sum(row["billed_micros"] for row in stored_bill.sums(db, name, ONE, ONE)) == 10
    assert [(each.kind, each.type, each.billed_micros) for each in stored_bill.comparable_lines(db, ONE, ONE)] == [
        ("usage", "g5.xlarge", 10)
    ]
    assert stored_bill.sums(db, "instance", ONE, ONE) == []


def test_a_newer_look_takes_the_place_of_its_days_only(store):
    first = look(line(ONE, 5, kind="usage"), line(TWO, 6, kind="usage"), first=ONE, last=TWO)
    second = look(line(TWO, 8, kind="usage"), first=TWO, last=TWO, as_of=MONDAY + DAY_MS)

    db = kept(store, first, second)

    assert days(db) == {ONE: 5, TWO: 8}
    assert [each.as_of for each in stored_bill.billed_days(db, ONE, TWO)] == [MONDAY, MONDAY + DAY_MS]


def test_a_correction_from_a_later_month_does_not_wipe_the_day_it_corrects(store):
    october = look(line(OCTOBER, 100, "2026-10", kind="usage"), periods=("2026-10",))
    november = look(line(OCTOBER, -30, kind="correction"), line(ONE, 5, kind="usage"))

    db = kept(store, october, november, november)

    assert days(db) == {OCTOBER: 70, ONE: 5}


def test_a_correction_of_a_month_that_was_not_read_is_not_that_month(store):
    db = kept(store, look(line(OCTOBER, -30, kind="correction"), line(ONE, 5, kind="usage")))

    assert days(db) == {ONE: 5}
    assert stored_bill.bill_begins(db) == ONE
    assert (
        list(stored_bill.comparable_lines(db, OCTOBER, OCTOBER)) == stored_bill.sums(db, "kind", OCTOBER, OCTOBER) == []
    )
    assert stored_bill.corrections_alone(db, OCTOBER, ONE) == -30


def test_another_source_takes_the_place_of_the_first(store):
    explorer = look(line(ONE, 7, account="1", service="EC2"), line(ONE, 7, team="nlp", type=""), first=ONE, last=ONE)
    everything = {"account": "1", "service": "EC2", "team": "nlp", "type": "", "instance": "", "kind": "usage"}

    db = kept(store, explorer, look(line(ONE, 8, **everything)))

    assert days(db) == {ONE: 8}
    assert [row["name"] for row in stored_bill.sums(db, "team", ONE, ONE)] == ["nlp"]


def test_lines_of_nothing_are_not_kept_but_those_with_hours_are(store):
    db = kept(store, look(line(ONE, 0, kind="usage"), line(TWO, 0, kind="usage", running_ms=5)))

    assert days(db) == {TWO: 0}


def test_a_failed_look_leaves_what_is_known(store):
    kept(store, look(line(ONE, 5, kind="usage"), notes=("one note",), seal="s"))
    with store.writing() as db:
        stored_bill.note_failed_look(db, "Cost Explorer", "account 1", MONDAY + 9, "AWS did not answer")

    good = stored_bill.newest_look(store.reading(), "Cost Explorer", ok=True)
    bad = stored_bill.newest_look(store.reading(), "Cost Explorer", ok=False)
    assert good is not None
    assert (good.seal, good.notes, good.as_of) == ("s", ("one note",), MONDAY)
    assert bad is not None
    assert (bad.error, bad.looked_at) == ("AWS did not answer", MONDAY + 9)
    assert days(store.reading()) == {ONE: 5}
    assert stored_bill.newest_look(store.reading(), "FOCUS files", ok=True) is None


def test_requests_are_counted_up_to_the_most_and_anew_each_day(store):
    with store.writing() as db:
        allowed = [stored_bill.count_request(db, "Cost Explorer", ONE, 3) for _ in range(5)]
        tomorrow = stored_bill.count_request(db, "Cost Explorer", TWO, 3)

    assert allowed == [True, True, True, False, False]
    assert tomorrow
    assert stored_bill.requests_made(store.reading(), "Cost Explorer", ONE) == 3


def test_looks_without_lines_are_forgotten_in_time(store):
    kept(store, look(line(ONE, 5, kind="usage")), look(line(ONE, 6, kind="usage")))

    with store.writing() as db:
        stored_bill.prune(db, MONDAY + DAY_MS)

    assert store.reading().execute("SELECT count(*) FROM bill_looks").fetchone() == (1,)
    assert days(store.reading()) == {ONE: 6}


def test_the_ledger_by_bill_days_is_the_same_before_and_after_counting(store):
    start = MONDAY // DAY_MS * DAY_MS
    hours = range(60)
    with store.writing() as db:
        for name, provider in (("i-1", "ec2"), ("dgx", "owned")):
            instance = Instance(name, name, provider, "ec2/1/us-east-1", "g5.xlarge", "running")
            stored_fleet.save(db, instance, team="nlp", rate=None)
        stored_ledger.add(db, [Charge("dgx", start, start + HOUR_MS, HOUR_MS, 9, 9)])
        stored_ledger.add(
            db, [Charge("i-1", start + n * HOUR_MS, start + (n + 1) * HOUR_MS, HOUR_MS, n, n % 7, "nlp") for n in hours]
        )

    before = stored_bill.metered_machines(store.reading(), date(2026, 11, 23), date(2026, 11, 24))
    steps = 0
    while True:
        steps += 1
        with store.writing() as db:
            if stored_bill.catch_up_metered(db, step=7):
                break

    assert stored_bill.metered_machines(store.reading(), date(2026, 11, 23), date(2026, 11, 24)) == before
    assert steps == 9
    assert [(each.micros, each.running_ms, each.unpriced_ms) for each in before] == [
        (sum(range(24)), 24 * HOUR_MS, 4 * HOUR_MS),
        (sum(range(24, 48)), 24 * HOUR_MS, 3 * HOUR_MS),
    ]
