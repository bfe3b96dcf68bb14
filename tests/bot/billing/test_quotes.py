"""What AWS asks: our own table agrees with EC2's catalogue."""

import pytest
from moto.ec2.models.instance_types import INSTANCE_TYPES

from bot.billing import prices
from bot.billing.quotes import aws, gpus_of
from bot.domain.money.pricebook import Book


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
