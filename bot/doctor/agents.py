"""Which hosts have a token, whether their agents report, and whether they see their GPUs."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.doctor.finding import Finding, fine, warning
from bot.domain.clock import HOUR, MINUTE
from bot.domain.measuring.heard import Heard
from bot.errors import Unreachable
from bot.settings import Settings
from store import fleet
from store.checkup import holder, looking
from store.measuring import agents, hosts
from store.sql import Row

SILENT = 15 * MINUTE


def check(settings: Settings, now: int) -> Iterator[Finding]:
    """Silent and blind agents, each by name; nothing where the database can't be read, a finding of its own."""
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
    lately = {row["host"] for row in known if row not in silent and row["last_seen_at"] is not None}
    blind = list(_blind(path, lately))
    yield from blind
    if not silent and not blind:
        yield fine("V601", _all_well(len(known), len(lately)))


def _all_well(known: int, report: int) -> str:
    if report == known:
        return f"Hosts with a token: {known}. All of them report."
    return f"Hosts with a token: {known}. {report} report; {known - report} got theirs just now, and have not yet."


def _blind(path: Path, reporting: set[str]) -> Iterator[Finding]:
    """Agents that report, and can't read what they should."""
    heard, expected = _heard(path)
    for host in sorted(reporting & heard.keys()):
        told, count = heard[host], expected.get(host, 0)
        if told.error:
            hint = "Look at the driver there; `valet agent --once` on the host says what is wrong."
            yield warning("V604", f"The agent of {host} says: {told.error.rstrip('.')}.", hint)
        elif not told.gpus_seen:
            yield warning("V604", f"{host} reports, and its agent finds no GPU there.", "Look at the driver there.")
        elif told.gpus_seen < count:
            hint = f"Look at the driver there. If they were taken out: `/gpu count {host} {told.gpus_seen}` in Slack."
            yield warning("V605", f"The agent of {host} sees {told.gpus_seen} of {count} GPUs.", hint)


def _heard(path: Path) -> tuple[Mapping[str, Heard], Mapping[str, int]]:
    """What agents say of themselves, and how many GPUs machines have; nothing before Valet has first kept it."""
    try:
        with looking(path) as db:
            return hosts.all_of(db), {key: count for key, (_, count) in fleet.known(db).items()}
    except Unreachable:
        return {}, {}


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
