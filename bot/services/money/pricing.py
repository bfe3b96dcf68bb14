"""What an hour of an instance costs, and where that figure is from."""

from decimal import Decimal

from bot.billing import prices
from bot.domain.fleet import Instance
from bot.domain.money.rates import USD, Rate
from bot.settings import Settings


def rate(settings: Settings, instance: Instance) -> Rate | None:
    """The rate of a rented instance: the company's own figure first, then the list price; None without either."""
    own = settings.prices.get(instance.type)
    if own is not None:
        return Rate(_micros(own), "valet.toml", exact=instance.lifecycle == "on-demand")
    price = prices.on_demand(instance.type, instance.region)
    if price is None or instance.lifecycle != "on-demand":
        return None
    return Rate(price.usd_per_hour_micros, f"{price.source}, {price.as_of}", price.exact)


def _micros(usd: Decimal) -> int:
    return int((usd * USD).to_integral_value())


def team_of(settings: Settings, instance: Instance) -> str:
    """The team an instance belongs to: by the settings for owned hosts, by its tag for rented ones; may be empty."""
    host = settings.owned.hosts.get(instance.id) if instance.provider == "owned" else None
    return host.team if host else instance.tags.get(settings.actions.team_tag, "")
