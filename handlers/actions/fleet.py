"""Looking around: pages, one instance, why; and Keep in a digest."""

from bot.services import digesting, looking
from bot.services.acting import imaging, snoozing, tidying
from bot.services.desk import Desk, find
from handlers import ids
from handlers.actions.pressing import Press, listed
from handlers.blocks import digest
from handlers.blocks.acting import dormant, images
from handlers.blocks.parts import Reply
from handlers.commands import fleet
from handlers.commands.verbs import Ask


def status_page(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Next 10] and [Previous 10], in place."""
    number, _, query = value.partition("|")
    page = int(number) if number.isdecimal() and len(number) < 6 else 0
    shown = fleet.status(Ask(desk, user, channel, query.split()), page)
    return Reply(shown.text, shown.blocks, replace=True)


def status_of(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Status of X], offered for a name that came close."""
    ask = Ask(desk, user, channel, [])
    return fleet.one(ask, find(desk, value))


def why(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Why X]"""
    return fleet.tell_why(Ask(desk, user, channel, []), listed(desk, value))


def dormant_of(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Show] in a digest, of a channel."""
    return dormant.dormant(tidying.dormant_of(desk, value), desk.clock())


def images_of(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Show images] in a digest, of a channel."""
    return images.images(imaging.shelf_of(desk, value))


def keep_image(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Keep] beside an image, in the list, which is drawn anew."""
    imaging.keep(desk, value, user)
    shown = images.images(imaging.shelf(desk))
    return Reply(shown.text, shown.blocks, replace=True)


def keep_idle(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Keep] in a digest: no digest asks about it for a day."""
    snooze = snoozing.keep(desk, value, user, length=digesting.KEEP_FOR)
    return digest.kept(looking.name_of(desk, value), snooze.until_at)


PRESSES: dict[str, Press] = {
    ids.STATUS_PAGE: status_page,
    ids.STATUS_OF: status_of,
    ids.DORMANT_OF: dormant_of,
    ids.IMAGES_OF: images_of,
    ids.KEEP_IMAGE: keep_image,
    ids.WHY: why,
    ids.KEEP_IDLE: keep_idle,
}
