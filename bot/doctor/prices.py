"""Whether prices can be read: AWS's own, and the price lists that the settings name; and how old those are."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from bot.billing.aws_prices import AwsPrices, aws_prices
from bot.billing.catalogs import catalog
from bot.billing.prices import AS_OF, HOME
from bot.doctor.finding import Finding, fine, warning
from bot.domain.money.price_reads import Wanted, sentences
from bot.errors import Unreachable, answering
from bot.settings import Settings
from store.checkup import looking
from store.money import prices

OLD_DAYS = 90
COMMON = "g5.xlarge"
RIGHTS = "Check role and network; `valet iam-policy --only read` prints what the role needs."


def check(settings: Settings, now: int) -> Iterator[Finding]:
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
            found = aws.look_up(Wanted("instance", region, COMMON), now)
    except Unreachable as error:
        hint = f"Until then our own table counts ({HOME}, {AS_OF}). {RIGHTS}"
        return warning("V902", f"AWS's price list can't be read: {str(error).removesuffix('.')}.", hint)
    return fine(
        "V902", f"AWS's price list can be read{f'; of {COMMON} in {region}, {found.why}' if found.why else ''}."
    )


def _troubles(path: Path) -> list[str]:
    """How reading went last; nothing where the database can't be read, which is a finding of its own."""
    if not path.exists():
        return []
    try:
        with looking(path) as db:
            return sentences(prices.troubles(db))
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
