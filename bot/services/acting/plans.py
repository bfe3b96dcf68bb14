"""What a card will show: an action with its facts, frozen when it is asked for. Raises Refused where it can't be."""

import secrets
from dataclasses import replace
from typing import TypeVar

from sqlite_utils import Database

from bot.billing import prices
from bot.domain import parts
from bot.domain.acting.actions import (
    VALET,
    Action,
    ActionKind,
    CloneFacts,
    KindFacts,
    LaunchFacts,
    MachineFacts,
    ResizeFacts,
    StartFacts,
    StopFacts,
)
from bot.domain.acting.approvals import deciders, refusal_to_break_glass
from bot.domain.acting.batches import check_stops_cap
from bot.domain.acting.images import obstacle_to_clone
from bot.domain.acting.launch import LaunchTemplate, obstacle_to_launch
from bot.domain.acting.obstacles import Scene, obstacle_to_rule, obstacle_to_stop
from bot.domain.acting.resize import obstacle_to_resize, tags_to_bear, type_family
from bot.domain.acting.start import obstacle_to_begin_start, obstacle_to_start
from bot.domain.clock import DAY_MS, MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.domain.money.standing_costs import standing_cost
from bot.errors import NotFound, Refused
from bot.nearest import nearest
from bot.services.acting import allowances, consents, scenes
from bot.services.context import Context, team_channel
from bot.services.money import rates
from bot.services.sharing import unclaimed
from store.acting import actions
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.sharing import line as stored_line

M = TypeVar("M", bound=MachineFacts)


def plan_stop(
    ctx: Context,
    db: Database,
    listing: Listing,
    requester: str,
    *,
    reason: str,
    owner: str = "",
    may_end_work: bool = True,
) -> Action:
    """The stop of a running instance; of one that works only with a reason, and where `may_end_work`."""
    scene = scenes.scene(ctx, db, listing.instance, listing.claims)
    meant = may_end_work and bool(reason) and requester != VALET
    ends_work = meant and scene.verdict is not None and scene.verdict.works
    _refuse(obstacle_to_stop(scene, even_active=ends_work))
    consents.check(ctx, db, listing, requester)
    under_way = actions.live_stops(db, listing.team, ctx.clock())
    check_stops_cap(under_way, stored_fleet.pool(db, listing.team), ctx.settings.actions.most_stops, team=listing.team)
    facts = _with_wishes(_facts(db, listing, StopFacts), scene, requester)
    facts = replace(
        scenes.with_verdict(ctx, db, facts, listing.instance, scene.verdict),
        owner=owner,
        programs=unclaimed.current_programs(ctx, db, listing.instance.id),
        snoozed=_snoozed(scene),
        waiting=sum(person != requester for person in scene.waiting),
        even_active=ends_work,
        approvals=2 if ends_work else 1,
    )
    facts = scenes.with_saving(ctx, db, facts, scene)
    return _on(ctx, "stop", listing, requester, facts=facts, reason=reason)


def began_to_work(ctx: Context, db: Database, live: Action, listing: Listing) -> bool:
    """Whether a request to stop an idle instance, which nobody has decided, is about one that works by now."""
    if live.kind != "stop" or live.state != "pending" or live.may_end_work:
        return False
    return scenes.verdict_of(ctx, db, listing.instance).works


def stop_by_rule(ctx: Context, db: Database, listing: Listing, *, rule: str, parked_at: int, reason: str) -> Action:
    """The stop of a running instance that nobody asked for but a rule; without a card of its own."""
    team = ctx.settings.teams.get(listing.team)
    even_active = rule == "hours" and team is not None and team.pausing.stop_active
    scene = scenes.scene(ctx, db, listing.instance, listing.claims)
    _refuse(obstacle_to_rule(scene) or obstacle_to_stop(scene, even_active=even_active))
    facts = scenes.with_verdict(ctx, db, _facts(db, listing, StopFacts), listing.instance, scene.verdict)
    facts = replace(facts, rule=rule, parked_at=parked_at, even_active=even_active)
    return _on(ctx, "stop", listing, VALET, facts=facts, reason=reason)


def refusal_to_start_by_rule(ctx: Context, db: Database, planned: Action, listing: Listing) -> str | None:
    """Why a start by rule would come to nothing; None when it may come about."""
    return obstacle_to_begin_start(planned, scenes.scene_of(ctx, db, planned, listing.instance))


def plan_start_by_rule(
    ctx: Context, db: Database, listing: Listing, *, stopped_by: Action, begun_at: int, reason: str
) -> Action:
    """The start of an instance whose on-hours have begun; nobody gets a claim on it. What is in the way aborts it.

    What is to run again is what was stopped: another type is another machine.
    """
    length = ctx.settings.claim_limits(listing.team).default
    facts = replace(_facts(db, listing, StartFacts), type=stopped_by.facts.type, rule="hours", parked_at=begun_at)
    return _on(ctx, "start", listing, VALET, facts=facts, reason=reason, length=length)


def plan_start(
    ctx: Context, db: Database, listing: Listing, requester: str, *, length: int | None, reason: str
) -> Action:
    """The start of a stopped instance, for as long as a claim may be."""
    scene = scenes.scene(ctx, db, listing.instance, listing.claims)
    _refuse(obstacle_to_start(scene))
    wanted = ctx.settings.claim_limits(ctx.roster().team_of(requester)).length(length)
    facts = allowances.with_budgets(ctx, db, listing.team, _facts(db, listing, StartFacts), listing.instance.id, wanted)
    facts = replace(_with_wishes(facts, scene, requester), asks_at_end=_could_stop(ctx, listing))
    return _on(ctx, "start", listing, requester, facts=facts, reason=reason, length=wanted)


def _could_stop(ctx: Context, listing: Listing) -> bool:
    """Whether Valet can switch it off at all, so that it is worth asking."""
    return listing.instance.provider != "owned" or "stop" in ctx.switches(listing.instance)


def plan_launch(ctx: Context, db: Database, name: str, requester: str, *, length: int | None, reason: str) -> Action:
    """The launch of a new machine from a template that admins have listed."""
    team = ctx.roster().team_of(requester)
    template = template_of(ctx, name, team)
    wanted = ctx.settings.claim_limits(team).length(length)
    facts = allowances.with_budgets(ctx, db, team, _launch_facts(ctx, db, template), "", wanted)
    return _new(ctx, "launch", requester, team, facts=facts, reason=reason, length=wanted, template=name)


def plan_clone(
    ctx: Context, db: Database, listing: Listing, requester: str, *, length: int | None, reason: str, reboot: bool
) -> Action:
    """A copy of an instance, on a machine of the same shape."""
    if not ctx.settings.actions.clone:
        raise Refused("Clones are switched off. An admin can allow them with `clone = true` under [actions].")
    scene = scenes.scene(ctx, db, listing.instance, listing.claims)
    _refuse(obstacle_to_clone(scene, requester, reboot=reboot))
    wanted = ctx.settings.claim_limits(ctx.roster().team_of(requester)).length(length)
    reboots = reboot and listing.running
    facts = allowances.with_budgets(ctx, db, listing.team, _facts(db, listing, CloneFacts), "", wanted)
    facts = replace(facts, reboot=reboots)
    facts = replace(_with_wishes(facts, scene, requester), snoozed=_snoozed(scene)) if reboots else facts
    return _on(ctx, "clone", listing, requester, facts=facts, reason=reason, length=wanted)


def plan_resize(
    ctx: Context, db: Database, listing: Listing, requester: str, kind: str, *, length: int | None, reason: str
) -> Action:
    """A machine of another type, made of an instance, which is then stopped and kept."""
    if not ctx.settings.actions.clone:
        raise Refused("A resize makes a clone, and those are switched off: `clone = true` under [actions] allows them.")
    kind = _known_type(ctx, db, kind, listing.instance.type)
    instance, mine = listing.instance, listing.claim_of(requester)
    scene = scenes.scene(ctx, db, instance, listing.claims)
    _refuse(obstacle_to_resize(scene, requester, kind))
    if listing.running:
        under_way = actions.live_stops(db, listing.team, ctx.clock())
        check_stops_cap(
            under_way, stored_fleet.pool(db, listing.team), ctx.settings.actions.most_stops, team=listing.team
        )
    left = mine.until_at - ctx.clock() if mine and length is None else length
    wanted = ctx.settings.claim_limits(ctx.roster().team_of(requester)).length(left)
    becomes, rule = replace(instance, type=kind), ctx.settings.rule_of(listing.team)
    rate = rates.rented_rate(ctx, db, becomes)
    frozen = _facts(db, replace(listing, instance=becomes, rate=rate), ResizeFacts)
    facts = replace(
        allowances.with_budgets(ctx, db, listing.team, frozen, "", wanted),
        reboot=listing.running,
        was_type=instance.type,
        was_rate_micros=listing.rate.micros_per_hour if listing.rate else None,
        idle_after=(rule.settle_minutes + rule.window_minutes) * MINUTE_MS if listing.running else None,
        snoozed=_snoozed(scene),
        tags=tags_to_bear(instance, ctx.keepers),
        waiting=len(stored_line.waiters_unoffered(db, instance_id=instance.id)) if listing.running else 0,
        exempt=_exempt_by_name(scene),
        programs=unclaimed.current_programs(ctx, db, instance.id),
    )
    facts = _with_wishes(scenes.with_verdict(ctx, db, facts, instance, scene.verdict), scene, requester)
    return _on(ctx, "resize", listing, requester, facts=facts, reason=reason, length=wanted)


def _snoozed(scene: Scene) -> dict[str, int]:
    return {snooze.who: snooze.until_at for snooze in scene.snoozes}


def _exempt_by_name(scene: Scene) -> str:
    exemption = scene.exemption
    named = exemption is not None and exemption.instance
    return f"until {exemption.last_day:%-d %B %Y}: {exemption.reason}" if exemption and named else ""


def _known_type(ctx: Context, db: Database, word: str, was: str) -> str:
    """The instance type that is meant. Raises NotFound with the nearest, or with those of its family."""
    known = {
        *prices.MICROS_PER_HOUR,
        *(each for each in ctx.settings.prices if " " not in each),
        *listings.rented_types(db),
    }
    if word.lower() in known:
        return word.lower()
    close = (
        _of_family(known, word.lower()) or nearest(word.lower(), sorted(known)) or _of_family(known, type_family(was))
    )
    hint = f" Did you mean {' or '.join(close)}?" if close else " Try one like g5.xlarge or p4d.24xlarge."
    raise NotFound(f'I don\'t know an instance type "{word[:40]}" with NVIDIA GPUs.{hint}')


def _of_family(known: set[str], word: str) -> list[str]:
    """The types of a family, the cheapest first."""
    types = [kind for kind in known if type_family(kind) == word]
    return sorted(types, key=lambda kind: (prices.MICROS_PER_HOUR.get(kind, 0), kind))[:5]


def template_of(ctx: Context, name: str, team: str) -> LaunchTemplate:
    """A template that a team's people may launch. Raises Refused, NotFound with the nearest names."""
    template = ctx.settings.templates.get(name)
    if template is None:
        close = nearest(name, list(ctx.settings.templates))
        hint = f" Did you mean {' or '.join(close)}?" if close else f" {parts.gpu('launch')} lists what you may launch."
        raise NotFound(f'I don\'t know a launch template "{name}".{hint}')
    _refuse(obstacle_to_launch(template, team, name))
    return template


def _with_wishes(facts: M, scene: Scene, requester: str) -> M:
    """The facts with what others want of the machine: a snooze, and a booking that begins within a day."""
    snooze, booked = scene.snooze, scene.booked
    if snooze is not None and snooze.who != requester:
        facts = replace(facts, kept_by=snooze.who, kept_until=snooze.until_at, kept_why=snooze.reason)
    if booked is None or booked.from_at - scene.now >= DAY_MS:
        return facts
    return replace(facts, booked_by=booked.holder, booked_at=booked.from_at)


def _launch_facts(ctx: Context, db: Database, template: LaunchTemplate) -> LaunchFacts:
    rate = rates.rented_rate(ctx, db, template.like())
    return LaunchFacts(
        name=template.name,
        type=template.type,
        region=template.region,
        rate_micros=rate.micros_per_hour if rate else None,
        rate_exact=rate is None or rate.exact,
        capacity_short=prices.is_capacity_short(template.type),
        source=template.source,
        template=template.orders,
    )


def _refuse(obstacle: str | None) -> None:
    if obstacle:
        raise Refused(obstacle)


def _on(
    ctx: Context,
    kind: ActionKind,
    listing: Listing,
    requester: str,
    *,
    facts: KindFacts,
    reason: str,
    length: int | None = None,
) -> Action:
    planned = _new(ctx, kind, requester, listing.team, facts=facts, reason=reason, length=length)
    return replace(planned, instance_id=listing.instance.id, launched_at=listing.instance.launched_at)


def _new(
    ctx: Context,
    kind: ActionKind,
    requester: str,
    team: str,
    *,
    facts: KindFacts,
    reason: str,
    length: int | None,
    template: str = "",
) -> Action:
    """A pending action, to be shown to those who decide; with no instance yet."""
    now, rules = ctx.clock(), ctx.roster().team(team)
    if rules is not None and not facts.rule:
        facts = replace(facts, approvals=max(facts.approvals, rules.approvals))
    return Action(
        id=secrets.token_hex(16),
        kind=kind,
        instance_id="",
        launched_at=None,
        requester=requester,
        team=team,
        state="pending",
        created_at=now,
        expires_at=now + ctx.settings.answer_within,
        facts=facts,
        reason=reason,
        length=length,
        template=template,
    )


def check_askable(ctx: Context, action: Action) -> None:
    """Raises Refused when there is nobody to decide on it, or no channel to ask in."""
    able = len(deciders(action, ctx.roster()))
    if able < action.facts.approvals and refusal_to_break_glass(action, action.requester, ctx.roster()):
        could = f"It takes {action.facts.approvals} others to approve this, and there is {able}" if able else ""
        could = could or "Nobody could approve this but you"
        raise Refused(f"{could}. Ask an admin to name approvers in valet.toml.")
    if not team_channel(ctx, action.team):
        raise Refused("There is no channel to ask in. Ask an admin to set [slack] channel in valet.toml.")


def _facts(db: Database, listing: Listing, kind: type[M]) -> M:
    instance, held = listing.instance, listing.claims
    kept = (
        None
        if instance.provider == "owned"
        else standing_cost(instance, rates.disk_and_address_prices(db, instance.region))
    )
    return kind(
        name=instance.name,
        type=instance.type,
        region=instance.region,
        claim_ids=tuple(claim.id for claim in held),
        holders=tuple(claim.holder for claim in held),
        claim_until=max((claim.until_at for claim in held), default=None),
        rate_micros=listing.rate.micros_per_hour if listing.rate else None,
        rate_exact=listing.rate is None or listing.rate.exact,
        paid_anyway=instance.paid_anyway,
        shape=instance.shape_words,
        nvme_gb=instance.nvme_gb,
        keeping=kept,
        capacity_short=prices.is_capacity_short(instance.type),
        zone=instance.zone,
    )
