"""Where only the agent is installed: it works, and every other command says in one sentence what to install."""

import json
import os
import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

from bot.cli import COMMANDS
from bot.installation import lacks, line_for
from tests.pages import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MODULES = {"python-dateutil": "dateutil"}
"""Where a package is imported by another name than its own."""
AGENT_ALONE = """
import json, sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

absent = set(json.loads(sys.argv[1]))
sys.meta_path.insert(0, Absent())
from click.testing import CliRunner
from bot.cli import main
said = {}
for line in json.loads(sys.argv[2]):
    done = CliRunner().invoke(main, line.split(), prog_name="valet")
    said[line] = (done.exit_code, done.output)
print(json.dumps(said))
"""
WORK = {
    "--version": "version 0",
    "--help": "Look after GPU machines",
    "agent --help": "Watch this host's GPUs",
    "agent --once": "--server",
    "agent unit --server https://valet.example.com": "ExecStart=",
    "agent user-data --server https://valet.example.com --package https://example.com/v.whl": "PACKAGE=",
    "agent user-data --server https://valet.example.com": "--package",
    "compose --domain valet.example.com": "services:",
    "dockerfile": "FROM ",
    "forecast --history h.csv --out o.csv": "",
    "init": "Wrote valet.toml",
    "prometheus-rules": "groups:",
    "unit": "[Service]",
}
"""What is typed, and a word of the answer."""
ARGUMENTS = {
    "digest": "--preview",
    "calendar": "--out feed.ics",
    "rent-or-buy": "p4d.24xlarge --price 150000",
    "restore": "h.csv",
    "token": "list",
}


def modules():
    packages = (Requirement(each).name for each in PROJECT["optional-dependencies"]["bot"])
    return [MODULES.get(each, each.replace("-", "_")) for each in packages]


def line(name):
    return f"{name} {ARGUMENTS.get(name, '')}".strip()


def of_the_bot():
    return sorted(COMMANDS.keys() - {each.split()[0] for each in WORK})


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder = tmp_path_factory.mktemp("machine")
    (folder / "h.csv").write_text("series,date,value\na,2026-01-01,1\n")
    lines = [*map(line, of_the_bot()), *WORK]
    command = [sys.executable, "-c", AGENT_ALONE, json.dumps(modules()), json.dumps(lines)]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("typed", WORK)
def test_the_agent_needs_no_package_of_the_bot(said, typed):
    assert WORK[typed] in said[typed][1]


SENTENCE = re.compile(r"Error: `valet [a-z-]+` needs the package[^;\n]+; this brings (them|it): .+\[bot.*\]'\n")
SURE = {"run", "demo", "doctor", "status", "token", "manifest", "digest", "audit", "backup", "restore", "calendar"}


@pytest.mark.parametrize("name", of_the_bot())
def test_a_command_works_or_says_in_one_sentence_what_to_install(said, name):
    code, output = said[line(name)]

    assert code != 1 or SENTENCE.fullmatch(output)
    assert name not in SURE or code == 1


def test_what_to_install_comes_from_where_this_came_from():
    assert line_for("bot").startswith(f"{sys.executable} -m pip install ")
    assert "[bot]" in line_for("bot")


def test_a_module_of_our_own_that_is_missing_is_no_matter_of_packages():
    for name in ("bot.nowhere", "sqlite3", None):
        with pytest.raises(ModuleNotFoundError):
            lacks(ModuleNotFoundError("No module", name=name), "run")
