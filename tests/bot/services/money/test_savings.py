"""Whatever is stopped, shared and restarted in whatever order: no hour is saved twice, and none that ran."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS, WEEK_MS
from bot.domain.machines.fleet import Instance
from bot.domain.money.rates import Charge, Rate, cost_between
from bot.domain.money.savings import EVIDENCE_WEEKS, Saving
from bot.services.context import Context
from bot.services.money import savings
from bot.settings import parse
from store.machines import fleet as stored_fleet
from store.money import ledger as stored_ledger
from store.money import savings as stored_savings
from store.sql import rows
from tests.examples import examples
from tests.opening import open_store

START = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1000)
RATE = 7_000_001


class Company:
    """Two machines, one of which is stopped day after day; time passes by hand."""

    def __init__(self, path):
        self.path, self.now = path, START
        self.open()
        with self.store.writing() as db:
            for name in ("i-1", "i-2"):
                made = Instance(name, name, "ec2", "s", "p5.48xlarge", "running", gpu_model="H100", gpu_count=8)
                stored_fleet.save(db, made, team="nlp", rate=Rate(RATE, "valet.toml"))

    def open(self):
        """Valet starts, perhaps again."""
        self.store = open_store(self.path)
        made = parse({}, {})
        self.ctx = Context(self.store, lambda: self.now, made, {}, made.roster)

    def restart(self):
        self.store.close()
        self.open()

    def runs(self, start, end):
        with self.store.writing() as db:
            spans = [(max(start, at), min(end, at + HOUR_MS)) for at in range(start // HOUR_MS * HOUR_MS, end, HOUR_MS)]
            stored_ledger.add(
                db, [Charge("i-1", at, to, to - at, _cost((at, to)), rate_micros=RATE, team="nlp") for at, to in spans]
            )

    def stopped(self, at, who):
        with self.store.writing() as db:
            db.execute(
                "INSERT INTO actions (id, kind, instance_id, requester, team, reason, facts, state, created_at, "
                "expires_at, decider, decided_at, finished_at) VALUES (?, 'stop', 'i-1', ?, 'nlp', '', '{}', 'done', "
                "?, ?, 'UBOB', ?, ?)",
                [f"a{at}", who, at, at, at, at],
            )

    def shared(self, start, end):
        """Somebody took the other machine instead of this one, and gave it back."""
        with self.store.writing() as db:
            db.execute(
                "INSERT INTO claims (id, instance_id, holder, team, note, gpus, from_at, until_at, ended_at, "
                "end_reason) VALUES (?, 'i-2', 'UADA', 'nlp', '', '[0]', ?, ?, ?, 'released')",
                [f"c{start}", start, end + HOUR_MS, end],
            )
            stored_savings.add(
                db, Saving(f"c{start}", "shared", start, "UADA", "i-2", "start", "i-1", RATE, end + HOUR_MS, "So.")
            )

    def worked_out(self, now):
        self.now = now
        with self.store.writing() as db:
            db.execute("INSERT OR REPLACE INTO sources (source, ok_at, error) VALUES ('s', ?, '')", [now])
        savings.work_out_savings(self.ctx)

    def saved(self):
        return rows(self.store.reading(), "SELECT * FROM saved ORDER BY subject, from_at")


def _cost(span):
    return cost_between(RATE, *span)


days = st.lists(
    st.tuples(
        st.integers(0, 600),  # minutes after midnight at which it starts
        st.integers(1, 800),  # and minutes that it runs
        st.sampled_from(["rule", "chat", "nobody"]),
        st.one_of(st.none(), st.tuples(st.integers(0, 1_200), st.integers(1, 239))),
        st.booleans(),
    ),
    min_size=2,
    max_size=12,
)


@given(days)
@settings(max_examples=examples(15), deadline=None)
def test_no_hour_is_saved_twice_and_none_that_ran(tmp_path_factory, lived):
    company, ran = Company(tmp_path_factory.mktemp("saving") / "valet.db"), []
    for number, (begins, lasts, who, taken, restarts) in enumerate(lived):
        midnight = START + number * DAY_MS
        start = midnight + begins * 60_000
        end = start + lasts * 60_000
        ran.append((start, end))
        company.runs(start, end)
        if who != "nobody":
            company.stopped(end, who)
        if taken:
            at = midnight + taken[0] * 60_000
            company.shared(at, at + taken[1] * 60_000)
        if restarts:
            company.restart()
        company.worked_out(midnight + DAY_MS)
        company.worked_out(midnight + DAY_MS)

    found = company.saved()
    for one, then in pairwise(found):
        assert one["until_at"] <= then["from_at"], "no hour is saved twice"
    for each in found:
        hour = each["from_at"] // HOUR_MS * HOUR_MS
        ran_ms = sum(max(0, min(end, hour + HOUR_MS) - max(start, hour)) for start, end in ran)
        assert each["saved_ms"] + ran_ms <= HOUR_MS
        assert 0 <= each["micros"] <= RATE * each["saved_ms"] / HOUR_MS
    lived_ms = len(lived) * DAY_MS
    assert sum(each["micros"] for each in found) + sum(map(_cost, ran)) <= RATE * lived_ms / HOUR_MS + len(ran)
    company.store.close()


@pytest.mark.slow
def test_nights_that_nobody_would_use_any_more_earn_nothing_after_a_quarter(tmp_path):
    """Around the clock for two weeks, then every night off for 16 weeks."""
    company = Company(tmp_path / "valet.db")
    company.runs(START, START + 2 * WEEK_MS)
    company.stopped(START + 2 * WEEK_MS, "rule")
    for number in range(14, 18 * 7):
        morning = START + number * DAY_MS + 8 * HOUR_MS
        company.runs(morning, morning + 12 * HOUR_MS)
        company.stopped(morning + 12 * HOUR_MS, "rule")
        company.worked_out(morning + 24 * HOUR_MS)

    nights = [each["from_at"] for each in company.saved()]

    assert nights
    assert max(nights) <= START + 2 * WEEK_MS + EVIDENCE_WEEKS * WEEK_MS
    company.store.close()
