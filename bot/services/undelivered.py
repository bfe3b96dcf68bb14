"""Messages that Slack will not take as things are: kept, told of once, and tried again when an admin says so."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.actions import Action
from bot.domain.acting.approvals import deciders
from bot.domain.clock import DAY_MS
from bot.domain.undelivered import Lost, Undelivered
from bot.errors import Refused
from bot.services.acting import endings
from bot.services.context import Context
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import actions
from store.sql import Row

KIND = "undelivered"
KEPT, UNMISSED_KEPT = 90 * DAY_MS, 30 * DAY_MS
"""So long, after its last try, what the admins were told of is kept, and what nobody misses."""
NOTHING_LEFT = "there is nothing left to show"
NOTHING_TO_DO = frozenset({NOTHING_LEFT, "message_not_found", "cant_update_message"})
"""Of these nobody misses anything: what they told of is gone, or somebody deleted the message they were to change."""


def all_undelivered(ctx: Context) -> list[Undelivered]:
    """Everything that waits for somebody to do something about it."""
    return undelivered_rows(ctx.store.reading())


def undelivered_at(ctx: Context, channel: str, error: str) -> Undelivered | None:
    """What one place does not take for one reason, if there is anything."""
    return next((each for each in all_undelivered(ctx) if (each.channel, each.error) == (channel, error)), None)


def tell(ctx: Context, db: Database, channel: str, error: str, *, kind: str) -> None:
    """Tell the admins: one message until it is settled, however many messages are kept."""
    found = [each for each in undelivered_rows(db) if (each.channel, each.error) == (channel, error)]
    if kind != KIND and found:
        _tell(ctx, db, found[0])


def try_again(ctx: Context, person: str, first: str) -> int:
    """Send them once more; how many. Raises Refused."""
    return _settle(ctx, person, first, "tried messages again", lambda db, each: _revive(ctx, db, each))


def drop_undelivered(ctx: Context, person: str, first: str) -> int:
    """Forget them; how many. Raises Refused."""
    return _settle(
        ctx, person, first, "dropped messages", lambda db, each: stored_outbox.drop_rows(db, each.channel, each.error)
    )


def refuse_others(ctx: Context, person: str) -> None:
    """Only admins see what others would have been told. Raises Refused."""
    admins = ctx.roster().admins
    if person not in admins:
        names = parts.persons(sorted(admins), nobody="an admin, once [slack] admins names one")
        raise Refused(f"What could not be posted is for {names} to see.")


def _settle(ctx: Context, person: str, first: str, did: str, do: Callable[[Database, Undelivered], int]) -> int:
    refuse_others(ctx, person)
    with ctx.store.writing() as db:
        found = next((each for each in undelivered_rows(db) if each.id == first), None)
        if found is None:
            raise Refused(f"Those were tried again or dropped already. {parts.gpu('undelivered')} shows what is left.")
        count = do(db, found)
        stored_audit.add(
            db, ctx.clock(), person, did, subject="valet", detail=f"{count} to {found.channel} ({found.error})"
        )
        _tell(ctx, db, found)
    ctx.wake()
    return count


def _revive(ctx: Context, db: Database, found: Undelivered) -> int:
    return stored_outbox.revive(db, found.channel, found.error, ctx.clock())


def _tell(ctx: Context, db: Database, found: Undelivered) -> None:
    subject = f"{found.channel} {found.error}"
    for admin in sorted(ctx.roster().admins):
        stored_outbox.tell(db, admin, f"{KIND}:{found.id}", kind=KIND, subject=subject, now=ctx.clock())


def undelivered_rows(db: Database) -> list[Undelivered]:
    """As `kept`, for whoever has a database and no ctx."""
    return [_group(rows) for rows in _missed(stored_outbox.dead(db))]


def _missed(dead: Iterable[Row]) -> list[list[Row]]:
    """Those about which somebody could do something, by place and reason."""
    rows = (row for row in dead if row["error"] not in NOTHING_TO_DO)
    return [list(group) for _, group in groupby(rows, lambda row: (row["channel"], row["error"]))]


def prune(ctx: Context, db: Database) -> None:
    """Forget what nobody misses, and what the admins were told of and have left for long.

    The oldest of a place and reason stays as long as newer ones do: the message to the admins goes by its id. What
    they could not be told of stays, but for the messages that were to tell them: what those told of is listed itself.
    """
    now, dead = ctx.clock(), stored_outbox.dead(db)
    unmissed = [row for row in dead if row["error"] in NOTHING_TO_DO and _last_try(row) < now - UNMISSED_KEPT]
    stored_outbox.forget_dead(db, [row["id"] for row in unmissed])
    for rows in _missed(dead):
        is_told = stored_outbox.is_posted(db, f"{KIND}:{rows[0]['id']}")
        old = [row for row in rows if _last_try(row) < now - KEPT and (is_told or row["kind"] == KIND)]
        stays = rows[:1] if is_told and len(old) < len(rows) else []
        stored_outbox.forget_dead(db, [row["id"] for row in old if row not in stays])
        if is_told and not stays:
            _tell(ctx, db, _group(rows))


def _last_try(row: Row) -> int:
    return int(row["tried_at"] or row["created_at"])


def _group(rows: Sequence[Row]) -> Undelivered:
    first, messages = rows[0], tuple((row["kind"], row["subject"]) for row in rows)
    return Undelivered(str(first["id"]), first["channel"], first["error"], first["created_at"], messages)


CARD_KIND = "card_elsewhere"
MOST_ASKED = 10
"""A whole group of approvers is not called by one card."""


def ask_elsewhere(ctx: Context, db: Database, post: Row) -> None:
    """What `post` was to show can't be posted: if nobody could decide on it elsewhere yet, ask in person."""
    found = actions.of_batch(db, post["subject"]) if post["kind"] == "batch_card" else []
    found += [action] if post["kind"] == "action_card" and (action := actions.by_id(db, post["subject"])) else []
    waiting, now = next((each for each in found if each.state == "pending"), None), ctx.clock()
    if (
        waiting is None
        or stored_outbox.message_places(db, post["ref"]) != [post["channel"]]
        or stored_outbox.is_posted(db, post["ref"])
    ):
        return
    for person in sorted(deciders(waiting, ctx.roster()))[:MOST_ASKED]:
        stored_outbox.tell(db, person, post["ref"], kind=post["kind"], subject=post["subject"], now=now)
    stored_outbox.tell(db, waiting.told, f"{CARD_KIND}:{post['subject']}", kind=CARD_KIND, subject=waiting.id, now=now)


def lost_card(ctx: Context, action: Action) -> Lost | None:
    """Where the card of a request was to be and could not; None when it stands there."""
    db, ref = ctx.store.reading(), endings.card_ref(action)
    dead = stored_outbox.dead_of(db, ref)
    if dead is None:
        return None
    people = tuple(place for place in stored_outbox.message_places(db, ref) if place != dead["channel"])
    return Lost(dead["channel"], dead["error"], people)
