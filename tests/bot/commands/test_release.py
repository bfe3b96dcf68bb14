"""How a release is made: after all tests, of actions pinned by hash, with rights for each job alone."""

import re
import shutil
import subprocess

import pytest

from bot import __version__
from tests.pages import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
RELEASE = (ROOT / ".github/workflows/release.yml").read_text()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_a_hash_that_names_its_version(workflow):
    uses = re.findall(r"uses: (.+)", workflow.read_text())

    assert uses
    pinned = r"\$/.+\.yml|[\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+"
    assert [each for each in uses if not re.fullmatch(pinned, each)] == []


def test_one_action_has_one_hash_everywhere():
    pinned = set(re.findall(r"uses: ([\w./-]+)@(\w+)", "".join(path.read_text() for path in WORKFLOWS)))

    assert len(pinned) == len({action for action, _ in pinned})


def test_a_release_comes_after_the_tests_with_only_the_rights_its_job_names():
    assert "\npermissions: {}\n" in RELEASE
    assert RELEASE.count("needs: ") == 5
    assert "uses: $/.github/workflows/ci.yml" in RELEASE
    for made in ("SHA256SUMS", "cdx.json", "gpu_valet-*"):
        assert made in (ROOT / ".ci/release").read_text()


def test_version_and_package_agree():
    assert f'\nversion = "{__version__}"\n' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.tools
@pytest.mark.skipif(not shutil.which("zizmor"), reason="zizmor is not installed")
def test_zizmor_finds_nothing():
    done = subprocess.run(
        ["zizmor", "--offline", "--no-progress", ".github"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("script", ["run", "release", "lock", "tools"])
def test_bash_can_read_what_ci_runs(script):
    assert subprocess.run(["bash", "-n", ROOT / ".ci" / script], check=False).returncode == 0


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
@pytest.mark.parametrize("script", ["run", "release", "lock", "tools"])
def test_shellcheck_finds_nothing_in_what_ci_runs(script):
    done = subprocess.run(
        ["shellcheck", ROOT / ".ci" / script], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.stdout == ""
