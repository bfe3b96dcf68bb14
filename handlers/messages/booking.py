"""What the outbox tells about bookings."""

from bot.services import looking
from bot.services.desk import Desk
from bot.services.sharing import booking
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import booking as blocks
from handlers.messages.drawing import Draw


def slot(desk: Desk, slot_id: str) -> Reply | None:
    """How a booking goes, for its holder."""
    found = booking.slot(desk, slot_id)
    if found is None:
        return None
    listing, name = looking.listing(desk, found.instance_id), looking.name_of(desk, found.instance_id)
    return blocks.progress(found, listing, name, no_show_minutes=desk.settings.claims.no_show_minutes)


def slot_soon(desk: Desk, slot_id: str) -> Reply | None:
    """A booking begins soon and its machine is not running; nothing to say when it runs by now."""
    found = booking.slot(desk, slot_id)
    listing = looking.listing(desk, found.instance_id) if found else None
    if found is None or listing is None or listing.running or found.state != "booked":
        return None
    return blocks.soon(found, listing)


KINDS: dict[str, Draw] = {"slot": slot, "slot_soon": slot_soon}
