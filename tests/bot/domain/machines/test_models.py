"""GPU models are meant as people type them."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.billing import prices, quotes
from bot.domain.machines.models import gpu_kind, short_model
from bot.domain.money.pricebook import PriceBook
from bot.errors import Refused
from bot.sandbox.inventory import MACHINE_KINDS, OWNED_MACHINES

NVML = [
    ("NVIDIA A100-SXM4-40GB", 40_960, "a100-40"),
    ("NVIDIA A100-SXM4-80GB", 81_920, "a100-80gb"),
    ("NVIDIA A100 80GB PCIe", 81_920, "A100 80 GB"),
    ("NVIDIA A100-PCIE-40GB", 40_960, "a100 pcie 40gb"),
    ("NVIDIA H100 80GB HBM3", 81_559, "h100-80"),
    ("NVIDIA H100 NVL", 95_830, "h100 nvl 94gb"),
    ("NVIDIA H200", 143_771, "h200-141"),
    ("NVIDIA B200", 183_359, "b200-180gb"),
    ("NVIDIA GH200 480GB", 97_871, "gh200-96"),
    ("Tesla T4", 15_360, "t4-16gb"),
    ("NVIDIA T4G", 15_360, "t4g"),
    ("Tesla V100-SXM2-16GB", 16_160, "V100-16"),
    ("Tesla V100-SXM2-32GB", 32_510, "v100-32"),
    ("Tesla K80", 11_441, "k80-12gb"),
    ("NVIDIA A10", 23_028, "a10-24"),
    ("NVIDIA A10G", 23_028, "a10g 24gb"),
    ("NVIDIA L4", 23_034, "l4-24"),
    ("NVIDIA L40", 46_068, "l40-48"),
    ("NVIDIA L40S", 46_068, "L40s"),
    ("NVIDIA GeForce RTX 3090", 24_576, "rtx3090"),
    ("NVIDIA GeForce RTX 4080", 16_376, "rtx4080"),
    ("NVIDIA GeForce RTX 4080 SUPER", 16_376, "rtx 4080 super"),
    ("NVIDIA GeForce RTX 4090", 24_564, "rtx4090-24gb"),
    ("NVIDIA GeForce RTX 2080 Ti", 11_264, "2080ti"),
    ("NVIDIA RTX A6000", 49_140, "a6000"),
    ("NVIDIA RTX 6000 Ada Generation", 49_140, "rtx6000ada"),
    ("NVIDIA RTX PRO 6000 Blackwell Server Edition", 97_887, "rtx pro 6000 96gb"),
    ("NVIDIA TITAN RTX", 24_576, "titan rtx"),
]
"""Names as NVML gives them, MiB, and what one might type for exactly this."""
EC2 = [(kind.model, kind.mib) for kind in MACHINE_KINDS.values()]
LISTED = [(quote.model, (quote.memory_gb or 0) * 1024) for quote in quotes.aws(PriceBook(0, prices.list_price))]


@pytest.mark.parametrize(("model", "mib", "typed"), NVML)
def test_a_spelling_means_its_own_model_and_none_of_the_others(model, mib, typed):
    meant = [name for name, memory, _ in NVML if gpu_kind(typed).fits(name, memory)]

    assert model in meant
    assert {short_model(name) for name in meant} == {short_model(model)}
    assert gpu_kind(typed).fits(model, mib)


@pytest.mark.parametrize(
    ("model", "mib"), [*EC2, *LISTED, *((one.gpu_model, one.gpu_memory_mib) for one in OWNED_MACHINES)]
)
def test_every_listed_model_is_met_by_its_own_spellings(model, mib):
    told = short_model(model)
    for typed in (model, model.lower(), told, told.replace(" ", ""), told.replace(" ", "-"), f"nvidia {model}"):
        assert gpu_kind(typed).fits(model, mib), typed
        assert gpu_kind(f"{typed} {round(mib / 1024)}gb").fits(model, mib), typed


@pytest.mark.parametrize(
    ("typed", "model", "mib"),
    [
        ("a100-40", "A100", 81_920),
        ("a100-80", "A100", 40_960),
        ("a100-80gb", "NVIDIA A100-SXM4-40GB", 0),
        ("l4", "L40", 0),
        ("l4", "NVIDIA L40S", 46_068),
        ("l40", "L40S", 45_776),
        ("a10", "A100", 40_960),
        ("a10", "A10G", 22_888),
        ("t4", "T4g", 16_384),
        ("v100-16", "Tesla V100-SXM2-32GB", 32_510),
        ("rtx 4080", "NVIDIA GeForce RTX 4080 SUPER", 16_376),
        ("rtx 2080", "NVIDIA GeForce RTX 2080 Ti", 11_264),
        ("rtx 6000 ada", "Quadro RTX 6000", 24_576),
        ("rtx 6000", "NVIDIA RTX PRO 6000 Blackwell Server Edition", 97_887),
        ("h100 pcie", "NVIDIA H100 NVL", 95_830),
        ("a100", "", 40_960),
        ("a100-80", "A100", 0),
        ("24gb", "", 0),
    ],
)
def test_what_is_not_meant_does_not_fit(typed, model, mib):
    assert not gpu_kind(typed).fits(model, mib)


def test_a_name_without_a_form_may_be_any_form():
    assert gpu_kind("a100 sxm").fits("A100", 40_960)
    assert not gpu_kind("a100 sxm").fits("NVIDIA A100 80GB PCIe", 81_920)


def test_memory_alone_is_the_least_that_will_do():
    assert gpu_kind("40gb").fits("A100", 81_920)
    assert gpu_kind(">=40gb").fits("A100", 40_960)
    assert gpu_kind("40gb+").fits("L40S", 45_776)
    assert not gpu_kind("40gb").fits("A10G", 22_888)
    assert gpu_kind("a100 >=40gb").fits("A100", 81_920)


def test_any_is_met_by_everything():
    assert gpu_kind("any").is_any
    assert gpu_kind("any gpu").fits("", 0)
    assert str(gpu_kind("any")) == "any"


@pytest.mark.parametrize("typed", ["", "  ", "---", "a100 40gb 80gb", "0gb", "a100-00", "x" * 100])
def test_what_names_no_gpu_is_refused_with_what_to_type(typed):
    with pytest.raises(Refused, match=r"Try|Say one"):
        gpu_kind(typed)


@given(st.text(max_size=120))
def test_any_text_is_a_kind_or_a_sentence(text):
    assert outcome(text).strip()


def outcome(text: str) -> str:
    try:
        return str(gpu_kind(text))
    except Refused as refused:
        return str(refused)


ODD = ("any", "40gb", "a100 >=40gb", "a100 sxm", "rtx 6000 ada")


@pytest.mark.parametrize("typed", [*(typed for _, _, typed in NVML), *ODD])
def test_a_kind_is_read_again_as_it_is_written(typed):
    assert gpu_kind(str(gpu_kind(typed))) == gpu_kind(typed)


@given(st.text(max_size=120), st.integers(0, 300_000), st.sampled_from(NVML))
def test_no_reported_name_is_too_odd_to_be_compared(model, mib, known):
    assume(known[0] != model)
    assert gpu_kind(known[2]).fits(model, mib) in {True, False}
    assert isinstance(short_model(model), str)


def test_every_priced_type_is_covered_by_the_tables():
    assert len(LISTED) > len(prices.MICROS_PER_HOUR) // 2
