"""The agent shares a host with other people's work: it stays small by what it does not import."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HEAVY = """
    slack_bolt slack_sdk boto3 botocore sqlite_utils sqlite3 pysqlite3 numpy pydantic starlette uvicorn anyio asyncio
    apscheduler prometheus_client websockets urllib.request
""".split()  # noqa: SIM905 - a list of names reads better as words


@pytest.mark.parametrize(
    "statement",
    [
        "from bot.agent.command import agent",
        "import bot.agent.run, bot.telemetry.nvml",
        (
            "from click.testing import CliRunner; from bot.agent.command import agent; "
            "print(CliRunner().invoke(agent, ['--once', '--print']).output)"
        ),
    ],
)
def test_the_agent_imports_nothing_heavy(statement):
    code = f"{statement}\nimport sys\nprint(sorted(set({HEAVY!r}) & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.splitlines()[-1] == "[]"


def test_its_help_alone_does_not_even_start_nvml():
    code = "from bot.agent.command import agent\nimport sys\nprint('pynvml' in sys.modules, 'ssl' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.split() == ["False", "False"]
