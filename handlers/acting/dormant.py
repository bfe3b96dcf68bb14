"""The buttons of what stands still for weeks, and of images that nobody uses; `/gpu status dormant` lists them too.

Short, since it is the controller of its topic.
"""

from bot.services.acting import dormant, images
from bot.services.context import Context
from handlers.blocks.acting import dormant as dormant_blocks
from handlers.blocks.acting.dormant import DORMANT_OF_BUTTON, IMAGES_OF_BUTTON, KEEP_IMAGE_BUTTON
from handlers.blocks.parts import Reply
from handlers.controller import Press


def dormant_of(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Show] in a digest, of a channel."""
    return dormant_blocks.dormant(dormant.dormant_in_channel(ctx, value), ctx.clock())


def images_of(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Show images] in a digest, of a channel."""
    return dormant_blocks.images_listed(images.shelf_in_channel(ctx, value))


def keep_image_button(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Keep] beside an image, in the list, which is drawn anew."""
    images.let_image_stay(ctx, value, user)
    shown = dormant_blocks.images_listed(images.shelf(ctx))
    return Reply(shown.text, shown.blocks, replace=True)


BUTTONS: dict[str, Press] = {
    DORMANT_OF_BUTTON: dormant_of,
    IMAGES_OF_BUTTON: images_of,
    KEEP_IMAGE_BUTTON: keep_image_button,
}
