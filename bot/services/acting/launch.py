"""Carrying out a launch: ordered once, however often the order is sent, and followed until the machine runs."""

from collections.abc import Callable
from dataclasses import replace

from sqlite_utils import Database

from bot.domain.acting.actions import Action
from bot.domain.acting.launch import (
    APPEARS_WITHIN_MS,
    LAUNCH_DEADLINE_MS,
    LaunchTemplate,
    Order,
    birth_tags,
    obstacle_to_order,
    token_of,
)
from bot.domain.acting.start import why_it_ended
from bot.domain.clock import MINUTE_MS, SECOND_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.listing import Listing
from bot.domain.machines.states import in_words
from bot.domain.money.rates import Rate
from bot.errors import NoCapacity, NotThere, Refused, Unreachable
from bot.services.acting import allowances, arrivals, endings, plans, steps
from bot.services.context import Context
from bot.services.money import rates
from store import audit as stored_audit
from store.acting import makings
from store.machines import fleet as stored_fleet

ORDER_RECALL_AFTER_MS = 30 * SECOND_MS
"""An order without an answer, of which nothing is seen after this, is sent again under the same token."""
MOST_LOST_ORDERS = 4


def begin(ctx: Context, action: Action) -> None:
    """Check once more, and order."""
    begun = steps.begin(ctx, action, _obstacle(ctx, action))
    if begun is not None:
        send(ctx, begun, launch_order(ctx, begun), spare=_spare(ctx, begun))


def _obstacle(ctx: Context, action: Action) -> Callable[[Database], str | None]:
    template = _template(ctx, action)

    def obstacle(db: Database) -> str | None:
        rate = rates.rented_rate(ctx, db, template.like()) if template else None
        costs, over = rate.micros_per_hour if rate else None, allowances.budgets_over(ctx, db, action)
        beyond = allowances.beyond_fair_use(ctx, db, action)
        return obstacle_to_order(action, template, ctx.roster(), rate_micros=costs, over=over, beyond=beyond)

    return obstacle


def _template(ctx: Context, action: Action) -> LaunchTemplate | None:
    return ctx.settings.templates.get(action.template)


def _spare(ctx: Context, action: Action) -> int:
    """Subnets beyond the first: where one has no capacity, the next is tried at once."""
    template = _template(ctx, action)
    return max(0, len(template.subnets) - 1) if template else 0


def launch_order(ctx: Context, action: Action) -> Order | None:
    """What to order; None when its template is no longer listed."""
    template = _template(ctx, action)
    if template is None:
        return None
    settings, subnets = ctx.settings, template.subnets
    name = f"{template.name}-{action.id[:4]}"
    return Order(
        token=token_of(action),
        source=template.source,
        name=name,
        type=template.type,
        template=template.template,
        version=template.version,
        subnet=subnets[action.tries % len(subnets)] if subnets else "",
        tags=birth_tags(action, name=name, team_tag=settings.actions.team_tag, managed=settings.managed_tag),
    )


def send(ctx: Context, action: Action, order: Order | None, *, spare: int = 0) -> None:
    """Send an order, and take in what came of it."""
    if order is None:
        steps.close(ctx, action, "failed", f"{action.template} is not in valet.toml any more.")
        return
    try:
        machine = steps.acting_provider(ctx, "ec2", order.source).launch(order)
    except NoCapacity as error:
        arrivals.wait_for_capacity(ctx, action, error.sentence, launched_at=action.launched_at, spare=spare)
    except NotThere as error:
        if action.tries < spare:
            arrivals.wait_for_capacity(ctx, action, error.sentence, launched_at=action.launched_at, spare=spare)
        else:
            steps.close(ctx, action, "failed", error.sentence)
    except Refused as error:
        steps.close(ctx, action, "failed", error.sentence)
    except Unreachable:
        return  # nobody knows whether it arrived: `follow_order` looks for what bears its tag
    else:
        tell_made(ctx, action, machine)


def tell_made(ctx: Context, action: Action, machine: Instance) -> None:
    """Note which machine it is, and tell whoever asked."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        steps.save_seen(ctx, db, machine, seen_at=now)
        if makings.note_made(db, action, machine.id):
            stored_audit.add(
                db, now, "valet", "launched", subject=machine.id, detail=f"{action.id} for {action.requester}"
            )
            endings.show_card(ctx, db, action)
            endings.tell_news(db, action, action.tries, now)
    ctx.wake()


def follow(ctx: Context, action: Action) -> None:
    """What became of it: waiting for capacity, not heard of yet, on its way, or there."""
    follow_order(ctx, action, launch_order(ctx, action), _obstacle(ctx, action), spare=_spare(ctx, action))


def follow_order(
    ctx: Context,
    action: Action,
    order: Order | None,
    obstacle: Callable[[Database], str | None],
    *,
    spare: int = 0,
    arrive: arrivals.Arrive = arrivals.arrive,
) -> None:
    """As `follow`, for any order."""
    if order is None:
        steps.close(ctx, action, "unknown", f"{action.template} is not in valet.toml any more; look in AWS for it.")
    elif action.made_id:
        _watch(ctx, action, arrive, spare=spare)
    elif action.retry_at is None:
        _look_for(ctx, action, order, obstacle, spare=spare)
    elif ctx.clock() >= action.retry_at:
        _send_again(ctx, action, order, obstacle, spare=spare)


def _look_for(
    ctx: Context, action: Action, order: Order, obstacle: Callable[[Database], str | None], *, spare: int
) -> None:
    """The answer was lost: what bears the order's tag was made by it."""
    try:
        machine = steps.provider_of(ctx, "ec2", order.source).launched(order)
    except Unreachable as error:
        steps.give_up_late(ctx, action, error, deadline=LAUNCH_DEADLINE_MS)
        return
    since = steps.since_call(action, ctx.clock())
    if machine is not None:
        tell_made(ctx, action, machine)
    elif off := steps.no_colleague(ctx, action) or obstacle(ctx.store.reading()):
        if since > APPEARS_WITHIN_MS:  # it is not sent again, and the one that was sent may still show
            steps.close(ctx, action, "unknown", f"{off} AWS never confirmed it; look for {order.name} in AWS.")
    elif action.calls - action.tries >= MOST_LOST_ORDERS:
        if since > APPEARS_WITHIN_MS:
            steps.close(ctx, action, "unknown", f"AWS never confirmed it; look for {order.name} in AWS.")
    elif since >= ORDER_RECALL_AFTER_MS:
        _send_again(ctx, action, order, obstacle, spare=spare)


def _send_again(
    ctx: Context, action: Action, order: Order, obstacle: Callable[[Database], str | None], *, spare: int
) -> None:
    again = steps.call_again(ctx, action, obstacle)
    if again is not None:
        send(ctx, again, order, spare=spare)


def _watch(ctx: Context, action: Action, arrive: arrivals.Arrive, *, spare: int) -> None:
    """The machine exists: until it runs, or is seen to have ended."""
    machine = _seen(ctx, action)
    if machine is None:
        return
    now = ctx.clock()
    if machine.state == "running":
        template = _template(ctx, action)
        arrivals.ready(ctx, action, machine, expected=template is not None and template.agent, arrive=arrive)
    elif machine.state == "terminated" and "Insufficient" in machine.state_reason:
        said = f"AWS began to launch it and then had no {machine.type} left in {machine.zone or machine.region}."
        arrivals.wait_for_capacity(ctx, action, said, launched_at=action.launched_at, spare=spare)
    elif machine.state in {"terminated", "stopped", "stopping"}:
        why = why_it_ended(machine.state_reason)
        steps.close(
            ctx, action, "failed", f"{machine.name} was launched and is {in_words(machine.state)} already{why}."
        )
    elif now - (action.called_at or now) > LAUNCH_DEADLINE_MS:
        steps.close(
            ctx, action, "unknown", f"{machine.name} is still {in_words(machine.state)}; please look at it in AWS."
        )


def _seen(ctx: Context, action: Action) -> Instance | None:
    """The machine as it is now; None when it is not seen yet, or the provider does not answer."""
    row = stored_fleet.by_id(ctx.store.reading(), action.made_id)
    known = replace(stored_fleet.instance_of(row), state="terminated") if row else None
    if known is None:
        return None
    began = ctx.clock()
    try:
        machine = steps.provider_of(ctx, known.provider, known.source).describe(known)
    except Unreachable as error:
        steps.give_up_late(ctx, action, error, deadline=LAUNCH_DEADLINE_MS)
        return None
    if machine is not None:
        with ctx.store.writing() as db:
            steps.save_seen(ctx, db, machine, seen_at=began)
        return machine
    late = steps.since_call(action, ctx.clock()) > APPEARS_WITHIN_MS + MINUTE_MS
    return known if late else None


def templates_for(ctx: Context, person: str) -> list[tuple[LaunchTemplate, Rate | None]]:
    """What a person may launch, with the rates, in the order of valet.toml."""
    team = ctx.roster().team_of(person)
    may = [template for template in ctx.settings.templates.values() if not template.teams or team in template.teams]
    book = rates.price_book(ctx, ctx.store.reading())
    return [(template, book.rate(template.like())) for template in may]


def would_be_machine(ctx: Context, template: LaunchTemplate) -> Listing:
    """The machine that a template would make, with its rate."""
    machine = template.like()
    return Listing(machine, rate=rates.rented_rate(ctx, ctx.store.reading(), machine))


def template_for(ctx: Context, person: str, name: str) -> LaunchTemplate:
    """A template that a person may launch. Raises Refused, NotFound with the nearest names."""
    return plans.template_of(ctx, name, ctx.roster().team_of(person))
