"""What is said where a source of machines is silent: sums lack it, and its machines are shown as they were."""

from collections.abc import Callable, Sequence

from bot.domain.machines.sources import UnreadSource
from handlers.blocks.words import about, esc, length, near, per_hour, plural

SOURCES_NAMED = 2


def not_counted(silent: Sequence[UnreadSource], now: int) -> list[str]:
    """A sentence for each: what a sum up to now lacks."""
    return _each(silent, lambda each: f"{_read(each, now)}: {_lacks(each)}")


def not_worked_out(silent: Sequence[UnreadSource], now: int) -> list[str]:
    """A sentence for each: what was saved there is not known yet."""
    return _each(silent, lambda each: f"{_read(each, now)}: what was saved there since is not worked out yet.")


def as_they_were(silent: Sequence[UnreadSource], now: int) -> list[str]:
    """A sentence for each: how old what is said of its machines is."""
    return _each(silent, lambda each: f"{_read(each, now)}: its machines are shown as they were then.")


def _each(silent: Sequence[UnreadSource], say: Callable[[UnreadSource], str]) -> list[str]:
    more = len(silent) - SOURCES_NAMED
    rest = [f"{plural(more, 'more source')} of machines {'is' if more == 1 else 'are'} silent too."] if more > 0 else []
    return [say(each) for each in silent[:SOURCES_NAMED]] + rest


def _read(each: UnreadSource, now: int) -> str:
    name = esc(each.name, 40)
    if each.since is None:
        return f":warning: {name} was never read"
    return f":warning: {name} was last read {near(each.since, now)}, {length(now - each.since)} ago"


def _lacks(each: UnreadSource) -> str:
    if each.since is None:
        return "nothing of it is counted."
    if not each.running:
        return "what ran there since is not counted yet."
    whose = "its running machine" if each.running == 1 else f"its {each.running:,} running machines"
    rate = f" ({about(exact=each.exact)}{per_hour(each.micros_per_hour)})" if each.micros_per_hour else ""
    return f"what {whose}{rate} cost since is not counted yet."
