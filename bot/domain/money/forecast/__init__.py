"""What the next days will cost: an adaptive level plus what is known to change, with an honest interval.

records   what goes in and what comes out
guard     missing, absurd and half-billed days, repaired and said
level     the spend of an ordinary day; never a trend
interval  bounds made on totals, by a table of past errors
calibration  the company's own errors in the place of that table's
outlook   all of it together, for one series or a sum of them
budget    the chance to exceed a budget, and the day it happens

Amounts are floats of any unit (dollars, GPU-hours): a forecast is an estimate, and nothing here is booked or added to
a ledger. Callers turn micro-dollars into dollars on the way in and back, rounded, on the way out.
"""

from bot.domain.money.forecast.budget_odds import chance_over, first_day_over
from bot.domain.money.forecast.interval import Quantiles, own_quantiles
from bot.domain.money.forecast.outlook import forecast, forecast_sum, month
from bot.domain.money.forecast.records import Change, Day, Forecast, History, Series, Trust

__all__ = [
    "Change",
    "Day",
    "Forecast",
    "History",
    "Quantiles",
    "Series",
    "Trust",
    "chance_over",
    "first_day_over",
    "forecast",
    "forecast_sum",
    "month",
    "own_quantiles",
]
