"""What AWS asks: our own table agrees with EC2's catalogue."""

import pytest
from moto.ec2.models.instance_types import INSTANCE_TYPES

from bot.billing import prices
from bot.billing.quotes import aws, other_of, quoted_gpus
from bot.domain.money.pricebook import Price, PriceBook


def test_our_table_says_of_gpus_what_ec2_says():
    checked = 0
    for instance_type in prices.MICROS_PER_HOUR:
        gpus = INSTANCE_TYPES.get(instance_type, {}).get("GpuInfo", {}).get("Gpus")
        if gpus is None or not gpus[0]["Count"]:
            continue
        model, memory_gb, count = quoted_gpus(instance_type)
        assert (model, count) == (gpus[0]["Name"], gpus[0]["Count"]), instance_type
        assert gpus[0]["MemoryInfo"]["SizeInMiB"] / 1024 == pytest.approx(memory_gb, rel=0.08), instance_type
        checked += 1
    assert checked > 50


def test_slices_of_a_gpu_have_no_price_of_a_whole_one():
    assert quoted_gpus("g6f.xlarge") is None
    assert quoted_gpus("p9.notreal") is None


def test_what_our_table_lacks_is_taken_from_what_else_is_known():
    known = {"p9.48xlarge": ("X100", 300, 8), "p5.48xlarge": ("wrong", 1, 1), "p8.metal": ("X", 0, 0)}
    price = Price(80_000_000, "AWS on-demand list, us-east-1")
    listed = {("us-east-1", "p9.48xlarge"): price, ("us-east-1", "p8.metal"): price}

    quotes = {each.type: each for each in aws(PriceBook(0, prices.list_price, listed=listed), known)}

    assert (quotes["p9.48xlarge"].model, quotes["p9.48xlarge"].micros_per_gpu_hour) == ("X100", 10_000_000)
    assert quotes["p5.48xlarge"].model == "H100"
    assert "p8.metal" not in quotes
    assert quoted_gpus("p5e.48xlarge") == ("H200", 141, 8)


@pytest.mark.parametrize(
    ("kind", "has"),
    [
        ("trn2.48xlarge", "Trainium"),
        ("inf2.xlarge", "Inferentia"),
        ("g4ad.4xlarge", "GPUs by AMD"),
        ("m7i.large", "no GPUs"),
        ("mac2.metal", "no GPUs"),
        ("p6e-gb300.36xlarge", ""),
        ("gr6f.4xlarge", ""),
        ("p2.xlarge", ""),
    ],
)
def test_what_a_type_has_is_told_by_its_name_where_nothing_else_tells(kind, has):
    assert other_of(kind) == has


def test_an_aws_offer_is_the_list_price_by_gpu():
    quote = next(each for each in aws(PriceBook(0, prices.list_price)) if each.type == "p5.48xlarge")

    assert (quote.micros_per_gpu_hour, quote.as_of, quote.model) == (6_880_000, "2026-07-20", "H100")
