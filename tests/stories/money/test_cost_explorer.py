"""The bill by Cost Explorer, which names no machines: types are compared with their meters, and it adds up too."""

from bot.billing.cost_explorer import CostExplorer
from bot.domain.days import ONE_DAY
from bot.domain.money.bill import utc_day
from bot.sandbox.cost_explorer import Cost, SandboxCostExplorer, billed
from bot.services.money import bill
from store.money import bill as stored_bill
from tests.stories.conftest import SETTINGS


def test_cost_explorers_days_stand_beside_the_meters(office_with):
    office = office_with({**SETTINGS, "bill": {"source": "cost-explorer"}}, past=True)
    store, today = office.valet.ctx.store, utc_day(office.clock())
    hidden = Cost(today - 3 * ONE_DAY, "263.49", type="p4d.24xlarge", team="vision", hours="12")

    def costs():
        return [*billed(stored_bill.metered_machines(store.reading(), today - 40 * ONE_DAY, today - ONE_DAY)), hidden]

    aws = SandboxCostExplorer(costs)
    bill.fetch_bill(office.valet.ctx, CostExplorer(aws.ask, "account 111122223333", "team"))

    said = office.types("ada", "/cost bill 2026-11-20").splitlines()

    assert said[:6] == [
        "*Friday 20 November: $3,021 billed; our meters say $2,800.*",
        "$221 more than we metered. That is:",
        "+$263  machines or hours that Valet did not see",
        "-$196  discounts: paid below the rate",
        "+$98.00  disks, traffic and services that Valet does not meter",
        "+$56.00  tax",
    ]
    assert "Tax: $56.00 billed" in office.presses("ada", "Details").splitlines()
    assert len(aws.asked) == 3
