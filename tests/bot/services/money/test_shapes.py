"""What a machine costs by all that EC2 tells of it: from its raw answer to the price, what is asked for, and why."""

import json
from decimal import Decimal

import pytest

from bot.billing.aws_prices import AwsPrices
from bot.domain.machines.fleet import SourceSnapshot
from bot.providers.ec2_shapes import GpuType, instance
from bot.services.context import Context
from bot.services.machines import fleet
from bot.services.money import rates
from bot.settings import parse
from store.machines import fleet as stored_fleet
from tests.opening import open_store

NOW = 1_795_824_000_000
SOURCE = "ec2/111122223333/us-west-2"
RAW = {
    "InstanceId": "i-1",
    "InstanceType": "g5.xlarge",
    "State": {"Name": "running"},
    "PlatformDetails": "Linux/UNIX",
    "UsageOperation": "RunInstances",
    "Placement": {"AvailabilityZone": "us-west-2a", "Tenancy": "default"},
}
LINUX = {"regionCode": "us-west-2", "operatingSystem": "Linux", "preInstalledSw": "NA", "tenancy": "Shared"}
WINDOWS = {**LINUX, "operatingSystem": "Windows", "licenseModel": "No License required"}
LISTED = [
    ("1.006", LINUX, "RunInstances", "AWS Region"),
    ("1.190", WINDOWS, "RunInstances:0002", "AWS Region"),
    ("1.009", {**WINDOWS, "licenseModel": "Bring your own license"}, "RunInstances:0800", "AWS Region"),
    ("1.066", {**LINUX, "operatingSystem": "RHEL"}, "RunInstances:0010", "AWS Region"),
    ("1.131", {**LINUX, "operatingSystem": "SUSE"}, "RunInstances:000g", "AWS Region"),
    ("1.067", {**LINUX, "tenancy": "Dedicated"}, "RunInstances", "AWS Region"),
    ("1.251", {**WINDOWS, "tenancy": "Dedicated"}, "RunInstances:0002", "AWS Region"),
    ("1.207", {**LINUX, "regionCode": "us-west-2-lax-1"}, "RunInstances", "AWS Local Zone"),
    ("1.358", {**LINUX, "regionCode": "us-west-2-wl1-las1"}, "RunInstances", "AWS Wavelength Zone"),
]


def listed(_operation, asked):
    """AWS's list, by the filters that it is asked with."""
    wanted = {each["Field"]: each["Value"] for each in asked["Filters"]}
    found = [
        {"product": {"attributes": about}, "terms": {"OnDemand": {"T": {"priceDimensions": {"D": price}}}}}
        for usd, attributes, operation, place in LISTED
        for price in [{"unit": "Hrs", "beginRange": "0", "pricePerUnit": {"USD": usd}}]
        for about in [{"instanceType": "g5.xlarge", "operation": operation, "locationType": place, **attributes}]
        if all(about.get(key, value) == value for key, value in wanted.items())
    ]
    return {"PriceList": [json.dumps(each) for each in found]}


@pytest.fixture
def ctx(tmp_path):
    return of(tmp_path)


def of(tmp_path, **settings):
    return Context(open_store(tmp_path / "valet.db"), lambda: NOW, parse(settings, {}), {}, lambda: None)


def seen(ctx, **more):
    """The machine as the sweep writes it down, once AWS's list was read for it."""
    place = {**RAW["Placement"], **more.pop("Placement", {})}
    raw = {key: value for key, value in {**RAW, "Placement": place, **more}.items() if value is not None}
    found = instance(raw, GpuType("A10G", 1, 22_888, 250), SOURCE, disks={}, addresses=0)
    for _ in range(2):
        fleet.record_snapshot(ctx, SourceSnapshot(SOURCE, (found,)), NOW)
        rates.read_prices(ctx, AwsPrices(listed, lambda *_: {"SpotPriceHistory": []}))
    return stored_fleet.by_id(ctx.store.reading(), "i-1")


def rate(row):
    known = stored_fleet.rate_of(row)
    return known and (Decimal(known.micros_per_hour) / 10**6, known.exact, known.source)


LIST = "AWS on-demand list, us-west-2"
DATED = "2026-11-28"
HOST = {"Tenancy": "host", "HostId": "h-0123"}
LOCAL, WAVELENGTH = {"AvailabilityZone": "us-west-2-lax-1a"}, {"AvailabilityZone": "us-west-2-wl1-las-wlz-1"}
DENVER = {"AvailabilityZone": "us-west-2-den-1a"}


def system(platform, operation):
    return {"PlatformDetails": platform, "UsageOperation": operation}


@pytest.mark.parametrize(
    ("more", "usd", "exact", "source"),
    [
        ({}, "1.006", True, f"{LIST}, {DATED}"),
        (system("Windows", "RunInstances:0002"), "1.19", True, f"{LIST}, Windows, {DATED}"),
        ({"PlatformDetails": "Windows", "UsageOperation": None}, "1.19", True, f"{LIST}, Windows, {DATED}"),
        (
            {"PlatformDetails": None, "UsageOperation": None, "Platform": "windows"},
            "1.19",
            True,
            f"{LIST}, Windows, {DATED}",
        ),
        (system("Windows BYOL", "RunInstances:0800"), "1.009", True, f"{LIST}, Windows BYOL, {DATED}"),
        (system("Red Hat Enterprise Linux", "RunInstances:0010"), "1.066", True, f"{LIST}, RHEL, {DATED}"),
        (system("Red Hat BYOL Linux", "RunInstances:00g0"), "1.006", True, f"{LIST}, Red Hat BYOL, {DATED}"),
        (system("SUSE Linux", "RunInstances:000g"), "1.131", True, f"{LIST}, SUSE, {DATED}"),
        (
            system("Windows with SQL Server Standard", "RunInstances:0006"),
            "1.006",
            False,
            f"{LIST}, {DATED}; of Linux on shared hardware, not of Windows with SQL Server Standard",
        ),
        (
            system("Something New", "RunInstances:0zz0"),
            "1.006",
            False,
            f"{LIST}, {DATED}; of Linux on shared hardware, not of Something New",
        ),
        ({"Placement": {"Tenancy": "dedicated"}}, "1.067", True, f"{LIST}, dedicated, {DATED}"),
        (
            {"Placement": {"Tenancy": "dedicated"}, **system("Windows", "RunInstances:0002")},
            "1.251",
            True,
            f"{LIST}, Windows, dedicated, {DATED}",
        ),
        (
            {"Placement": HOST},
            "1.006",
            False,
            f"{LIST}, {DATED}; not of the dedicated host h-0123, which is paid as a whole",
        ),
        (
            {"OutpostArn": "arn:aws:outposts:us-west-2:1:outpost/op-1"},
            "1.006",
            False,
            f"{LIST}, {DATED}; not of an Outpost, which is paid as a whole",
        ),
        ({"Placement": LOCAL}, "1.207", True, f"AWS on-demand list, us-west-2-lax-1, {DATED}"),
        ({"Placement": WAVELENGTH}, "1.358", True, f"AWS on-demand list, us-west-2-wl1-las1, {DATED}"),
        ({"Placement": DENVER}, "1.006", False, f"{LIST}, {DATED}; of us-west-2, not of us-west-2-den-1a"),
        ({"CapacityReservationId": "cr-0123"}, "1.006", True, f"{LIST}, {DATED}"),
        (
            {"PlatformDetails": None, "UsageOperation": None},
            "1.006",
            False,
            f"{LIST}, {DATED}; what system it runs is not known",
        ),
        (
            {"ProductCodes": [{"ProductCodeId": "p1", "ProductCodeType": "marketplace"}]},
            "1.006",
            False,
            f"{LIST}, {DATED}; what its software of AWS Marketplace costs is not known",
        ),
        ({"ProductCodes": [{"ProductCodeId": "p1", "ProductCodeType": "devpay"}]}, "1.006", True, f"{LIST}, {DATED}"),
        (
            {"Placement": {"Tenancy": ""}},
            "1.006",
            False,
            f"{LIST}, {DATED}; whether its hardware is shared is not known",
        ),
    ],
)
def test_every_shape_has_its_own_price_or_says_what_the_figure_is_of(ctx, more, usd, exact, source):
    assert rate(seen(ctx, **more)) == (Decimal(usd), exact, source)


@pytest.mark.parametrize(
    ("more", "held"),
    [
        ({}, ""),
        ({"Placement": {"Tenancy": "dedicated"}}, ""),
        ({"Placement": HOST}, "the dedicated host h-0123"),
        ({"CapacityReservationId": "cr-0123"}, "the capacity reservation cr-0123"),
        ({"InstanceLifecycle": "capacity-block", "CapacityReservationId": "cr-0123"}, "a capacity block"),
        ({"InstanceLifecycle": "scheduled"}, "a scheduled reservation"),
        ({"InstanceLifecycle": "spot"}, ""),
        ({"InstanceLifecycle": "interruptible-capacity-reservation"}, ""),
        ({"OutpostArn": "arn:aws:outposts:us-west-2:1:outpost/op-1"}, "an Outpost"),
        ({"CapacityReservationSpecification": {"CapacityReservationPreference": "open"}}, ""),
    ],
)
def test_what_is_paid_whether_it_runs_or_not_is_kept(ctx, more, held):
    row = seen(ctx, **more)

    assert row["paid_anyway"] == stored_fleet.instance_of(row).paid_anyway == held


def test_a_capacity_block_has_no_hourly_price():
    book = rates.book_without_reads(parse({}, {}), NOW)
    block = instance({**RAW, "InstanceLifecycle": "capacity-block"}, GpuType("A10G", 1), SOURCE)

    assert book.rate(block) is None


@pytest.mark.parametrize(
    ("prices", "usd", "exact", "source"),
    [
        ({"g5.xlarge": "0.9"}, "0.9", False, 'valet.toml; of every g5.xlarge; set one of "g5.xlarge Windows"'),
        ({"g5.xlarge": "0.9", "g5.xlarge Windows": "1.1"}, "1.1", True, "valet.toml"),
    ],
)
def test_the_companys_own_figure_may_be_of_one_shape(tmp_path, prices, usd, exact, source):
    row = seen(of(tmp_path, prices=prices), **system("Windows", "RunInstances:0002"))

    assert rate(row) == (Decimal(usd), exact, source)


def test_a_row_of_before_says_that_its_shape_is_not_known(ctx):
    seen(ctx)
    with ctx.store.writing() as db:
        db.execute("UPDATE instances SET shape = NULL, paid_anyway = NULL")

    found = stored_fleet.instance_of(stored_fleet.by_id(ctx.store.reading(), "i-1"))

    assert (found.shape, found.paid_anyway) == (None, "")
    assert not rates.price_book(ctx, ctx.store.reading(), SOURCE).rate(found).exact


def spot_history(_source, _operation, asked):
    """EC2's spot prices: Windows has its own, SQL Server has none."""
    usd = {"Linux/UNIX": "0.40", "Windows": "0.58"}
    told = {"AvailabilityZone": "us-west-2a", "InstanceType": "g5.xlarge", "Timestamp": asked["StartTime"]}
    found = [{**told, "ProductDescription": each, "SpotPrice": usd[each]} for each in asked["ProductDescriptions"][:1]]
    return {"SpotPriceHistory": found, "NextToken": ""}


@pytest.mark.parametrize(
    ("more", "micros", "but"),
    [
        ({}, 400_000, ""),
        (system("Windows", "RunInstances:0002"), 580_000, ""),
        (system("Windows BYOL", "RunInstances:0800"), 400_000, "of Linux, not of Windows BYOL"),
        ({"PlatformDetails": None, "UsageOperation": None}, 400_000, "what system it runs is not known"),
    ],
)
def test_a_spot_price_is_that_of_the_system_or_says_what_it_is_of(ctx, more, micros, but):
    raw = {key: value for key, value in {**RAW, **more, "InstanceLifecycle": "spot"}.items() if value}
    found = instance(raw, GpuType("A10G", 1, 22_888, 250), SOURCE)
    for _ in range(2):
        fleet.record_snapshot(ctx, SourceSnapshot(SOURCE, (found,)), NOW)
        rates.read_prices(ctx, AwsPrices(listed, spot_history))

    rate = stored_fleet.rate_of(stored_fleet.by_id(ctx.store.reading(), "i-1"))

    assert (rate.micros_per_hour, rate.exact) == (micros, False)
    assert rate.source == f"spot price, us-west-2a, {DATED} 00:00 UTC" + (f"; {but}" if but else "")
