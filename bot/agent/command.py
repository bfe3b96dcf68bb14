"""`valet agent`: the command line of the agent."""

from pathlib import Path
from typing import Any

import click

from bot.commands.options import config_option
from bot.commands.package import index_option, package_of, package_option


def _hostname() -> str:
    import socket

    return socket.gethostname()


STATE_HELP = (
    "Where unsent minutes, the count of deliveries and a pause are kept. Default: valet-agent below $XDG_STATE_HOME; "
    "without that below /var/lib for root and below ~/.local/state for others."
)
state_option = click.option(
    "--state",
    "state_dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=STATE_HELP,
)


def _seconds(_ctx: click.Context, _option: click.Parameter, given: str) -> float:
    """A length of time, such as 30m, 2h or 90s, in seconds."""
    number, unit = given[:-1], given[-1:]
    seconds = int(number) * {"s": 1, "m": 60, "h": 3600}.get(unit, 0) if number.isdecimal() else 0
    if not 0 < seconds <= 24 * 3600:
        raise click.BadParameter("expected something like 30m, 2h or 90s, a day at most.")
    return float(seconds)


server_option = click.option(
    "--server", required=True, metavar="URL", help="Where the bot's door is, for example https://valet.example.com."
)


@click.group(invoke_without_command=True)
@click.option("--server", metavar="URL", help="Where the bot's door is, for example https://valet.example.com.")
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="File with the token that `valet token add HOST` printed; not readable by everybody (chmod 600).",
)
@click.option(
    "--host",
    default=_hostname,
    show_default="this host's name",
    help="The name the token was made for.",
)
@click.option("--once", is_flag=True, help="Take two samples a second apart, push them, and exit: 0 if they arrived.")
@click.option(
    "--print",
    "print_",
    is_flag=True,
    help="Show every sample and the verdict that follows; works without --server too.",
)
@state_option
@click.option(
    "--insecure-http",
    is_flag=True,
    help="Allow plain http:// to another machine. The token is then readable on the way.",
)
@click.option(
    "--certificate",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A certificate of this host, where client_authority under [door] asks for one; read anew when it changes.",
)
@click.option(
    "--key", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="The private key of --certificate."
)
@click.option(
    "--allow-jobs",
    is_flag=True,
    help="Run the commands that [runs] in valet.toml lists, under this agent's own account; not as root.",
)
@click.pass_context
def agent(ctx: click.Context, /, **given: Any) -> None:
    """Watch this host's GPUs and report to the bot.

    Every 15 seconds the agent reads utilisation, memory and power of each GPU through NVML, once a minute the names
    and users of the programs on them (never command lines), and once a minute it sends what it saw. While the bot
    is away, minutes are kept, also over a restart of the agent, and sent later. It needs no root rights; run it as a
    service, outside containers or in the host's PID namespace, so that it sees the programs.

    SIGTERM ends it after it has sent what it has. Before `nvidia-smi --gpu-reset`, a change of MIG mode or a driver
    upgrade, `valet agent pause` makes it let go of the driver.

    TLS certificates are verified; SSL_CERT_FILE names a certificate authority of your own. --certificate and --key show
    the door one of this host.

    \b
    Exit codes:
      0  told to stop, or with --once: the push arrived
      1  refused or failed, with the reason on standard error
      2  wrong usage
    """
    if ctx.invoked_subcommand is not None:
        return
    import logging

    from bot.agent.run import Options, run

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ctx.exit(run(Options(**given)))


@agent.command("pause", short_help="Make the running agent let go of the driver for a while.")
@click.option(
    "--for",
    "seconds",
    metavar="TIME",
    callback=_seconds,
    default="1h",
    show_default=True,
    help="After this it goes on by itself; as in 30m or 2h.",
)
@click.option(
    "--wait",
    "wait_s",
    metavar="TIME",
    callback=_seconds,
    default="30s",
    show_default=True,
    help="How long to wait until it has let go.",
)
@state_option
@click.pass_context
def pause(ctx: click.Context, seconds: float, wait_s: float, state_dir: Path | None) -> None:
    """Make the running agent let go of the driver, for a GPU reset, a change of MIG mode or a driver upgrade.

    It returns when the driver is really released, and says who else holds it. Minutes meanwhile are unknown, never
    idle. The pause ends by itself, with `valet agent resume`, or with a reboot; it outlasts a restart of the agent.
    Run it as root or as the agent's user.

    \b
    Exit codes:
      0  released, or no agent runs
      1  not released in time, or not allowed, with the reason on standard error

    \b
    Example:
      sudo valet agent pause --for 30m && sudo nvidia-smi --gpu-reset
    """
    from bot.agent.pause import pause_agent as ask

    ctx.exit(ask(_folder(ctx, state_dir), seconds, wait_s=wait_s))


@agent.command("resume", short_help="End the pause of the running agent.")
@state_option
@click.pass_context
def resume(ctx: click.Context, state_dir: Path | None) -> None:
    """End the pause of the running agent before its time."""
    from bot.agent.pause import resume_agent as ask

    ctx.exit(ask(_folder(ctx, state_dir)))


@agent.command("unit", short_help="Print a systemd unit for the agent.")
@server_option
@click.option(
    "--host", metavar="NAME", help="The name the token was made for. Default: the host's name when it starts."
)
@click.option("--token-file", default="/etc/valet/token", show_default=True, metavar="FILE", help="Where the token is.")
@click.option("--valet", default="/opt/valet/bin/valet", show_default=True, metavar="FILE", help="Where valet is.")
@click.option(
    "--jobs-user",
    default="",
    metavar="USER",
    help="Run the agent as this account, with --allow-jobs: people's jobs run as it. Default: no jobs, few rights.",
)
@click.option("--certificate", metavar="FILE", help="A certificate of this host, where the door asks for one.")
@click.option(
    "--key", metavar="FILE", help="Its private key. systemd reads both at the start: restart it after a renewal."
)
def print_unit(
    server: str,
    host: str | None,
    token_file: str,
    valet: str,
    jobs_user: str,
    certificate: str | None,
    key: str | None,
) -> None:
    """Print a systemd unit that runs the agent with few rights, and starts it again whenever it ends.

    \b
    Example:
      valet agent unit --server https://valet.example.com > /etc/systemd/system/valet-agent.service
    """
    from bot.agent.shipping import agent_unit as text
    from bot.errors import Refused

    if bool(certificate) != bool(key):
        raise Refused("Give --certificate and --key together.")
    shown = (certificate, key) if certificate and key else None
    made = text(server, host=host, token_file=token_file, valet=valet, jobs_user=jobs_user, shown=shown)
    click.echo(made, nl=False)


@agent.command("user-data", short_help="Print EC2 user data that installs the agent.")
@server_option
@click.option(
    "--token-parameter",
    default="/valet/agents/{instance}",
    show_default=True,
    metavar="NAME",
    help="Parameter of the SSM Parameter Store with the machine's token; {instance} is the instance id. "
    'Empty (""): the token is in --token-file of the image.',
)
@click.option(
    "--token-file", default="/etc/valet/token", show_default=True, metavar="FILE", help="Where the token goes."
)
@package_option
@index_option
@config_option
def user_data(
    server: str, token_parameter: str, token_file: str, package: str | None, index: str | None, config_path: Path
) -> None:
    """Print EC2 user data: a script that installs the agent in /opt/valet at the first boot and starts it.

    What the agent needs, two packages, is listed in it by version and hash. It holds no secret. The instance's role
    must allow ssm:GetParameter on the parameter; the agent waits until it is there, so a token can be made once the
    instance id is known:

    \b
      valet token add i-0abc1234 | xargs -I% aws ssm put-parameter --type SecureString \\
        --name /valet/agents/i-0abc1234 --value %
    """
    from bot.agent.shipping import agent_user_data as text

    chosen = package_of(config_path, package, index)
    script = text(
        server,
        token_parameter=token_parameter,
        token_file=token_file,
        package=chosen.what,
        index=chosen.index,
    )
    click.echo(script, nl=False)


def _folder(ctx: click.Context, state_dir: Path | None) -> Path:
    """The state folder, named behind `agent` or behind its subcommand."""
    from bot.agent.host import default_state_dir

    return state_dir or (ctx.parent.params.get("state_dir") if ctx.parent else None) or default_state_dir()
