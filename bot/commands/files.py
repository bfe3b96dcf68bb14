"""The files that commands print, with their blanks filled in."""

from pathlib import Path

FILES = Path(__file__).parents[1] / "files"


def filled_file(name: str, **values: str) -> str:
    """A file with @NAME@ replaced by the value of that name."""
    text = (FILES / name).read_text()
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text
