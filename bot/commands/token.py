"""`valet token`: tokens for the agents on GPU hosts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.options import config_option, settings_of

if TYPE_CHECKING:
    from sqlite_utils import Database

    from store import Store

TOKEN_START = "vlt_"  # noqa: S105 - every token begins so, and none is only that
WHO = "command line"
USE = """\
This is the token of {host}{alias}; it is shown only this once.{replaced} On that host, put it in a file that only
the agent's user may read, and run:
  valet agent --server URL --token-file FILE --host {host}
URL is where that host reaches the door of Valet ([door] in the settings: port {port} of {address}).\
"""


@click.group("token", short_help="Make, revoke and list tokens of agents.")
def token() -> None:
    """Make, revoke and list tokens of agents.

    Each GPU host reports with a token of its own. Only a hash of it is kept. Changes work at once, also while Valet
    runs; make them as the user it runs as, so that the database stays that user's.
    """


@token.command("add", short_help="Make a token for a host, and print it once.")
@click.argument("host")
@config_option
def add(host: str, config_path: Path) -> None:
    """Make a token for HOST, and print it once.

    HOST is the id of a rented machine (i-0abc1234...), or its name where Valet knows it already; for a machine of your
    own it is the name it shall go by: letters, digits, dots and dashes. A token HOST had before stops working.

    The token goes to standard output, and how to use it to standard error.

    \b
    Example:
      (umask 077; valet token add dgx-1 > dgx-1.token)
    """
    import hashlib
    import secrets

    from bot.domain.clock import system_clock
    from store import audit
    from store.machines import agents

    settings = settings_of(config_path)
    made = TOKEN_START + secrets.token_urlsafe(32)
    now = system_clock()
    with _opened(settings.database) as store, store.writing() as db:
        hosts = {row["host"] for row in agents.live_tokens(db)}
        name = host if host in hosts | set(settings.owned.hosts) else _meant(db, host)
        _refuse_misfit(name)
        had_one = name in hosts
        if not had_one and name not in settings.owned.hosts:
            _refuse_taken(name)
        agents.add(db, name, hashlib.sha256(made.encode()).hexdigest(), now)
        audit.add(db, now, WHO, "made a token", subject=name)
    click.echo(made)
    alias = "" if name == host else f", the id of {host}"
    replaced = " The one it had before has stopped working." if had_one else ""
    door = settings.door
    click.echo(
        USE.format(host=name, alias=alias, replaced=replaced, port=door.port, address=door.host),
        err=True,
    )


@token.command("revoke", short_help="Make a host's token stop working.")
@click.argument("host")
@config_option
def revoke(host: str, config_path: Path) -> None:
    """Make the token of HOST stop working, at once.

    What the host has reported stays.
    """
    from bot.domain.clock import system_clock
    from bot.errors import NotFound
    from bot.nearest import nearest
    from store import audit
    from store.machines import agents

    now = system_clock()
    with _opened(settings_of(config_path).database) as store, store.writing() as db:
        hosts = [row["host"] for row in agents.live_tokens(db)]
        name = host if host in hosts else _meant(db, host)
        if not agents.revoke_token(db, name, now):
            close = tuple(nearest(host, hosts))
            hint = f" Did you mean {' or '.join(close)}?" if close else " `valet token list` shows who has one."
            raise NotFound(f"{host} has no token.{hint}", close)
        audit.add(db, now, WHO, "revoked a token", subject=name)
    click.echo(f"The token of {name} has stopped working.", err=True)


@token.command("list", short_help="List the hosts that have a token.")
@config_option
def list_(config_path: Path) -> None:
    """List the hosts that have a token, with when it was made, and when and from where they last reported."""
    from store.machines import agents

    with _opened(settings_of(config_path).database) as store:
        known = agents.live_tokens(store.reading())
    if not known:
        click.echo("No host has a token. `valet token add HOST` makes one.", err=True)
        return
    width = max(len(row["host"]) for row in known)
    click.echo(f"{'host':<{width}}  {'made (UTC)':<16}  {'last report':<16}  from")
    for row in known:
        made, seen = _time(row["created_at"]), _time(row["last_seen_at"])
        click.echo(f"{row['host']:<{width}}  {made:<16}  {seen:<16}  {row['last_ip'] or '-'}")


@contextmanager
def _opened(database: str) -> "Iterator[Store]":
    # Without the process lock: Valet may be running.
    from store import Store

    store = Store(database)
    try:
        yield store
    finally:
        store.close()


def _meant(db: "Database", word: str) -> str:
    """The id of the rented machine of this name; else the word itself. Raises Refused when several have the name.

    Ids go before names: anybody who may tag a machine can give it another's id for a name.
    """
    from bot.errors import Refused
    from store.machines import listings

    if _looks_like_an_id(word) or listings.by_id(db, word) is not None:
        return word
    ids = [
        found.instance.id
        for found in listings.matching_listings(db, word)
        if found.instance.provider == "ec2" and word in {found.instance.name, found.instance.told_name}
    ]
    if len(ids) > 1:
        raise Refused(f'{len(ids)} rented machines are called "{word}": {", ".join(ids)}. Say which, by its id.')
    return ids[0] if ids else word


def _looks_like_an_id(word: str) -> bool:
    import re

    return re.fullmatch(r"i-[0-9a-f]{8,17}", word, re.ASCII) is not None


def _refuse_misfit(name: str) -> None:
    import re

    from bot.errors import Refused

    if name.startswith("i-") and not _looks_like_an_id(name):
        raise Refused(f'"{name}" is no id of a rented machine: expected i- and 8 to 17 of the digits 0-9 and a-f.')
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", name, re.ASCII):
        raise Refused(f'"{name}" is no name for a host: expected letters, digits, dots and dashes, 63 at most.')


def _refuse_taken(name: str) -> None:
    from bot.errors import Refused
    from handlers.parsing.reserved import reserved_meaning

    means = reserved_meaning(name)
    if means:
        raise Refused(f'"{name}" means {means} in commands, so no machine is called so. Try one like dgx-one.')


def _time(at: int | None) -> str:
    from datetime import UTC, datetime

    return "never" if at is None else datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M")
