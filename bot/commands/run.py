"""`valet run`: the bot."""

import logging
import signal
import threading
from pathlib import Path

import click


@click.command()
@click.option(
    "--config",
    default="valet.toml",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Settings file.",
)
@click.option("--verbose", is_flag=True, help="Log more.")
def run(config: Path, *, verbose: bool) -> None:
    """Run the bot: Slack, the door for agents, and the jobs, in one process.

    Needs SLACK_BOT_TOKEN, and SLACK_APP_TOKEN for Socket Mode or SLACK_SIGNING_SECRET for HTTP; each may also be
    given as a file by NAME_FILE. SLACK_API_URL reaches another Slack, VALET_DB names the database.
    Exits with 75 when another process uses the same database.
    """
    from bot import settings as configuration
    from bot.domain.clock import system_clock
    from bot.wiring import build, providers
    from store import ProcessLock, Store

    logging.basicConfig(level="DEBUG" if verbose else "INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    chosen = configuration.load(config)
    secrets = configuration.secrets()
    lock = ProcessLock(Path(chosen.database))
    valet = build(chosen, secrets, Store(chosen.database), clock=system_clock, rooms=providers(chosen, system_clock))
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    valet.start()
    logging.getLogger("bot").info("Valet runs; the door is on %s:%s", valet.door.host, valet.door.port)
    over.wait()
    valet.stop()
    lock.release()
