"""Whether the provider's bill can be read, where the settings name a source of it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from bot.billing.aws_prices import AwsPrices, aws_prices
from bot.billing.bill import Bill, bill_in_settings
from bot.billing.catalogs import catalog
from bot.billing.prices import AS_OF, HOME
from bot.doctor.finding import Finding, error, fine, warning
from bot.domain.clock import DAY_MS
from bot.domain.money.price_reads import WantedPrice, trouble_sentences
from bot.errors import Unreachable, ValetError, answering
from bot.settings import Settings
from bot.settings.money import REQUESTS_PER_LOOK
from store.checkup import looking
from store.money import prices as stored_prices
from store.money.bill import Read, newest_look

OLD_BILL_MS = 3 * DAY_MS
MONEY_HINTS = {
    "cost-explorer": "Check [bill] and its role; `valet iam-policy --only read` has what it needs.",
    "focus": "Check path and columns under [bill], and whether the export is still delivered there.",
    "athena": "Check [bill] and its role; `valet iam-policy --only bill` prints what it needs.",
}


def check(settings: Settings, now: int) -> Iterator[Finding]:
    """Whether a look would work now, where that costs nothing to know, and how the last ones went."""
    source = bill_in_settings(settings)
    if source is None:
        return
    hint = MONEY_HINTS[settings.bill.source]
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
    if now - (good.as_of or 0) > OLD_BILL_MS:
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
            return newest_look(db, source, ok=True), newest_look(db, source, ok=False)
    except (Unreachable, OSError):
        return None, None


def _when(instant: int) -> str:
    return datetime.fromtimestamp(instant / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


OLD_DAYS = 90
COMMON_ERRORS = "g5.xlarge"
RIGHTS = "Check role and network; `valet iam-policy --only read` prints what the role needs."


def check_prices(settings: Settings, now: int) -> Iterator[Finding]:
    """What is found of AWS's prices, where there is an account, and one finding per price list."""
    if settings.aws:
        yield from _aws(settings, now)
    today = datetime.fromtimestamp(now / 1000, UTC).date()
    for cloud, path in settings.catalogs.items():
        yield _list(cloud, path, today)


def _aws(settings: Settings, now: int) -> Iterator[Finding]:
    aws = aws_prices(settings)
    if aws is None:
        sentence = f"AWS's prices are not read, as price_list.enabled says; those of {HOME}, {AS_OF}, count everywhere."
        yield fine("V902", sentence)
        return
    yield _asked(aws, settings.aws[0].regions[0], now)
    for sentence in _troubles(Path(settings.database)):
        yield warning("V903", sentence, RIGHTS)


def _asked(aws: AwsPrices, region: str, now: int) -> Finding:
    try:
        with answering("AWS's price list"):
            found = aws.look_up(WantedPrice("instance", region, COMMON_ERRORS), now)
    except Unreachable as error:
        hint = f"Until then our own table counts ({HOME}, {AS_OF}). {RIGHTS}"
        return warning("V902", f"AWS's price list can't be read: {str(error).removesuffix('.')}.", hint)
    return fine(
        "V902", f"AWS's price list can be read{f'; of {COMMON_ERRORS} in {region}, {found.why}' if found.why else ''}."
    )


def _troubles(path: Path) -> list[str]:
    """How reading went last; nothing where the database can't be read, which is a finding of its own."""
    if not path.exists():
        return []
    try:
        with looking(path) as db:
            return trouble_sentences(stored_prices.price_troubles(db))
    except (Unreachable, OSError):
        return []


def _list(cloud: str, path: str, today: date) -> Finding:
    try:
        found = catalog(cloud, path)
    except Unreachable as error:
        hint = "It is a CSV with InstanceType, AcceleratorName, AcceleratorCount and Price, as in skypilot-catalog."
        return warning("V901", str(error), hint)
    left_out = f" {found.left_out()}" if found.left_out() else ""
    if not found.quotes:
        sentence = f"The price list catalogs.{cloud} holds no machine with GPUs.{left_out}"
        return warning("V901", sentence, "Name another file.")
    age = (today - date.fromisoformat(found.as_of)).days
    if age > OLD_DAYS:
        return warning("V901", f"The price list catalogs.{cloud} is {age} days old.", "Put a newer one in its place.")
    return fine(
        "V901", f"The price list catalogs.{cloud} is of {found.as_of}; prices in it: {len(found.quotes)}.{left_out}"
    )
