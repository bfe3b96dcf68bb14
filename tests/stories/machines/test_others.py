"""Machines without NVIDIA GPUs are there, too: asked for by name, they are named as what they are."""

from dataclasses import replace

import pytest

from bot.domain.machines.fleet import UncoveredMachine
from bot.sandbox.aws_prices import SandboxPrices
from bot.services.machines import fleet
from bot.services.money import rates

EAST = "ec2/111122223333/us-east-1"
OTHERS = (
    UncoveredMachine("i-0a", "trn-1", "trn1.32xlarge", "Trainium"),
    UncoveredMachine("i-0b", "train", "m5.large", "no GPUs"),
    UncoveredMachine("i-0c", "", "g4ad.xlarge", "GPUs by AMD"),
)


@pytest.fixture
def mixed(office):
    office.tick()
    with_others(office, OTHERS)
    return office


def with_others(office, others):
    here = [each for each in office.fleet.sweep() if each.source == EAST]
    fleet.record_snapshot(office.valet.ctx, replace(here[0], others=others), office.clock())


@pytest.mark.parametrize(
    "line",
    [
        *("/gpu why trn-1", "/gpu claim trn-1", "/gpu claim trn-1 for 2h", "/gpu stop trn-1", "/gpu stop TRN-1 idle"),
        *("/gpu wait trn-1", "/gpu book trn-1 tomorrow 20:00 for 6h", "/gpu hours trn-1", "/gpu history trn-1"),
        *("/cost prices trn-1", "/cost forecast trn-1", "/gpu stop trn-1, train-7", "/cost rent-or-buy trn-1"),
    ],
)
def test_it_is_named_as_what_it_is(mixed, line):
    said = mixed.types("ada", line)

    assert "trn-1 is a machine of the type trn1.32xlarge, which has Trainium." in said
    assert "Valet looks after machines with NVIDIA GPUs only." in said
    assert "Did you mean" not in said


def test_its_name_never_stands_for_another_that_begins_so(mixed):
    assert "train is a machine of the type m5.large, which has no GPUs." in mixed.types("ada", "/gpu claim train")
    assert "i-0c is a machine of the type g4ad.xlarge" in mixed.types("ada", "/gpu why i-0c")
    assert "train-7" in mixed.types("ada", "/gpu why train-7")


def test_once_it_is_gone_nobody_knows_it_any_more(mixed):
    with_others(mixed, OTHERS[1:])

    assert "I don't know" in mixed.types("ada", "/gpu why trn-1")


@pytest.mark.parametrize(
    ("kind", "has"), [("trn1.32xlarge", "Trainium"), ("g4ad.xlarge", "GPUs by AMD"), ("m7i.large", "no GPUs")]
)
def test_a_type_without_nvidia_gpus_is_no_mistyped_one(mixed, kind, has):
    assert mixed.types("ada", f"/cost prices {kind}") == (
        f"{kind} has {has}. Valet looks after machines with NVIDIA GPUs only, so it reads no price of it."
    )


def test_a_type_without_an_on_demand_price_says_why_and_what_to_set(mixed):
    assert mixed.types("ada", "/cost prices p5e.48xlarge") == (
        "p5e.48xlarge (8xH200) has no on-demand price that is known. AWS's list of us-east-1, 2026-07-20, names none. "
        "Such types are sold in capacity blocks, which are paid ahead, or as spot. "
        'Set what you pay for an hour of it as `prices."p5e.48xlarge"` in valet.toml.'
    )


def test_a_machine_of_an_unknown_type_is_listed_with_what_is_known(office):
    office.fleet.change("nb-5", type="p9.48xlarge", gpu_model="", gpu_count=0, gpu_memory_mib=0)
    office.tick()
    rates.read_prices(office.valet.ctx, SandboxPrices(office.clock).prices)

    assert "p9.48xlarge  ·  GPUs not known  ·  no known price" in office.types("ada", "/gpu status nb-5")
    said = office.types("ada", "/cost prices p9.48xlarge")
    assert "AWS lists no price in us-east-1 (asked 2026-11-23)." in said
    assert 'prices."p9.48xlarge"' in said
