"""Digests: one per channel and local date, kept as made, drawn with what became of it."""

from datetime import UTC, date, datetime

import pytest

from bot.domain.acting.actions import StopFacts
from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.verdict import GpuVerdict, Verdict
from bot.domain.money.rates import MICROS_PER_USD, Rate
from bot.errors import Refused
from bot.services import digest
from bot.services.acting import approvals
from bot.services.acting import snooze as snooze_service
from bot.services.context import Context
from bot.services.sharing import claims
from bot.settings import parse
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import actions
from store.acting import approvals as stored_approvals
from store.machines import fleet as stored_fleet
from store.money import source_reads
from store.sharing import claims as stored_claims
from store.sql import rows

ADA, BOB = "UADA", "UBOB"
GENERAL, NLP, KOLKATA = "CGENERAL", "CNLP", "CKOLKATA"
SETTINGS = {
    "slack": {"channel": GENERAL, "admins": [BOB]},
    "digest": {"at": "09:00", "timezone": "UTC"},
    "teams": {
        "nlp": {"members": [ADA], "channel": NLP, "timezone": "America/New_York", "approvers": [BOB]},
        "speech": {"channel": NLP, "timezone": "Asia/Kolkata"},
        "vision": {"channel": KOLKATA, "timezone": "Asia/Kolkata"},
        "platform": {"timezone": "Pacific/Auckland"},
    },
}


@pytest.fixture
def ctx(store, clock):
    settings = parse(SETTINGS, {})
    return Context(store, clock, settings, {}, settings.roster)


def put(ctx, name, *, team="nlp", state="running", idle="free", since=3 * HOUR_MS, rate=8 * MICROS_PER_USD) -> str:
    """A machine of four GPUs in the store, with its verdict."""
    now, instance_id = ctx.clock(), f"i-{name}"
    instance = Instance(
        id=instance_id,
        name=name,
        provider="ec2",
        source="ec2/1/us-east-1",
        type="g5.12xlarge",
        state=state,
        gpu_model="A10G",
        gpu_count=4,
        launched_at=0,
    )
    known = Rate(rate, "valet.toml") if rate is not None else None
    gpus = tuple(GpuVerdict(n, idle if idle in {"free", "held"} else "active", now - since) for n in range(4))
    verdict = Verdict(idle, now - since, "all 4 GPUs quiet", now, gpus)
    with ctx.store.writing() as db:
        stored_fleet.save(db, instance, team=team, rate=known)
        stored_fleet.save_verdicts(db, {instance_id: (verdict, rate or 0)})
        stored_fleet.forget_verdicts_of_stopped(db)
    return instance_id


def told(ctx):
    """What waits to be posted: (channel, ref, subject)."""
    found = rows(ctx.store.reading(), "SELECT channel, ref, subject FROM outbox WHERE kind = 'digest' ORDER BY id")
    return [tuple(row.values()) for row in found]


def posted(ctx):
    """Take everything out of the outbox, as if Slack had it."""
    with ctx.store.writing() as db:
        for row in stored_outbox.due(db, ctx.clock(), 1000):
            stored_outbox.start(db, row["id"], ctx.clock())
            stored_outbox.sent(db, row, row["channel"], "1.0")
        db.execute("DELETE FROM outbox")


def row_now(ctx, name, channel=NLP, day="2026-11-23"):
    return next(each for each in digest.digest_of(ctx, channel, day).rows if each.row.name == name)


def test_each_channel_gets_what_is_its_own_at_its_own_hour(ctx, clock):
    put(ctx, "train-7", team="nlp")
    put(ctx, "nb-2", team="vision")
    put(ctx, "scratch", team="")
    put(ctx, "ci", team="platform")
    put(ctx, "busy", team="nlp", idle="active")

    at_nine_utc = digest.make_due(ctx)

    assert at_nine_utc == 2  # Kolkata has had 09:00 for hours, New York has not
    assert told(ctx) == [
        (GENERAL, "digest:2026-11-23", "CGENERAL|2026-11-23"),
        (KOLKATA, "digest:2026-11-23", "CKOLKATA|2026-11-23"),
    ]
    general = digest.digest_of(ctx, GENERAL, "2026-11-23").digest
    assert [row.name for row in general.rows] == ["ci", "scratch"]

    clock.forward(5 * HOUR_MS)
    put(ctx, "train-7", team="nlp")
    digest.make_due(ctx)

    assert told(ctx)[2] == (NLP, "digest:2026-11-23", "CNLP|2026-11-23")
    assert [row.name for row in digest.digest_of(ctx, NLP, "2026-11-23").digest.rows] == ["train-7"]


def test_two_teams_that_share_a_channel_share_its_digest_in_the_first_ones_zone(ctx, clock):
    assert digest.zones(ctx) == {GENERAL: "UTC", NLP: "America/New_York", KOLKATA: "Asia/Kolkata"}
    clock.forward(5 * HOUR_MS)
    put(ctx, "train-7", team="nlp")
    put(ctx, "voice-1", team="speech")

    digest.make_due(ctx)

    assert [row.name for row in digest.digest_of(ctx, NLP, "2026-11-23").digest.rows] == ["train-7", "voice-1"]


def test_a_day_has_one_digest_however_often_it_is_looked_for(ctx, clock):
    for _ in range(30):
        put(ctx, "scratch", team="")
        digest.make_due(ctx)
        clock.forward(30 * MINUTE_MS)

    assert told(ctx) == [(GENERAL, "digest:2026-11-23", "CGENERAL|2026-11-23")]


def test_late_is_fine_and_a_new_start_does_not_make_it_twice(ctx, clock):
    clock.forward(10 * HOUR_MS)
    put(ctx, "scratch", team="")
    assert digest.make_due(ctx) == 1

    again = Context(ctx.store, clock, ctx.settings, {}, ctx.settings.roster)

    assert digest.make_due(again) == 0


def test_nothing_to_say_is_kept_and_not_posted(ctx, clock):
    put(ctx, "scratch", team="", idle="active")

    assert digest.make_due(ctx) == 0

    assert stored_outbox.has_digest(ctx.store.reading(), GENERAL, "2026-11-23")
    assert digest.digest_of(ctx, GENERAL, "2026-11-23") is None
    put(ctx, "scratch", team="")
    assert digest.make_due(ctx) == 0
    assert told(ctx) == []


def test_on_the_first_day_nothing_to_say_counts_once_something_could_be_seen(ctx, clock):
    assert digest.make_due(ctx) == 0  # before the first look at the fleet
    with ctx.store.writing() as db:
        source_reads.note(db, "ec2/1/us-east-1", clock())
    for _ in range(6):
        put(ctx, "scratch", team="", idle="unknown")
        digest.make_due(ctx)
        clock.forward(10 * MINUTE_MS)
    assert not stored_outbox.has_digest(ctx.store.reading(), GENERAL, "2026-11-23")

    put(ctx, "scratch", team="")

    assert digest.make_due(ctx) == 1


def test_after_the_first_hours_a_day_without_anything_to_say_is_done(ctx, clock):
    with ctx.store.writing() as db:
        source_reads.note(db, "ec2/1/us-east-1", clock())
    clock.forward(90 * MINUTE_MS)
    put(ctx, "scratch", team="", idle="unknown")

    digest.make_due(ctx)

    assert stored_outbox.has_digest(ctx.store.reading(), GENERAL, "2026-11-23")


def test_a_digest_waits_for_fresh_verdicts(ctx, clock):
    put(ctx, "scratch", team="")
    clock.forward(11 * MINUTE_MS)

    assert digest.make_due(ctx) == 0
    assert not stored_outbox.has_digest(ctx.store.reading(), GENERAL, "2026-11-23")

    put(ctx, "scratch", team="")
    assert digest.make_due(ctx) == 1


def test_digests_can_be_switched_off(ctx):
    put(ctx, "scratch", team="")
    settings = parse({**SETTINGS, "digest": {"enabled": False}}, {})

    assert digest.make_due(Context(ctx.store, ctx.clock, settings, {}, settings.roster)) == 0


def test_without_a_general_channel_machines_of_nobody_are_listed_nowhere(ctx, clock):
    put(ctx, "scratch", team="")
    settings = parse({**SETTINGS, "slack": {}}, {})

    digest.make_due(Context(ctx.store, clock, settings, {}, settings.roster))

    assert told(ctx) == []


@pytest.mark.parametrize(
    ("zone", "turn"),
    [
        ("America/New_York", (2026, 10, 31)),
        ("Australia/Lord_Howe", (2026, 4, 4)),
        ("America/Sao_Paulo", (2018, 11, 3)),
        ("Asia/Kolkata", (2026, 3, 28)),
    ],
)
def test_one_digest_a_local_date_over_a_turn_of_the_clock(ctx, clock, zone, turn):
    clock.now = int(datetime(*turn, tzinfo=UTC).timestamp() * 1000)
    put(ctx, "scratch", team="")
    posted(ctx)
    settings = parse({"slack": {"channel": GENERAL}, "digest": {"timezone": zone, "at": "23:45"}}, {})
    local = Context(ctx.store, clock, settings, {}, settings.roster)

    for _ in range(4 * 24 * 6):
        put(ctx, "scratch", team="")
        digest.make_due(local)
        clock.forward(10 * MINUTE_MS)

    days = [date.fromisoformat(ref.removeprefix("digest:")) for _, ref, _ in told(ctx)]
    assert len(days) == 4
    assert days == sorted(set(days))


def test_a_kept_machine_is_left_out_for_a_day(ctx, clock):
    put(ctx, "scratch", team="")
    put(ctx, "other", team="")
    digest.make_due(ctx)
    posted(ctx)

    snooze = snooze_service.snooze_by_button(ctx, "i-scratch", ADA, length=digest.KEEP_FOR)

    assert (snooze.who, snooze.until_at) == (ADA, clock() + DAY_MS)
    assert row_now(ctx, "scratch", GENERAL).state == "kept"
    assert row_now(ctx, "scratch", GENERAL).who == ADA
    assert told(ctx) == [(GENERAL, "digest:2026-11-23", "CGENERAL|2026-11-23")]
    assert [row.did for row in stored_audit.entries_about(ctx.store.reading(), "i-scratch")] == ["snoozed"]
    clock.forward(DAY_MS - MINUTE_MS)
    put(ctx, "scratch", team="")
    put(ctx, "other", team="")
    assert digest.make_due(ctx) == 0  # a minute before 09:00
    with ctx.store.writing() as db:
        db.execute("UPDATE snoozes SET until_at = until_at + 3600000")
    clock.forward(MINUTE_MS)
    digest.make_due(ctx)
    assert [row.name for row in digest.digest_of(ctx, GENERAL, "2026-11-24").digest.rows] == ["other"]


def test_a_kept_machine_is_listed_again_when_its_day_is_over(ctx, clock):
    put(ctx, "scratch", team="")
    snooze_service.snooze_by_button(ctx, "i-scratch", ADA, length=digest.KEEP_FOR)
    clock.forward(DAY_MS)
    put(ctx, "scratch", team="")

    digest.make_due(ctx)

    assert [row.name for row in digest.digest_of(ctx, GENERAL, "2026-11-24").digest.rows] == ["scratch"]


def test_what_is_gone_can_not_be_kept(ctx):
    with pytest.raises(Refused, match="gone"):
        snooze_service.snooze_by_button(ctx, "i-nowhere", ADA, length=digest.KEEP_FOR)


def test_keep_ends_a_stop_that_nobody_has_decided(ctx, clock):
    asked(ctx, clock)

    snooze_service.snooze_by_button(ctx, "i-train-7", BOB, length=digest.KEEP_FOR)

    ended = actions.by_id(ctx.store.reading(), "a1")
    assert (ended.state, ended.outcome) == ("cancelled", "<person UBOB> snoozed train-7 first.")
    assert row_now(ctx, "train-7").state == "kept"


def asked(ctx, clock):
    """A digest that lists train-7, and a stop that Ada asked for since."""
    clock.forward(5 * HOUR_MS)
    put(ctx, "train-7")
    digest.make_due(ctx)
    posted(ctx)
    clock.forward(MINUTE_MS)
    with ctx.store.writing() as db:
        db.execute(
            "INSERT INTO actions (id, kind, instance_id, launched_at, requester, team, reason, facts, state, "
            "created_at, expires_at) VALUES ('a1', 'stop', 'i-train-7', 0, ?, 'nlp', '', ?, 'pending', ?, ?)",
            [ADA, facts(), clock(), clock() + HOUR_MS],
        )


def facts() -> str:
    shown = StopFacts(name="train-7", type="g5.12xlarge", region="us-east-1", verdict="free", verdict_since=0)
    return actions.json_of("stop", shown)


def test_a_redrawn_digest_says_who_asked_and_who_approved(ctx, clock):
    asked(ctx, clock)
    assert (row_now(ctx, "train-7").state, row_now(ctx, "train-7").who) == ("asked", ADA)

    with ctx.store.writing() as db:
        stored_approvals.decide_action(db, "a1", BOB, "approved", clock())
    assert (row_now(ctx, "train-7").state, row_now(ctx, "train-7").who) == ("approved", BOB)

    with ctx.store.writing() as db:
        actions.move(db, "a1", "approved", "executing", executing_at=clock())
    assert row_now(ctx, "train-7").state == "stopping"

    put(ctx, "train-7", state="stopped")
    with ctx.store.writing() as db:
        actions.move(db, "a1", "executing", "done", finished_at=clock())
    now = row_now(ctx, "train-7")
    assert (now.state, now.who, now.at, now.action_id) == ("stopped", BOB, clock(), "a1")


def test_a_redrawn_digest_says_who_claimed_it_since(ctx, clock):
    clock.forward(5 * HOUR_MS)
    put(ctx, "train-7")
    digest.make_due(ctx)
    clock.forward(MINUTE_MS)

    claim = claims.claim_gpus(ctx, "i-train-7", ADA, length=HOUR_MS).claims[0]

    now = row_now(ctx, "train-7")
    assert (now.state, now.who, now.until) == ("claimed", ADA, claim.until_at)
    with ctx.store.writing() as db:
        stored_claims.end(db, claim.id, clock(), "released")
    assert row_now(ctx, "train-7").state == "idle"


def test_a_redrawn_digest_says_what_works_stopped_or_left(ctx, clock):
    clock.forward(5 * HOUR_MS)
    for name in ("a", "b", "c", "d"):
        put(ctx, name)
    digest.make_due(ctx)

    put(ctx, "a", idle="active")
    put(ctx, "b", state="stopped")
    put(ctx, "c", idle="unknown")
    with ctx.store.writing() as db:
        stored_fleet.mark_gone(db, ["i-d"], clock())

    assert [row_now(ctx, name).state for name in "abcd"] == ["working", "stopped", "unknown", "gone"]


def test_refresh_draws_the_newest_digest_again_only_where_the_machine_is_in_it(ctx, clock):
    put(ctx, "scratch", team="")
    put(ctx, "busy", team="", idle="active")
    digest.make_due(ctx)
    posted(ctx)
    clock.forward(DAY_MS - 2 * HOUR_MS)

    with ctx.store.writing() as db:
        digest.refresh_digest(ctx, db, "i-busy")
        digest.refresh_digest(ctx, db, "i-nowhere")
    assert told(ctx) == []

    with ctx.store.writing() as db:
        digest.refresh_digest(ctx, db, "i-scratch")
    assert told(ctx) == [(GENERAL, "digest:2026-11-23", "CGENERAL|2026-11-23")]


def test_an_old_digest_is_left_as_it_is(ctx, clock):
    put(ctx, "scratch", team="")
    digest.make_due(ctx)
    posted(ctx)
    clock.forward(3 * DAY_MS)

    with ctx.store.writing() as db:
        digest.refresh_digest(ctx, db, "i-scratch")

    assert told(ctx) == []


def test_a_machine_can_be_kept_when_the_request_lapsed(ctx, clock):
    asked(ctx, clock)
    clock.forward(2 * HOUR_MS)
    approvals.expire(ctx)

    assert snooze_service.snooze_by_button(ctx, "i-train-7", BOB, length=digest.KEEP_FOR).who == BOB
