"""The command line as a whole: complete, light, and true to its exit codes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bot import commands
from bot.cli import COMMANDS, main
from store import ProcessLock

HEAVY = ("apscheduler", "boto3", "botocore", "numpy", "pydantic", "slack_bolt", "slack_sdk", "sqlite3", "sqlite_utils")


def valet(*words):
    return CliRunner().invoke(main, words, prog_name="valet")


def subcommands(group, *path):
    """Every command below a group, with the words that lead to it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from subcommands(command, *path, name)


def modules_after(*words):
    """What is imported once `valet ...` has run, in a process of its own."""
    code = (
        "import json, sys\nfrom bot.cli import main\n"
        f"try: main({list(words)!r}, prog_name='valet')\nexcept SystemExit: pass\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return {name.partition(".")[0] for name in json.loads(ran.stderr.splitlines()[-1])}


def test_help_lists_every_command():
    said = valet("--help").stdout

    assert re.findall(r"^  ([a-z-]+)  +\S", said.partition("Commands:")[2], re.MULTILINE) == list(COMMANDS)
    assert all(line in said for _, line in COMMANDS.values())


def test_no_command_is_left_out():
    modules = {module for module, _ in COMMANDS.values()}

    left_out = [
        file.name
        for file in Path(commands.__path__[0]).glob("*.py")
        if re.search(r"@click\.(command|group)\(", file.read_text()) and f"bot.commands.{file.stem}" not in modules
    ]

    assert left_out == []


def test_no_command_comes_as_help_and_wrong_usage():
    result = valet()

    assert result.exit_code == 2
    assert "Commands:" in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_help(name):
    result = valet(name, "--help")

    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: valet {name} ")


def test_every_option_has_its_help():
    silent = [
        (*path, option.name)
        for path, command in subcommands(main)
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]

    assert silent == []


def test_every_command_says_what_it_does():
    assert [path for path, command in subcommands(main) if not (command.help or "").strip()] == []


def test_a_mistyped_command_gets_the_nearest_names():
    result = valet("docter")

    assert result.exit_code == 2
    assert 'There is no command "docter". Did you mean doctor' in result.stderr


def test_the_version_is_told():
    assert valet("--version").stdout.startswith("valet, version ")


@pytest.mark.parametrize("words", [["--help"], ["agent", "--help"], ["agent", "--once"]])
def test_the_agent_imports_nothing_of_the_bot(words):
    assert modules_after(*words) & {*HEAVY, "handlers", "store"} == set()


def test_a_wrong_setting_is_told_before_all_of_the_bot_is_read(tmp_path):
    (tmp_path / "valet.toml").write_text("[slack]\nchanel = 'C1'")

    assert modules_after("run", "--config", str(tmp_path / "valet.toml")) & {"handlers", "store"} == set()


def test_a_refusal_is_its_sentence_and_exit_code_1(tmp_path):
    result = valet("token", "list", "--config", str(tmp_path / "none.toml"))

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: There is no settings file ")
    assert "Traceback" not in result.output


@pytest.mark.slow
def test_a_second_valet_exits_with_75_and_names_the_first(tmp_path):
    lock = ProcessLock(tmp_path / "valet.db")
    (tmp_path / "valet.toml").touch()
    secrets = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "VALET_DB": str(tmp_path / "valet.db")}

    words = [sys.executable, "-m", "bot", "run", "--config", str(tmp_path / "valet.toml")]
    second = subprocess.run(words, env=os.environ | secrets, capture_output=True, text=True, timeout=60, check=False)

    assert second.returncode == 75
    assert f"is in use by process {os.getpid()}" in second.stderr
    lock.release()


def test_python_m_bot_is_valet():
    ran = subprocess.run(
        [sys.executable, "-m", "bot", "--help"], capture_output=True, text=True, timeout=60, check=True
    )

    assert ran.stdout.startswith("Usage: valet ")
