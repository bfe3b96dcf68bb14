"""Who decides on an owned machine, what it is called, and how many GPUs it has, where its agent sees fewer."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.actions import VALET
from bot.domain.clock import DAY_MS, MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.domain.machines.owned import Retirement, RetirementState
from bot.domain.machines.readings import AgentReport
from bot.errors import Refused
from bot.services import audit
from bot.services.acting import steps
from bot.services.context import Context, exactly, team_channel
from bot.services.money import owned_rates
from bot.services.sharing import claims
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import actions
from store.machines import agents, listings
from store.machines import fleet as stored_fleet
from store.machines import owned as stored_owned
from store.machines import readings as stored_readings
from store.sql import Row

HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)


RENAMES = "Everybody goes by the name of {name}"
STOP_IT = f"a stop ends what it costs, and {parts.gpu('stop', '{name}')} asks for one."
NAMED_BY_AWS = "it is called what its Name tag says; whoever owns it in AWS can change that."
ENDS_IN_AWS = f"it leaves the list once AWS has terminated it. {parts.gpu('stop', '{name}')} asks for a stop."
COUNTED_BY_AWS = f"AWS says how many GPUs it has. {parts.gpu('why', '{name}')} shows what its agent sees."


def decided_by(
    ctx: Context, db: Database, instance_id: str, person: str, *, deed: str, rented: str = STOP_IT
) -> Listing:
    """An owned instance that this person decides on; `deed` begins the refusal: "Draining keeps everybody off it".

    `rented` is what is said of a rented one: what does there what was meant.

    Raises Refused.
    """
    listing, roster = listings.by_id(db, instance_id), ctx.roster()
    if listing is None:
        raise Refused("That instance is gone.")
    name = listing.instance.name
    if listing.instance.provider != "owned":
        raise Refused(f"{name} is rented: {rented.format(name=name)}")
    able = roster.approvers(listing.team) | roster.admins
    if person not in able:
        names = parts.persons(sorted(able), nobody="an approver, once one is set")
        raise Refused(f"{deed.format(name=name)}, so {names} decides that.")
    return listing


def missing_gpus(ctx: Context, db: Database, listing: Listing, heard: AgentReport | None) -> int:
    """How many GPUs its agent does not see that somebody may say are gone; 0 where there is nothing to say."""
    instance, host = listing.instance, ctx.settings.owned.hosts.get(listing.instance.id)
    said = host is not None and host.gpus not in {None, heard.gpus_seen if heard else None}
    if instance.provider != "owned" or heard is None or heard.error or not heard.gpus_seen or said:
        return 0
    return max(0, instance.gpu_count - heard.gpus_seen, len(stored_readings.unreported_gpus(db, instance.id)))


def rename_owned(ctx: Context, instance_id: str, person: str, name: str, *, means: str = "") -> Listing:
    """Call an owned machine so; its id, and with it its history, stays. Raises Refused.

    `means` is what the name stands for in commands, where it does: no machine is called so, but by its own host's name.
    """
    now = ctx.clock()
    with audit.kept(ctx, person, "rename it", instance_id), ctx.store.writing() as db:
        listing = decided_by(ctx, db, instance_id, person, deed=RENAMES, rented=NAMED_BY_AWS)
        before, other = listing.instance.told_name, exactly(ctx, name)
        if not HOST_NAME.fullmatch(name):
            raise Refused("A name has letters, digits, dots, dashes and underscores, 63 at most: `dgx-one`.")
        if means and name != instance_id:
            raise Refused(f'"{name}" means {means} in commands, so no machine is called so. Try one like `dgx-one`.')
        if other is not None and other.instance.id != instance_id:
            raise Refused(f"There is a machine called {name} already. {parts.gpu('status', name)} shows it.")
        row = stored_fleet.by_id(db, instance_id)
        if row is not None:
            agents.give_name(db, instance_id, name)
            called = replace(stored_fleet.instance_of(row), name=name, own_name="")
            stored_fleet.save(db, called, team=row["team"], rate=stored_fleet.rate_of(row))
            stored_audit.add(db, now, person, f"renamed it to {name}", subject=instance_id, detail=f"{before} before")
        renamed = listings.by_id(db, instance_id)
    return renamed or listing


def confirm_gpus(ctx: Context, instance_id: str, person: str, count: int) -> Listing:
    """It has so many GPUs now: those that its agent sees. Raises Refused."""
    now = ctx.clock()
    with audit.kept(ctx, person, "say how many GPUs it has", instance_id), ctx.store.writing() as db:
        deed = "What {name} costs, and when it is idle, depends on the number of its GPUs"
        listing = decided_by(ctx, db, instance_id, person, deed=deed, rented=COUNTED_BY_AWS)
        instance, heard = listing.instance, agents.report_of(db, instance_id)
        untold = stored_readings.unreported_gpus(db, instance_id)
        _check_count(ctx, listing, heard, count, untold)
        _check_work(ctx, listing, untold, now)
        row = stored_fleet.by_id(db, instance_id)
        if row is not None:
            fewer = stored_fleet.instance_of(row | {"gpu_count": count})
            stored_readings.drop_gpus(db, instance_id, untold)
            stored_fleet.save(db, fewer, team=row["team"], rate=owned_rates.owned_rate(ctx, db, fewer))
        agents.forget_missing(db, instance_id)
        claims.fit_claims(ctx, db)
        stored_audit.add(
            db, now, person, f"said it has {count} GPUs", subject=instance_id, detail=f"{instance.gpu_count} before"
        )
        changed = listings.by_id(db, instance_id)
    ctx.wake()
    return changed or listing


def _check_work(ctx: Context, listing: Listing, untold: Mapping[int, Row], now: int) -> None:
    """Work of the hour is not said away: a GPU that worked a moment ago is hardly taken out by now."""
    window = (ctx.settings.rule_of(listing.team).window_minutes + 1) * MINUTE_MS
    for gpu, row in untold.items():
        ago = now - (row["last_active_at"] or 0)
        if ago <= window:
            raise Refused(
                f"GPU {gpu} of {listing.instance.name} worked {ago // MINUTE_MS} minutes ago, and its agent does not "
                "see it now. It may still be at work. "
                f"If it is gone, say so again in {(window - ago) // MINUTE_MS + 1} minutes."
            )


def _check_count(
    ctx: Context, listing: Listing, heard: AgentReport | None, count: int, untold: Mapping[int, Row]
) -> None:
    name = listing.instance.name
    host = ctx.settings.owned.hosts.get(listing.instance.id)
    if host is not None and host.gpus not in {None, count}:
        raise Refused(f"valet.toml says that {name} has {host.gpus} GPUs: change `[owned.hosts.{name}] gpus` there.")
    if heard is None or not heard.gpus_seen:
        raise Refused(f"No agent sees a GPU of {name} now, so nobody can tell how many it has.")
    if heard.gpus_seen != count:
        raise Refused(
            f"The agent of {name} sees {heard.gpus_seen} GPUs now: only that can be confirmed. "
            f"Any other number is set in valet.toml, as `[owned.hosts.{name}] gpus`."
        )
    if count == listing.instance.gpu_count and not untold:
        raise Refused(f"{name} has {count} GPUs already, and its agent sees all of them.")


RETIREMENT_MESSAGE = "retirement"
RETIRING = "Retiring {name} takes it from everybody"
REPORTED_WITHIN_MS = 15 * MINUTE_MS
"""An agent that was heard within this reports: its machine is no thing of the past."""
RETIREMENT_NOTICE_MS = DAY_MS
"""So long before the end by silence its channel is told; a Valet that was away hears the agents again within it."""


def last_report_at(db: Database, instance_id: str) -> int | None:
    """When the agent of a machine was heard last; None when it never was."""
    heard = agents.report_of(db, instance_id)
    moments = [stored_readings.newest_minute(db, instance_id), heard.reported_at if heard else None]
    return max((each for each in moments if each is not None), default=None)


def retirement_question(ctx: Context, instance_id: str, person: str) -> tuple[Listing, int | None]:
    """The machine that this person may retire, and when it was last heard. Raises Refused."""
    with audit.kept(ctx, person, "retire it", instance_id):
        db = ctx.store.reading()
        return _retirable(ctx, db, instance_id, person), last_report_at(db, instance_id)


def retire(ctx: Context, instance_id: str, person: str, reason: str = "") -> Retirement:
    """Take an owned machine off the list, from now on. Raises Refused."""
    now = ctx.clock()
    with audit.kept(ctx, person, "retire it", instance_id), ctx.store.writing() as db:
        name = _retirable(ctx, db, instance_id, person).instance.name
        known = stored_owned.announced(db).get(instance_id)
        fresh = Retirement(secrets.token_hex(16), instance_id, name, person, reason, None, "retired", now)
        done = replace(known, state="retired", at=now, who=person, reason=reason) if known else fresh
        done = replace(done, heard_at=last_report_at(db, instance_id))
        _retire(ctx, db, done)
    ctx.wake()
    return done


def undo_retirement(ctx: Context, retirement_id: str, person: str) -> Retirement:
    """Keep a machine whose end is announced, or bring one back that is retired. Raises Refused."""
    now = ctx.clock()
    with audit.kept(ctx, person, "bring it back", retirement_id), ctx.store.writing() as db:
        known = stored_owned.by_id(db, retirement_id)
        if known is None or known.state in {"kept", "undone"}:
            raise Refused(f"That is done already. {parts.gpu('status owned')} shows what there is.")
        row = stored_fleet.by_id(db, known.instance_id)
        _check_decider(ctx, row, person, known.name)
        state: RetirementState = "kept" if known.state == "announced" else "undone"
        kept = replace(known, state=state, at=now, changed_by=person)
        if row is not None and row["gone_at"] is not None:
            back = replace(stored_fleet.instance_of(row), state="running")
            stored_fleet.save(db, back, team=row["team"], rate=stored_fleet.rate_of(row))
        stored_owned.save(db, kept)
        stored_audit.add(
            db, now, person, "kept it" if state == "kept" else "brought it back", subject=known.instance_id
        )
        _tell(ctx, db, kept, row)
    ctx.wake()
    return kept


def retire_silent(ctx: Context) -> None:
    """Announce the ends of machines that are silent for too long, and end those whose notice is over."""
    now, days = ctx.clock(), ctx.settings.owned.retire_after_days
    db = ctx.store.reading()
    pending = stored_owned.announced(db)
    for instance_id, row in stored_fleet.rows_of_source(db, "owned").items():
        _undo_if_back(ctx, db, row)
        heard, known = _silent_since(db, instance_id), pending.get(instance_id)
        is_due = bool(days) and row["state"] == "running" and heard is not None and now - heard > days * DAY_MS
        if known is None and is_due:
            _announce(ctx, row, heard)
        elif known is not None and not is_due:
            _save(ctx, replace(known, state="kept", at=now), row)
        elif known is not None and now - known.at >= RETIREMENT_NOTICE_MS:
            with ctx.store.writing() as writing:
                _retire(ctx, writing, replace(known, state="retired", at=now))
            ctx.wake()


def retirement_of(ctx: Context, retirement_id: str) -> Retirement | None:
    """One end, as it stands."""
    return stored_owned.by_id(ctx.store.reading(), retirement_id)


def _silent_since(db: Database, instance_id: str) -> int | None:
    """From when its silence counts: since it was heard, or since somebody kept it."""
    newest, heard = stored_owned.newest_of(db, instance_id), last_report_at(db, instance_id)
    kept = newest.at if newest is not None and newest.state in {"kept", "undone"} else None
    return max((each for each in (heard, kept) if each is not None), default=None)


def _undo_if_back(ctx: Context, db: Database, row: Row) -> None:
    """An agent that reports brings its machine back; say so where its end was told."""
    newest = stored_owned.newest_of(db, row["id"])
    if newest is not None and newest.state == "retired":
        _save(ctx, replace(newest, state="undone", at=ctx.clock()), row)


def _announce(ctx: Context, row: Row, heard: int | None) -> None:
    made = Retirement(secrets.token_hex(16), row["id"], row["name"], VALET, "", heard, "announced", ctx.clock())
    _save(ctx, made, row)


def _save(ctx: Context, retirement: Retirement, row: Row) -> None:
    with ctx.store.writing() as db:
        stored_owned.save(db, retirement)
        _tell(ctx, db, retirement, row)
    ctx.wake()


def _retire(ctx: Context, db: Database, done: Retirement) -> None:
    stored_fleet.mark_gone(db, [done.instance_id], done.at)
    stored_fleet.forget_verdicts_of_stopped(db)
    stored_owned.save(db, done)
    stored_audit.add(db, done.at, done.who, "retired it", subject=done.instance_id, detail=done.reason)
    _tell(ctx, db, done, stored_fleet.by_id(db, done.instance_id))


def _tell(ctx: Context, db: Database, retirement: Retirement, row: Row | None) -> None:
    channel = team_channel(ctx, row["team"] if row else "")
    ref = f"{RETIREMENT_MESSAGE}:{retirement.id}"
    stored_outbox.tell(db, channel, ref, kind=RETIREMENT_MESSAGE, subject=retirement.id, now=ctx.clock())


def _check_decider(ctx: Context, row: Row | None, person: str, name: str) -> None:
    roster = ctx.roster()
    able = roster.approvers(row["team"] if row else "") | roster.admins
    if person not in able:
        names = parts.persons(sorted(able), nobody="an approver, once one is set")
        raise Refused(f"{RETIRING.format(name=name)}, so {names} decides that.")


def _retirable(ctx: Context, db: Database, instance_id: str, person: str) -> Listing:
    listing = decided_by(ctx, db, instance_id, person, deed=RETIRING, rented=ENDS_IN_AWS)
    heard, name = last_report_at(db, instance_id), listing.instance.name
    if heard is not None and ctx.clock() - heard < REPORTED_WITHIN_MS:
        raise Refused(
            f"The agent of {name} still reports. "
            f"Stop the agent there or `valet token revoke {instance_id}` first, and ask again 15 minutes later."
        )
    return listings.by_id(db, instance_id) or listing


POWERED_OFF_AFTER_MS = 3 * MINUTE_MS
"""An agent reports every minute; after this long without a word, and the command for it, the machine is off."""


def look_at_power(ctx: Context) -> None:
    """Note the owned machines that have fallen silent since their power command was run."""
    now = ctx.clock()
    for action in actions.in_state(ctx.store.reading(), "executing"):
        with ctx.store.writing() as db:
            row = stored_fleet.by_id(db, action.instance_id) if action.kind == "stop" else None
            if row is None or row["provider"] != "owned" or row["state"] != "running" or action.called_at is None:
                continue
            heard = stored_readings.newest_minute(db, action.instance_id) or 0
            if row["launched_at"] == action.launched_at and now - max(heard, action.called_at) >= POWERED_OFF_AFTER_MS:
                instance = stored_fleet.instance_of(row)
                stopped = replace(instance, state="stopped", stopped_at=heard or action.called_at)
                steps.save_seen(ctx, db, stopped, seen_at=now)
