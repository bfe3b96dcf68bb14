import pytest

from bot.domain.money.forecast.interval import BY_HISTORY, BY_HORIZON, quantiles, trust


@pytest.mark.parametrize("days", BY_HISTORY)
def test_thirty_day_totals_have_the_measured_quantiles(days):
    assert quantiles(days, 30) == pytest.approx(BY_HISTORY[days])


@pytest.mark.parametrize("horizon", BY_HORIZON)
def test_long_histories_have_the_measured_quantiles(horizon):
    assert quantiles(365, horizon) == pytest.approx(BY_HORIZON[horizon])


def test_between_entries_the_logarithm_decides():
    assert quantiles(60, 15)[3] == pytest.approx(2.5 + 0.5 * 0.5237, rel=1e-3)


def test_less_history_never_narrows_the_range():
    widths = [quantiles(days, 30)[3] - quantiles(days, 30)[0] for days in range(1, 70)]

    assert widths == sorted(widths, reverse=True)


def test_quantiles_never_cross():
    for days in range(1, 70):
        for horizon in range(1, 400):
            lo95, lo80, hi80, hi95 = quantiles(days, horizon)
            assert lo95 < lo80 < 0 < hi80 < hi95


@pytest.mark.parametrize(
    ("rho", "word"), [(0.2, "firm"), (0.25, "firm"), (0.5, "fair"), (1.0, "weak"), (1.21, "range-only")]
)
def test_trust_follows_rho(rho, word):
    assert trust(rho, 60) == word


def test_a_week_of_history_is_never_firm():
    assert trust(0.2, 9) == "fair"
