"""What the provider's bill is read through: Cost Explorer, FOCUS files, or FOCUS in place by Athena."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, Protocol

from bot.domain.money.bill import BillLook
from bot.settings import Settings
from bot.settings.money import BillSettings


class Bill(Protocol):
    """One source of the bill. Slow, and some looks cost money: only a job looks, people are answered from the store."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    def seal(self) -> str:
        """Changes when there is something new to read; empty where only a look can tell. Raises Unreachable, Refused.

        It costs nothing.
        """
        ...

    def check(self) -> str:
        """What was found out, at no cost, about whether it can be read: a sentence. Raises Unreachable, Refused."""
        ...

    def look(self, since: date, now: int, spend: Callable[[], None]) -> BillLook:
        """Read the days from `since` on.

        `spend` is called before each request that costs money and raises Refused when no more may be made.
        Raises Unreachable when the source does not answer, Refused when what it says can't be used.
        """
        ...


def bill_in_settings(settings: Settings) -> Bill | None:
    """Made ready, and nothing asked yet; None where no source is set up. boto3 is only imported for AWS's own."""
    bill, team_tag = settings.bill, settings.bill.team_tag or settings.actions.team_tag
    if bill.source == "focus":
        from bot.billing.focus import Focus

        return Focus(bill.path, team_tag, bill.columns, bill.memory_mib)
    if bill.source == "athena":
        from bot.billing.athena import Athena, AthenaTable

        table = AthenaTable(bill.database, bill.table, bill.workgroup, bill.output, bill.columns)
        return Athena(_asker(bill, "athena"), table, team_tag)
    if bill.source == "cost-explorer":
        from bot.billing.cost_explorer import CostExplorer

        return CostExplorer(_asker(bill, "ce"), _place(bill), team_tag)
    return None


def _asker(bill: BillSettings, service: str) -> Callable[[str, Mapping[str, Any]], Any]:
    """Asks with the credentials of the account that pays."""
    from bot.providers.accounts import AwsAccount
    from bot.providers.clients import ONCE, PATIENT, Clients, asker

    account = AwsAccount((bill.region,), bill.role_arn or None, bill.external_id or None)
    config = ONCE if service == "ce" else PATIENT
    return partial(asker(Clients(), [account], service, config=config), account.source(bill.region))


def _place(bill: BillSettings) -> str:
    """Whose bill it is, for people."""
    number = bill.role_arn.split(":")[4:5]
    return f"account {number[0]}" if number and number[0] else "the account of Valet's own credentials"
