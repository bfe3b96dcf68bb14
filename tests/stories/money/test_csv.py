"""What chat says of money, somebody wants in a spreadsheet: the same figures, in a file of their own."""

import csv
import io

import pytest

from bot.errors import Refused
from bot.services.money import forecast
from handlers.blocks.money.bill import BILL_CSV_BUTTON
from handlers.blocks.money.budgets import BUDGET_CSV_BUTTON
from handlers.blocks.money.rent_or_buy import RENT_OR_BUY_CSV_BUTTON
from handlers.blocks.money.savings import SAVINGS_CSV_BUTTON
from handlers.money import bill, budgets, prices, savings
from tests.stories.conftest import SETTINGS
from tests.stories.money.test_savings import hours_pass, stop

COMPANY = SETTINGS | {
    "buy": {"servers": {"p4d.24xlarge": {"usd": "150000", "source": "=quote", "watts": "5500"}}},
    "budget": {"usd": "90000"},
}


@pytest.fixture
def office(office_with):
    """The company with five weeks of charges, a budget, and a price to buy for."""
    return office_with(COMPANY, past=True)


def pressed(office):
    """The name of the file that [As CSV] gives, and its rows."""
    said = office.presses("ada", "As CSV")
    (file,) = office.slack.files.values()
    name, _, rest = said.partition(" ")
    assert rest == "is in your messages with Valet."
    return name, list(csv.DictReader(io.StringIO(file.content.decode())))


@pytest.mark.slow
def test_every_saving_has_its_row_with_what_would_have_been_otherwise(office):
    stop(office)
    hours_pass(office, 3)
    said = office.types("ada", "/cost savings")

    name, (row,) = pressed(office)

    assert name == "valet-savings-2026-11-01-to-2026-11-23.csv"
    assert (row["machine"], row["team"], row["by"]) == ("train-7", "nlp", "stopped")
    assert f"${float(row['usd']):,.2f} saved so far" in said
    assert row["otherwise"].startswith("It would have run as in the same hours of the 4 weeks before")


@pytest.mark.slow
def test_budgets_come_with_what_is_expected(office):
    hours_pass(office, 1)
    forecast.refresh_reports(office.valet.ctx)
    office.types("ada", "/cost budget")

    name, rows = pressed(office)

    row = rows[0]
    assert name == "valet-budgets-2026-11.csv"
    assert (row["budget_of"], row["month"], row["budget_usd"]) == ("total", "2026-11", "90000.000000")
    assert float(row["spent_usd"]) < float(row["low_80_usd"]) < float(row["expected_usd"]) < float(row["high_80_usd"])


def test_one_budget_in_full_comes_alone(office):
    office.types("ada", "/cost budget total")

    assert len(pressed(office)[1]) == 1


def test_what_was_weighed_comes_with_the_figures_that_were_given(office):
    office.types("ada", "/cost rent-or-buy p4d.24xlarge rate:25 replaces:2")

    name, (row,) = pressed(office)

    assert name == "valet-rent-or-buy-2026-11-23.csv"
    assert (row["type"], row["discount_rate_percent"], row["server_replaces"]) == ("p4d.24xlarge", "25", "2")
    assert float(row["choices_rent_npv_usd"]) < 0
    assert row["server_price_source"] == "'=quote", "no cell is a formula"


def test_a_scope_comes_as_it_was_asked_for(office):
    office.types("ada", "/cost rent-or-buy team nlp")

    assert {row["scope"] for row in pressed(office)[1]} == {"team:nlp"}


@pytest.mark.slow
@pytest.mark.parametrize("action", [BILL_CSV_BUTTON, SAVINGS_CSV_BUTTON, BUDGET_CSV_BUTTON, RENT_OR_BUY_CSV_BUTTON])
@pytest.mark.parametrize("value", ["", "x|y", "no:thing", "2026-11-01"])
def test_a_button_of_another_version_is_answered_with_what_to_do(office, action, value):
    press = (bill.BUTTONS | savings.BUTTONS | budgets.BUTTONS | prices.BUTTONS)[action]

    with pytest.raises(Refused, match="This button is from another version of Valet"):
        press(office.valet.ctx, "U0ADA0001", "C1", value)
