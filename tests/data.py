"""Where the data files that tests compare with are found; they are not part of the repository."""

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("VALET_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")


def data_file(relative: str) -> Path:
    """The path of a data file; skips the test with a reason where the file is missing."""
    path = ROOT / relative
    if not path.is_file():
        pytest.skip(f"{relative} is not under {ROOT}; set VALET_TEST_DATA to the folder that has it")
    return path
