"""`valet ledger` and `valet status`: read beside a running Valet, and say why when they can't."""

import csv
import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from bot.commands.ledger import ledger as ledger_command
from bot.commands.status import status as status_command
from bot.domain.clock import HOUR_MS
from bot.domain.machines.fleet import Instance, SourceSnapshot
from bot.domain.money.rates import Charge, Rate
from bot.errors import Refused, SettingsError
from store import ProcessLock
from store.machines import fleet as stored_fleet
from store.money import ledger as stored_ledger
from tests.opening import open_store


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "valet.toml"
    path.write_text(f'database = "{tmp_path}/valet.db"\n[digest]\ntimezone = "America/New_York"\n')
    return path


@pytest.fixture
def database(tmp_path):
    opened = open_store(tmp_path / "valet.db")
    with opened.writing() as db:
        made = Instance(
            id="i-1", name="nb-2", provider="ec2", source="s", type="g5.xlarge", state="running", gpu_model="A10G"
        )
        stored_fleet.save(db, made, team="nlp", rate=Rate(1_006_000, "valet.toml"))
        stored_fleet.note_source_read(db, SourceSnapshot("ec2/1/us-west-2", error="AWS did not answer"), 0)
        for day in (1, 2, 30):
            start = int(datetime(2026, 11, day, 3, tzinfo=UTC).timestamp() * 1000)
            stored_ledger.add(db, [Charge("i-1", start, start + HOUR_MS, HOUR_MS, 1_006_000, 1_006_000, "nlp")])
    yield opened
    opened.close()


@pytest.fixture
def run(config):
    def call(command, *words):
        return CliRunner(env={"VALET_DB": ""}).invoke(command, [*words, "--config", str(config)])

    return call


def test_the_ledger_of_a_month_as_csv(run, database):
    result = run(ledger_command, "--csv", "--month", "2026-11")

    assert result.exit_code == 0
    assert [",".join(cells) for cells in csv.reader(result.stdout.splitlines())] == [
        "hour,instance_id,name,type,provider,team,used_by,holder,use,running_seconds,gpu_seconds,usd,source,estimate",
        "2026-11-02T03:00:00Z,i-1,nb-2,g5.xlarge,ec2,nlp,nlp,,unknown,3600,3600,1.006000,valet.toml,no",
        "2026-11-30T03:00:00Z,i-1,nb-2,g5.xlarge,ec2,nlp,nlp,,unknown,3600,3600,1.006000,valet.toml,no",
    ]  # 1 November 03:00 UTC is October in New York


def test_what_the_ledger_lacks_and_where_it_is_cut_is_said_beside_it(run, database, config):
    config.write_text(config.read_text().replace("America/New_York", "Asia/Kolkata"))

    for words in ((), ("--csv",)):
        said = run(ledger_command, *words).stderr
        assert "ec2/1/us-west-2 was never read, so nothing of it is in the ledger." in said
        assert "Midnight in Asia/Kolkata falls within an hour of UTC, which counts for the month it began in." in said


def test_the_sums_of_the_ledger_say_since_when_they_are_counted(run, database):
    said = run(ledger_command, "--month", "2026-10").stderr

    assert "Rented machines are counted from 2026-11-01T03:00:00Z on: nobody looked before." in said
    assert "nobody looked before" not in run(ledger_command, "--month", "2026-11").stderr
    assert "The running hour is not in it" not in said
    assert "The running hour is not in it: it is charged once it is over." in run(ledger_command).stderr


def test_the_ledger_of_a_month_as_sums(run, database):
    result = run(ledger_command, "--month", "2026-11")

    assert result.stdout.splitlines() == [
        "machine     team     hours             USD",
        "nb-2        nlp        2.0        2.012000",
        "all rented             2.0        2.012000",
    ]


def test_owned_machines_are_summed_apart_at_full_cost(run, database):
    with database.writing() as db:
        dgx = Instance("dgx-1", "dgx-1", "owned", "owned", "owned", "running", gpu_model="A100")
        stored_fleet.save(db, dgx, team="nlp", rate=Rate(9_120_000, "valet.toml"))
        start = int(datetime(2026, 11, 2, 3, tzinfo=UTC).timestamp() * 1000)
        stored_ledger.add(db, [Charge("dgx-1", start, start + HOUR_MS, HOUR_MS, 9_120_000, 9_120_000, "nlp")])

    result = run(ledger_command, "--month", "2026-11")

    assert result.stdout.splitlines()[2:] == [
        "all rented             2.0        2.012000",
        "dgx-1       nlp        1.0        9.120000",
        "all owned              1.0        9.120000",
    ]
    assert "Owned machines at full cost: it is on no bill." in result.stderr.splitlines()


def test_a_month_without_charges_says_so(run, database):
    result = run(ledger_command, "--month", "2024-02")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "Nothing was charged in February 2024.\n"


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "november", "\u0662\u0660\u0662\u0666-11"])
def test_a_wrong_month_is_wrong_usage(run, database, month):
    assert run(ledger_command, "--month", month).exit_code == 2


def test_the_status_as_a_table(run, database):
    result = run(status_command)

    assert result.stdout.splitlines() == [
        "machine  type       gpus    state    since (UTC)  USD/h  claimed by",
        "nb-2     g5.xlarge  0xA10G  unknown  -            1.01   -",
        "1 machine, 0 GPUs, 1 running at 1.01 USD/h, 0 idle, wasting 0.00 USD/h",
    ]
    assert result.stderr == "ec2/1/us-west-2: no data yet (AWS did not answer)\n"


def test_the_status_as_json(run, database):
    said = json.loads(run(status_command, "--json").stdout)

    assert said["instances"][0]["name"] == "nb-2"
    assert said["instances"][0]["usd_per_hour"] == "1.006000"


def test_both_work_while_valet_runs(run, database):
    lock = ProcessLock(database.path)

    codes = [run(status_command).exit_code, run(ledger_command).exit_code]

    lock.release()
    assert codes == [0, 0]


@pytest.mark.parametrize("command", [status_command, ledger_command])
def test_without_a_database_they_make_none(run, tmp_path, command):
    result = run(command)

    assert isinstance(result.exception, Refused)
    assert "There is no database" in str(result.exception)
    assert not (tmp_path / "valet.db").exists()


@pytest.mark.parametrize("command", [status_command, ledger_command])
def test_without_settings_they_say_what_is_missing(command):
    result = CliRunner().invoke(command, ["--config", "/none/valet.toml"])

    assert isinstance(result.exception, SettingsError)


@pytest.mark.parametrize(
    ("command", "words"), [(status_command, ["--json"]), (ledger_command, ["--csv", "--month", "UTC"])]
)
def test_the_help_is_complete(command, words):
    said = CliRunner().invoke(command, ["--help"]).output

    assert all(word in said for word in (*words, "--config", "Example"))
