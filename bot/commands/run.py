"""`valet run`: the bot."""

import logging
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.wiring import Valet


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

    _log(verbose=verbose)
    chosen = configuration.load(config)
    secrets = configuration.secrets()
    lock = ProcessLock(Path(chosen.database))
    try:
        store = Store(chosen.database)
        _work(build(chosen, secrets, store, clock=system_clock, rooms=providers(chosen, system_clock)))
    finally:
        lock.release()


def _log(*, verbose: bool) -> None:
    from bot.redaction import Redacting

    handler = logging.StreamHandler()
    handler.setFormatter(Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level="DEBUG" if verbose else "INFO", handlers=[handler])


def _work(valet: "Valet") -> None:
    """From start to SIGTERM."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    valet.start()
    logging.getLogger("bot").info("Valet runs; the door is on %s:%s", valet.door.host, valet.door.port)
    over.wait()
    valet.stop()
