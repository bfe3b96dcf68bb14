"""What is only of use for a while has an end, what nobody can send, too; what waits, and what was done, has none."""

import pytest

from bot.domain.acting.batches import BatchDraft
from bot.domain.acting.rule_stops import RuleStop
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.money.savings import Hint
from bot.domain.sharing.clarifications import Clarification
from bot.errors import Refused
from bot.services import outbox, pruning
from bot.services.acting import batches
from bot.services.sharing import hints
from store import outbox as stored_outbox
from store.acting import batches as stored_batches
from store.acting import rule_stops as stored_rule_stops
from store.money import savings as stored_savings
from store.sharing import clarifications as stored_clarifications
from store.sql import Row, rows
from tests.bot.services.room import ADA, CHANNEL, Room

YEARS = 3 * 365
EVERY = 45
KEPT = ("actions", "claims", "audit", "charges", "savings")


def lived(room: Room, machine: str, number: int) -> None:
    """What a day leaves behind."""
    now = room.clock()
    with room.ctx.store.writing() as db:
        stored_batches.add_draft(db, BatchDraft(f"d{number}", ADA, "", (machine,), now))
        stored_savings.note_hint(
            db, Hint(f"h{number}", now, ADA, "claim", machine, machine, 1, None, None, None, "", None)
        )
        stored_clarifications.add(db, Clarification(f"q{number}", now, ADA, "gpu", ()))
        for rule in ("hours", "idle"):
            made = RuleStop(machine, rule, now, now + HOUR_MS, CHANNEL, ADA)
            stored_rule_stops.add(db, made)
            stored_rule_stops.settle_rule_stop(
                db, made, now, "not running" if rule == "idle" else "acted", outcome="", action_id=f"a{number}"
            )
        stored_outbox.tell(db, CHANNEL, f"m{number}", kind="x", subject="", now=now)
        row = next(row for row in stored_outbox.due(db, now) if row["ref"] == f"m{number}")
        stored_outbox.start(db, row["id"], now)
        stored_outbox.sent(db, row, CHANNEL, f"{now // 1000}.000100")


def count(room: Room, table: str) -> int:
    mine = {"parkings": " WHERE instance_id <> 'i-next-door'", "posts": f" WHERE channel = '{CHANNEL}'"}
    return int(rows(room.ctx.store.reading(), f"SELECT count(*) AS n FROM {table}{mine.get(table, '')}")[0]["n"])


def unsent(room: Room) -> list[Row]:
    return rows(room.ctx.store.reading(), "SELECT * FROM outbox WHERE state <> 'sent' ORDER BY id")


@pytest.fixture
def old(room) -> Room:
    """A room after three years; four messages of its first day were never sent."""
    machine = room.machine("train-7").id
    with room.ctx.store.writing() as db:
        for number in range(4):
            stored_outbox.tell(db, f"D{number}", "never", kind="x", subject="", now=room.clock())
        waits = {row["channel"]: row for row in stored_outbox.due(db, room.clock())}
        stored_outbox.start(db, waits["D0"]["id"], room.clock())
        stored_outbox.bury(db, waits["D1"], "channel_not_found")
    for number in range(0, YEARS, EVERY):
        lived(room, machine, number)
        room.clock.forward(EVERY * DAY_MS)
    return room


def test_what_is_of_use_for_a_while_does_not_grow_for_ever(old):
    before = {table: count(old, table) for table in KEPT}
    waiting = unsent(old)

    outbox.prune(old.ctx)
    pruning.prune(old.ctx)

    found = {table: count(old, table) for table in ("batch_drafts", "hints", "clarifications", "parkings", "posts")}
    assert found == {"batch_drafts": 0, "hints": 0, "clarifications": 0, "parkings": 4, "posts": 8}
    assert unsent(old) == waiting, "what is to be sent, or no admin was told of, is never forgotten"
    assert {table: count(old, table) for table in KEPT} == before


def fails(room: Room, channel: str, ref: str, error: str = "is_archived", kind: str = "x") -> None:
    """A message is tried, and Slack does not take it."""
    with room.ctx.store.writing() as db:
        stored_outbox.tell(db, channel, ref, kind=kind, subject="", now=room.clock())
    post = next(post for post in outbox.due(room.ctx) if (post.channel, post.ref) == (channel, ref))
    outbox.start(room.ctx, post)
    outbox.bury(room.ctx, post, error)


def admins_hear(room: Room) -> None:
    for post in [post for post in outbox.due(room.ctx) if post.kind == "undelivered"]:
        outbox.start(room.ctx, post)
        outbox.sent(room.ctx, post, post.channel, f"{room.clock() // 1000}.000100")


def kept(room: Room) -> list[str]:
    return [row["ref"] for row in unsent(room) if row["state"] == "dead"]


def days_pass(room: Room, count: int) -> None:
    room.clock.forward(count * DAY_MS)
    outbox.prune(room.ctx)


@pytest.mark.slow
def test_what_a_channel_never_takes_is_forgotten_once_an_admin_was_told_and_left_it(room):
    for number in range(300):
        fails(room, CHANNEL, f"m{number}")
        admins_hear(room)
        days_pass(room, 1)

    told = rows(room.ctx.store.reading(), "SELECT DISTINCT ref FROM posts WHERE ref LIKE 'undelivered:%'")
    assert kept(room) == ["m0", *(f"m{number}" for number in range(210, 300))]
    assert len(told) == 1, "the admins' message goes by the oldest, which stays"
    days_pass(room, 89)
    assert kept(room) == ["m0", "m299"]
    days_pass(room, 2)
    assert kept(room) == []
    assert [post.kind for post in outbox.due(room.ctx)] == ["undelivered"] * len(room.roster.admins), "it is said"


def test_what_no_admin_could_be_told_of_is_kept_however_old(room):
    admin = sorted(room.roster.admins)[0]
    fails(room, CHANNEL, "m0")
    fails(room, admin, "undelivered:1", "user_not_found", "undelivered")
    fails(room, admin, "to the admin", "user_not_found")

    days_pass(room, YEARS)

    assert kept(room) == ["m0", "to the admin"]


def test_news_of_a_message_that_nobody_can_see_any_more_are_kept_for_30_days(room):
    for error in ("message_not_found", "cant_update_message", "is_archived"):
        fails(room, CHANNEL, error, error)
    days_pass(room, 30)
    fails(room, CHANNEL, "message_not_found", "message_not_found")

    days_pass(room, 1)

    assert kept(room) == ["message_not_found", "is_archived"], "counted from its last try"


def test_what_is_still_of_use_is_not_forgotten(old):
    machine = old.machine("train-7").id
    lived(old, machine, YEARS)
    before = [count(old, table) for table in ("batch_drafts", "hints", "clarifications")]

    pruning.prune(old.ctx)

    assert [count(old, table) for table in ("batch_drafts", "hints", "clarifications")] == [1, 1, 1] < before
    db = old.ctx.store.reading()
    assert stored_batches.draft(db, f"d{YEARS}")
    assert stored_savings.hinted(db, ADA, machine, old.clock() - DAY_MS)


def test_the_newest_stop_of_a_machine_stays_however_old_it_is(old):
    machine = old.machine("train-7").id
    before = stored_rule_stops.newest_by_hours(old.ctx.store.reading(), machine)
    old.clock.forward(YEARS * DAY_MS)
    with old.ctx.store.writing() as db:
        newer = RuleStop(machine, "hours", old.clock() - 100 * DAY_MS, old.clock() - 100 * DAY_MS, CHANNEL, ADA)
        stored_rule_stops.add(db, newer)
        stored_rule_stops.settle_rule_stop(db, newer, newer.acts_at, "gone", outcome="It is gone.")

    pruning.prune(old.ctx)

    db = old.ctx.store.reading()
    assert stored_rule_stops.newest_by_hours(db, machine) == before
    assert [each.settled_at for each in stored_rule_stops.of_basis(db, machine, "hours", newer.basis_at)] == [
        newer.acts_at
    ]
    assert count(old, "parkings") == 3, "the newest by idleness too"


def test_a_message_of_which_news_wait_stays_where_it_is(old):
    with old.ctx.store.writing() as db:
        stored_outbox.tell(db, CHANNEL, "m0", kind="x", subject="", now=old.clock())
        stored_outbox.tell(db, CHANNEL, "reply", kind="x", subject="", now=old.clock(), thread=f"m{EVERY}")

    outbox.prune(old.ctx)
    pruning.prune(old.ctx)

    db = old.ctx.store.reading()
    assert [stored_outbox.is_posted(db, f"m{number}") for number in (0, EVERY, 2 * EVERY)] == [True, True, False]


def test_a_button_of_what_was_forgotten_says_that_it_is_old(old):
    pruning.prune(old.ctx)

    with pytest.raises(Refused, match="This offer is over an hour old"):
        batches.ask_drafted(old.ctx, "d0", ADA)
    with pytest.raises(Refused, match="That was said over a month ago"):
        hints.given_hint(old.ctx, "h0", ADA)
