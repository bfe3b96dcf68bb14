"""What is asked all the time searches: it reads what it is about, and not all that ever was."""

import json
from collections.abc import Callable

import pytest
from sqlite_utils import Database

from bot.domain.acting.actions import BY_RULE
from store import digest as stored_digest
from store import outbox as stored_outbox
from store.acting import actions, makings
from store.acting import dormant as stored_dormant
from store.acting import rule_stops as stored_rule_stops
from store.money import savings as stored_savings
from store.sharing import bookings as stored_bookings
from store.sharing import checkins as stored_checkins
from store.sharing import claims as stored_claims
from store.sharing import line as stored_line
from store.sharing import runs as stored_runs
from store.sql import many, rows
from tests.examples import examples
from tests.opening import open_store

MACHINES = 500
ACTIONS = examples(100_000)
KINDS = ("stop", "start")
NOW = 1_790_000_000_000
PASSING = {"i", "u", "shut", "soon", "ready"}
"""The machines, which are as many as there are, what may still save, and what a statement has just put together."""
READS: dict[str, Callable[[Database], object]] = {
    "the newest action that switched a machine": lambda db: actions.newest_that_changed(db, "i-4"),
    "the action that may still happen to a machine": lambda db: actions.live_on(db, "i-4"),
    "whether something approved waits for a machine": lambda db: actions.is_waited_for(db, "i-4"),
    "who had a machine made": lambda db: actions.maker(db, "i-4"),
    "starts by on-hours": lambda db: actions.starts_by_rule(db, "i-4", 5),
    "what a team runs without a yes": lambda db: actions.rule_micros(db, "nlp", "a-7"),
    "stops of a team under way": lambda db: actions.live_stops(db, "nlp", NOW),
    "machines that are bound": actions.bound_ids,
    "what stopped machines are held in": stored_dormant.held_on,
    "actions under way": lambda db: actions.under_way(db, "executing"),
    "orders from images": makings.image_orders,
    "makings whose time is over": lambda db: makings.makings_over(db, NOW, NOW),
    "the stop after a digest": lambda db: stored_digest.stop_after(db, "i-4", 5),
    "planned stops": stored_rule_stops.open_ones,
    "stops of one window": lambda db: stored_rule_stops.of_basis(db, "i-4", "hours", 5),
    "claims of a machine": lambda db: stored_claims.open_claims_on(db, "i-4"),
    "claims of a person": lambda db: stored_claims.open_claims_of(db, "UADA"),
    "claims that end": lambda db: stored_claims.claims_ending(db, NOW),
    "bookings of a machine": lambda db: stored_bookings.slots_ahead(db, instance_id="i-4"),
    "bookings of a person": lambda db: stored_bookings.slots_ahead(db, holder="UADA"),
    "bookings that begin": lambda db: stored_bookings.slots_due(db, NOW),
    "runs of a machine": lambda db: stored_runs.live_runs(db, "i-4"),
    "lost runs of a machine": lambda db: stored_runs.lost_runs_on(db, "i-4", 0),
    "open offers": stored_line.open_offers,
    "questions of a claim": lambda db: stored_checkins.open_checkins(db, claim_id="c"),
    "messages that are due": lambda db: stored_outbox.due(db, NOW),
    "the next message": stored_outbox.next_row_due,
    "messages in flight": stored_outbox.in_flight,
    "how many messages are in each state": stored_outbox.counts,
    "the message that has waited longest": lambda db: stored_outbox.oldest_waiting(db, 0),
    "stops that may still save": stored_savings.open_stops,
    "claims that may still save": stored_savings.open_sharing,
    "claims of late": lambda db: stored_claims.recent_claims(db, NOW),
    "claims of late of a person": lambda db: stored_claims.recent_claims(db, NOW, holder="UADA"),
    "claims of late of a team": lambda db: stored_claims.recent_claims(db, NOW, team="nlp"),
    "bookings to come": stored_bookings.slots_ahead,
    "bookings to come of a person": lambda db: stored_bookings.slots_ahead(db, holder="UADA"),
    "bookings to come of a team": lambda db: stored_bookings.slots_ahead(db, team="nlp"),
    "bookings of late": lambda db: stored_bookings.slots_since(db, NOW),
    "where a message stands": lambda db: stored_outbox.posted_at(db, "C", "action:1"),
    "whether a message is held up": lambda db: stored_outbox.is_held_up(db, "C", "action:1"),
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A store in which much was done: every machine stopped and started by turns."""
    store = open_store(tmp_path_factory.mktemp("filled") / "valet.db")
    with store.writing() as db:
        many(db, _MACHINE, ((f"i-{n}", f"m-{n}", "stopped" if n % 2 else "running") for n in range(MACHINES)))
        facts = json.dumps({"name": "m", "rate_micros": 1_000_000})
        many(db, _ACTION, (_action(n, facts) for n in range(ACTIONS)))
    yield store
    store.close()


_MACHINE = (
    "INSERT INTO instances (id, name, provider, source, type, state, gpu_model, gpu_count, gpu_memory_mib, nvme_gb, "
    "zone, lifecycle, asg, stop_protected, root_device, state_reason, tags, team, rate_micros, rate_source, "
    "rate_exact) VALUES (?, ?, 'ec2', 'ec2/1/us-east-1', 'g5.xlarge', ?, 'A10G', 1, 24576, 0, '', 'on-demand', '', 0, "
    "'ebs', '', '{}', 'nlp', 1000000, '', 1)"
)
_ACTION = (
    "INSERT INTO actions (id, kind, instance_id, requester, team, reason, facts, state, created_at, expires_at, "
    "decider, decided_at, executing_at, finished_at, length) "
    "VALUES (?, ?, ?, 'UADA', 'nlp', '', ?, 'done', ?, ?, ?, ?, ?, ?, ?)"
)


def _action(number: int, facts: str) -> tuple[object, ...]:
    kind, decider = KINDS[number // MACHINES % 2], BY_RULE if number % 3 else "UBOB"
    moments = (number, number + 1, decider, number, number, number)
    return (f"a-{number:06}", kind, f"i-{number % MACHINES}", facts, *moments, None if kind == "stop" else 3_600_000)


@pytest.mark.slow
@pytest.mark.parametrize("what", READS)
def test_what_is_asked_all_the_time_reads_no_whole_history(filled, what):
    db, asked = filled.reading(), []

    with db.tracer(lambda sql, values: asked.append((sql, values))):
        READS[what](db)

    few = [
        row["name"] for row in rows(db, "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'")
    ]
    for sql, values in asked:
        plan = [row["detail"] for row in rows(db, f"EXPLAIN QUERY PLAN {sql}", *(values or []))]
        steps = [step for step in plan if step.startswith("SCAN ") and not step.startswith("SCAN (subquery-")]
        scans = [step for step in steps if step.split()[1] not in PASSING]
        assert [step for step in scans if not any(name in step for name in few)] == [], plan
    assert asked


@pytest.mark.slow
def test_what_runs_by_rule_is_summed_as_it_was_before_there_was_an_index(filled):
    """One machine at a time: running, last switched by rule, whatever was done to it before."""
    db = filled.reading()
    last = {number % MACHINES: number for number in range(ACTIONS)}
    by_rule = [number for machine, number in last.items() if machine % 2 == 0 and number % 3]

    assert actions.rule_micros(db, "nlp", "") == len(by_rule) * 1_000_000
    assert actions.rule_micros(db, "nlp", f"a-{by_rule[0]:06}") == (len(by_rule) - 1) * 1_000_000
    assert actions.rule_micros(db, "vision", "") == 0
