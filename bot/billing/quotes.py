"""What AWS asks for a GPU-hour: its list as it was read, our own table, and spot prices; and what a type carries."""

import re
from collections.abc import Iterator, Mapping

from bot.billing import prices
from bot.domain.money.pricebook import Price, PriceBook
from bot.domain.money.prices import Quote

OUR_COPY = "our copy of AWS's on-demand list"
SPOT = "AWS spot price"

# Model and GB of one GPU by family, EC2's own names. Source: AWS's DescribeInstanceTypes (moto 5.2.5's copy); for
# g2, g3, p2 and p3, which are not in it, AWS's page of previous and accelerated instances. Slices of a GPU (g6f, gr6f)
# are left out: they have no price of a whole one.
_FAMILIES: dict[str, tuple[str, int]] = {
    "g2": ("K520", 4),
    "g3": ("M60", 8),
    "g3s": ("M60", 8),
    "g4dn": ("T4", 16),
    "g5": ("A10G", 24),
    "g5g": ("T4g", 16),
    "g6": ("L4", 24),
    "g6e": ("L40S", 48),
    "g7": ("RTX PRO 4500", 32),
    "g7e": ("RTX PRO Server 6000", 96),
    "gr6": ("L4", 24),
    "p2": ("K80", 12),
    "p3": ("V100", 16),
    "p3dn": ("V100", 32),
    "p4d": ("A100", 40),
    "p4de": ("A100", 80),
    "p5": ("H100", 80),
    "p5e": ("H200", 141),
    "p5en": ("H200", 141),
    "p6-b200": ("B200", 180),
    "p6-b300": ("B300", 270),
}
_COUNTS: dict[str, int] = {
    **dict.fromkeys(("g3.8xlarge", "g5g.16xlarge", "g5g.metal", "g7.12xlarge", "g7e.12xlarge"), 2),
    **dict.fromkeys(("g2.8xlarge", "g3.16xlarge", "g4dn.12xlarge", "g5.12xlarge", "g5.24xlarge", "g6.12xlarge"), 4),
    **dict.fromkeys(("g6.24xlarge", "g6e.12xlarge", "g6e.24xlarge", "g7.24xlarge", "g7e.24xlarge", "p3.8xlarge"), 4),
    **dict.fromkeys(("g4dn.metal", "g5.48xlarge", "g6.48xlarge", "g6e.48xlarge", "g7.48xlarge", "g7e.48xlarge"), 8),
    **dict.fromkeys(("p2.8xlarge", "p3.16xlarge", "p3dn.24xlarge", "p4d.24xlarge", "p4de.24xlarge"), 8),
    **dict.fromkeys(("p5.48xlarge", "p5e.48xlarge", "p5en.48xlarge", "p6-b200.48xlarge", "p6-b300.48xlarge"), 8),
    "p2.16xlarge": 16,
}
"""GPUs of a type; those not named have one."""
UNLISTED = frozenset({"p5e.48xlarge"})
"""Types that our table of prices lacks."""
Gpus = tuple[str, int, int]
"""Model, GB of one GPU (0: not known) and their number."""
OTHERS: Mapping[str, str] = {
    "trn": "Trainium",
    "inf": "Inferentia",
    "dl1": "Gaudi accelerators",
    "dl2q": "Qualcomm accelerators",
    "vt1": "video accelerators",
    "g4ad": "GPUs by AMD",
}
"""Beginnings of types with accelerators that are no NVIDIA GPUs (AWS's page of accelerated instances, 2026-11)."""
_WITH_GPUS = re.compile(r"(g|gr|p)\d[a-z0-9-]*\.[a-z0-9-]+", re.ASCII)
"""EC2 names types with GPUs so, and none without."""
MEMORIES_GB: Mapping[str, tuple[int, ...]] = {
    name: tuple(sorted({gb for model, gb in _FAMILIES.values() if model.lower() == name}))
    for name in {model.lower() for model, _ in _FAMILIES.values()}
}
"""The sizes that a model comes in, as far as AWS rents them."""


def other_of(instance_type: str) -> str:
    """What a type has in the place of NVIDIA GPUs, for people; empty where it may have such."""
    told = next((what for begin, what in OTHERS.items() if instance_type.startswith(begin)), "")
    return told or ("" if _WITH_GPUS.fullmatch(instance_type) else "no GPUs")


def types_with_gpus() -> frozenset[str]:
    """EC2's types with NVIDIA GPUs, as far as our own tables name them."""
    return frozenset(each for each in prices.MICROS_PER_HOUR.keys() | UNLISTED if not other_of(each))


def quoted_gpus(instance_type: str, known: Mapping[str, Gpus] | None = None) -> Gpus | None:
    """What a type carries, by our own table, else by what else is known; None for slices of a GPU and strangers."""
    family = _FAMILIES.get(instance_type.partition(".")[0])
    if family is None or instance_type not in prices.MICROS_PER_HOUR.keys() | UNLISTED:
        return (known or {}).get(instance_type)
    return (*family, _COUNTS.get(instance_type, 1))


def aws(book: PriceBook, known: Mapping[str, Gpus] | None = None) -> Iterator[Quote]:
    """AWS's list as it was read, our own table where it was not, and spot prices; type by type.

    `known` is what types carry that our own table lacks.
    """
    at_home = {(prices.HOME, each) for each in prices.MICROS_PER_HOUR}
    for region, kind in sorted(at_home | book.listed.keys()):
        read = (region, kind) in book.listed
        found = book.list_price(kind, region)
        if found is not None:
            yield from _aws(kind, region, found, "AWS on-demand list" if read else OUR_COPY, quoted_gpus(kind, known))
    for (_, zone, kind), found in sorted(book.spot.items()):
        yield from _aws(kind, zone, found, SPOT, quoted_gpus(kind, known))


def _aws(kind: str, place: str, price: Price, source: str, gpus: Gpus | None) -> Iterator[Quote]:
    if gpus is None or not gpus[2]:
        return
    model, memory_gb, count = gpus
    each, spot = round(price.micros / count), source == SPOT
    yield Quote("AWS", kind, model, count, place, each, source, price.as_of, spot, memory_gb or None)
