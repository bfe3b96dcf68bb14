"""Each figure says where it is from: AWS's list of the region, what was negotiated, spot prices, or our own table."""

from datetime import date

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.sandbox.aws_prices import SandboxPrices
from bot.services.money import rates
from tests.stories.conftest import SETTINGS

DENIED = "AWS can't be asked about us-east-1: AccessDeniedException: Valet's role lacks pricing:GetProducts"
PLAN = {"percent": "30", "types": ["p4d.*"], "source": "Compute Savings Plan", "until": date(2027, 3, 1)}
EDP = {"percent": "12", "source": "EDP 2026"}
TAKEN_OFF = "$21.96 less 30 % (Compute Savings Plan until 2027-03-01)"
LEFT_OUT = (
    "Linux, without disks, addresses and traffic. Spot prices have no discount taken off, and AWS may take the machine "
    "back."
)
PAID_ANYWAY = (
    "Compute Savings Plan is paid whether machines run or not: stopping one that it covers saves less than its rate, "
    "unless other machines use what it leaves."
)


@pytest.fixture
def aws(clock):
    return SandboxPrices(clock)


def reads(office, aws):
    """The job reads prices, and a minute later the fleet is looked at."""
    rates.read_prices(office.valet.ctx, aws.prices)
    office.tick()


@pytest.fixture
def negotiated(office_with, aws):
    office = office_with(SETTINGS | {"discount": [EDP, PLAN | {"committed": True}]})
    reads(office, aws)
    return office


def test_a_region_that_our_table_does_not_know_has_its_own_price(office, aws):
    assert "about $55.04/h" in office.types("ada", "/gpu status train-3")
    aws.reprice("us-west-2", "p5.48xlarge", "60.5")

    reads(office, aws)

    said = office.types("ada", "/gpu status train-3")
    assert "$60.50/h" in said
    assert "about" not in said
    assert office.types("ada", "/cost prices train-3").splitlines()[:2] == [
        "*train-3 costs $60.50/h while it runs, $7.56 per GPU-hour.*",
        "Source: AWS on-demand list, us-west-2, 2026-11-23.",
    ]


def test_what_was_negotiated_is_taken_off_the_list_and_shown(negotiated):
    said = negotiated.types("ada", "/cost prices train-7")

    assert said.splitlines() == [
        "*train-7 costs $15.37/h while it runs, $1.92 per GPU-hour.*",
        "Source: AWS on-demand list, us-east-1, 2026-11-23, less 30 % (Compute Savings Plan until 2027-03-01).",
        "List price: $21.96/h; $6.59/h of it is taken off.",
        "[Prices of A100]",
        PAID_ANYWAY,
    ]
    assert "$15.37/h" in negotiated.types("ada", "/gpu status train-7")


def test_a_type_is_explained_place_by_place_and_zone_by_zone(office_with, aws):
    office = office_with(SETTINGS | {"discount": [EDP, PLAN | {"committed": True}]})
    aws.respot("us-east-1a", "p4d.24xlarge", "12.44")
    office.clock.forward(HOUR_MS)
    aws.respot("us-east-1a", "p4d.24xlarge", "7.9")
    aws.respot("us-east-1b", "p4d.24xlarge", "8.21")
    aws.respot("us-east-1c", "p4d.24xlarge", "9")
    reads(office, aws)

    said = office.types("ada", "/cost prices p4d.24xlarge")

    lines = said.splitlines()
    assert lines[0] == (
        "*p4d.24xlarge: $15.37/h, $1.92 per GPU-hour, on demand in us-east-1; about $7.90/h as spot in us-east-1a.*"
    )
    assert lines[1:3] == [
        "*On demand*",
        f"us-east-1: $15.37/h  ({TAKEN_OFF}; AWS on-demand list, us-east-1, 2026-11-23)",
    ]
    assert lines[3] == "*Spot now, and its range in 30 days*"
    assert lines[4].startswith("us-east-1a: $7.90/h  ($6.")
    assert lines[4].endswith("to $12.44/h; read Mon 10:00 UTC)")
    assert [line[:10] for line in lines[4:7]] == ["us-east-1a", "us-east-1b", "us-east-1c"]
    assert lines[7:] == [
        LEFT_OUT,
        PAID_ANYWAY,
    ]


def test_a_type_that_nobody_uses_has_our_tables_price(office):
    assert office.types("ada", "/cost prices P5en.48xlarge").splitlines()[0] == (
        "*p5en.48xlarge: $63.30/h, $7.91 per GPU-hour, on demand in us-east-1.*"
    )
    assert office.types("ada", "/cost prices p9.notreal").startswith('I know no price of "p9.notreal".')


def test_a_spot_machine_costs_its_zones_price_and_says_how_that_moves(office, aws):
    assert "no known price" in office.types("cy", "/gpu status sweep-1")
    aws.respot("us-west-2c", "g6.12xlarge", "2.1")
    office.clock.forward(HOUR_MS)
    aws.respot("us-west-2c", "g6.12xlarge", "1.84")

    reads(office, aws)

    assert "about $1.84/h" in office.types("cy", "/gpu status sweep-1")
    said = office.types("cy", "/cost prices sweep-1").splitlines()
    assert said[:2] == [
        "*sweep-1 costs about $1.84/h while it runs, $0.46 per GPU-hour.*",
        "Source: spot price, us-west-2c, 2026-11-23 10:00 UTC.",
    ]
    assert said[2] == (
        "In the last 30 days: $1.38 to $2.30/h. On demand: $4.60/h (AWS on-demand list, us-west-2, 2026-11-23)."
    )


def test_a_company_that_says_what_it_pays_is_believed(office_with, aws):
    office = office_with(SETTINGS | {"prices": {"p4d.24xlarge": "14.5"}, "discount": [EDP]})
    reads(office, aws)

    said = office.types("ada", "/cost prices train-7").splitlines()

    assert said[:2] == ["*train-7 costs $14.50/h while it runs, $1.81 per GPU-hour.*", "Source: valet.toml."]
    assert "[Prices of A100]" in said[2]


def test_a_refusal_of_aws_is_told_where_prices_are_asked_and_nowhere_else(office, aws):
    aws.refuse(DENIED)

    reads(office, aws)

    said = office.types("ada", "/cost prices train-7")
    assert said.startswith("*train-7 costs $21.96/h while it runs")
    assert said.splitlines()[-1] == (
        f"AWS's price list could not be read for us-east-1 (2026-11-23 09:00 UTC): {DENIED}. "
        "What was known before still counts."
    )
    for asked in ("p4d.24xlarge", "a100"):
        assert "Valet's role lacks pricing:GetProducts" in office.types("ada", f"/cost prices {asked}")
    assert "AccessDenied" not in office.types("ada", "/gpu status train-7")
    aws.refuse("")
    office.clock.forward(HOUR_MS)
    reads(office, aws)
    assert "AccessDenied" not in office.types("ada", "/cost prices train-7")


def test_a_discount_ends_with_its_last_day(office_with, aws):
    office = office_with(SETTINGS | {"discount": [EDP, PLAN | {"until": date(2026, 11, 23)}]})
    reads(office, aws)
    assert "less 30 %" in office.types("ada", "/cost prices train-7")

    office.clock.forward(DAY_MS)
    office.tick()

    assert "$21.96/h; $2.63/h of it is taken off." in office.types("ada", "/cost prices train-7")
    assert "less 12 % (EDP 2026)" in office.types("ada", "/cost prices train-7")


def test_a_model_is_compared_with_what_aws_lists_and_asks_for_spot(office, aws):
    aws.reprice("us-west-2", "p4de.24xlarge", "30")
    aws.respot("us-west-2b", "p4de.24xlarge", "8")
    reads(office, aws)

    said = office.types("ada", "/cost prices a100-80")

    assert "$3.43  AWS p4de.24xlarge, 8xA100 80 GB, us-east-1 (our copy of AWS's on-demand list, 2026-07-20)" in said
    assert "$1.00 spot  AWS p4de.24xlarge, 8xA100 80 GB, us-west-2b (AWS spot price, 2026-11-23 09:00 UTC)" in said


def test_renting_is_weighed_at_what_it_really_costs(negotiated):
    negotiated.types("ada", "/cost rent-or-buy p4d.24xlarge price:150000 hours:500")

    said = negotiated.presses("ada", "Details")
    assert "$15.37" in said
    assert "less 30 % (Compute Savings Plan until 2027-03-01)" in said


def test_a_launch_is_offered_at_the_price_of_its_region(office_with, aws):
    box = {"name": "box", "template": "lt-1", "region": "eu-central-1", "account": "111122223333", "type": "g6.xlarge"}
    office = office_with(SETTINGS | {"launch": [box | {"gpu": "L4", "gpus": 1}], "discount": [EDP]})
    reads(office, aws)

    office.types("ada", "/gpu launch")
    listed = office.fills("ada", template="box")
    assert "about $0.89/h" in listed


def test_what_a_stopped_machine_keeps_costing_is_counted_disk_by_disk_and_address_by_address(office, aws):
    office.fleet.change("eval-2", disks={"gp3": 200, "st1": 1000}, addresses=1)
    reads(office, aws)
    assert "about $64.65 a month for its disks and 1 elastic IP address" in office.types("ada", "/gpu status eval-2")

    office.fleet.change("eval-2", disks={"gp3": 200, "io2": 100}, addresses=0)
    office.tick()

    assert "at least $28.50 a month for its disks" in office.types("ada", "/gpu status eval-2")


def test_addresses_of_machines_that_stand_still_for_weeks_count_with_their_disks(office):
    office.fleet.change("eval-2", addresses=2)
    office.clock.forward(28 * DAY_MS)
    office.tick()

    first, machine = office.types("ada", "/gpu status dormant").splitlines()[:2]

    assert "its disks and addresses cost about $23.30 a month" in first
    assert "200 GB of disks and 2 elastic IP addresses, about $23.30 a month" in machine
    assert "its disks and addresses cost about $23.30 a month" in office.sees("ada", "#ml-platform")


def test_a_card_says_what_a_stop_leaves_to_be_paid(office):
    office.fleet.change("train-7", disks={"gp3": 500, "io2": 1000}, addresses=2)
    office.tick()
    office.reports("train-7", 0.0, minutes=200)
    office.types("ada", "/gpu stop train-7 over")

    card = office.sees("bob", "#ml-platform")

    disks = "1,500 GB of disks (io2, gp3), at least $165 a month"
    assert f"Keeps costing: {disks}, and 2 elastic IP addresses, about $7.30." in card


def test_savings_say_that_a_commitment_is_paid_anyway(negotiated):
    negotiated.types("ada", "/cost savings")

    assert PAID_ANYWAY in negotiated.presses("ada", "How this is counted")
