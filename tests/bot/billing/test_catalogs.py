"""Price lists are read as rough as they are, and what in them is no machine with GPUs counts for nothing."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.billing.catalogs import NEEDED, catalog
from bot.domain.machines import models
from bot.errors import Unreachable
from tests.data import data_file

HEADER = "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region\n"
LISTED = HEADER + (
    "gpu_8x_h100,H100,8,208,1800,,31.92,,us-east-1\n"
    "gpu_8x_h100,H100,8,208,1800,,23.92,,europe-1\n"
    "gpu_1x_h100,H100,1.0,26,200,,2.99,1.25,us-east-1\n"
    "gpu_1x_a100,A100-80GB,1,26,200,,1.29,,us-east-1\n"
    "cpu_only,,,26,200,,0.5,,us-east-1\n"
    "slice,L4,0.5,4,16,,0.2,,us-east-1\n"
    "odd,H100,8,1,1,,free,-1,us-east-1\n"
)


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "lambda.csv"
    path.write_text(LISTED)
    os.utime(path, (1_790_000_000, 1_790_000_000))
    return path


def test_a_price_list_gives_the_cheapest_by_model_count_and_kind(listed):
    found = {(each.model, each.gpus, each.spot): each for each in catalog("lambda", str(listed)).quotes}

    assert len(found) == 4
    assert (found["H100", 8, False].micros_per_gpu_hour, found["H100", 8, False].region) == (2_990_000, "europe-1")
    assert found["H100", 1, True].micros_per_gpu_hour == 1_250_000
    assert found["A100-80GB", 1, False].memory_gb == 80
    assert found["H100", 8, False].as_of == "2026-09-21"
    assert found["H100", 8, False].source == "catalogs.lambda"


def test_a_changed_price_list_is_read_anew(listed):
    assert len(catalog("lambda", str(listed)).quotes) == 4

    listed.write_text(HEADER + "gpu_1x_h100,H100,1,26,200,,2.49,,us-east-1\n")

    assert [each.micros_per_gpu_hour for each in catalog("lambda", str(listed)).quotes] == [2_490_000]


def test_a_price_list_that_is_none_says_why(tmp_path):
    strange = tmp_path / "strange.csv"
    strange.write_text("a,b\n1,2\n")

    with pytest.raises(Unreachable, match=r"catalogs\.x can't be read: No such file"):
        catalog("x", str(tmp_path / "none.csv"))
    with pytest.raises(Unreachable, match="has no column InstanceType and AcceleratorName and"):
        catalog("x", str(strange))
    strange.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Unreachable, match=r"it is not text in UTF-8\. In Excel: Save As, CSV UTF-8"):
        catalog("x", str(strange))


@given(st.lists(st.lists(st.text(max_size=12), min_size=len(NEEDED), max_size=len(NEEDED)), max_size=6))
def test_whatever_a_line_holds_it_is_an_offer_or_none(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("lists") / "any.csv"
    rows = [",".join(NEEDED), *(",".join(f'"{cell}"' for cell in line) for line in lines)]
    path.write_text("\n".join(rows), encoding="utf-8", errors="replace")
    try:
        found = catalog("any", str(path)).quotes
    except Unreachable:
        return

    assert all(each.micros_per_gpu_hour >= 0 and each.gpus >= 1 and each.model for each in found)


def read(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "any.csv"
    path.write_text(text, encoding=encoding)
    return catalog("any", str(path))


def test_a_list_that_excel_saved_is_read(tmp_path):
    assert read(tmp_path, LISTED, "utf-8-sig").quotes == read(tmp_path, LISTED).quotes
    assert len(catalog("bom", str(data_file("cases/catalogs/bom.csv"))).quotes) == 4


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_list_with_other_separators_is_refused_and_that_is_said(tmp_path, separator, name):
    with pytest.raises(Unreachable, match=rf"catalogs\.any is separated by {name}; save it with commas\."):
        read(tmp_path, LISTED.replace(",", separator))


def info(mib, count=1, **more):
    return str({"Gpus": [{"Name": "x", "Count": count, "MemoryInfo": {"SizeInMiB": mib}, **more}]})


@pytest.mark.parametrize(
    ("name", "gpu_info", "memory_gb"),
    [
        ("A100", info(81920), 80),
        ("A100", info(40960), 40),
        ("RTX4090", info(24564), 24),
        ("A100", info(80), 80),
        ("A100", info(81920, 8), 80),
        ("A100", info(8 * 81920, 8), 80),
        ("RTX4070", info(32752, 2), None),
        ("A100-80GB", info(40960), 80),
        ("A100", info(0), None),
        ("A100", info("much"), None),
        ("A100", info(True), None),
        ("A100", "{'Gpus': [{'Name': 'A100'}]}", None),
        ("A100", "{}", None),
        ("A100", "x", None),
        ("A100", "[" * 3_000, None),
        ("A100", "", None),
    ],
)
def test_the_memory_of_a_gpu_is_read_and_never_guessed(tmp_path, name, gpu_info, memory_gb):
    [quote] = read(tmp_path, HEADER + f'one,{name},1,4,16,"{gpu_info}",1.0,,\n').quotes

    assert quote.memory_gb == memory_gb


def test_cards_of_one_name_and_two_sizes_are_two():
    found = catalog("vast", str(data_file("cases/catalogs/vast.csv"))).quotes
    big = [each for each in found if models.gpu_kind("a100-80").fits(each.model, (each.memory_gb or 0) * 1024)]

    assert [(each.model, each.memory_gb, each.micros_per_gpu_hour) for each in big] == [("A100", 80, 970_000)]
    assert {each.memory_gb for each in found if each.model == "A100"} == {40, 80}


def test_a_gpu_without_its_machine_and_what_is_none_are_left_out_and_said(tmp_path):
    found = read(
        tmp_path,
        HEADER
        + ",A100,1,,,,2.93,1.10,us-central1\n"
        + "a2-highgpu-1g,A100,1,12,85,,3.67,,us-central1\n"
        + "TPU-VM,tpu-v2-8,1,96,335,,0.0001,,us-central1\n"
        + ",tpu-v3-8,1,,,,8.0,,us-central1\n"
        + "trn1.2xlarge,Trainium,1,8,32,,1.34,,us-east-1\n",
    )

    assert [(each.type, each.micros_per_gpu_hour) for each in found.quotes] == [("a2-highgpu-1g", 3_670_000)]
    assert found.left_out() == (
        "The price list catalogs.any prices A100 without the machine around it, so those prices are left out, "
        "and prices Trainium, tpu-v2-8, tpu-v3-8, which are no GPUs and left out."
    )
    assert found.left_out(models.gpu_kind("a100")).endswith(
        "A100 without the machine around it, so those prices are left out."
    )
    assert found.left_out(models.gpu_kind("h100")) == ""
