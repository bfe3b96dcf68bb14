"""What the next days will cost: an adaptive level plus what is known to change, with an honest interval.

The engine knows days and amounts only, of any unit (dollars, GPU-hours):

records        what goes in and what comes out
guard          missing, absurd and half-billed days, repaired and said
weekdays       the shape of a week, where the last weeks prove one
outlook        the level of an ordinary day (never a trend), times days, for one series or a sum of them
interval       bounds made on totals, by a table of past errors or by the company's own
budget_odds    the chance to exceed a budget, and the day it happens

What feeds it, in the order in which a report is made (micro-dollars):

known_spend    machines that run around the clock, have ended, are planned, or come and go
run_plans      when a machine is to run, where that is known, and the one reason for it
known_changes  from what is known of a machine to its plan, and the lines that explain what plans move
expected       what every machine is expected to cost, so that every sum of them agrees
bounds         between what a forecast can lie: spent already, and what machines can cost
pieces         a forecast told apart by team or by machine
report         what `/cost forecast` says

Amounts of the engine are floats: a forecast is an estimate, and nothing here is booked or added to a ledger. Callers
turn micro-dollars into floats on the way in and back, rounded, on the way out.
"""

from bot.domain.money.forecast.budget_odds import chance_over, first_day_over
from bot.domain.money.forecast.interval import Quantiles, own_quantiles
from bot.domain.money.forecast.outlook import forecast, forecast_sum, month_total, ordinary_day
from bot.domain.money.forecast.records import Change, DailyHistory, Forecast, ForecastDay, SpendSeries, Trust

__all__ = [
    "Change",
    "DailyHistory",
    "Forecast",
    "ForecastDay",
    "Quantiles",
    "SpendSeries",
    "Trust",
    "chance_over",
    "first_day_over",
    "forecast",
    "forecast_sum",
    "month_total",
    "ordinary_day",
    "own_quantiles",
]
