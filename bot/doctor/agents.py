"""Which hosts have a token, and whether their agents report."""

from collections.abc import Iterator
from pathlib import Path

from bot.doctor.finding import Finding, fine, warning
from bot.domain.clock import HOUR, MINUTE
from bot.errors import Unreachable
from bot.settings import Settings
from store.checkup import holder, looking
from store.measuring import agents
from store.sql import Row

SILENT = 15 * MINUTE


def check(settings: Settings, now: int) -> Iterator[Finding]:
    """Silent agents, each by name; nothing where the database can't be read, which is a finding of its own."""
    path = Path(settings.database)
    try:
        known = _tokens(path)
        runs = holder(path) is not None
    except (Unreachable, OSError):
        return
    if not known:
        yield _nobody(settings)
        return
    if not runs:
        yield fine("V601", f"Hosts with a token: {len(known)}. While no Valet runs, none of them can report.")
        return
    silent = [row for row in known if now - (row["last_seen_at"] or row["created_at"]) > SILENT]
    for row in silent:
        yield _silent(row, now)
    if not silent:
        yield fine("V601", f"Hosts with a token: {len(known)}. All of them report, or were added just now.")


def _tokens(path: Path) -> list[Row]:
    if not path.exists():
        return []
    with looking(path) as db:
        return agents.all_hosts(db)


def _nobody(settings: Settings) -> Finding:
    hint = "Make a token with `valet token add HOST`, and run `valet agent` on that host."
    if settings.aws:
        return warning("V602", "No agent has a token, so whether machines are used is unknown.", hint)
    return warning("V602", "There is nothing to look after: no [[aws]], and no agent has a token.", hint)


def _silent(row: Row, now: int) -> Finding:
    seen = row["last_seen_at"]
    when = f"has not reported for {_long(now - seen)}" if seen else "has a token, but has never reported"
    return warning(
        "V603",
        f"{row['host']} {when}.",
        "Look at `valet agent` there; `valet agent --once` says what is wrong. If the host is gone: "
        f"`valet token revoke {row['host']}`.",
    )


def _long(length: int) -> str:
    return f"{length // HOUR} h" if length >= 2 * HOUR else f"{length // MINUTE} min"
