"""`valet agent`: the command line of the agent."""

from pathlib import Path

import click


def _hostname() -> str:
    import socket

    return socket.gethostname()


@click.command()
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
@click.option("--print", "print_", is_flag=True, help="Show every sample as a table; works without --server too.")
@click.option(
    "--state",
    "state_dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where unsent minutes and the count of deliveries are kept. Default: valet-agent below $XDG_STATE_HOME; without that below "
    "/var/lib for root and below ~/.local/state for others.",
)
@click.option(
    "--insecure-http",
    is_flag=True,
    help="Allow plain http:// to another machine. The token is then readable on the way.",
)
def agent(
    server: str | None,
    token_file: Path | None,
    host: str,
    *,
    once: bool,
    print_: bool,
    state_dir: Path | None,
    insecure_http: bool,
) -> None:
    """Watch this host's GPUs and report to the bot.

    Every 15 seconds the agent reads utilisation, memory and power of each GPU through NVML, once a minute the names
    and users of the programs on them (never command lines), and once a minute it sends what it saw. While the bot
    is away, minutes are kept, also over a restart of the agent, and sent later. It needs no root rights; run it as a service, outside
    containers or in the host's PID namespace, so that it sees the programs.

    SIGTERM ends it after it has sent what it has. Stop it before `nvidia-smi --gpu-reset`, a change of MIG mode or a
    driver upgrade: an open NVML client blocks those.

    TLS certificates are verified; SSL_CERT_FILE names a certificate authority of your own.

    \b
    Exit codes:
      0  told to stop, or with --once: the push arrived
      1  refused or failed, with the reason on standard error
      2  wrong usage
    """
    import logging

    from bot.agent.run import Options, run

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    options = Options(
        server=server,
        token_file=token_file,
        host=host,
        once=once,
        print_=print_,
        state_dir=state_dir,
        insecure_http=insecure_http,
    )
    click.get_current_context().exit(run(options))
