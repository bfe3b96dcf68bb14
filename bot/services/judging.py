"""Who works and who idles: verdicts from what agents reported."""

from dataclasses import replace

from sqlite_utils import Database

from bot.domain.listing import waste_of
from bot.domain.verdict import Verdict, judge
from bot.services.desk import Desk
from store import fleet, minutes

CLICK_STALE_MINUTES = 3


def judge_all(desk: Desk) -> None:
    """Judge every running instance anew."""
    now, rule = desk.clock(), desk.settings.idle_rule
    db = desk.store.reading()
    traces = minutes.traces(db, now, window_minutes=rule.window_minutes)
    before = fleet.states(db)
    judged = {}
    for row in fleet.running(db):
        seen, launched_at = traces.get(row["id"], ()), row["launched_at"]
        verdict = judge(seen, rule, now, gpu_count=row["gpu_count"], launched_at=launched_at)
        state, since = before.get(row["id"], ("", None))
        if state == verdict.state == "active" and since is not None:
            verdict = replace(verdict, since=since)
        judged[row["id"]] = (verdict, waste_of(row["rate_micros"] or 0, verdict, row["gpu_count"]))
    with desk.store.writing() as db:
        fleet.save_verdicts(db, judged)
        fleet.forget_verdicts_of_stopped(db)


def judge_now(desk: Desk, db: Database, instance_id: str, gpu_count: int, *, launched_at: int | None = None) -> Verdict:
    """The verdict of this moment, for a decision that can't be undone: older readings than usual don't count."""
    now = desk.clock()
    rule = replace(desk.settings.idle_rule, stale_minutes=CLICK_STALE_MINUTES)
    traces = minutes.traces_of(db, instance_id, now, window_minutes=rule.window_minutes)
    return judge(traces, rule, now, gpu_count=gpu_count, launched_at=launched_at)


def prune(desk: Desk) -> None:
    """Drop minutes that are too old to matter."""
    with desk.store.writing() as db:
        minutes.prune(db, desk.clock())
