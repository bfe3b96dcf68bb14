"""What images and machines install is listed with versions and hashes, and the lists fit pyproject.toml."""

import re
import shutil
import subprocess
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.agent.shipping import AGENT_NEEDS
from tests.pages import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
AGENT = PYPROJECT["project"]["dependencies"]
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
BOT = [*AGENT, *EXTRAS["bot"], *EXTRAS["fast"]]
LISTS = {"constraints.txt": BOT, "build-constraints.txt": PYPROJECT["build-system"]["requires"]}


def pins(name):
    """Version and hashes of each package in a list."""
    text = (ROOT / "bot/files" / name).read_text()
    return {
        pin[1]: (pin[2], re.findall(r"--hash=(sha256:[0-9a-f]{64})\b", pin[0]))
        for pin in re.finditer(r"^([\w.-]+)==([^\s;]+).*(?:\n +.*)+", text, re.M)
    }


@pytest.mark.parametrize("name", LISTS)
def test_each_dependency_is_pinned_to_a_version_that_fits(name):
    found = pins(name)

    wrong = [
        each
        for each in map(Requirement, LISTS[name])
        if not each.specifier.contains(found.get(canonicalize_name(each.name), ("0", ""))[0])
    ]
    assert wrong == [], "run .ci/lock"


@pytest.mark.parametrize("name", LISTS)
def test_each_pin_has_hashes(name):
    assert [package for package, (_, hashes) in pins(name).items() if not hashes] == []


def test_nothing_is_pinned_that_nobody_needs():
    needed, waiting = set(), [Requirement(each) for each in BOT]
    while waiting:
        each = waiting.pop()
        if (name := canonicalize_name(each.name)) in needed or not _is_installed(name):
            needed.add(name)
            continue
        needed.add(name)
        waiting += [need for need in map(Requirement, metadata.requires(name) or ()) if _counts(need, each.extras)]

    assert set(pins("constraints.txt")) - needed == set(), "run .ci/lock"


def _is_installed(name):
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False


def _counts(need, extras):
    """Wherever the bot runs, so whatever the marker says of systems and Pythons."""
    return "extra" not in str(need.marker) or any(need.marker.evaluate({"extra": extra}) for extra in extras)


def test_the_agent_needs_two_packages_and_they_are_those_of_its_user_data():
    assert {Requirement(each).name for each in AGENT} == AGENT_NEEDS


def test_the_extra_of_the_agent_brings_nothing_and_the_bots_is_in_the_tests():
    assert EXTRAS["agent"] == []
    assert any(re.match(r"gpu-valet\[.*\bbot\b", each) for each in EXTRAS["dev"])


@pytest.mark.tools
@pytest.mark.skipif(not shutil.which("uv"), reason="uv is not installed")
def test_the_lists_are_those_that_uv_makes(tmp_path):
    for path in ("pyproject.toml", ".ci/lock", *(f"bot/files/{name}" for name in LISTS)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)

    subprocess.run([tmp_path / ".ci/lock"], check=True, timeout=120)

    for name in LISTS:
        assert (tmp_path / "bot/files" / name).read_text() == (ROOT / "bot/files" / name).read_text()
