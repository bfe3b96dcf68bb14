"""What a person chooses for themselves, and their digest in person."""

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

from bot.domain.days import local_day
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.own_settings import OwnSettings, morning_of
from bot.services import home, queries
from bot.services.context import Context
from store import audit as stored_audit
from store import outbox as stored_outbox
from store import own_settings as stored_own_settings
from store.machines import listings

OWN_DIGEST = "own_digest"
MOST_MACHINES = 90


def own_settings_of(ctx: Context, person: str) -> OwnSettings:
    """Theirs; the usual ones where they have chosen none."""
    return stored_own_settings.own_settings_of(ctx.store.reading(), person)


def change_own_settings(ctx: Context, person: str, change: Callable[[OwnSettings], OwnSettings]) -> OwnSettings:
    """Have `change` count from now on, also for what waits for the person's morning already."""
    now, today = ctx.clock(), _today(ctx, person).isoformat()
    with ctx.store.writing() as db:
        before = stored_own_settings.own_settings_of(db, person)
        own = change(before)
        if own != before:
            stored_own_settings.keep_own_settings(db, own)
            if own.digest != before.digest:
                stored_own_settings.note_digest_day(db, person, today)
            stored_audit.add(
                db, now, person, "changed their settings", subject=person, before=_text(before), after=_text(own)
            )
            stored_outbox.release_held(db, person, now)
    ctx.wake()
    return own


def _text(own: OwnSettings) -> str:
    muted = ", ".join(sorted(own.muted)) or "none"
    return f"quiet {own.quiet}, digest {own.digest}, reminders {own.reminders}, muted {muted}"


def names_of_muted(ctx: Context, own: OwnSettings) -> list[str]:
    """The machines of which somebody wants no news, by name."""
    return sorted(queries.name_of(ctx, instance_id) for instance_id in own.muted)


def may_be_muted(ctx: Context, own: OwnSettings) -> list[Listing]:
    """Machines that somebody may want to mute: those they muted and hold, and their team's; at most a menu's worth."""
    db, team = ctx.store.reading(), ctx.roster().team_of(own.person)
    muted = queries.listings_of(ctx, sorted(own.muted))
    teams = listings.listings_page(db, FleetFilter(team=team), limit=MOST_MACHINES) if team else []
    by_id = {each.instance.id: each for each in (*muted, *queries.held_by(ctx, own.person), *teams)}
    return sorted(list(by_id.values())[:MOST_MACHINES], key=lambda listing: listing.instance.name)


def make_due_own_digests(ctx: Context) -> int:
    """Send the digests in person that are due, each once a day; how many. Late is fine, twice is not."""
    now, made = ctx.clock(), 0
    for person, last in stored_own_settings.digest_readers(ctx.store.reading()):
        day, begins = _today(ctx, person), _morning(ctx, person)
        if last >= day.isoformat() or now < begins or not ctx.is_colleague(person):
            continue
        has_news = has_own_news(ctx, person)
        with ctx.store.writing() as db:
            if stored_own_settings.note_digest_day(db, person, day.isoformat()) and has_news:
                ref, subject = f"{OWN_DIGEST}:{day.isoformat()}", f"{person}|{day.isoformat()}"
                stored_outbox.tell(db, person, ref, kind=OWN_DIGEST, subject=subject, now=now)
                made += 1
    if made:
        ctx.wake()
    return made


def _today(ctx: Context, person: str) -> date:
    return local_day(ctx.clock(), ZoneInfo(ctx.zone(person)))


def _morning(ctx: Context, person: str) -> int:
    return morning_of(ctx.clock(), ZoneInfo(ctx.zone(person)), own_settings_of(ctx, person).quiet)


def has_own_news(ctx: Context, person: str) -> bool:
    """Whether there is anything to tell them this morning: what they hold, have booked, or are asked."""
    return bool(queries.held_by(ctx, person) or home.questions_to(ctx, person) or home.next_bookings(ctx, person))
