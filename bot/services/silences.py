"""Which sources of rented machines are silent just now, so that whatever adds up or lists can say so."""

from collections.abc import Iterable

from bot.domain.silence import HEARD, Silence
from bot.services.desk import Desk
from bot.services.measuring.sweeping import NOT_LOOKED_AT
from store import fleet


def of_machines(desk: Desk, ids: Iterable[str]) -> tuple[Silence, ...]:
    """Those of them from which some machines come."""
    found = now(desk)
    places = fleet.places(desk.store.reading()) if found else {}
    mine = {places[each][2] for each in ids if each in places}
    return tuple(each for each in found if each.name in mine)


def now(desk: Desk) -> tuple[Silence, ...]:
    """Every source that was not read within the last minutes; not those taken out of valet.toml with nothing left."""
    found = fleet.silent(desk.store.reading(), desk.clock() - HEARD)
    return tuple(each for each in found if each.running or each.error != NOT_LOOKED_AT)
