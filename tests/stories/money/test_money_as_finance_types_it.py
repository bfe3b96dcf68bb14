"""Finance types as it speaks: what is meant is answered, and what is not understood gets a sentence."""

from copy import deepcopy

import pytest

from bot.domain.clock import MINUTE_MS
from store.money import ledger as stored_ledger
from tests.stories.beginnings import past_charges
from tests.stories.conftest import SETTINGS

OCTOBER = "*October: $23,389 rented"
SAID = {
    "last month by team": OCTOBER,
    "october": OCTOBER,
    "report oct 2026": OCTOBER,
    "report by user 10/2026": OCTOBER,
    "per team": "*November so far: $",
    "spend last week": "*16 Nov to 22 Nov: $17,588 rented",
    "waste nov 20": "*Friday 20 November: $212 of $2,800 rented went to idle GPUs",
    "report nlp": "A report covers everything: try `/cost report by team`. `/cost forecast nlp` is of it alone.",
    "report by team and person": "Say one way to split it, such as `/cost report by person`.",
    "nlp": "The forecast of nlp, or its budget?\n[Forecast] [Budget]",
    "forecast nlp for the next 30 days": "*Next 30 days (nlp): $",
    "forecast NLP week": "*Next 7 days (nlp): $",
    "forecast p4d": "*November (p4d.24xlarge): $",
    "forecast a100": "a100 could be p4d.24xlarge or p4de.24xlarge. Say which.",
    "forecast per machine": "*November by machine: $",
    "forecast nlp next month": '"next month" is no period of a forecast, which begins today. Say month, 7d, 30d, 90d',
    "forecast december": "A forecast begins today: say month, 7d, 30d, 90d. For days that are over try",
    "forecast accurracy": "*No forecast of everything can be scored yet.",
    "bill by team": "A bill has teams, types and services at once. Try `/cost bill`, or `/cost bill last month`.",
    "savings ytd": "*2026: nothing saved so far that can be shown.*",
    "savings q3": "*1 Jul to 30 Sep: nothing saved that can be shown.*",
    "budget for nlp": "I read that as `/cost budget team nlp`.\n*nlp, November: $",
    "budget nlp december": "Budgets are for this month only. Try `/cost budget nlp`.",
    "budget set nlp 5000": "Budgets are set in valet.toml, by an admin:",
    "budget nlp 50k": "Budgets are set in valet.toml, by an admin:",
    "budget nlp $50,000.50/month": "Budgets are set in valet.toml, by an admin:",
    "budget nlp -5": "Budgets are set in valet.toml, by an admin:",
    "prices 8xH100": "*H100 per GPU-hour: you pay about $6.88",
    "price p4d": "*p4d.24xlarge: $21.96/h",
    "prices g5": "g5 could be g5.xlarge, g5.2xlarge,",
    "prices a100 in eu-central-1": 'Prices are listed for every place at once, not for "eu-central-1" alone.',
    "rent-or-buy h100 price=250k": "*p5.48xlarge: buy 1 server.",
    "rent-or-buy p5.48xlarge price 250k residual 20%": "*p5.48xlarge: buy 1 server.",
    "report last month as csv": "Files come by a button: try `/cost report last month`, and press [As CSV] below",
    "report october vs november": "One span at a time, or from one to another.",
    "total last month": OCTOBER,
    "forecast the company until end of month": "*November: $",
    "budget left": "*nlp will likely be over in November: $",
    "prices p4d.24xlarge us-west-2": 'Prices are listed for every place at once, not for "us-west-2" alone.',
    "savings by team": "Savings are listed by machine.",
    "idle now": "*Monday 23 November so far: ",
    "rent-or-buy p4d.24xlarge price 200k usd over 5 years": "*p4d.24xlarge: buy 1 server. It saves",
    "rent-or-buy p4d.24xlarge 200000": '"200000" of what? Say price:200000, or another figure:',
    "rent-or-buy p4d.24xlarge price 200k at 200%": '"rate:200" is not a figure from 0 to 100.',
    "reprot": 'I can\'t read "reprot". Did you mean one of these?\n[/cost report]',
}


@pytest.fixture
def lived(office_with):
    settings = deepcopy(SETTINGS) | {"bill": {"source": "focus", "path": "nowhere"}}
    settings["teams"]["nlp"] |= {"budget_usd": "40000"}
    office = office_with(settings)
    with office.valet.ctx.store.writing() as db:
        stored_ledger.add(db, past_charges(office.clock()))
    office.clock.forward(95 * MINUTE_MS)
    office.tick()
    return office


@pytest.mark.slow
def test_what_finance_types_is_answered_or_gets_a_sentence(lived):
    said = {typed: lived.types("ada", f"/cost {typed}") for typed in SAID}

    assert {typed: text for typed, text in said.items() if not text.startswith(SAID[typed])} == {}


@pytest.mark.slow
def test_where_a_price_is_missing_a_form_has_the_type_and_what_was_typed(lived):
    for typed, kind in (("rent or buy 8xH100 at 12%", "p5.48xlarge"), ("rent-or-buy 8xb200", "p6-b200.48xlarge")):
        lived.types("ada", f"/cost {typed}")

        assert kind in lived.opens("ada")
        assert typed.endswith("b200") or "12" in lived.opens("ada")
        lived.closes("ada")


@pytest.mark.slow
def test_two_gpus_stand_side_by_side(lived):
    said = lived.types("ada", "/cost prices h100 vs a100")

    assert said.startswith("*H100 per GPU-hour: you pay about $6.88")
    assert "*A100 per GPU-hour: you pay about $" in said


def test_figures_are_read_with_and_without_a_colon(lived):
    plain = lived.types("ada", "/cost rent-or-buy p5.48xlarge price:250000 rate:10 residual:20")
    spoken = lived.types("ada", "/cost rent or buy 8xh100 price $250k residual 20% at 10%")

    assert spoken.splitlines()[:3] == plain.splitlines()[:3]
    assert "at 10 % a year" in lived.presses("ada", "Details")
