"""What installs the bot: a unit that systemd takes, a Dockerfile that fits the program, and nothing smuggled in."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.commands.run import DRAIN_S
from bot.settings import SECRETS, Settings


def printed(*words):
    done = CliRunner().invoke(main, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def sections(text):
    """The unit as {section: {key: [values]}}."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = {}
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[list(found)[-1]].setdefault(key, []).append(value)
    return found


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@pytest.mark.parametrize("options", [[], ["--http"]])
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path, options):
    file = tmp_path / "valet.service"
    file.write_text(printed("unit", "--valet", sys.executable, *options))

    done = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, timeout=60, check=False)

    assert [line for line in done.stderr.splitlines() if "valet.service" in line] == []


def test_the_unit_runs_the_bot_with_secrets_from_files_only():
    service = sections(printed("unit"))["Service"]

    words = shlex.split(service["ExecStart"][0])
    assert words[-4:] == ["/opt/valet/bin/valet", "run", "--config", "/etc/valet/valet.toml"]
    for word in words[1:-4]:
        name, _, path = word.partition("=")
        assert name.removesuffix("_FILE") in SECRETS
        file = path.removeprefix("${CREDENTIALS_DIRECTORY}/")
        assert f"{file}:/etc/valet/{file}" in service["LoadCredential"]
    assert len(service["LoadCredential"]) == 2


def test_the_unit_for_http_brings_the_signing_secret_instead():
    text = printed("unit", "--http", "--secrets", "/run/keys/")

    assert "LoadCredential=slack-signing-secret:/run/keys/slack-signing-secret\n" in text
    assert "SLACK_APP_TOKEN" not in text


def test_the_unit_starts_it_again_and_waits_for_its_end():
    service = sections(printed("unit"))["Service"]

    assert service["Restart"] == ["always"]
    assert int(service["TimeoutStopSec"][0]) > DRAIN_S
    assert int(service["RestartSec"][0]) < 10, "Slack keeps nothing for us in between"
    assert service["StateDirectory"] == ["valet"]
    assert service["Environment"] == ["VALET_DB=/var/lib/valet/valet.db"]


@pytest.mark.parametrize(
    "line", ["DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateDevices=yes"]
)
def test_the_unit_is_closed(line):
    assert f"\n{line}\n" in printed("unit")


@pytest.mark.parametrize(
    "path", ["valet.toml", "/etc/my valet.toml", "/etc/x\nExecStartPre=/bin/sh", "/etc/%h", "/a;b"]
)
@pytest.mark.parametrize("option", ["--valet", "--config", "--secrets"])
def test_nothing_but_plain_paths_gets_into_the_unit(option, path):
    done = CliRunner().invoke(main, ["unit", option, path])

    assert done.exit_code == 1
    assert f"{option} must be an absolute path" in done.stderr


def instructions(text):
    """The Dockerfile as (instruction, argument) pairs."""
    joined = re.sub(r"\\\n\s*", "", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return [tuple(line.split(" ", 1)) for line in joined.splitlines() if line]


def test_the_dockerfile_fits_the_program():
    steps = instructions(printed("dockerfile", "--package", "https://example.com/valet.whl"))
    found = dict(steps)

    assert steps[0][0] == "FROM"
    assert not found["FROM"].endswith("latest")
    assert "pip install --no-cache-dir https://example.com/valet.whl" in found["RUN"]
    assert found["USER"] == "10001"
    assert found["EXPOSE"] == str(Settings().door.port)
    assert f"127.0.0.1:{Settings().door.port}/healthz" in found["HEALTHCHECK"]
    assert found["ENTRYPOINT"] == '["valet"]'
    assert CliRunner().invoke(main, ["run", "--help"]).exit_code == 0
    assert found["CMD"] == '["run", "--config", "/etc/valet/valet.toml"]'
    assert "VALET_DB=/var/lib/valet/valet.db" in found["ENV"]


def test_an_image_is_built_from_the_checkout_where_nothing_says_what_to_install(tmp_path):
    settings = tmp_path / "valet.toml"
    settings.write_text("")

    from_here = dict(instructions(printed("dockerfile", "--config", str(settings))))
    settings.write_text('[install]\npackage = "git+https://example.com/valet@v0.1.0"\n')
    from_there = dict(instructions(printed("dockerfile", "--config", str(settings))))

    assert from_here["COPY"] == ". /src"
    assert "pip install --no-cache-dir /src" in from_here["RUN"]
    assert "COPY" not in from_there
    assert from_there["RUN"].endswith("pip install --no-cache-dir git+https://example.com/valet@v0.1.0")


def test_the_package_of_the_image_is_one_word_to_the_shell():
    steps = dict(instructions(printed("dockerfile", "--package", "gpu-valet; rm -rf /")))

    assert steps["RUN"].endswith("pip install --no-cache-dir 'gpu-valet; rm -rf /'")


def test_a_package_of_two_lines_is_refused():
    done = CliRunner().invoke(main, ["dockerfile", "--package", "gpu-valet\nUSER root"])

    assert done.exit_code == 1
    assert "--package must be one line" in done.stderr
