"""Digests: one per channel and local date, kept as made, drawn with what became of it."""

from datetime import UTC, date, datetime

import pytest

from bot.domain.acting.actions import StopFacts
from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.verdict import GpuVerdict, Verdict
from bot.domain.money.rates import USD, Rate
from bot.errors import Refused
from bot.services import digest
from bot.services.acting import approvals
from bot.services.acting import snooze as snooze_service
from bot.services.context import Desk
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
def desk(store, clock):
    settings = parse(SETTINGS, {})
    return Desk(store, clock, settings, {}, settings.roster)


def put(desk, name, *, team="nlp", state="running", idle="free", since=3 * HOUR_MS, rate=8 * USD) -> str:
    """A machine of four GPUs in the store, with its verdict."""
    now, instance_id = desk.clock(), f"i-{name}"
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
    with desk.store.writing() as db:
        stored_fleet.save(db, instance, team=team, rate=known)
        stored_fleet.save_verdicts(db, {instance_id: (verdict, rate or 0)})
        stored_fleet.forget_verdicts_of_stopped(db)
    return instance_id


def told(desk):
    """What waits to be posted: (channel, ref, subject)."""
    found = rows(desk.store.reading(), "SELECT channel, ref, subject FROM outbox WHERE kind = 'digest' ORDER BY id")
    return [tuple(row.values()) for row in found]


def posted(desk):
    """Take everything out of the outbox, as if Slack had it."""
    with desk.store.writing() as db:
        for row in stored_outbox.due(db, desk.clock(), 1000):
            stored_outbox.start(db, row["id"], desk.clock())
            stored_outbox.sent(db, row, row["channel"], "1.0")
        db.execute("DELETE FROM outbox")


def row_now(desk, name, channel=NLP, day="2026-11-23"):
    return next(each for each in digest.digest_of(desk, channel, day).rows if each.row.name == name)


def test_each_channel_gets_what_is_its_own_at_its_own_hour(desk, clock):
    put(desk, "train-7", team="nlp")
    put(desk, "nb-2", team="vision")
    put(desk, "scratch", team="")
    put(desk, "ci", team="platform")
    put(desk, "busy", team="nlp", idle="active")

    at_nine_utc = digest.make_due(desk)

    assert at_nine_utc == 2  # Kolkata has had 09:00 for hours, New York has not
    assert told(desk) == [
        (GENERAL, "digest:2026-11-23", "CGENERAL|2026-11-23"),
        (KOLKATA, "digest:2026-11-23", "CKOLKATA|2026-11-23"),
    ]
    general = digest.digest_of(desk, GENERAL, "2026-11-23").digest
    assert [row.name for row in general.rows] == ["ci", "scratch"]

    clock.forward(5 * HOUR_MS)
    put(desk, "train-7", team="nlp")
    digest.make_due(desk)

    assert told(desk)[2] == (NLP, "digest:2026-11-23", "CNLP|2026-11-23")
    assert [row.name for row in digest.digest_of(desk, NLP, "2026-11-23").digest.rows] == ["train-7"]


def test_two_teams_that_share_a_channel_share_its_digest_in_the_first_ones_zone(desk, clock):
    assert digest.zones(desk) == {GENERAL: "UTC", NLP: "America/New_York", KOLKATA: "Asia/Kolkata"}
    clock.forward(5 * HOUR_MS)
    put(desk, "train-7", team="nlp")
    put(desk, "voice-1", team="speech")

    digest.make_due(desk)

    assert [row.name for row in digest.digest_of(desk, NLP, "2026-11-23").digest.rows] == ["train-7", "voice-1"]


def test_a_day_has_one_digest_however_often_it_is_looked_for(desk, clock):
    for _ in range(30):
        put(desk, "scratch", team="")
        digest.make_due(desk)
        clock.forward(30 * MINUTE_MS)

    assert told(desk) == [(GENERAL, "digest:2026-11-23", "CGENERAL|2026-11-23")]


def test_late_is_fine_and_a_new_start_does_not_make_it_twice(desk, clock):
    clock.forward(10 * HOUR_MS)
    put(desk, "scratch", team="")
    assert digest.make_due(desk) == 1

    again = Desk(desk.store, clock, desk.settings, {}, desk.settings.roster)

    assert digest.make_due(again) == 0


def test_nothing_to_say_is_kept_and_not_posted(desk, clock):
    put(desk, "scratch", team="", idle="active")

    assert digest.make_due(desk) == 0

    assert stored_outbox.has_digest(desk.store.reading(), GENERAL, "2026-11-23")
    assert digest.digest_of(desk, GENERAL, "2026-11-23") is None
    put(desk, "scratch", team="")
    assert digest.make_due(desk) == 0
    assert told(desk) == []


def test_on_the_first_day_nothing_to_say_counts_once_something_could_be_seen(desk, clock):
    assert digest.make_due(desk) == 0  # before the first look at the fleet
    with desk.store.writing() as db:
        source_reads.note(db, "ec2/1/us-east-1", clock())
    for _ in range(6):
        put(desk, "scratch", team="", idle="unknown")
        digest.make_due(desk)
        clock.forward(10 * MINUTE_MS)
    assert not stored_outbox.has_digest(desk.store.reading(), GENERAL, "2026-11-23")

    put(desk, "scratch", team="")

    assert digest.make_due(desk) == 1


def test_after_the_first_hours_a_day_without_anything_to_say_is_done(desk, clock):
    with desk.store.writing() as db:
        source_reads.note(db, "ec2/1/us-east-1", clock())
    clock.forward(90 * MINUTE_MS)
    put(desk, "scratch", team="", idle="unknown")

    digest.make_due(desk)

    assert stored_outbox.has_digest(desk.store.reading(), GENERAL, "2026-11-23")


def test_a_digest_waits_for_fresh_verdicts(desk, clock):
    put(desk, "scratch", team="")
    clock.forward(11 * MINUTE_MS)

    assert digest.make_due(desk) == 0
    assert not stored_outbox.has_digest(desk.store.reading(), GENERAL, "2026-11-23")

    put(desk, "scratch", team="")
    assert digest.make_due(desk) == 1


def test_digests_can_be_switched_off(desk):
    put(desk, "scratch", team="")
    settings = parse({**SETTINGS, "digest": {"enabled": False}}, {})

    assert digest.make_due(Desk(desk.store, desk.clock, settings, {}, settings.roster)) == 0


def test_without_a_general_channel_machines_of_nobody_are_listed_nowhere(desk, clock):
    put(desk, "scratch", team="")
    settings = parse({**SETTINGS, "slack": {}}, {})

    digest.make_due(Desk(desk.store, clock, settings, {}, settings.roster))

    assert told(desk) == []


@pytest.mark.parametrize(
    ("zone", "turn"),
    [
        ("America/New_York", (2026, 10, 31)),
        ("Australia/Lord_Howe", (2026, 4, 4)),
        ("America/Sao_Paulo", (2018, 11, 3)),
        ("Asia/Kolkata", (2026, 3, 28)),
    ],
)
def test_one_digest_a_local_date_over_a_turn_of_the_clock(desk, clock, zone, turn):
    clock.now = int(datetime(*turn, tzinfo=UTC).timestamp() * 1000)
    put(desk, "scratch", team="")
    posted(desk)
    settings = parse({"slack": {"channel": GENERAL}, "digest": {"timezone": zone, "at": "23:45"}}, {})
    local = Desk(desk.store, clock, settings, {}, settings.roster)

    for _ in range(4 * 24 * 6):
        put(desk, "scratch", team="")
        digest.make_due(local)
        clock.forward(10 * MINUTE_MS)

    days = [date.fromisoformat(ref.removeprefix("digest:")) for _, ref, _ in told(desk)]
    assert len(days) == 4
    assert days == sorted(set(days))


def test_a_kept_machine_is_left_out_for_a_day(desk, clock):
    put(desk, "scratch", team="")
    put(desk, "other", team="")
    digest.make_due(desk)
    posted(desk)

    snooze = snooze_service.keep(desk, "i-scratch", ADA, length=digest.KEEP_FOR)

    assert (snooze.who, snooze.until_at) == (ADA, clock() + DAY_MS)
    assert row_now(desk, "scratch", GENERAL).state == "kept"
    assert row_now(desk, "scratch", GENERAL).who == ADA
    assert told(desk) == [(GENERAL, "digest:2026-11-23", "CGENERAL|2026-11-23")]
    assert [row.did for row in stored_audit.of(desk.store.reading(), "i-scratch")] == ["snoozed"]
    clock.forward(DAY_MS - MINUTE_MS)
    put(desk, "scratch", team="")
    put(desk, "other", team="")
    assert digest.make_due(desk) == 0  # a minute before 09:00
    with desk.store.writing() as db:
        db.execute("UPDATE snoozes SET until_at = until_at + 3600000")
    clock.forward(MINUTE_MS)
    digest.make_due(desk)
    assert [row.name for row in digest.digest_of(desk, GENERAL, "2026-11-24").digest.rows] == ["other"]


def test_a_kept_machine_is_listed_again_when_its_day_is_over(desk, clock):
    put(desk, "scratch", team="")
    snooze_service.keep(desk, "i-scratch", ADA, length=digest.KEEP_FOR)
    clock.forward(DAY_MS)
    put(desk, "scratch", team="")

    digest.make_due(desk)

    assert [row.name for row in digest.digest_of(desk, GENERAL, "2026-11-24").digest.rows] == ["scratch"]


def test_what_is_gone_can_not_be_kept(desk):
    with pytest.raises(Refused, match="gone"):
        snooze_service.keep(desk, "i-nowhere", ADA, length=digest.KEEP_FOR)


def test_keep_ends_a_stop_that_nobody_has_decided(desk, clock):
    asked(desk, clock)

    snooze_service.keep(desk, "i-train-7", BOB, length=digest.KEEP_FOR)

    ended = actions.by_id(desk.store.reading(), "a1")
    assert (ended.state, ended.outcome) == ("cancelled", "<@UBOB> snoozed train-7 first.")
    assert row_now(desk, "train-7").state == "kept"


def asked(desk, clock):
    """A digest that lists train-7, and a stop that Ada asked for since."""
    clock.forward(5 * HOUR_MS)
    put(desk, "train-7")
    digest.make_due(desk)
    posted(desk)
    clock.forward(MINUTE_MS)
    with desk.store.writing() as db:
        db.execute(
            "INSERT INTO actions (id, kind, instance_id, launched_at, requester, team, reason, facts, state, "
            "created_at, expires_at) VALUES ('a1', 'stop', 'i-train-7', 0, ?, 'nlp', '', ?, 'pending', ?, ?)",
            [ADA, facts(), clock(), clock() + HOUR_MS],
        )


def facts() -> str:
    shown = StopFacts(name="train-7", type="g5.12xlarge", region="us-east-1", verdict="free", verdict_since=0)
    return actions.json_of("stop", shown)


def test_a_redrawn_digest_says_who_asked_and_who_approved(desk, clock):
    asked(desk, clock)
    assert (row_now(desk, "train-7").state, row_now(desk, "train-7").who) == ("asked", ADA)

    with desk.store.writing() as db:
        stored_approvals.decide(db, "a1", BOB, "approved", clock())
    assert (row_now(desk, "train-7").state, row_now(desk, "train-7").who) == ("approved", BOB)

    with desk.store.writing() as db:
        actions.move(db, "a1", "approved", "executing", executing_at=clock())
    assert row_now(desk, "train-7").state == "stopping"

    put(desk, "train-7", state="stopped")
    with desk.store.writing() as db:
        actions.move(db, "a1", "executing", "done", finished_at=clock())
    now = row_now(desk, "train-7")
    assert (now.state, now.who, now.at, now.action_id) == ("stopped", BOB, clock(), "a1")


def test_a_redrawn_digest_says_who_claimed_it_since(desk, clock):
    clock.forward(5 * HOUR_MS)
    put(desk, "train-7")
    digest.make_due(desk)
    clock.forward(MINUTE_MS)

    claim = claims.claim(desk, "i-train-7", ADA, length=HOUR_MS).claims[0]

    now = row_now(desk, "train-7")
    assert (now.state, now.who, now.until) == ("claimed", ADA, claim.until_at)
    with desk.store.writing() as db:
        stored_claims.end(db, claim.id, clock(), "released")
    assert row_now(desk, "train-7").state == "idle"


def test_a_redrawn_digest_says_what_works_stopped_or_left(desk, clock):
    clock.forward(5 * HOUR_MS)
    for name in ("a", "b", "c", "d"):
        put(desk, name)
    digest.make_due(desk)

    put(desk, "a", idle="active")
    put(desk, "b", state="stopped")
    put(desk, "c", idle="unknown")
    with desk.store.writing() as db:
        stored_fleet.mark_gone(db, ["i-d"], clock())

    assert [row_now(desk, name).state for name in "abcd"] == ["working", "stopped", "unknown", "gone"]


def test_refresh_draws_the_newest_digest_again_only_where_the_machine_is_in_it(desk, clock):
    put(desk, "scratch", team="")
    put(desk, "busy", team="", idle="active")
    digest.make_due(desk)
    posted(desk)
    clock.forward(DAY_MS - 2 * HOUR_MS)

    with desk.store.writing() as db:
        digest.refresh(desk, db, "i-busy")
        digest.refresh(desk, db, "i-nowhere")
    assert told(desk) == []

    with desk.store.writing() as db:
        digest.refresh(desk, db, "i-scratch")
    assert told(desk) == [(GENERAL, "digest:2026-11-23", "CGENERAL|2026-11-23")]


def test_an_old_digest_is_left_as_it_is(desk, clock):
    put(desk, "scratch", team="")
    digest.make_due(desk)
    posted(desk)
    clock.forward(3 * DAY_MS)

    with desk.store.writing() as db:
        digest.refresh(desk, db, "i-scratch")

    assert told(desk) == []


def test_a_machine_can_be_kept_when_the_request_lapsed(desk, clock):
    asked(desk, clock)
    clock.forward(2 * HOUR_MS)
    approvals.expire(desk)

    assert snooze_service.keep(desk, "i-train-7", BOB, length=digest.KEEP_FOR).who == BOB
