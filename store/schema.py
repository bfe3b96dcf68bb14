"""What each step of the schema said when it was taken: a released step never changes, and here is how that is held."""

import hashlib
from collections.abc import Sequence
from functools import cache

from sqlite_utils import Database, Migrations

from bot.errors import Refused
from store import audit as stored_audit
from store import backups as stored_backups
from store import forget as stored_forget
from store import heartbeats, mending, trouble
from store import home as stored_home
from store import outbox as stored_outbox
from store import own_settings as stored_own_settings
from store import people as stored_people
from store import restores as stored_restores
from store import settings_reads as stored_settings_reads
from store import welcome as stored_welcome
from store.acting import actions
from store.acting import approvals as stored_approvals
from store.acting import batches as stored_batches
from store.acting import dormant as stored_dormant
from store.acting import drain as stored_drain
from store.acting import hours as stored_hours
from store.acting import images as stored_images
from store.acting import rule_stops as stored_rule_stops
from store.acting import snooze as stored_snooze
from store.machines import agents, others, rollups, source_history
from store.machines import fleet as stored_fleet
from store.machines import names as stored_names
from store.machines import notices as stored_notices
from store.machines import owned as stored_owned
from store.machines import readings as stored_readings
from store.machines import sources as stored_sources
from store.money import accuracy as stored_accuracy
from store.money import bill as stored_bill
from store.money import budgets as stored_budgets
from store.money import day_sums, old_days, source_reads, spend
from store.money import ledger as stored_ledger
from store.money import prices as stored_prices
from store.money import savings as stored_savings
from store.money import weekly as stored_weekly
from store.sharing import bookings as stored_bookings
from store.sharing import calendar as stored_calendar
from store.sharing import checkins as stored_checkins
from store.sharing import claims as stored_claims
from store.sharing import clarifications as stored_clarifications
from store.sharing import grants as stored_grants
from store.sharing import handovers as stored_handovers
from store.sharing import line as stored_line
from store.sharing import reminders as stored_reminders
from store.sharing import requests as stored_requests
from store.sharing import runs as stored_runs
from store.sharing import unclaimed as stored_unclaimed
from store.sql import changed, one, rows

SCHEMA = (
    """CREATE TABLE step_hashes (
        name TEXT PRIMARY KEY,
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64)
    ) STRICT, WITHOUT ROWID""",
)


@cache
def sha256(statements: tuple[str, ...]) -> str:
    """The hash of a step's statements in hex. How they are indented makes no difference."""
    text = "\0".join(" ".join(statement.split()) for statement in statements)
    return hashlib.sha256(text.encode()).hexdigest()


def are_kept(db: Database) -> bool:
    """Whether this database remembers its steps; one of before the first release does not."""
    return one(db, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'step_hashes'") is not None


def by_name(db: Database) -> dict[str, str]:
    """The hash of each step as it was taken; of none in a database of before the first release."""
    if not are_kept(db):
        return {}
    return {row["name"]: row["sha256"] for row in rows(db, "SELECT name, sha256 FROM step_hashes")}


def keep(db: Database, name: str, statements: tuple[str, ...]) -> None:
    """Remember a step that was just taken, unless it is remembered already."""
    changed(db, "INSERT OR IGNORE INTO step_hashes (name, sha256) VALUES (?, ?)", name, sha256(statements))


STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("0001_fleet", stored_fleet.SCHEMA),
    ("0001_standstills", stored_dormant.SCHEMA),
    ("0001_agents", agents.SCHEMA),
    ("0001_minutes", stored_readings.SCHEMA),
    ("0001_rollups", rollups.SCHEMA),
    ("0001_claims", stored_claims.SCHEMA),
    ("0001_bookings", stored_bookings.SCHEMA),
    ("0001_calendars", stored_calendar.SCHEMA),
    ("0001_drains", stored_drain.SCHEMA),
    ("0001_handovers", stored_handovers.SCHEMA),
    ("0001_reminders", stored_reminders.SCHEMA),
    ("0001_questions", stored_checkins.SCHEMA),
    ("0001_squats", stored_unclaimed.SCHEMA),
    ("0001_line", stored_line.SCHEMA),
    ("0001_requests", stored_requests.SCHEMA),
    ("0001_grants", stored_grants.SCHEMA),
    ("0001_runs", stored_runs.SCHEMA),
    ("0001_actions", actions.SCHEMA),
    ("0001_consents", stored_approvals.SCHEMA),
    ("0001_batches", stored_batches.SCHEMA),
    ("0001_images", stored_images.SCHEMA),
    ("0001_audit", stored_audit.SCHEMA),
    ("0001_backups", stored_backups.SCHEMA),
    ("0001_heartbeat", trouble.SCHEMA),
    ("0001_outbox", stored_outbox.SCHEMA),
    ("0001_ledger", stored_ledger.SCHEMA),
    ("0001_prices", stored_prices.SCHEMA),
    ("0001_scores", stored_accuracy.SCHEMA),
    ("0001_opinions", stored_accuracy.OPINIONS_SCHEMA),
    ("0001_weeklies", stored_weekly.SCHEMA),
    ("0001_savings", stored_savings.SHARED_SCHEMA),
    ("0001_saved", stored_savings.SCHEMA),
    ("0001_budgets", stored_budgets.SCHEMA),
    ("0001_parkings", (*stored_hours.SCHEMA, *stored_rule_stops.SCHEMA)),
    ("0001_hours_wishes", stored_hours.REQUESTS_SCHEMA),
    ("0001_snoozes", stored_snooze.SCHEMA),
    ("0001_spend", spend.SCHEMA),
    ("0001_observations", source_history.SCHEMA),
    ("0001_bill", stored_bill.SCHEMA),
    ("0002_power_of_trails", source_history.POWER_SCHEMA),
    ("0002_shapes", stored_fleet.SHAPES),
    ("0002_source_reads", source_reads.SCHEMA),
    ("0002_names", stored_names.SCHEMA),
    ("0002_hosts", agents.HOSTS_SCHEMA),
    ("0002_step_hashes", SCHEMA),
    ("0002_others", others.SCHEMA),
    ("0002_private_addresses", stored_fleet.PRIVATE_ADDRESSES),
    ("0002_idle_machines", stored_ledger.IDLE_SCHEMA),
    ("0002_budgets_told", stored_budgets.PER_AMOUNT),
    ("0002_people_names", stored_people.SCHEMA),
    ("0002_clarifications", stored_clarifications.SCHEMA),
    ("0002_extensions", stored_claims.EXTENSIONS_SCHEMA),
    ("0002_looks", stored_readings.SEEN_UNTIL),
    ("0002_retirements", stored_owned.SCHEMA),
    ("0002_given_names", agents.NAMES_SCHEMA),
    ("0002_newcomers", stored_readings.NEWCOMERS),
    ("0002_since_boot", heartbeats.SINCE_BOOT),
    ("0002_seen_at", stored_fleet.SEEN_AT),
    ("0002_source_troubles", stored_sources.SCHEMA),
    ("0002_why_parkings_settle", stored_rule_stops.WHY_SCHEMA),
    ("0002_shown_by_grants", stored_grants.GRANT_SHOWN_SCHEMA),
    ("0002_shown_by_handovers", stored_handovers.HANDOVER_SHOWN_SCHEMA),
    ("0002_heard_runs", stored_runs.RUN_HEARD_SCHEMA),
    ("0002_machine_notices", stored_notices.SCHEMA),
    ("0002_lookups_of_actions", actions.LOOKUPS),
    ("0002_pruning", (*stored_rule_stops.RULE_STOPS_PRUNING, *stored_outbox.OUTBOX_PRUNING)),
    ("0003_open_savings", stored_savings.OPEN_SCHEMA),
    ("0003_slots_by_end", stored_bookings.SLOTS_BY_END),
    ("0003_outbox_by_state", stored_outbox.BY_STATE),
    ("0003_settings_reads", stored_settings_reads.SCHEMA),
    ("0003_requested_gpus", stored_requests.REQUESTED_GPUS_SCHEMA),
    ("0003_welcomes", stored_welcome.SCHEMA),
    ("0003_home_views", stored_home.SCHEMA),
    ("0003_unusual_answers", stored_budgets.UNUSUAL_ANSWERS),
    ("0003_own_settings", stored_own_settings.SCHEMA),
    ("0003_not_before", stored_outbox.NOT_BEFORE),
    ("0003_odd_names", stored_names.ODD_NAMES),
    ("0003_forget", stored_forget.SCHEMA),
    ("0003_restores", stored_restores.SCHEMA),
    ("0003_day_sums", day_sums.SCHEMA),
    ("0003_old_days", old_days.SCHEMA),
)


RELEASED = "0001_"
"""The first steps. Until shortly before 0.1.0 they were edited in place, so older files may differ."""


def _step(migrations: Migrations, name: str, statements: tuple[str, ...]) -> None:
    @migrations(name=name)
    def run(db: Database) -> None:
        for statement in statements:
            db.execute(statement)


@cache
def _migrations(schema_steps: Sequence[tuple[str, tuple[str, ...]]]) -> Migrations:
    migrations = Migrations("valet")
    for name, statements in schema_steps:
        _step(migrations, name, statements)
    return migrations


def migrate(db: Database) -> None:
    """Bring the schema up to date, inside the caller's IMMEDIATE transaction so that two starts can't race.

    Foreign keys must be off meanwhile, or a table that is made anew would take its children's rows with it. Raises
    Refused when the file holds a step this version does not know, or one that said something else when it was taken.
    """
    migrations, names = _migrations(STEPS), {name for name, _ in STEPS}
    applied = {step.name for step in migrations.applied(db)}
    newer = applied - names
    if newer:
        raise Refused(
            f"A newer Valet has written this database (step {min(newer)}). "
            "Install that version again, or restore a backup."
        )
    changed_steps = altered(db)
    if changed_steps:
        raise Refused(
            f"Step {changed_steps[0]} of this database is not the one this Valet knows: it was written by a version "
            "that was never released. Go on with that version, or restore a backup of a released one."
        )
    if applied and not are_kept(db):
        mending.mend(db, _first_release())
        _note_first_release(db, applied)
    if applied != names:
        migrations.apply(db)
    kept = by_name(db)
    for name, statements in STEPS:
        if name not in kept:
            keep(db, name, statements)


def is_current(db: Database) -> bool:
    """Whether every step was taken, so that `migrate` has nothing to change."""
    return {step.name for step in _migrations(STEPS).applied(db)} == {name for name, _ in STEPS} and are_kept(db)


def altered(db: Database) -> list[str]:
    """Steps that said something else when this database took them."""
    known = {name: sha256(statements) for name, statements in STEPS}
    return sorted(name for name, taken in by_name(db).items() if known.get(name, taken) != taken)


def unreleased(db: Database) -> list[str]:
    """What a database of before the first release has otherwise, or not at all; empty in any other."""
    if not _migrations(STEPS).applied(db) or are_kept(db):
        return []
    return mending.differing(db, _first_release())


def _first_release() -> dict[str, mending.SchemaObject]:
    """What the steps of the first release make."""
    steps = [statements for name, statements in STEPS if name.startswith(RELEASED)]
    return mending.released([statement for statements in steps for statement in statements])


def _note_first_release(db: Database, applied: set[str]) -> None:
    """Steps that were split or renamed until then count as taken, now that all they make is there."""
    for name, _ in STEPS:
        if name.startswith(RELEASED) and name not in applied:
            changed(
                db,
                "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('valet', ?, datetime('now'))",
                name,
            )
