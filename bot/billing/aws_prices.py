"""AWS's own prices: the list, and spot; and with whose credentials they are asked for."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.billing import price_list, spot
from bot.domain.money.price_reads import Answer, SpotChange, Wanted
from bot.errors import Unreachable
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.providers.clients import Clients


@dataclass(frozen=True, slots=True)
class AwsPrices:
    """Both sources. Slow: only a job asks, people are answered from the store."""

    ask_list: price_list.Ask
    ask_ec2: spot.Ask

    def look_up(self, wanted: Wanted, now: int) -> Answer:
        """What the price list says of one thing. Raises Unreachable."""
        return price_list.look_up(self.ask_list, wanted, now)

    def spot(self, source: str, types: Collection[str], since: int) -> list[SpotChange]:
        """The changes of spot prices in one account and region since then. Raises Unreachable."""
        return spot.changes(self.ask_ec2, source, types, since)


def aws_prices(settings: Settings, clients: "Clients | None" = None) -> AwsPrices | None:
    """Made ready, and nothing asked yet; None where there is no account, or the settings say no."""
    if not settings.aws or not settings.price_list.enabled:
        return None
    from bot.providers.accounts import AwsAccount
    from bot.providers.clients import Clients, asker

    clients, endpoint = clients or Clients(), settings.price_list.region
    accounts = [each.account for each in settings.aws]
    askers = [AwsAccount((endpoint,), each.role_arn, each.external_id, each.name) for each in accounts]
    places = list(dict.fromkeys(each.source(endpoint) for each in askers))
    ask = asker(clients, askers, "pricing")
    return AwsPrices(_first_that_may(ask, places), asker(clients, accounts, "ec2"))


def _first_that_may(ask: Callable[[str, str, Mapping[str, Any]], Any], places: Sequence[str]) -> price_list.Ask:
    """Asks with the credentials of one account after the other, until one is allowed to: the list is the same."""

    def asked(operation: str, parameters: Mapping[str, Any]) -> Any:
        refusal = Unreachable("No account can ask for prices", retryable=False)
        for place in places:
            try:
                return ask(place, operation, parameters)
            except Unreachable as error:
                if error.retryable:
                    raise
                refusal = error
        raise refusal

    return asked
