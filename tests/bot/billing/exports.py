"""FOCUS exports of known sums, written in the shapes that exports come in."""

import csv
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

V10 = (
    *("BilledCost", "BillingAccountId", "BillingCurrency", "BillingPeriodStart", "ChargeCategory", "ChargeClass"),
    *("ChargeDescription", "ChargePeriodStart", "ConsumedQuantity", "ConsumedUnit", "EffectiveCost", "ListCost"),
    *("ResourceId", "ServiceName", "SubAccountId", "Tags", "x_UsageType"),
)
V12 = (*[name for name in V10 if name != "x_UsageType"], "SkuMeter", "SkuPriceDetails", "InvoiceId")
EC2 = "Amazon Elastic Compute Cloud"


def charge(day: str = "2026-11-16", usd: str = "1.50", **more: Any) -> dict[str, Any]:
    """An hour of a g5.xlarge; keywords are FOCUS columns, and `tags`."""
    found = {
        "BilledCost": usd,
        "BillingAccountId": "999900001111",
        "BillingCurrency": "USD",
        "BillingPeriodStart": f"{day[:7]}-01 00:00:00",
        "ChargeCategory": "Usage",
        "ChargeClass": None,
        "ChargeDescription": "$1.006 per On Demand Linux g5.xlarge Instance Hour",
        "ChargePeriodStart": f"{day} 03:00:00",
        "ConsumedQuantity": "1",
        "ConsumedUnit": "Hrs",
        "EffectiveCost": usd,
        "ListCost": usd,
        "ResourceId": "i-0aaaabbbbccccdddd",
        "ServiceName": EC2,
        "SubAccountId": "111122223333",
        "Tags": {"team": "nlp"},
        "x_UsageType": "USE1-BoxUsage:g5.xlarge",
        "SkuMeter": "USE1-BoxUsage:g5.xlarge",
        "SkuPriceDetails": None,
        "InvoiceId": None,
    }
    return {**found, **more}


def disk(day: str = "2026-11-16", usd: str = "0.25", **more: Any) -> dict[str, Any]:
    """Something that is no machine."""
    return charge(
        day,
        usd,
        **{
            "ChargeDescription": "$0.08 per GB-month of General Purpose (gp3) provisioned storage",
            "ConsumedUnit": "GB-Mo",
            "ResourceId": "vol-0aaaa",
            "x_UsageType": "EBS:VolumeUsage.gp3",
            "SkuMeter": "EBS:VolumeUsage.gp3",
            **more,
        },
    )


def _text(value: Any, null: str) -> str:
    if value is None:
        return null
    return json.dumps(value) if isinstance(value, dict) else str(value)


def write_csv(path: Path, rows: list[dict[str, Any]], columns=V10, *, null: str = "NULL", names=None) -> Path:
    """As text, gzipped where the name says so; `names` are other names of columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", newline="") if path.suffix == ".gz" else path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow([(names or {}).get(name, name) for name in columns])
        out.writerows([_text(row[name], null) for name in columns] for row in rows)
    return path


TYPES = {
    "BilledCost": "DOUBLE",
    "EffectiveCost": "DOUBLE",
    "ListCost": "DOUBLE",
    "ConsumedQuantity": "DOUBLE",
    "BillingPeriodStart": "TIMESTAMP",
    "ChargePeriodStart": "TIMESTAMP",
}
TAGS = {
    "map": "CAST(CAST(Tags AS JSON) AS MAP(VARCHAR, VARCHAR))",
    "json": "Tags",
    "struct": 'json_transform(Tags, \'{"team": "VARCHAR", "project": "VARCHAR"}\')',
    "array": "to_json(list_transform(map_entries(CAST(CAST(Tags AS JSON) AS MAP(VARCHAR, VARCHAR))), "
    "lambda pair: {'key': pair.key, 'value': pair.value}))::VARCHAR",
    "binary": "encode(Tags)",
    "list": "list_transform(map_entries(CAST(CAST(Tags AS JSON) AS MAP(VARCHAR, VARCHAR))), "
    "lambda pair: {'key': pair.key, 'value': pair.value})",
}


def write_parquet(path: Path, rows: list[dict[str, Any]], columns=V12, *, tags: str = "map", names=None) -> Path:
    """With the types that AWS gives its columns; `tags` is how tags come."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = write_csv(path.with_suffix(".tmp"), rows, columns, null="")
    told = [f'{_cell(name, tags)} AS "{(names or {}).get(name, name)}"' for name in columns]
    with duckdb.connect() as database:
        database.execute(
            f"COPY (SELECT {', '.join(told)} FROM read_csv('{plain}', header=true, all_varchar=true, nullstr='')) "
            f"TO '{path}' (FORMAT parquet)"
        )
    plain.unlink()
    return path


def _cell(name: str, tags: str) -> str:
    return TAGS[tags] if name == "Tags" else f"CAST({name} AS {TYPES.get(name, 'VARCHAR')})"


def usd(micros: int) -> Decimal:
    return Decimal(micros) / 1_000_000
