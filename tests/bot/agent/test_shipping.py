"""What installs the agent elsewhere: valid for systemd and bash, and without a way to smuggle anything in."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.agent.shipping import AGENT_NEEDS, MAX_USER_DATA_BYTES, agent_unit, agent_user_data
from bot.cli import main
from bot.errors import Refused

SERVER = "https://valet.example.com"
WHEEL = "https://example.com/gpu_valet-0.1.0-py3-none-any.whl"
needs_bash = pytest.mark.skipif(not shutil.which("bash"), reason="bash is needed to read the script")


def _unit(server=SERVER, *, host=None, token_file="/etc/valet/token", valet=sys.executable):
    return agent_unit(server, host=host, token_file=token_file, valet=valet)


def _user_data(
    server=SERVER,
    *,
    token_parameter="/valet/agents/{instance}",
    token_file="/etc/valet/token",
    package="git+https://example.com/valet@v0.1.0",
    index="",
):
    return agent_user_data(server, token_parameter=token_parameter, token_file=token_file, package=package, index=index)


def _printed(*arguments):
    return CliRunner().invoke(main, ["agent", *arguments])


def test_the_unit_is_printed_with_what_was_given():
    done = _printed("unit", "--server", SERVER, "--host", "dgx-1", "--valet", "/usr/bin/valet")

    assert done.exit_code == 0, done.output
    assert "ExecStart=/usr/bin/valet agent --server https://valet.example.com --host dgx-1 --token-file" in done.output
    assert "LoadCredential=token:/etc/valet/token\n" in done.output
    assert not re.search(r"@[A-Z_]+@", done.output)


def test_without_a_name_the_host_is_what_it_is_called_when_it_starts():
    assert "--host %H --token-file" in _unit()


@pytest.mark.parametrize("line", ["DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "Restart=always"])
def test_the_unit_is_closed_where_it_can_be(line):
    assert f"\n{line}\n" in _unit()


@pytest.mark.parametrize("setting", ["PrivateDevices", "DeviceAllow", "ProtectClock", "PrivateUsers", "ProtectProc"])
def test_the_unit_is_open_where_nvml_and_the_names_of_programs_need_it(setting):
    assert not re.search(rf"^{setting}=", _unit(), re.M)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    file = tmp_path / "valet-agent.service"
    file.write_text(_unit())

    done = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, timeout=60, check=False)

    complaints = [line for line in done.stderr.splitlines() if "valet-agent.service" in line]
    assert complaints == []


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_the_unit_shows_a_certificate_where_the_door_asks_for_one():
    shown = ("/etc/valet/agent.pem", "/etc/valet/agent.key")
    text = agent_unit(SERVER, host=None, token_file="/etc/valet/token", valet="/x", shown=shown)

    command = re.search(r"^ExecStart=.*$", text, re.M)[0]
    assert command.endswith("--certificate ${CREDENTIALS_DIRECTORY}/certificate --key ${CREDENTIALS_DIRECTORY}/key")
    assert "\nLoadCredential=certificate:/etc/valet/agent.pem\nLoadCredential=key:/etc/valet/agent.key\n" in text
    assert "--certificate" not in _unit()


@pytest.mark.parametrize("words", [["--certificate", "/a"], ["--key", "/a"], ["--certificate", "/a b", "--key", "/a"]])
def test_half_a_certificate_or_a_strange_path_is_refused(words):
    assert _printed("unit", "--server", SERVER, *words).exit_code == 1


def test_the_unit_options_are_those_the_agent_has():
    arguments = re.search(r"^ExecStart=\S+ agent (.*)$", _unit(), re.M)[1].split()

    done = _printed(*[each for each in arguments if each.startswith("--")], "--help")

    assert done.exit_code == 0


@needs_bash
@pytest.mark.parametrize("parameter", ["/valet/agents/{instance}", ""])
def test_bash_can_read_the_user_data(parameter):
    done = subprocess.run(
        ["bash", "-n"],
        input=_user_data(token_parameter=parameter),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing(tmp_path):
    file = tmp_path / "user-data.sh"
    file.write_text(_user_data())

    done = subprocess.run(["shellcheck", file], capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout == ""


def test_the_user_data_fits_and_holds_what_to_install_and_no_secret():
    text = _printed("user-data", "--server", SERVER, "--package", WHEEL).output

    assert len(text.encode()) < MAX_USER_DATA_BYTES
    assert f"PACKAGE={WHEEL}\n" in text
    assert "vlt_" not in text
    assert not re.search(r"@[A-Z_]+@", text)


@needs_bash
@pytest.mark.parametrize(
    ("parameter", "fetched"), [("/valet/agents/{instance}", "/valet/agents/i-0abc1234"), ("/one", "/one"), ("", None)]
)
def test_the_user_data_sets_everything_up_on_a_machine(tmp_path, parameter, fetched):
    machine = _Machine(tmp_path)

    done = machine.boots(_user_data(token_parameter=parameter, token_file=f"{tmp_path}/etc/valet/token"))

    unit_text = machine.file("etc/systemd/system/valet-agent.service")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("valet-agent: installed for i-0abc1234\n")
    assert "--host i-0abc1234 --token-file" in unit_text
    assert f"pip install -q --require-hashes -r {tmp_path}/opt/valet/constraints.txt" in machine.said
    assert "pip install -q git+https://example.com/valet@v0.1.0" in machine.said
    assert re.findall(r"^[\w-]+(?===)", machine.file("opt/valet/constraints.txt"), re.M) == sorted(AGENT_NEEDS)
    assert machine.said.rstrip().endswith("systemctl start --no-block valet-agent.service")
    if fetched:
        machine.runs("usr/local/sbin/valet-agent-token")
        assert machine.file("etc/valet/token") == f"token of {fetched}\n"
        assert (tmp_path / "etc/valet/token").stat().st_mode & 0o77 == 0


class _Machine:
    """A machine whose commands only note down that they were called; its files lie in a folder."""

    def __init__(self, root):
        self.root = root
        (root / "bin").mkdir()
        for folder in ("usr/local/sbin", "etc/systemd/system", "opt/valet/bin"):
            (root / folder).mkdir(parents=True)
        here = f"{sys.executable} -c 'from bot.cli import main; main()'"
        self._command("bin/curl", 'case "$*" in *-id) echo i-0abc1234;; *region) echo eu-west-1;; *) echo s;; esac')
        self._command("bin/aws", 'while [ "$1" != --name ]; do shift; done; echo "token of $2"')
        self._command("bin/systemctl", 'echo "systemctl $*" >>"$LOG"')
        self._command("bin/python3", 'echo "python3 $*" >>"$LOG"')
        self._command("opt/valet/bin/pip", 'echo "pip $*" >>"$LOG"')
        self._command("opt/valet/bin/valet", f'exec {here} "$@"')

    def boots(self, script):
        return self._run(
            ["bash", "-c", re.sub(r"(?<![\w.}])/(opt|usr/local|etc/systemd)/", rf"{self.root}/\1/", script)]
        )

    def runs(self, path):
        assert self._run(["bash", self.root / path]).returncode == 0

    def file(self, path):
        return (self.root / path).read_text()

    @property
    def said(self):
        return self.file("log")

    def _run(self, command):
        path = f"{self.root}/bin:{os.environ['PATH']}"
        env = os.environ | {"PATH": path, "LOG": str(self.root / "log"), "PYTHONPATH": str(Path.cwd())}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)

    def _command(self, path, text):
        (self.root / path).write_text(f"#!/bin/bash\n{text}\n")
        (self.root / path).chmod(0o755)


@pytest.mark.parametrize(
    "server",
    [
        "ftp://valet.example.com",
        "http://valet.example.com",
        "https://valet.example.com/$(reboot)",
        "https://valet.example.com/`reboot`",
        "https://valet.example.com/\nExecStartPre=/sbin/reboot",
        "https://valet.example.com/ --once",
        "https://valet.example.com/';reboot;'",
    ],
)
def test_an_address_that_is_more_than_one_is_refused(server):
    with pytest.raises(Refused):
        _unit(server)
    with pytest.raises(Refused):
        _user_data(server)


def test_a_percent_sign_is_no_word_of_systemds():
    assert "--server https://valet.example.com/a%%20b " in _unit("https://valet.example.com/a%20b")


@pytest.mark.parametrize(
    "values", [{"host": "a b"}, {"host": "$(x)"}, {"token_file": "token"}, {"token_file": "/a b"}, {"valet": "/a;b"}]
)
def test_names_and_paths_that_could_mean_more_are_refused(values):
    with pytest.raises(Refused):
        _unit(**values)


@pytest.mark.parametrize("values", [{"token_parameter": "a'b"}, {"token_parameter": "$(x)"}, {"token_file": "x"}])
def test_parameters_that_could_mean_more_are_refused(values):
    with pytest.raises(Refused):
        _user_data(**values)


def test_what_to_install_comes_from_the_settings_and_is_asked_for_where_nothing_says_it(tmp_path):
    settings = tmp_path / "valet.toml"
    settings.write_text("")

    refused = _printed("user-data", "--server", SERVER, "--config", str(settings))
    settings.write_text(f'[install]\npackage = "{WHEEL}"\n')
    printed = _printed("user-data", "--server", SERVER, "--config", str(settings))

    assert refused.exit_code == 1
    assert "Valet is on no index: --package with a wheel's address" in refused.stderr
    assert f"PACKAGE={WHEEL}\n" in printed.output


@needs_bash
def test_a_package_is_one_word_to_bash():
    text = _user_data(package="a; reboot", index="https://pypi.example.com/simple")

    assert "PACKAGE='a; reboot'\nINDEX=https://pypi.example.com/simple\n" in text


def test_a_name_is_installed_from_an_index_of_ones_own_only():
    with pytest.raises(Refused, match="may be anybody's"):
        _user_data(package="gpu-valet==0.1.0")


def test_a_unit_for_jobs_runs_as_that_account_and_never_as_root():
    text = agent_unit(SERVER, host="dgx-1", token_file="/etc/valet/token", valet="/opt/valet/bin/valet", jobs_user="ml")

    assert "\nUser=ml\n" in text
    assert " --allow-jobs\n" in text
    assert "@" not in text.replace("@system", "")
    for account in ("root", "Ml", "a b", "x;y"):
        with pytest.raises(Refused, match="--jobs-user"):
            agent_unit(SERVER, host=None, token_file="/etc/valet/token", valet="/x", jobs_user=account)
