"""The recording rules that are shipped, by Prometheus's own test tool."""

import subprocess
from pathlib import Path

from click.testing import CliRunner

import bot.telemetry
from bot.cli import main
from tests.live.prometheus.server import tool

RULES = Path(bot.telemetry.__path__[0]) / "rules.yml"


def run(*arguments: object) -> str:
    line = [tool("promtool"), *map(str, arguments)]
    said = subprocess.run(line, check=False, capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout


def test_the_command_prints_the_rules_as_prometheus_takes_them(tmp_path):
    printed = CliRunner().invoke(main, ["prometheus-rules"])
    (tmp_path / "rules.yml").write_text(printed.output)

    assert printed.output == RULES.read_text()
    assert "SUCCESS: 3 rules found" in run("check", "rules", tmp_path / "rules.yml")


def test_the_rules_take_old_and_new_names_and_no_false_zero(tmp_path):
    test = (Path(__file__).parent / "rules_test.yml").read_text()
    (tmp_path / "test.yml").write_text(test.replace("RULES", str(RULES)))

    assert "SUCCESS" in run("test", "rules", tmp_path / "test.yml")
