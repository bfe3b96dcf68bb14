"""`valet rent-or-buy`: from the ledger or from figures alone, in words and as JSON."""

import json
import time

import pytest
from click.testing import CliRunner

from bot.commands.rent_or_buy import rent_or_buy
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.machines.fleet import Instance
from bot.domain.money.rates import Charge, Rate
from bot.errors import NotFound, Refused, SettingsError
from store import ProcessLock
from store.machines import fleet as stored_fleet
from store.money import ledger as stored_ledger
from tests.opening import open_store

USD = 1_000_000


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "valet.toml"
    server = '[buy.servers."p4d.24xlarge"]\nusd = "150000"\nsource = "quote, 2026-10-12"\nwatts = 5500\n'
    path.write_text(f'database = "{tmp_path}/valet.db"\n[owned]\nusd_per_kwh = "0.12"\n{server}[teams.nlp]\n')
    return path


@pytest.fixture
def database(tmp_path):
    """One machine that has run the last ten days, twelve hours of each."""
    opened = open_store(tmp_path / "valet.db")
    now = time.time_ns() // 1_000_000 // DAY_MS * DAY_MS
    with opened.writing() as db:
        made = Instance(
            id="i-1",
            name="train-7",
            provider="ec2",
            source="s",
            type="p4d.24xlarge",
            state="running",
            gpu_model="A100",
            gpu_count=8,
            zone="us-east-1a",
        )
        stored_fleet.save(db, made, team="nlp", rate=Rate(20 * USD, "valet.toml"))
        for day in range(1, 11):
            for hour in range(12):
                at = now - day * DAY_MS + hour * HOUR_MS
                stored_ledger.add(db, [Charge("i-1", at, at + HOUR_MS, HOUR_MS, 20 * USD, 20 * USD, "nlp")])
    yield opened
    opened.close()


@pytest.fixture
def run(config):
    def call(*words):
        return CliRunner(env={"VALET_DB": ""}).invoke(rent_or_buy, [*words, "--config", str(config)])

    return call


@pytest.mark.parametrize("scope", ["p4d.24xlarge", "type:p4d.24xlarge", "team:nlp", "train-7", "instance:train-7"])
def test_what_ran_is_weighed(run, database, scope):
    said = run(scope).stdout.splitlines()

    assert said[0].startswith("p4d.24xlarge")
    assert any("measured over 1" in line for line in said)
    assert "Buying: $150,000 a server (quote, 2026-10-12), before tax." in said
    assert "  server price (-20 %, +20 %)" in "\n".join(said)
    assert said[-2].startswith("Left out, as not set: hosting")
    assert said[-1].startswith("Only 1")


def test_everything_is_weighed_without_a_name_even_while_valet_runs(run, database):
    lock = ProcessLock(database.path)

    result = run()

    lock.release()
    assert (result.exit_code, result.stdout.splitlines()[0].split(":")[0]) == (0, "p4d.24xlarge")


def test_figures_alone_need_no_database_and_no_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(rent_or_buy, ["p5.48xlarge", "--hours", "500", "--price", "300000", "--rate", "10"])

    assert result.exit_code == 0
    assert "Renting: $55.04/h (AWS on-demand list, us-east-1, 2026-07-20)." in result.stdout
    assert "Net present value over 3 years at 10 % a year:" in result.stdout


def test_json_has_every_figure_exactly(run):
    options = ["--hours", "500", "--rent", "20", "--residual", "10", "--hosting", "1500", "--watts", "1", "--kwh", "0"]

    (said,) = json.loads(run("p4d.24xlarge", "--json", *options).stdout)

    assert said["choices"]["rent"] == {"servers": 0, "npv_usd": "-303747.541098"}
    assert said["choices"]["best"]["servers"] == 1
    assert said["server"]["price_usd"] == "150000.000000"
    assert said["server"]["upkeep_usd_per_month"] == "1500.000350"
    assert (said["discount_rate_percent"], said["payback_month"], said["discounted_payback_month"]) == ("12", 18, 20)
    assert said["use"]["measured_days"] is None
    assert [each["what"] for each in said["sensitivity"]] == ["use", "server price", "rental rate", "discount rate"]
    assert said["paid_so_far"][-1]["month"] == 36


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--hours", "nan"], "expected a number from 1 to 100,000, not 'nan'."),
        (["--rate", "120"], "expected a number from 0 to 100"),
        (["--price", "free"], "expected a number from 1 to 1,000,000,000"),
    ],
)
def test_a_wrong_figure_is_wrong_usage(run, words, expected):
    result = run("p4d.24xlarge", *words)

    assert result.exit_code == 2
    assert expected in result.stderr


@pytest.mark.parametrize(
    ("words", "kind", "no"),
    [
        (["p5.48xlarge", "--hours", "5"], Refused, "What does a server like p5.48xlarge cost?"),
        (["z9.large", "--hours", "5", "--price", "1"], Refused, "What does an hour of z9.large cost to rent?"),
        (["p5.48xlarge"], Refused, "What does a server like p5.48xlarge cost?"),
        (["train-8"], NotFound, 'I don\'t know "train-8". Did you mean train-7?'),
        (["team:none"], Refused, "Nothing was rented by team none in the last 90 days"),
    ],
)
def test_what_can_not_be_answered_says_what_is_missing(run, database, words, kind, no):
    result = run(*words)

    assert isinstance(result.exception, kind)
    assert str(result.exception).startswith(no)


def test_without_settings_measured_use_is_out_of_reach():
    result = CliRunner().invoke(rent_or_buy, ["--config", "/none/valet.toml"])

    assert isinstance(result.exception, SettingsError)


def test_the_help_is_complete():
    said = CliRunner().invoke(rent_or_buy, ["--help"]).output

    assert all(word in said for word in ("--price", "--hours", "--json", "--config", "Example"))


@pytest.mark.parametrize("price", ["300k", "$300,000", "300000.00"])
def test_figures_are_read_as_people_type_them(run, price):
    assert "Buying: $300,000 a server (as asked)" in run("p5.48xlarge", "--hours", "500", "--price", price).stdout


def test_hours_without_a_type_are_asked_which(run):
    assert "Which type do these hours run on?" in str(run("--hours", "500").exception)
