"""Wrong figures about owned machines and servers to buy stop the start with one sentence."""

from datetime import date

import pytest

from bot.errors import SettingsError
from bot.settings import parse

DGX = {"purchase_usd": "199000", "purchased_on": date(2025, 3, 1)}


def host(**figures):
    return {"owned": {"hosts": {"dgx-1": figures}}}


def server(**figures):
    return {"buy": {"servers": {"p4d.24xlarge": {"usd": "150000", "source": "a quote"} | figures}}}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (host(purchase_usd="199000"), "expected both purchase_usd and purchased_on, or neither"),
        (host(purchase_usd="1", purchased_on="2025-03-01"), "expected a date such as 2025-03-01, without quotes"),
        (host(**DGX, life_years=0), '"owned.hosts.dgx-1.life_years" is 0'),
        (host(**DGX, residual_percent=120), '"owned.hosts.dgx-1.residual_percent" is 120'),
        ({"owned": {"pue": "0.9"}}, "\"owned.pue\" is '0.9'"),
        (server(usd=-1), '"buy.servers.p4d.24xlarge.usd" is -1: expected an amount of 0 or more.'),
        (server(source=""), '"buy.servers.p4d.24xlarge.source" is'),
        (server(replaces=0), '"buy.servers.p4d.24xlarge.replaces" is 0'),
        ({"buy": {"servers": {"p5": {"usd": "1"}}}}, 'Setting "buy.servers.p5.source" is missing'),
        ({"budget": {"usd": "1e30"}}, "expected an amount from 0 (nothing may be spent) to 1,000,000,000"),
        ({"teams": {"nlp": {"budget_usd": "-1"}}}, "expected an amount from 0 (nothing may be spent) to 1,000,000,000"),
        ({"budgets": [{"scope": "nlp", "usd": 1}]}, 'expected a scope such as "team nlp", "type p4d.24xlarge"'),
        ({"budgets": [{"scope": "total", "usd": 1, "month": "2026-13"}]}, "expected a month such as 2026-12"),
        ({"budgets": [{"scope": "team nlp", "usd": 1}]}, "there is no team nlp; expected one of [teams.NAME]"),
        ({"budgets": [{"scope": "total", "usd": 1}] * 2}, "total has two budgets; expected one"),
        ({"buy": {"discount_percent": 200}}, '"buy.discount_percent" is 200'),
    ],
)
def test_a_wrong_figure_is_named_with_what_was_expected(table, said):
    with pytest.raises(SettingsError) as refused:
        parse(table, {})

    assert said in str(refused.value)


def test_right_figures_are_taken():
    settings = parse(host(**DGX, other_watts=500) | server(watts=5000), {})

    assert settings.owned.hosts["dgx-1"].purchased_on == date(2025, 3, 1)
    assert settings.buy.servers["p4d.24xlarge"].watts == 5000
