"""What installs the agent elsewhere: the systemd unit, and EC2 user data that sets it up."""

import re
import shlex
from pathlib import Path

from bot.agent.post import Server
from bot.commands.files import FILES
from bot.commands.package import Package
from bot.errors import Refused

AGENT_FILES = Path(__file__).with_name("files")
HOST_SPECIFIER = "%H"
"""systemd's word for the host's name."""
HOST_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}", re.ASCII)
PATH_PATTERN = re.compile(r"/[A-Za-z0-9._/+@-]*", re.ASCII)
PARAMETER = re.compile(r"/?[A-Za-z0-9._/-]*(\{instance\})?[A-Za-z0-9._/-]*", re.ASCII)
SHOWS_CERTIFICATE = " --certificate ${CREDENTIALS_DIRECTORY}/certificate --key ${CREDENTIALS_DIRECTORY}/key"
UNIX_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}", re.ASCII)
AGENT_NEEDS = frozenset({"click", "nvidia-ml-py"})
"""All that the agent needs."""
MAX_USER_DATA_BYTES = 16 * 1024
"""EC2 takes no more."""


def agent_unit(
    server: str,
    *,
    host: str | None,
    token_file: str,
    valet: str,
    jobs_user: str = "",
    shown: tuple[str, str] | None = None,
) -> str:
    """The systemd unit; `shown` are files of a certificate and its key. Raises Refused for what cannot stand in one."""
    _check_server(server)
    if host is not None and not HOST_PATTERN.fullmatch(host):
        raise Refused("--host must be letters, digits, dots and dashes.")
    paths = [("--token-file", token_file), ("--valet", valet)]
    paths += zip(("--certificate", "--key"), shown or (), strict=False)
    for option, path in paths:
        if not PATH_PATTERN.fullmatch(path):
            raise Refused(f"{option} must be an absolute path of plain characters, without spaces.")
    if jobs_user and (jobs_user == "root" or not UNIX_USER.fullmatch(jobs_user)):
        raise Refused("--jobs-user must be an account of this host, and not root.")
    return _filled(
        "valet-agent-jobs.service" if jobs_user else "valet-agent.service",
        SERVER=server.replace("%", "%%"),
        HOST=host or HOST_SPECIFIER,
        TOKEN=token_file,
        VALET=valet,
        SHOWN=SHOWS_CERTIFICATE if shown else "",
        SHOWN_FILES=f"\nLoadCredential=certificate:{shown[0]}\nLoadCredential=key:{shown[1]}" if shown else "",
        **({"USER": jobs_user} if jobs_user else {}),
    )


def agent_user_data(server: str, *, token_parameter: str, token_file: str, package: str, index: str = "") -> str:
    """The script for EC2; with an empty `token_parameter` the token is expected in the file. Raises Refused."""
    _check_server(server)
    if not Package(package, index).what:
        raise Refused(
            "Say what pip shall install on the machine, as Valet is on no index: --package with a wheel's address or "
            "git+https://..., or package under [install] in the settings."
        )
    if not PARAMETER.fullmatch(token_parameter):
        raise Refused("--token-parameter must be a parameter's name; {instance} in it stands for the instance id.")
    if not PATH_PATTERN.fullmatch(token_file):
        raise Refused("--token-file must be an absolute path of plain characters, without spaces.")
    from_where = "from the Parameter Store" if token_parameter else "or lies there already"
    return _filled(
        "user-data.sh",
        SERVER=shlex.quote(server),
        PACKAGE=shlex.quote(package),
        INDEX=shlex.quote(index),
        CONSTRAINTS=_agent_constraints(),
        PARAMETER=shlex.quote(token_parameter),
        TOKEN_FILE=shlex.quote(token_file),
        TOKEN_NOTE=from_where,
    )


def _agent_constraints() -> str:
    """The pins of the packages that the agent needs, with their hashes."""
    pins = re.split(r"\n(?=\S)", (FILES / "constraints.txt").read_text().strip())
    return "\n".join(pin for pin in pins if pin.partition("==")[0] in AGENT_NEEDS)


def _check_server(server: str) -> None:
    Server.parse(server)
    if not re.fullmatch(r"[!#-&(-;=?-Z_a-z~]+", server, re.ASCII) or "$" in server or ";" in server:
        raise Refused("--server must be an address of plain characters.")


def _filled(name: str, **values: str) -> str:
    text = (AGENT_FILES / name).read_text()
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text
