"""Wrong figures about owned machines and servers to buy stop the start with one sentence."""

from datetime import date

import pytest

from bot.errors import SettingsError
from bot.settings import parse

DGX = {"purchase_usd": "199000", "purchased_on": date(2025, 3, 1)}


AWS = [{"name": "research", "role_arn": "arn:aws:iam::222233334444:role/valet", "regions": ["us-east-1"]}]


def discount(**more):
    return {"aws": AWS, "discount": [{"percent": "12", "source": "EDP 2026"} | more]}


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
        (discount(percent="0"), '"discount.0.percent" is'),
        (discount(percent="100"), '"discount.0.percent" is'),
        (discount(percent="12.3456"), '"discount.0.percent" is'),
        (discount(source=""), '"discount.0.source" is'),
        ({"discount": [{"percent": "12"}]}, 'Setting "discount.0.source" is missing'),
        (discount(types=["P4D.*"]), "expected an instance type such as p4d.24xlarge, or a pattern: p4d.*"),
        (discount(types=["p4d.[0-9]"]), "expected an instance type"),
        (discount(until="2027-03-01"), "expected a date such as 2027-03-01, without quotes"),
        (discount(account="reserch"), 'the name or number of an [[aws]] entry, not "reserch"'),
        ({"price_list": {"region": "eu-west-1"}}, '"price_list.region" is'),
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


@pytest.mark.parametrize("named", ["research", "222233334444"])
def test_a_discounts_account_goes_by_its_name_or_its_number(named):
    settings = parse(discount(account=named, until=date(2027, 3, 1)) | {"digest": {"timezone": "Europe/Berlin"}}, {})

    (found,) = settings.discounts
    assert found.account == "222233334444"
    assert found.ends_at == 1_803_942_000_000, "midnight in Berlin"
    assert found.text == "12 % (EDP 2026 until 2027-03-01)"
