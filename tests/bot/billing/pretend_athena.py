"""An Athena that runs what it is asked in DuckDB, which is taught the words of Trino; in states and pages."""

import re
from pathlib import Path
from typing import Any

import duckdb

JSON_SCALAR = r"""CREATE MACRO json_extract_scalar(words, path) AS CASE WHEN json_valid(words)
THEN json_extract_string(words, '$.' || regexp_extract(path, '\$\[(.*)\]', 1)) END"""
JSON_VALUE = r"""CREATE MACRO json_value(words, path) AS CASE WHEN json_valid(words) THEN json_extract_string(
list_filter(json_extract(words, '$[*]'), lambda pair: json_extract_string(pair, '$.key') =
regexp_extract(path, '== "(.*)"\)', 1))[1], '$.value') END"""
MACROS = (
    "CREATE MACRO date_format(moment, form) AS strftime(moment, form)",
    "CREATE MACRO element_at(pairs, name) AS pairs[name]",
    JSON_SCALAR,
    JSON_VALUE,
    "CREATE MACRO from_utf8(bytes) AS decode(bytes)",
    "CREATE SCHEMA billing",
)
TYPES = {"VARCHAR": "string", "DOUBLE": "double", "TIMESTAMP": "timestamp(3)", "BLOB": "binary"}


class PretendAthena:
    """One table, `billing.focus`, over a Parquet file; `ask` is what the source calls, `sent` what it called."""

    def __init__(self, path: Path, *, partition: str = "", page: int = 1_000, states: tuple[str, ...] = ()) -> None:
        self.database = duckdb.connect()
        for macro in MACROS:
            self.database.execute(macro)
        self.partition, self.page = partition, page
        more = f", strftime(BillingPeriodStart, '%Y-%m') AS {partition}" if partition else ""
        self.database.execute(f"CREATE TABLE billing.focus AS SELECT *{more} FROM read_parquet('{path}')")
        self.of_files = False
        self.states = list(states or ("QUEUED", "RUNNING", "SUCCEEDED"))
        self.sent: list[tuple[str, Any]] = []
        self.rows: list[list[str | None]] = []

    def lies_in(self, folders: dict[str, str]) -> None:
        """The rows are of files: of these folders, by a condition for each."""
        found = " ".join(f"WHEN {condition} THEN '{folder}/f-1.parquet'" for folder, condition in folders.items())
        self.database.execute(
            f'CREATE OR REPLACE TABLE billing.focus AS SELECT *, CASE {found} END AS "$path" FROM billing.focus'
        )
        self.of_files = True

    def count(self, operation: str) -> int:
        return sum(1 for name, _ in self.sent if name == operation)

    @property
    def sql(self) -> str:
        return next(asked["QueryString"] for name, asked in self.sent if name == "start_query_execution")

    def ask(self, operation: str, asked: Any) -> Any:
        self.sent.append((operation, dict(asked)))
        return getattr(self, operation)(**asked)

    def get_table_metadata(self, CatalogName, DatabaseName, TableName):  # noqa: N803
        assert (CatalogName, DatabaseName, TableName) == ("AwsDataCatalog", "billing", "focus")
        found = [each for each in self.database.execute("DESCRIBE billing.focus").fetchall() if each[0] != "$path"]
        columns = [{"Name": name.lower(), "Type": _hive(kind)} for name, kind, *_ in found]
        keys = [each for each in columns if each["Name"] == self.partition]
        told = {"Columns": [each for each in columns if each not in keys], "PartitionKeys": keys}
        return {"TableMetadata": {**told, **({"TableType": "EXTERNAL_TABLE"} if self.of_files else {})}}

    def start_query_execution(self, QueryString, WorkGroup, ResultConfiguration=None):  # noqa: N803
        found = self.database.execute(QueryString)
        names = [column[0] for column in found.description]
        self.rows = [names, *([None if cell is None else str(cell) for cell in row] for row in found.fetchall())]
        return {"QueryExecutionId": "q-1"}

    def get_query_execution(self, QueryExecutionId):  # noqa: N803
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        told = {"State": state, "StateChangeReason": "SYNTAX_ERROR: as arranged"}
        return {"QueryExecution": {"Status": told, "Statistics": {"DataScannedInBytes": 5 * 1024 * 1024}}}

    def stop_query_execution(self, QueryExecutionId):  # noqa: N803
        return {}

    def get_query_results(self, QueryExecutionId, NextToken="0"):  # noqa: N803
        at = int(NextToken)
        rows = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in self.rows]
        more = {"NextToken": str(at + self.page)} if at + self.page < len(rows) else {}
        info = [{"Name": name} for name in self.rows[0]]
        return {"ResultSet": {"Rows": rows[at : at + self.page], "ResultSetMetadata": {"ColumnInfo": info}}, **more}


def _hive(kind: str) -> str:
    """DuckDB's types as Glue writes them."""
    if kind.startswith("MAP"):
        return "map<string,string>"
    if kind.startswith("STRUCT"):
        inner = re.findall(r'"?(\w+)"? VARCHAR', kind)
        return f"struct<{','.join(f'{name}:string' for name in inner)}>"
    return TYPES.get(kind, kind.lower())
