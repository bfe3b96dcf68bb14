"""AWS list prices of machines with NVIDIA GPUs: our own table, dated, for when nothing better is at hand.

On-demand, Linux, shared tenancy, us-east-1, USD per hour. The figures are from the pricing table of
karpenter-provider-aws (github.com/aws/karpenter-provider-aws, Apache-2.0), generated on 2026-07-20. They may have
moved since, so whoever shows one shows `as_of` and `source` beside it. Discounts, spot, disks and traffic are left out.
"""

from bot.domain.money.pricebook import Price

AS_OF = "2026-07-20"
HOME = "us-east-1"
CAPACITY_SHORT = ("p4d.", "p4de.", "p5.", "p5e.", "p5en.", "p6-", "p6e-")
"""Beginnings of types that AWS often has none left of: a stopped one may not start again."""


def list_price(instance_type: str, region: str) -> Price | None:
    """The list price of an instance type; None when we have none, never 0."""
    micros = MICROS_PER_HOUR.get(instance_type)
    if micros is None:
        return None
    exact = region == HOME
    source = f"AWS on-demand list, {HOME}" if exact else f"AWS on-demand list of {HOME}, not of {region}"
    return Price(micros, source, AS_OF, exact)


def is_capacity_short(instance_type: str) -> bool:
    """Whether a restart of such a machine may fail because AWS has none left."""
    return instance_type.startswith(CAPACITY_SHORT)


MICROS_PER_HOUR: dict[str, int] = {
    "g2.2xlarge": 650_000,
    "g2.8xlarge": 2_600_000,
    "g3.4xlarge": 1_140_000,
    "g3.8xlarge": 2_280_000,
    "g3.16xlarge": 4_560_000,
    "g3s.xlarge": 750_000,
    "g4dn.xlarge": 526_000,
    "g4dn.2xlarge": 752_000,
    "g4dn.4xlarge": 1_204_000,
    "g4dn.8xlarge": 2_176_000,
    "g4dn.12xlarge": 3_912_000,
    "g4dn.16xlarge": 4_352_000,
    "g4dn.metal": 7_824_000,
    "g5.xlarge": 1_006_000,
    "g5.2xlarge": 1_212_000,
    "g5.4xlarge": 1_624_000,
    "g5.8xlarge": 2_448_000,
    "g5.12xlarge": 5_672_000,
    "g5.16xlarge": 4_096_000,
    "g5.24xlarge": 8_144_000,
    "g5.48xlarge": 16_288_000,
    "g5g.xlarge": 420_000,
    "g5g.2xlarge": 556_000,
    "g5g.4xlarge": 828_000,
    "g5g.8xlarge": 1_372_000,
    "g5g.16xlarge": 2_744_000,
    "g5g.metal": 2_744_000,
    "g6.xlarge": 804_800,
    "g6.2xlarge": 977_600,
    "g6.4xlarge": 1_323_200,
    "g6.8xlarge": 2_014_400,
    "g6.12xlarge": 4_601_600,
    "g6.16xlarge": 3_396_800,
    "g6.24xlarge": 6_675_200,
    "g6.48xlarge": 13_350_400,
    "g6e.xlarge": 1_861_000,
    "g6e.2xlarge": 2_242_080,
    "g6e.4xlarge": 3_004_240,
    "g6e.8xlarge": 4_528_560,
    "g6e.12xlarge": 10_492_640,
    "g6e.16xlarge": 7_577_190,
    "g6e.24xlarge": 15_065_590,
    "g6e.48xlarge": 30_131_180,
    "g6f.large": 202_000,
    "g6f.xlarge": 237_500,
    "g6f.2xlarge": 475_000,
    "g6f.4xlarge": 950_000,
    "g7.2xlarge": 2_520_000,
    "g7.4xlarge": 3_042_080,
    "g7.8xlarge": 4_086_240,
    "g7.12xlarge": 7_128_320,
    "g7.24xlarge": 14_256_640,
    "g7.48xlarge": 28_513_280,
    "g7e.2xlarge": 3_363_120,
    "g7e.4xlarge": 3_998_160,
    "g7e.8xlarge": 5_268_240,
    "g7e.12xlarge": 8_286_080,
    "g7e.24xlarge": 16_572_160,
    "g7e.48xlarge": 33_144_320,
    "gr6.4xlarge": 1_539_200,
    "gr6.8xlarge": 2_446_400,
    "gr6f.4xlarge": 1_066_000,
    "p2.xlarge": 900_000,
    "p2.8xlarge": 7_200_000,
    "p2.16xlarge": 14_400_000,
    "p3.2xlarge": 3_060_000,
    "p3.8xlarge": 12_240_000,
    "p3.16xlarge": 24_480_000,
    "p3dn.24xlarge": 31_212_000,
    "p4d.24xlarge": 21_957_642,
    "p4de.24xlarge": 27_447_050,
    "p5.4xlarge": 6_880_000,
    "p5.48xlarge": 55_040_000,
    "p5en.48xlarge": 63_296_000,
    "p6-b200.48xlarge": 113_932_800,
    "p6-b300.48xlarge": 142_416_000,
}
