"""Images that clones left: looked at now and then, shown with their use, and kept where somebody says so."""

from bot.domain.acting.images import Image, ImageKeep, ImageShelf, with_last_use
from bot.domain.clock import DAY_MS
from bot.errors import Refused
from bot.services.context import Context, team_channel
from store import audit as stored_audit
from store.acting import images as stored_images
from store.acting import makings


def refresh_images(ctx: Context) -> None:
    """Look where images are; a place that does not answer keeps what was last seen."""
    for provider in ctx.providers.values():
        for source, seen in provider.images():
            with ctx.store.writing() as db:
                stored_images.replace_of(db, source, seen)


def shelf(ctx: Context) -> ImageShelf:
    """The images that Valet had made, with their last use."""
    db, now = ctx.store.reading(), ctx.clock()
    ordered, kept = makings.image_orders(db), stored_images.keeps(db, now)
    images = (with_last_use(image, ordered.get(image.id), kept.get(image.id)) for image in stored_images.all_images(db))
    return ImageShelf(ctx.settings.actions.image_days, now, tuple(images))


def shelf_in_channel(ctx: Context, channel: str) -> ImageShelf:
    """Those of people whose team's messages go to a channel."""
    roster = ctx.roster()

    def is_here(image: Image) -> bool:
        return team_channel(ctx, roster.team_of(image.owner), roster) == channel

    return shelf(ctx).of(is_here)


def let_image_stay(ctx: Context, image_id: str, person: str) -> ImageKeep:
    """Let an image stay: it is proposed no more for as long as an unused one is left alone. Raises Refused if gone."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        image = next((known for known in stored_images.all_images(db) if known.id == image_id), None)
        if image is None:
            raise Refused("That image is gone.")
        kept = ImageKeep(image_id, person, now + ctx.settings.actions.image_days * DAY_MS, now)
        stored_images.keep(db, kept)
        stored_audit.add(db, now, person, "kept the image", subject=image_id, detail=image.of)
    return kept
