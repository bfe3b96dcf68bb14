"""The schema as a list of steps; append only, a released step never changes."""

from sqlite_utils import Database, Migrations

from bot.errors import Refused
from store import audit, backups, fleet, heartbeats, mending, naming, others, outbox, people_names, step_hashes, trouble
from store.acting import (
    actions,
    batches,
    consents,
    drains,
    hours_wishes,
    images,
    parkings,
    retirements,
    snoozes,
    standstills,
)
from store.measuring import agents, hosts, machine_notices, minutes, observations, rollups, source_troubles
from store.money import bill, budgets, ledger, opinions, prices, saved, savings, scores, source_reads, spend, weeklies
from store.sharing import (
    bookings,
    calendars,
    claims,
    clarifications,
    extensions,
    grants,
    handovers,
    line,
    questions,
    reminders,
    requests,
    runs,
    squats,
)
from store.sql import changed

STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("0001_fleet", fleet.SCHEMA),
    ("0001_standstills", standstills.SCHEMA),
    ("0001_agents", agents.SCHEMA),
    ("0001_minutes", minutes.SCHEMA),
    ("0001_rollups", rollups.SCHEMA),
    ("0001_claims", claims.SCHEMA),
    ("0001_bookings", bookings.SCHEMA),
    ("0001_calendars", calendars.SCHEMA),
    ("0001_drains", drains.SCHEMA),
    ("0001_handovers", handovers.SCHEMA),
    ("0001_reminders", reminders.SCHEMA),
    ("0001_questions", questions.SCHEMA),
    ("0001_squats", squats.SCHEMA),
    ("0001_line", line.SCHEMA),
    ("0001_requests", requests.SCHEMA),
    ("0001_grants", grants.SCHEMA),
    ("0001_runs", runs.SCHEMA),
    ("0001_actions", actions.SCHEMA),
    ("0001_consents", consents.SCHEMA),
    ("0001_batches", batches.SCHEMA),
    ("0001_images", images.SCHEMA),
    ("0001_audit", audit.SCHEMA),
    ("0001_backups", backups.SCHEMA),
    ("0001_heartbeat", trouble.SCHEMA),
    ("0001_outbox", outbox.SCHEMA),
    ("0001_ledger", ledger.SCHEMA),
    ("0001_prices", prices.SCHEMA),
    ("0001_scores", scores.SCHEMA),
    ("0001_opinions", opinions.SCHEMA),
    ("0001_weeklies", weeklies.SCHEMA),
    ("0001_savings", savings.SCHEMA),
    ("0001_saved", saved.SCHEMA),
    ("0001_budgets", budgets.SCHEMA),
    ("0001_parkings", parkings.SCHEMA),
    ("0001_hours_wishes", hours_wishes.SCHEMA),
    ("0001_snoozes", snoozes.SCHEMA),
    ("0001_spend", spend.SCHEMA),
    ("0001_observations", observations.SCHEMA),
    ("0001_bill", bill.SCHEMA),
    ("0002_power_of_trails", observations.POWER_SCHEMA),
    ("0002_shapes", fleet.SHAPES),
    ("0002_source_reads", source_reads.SCHEMA),
    ("0002_names", naming.SCHEMA),
    ("0002_hosts", hosts.SCHEMA),
    ("0002_step_hashes", step_hashes.SCHEMA),
    ("0002_others", others.SCHEMA),
    ("0002_private_addresses", fleet.PRIVATE_ADDRESSES),
    ("0002_idle_machines", ledger.IDLE_SCHEMA),
    ("0002_budgets_told", budgets.PER_AMOUNT),
    ("0002_people_names", people_names.SCHEMA),
    ("0002_clarifications", clarifications.SCHEMA),
    ("0002_extensions", extensions.SCHEMA),
    ("0002_looks", minutes.LOOKS),
    ("0002_retirements", retirements.SCHEMA),
    ("0002_given_names", hosts.NAMES_SCHEMA),
    ("0002_newcomers", minutes.NEWCOMERS),
    ("0002_since_boot", heartbeats.SINCE_BOOT),
    ("0002_seen_at", fleet.SEEN_AT),
    ("0002_source_troubles", source_troubles.SCHEMA),
    ("0002_why_parkings_settle", parkings.WHY_SCHEMA),
    ("0002_shown_by_grants", grants.SHOWN_SCHEMA),
    ("0002_shown_by_handovers", handovers.SHOWN_SCHEMA),
    ("0002_heard_runs", runs.HEARD),
    ("0002_machine_notices", machine_notices.SCHEMA),
    ("0002_lookups_of_actions", actions.LOOKUPS),
    ("0002_pruning", (*parkings.PRUNING, *outbox.PRUNING)),
    ("0003_open_savings", saved.OPEN),
    ("0003_slots_by_end", bookings.BY_END),
    ("0003_outbox_by_state", outbox.BY_STATE),
)


RELEASED = "0001_"
"""The first steps. Until shortly before 0.1.0 they were edited in place, so older files may differ."""


def _step(migrations: Migrations, name: str, statements: tuple[str, ...]) -> None:
    @migrations(name=name)
    def run(db: Database) -> None:
        for statement in statements:
            db.execute(statement)


def _migrations() -> Migrations:
    migrations = Migrations("valet")
    for name, statements in STEPS:
        _step(migrations, name, statements)
    return migrations


def migrate(db: Database) -> None:
    """Bring the schema up to date, inside the caller's IMMEDIATE transaction so that two starts can't race.

    Foreign keys must be off meanwhile, or a table that is made anew would take its children's rows with it. Raises
    Refused when the file holds a step this version does not know, or one that said something else when it was taken.
    """
    migrations = _migrations()
    applied = {step.name for step in migrations.applied(db)}
    newer = applied - {name for name, _ in STEPS}
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
    if applied and not step_hashes.are_kept(db):
        mending.mend(db, _first_release())
        _note_first_release(db, applied)
    migrations.apply(db)
    kept = step_hashes.by_name(db)
    for name, statements in STEPS:
        if name not in kept:
            step_hashes.keep(db, name, statements)


def altered(db: Database) -> list[str]:
    """Steps that said something else when this database took them."""
    known = {name: step_hashes.sha256(statements) for name, statements in STEPS}
    return sorted(name for name, taken in step_hashes.by_name(db).items() if known.get(name, taken) != taken)


def unreleased(db: Database) -> list[str]:
    """What a database of before the first release has otherwise, or not at all; empty in any other."""
    if not _migrations().applied(db) or step_hashes.are_kept(db):
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
