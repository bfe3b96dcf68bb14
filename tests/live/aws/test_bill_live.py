"""The bill through boto3 and a moto server: requests as AWS takes them, roles, and failures. No costs are real."""

import json
import urllib.request
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.billing.athena import Athena
from bot.billing.bill import bill_in_settings
from bot.domain.money.bill import total
from bot.errors import Unreachable
from bot.settings import parse

NOW = int(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp() * 1000)
SINCE = date(2026, 11, 20)
ROLE = "arn:aws:iam::222222222222:role/billing"
TABLE = {
    "TableMetadata": {"Columns": [{"Name": name, "Type": "string"} for name in ("billedcost", "chargeperiodstart")]}
}
"""What moto has no answer for."""
COLUMNS = [*(f"c{number}" for number in range(14)), "charges", "unreadable"]


def seed(aws, what, **body):
    request = urllib.request.Request(
        f"{aws.url}/moto-api/static/{what}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=30).close()


def page(first, second, usd, token=None):
    metrics = {
        "UnblendedCost": {"Amount": usd, "Unit": "USD"},
        "AmortizedCost": {"Amount": usd, "Unit": "USD"},
        "UsageQuantity": {"Amount": "24", "Unit": "N/A"},
    }
    day = {
        "TimePeriod": {"Start": "2026-11-20", "End": "2026-11-21"},
        "Total": {},
        "Groups": [{"Keys": [first, second], "Metrics": metrics}],
        "Estimated": False,
    }
    return {"ResultsByTime": [day], **({"NextPageToken": token} if token else {})}


def source(**bill):
    found = bill_in_settings(parse({"bill": bill}, {}))
    assert found is not None
    return found


def test_cost_explorer_is_read_page_by_page_with_the_payers_role(aws):
    pages = [
        page("222222222222", "Amazon Elastic Compute Cloud - Compute", "24.1", token="more"),
        page("222222222222", "EC2 - Other", "0.9"),
        page("Usage", "g5.xlarge", "25"),
        page("team$nlp", "g5.xlarge", "25"),
    ]
    seed(aws, "ce/cost-and-usage-results", account_id="222222222222", results=pages)
    spent = []

    found = source(source="cost-explorer", role_arn=ROLE).look(SINCE, NOW, lambda: spent.append(1))

    assert len(spent) == aws.count("GetCostAndUsage") == 4
    assert aws.count("AssumeRole") == 1
    cuts = {cut: total(line for line in found.lines if line.cut == cut) for cut in {line.cut for line in found.lines}}
    assert cuts == {"account service": 25_000_000, "type kind": 25_000_000, "team type": 25_000_000}
    assert found.place == "account 222222222222"


def test_a_paid_request_that_fails_is_not_sent_again(aws):
    aws.fail("GetCostAndUsage", code="LimitExceededException", status=400)

    with pytest.raises(Unreachable, match="LimitExceededException"):
        source(source="cost-explorer").look(SINCE, NOW, lambda: None)
    assert aws.count("GetCostAndUsage") == 1


def test_a_role_without_the_right_says_so(aws):
    aws.fail("GetCostAndUsage", code="AccessDeniedException", status=400)

    with pytest.raises(Unreachable, match="AWS can't be asked about us-east-1: AccessDeniedException"):
        source(source="cost-explorer").look(SINCE, NOW, lambda: None)


def test_athena_is_asked_and_its_rows_are_lines(aws):
    row = ["2026-11", "2026-11-20", "1", "Amazon EC2", "nlp", "g5.xlarge", "i-0ab", "usage", None, "USD"]
    row += ["25.000000000000", "25", "30", "24", "48", "0"]
    cells = {"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]}
    info = [
        {"CatalogName": "x", "SchemaName": "x", "TableName": "x", "Name": name, "Label": name, "Type": "varchar"}
        | {"Precision": 1, "Scale": 1, "Nullable": "NULLABLE", "CaseSensitive": True}
        for name in COLUMNS
    ]
    names = {"Data": [{"VarCharValue": name} for name in COLUMNS]}
    seed(aws, "athena/query-results", results=[{"rows": [names, cells], "column_info": info}])
    made = source(source="athena", database="billing", table="focus", output="s3://results/valet/")
    assert isinstance(made, Athena)

    found = replace(
        made, ask=lambda call, asked: TABLE if call == "get_table_metadata" else made.ask(call, asked)
    ).look(SINCE, NOW, lambda: None)

    [line] = found.lines
    assert (line.day, line.team, line.type, line.instance) == (date(2026, 11, 20), "nlp", "g5.xlarge", "i-0ab")
    assert (line.billed_micros, line.list_micros, line.running_ms) == (25_000_000, 30_000_000, 86_400_000)
    assert aws.count("StartQueryExecution") == 1
