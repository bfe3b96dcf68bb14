"""Whether the price lists that the settings name can be read, and how old they are."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from bot.billing import quotes
from bot.doctor.finding import Finding, fine, warning
from bot.errors import Unreachable
from bot.settings import Settings

OLD_DAYS = 90


def check(settings: Settings, now: int) -> Iterator[Finding]:
    """One finding per price list; none where none is named."""
    today = datetime.fromtimestamp(now / 1000, UTC).date()
    for cloud, path in settings.catalogs.items():
        yield _list(cloud, path, today)


def _list(cloud: str, path: str, today: date) -> Finding:
    try:
        found = quotes.catalog(cloud, path)
    except Unreachable as error:
        hint = "It is a CSV with InstanceType, AcceleratorName, AcceleratorCount and Price, as in skypilot-catalog."
        return warning("V901", str(error), hint)
    if not found:
        return warning("V901", f"The price list catalogs.{cloud} holds no machine with GPUs.", "Name another file.")
    age = (today - date.fromisoformat(found[0].as_of)).days
    if age > OLD_DAYS:
        return warning("V901", f"The price list catalogs.{cloud} is {age} days old.", "Put a newer one in its place.")
    return fine("V901", f"The price list catalogs.{cloud} is of {found[0].as_of}; prices in it: {len(found)}.")
