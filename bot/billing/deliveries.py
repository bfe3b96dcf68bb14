"""What the names of files tell of an export's deliveries: which belong together, which came later, which are whole.

AWS delivers a billing period either over the last delivery or beside it, in a folder per delivery named by its time;
its manifest names the files (docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html). Azure puts a
manifest beside the files of each run. Of others there are only names, numbers and sizes.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import Unreachable

PERIOD = re.compile(r"billing_?period=(\d{4}-\d{2}).*", re.IGNORECASE)
SPAN = re.compile(r"(\d{4})(\d{2})01-\1\2(?:28|29|30|31)")
"""How Azure names the folder of a month."""
RUN_FOLDER = re.compile(r"20\d{2}-?\d{2}-?\d{2}.*|20\d{10}")
"""A folder of one delivery begins with its time."""
MANIFEST = "manifest.json"
ARRIVING = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".download", ".aria2")
"""How downloaders end the names of what they have not finished."""
AWS_CLI = re.compile(r"\.[0-9a-fA-F]{8}")
"""The AWS command line does it with eight digits at random."""
NUMBERED = re.compile(r"^(.*?)[-_.]?(?<!\d)(0\d{3,11}|\d_0\d{3})$")
"""Parts of one delivery: AWS's export-00001, Azure's part_0_0001, BigQuery's -000000000000."""
SPARK = re.compile(r"part-(\d{5})-([0-9a-f-]{36}).*")
COPY_NAME = re.compile(r"^(.*?)(?: ?\((\d+)\)| - Copy(?: \((\d+)\))?|[ _-]copy(?: (\d+))?)$", re.IGNORECASE)
"""What browsers and desktops add to the name of what is there already."""
STAMP = re.compile(
    r"(?<![0-9a-zA-Z])20[1-9]\d[-_.]?(?:0[1-9]|1[0-2])(?:[-_.]?[0-3]\d)?"
    r"(?:[T_ -]?[0-2]\d[:_.-]?[0-5]\d(?:[:_.-]?[0-5]\d)?)?(?![0-9])"
)
SHRUNK = 0.8
"""A delivery with less of the bytes of the one before is not there in full."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Files that one delivery wrote together: their charges add up."""

    files: tuple[Path, ...]
    period: str = ""
    """The month its folder names; empty where none does."""
    vouched: bool = False
    """A manifest names every one of its files."""

    @property
    def name(self) -> str:
        """For people."""
        first = self.files[0]
        return first.name if len(self.files) == 1 else f"{first.parent.name}/{first.name}"

    def name_beside(self, other: "Unit") -> str:
        """For people, with as much of its folders as tells it from another."""
        if self.name != other.name:
            return self.name
        mine, theirs = self.files[0].parts, other.files[0].parts
        pairs = zip(range(1, len(mine) + 1), reversed(mine), reversed(theirs), strict=False)
        length = next((number for number, one, two in pairs if one != two), 1)
        return "/".join(mine[-length:])

    @property
    def stamp(self) -> tuple[tuple[str, ...], int]:
        """When its names say it was written: the figures of dates in them, and the number of the copy."""
        first = self.files[0]
        figures = [re.sub(r"\D", "", each) for part in first.parts[-4:] for each in STAMP.findall(part)]
        copied = COPY_NAME.match(stem_of(first))
        number = int(next((each for each in copied.groups()[1:] if each), "1")) if copied else 0
        return tuple(figures), number

    @property
    def modified(self) -> float:
        """When the newest of its files was written, in seconds."""
        return max(path.stat().st_mtime for path in self.files)


@dataclass(slots=True)
class Counting:
    """The units that are read, and what is said of the rest."""

    units: list[Unit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def stem_of(path: Path) -> str:
    """The name without what says how it is written and packed."""
    return re.sub(r"(\.(csv|parquet|gz|snappy|gzip|zstd))+$", "", path.name, flags=re.IGNORECASE)


def counting_files(files: Sequence[Path], others: Sequence[Path]) -> Counting:
    """Which files belong together, and of deliveries side by side the newest whole one.

    `others` are the files about them: manifests, and what is still being written. Raises Unreachable where a delivery
    is not whole and there is no other of its period.
    """
    found, manifests = Counting(), _manifests(others)
    beside: dict[Path, dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    rest: list[Path] = []
    for path in files:
        folder, run = _delivery(path)
        if folder is None or not run:
            rest.append(path)
        else:
            beside[folder][run].append(path)
    for folder, by_run in sorted(beside.items()):
        _add_newest(found, folder, by_run, manifests, others)
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for path in rest:
        by_folder[path.parent].append(path)
    missing = {folder: _missing(some, manifests.get(_place(folder)), others) for folder, some in by_folder.items()}
    whole = {month_of_path(some[0]) for folder, some in by_folder.items() if missing[folder] is None}
    for folder, some in sorted(by_folder.items()):
        why, month = missing[folder], month_of_path(some[0])
        if why is None:
            _add_units(found, some, manifests.get(_place(folder)))
        elif month and month in whole:
            found.notes.append(f"The delivery {folder.name} of {month} is still arriving ({why}): it is left out.")
        else:
            raise Unreachable(f"The delivery in {folder.name} is still arriving: {why}")
    return found


def month_of_path(path: Path) -> str:
    """The month that one of its folders names; empty for none."""
    for part in path.parts[:-1]:
        if named := PERIOD.fullmatch(part):
            return named[1]
        if span := SPAN.fullmatch(part):
            return f"{span[1]}-{span[2]}"
    return ""


def _delivery(path: Path) -> tuple[Path | None, str]:
    """The folder of its period, and the folders of its delivery below that; none where they are not named by time."""
    parts = path.parts[:-1]
    at = next((n for n, part in enumerate(parts) if PERIOD.fullmatch(part) or SPAN.fullmatch(part)), None)
    if at is None:
        return None, ""
    inner = parts[at + 1 :]
    run = "/".join(inner) if inner and RUN_FOLDER.fullmatch(inner[0]) else ""
    return Path(*parts[: at + 1]), run


def _place(folder: Path) -> Path:
    """Where a folder's data or its manifest is, as one: AWS keeps both in folders of the same names."""
    return Path(*("data" if part.lower() == "metadata" else part for part in folder.parts))


def _manifests(others: Iterable[Path]) -> dict[Path, set[str]]:
    """The names of the files that a delivery wrote, by its place. What can't be read is no manifest."""
    found: dict[Path, set[str]] = {}
    for path in others:
        if not path.name.lower().endswith(MANIFEST):
            continue
        try:
            told = json.loads(path.read_bytes())
            listed = [*told.get("dataFiles", []), *(blob["blobName"] for blob in told.get("blobs", []))]
            names = {str(each).rpartition("/")[2] for each in listed}
        except (OSError, ValueError, AttributeError, TypeError, KeyError):
            continue
        if names:
            found.setdefault(_place(path.parent), set()).update(names)
    return found


def _missing(files: Sequence[Path], named: set[str] | None, others: Iterable[Path]) -> str | None:
    """What shows that a delivery is not there in full."""
    there = {path.name for path in files}
    if named and there & named and (gone := sorted(named - there)):
        return f"{gone[0]} of its manifest is not there"
    numbers = sorted(number for path in files if (number := _number(path)) is not None)
    if numbers or month_of_path(files[0]):
        for path in others:
            if path.parent == files[0].parent and is_arriving(path):
                return f"{path.name} is being written"
    gaps = set(range(numbers[0], numbers[-1])) - set(numbers) if numbers else set()
    if gaps and len(set(numbers)) == len(numbers):
        return f"part {min(gaps)} of its files is not there"
    return None


def _number(path: Path) -> int | None:
    """The number of a part; None where the name has none, or has gaps in its numbers by nature."""
    numbered = None if SPARK.match(path.name) else NUMBERED.match(stem_of(path))
    return int(numbered[2].rpartition("_")[2]) if numbered else None


def is_arriving(path: Path) -> bool:
    """Whether a file is being written: by its name, or because it is a table without a byte."""
    ends = path.suffix.lower()
    if ends in ARRIVING or AWS_CLI.fullmatch(ends):
        return True
    return ends in {".csv", ".gz", ".parquet"} and not path.stat().st_size


def _add_newest(
    found: Counting,
    folder: Path,
    by_run: Mapping[str, list[Path]],
    manifests: Mapping[Path, set[str]],
    others: Sequence[Path],
) -> None:
    """The newest delivery of a period that is whole."""
    runs = sorted(by_run, reverse=True)
    named = {run: manifests.get(_place(by_run[run][0].parent)) for run in runs}
    passed: list[tuple[str, str]] = []
    for number, run in enumerate(runs):
        before = runs[number + 1] if number + 1 < len(runs) else None
        why = _missing(by_run[run], named[run], others)
        if why is None and named[run] is None:
            if any(named.values()):
                why = "its manifest is not there"
            elif before is not None:
                why = _short(by_run[run], by_run[before])
        if why is None:
            _add_units(found, by_run[run], named[run])
            month = month_of_path(by_run[run][0])
            for late, said in passed:
                found.notes.append(f"The delivery {late} of {month} is still arriving ({said}): {run} is read.")
            return
        passed.append((run, why))
    run, why = passed[0]
    raise Unreachable(f"The delivery {run} in {folder.name} is still arriving: {why}")


def _short(files: Sequence[Path], before: Sequence[Path]) -> str | None:
    """Why a delivery seems to be a part, beside the one before it: a bill of a month only grows."""
    if {path.suffix for path in files} != {path.suffix for path in before}:
        return None
    if len(files) < len(before):
        return f"it has {_files(len(files))}, the one before has {len(before)}"
    size, was = (sum(path.stat().st_size for path in some) for some in (files, before))
    if size < was * SHRUNK:
        return f"it has {size:,} bytes, the one before has {was:,}"
    return None


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _add_units(found: Counting, files: Sequence[Path], named: set[str] | None) -> None:
    """Files of one folder as units; what its manifest does not name is of an earlier delivery."""
    left = [path for path in files if named and path.name not in named]
    if left and len(left) < len(files):
        found.notes.append(f"{left[0].name} is not in the manifest of {left[0].parent.name}, so it is left out.")
        files = [path for path in files if path not in left]
    vouched = bool(named) and {path.name for path in files} <= (named or set())
    groups: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for path in files:
        groups[("", "") if vouched else _group(path)].append(path)
    for some in groups.values():
        found.units.append(Unit(tuple(sorted(some)), month_of_path(some[0]), vouched=vouched))


def _group(path: Path) -> tuple[str, str]:
    """What files of a folder have in common that were written together: all of a delivery's, else their stem."""
    spark, numbered = SPARK.match(path.name), NUMBERED.match(stem_of(path))
    stem = spark[2] if spark else numbered[1] if numbered else path.name
    of_delivery = not spark and not COPY_NAME.match(stem_of(path)) and RUN_FOLDER.fullmatch(path.parent.name)
    return "" if of_delivery else stem, "".join(path.suffixes[-2:])
