"""The pages people read, README and docs/, and the parts of them that stand behind a marker like <!-- rules -->."""

import re
import textwrap
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


@cache
def pages() -> dict[str, str]:
    """The text of each page, by its path from the top."""
    paths = [README, *sorted((ROOT / "docs").rglob("*.md"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def everything() -> str:
    return "\n".join(pages().values())


def block(marker: str) -> str:
    """The fenced block after <!-- marker -->, without its fences and its indent."""
    return textwrap.dedent(behind(marker, r"\n+ *```\w*\n(.*?) *```"))


def table(marker: str) -> str:
    """The table after <!-- marker -->, as it stands."""
    return behind(marker, r"\n+((?:\|[^\n]*\n)+)")


def paragraphs(text: str) -> list[str]:
    """What people read of a page: paragraphs and items of lists, without headings, tables and code."""
    bare = re.sub(r"^ *```.*?^ *```", "", text, flags=re.S | re.M)
    bare = re.sub(r"^(\||#|<!--).*$", "", bare, flags=re.M)
    parts = re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", bare)
    return [" ".join(part.split()) for part in parts if part.strip()]


def behind(marker: str, shape: str) -> str:
    """What stands behind a marker in that shape; the marker stands once in all pages."""
    assert everything().count(f"<!-- {marker} -->") == 1, f"<!-- {marker} --> does not stand once in the pages"
    part = re.search(f"<!-- {marker} -->{shape}", everything(), re.S)
    assert part, f"nothing of that shape follows <!-- {marker} -->"
    return part[1]
