"""What clouds ask: our own table agrees with EC2's catalogue, and price lists are read as rough as they are."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.ec2.models.instance_types import INSTANCE_TYPES

from bot.billing import prices
from bot.billing.quotes import NEEDED, aws, catalog, gpus_of
from bot.domain.money.pricebook import Book
from bot.errors import Unreachable

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


def test_our_table_says_of_gpus_what_ec2_says():
    checked = 0
    for instance_type in prices.MICROS_PER_HOUR:
        gpus = INSTANCE_TYPES.get(instance_type, {}).get("GpuInfo", {}).get("Gpus")
        if gpus is None or not gpus[0]["Count"]:
            continue
        model, memory_gb, count = gpus_of(instance_type)
        assert (model, count) == (gpus[0]["Name"], gpus[0]["Count"]), instance_type
        assert gpus[0]["MemoryInfo"]["SizeInMiB"] / 1024 == pytest.approx(memory_gb, rel=0.08), instance_type
        checked += 1
    assert checked > 50


def test_slices_of_a_gpu_have_no_price_of_a_whole_one():
    assert gpus_of("g6f.xlarge") is None
    assert gpus_of("p9.notreal") is None


def test_an_aws_offer_is_the_list_price_by_gpu():
    quote = next(each for each in aws(Book(0, prices.on_demand)) if each.type == "p5.48xlarge")

    assert (quote.micros_per_gpu_hour, quote.as_of, quote.model) == (6_880_000, "2026-07-20", "H100")


def test_a_price_list_gives_the_cheapest_by_model_count_and_kind(listed):
    found = {(each.model, each.gpus, each.spot): each for each in catalog("lambda", str(listed))}

    assert len(found) == 4
    assert (found["H100", 8, False].micros_per_gpu_hour, found["H100", 8, False].region) == (2_990_000, "europe-1")
    assert found["H100", 1, True].micros_per_gpu_hour == 1_250_000
    assert found["A100-80GB", 1, False].memory_gb == 80
    assert found["H100", 8, False].as_of == "2026-09-21"
    assert found["H100", 8, False].source == "catalogs.lambda"


def test_a_changed_price_list_is_read_anew(listed):
    assert len(catalog("lambda", str(listed))) == 4

    listed.write_text(HEADER + "gpu_1x_h100,H100,1,26,200,,2.49,,us-east-1\n")

    assert [each.micros_per_gpu_hour for each in catalog("lambda", str(listed))] == [2_490_000]


def test_a_price_list_that_is_none_says_why(tmp_path):
    strange = tmp_path / "strange.csv"
    strange.write_text("a,b\n1,2\n")

    with pytest.raises(Unreachable, match=r"catalogs\.x can't be read: No such file"):
        catalog("x", str(tmp_path / "none.csv"))
    with pytest.raises(Unreachable, match="has no column InstanceType and AcceleratorName and"):
        catalog("x", str(strange))
    strange.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Unreachable, match="can't be read: UnicodeDecodeError"):
        catalog("x", str(strange))


@given(st.lists(st.lists(st.text(max_size=12), min_size=len(NEEDED), max_size=len(NEEDED)), max_size=6))
def test_whatever_a_line_holds_it_is_an_offer_or_none(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("lists") / "any.csv"
    rows = [",".join(NEEDED), *(",".join(f'"{cell}"' for cell in line) for line in lines)]
    path.write_text("\n".join(rows), encoding="utf-8", errors="replace")
    try:
        found = catalog("any", str(path))
    except Unreachable:
        return

    assert all(each.micros_per_gpu_hour >= 0 and each.gpus >= 1 and each.model for each in found)
