"""Instance types by what people call them: p4d, 8xH100, "a100 80gb"."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress

from bot.billing import prices, quotes
from bot.billing.catalogs import catalog
from bot.billing.quotes import Gpus
from bot.domain import models
from bot.domain.models import Kind
from bot.errors import Refused, Unreachable
from bot.services.desk import Desk
from store import listings

_COUNTED = re.compile(r"(\d{1,2}) ?(?:x|\u00d7) ?(.+)|(.+?) ?(?:x|\u00d7) ?(\d{1,2})", re.ASCII)


def family(text: str) -> list[str]:
    """The types with a list price whose name begins so, as p4d or g5; the smallest first."""
    found = [each for each in prices.MICROS_PER_HOUR if each.partition(".")[0] == text.lower()]
    return sorted(found, key=lambda each: prices.MICROS_PER_HOUR[each])


def carried(desk: Desk) -> dict[str, Gpus]:
    """What types carry that our own table lacks: by the fleet, the launch templates and the price lists."""
    found: dict[str, Gpus] = {}
    for cloud, path in desk.settings.catalogs.items():
        with suppress(Unreachable):
            listed = catalog(cloud, path).quotes
            found |= {each.type: (each.model, each.memory_gb or 0, each.gpus) for each in listed}
    templates = [each for each in desk.settings.templates.values() if each.gpu_model and each.gpu_count]
    found |= {each.type: (each.gpu_model, each.gpu_memory_mib // 1024, each.gpu_count) for each in templates}
    seen = listings.type_gpus(desk.store.reading()).items()
    return found | {kind: (model, round(mib / 1024), count) for kind, (model, mib, count) in seen}


def called(text: str, known: Iterable[str], gpus: Mapping[str, Gpus]) -> list[str]:
    """Those of the known types that are meant: by the beginning of their name, else by their GPUs.

    `gpus` is what they carry, as `carried` tells it.
    """
    plain, types = text.lower().strip(), list(known)
    family = [each for each in types if each.partition(".")[0] == plain]
    counted = _COUNTED.fullmatch(plain)
    count, model = (counted[1] or counted[4], counted[2] or counted[3]) if counted else ("", plain)
    try:
        wanted = models.kind(model)
    except Refused:
        return family
    return family or [each for each in types if wanted.core and _bears(quotes.gpus_of(each, gpus), wanted, count)]


def _bears(gpus: Gpus | None, wanted: Kind, count: str) -> bool:
    return gpus is not None and wanted.fits(gpus[0], gpus[1] * 1024) and count in {"", str(gpus[2])}
