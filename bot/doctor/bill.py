"""Whether the provider's bill can be read, where the settings name a source of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot.billing.bill import Bill
from bot.billing.chosen import chosen
from bot.doctor.finding import Finding, error, fine, warning
from bot.domain.clock import DAY
from bot.errors import Unreachable, ValetError, answering
from bot.settings import Settings
from bot.settings.bill import REQUESTS_PER_LOOK
from store.checkup import looking
from store.money.bill import Read, newest

OLD = 3 * DAY
HINTS = {
    "cost-explorer": "Check [bill] and its role; `valet iam-policy --only read` has what it needs.",
    "focus": "Check path and columns under [bill], and whether the export is still delivered there.",
    "athena": "Check [bill] and its role; `valet iam-policy --only bill` prints what it needs.",
}


def check(settings: Settings, now: int) -> Iterator[Finding]:
    """Whether a look would work now, where that costs nothing to know, and how the last ones went."""
    source = chosen(settings)
    if source is None:
        return
    hint = HINTS[settings.bill.source]
    yield _tried(source, hint)
    if settings.bill.source == "cost-explorer" and not settings.bill.leaves_one:
        more = REQUESTS_PER_LOOK * settings.bill.looks_per_day + 1
        sentence = "AWS's own forecast is not asked for: the looks at the bill need all the requests of a day."
        yield warning("V804", sentence, f"Set bill.requests_per_day to {more} or more, or lower bill.looks_per_day.")
    good, bad = _looks(Path(settings.database), source.name)
    if bad is not None and (good is None or bad.looked_at > good.looked_at):
        yield warning("V802", f"The newest look at the bill ({_when(bad.looked_at)}) failed: {bad.error}.", hint)
    if good is None:
        yield fine("V802", f"The bill has not been read by {source.name} yet; a running Valet does it within the hour.")
        return
    sentence = f"The bill was last read by {source.name} at {_when(good.looked_at)}, as of {_when(good.as_of or 0)}."
    if now - (good.as_of or 0) > OLD:
        yield warning("V803", sentence, hint)
    else:
        yield fine("V803", sentence)


def _tried(source: Bill, hint: str) -> Finding:
    try:
        with answering(source.name):
            return fine("V801", source.check())
    except ValetError as wrong:
        return error("V801", f"{source.name} can't be read: {str(wrong).rstrip('.')}.", hint)


def _looks(path: Path, source: str) -> tuple[Read | None, Read | None]:
    """The newest look that went well and the newest that failed; none where the database can't be read."""
    if not path.exists():
        return None, None
    try:
        with looking(path) as db:
            return newest(db, source, ok=True), newest(db, source, ok=False)
    except (Unreachable, OSError):
        return None, None


def _when(instant: int) -> str:
    return datetime.fromtimestamp(instant / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
