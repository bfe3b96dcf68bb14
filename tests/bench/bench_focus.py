"""How long ten million FOCUS charges take on this machine, how much memory, and whether the sums come out right.

Run with `pytest -m bench -s tests/bench/bench_focus.py`; VALET_BENCH_CHARGES says how many charges (1,000,000), and
VALET_BENCH_FOLDER where their files go and are left for the next run (a temporary folder).
"""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

duckdb = pytest.importorskip("duckdb", reason="the extra focus is not installed")
pytestmark = pytest.mark.bench

CHARGES = int(os.environ.get("VALET_BENCH_CHARGES", "1000000"))
REPOSITORY = Path(__file__).parents[2]
NOW = int(datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp() * 1000)
A_THOUSAND = 500_500
"""Micro-dollars of a thousand charges in a row: 1 to 1000."""
ROWS = """
SELECT
    'us-east-1' || chr(97 + CAST(i % 4 AS INTEGER)) AS AvailabilityZone,
    {amount} AS BilledCost, '999900001111' AS BillingAccountId, 'Company' AS BillingAccountName,
    'USD' AS BillingCurrency, {stamp}(TIMESTAMP '2026-12-01') AS BillingPeriodEnd,
    {stamp}(TIMESTAMP '2026-11-01') AS BillingPeriodStart,
    CASE WHEN i % 1000 = 999 THEN 'Tax' ELSE 'Usage' END AS ChargeCategory, NULL AS ChargeClass,
    CASE WHEN i % 10 = 0 THEN '$21.957642 per On Demand Linux p4d.24xlarge Instance Hour'
         WHEN i % 10 < 4 THEN '$0.096 per On Demand Linux m5.large Instance Hour'
         ELSE '$0.08 per GB-month of General Purpose (gp3) provisioned storage - US East' END AS ChargeDescription,
    'Usage-Based' AS ChargeFrequency,
    {stamp}(TIMESTAMP '2026-11-01' + INTERVAL 1 HOUR * CAST(1 + i * 720 // {count} AS INTEGER)) AS ChargePeriodEnd,
    {stamp}(TIMESTAMP '2026-11-01' + INTERVAL 1 HOUR * CAST(i * 720 // {count} AS INTEGER)) AS ChargePeriodStart,
    1.0 AS ConsumedQuantity, CASE WHEN i % 10 < 4 THEN 'Hrs' ELSE 'GB-Mo' END AS ConsumedUnit,
    {amount} AS ContractedCost, {amount} AS EffectiveCost, 'Amazon Web Services, Inc.' AS InvoiceIssuerName,
    {amount} AS ListCost, 0.08 AS ListUnitPrice, 'Standard' AS PricingCategory, 1.0 AS PricingQuantity,
    'AWS' AS ProviderName, 'us-east-1' AS RegionId, 'US East (N. Virginia)' AS RegionName,
    CASE WHEN i % 10 < 4 THEN 'i-0' || lpad(CAST(i % 40000 AS VARCHAR), 16, '0')
         ELSE 'vol-0' || lpad(CAST(i % 100000 AS VARCHAR), 16, '0') END AS ResourceId,
    'Compute' AS ServiceCategory,
    CASE WHEN i % 10 < 7 THEN 'Amazon Elastic Compute Cloud' ELSE 'Amazon Service ' || (i % 40) END AS ServiceName,
    'SKU' || (i % 500) AS SkuId,
    CASE WHEN i % 10 = 0 THEN 'USE1-BoxUsage:p4d.24xlarge' WHEN i % 10 < 4 THEN 'USE1-BoxUsage:m5.large'
         ELSE 'EBS:VolumeUsage.gp3' END AS SkuMeter,
    CAST(111100000000 + i % 20 AS VARCHAR) AS SubAccountId,
    {tags} AS Tags
FROM range({first}, {last}) AS numbers(i)
"""
TAGS_MAP = (
    "CASE WHEN i % 10 = 9 THEN NULL ELSE MAP {'team': 'team-' || (i % 12), 'environment': 'dev', "
    "'application': 'app-' || (i % 300), 'owner': 'o' || (i % 900)} END"
)
TAGS_JSON = (
    'CASE WHEN i % 10 = 9 THEN NULL ELSE \'{"team": "team-\' || (i % 12) || \'", "environment": "dev", '
    '"application": "app-\' || (i % 300) || \'", "owner": "o\' || (i % 900) || \'"}\' END'
)
READ = """
import json, sys, time
from datetime import date
from bot.billing.focus import Focus
from bot.domain.money.bill import total
def peak():  # what this program has taken, not what its parent had
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024
before, began = peak(), time.perf_counter()
look = Focus(sys.argv[1], "team").look(date(2026, 11, 1), int(sys.argv[2]), lambda: None)
print(json.dumps({
    "seconds": time.perf_counter() - began, "before_mib": before, "peak_mib": peak(), "lines": len(look.lines),
    "micros": total(look.lines), "days": len({line.day for line in look.lines}),
    "machines": len({line.instance for line in look.lines if line.instance}),
    "team_0": total(line for line in look.lines if line.team == "team-0"),
}))
"""


def write(folder: Path, shape: str) -> int:
    """Ten files; the bytes they take."""
    folder.mkdir(parents=True, exist_ok=True)
    parquet, packed = shape == "parquet", "gzip" if shape.endswith("gz") else "none"
    how = "FORMAT parquet, COMPRESSION zstd" if parquet else f"FORMAT csv, HEADER, NULLSTR 'NULL', COMPRESSION {packed}"
    with duckdb.connect() as database:
        for number in range(10):
            path = folder / f"part-{number}.{shape}"
            if path.exists():
                continue
            rows = ROWS.format(
                count=CHARGES,
                first=number * CHARGES // 10,
                last=(number + 1) * CHARGES // 10,
                stamp="" if parquet else "CAST",
                tags=TAGS_MAP if parquet else TAGS_JSON,
                amount="CAST(i % 1000 + 1 AS DOUBLE) / 1000000" if parquet else "printf('%.6f', (i % 1000 + 1) / 1e6)",
            )
            rows = rows.replace("CAST(TIMESTAMP '", "(TIMESTAMP '")
            database.execute(f"COPY ({rows}) TO '{folder / 'unfinished'}' ({how})")
            (folder / "unfinished").rename(path)
    return sum(path.stat().st_size for path in folder.iterdir())


@pytest.mark.parametrize("shape", ["parquet", "csv", "csv.gz"])
def test_how_long_an_export_takes(shape, tmp_path):
    folder = Path(os.environ.get("VALET_BENCH_FOLDER") or tmp_path) / f"{CHARGES}-{shape}"
    began = time.perf_counter()
    size = write(folder, shape)
    made = time.perf_counter() - began

    done = subprocess.run(
        [sys.executable, "-c", READ, str(folder), str(NOW)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    said = json.loads(done.stdout)
    files = f"{CHARGES:,} charges, {shape}, {size / 2**20:,.0f} MiB, made in {made:.0f} s"
    memory = f"peak {said['peak_mib']:.0f} MiB ({said['before_mib']:.0f} before)"
    kept = f"{said['lines']:,} lines kept, {said['machines']:,} machines told apart"
    print(f"\n{files}: read in {said['seconds']:.1f} s, {memory}, {kept}")
    assert said["micros"] == CHARGES // 1000 * A_THOUSAND
    assert said["days"] == 30
    assert said["team_0"] == sum(i % 1000 + 1 for i in range(0, CHARGES, 12) if i % 10 != 9)
