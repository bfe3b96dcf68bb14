"""Carrying out a clone: an image is made, once, and when it is there a machine is launched from it.

A resize begins in the same way; `resize` goes on when its machine runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlite_utils import Database

from bot.domain.acting.actions import Action, ResizeFacts
from bot.domain.acting.images import COPY_DEADLINE_MS, Image, image_name, obstacle_to_copy
from bot.domain.acting.launch import Order, birth_tags, token_of
from bot.domain.acting.obstacles import obstacle_to_make
from bot.domain.acting.resize import new_name, obstacle_to_begin_resize
from bot.domain.clock import SECOND_MS
from bot.domain.machines.fleet import Instance, is_gone
from bot.errors import Refused, Unreachable
from bot.services.acting import arrivals, endings, launch, scenes, steps
from bot.services.context import Context
from bot.services.money import rates
from store.acting import actions, makings
from store.acting import images as stored_images
from store.machines import fleet as stored_fleet

COPY_RECALL_AFTER_MS = 30 * SECOND_MS
MOST_LOST_COPIES = 4
OBSTACLES: Mapping[str, steps.Obstacle] = {"clone": obstacle_to_copy, "resize": obstacle_to_begin_resize}


def begin(ctx: Context, action: Action) -> None:
    """Look once more, and have the image made; a reboot ends what runs, so it waits for what a stop waits for."""
    if steps.is_too_soon(ctx, action):
        return
    instance = steps.look_at(ctx, action, action.instance_id, deadline=COPY_DEADLINE_MS)
    if instance is None:
        return
    wait = steps.looked_at(ctx, action, instance) if action.reboots else None
    begun = steps.begin_on(ctx, action, instance, OBSTACLES[action.kind], wait=wait)
    if begun is not None:
        _copy(ctx, begun, instance)


def _copy(ctx: Context, action: Action, instance: Instance) -> None:
    tags = {"Name": instance.told_name, "owner": action.requester, "valet-action": action.id, "valet-of": instance.name}
    try:
        provider = steps.acting_provider(ctx, instance.provider, instance.source)
        image_id = provider.copy(instance, image_name(action), tags, reboot=action.reboots)
    except Refused as error:
        steps.close(ctx, action, "failed", error.sentence)
    except Unreachable:
        return  # nobody knows whether it arrived: `follow` looks for the image by its name
    else:
        _imaged(ctx, action, image_id)


def _imaged(ctx: Context, action: Action, image_id: str) -> None:
    with ctx.store.writing() as db:
        fresh = makings.note_image(db, action, image_id)
    if fresh:
        arrivals.tell_taken(ctx, action)


def follow(ctx: Context, action: Action, arrive: arrivals.Arrive = arrivals.arrive) -> None:
    """What became of it: no image yet, an image under way, or a machine ordered from it, which may have come."""
    source = _source(ctx, action)
    if source is None:
        return
    if action.ordered_at is not None:
        launch.follow_order(
            ctx, action, clone_order(ctx, action, source), _obstacle(ctx, action, source), arrive=arrive
        )
        return
    try:
        image = steps.provider_of(ctx, source.provider, source.source).copied(source, image_name(action))
    except Unreachable as error:
        steps.give_up_late(ctx, action, error, deadline=COPY_DEADLINE_MS)
        return
    if image is None:
        _not_seen(ctx, action, source)
    else:
        _watch(ctx, action, source, image)


def _source(ctx: Context, action: Action) -> Instance | None:
    row = stored_fleet.by_id(ctx.store.reading(), action.instance_id)
    return stored_fleet.instance_of(row) if row else None


def _not_seen(ctx: Context, action: Action, source: Instance) -> None:
    """The answer was lost, or the image is not shown yet; asked again, AWS makes no second one of that name."""
    since = steps.since_call(action, ctx.clock())
    if action.image_id or action.calls >= MOST_LOST_COPIES:
        if since > COPY_DEADLINE_MS or not action.image_id:
            steps.close(ctx, action, "unknown", f"No image of {source.name} appeared; please look in AWS.")
        return
    if since < COPY_RECALL_AFTER_MS:
        return
    instance = steps.look_at(ctx, action, action.instance_id, deadline=COPY_DEADLINE_MS)
    if instance is None:
        return
    wait = steps.looked_at(ctx, action, instance, since=action.called_at) if action.reboots else None
    if wait is not None and wait(ctx.store.reading()) is not None:
        return
    again = steps.call_again(
        ctx, action, lambda db: OBSTACLES[action.kind](action, scenes.scene_of(ctx, db, action, instance))
    )
    if again is not None:
        _copy(ctx, again, instance)


def _watch(ctx: Context, action: Action, source: Instance, image: Image) -> None:
    now, ready = ctx.clock(), image.state == "available"
    gone = steps.no_colleague(ctx, action) if ready else None
    with ctx.store.writing() as db:
        stored_images.save(db, [image])
        makings.note_image(db, action, image.id)
        off = (gone or _obstacle(ctx, action, source)(db)) if ready else None
        if off:  # an image takes hours, and nothing is ordered yet
            endings.end(
                ctx, db, action, "failed", outcome=f"{off} The image {image.id} was made, and no machine of it."
            )
        # Noted before it is sent, and by one thread only: an order that got lost is sent again under the same token.
        ordered = ready and not off and makings.begin_order(db, action, now)
        begun = actions.by_id(db, action.id) or action
    if off:
        ctx.wake()
    elif ordered:
        launch.send(ctx, begun, clone_order(ctx, begun, source))
    elif image.state == "failed":
        steps.close(ctx, action, "failed", f"AWS could not make an image of {source.name} ({image.id}).")
    elif steps.since_call(action, now) > COPY_DEADLINE_MS:
        steps.close(ctx, action, "unknown", f"The image {image.id} is still not ready; please look at it in AWS.")


def clone_order(ctx: Context, action: Action, source: Instance) -> Order:
    """A machine from the image, in the shape of the one it was made of; as large as it was asked for."""
    settings, name = ctx.settings, new_name(action.id, action.facts.name)
    born_with = birth_tags(action, name=name, team_tag=settings.actions.team_tag, managed=settings.managed_tag)
    tags = action.facts.tags if isinstance(action.facts, ResizeFacts) else {}
    borne = {key: value for key, value in tags.items() if key not in born_with}
    return Order(
        token=token_of(action),
        source=source.source,
        name=name,
        type=action.facts.type,
        image_id=action.image_id,
        shape=source,
        tags=borne | born_with,
    )


def _obstacle(ctx: Context, action: Action, source: Instance) -> Callable[[Database], str | None]:
    def obstacle(db: Database) -> str | None:
        if is_gone(stored_fleet.missed_at(db, source.id), ctx.clock()):
            return f"{source.name} is gone, and the new machine was to be in its shape."
        rate = rates.rented_rate(ctx, db, replace(source, type=action.facts.type))
        return obstacle_to_make(action, ctx.roster(), rate.micros_per_hour if rate else None)

    return obstacle
