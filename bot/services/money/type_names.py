"""Instance types by what people call them: p4d, 8xH100, "a100 80gb"."""

import re
from collections.abc import Iterable

from bot.billing import prices, quotes
from bot.domain import models
from bot.domain.models import Kind
from bot.errors import Refused

_COUNTED = re.compile(r"(\d{1,2}) ?(?:x|\u00d7) ?(.+)|(.+?) ?(?:x|\u00d7) ?(\d{1,2})", re.ASCII)


def family(text: str) -> list[str]:
    """The types with a list price whose name begins so, as p4d or g5; the smallest first."""
    found = [each for each in prices.MICROS_PER_HOUR if each.partition(".")[0] == text.lower()]
    return sorted(found, key=lambda each: prices.MICROS_PER_HOUR[each])


def called(text: str, known: Iterable[str]) -> list[str]:
    """Those of the known types that are meant: by the beginning of their name, else by their GPUs."""
    plain, types = text.lower().strip(), list(known)
    family = [each for each in types if each.partition(".")[0] == plain]
    counted = _COUNTED.fullmatch(plain)
    count, model = (counted[1] or counted[4], counted[2] or counted[3]) if counted else ("", plain)
    try:
        wanted = models.kind(model)
    except Refused:
        return family
    return family or [each for each in types if wanted.core and _bears(each, wanted, count)]


def _bears(kind: str, wanted: Kind, count: str) -> bool:
    gpus = quotes.gpus_of(kind)
    return gpus is not None and wanted.fits(gpus[0], gpus[1] * 1024) and count in {"", str(gpus[2])}
