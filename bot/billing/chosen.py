"""The source of the bill that the settings name."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bot.billing.bill import Bill
from bot.settings import Settings
from bot.settings.bill import BillSettings


def chosen(settings: Settings) -> Bill | None:
    """Made ready, and nothing asked yet; None where no source is set up. boto3 is only imported for AWS's own."""
    bill, team_tag = settings.bill, settings.bill.team_tag or settings.actions.team_tag
    if bill.source == "focus":
        from bot.billing.focus import Focus

        return Focus(bill.path, team_tag, bill.columns, bill.memory_mib)
    if bill.source == "athena":
        from bot.billing.athena import Athena, Table

        table = Table(bill.database, bill.table, bill.workgroup, bill.output, bill.columns)
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
