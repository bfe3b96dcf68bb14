"""Whatever the records hold, what is drawn of prices and of buying is fit to send."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.billing.rent_or_buy import RentOrBuyQuestion, weigh
from bot.domain.clock import HOUR_MS
from bot.domain.money.forecast.report import ForecastReport, Range, ReportDay
from bot.domain.money.ownership import CostPart, Purchase, Upkeep, owned_cost
from bot.domain.money.price_reads import SpotSpan
from bot.domain.money.pricebook import Discount, Price, Priced
from bot.domain.money.prices import OwnMachine, Paid, PriceComparison, PriceOffer, Quote, RateFigure, TypeFigure
from bot.domain.money.rates import Rate
from bot.domain.money.rent_or_buy import Advice, Demand, MeasuredUse, OtherUse, RentOrBuyAnswer, ServerUpkeep, Terms
from bot.domain.money.scope import Scope
from handlers.blocks.money import forecast as forecast_blocks
from handlers.blocks.money import forecast_charts as forecast_charts_blocks
from handlers.blocks.money import prices as prices_blocks
from handlers.blocks.money import rent_or_buy as rent_or_buy_blocks
from handlers.blocks.money.forecast import Period
from tests.conftest import MONDAY
from tests.handlers import pieces
from tests.handlers.pieces import TEXTS, objections

USD = 1_000_000
UPKEEP = Upkeep(Decimal(10**6), True, Decimal(3), Decimal(10), Decimal(10**6), Decimal(10**6))
BOUGHT = Purchase(Decimal(10**9), date(2025, 3, 1), Decimal("2.5"), Decimal("12.5"))
TODAY = date(2026, 11, 23)


def owned(
    text: str, *, bought: Purchase | None = BOUGHT, upkeep: Upkeep = UPKEEP, set_micros: int | None = None
) -> OwnMachine:
    machine = pieces.instance(text, provider="owned", type="owned", gpu_model=text)
    return OwnMachine(machine, owned_cost(8, bought, upkeep, TODAY, set_micros=set_micros), busy=0.61)


def all_owned(text: str) -> list[OwnMachine]:
    return [
        owned(text),
        owned(text, bought=None),
        owned(text, bought=None, upkeep=Upkeep()),
        owned(text, set_micros=9 * USD),
        owned(text, bought=None, upkeep=Upkeep(), set_micros=9 * USD),
    ]


def advice(text: str, *, price: int = 10**11, hours: int = 40, days: int = 3, within: Scope | None = None) -> Advice:
    demand = Demand(100, (hours * HOUR_MS,) * (7 if hours else 0))
    terms = Terms(price, 98 * USD, 10**9, 60, Decimal(10), tax=Decimal("0.25"), replaces=2, yearly_rate=Decimal("0.5"))
    used = MeasuredUse(demand.hours_per_month, demand.peak, days, text)
    kept = ServerUpkeep(text, (CostPart("power", 10**6, text), CostPart("hosting", 10**6, text)), ("staff",))
    asked = RentOrBuyQuestion(within or Scope("instance", "i-1", text), text, demand, terms, used, kept)
    less = demand.scaled(Decimal("0.4"))
    return weigh(replace(asked, without_idle=less, recent=less))


@pytest.mark.parametrize("text", TEXTS)
def test_prices_of_a_model_are_fit_to_send(text):
    quote = Quote(text, text, text, 8, text, 98 * USD, text, text, spot=True, memory_gb=80)
    paid = Paid(text, 12_345, 10**7, 10**15, 5.5)
    full = PriceComparison(
        text, (quote,) * 40, (paid, Paid(text, 1, 0, 0, 9)) * 20, tuple(all_owned(text)) * 8, 30, (text,) * 9
    )

    assert objections(prices_blocks.comparison(full)) == []
    assert objections(prices_blocks.comparison(PriceComparison(text, (), (), (owned(text),), 30))) == []
    assert objections(prices_blocks.comparison(PriceComparison(text, (), (paid,), (), 30))) == []


@pytest.mark.parametrize("text", TEXTS)
def test_what_a_figure_is_made_of_is_fit_to_send(text):
    machine = pieces.instance(text, gpu_model=text)
    told = [RateFigure(each.instance, text, None, each) for each in all_owned(text)]
    told += [RateFigure(machine, text, Rate(98 * USD, text, exact=False)), RateFigure(machine, text, None)]

    assert [objections(prices_blocks.figure(each)) for each in told] == [[]] * len(told)


@pytest.mark.parametrize("text", TEXTS)
def test_what_a_rented_machine_and_a_type_cost_is_fit_to_send(text):
    plan = Discount(Decimal("99.999"), text, until=TODAY, committed=True)
    priced = Priced(Price(10**12, text, text, exact=False), plan)
    span = SpotSpan(text, text, text, 1, 0, 10**12, MONDAY)
    machine = pieces.instance(text, gpu_model=text, lifecycle="spot")
    one = RateFigure(machine, text, priced.rate, None, priced, span, priced, (text,) * 9)
    offers = (PriceOffer(text, priced), PriceOffer(text, Priced(Price(1, text)))) * 20
    told = [
        prices_blocks.figure(one),
        prices_blocks.of_type(TypeFigure(text, text, 8, offers, (span,) * 40, (text,) * 9)),
    ]
    told += [
        prices_blocks.of_type(TypeFigure(text, "", 0, (), (span,))),
        prices_blocks.of_type(TypeFigure(text, "", 0, offers)),
    ]

    assert [objections(each) for each in told] == [[]] * len(told)


@pytest.mark.parametrize("text", TEXTS)
def test_an_advice_is_fit_to_send(text):
    answers = [
        advice(text),
        advice(text, price=10**13),
        advice(text, price=10**9, days=30),
        advice(text, hours=0),
        advice(text, within=Scope("team", text)),
    ]
    told = [RentOrBuyAnswer(each.scope, (each,)) for each in answers]
    told += [
        RentOrBuyAnswer(Scope("team", text), tuple(answers) * 5, (text,) * 12),
        RentOrBuyAnswer(Scope(), (answers[0],), (text,)),
    ]

    assert [objections(rent_or_buy_blocks.weighed(each)) for each in told] == [[]] * len(told)
    assert [objections(rent_or_buy_blocks.details(each)) for each in told] == [[]] * len(told)


def test_one_and_many_are_said_in_their_own_way():
    many, one = advice("p5", price=10**9, days=30), advice("p5", price=10**9, hours=0)

    assert rent_or_buy_blocks.conclusion_of(many).startswith("p5 (p5): buy 4 servers. It saves about $")
    assert rent_or_buy_blocks.conclusion_of(one).startswith("p5 (p5): keep renting. Buying one would cost about $")
    assert "over 5 years" in rent_or_buy_blocks.conclusion_of(many)


@pytest.mark.parametrize("text", TEXTS)
def test_a_forecast_and_its_parts_are_fit_to_send(text):
    made = pieces.report(text)
    told = [forecast_blocks.forecast(made, period) for period in ("month", "7d", "30d", "90d")]

    told += [
        forecast_charts_blocks.by(made, "team"),
        forecast_charts_blocks.by(made, "machine"),
        forecast_charts_blocks.nights(made),
    ]

    assert [objections(each) for each in told] == [[]] * len(told)


def test_what_would_turn_it_around_is_no_advice_to_buy_and_in_no_sum():
    sound = advice("p5", price=10**9, days=30, within=Scope("type", "p5"))
    doubtful = replace(sound, parked=OtherUse(sound.used.hours_per_month, -2_221 * USD))

    one = rent_or_buy_blocks.conclusion_of(doubtful)
    both = rent_or_buy_blocks.weighed(RentOrBuyAnswer(Scope(), (doubtful, sound)))

    assert one.startswith("Don't buy yet: stopped when idle, renting is $2,000 cheaper. At today's use ")
    assert one.endswith(" 30 days measured.")
    assert both.text.startswith("Buying 4 servers would save about $")
    assert both.blocks[2]["rows"][1][1]["text"] == "don't buy yet"


def charted(made: ForecastReport, period: Period) -> dict[str, list[int]]:
    chart = forecast_blocks.forecast(made, period).blocks[1]["chart"]
    return {each["name"]: [point["value"] for point in each["data"]] for each in chart["series"]}


@pytest.mark.parametrize("day", range(1, 31))
def test_the_chart_shows_the_days_ahead_each_in_its_band(day):
    today = date(2026, 11, day)
    past = [ReportDay(date(2026, 11, n), 10 * USD) for n in range(1, day)]
    days = [*past, ReportDay(today, 4 * USD, 10 * USD)]
    days += [ReportDay(today + timedelta(days=n), None, (9 + n) * USD, n * USD, (20 + n) * USD) for n in range(1, 90)]
    so_far = (day - 1) * 10 * USD + 4 * USD
    made = replace(
        pieces.report("x"),
        today=today,
        days=tuple(days),
        charged_micros=so_far,
        month=Range(300 * USD, so_far, 400 * USD),
        budget_micros=so_far + (31 - day) * 21 * USD,
    )

    drawn = charted(made, "month")

    assert objections(forecast_blocks.forecast(made)) == []
    left = 31 - day
    assert list(drawn) == ["expected", "low", "high", *(["budget left"] if left >= 14 else [])]
    assert {len(each) for each in drawn.values()} <= set(range(10, 21))
    assert (drawn["expected"][0], drawn["low"][0], drawn["high"][0]) == (10, 10, 10), "today has cost a part already"
    step = 2 if left > 20 else 1
    assert (drawn["expected"][1], drawn["low"][1], drawn["high"][1]) == (9 + step, step, 20 + step)
    assert set(drawn.get("budget left", [21])) == {21}


def test_without_a_budget_or_a_range_the_chart_has_no_such_line():
    known = pieces.report("x")
    days = tuple(replace(day, lo_micros=None, hi_micros=None) for day in known.days)
    made = replace(known, days=days, budget_micros=None)

    assert list(charted(made, "month")) == list(charted(made, "30d")) == ["expected"]
