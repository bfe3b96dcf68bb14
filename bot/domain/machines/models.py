"""GPU models as people type them (a100, A100-80, rtx4090, 40gb), NVML names them and EC2 lists them."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from bot.errors import Refused

LONGEST_GPU_NAME = 80
_BRANDS = {"nvidia", "tesla", "geforce", "quadro", "grid", "generation", "edition", "series", "any"} | {
    "gpu",
    "gpus",
    "card",
    "cards",
}
_FAMILIES = ("rtx", "gtx")
_TRAITS = {"ada", "blackwell", "server", "workstation", "max", "q"}
_GRADES = {"ti", "super"}
_FORM = re.compile(r"(sxm|pcie|nvl)\d*", re.ASCII)
_MEMORY = re.compile(r"(>=|=>|≥)?\s*(?<![a-z0-9.])(\d{1,3})\s*(gib|gb|g)(?![a-z0-9])\s*(\+)?", re.ASCII)
_GLUED = re.compile(r"(?<=\d)(ada|sxm\d?|pcie|nvl)(?![a-z])|(server|workstation|blackwell)", re.ASCII)
_PLURAL = re.compile(r"(?<![a-z0-9])(?!(?:l40|v100)s\b)([a-z]*\d+(?:g|ti)?)['\u2019]?s(?![a-z0-9])", re.ASCII)
"""As in "two a100s"; but there is an L40S and a V100S."""
_SLACK = 0.02
"""Share by which a memory may miss the size it goes by."""
_GB = 1000**3 / 1024**2
"""MiB in one GB."""


@dataclass(frozen=True, slots=True)
class GpuKind:
    """Some kind of GPU; what is empty was not said."""

    core: str = ""
    """The model in one word: "a100", "rtx6000"; empty for any."""
    traits: frozenset[str] = frozenset()
    """What tells it from others of that name: "ada"."""
    form: str = ""
    """sxm, pcie or nvl."""
    memory_gb: int | None = None
    """Of one GPU."""
    at_least: bool = False
    """More memory will do, too."""

    @property
    def is_any(self) -> bool:
        """Every GPU will do."""
        return self == GpuKind()

    def fits(self, model: str, memory_mib: int = 0) -> bool:
        """Whether a GPU of this reported name is meant; 0 MiB is not known, unless the name tells."""
        found = _read(model)
        return (
            self.core in {"", found.core, *(found.core.removeprefix(family) for family in _FAMILIES)}
            and self.traits <= found.traits
            and self.form in {"", found.form or self.form}
            and self._memory_fits(memory_mib, found.memory_gb)
        )

    def _memory_fits(self, mib: int, named_gb: int | None) -> bool:
        if self.memory_gb is None:
            return True
        if mib <= 0:
            mib = (named_gb or 0) * 1024
        # a maker's 24 GB may be 24 GB, 24 GiB or a little less
        least, most = mib / 1024 * (1 - _SLACK), mib / _GB * (1 + _SLACK)
        return (self.at_least or least <= self.memory_gb) and self.memory_gb <= most

    def __str__(self) -> str:
        """As it can be typed again: A100-80GB, RTX6000 ada, >=40GB, any."""
        size = "" if self.memory_gb is None else f"{self.memory_gb}GB"
        parts = [self.core.upper(), *sorted(self.traits), self.form.upper()]
        if not size:
            return " ".join(part for part in parts if part) or "any"
        if self.at_least:
            return " ".join(part for part in [*parts, f">={size}"] if part)
        parts[0] = f"{parts[0]}-{size}" if parts[0] else size
        return " ".join(part for part in parts if part)


def gpu_kind(text: str) -> GpuKind:
    """The kind of GPU somebody means. Memory alone is the least that will do. Raises Refused."""
    said = _PLURAL.sub(r"\1", _even(text))
    if not re.search(r"[a-z0-9]", said):
        raise Refused("Which GPU? Try a100, a100-80, h100, 40gb or any.")
    if len(said) > LONGEST_GPU_NAME:
        raise Refused("That is too long for the name of a GPU. Try a100, a100-80, h100, 40gb or any.")
    if len({found[2] for found in _MEMORY.finditer(said)}) > 1:
        raise Refused(f'"{text.strip()[:40]}" says two sizes of memory. Say one: a100-80, or >=40gb.')
    found = _read(said)
    if found.core.isdigit() and len(found.core) < len("4090"):
        raise Refused(f'"{text.strip()[:40]}" names no GPU. Try a100, a100-80, 4090, 40gb or any.')
    if found.memory_gb == 0:
        raise Refused("A GPU without memory is of no use. Try a100-80 or >=40gb.")
    if found.memory_gb is not None and not found.core:
        return GpuKind(found.core, found.traits, found.form, found.memory_gb, at_least=True)
    return found


def kind_of_model(model: str, memory_mib: int = 0) -> GpuKind:
    """The kind of a reported GPU, in whatever form, with its memory as the least that will do."""
    found = _read(model)
    memory = memory_mib // 1024 if memory_mib > 0 else found.memory_gb
    return GpuKind(found.core, found.traits, "", memory, at_least=memory is not None)


def belongs_to_gpu(word: str) -> bool:
    """Whether a word after a model's name still tells of the GPU: 80gb, >=40gb, sxm, ada, ti."""
    plain = _even(word)
    told = _MEMORY.fullmatch(plain) or _FORM.fullmatch(plain)
    return bool(told) or plain in _TRAITS | _GRADES | {"gpu", "gpus", "card", "cards", "generation", "edition"}


@lru_cache(maxsize=1024)
def short_model(model: str) -> str:
    """A reported name without its maker, form and memory: "A100" for "NVIDIA A100-SXM4-80GB"."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", model) if word]
    kept = [word for word in words if not _is_trim(word.lower())]
    return " ".join(kept) or model


def owned_type(gpu_count: int, gpu_model: str) -> str:
    """What an owned machine is by its GPUs, as it has no type of a provider: "owned 8xA100"."""
    return f"owned {gpu_count}x{short_model(gpu_model)}" if gpu_count and gpu_model else "owned"


def _is_trim(word: str) -> bool:
    sized = re.fullmatch(r"\d{1,3}(gib|gb)|gb|gib|hbm\w*", word, re.ASCII)
    return bool(sized) or word in _BRANDS or bool(_FORM.fullmatch(word))


def _even(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text[: 4 * LONGEST_GPU_NAME]).lower().split())


@lru_cache(maxsize=1024)
def _read(name: str) -> GpuKind:
    """What a name tells, reported or typed."""
    said = _even(name)
    sized = _MEMORY.search(said)
    rest = _GLUED.sub(r" \1\2 ", _MEMORY.sub(" ", said))
    core, traits, form, bare = _sorted(word for word in re.split(r"[^a-z0-9]+", rest) if word)
    memory = int(sized[2]) if sized else bare
    return GpuKind(core, frozenset(traits), form, memory, at_least=bool(sized and (sized[1] or sized[4])))


def _sorted(words: Iterable[str]) -> tuple[str, set[str], str, int | None]:
    """The model, its traits, its form and a memory said without a unit."""
    core, traits, form, bare = "", set(), "", None
    for word in words:
        numbered = any(char.isdigit() for char in core)
        if word in _BRANDS or word.startswith("hbm"):
            continue
        if _FORM.fullmatch(word):
            form = re.sub(r"\d", "", word)
        elif numbered and re.fullmatch(r"\d{2,3}", word, re.ASCII):
            bare = int(word)
        elif word in _TRAITS or (numbered and word not in _GRADES):
            traits.add(word)
        else:
            core += word
    return core, traits, form, bare
