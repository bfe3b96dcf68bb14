"""What a GPU-hour costs from every side, and what stands behind each figure."""

import os
from datetime import date

import pytest

from bot.domain.clock import HOUR_MS
from bot.domain.money.rates import Charge
from bot.services.machines import readings
from bot.services.money import owned_rates
from store.money import ledger as stored_ledger
from tests.stories.beginnings import past_charges
from tests.stories.conftest import SETTINGS

HOST = {
    "team": "nlp",
    "purchase_usd": "199000",
    "purchased_on": date(2025, 3, 1),
    "residual_percent": "10",
    "other_watts": "1500",
}
OWNED = {"usd_per_kwh": "0.12", "pue": "1.4", "hosting_usd_per_month": "730", "hosts": {"dgx-1": HOST}}
LISTED = """InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region
gpu_8x_a100_80gb,A100-80GB,8,14.32,,us-east-1
gpu_1x_h100,H100,1,2.49,1.25,europe-1
"""

DEPRECIATION = "$199,000 paid on 1 March 2025 less 10 % left at the end, over 3 years, to 1 March 2028"
SUNK = (
    "The purchase is paid, whatever happens next (sunk cost): to choose between this machine and a rented one for the "
    "next job, compare its cash figure; full cost is for budgets and the next purchase."
)


@pytest.fixture
def office(office_with, tmp_path):
    path = tmp_path / "lambda.csv"
    path.write_text(LISTED)
    os.utime(path, (1_790_000_000, 1_790_000_000))
    catalogs = {"lambda": str(path), "gone": str(tmp_path / "gone.csv")}
    made = office_with(SETTINGS | {"owned": OWNED, "catalogs": catalogs})
    made.reports("dgx-1", [80.0] * 6 + [0.0] * 2, minutes=200)
    made.clock.forward(HOUR_MS)
    readings.roll_up_readings(made.valet.ctx)
    owned_rates.refresh_owned_rates(made.valet.ctx)
    with made.valet.ctx.store.writing() as db:
        stored_ledger.add(db, past_charges(made.clock()))
    return made


def test_what_was_paid_at_a_rate_that_is_not_exact_says_about(office):
    at = office.clock() // HOUR_MS * HOUR_MS - 40 * HOUR_MS
    with office.valet.ctx.store.writing() as db:
        borrowed = Charge(
            office.machine("eval-2").id, at, at + HOUR_MS, HOUR_MS, 1_212_000, 1_212_000, "nlp", exact=False
        )
        stored_ledger.add(db, [borrowed])

    said = office.types("ada", "/cost prices A10G")

    assert said.startswith("*A10G per GPU-hour: you pay about $")
    assert "\ng5.2xlarge: about $1.21 (" in said
    assert "\ng5.12xlarge: $1.42 (" in said


def test_a_model_is_compared_from_every_side(office):
    said = office.types("ada", "/cost prices A100")

    assert said.splitlines() == [
        "*A100 per GPU-hour: you pay $3.04, dgx-1 costs $1.02 without staff, the lowest list price is $1.79 (lambda).*",
        "*Paid in the last 30 days*",
        "p4d.24xlarge: $2.74 (4,224 GPU-hours of 1 machine; our own metering)",
        "p4de.24xlarge: $3.43 (3,144 GPU-hours of 1 machine; our own metering)",
        "*Owned*",
        "dgx-1: $1.02 full cost without staff, $0.17 still being paid",
        "[How dgx-1 is counted]",
        "*Clouds ask*",
        "$1.79  lambda gpu_8x_a100_80gb, 8xA100-80GB, us-east-1 (catalogs.lambda, 2026-09-21)",
        "$2.74  AWS p4d.24xlarge, 8xA100 40 GB, us-east-1 (our copy of AWS's on-demand list, 2026-07-20)",
        "$3.43  AWS p4de.24xlarge, 8xA100 80 GB, us-east-1 (our copy of AWS's on-demand list, 2026-07-20)",
        "All in USD per GPU-hour. Owned machines cost every hour, used or not; rented ones while they run.",
        "The price list catalogs.gone can't be read: No such file or directory.",
    ]


@pytest.mark.parametrize("typed", ["a100-80", "A100 80GB", "a100-80gb"])
def test_memory_tells_models_of_one_name_apart(office, typed):
    said = office.types("ada", f"/cost prices {typed}")

    assert "p4de.24xlarge" in said
    assert "p4d.24xlarge" not in said
    assert "dgx-1" in said


def test_an_owned_machines_figure_is_shown_part_by_part(office):
    office.types("ada", "/cost prices a100")

    said = office.presses("ada", "How dgx-1 is counted")

    assert said.splitlines() == [
        "*dgx-1 costs $8.15/h, $1.02 per GPU-hour, used or not; $1.33/h of it is still being paid (cash).*",
        f"depreciation: $6.82/h  ({DEPRECIATION})",
        "power: $0.33/h  (1,980 W (measured) x PUE 1.4 x $0.12 per kWh)",
        "hosting: $1.00/h  ($730.00 a month of 730 h)",
        "Left out, as nothing is set in valet.toml: staff (`staff_usd_per_month`).",
        "[Prices of A100]",
        SUNK,
    ]
    assert office.presses("ada", "Prices of A100").startswith("*A100 per GPU-hour:")


def test_its_status_shows_the_same_figure_as_an_estimate(office):
    assert "about $8.15/h" in office.types("ada", "/gpu status dgx-1")


def test_how_much_it_worked_is_told_with_how_much_was_seen(office):
    for _ in range(2):
        office.clock.forward(12 * HOUR_MS)
        office.reports("dgx-1", [80.0] * 6 + [0.0] * 2, minutes=700)
    office.clock.forward(30 * HOUR_MS)
    readings.roll_up_readings(office.valet.ctx)

    said = office.types("ada", "/cost prices dgx-1")

    assert "Its GPUs worked 75 % of the 26 h measured in the last 30 days: $1.36 per GPU-hour that worked." in said


def test_a_rented_machines_figure_names_its_source(office):
    said = office.types("ada", "/cost prices train-7")

    assert said.splitlines() == [
        "*train-7 costs $21.96/h while it runs, $2.74 per GPU-hour.*",
        "Source: AWS on-demand list, us-east-1, 2026-07-20.",
        "[Prices of A100]",
    ]


def test_a_spot_price_is_called_one(office):
    said = office.types("ada", "/cost prices h100")

    assert said.startswith("*H100 per GPU-hour: ")
    assert "the lowest list price is $2.49 (lambda), as spot $1.25 (lambda)." in said
    assert "$1.25 spot  lambda gpu_1x_h100, 1xH100, europe-1 (catalogs.lambda, 2026-09-21)" in said


def test_without_a_name_a_form_offers_what_there_is_and_answers_as_the_words_do(office):
    office.types("ada", "/cost prices")

    offered = office.options("ada", "what").split("\n")
    assert offered[:7] == ["(GPUs you have)", "A100", "A10G", "H100", "L4", "L40S", "T4"]
    assert "(Types you rent)" in offered
    assert office.options("ada", "what", "train-7").split("\n")[-1].startswith("train-7 ")
    office.submits("ada", what="H100")
    seen = office.sees("ada")

    assert seen == office.types("ada", "/cost prices H100")


def test_what_is_not_known_gets_the_nearest_names(office):
    assert office.types("ada", "/cost prices h1000") == 'I know no price of "h1000". Try H100, V100, H200.'


def test_a_machine_without_a_price_says_how_to_give_it_one(office):
    said = office.types("ada", "/cost prices sweep-1")

    assert said.startswith('sweep-1 has no known price. `prices."g6.12xlarge"` in valet.toml sets one.')


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (
            {"usd_per_hour": "9.12"},
            "dgx-1 costs $9.12/h, $1.14 per GPU-hour, used or not; $1.33/h of it is still being",
        ),
        ({"usd_per_hour": "0.80"}, "used or not; yet $1.33/h is still being paid for it (cash), so the figure set is"),
        (HOST | {"purchased_on": date(2020, 1, 1)}, "used or not; all of it is still being paid (cash)."),
        (HOST | {"usd_per_hour": "9.12"}, "goes before the parts. By its parts it would be $8.15/h."),
        ({}, "*The full cost of dgx-1 is not known. $1.33/h is still being paid for it (cash).*"),
    ],
)
def test_each_way_to_know_a_cost_is_said_in_its_own_words(office_with, host, said):
    owned = OWNED | {"hosts": {"dgx-1": {"other_watts": "1500"} | host}}
    office = office_with(SETTINGS | {"owned": owned})
    office.reports("dgx-1", 0.0, minutes=200)
    office.clock.forward(HOUR_MS)
    readings.roll_up_readings(office.valet.ctx)
    owned_rates.refresh_owned_rates(office.valet.ctx)

    assert said in office.types("ada", "/cost prices dgx-1")


def test_a_gpu_without_its_machine_is_never_the_lowest_price(office_with, tmp_path):
    path = tmp_path / "gcp.csv"
    path.write_text(LISTED + ",A100-80GB,1,0.94,,us-central1\n,MI300X,1,0.5,,us-central1\n")
    office = office_with(SETTINGS | {"catalogs": {"gcp": str(path)}})

    said = office.types("ada", "/cost prices a100")

    assert "the lowest list price is $1.79 (gcp)" in said
    left_out = "The price list catalogs.gcp prices {} without the machine around it, so those prices are left out."
    assert said.endswith(left_out.format("A100-80GB"))
    assert left_out.format("MI300X") in office.types("ada", "/cost prices mi300x")
