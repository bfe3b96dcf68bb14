"""The rate of owned machines follows the settings and the measured power."""

from datetime import date

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.services.context import find
from bot.services.machines import readings
from bot.services.money import owned_rates
from tests.bot.services.room import SETTINGS, Room, minute

PARTS = {
    "usd_per_kwh": "0.20",
    "pue": "1.5",
    "hosting_usd_per_month": "73",
    "hosts": {
        "dgx-1": {"team": "nlp", "purchase_usd": "131400", "purchased_on": date(2025, 11, 23), "other_watts": "520"}
    },
}
"""131,400 over 26,280 hours is 5 dollars an hour; 73 over 730 hours a tenth."""


@pytest.fixture
def made(tmp_path, clock):
    providers = []

    def make(owned):
        providers.append(Room(tmp_path / f"{len(providers)}.db", clock, settings=SETTINGS | {"owned": owned}))
        return providers[-1]

    yield make
    for room in providers:
        room.close()


def appears(room, watts=(60.0,) * 8):
    """Eight GPUs, seen for the last two hours."""
    now = 1_000_000 + room.clock() // MINUTE_MS
    for start in range(now - 120, now, 30):
        told = [
            minute(gpu, tick, 0.0, watts=drawn) for tick in range(start, start + 30) for gpu, drawn in enumerate(watts)
        ]
        room.push("dgx-1", told, tick_now=now)
    return find(room.ctx, "dgx-1")


def test_its_full_cost_is_the_rate_and_says_what_it_is_made_of(made):
    listing = appears(made(PARTS))

    assert listing.rate.micros_per_hour == 5_100_000
    assert listing.rate.source == "full cost: depreciation 5.00 + hosting 0.10 USD/h; without power and staff"
    assert not listing.rate.exact, "a figure with parts left out is an estimate"


def test_power_counts_as_soon_as_it_is_measured(made, clock):
    room = made(PARTS)
    appears(room)
    clock.forward(HOUR_MS)
    readings.roll_up_readings(room.ctx)

    owned_rates.refresh_owned_rates(room.ctx)

    listing = find(room.ctx, "dgx-1")
    assert listing.rate.micros_per_hour == 5_400_000  # (480 + 520) W x 1.5 x 0.20
    assert listing.rate.source == "full cost: depreciation 5.00 + power 0.30 + hosting 0.10 USD/h; without staff"


def test_watts_that_were_set_count_until_some_are_measured(made):
    owned = PARTS | {"hosts": {"dgx-1": {"watts": "6000", "usd_per_hour": None}}}
    listing = appears(made(owned))

    power = owned_rates.owned_cost_now(made(owned).ctx, listing.instance).parts[0]

    assert (power.micros_per_hour, power.how) == (1_800_000, "6,000 W (set) x PUE 1.5 x $0.2 per kWh")


@pytest.mark.parametrize(("watts", "measured"), [((60.0,) * 8, 480), ((60.0,) * 7 + (None,), None)])
def test_a_machine_is_measured_only_where_all_its_gpus_tell(made, clock, watts, measured):
    room = made(PARTS)
    instance = appears(room, watts).instance
    clock.forward(HOUR_MS)
    readings.roll_up_readings(room.ctx)

    assert owned_rates.measured_watts(room.ctx.store.reading(), instance, clock()) == measured


def test_a_hosts_figure_goes_before_its_parts_and_those_before_the_figure_for_all(made):
    by_host = PARTS | {"hosts": {"dgx-1": PARTS["hosts"]["dgx-1"] | {"usd_per_hour": "9.12"}}}
    for_all = {"usd_per_gpu_hour": "1.14"}

    set_for_host, with_parts, with_neither = (appears(made(each)).rate for each in (by_host, PARTS | for_all, for_all))

    assert (set_for_host.micros_per_hour, set_for_host.source) == (9_120_000, "valet.toml")
    assert with_parts.micros_per_hour == 5_100_000
    assert (with_neither.micros_per_hour, with_neither.source) == (9_120_000, "valet.toml")


def test_without_a_purchase_or_a_figure_the_price_is_not_known(made):
    assert appears(made({"usd_per_kwh": "0.20"})).rate is None


def test_the_end_of_its_life_and_new_settings_reach_the_rate(made, clock):
    room = made(PARTS)
    appears(room)
    clock.forward(3 * 365 * DAY_MS)

    owned_rates.refresh_owned_rates(room.ctx)

    assert find(room.ctx, "dgx-1").rate.micros_per_hour == 100_000
