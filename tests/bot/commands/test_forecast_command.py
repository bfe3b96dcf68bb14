import pytest
from click.testing import CliRunner

from bot.commands.forecast import forecast


@pytest.fixture
def run(tmp_path):
    """Run `valet forecast` on a history; exit code and what was said."""

    def call(text, *more):
        (tmp_path / "in.csv").write_text(text)
        result = CliRunner().invoke(
            forecast, ["--history", str(tmp_path / "in.csv"), "--out", str(tmp_path / "out.csv"), *more]
        )
        return result.exit_code, result.output.replace(str(tmp_path), "")

    return call


def test_it_writes_the_file_and_says_what_was_repaired(run, tmp_path):
    days = [f"nlp,2026-03-{day:02},{100 if day < 20 else 31}\n" for day in range(1, 21)]

    code, said = run("series,date,value\n" + "".join(days), "--horizon", "7")

    assert code == 0
    assert said == (
        "nlp: Fri 20 Mar is 31 % of the week's median: perhaps not its final bill, so left out for now.\n"
        "1 series, 7 days ahead, written to /out.csv\n"
    )
    assert (tmp_path / "out.csv").read_text().splitlines()[1].startswith("nlp,0,2026-03-27,700.0,")


def test_a_wrong_file_is_refused_with_exit_code_1(run, tmp_path):
    code, said = run("series,date,value\nnlp,2026-03-02,$7\n")

    assert code == 1
    assert 'in.csv line 2: value "$7"' in said
    assert not (tmp_path / "out.csv").exists()


def test_a_misspelt_series_gets_the_nearest_name(run, tmp_path):
    (tmp_path / "ev.csv").write_text("series,date,delta\nnlq,2026-03-09,-5\n")

    code, said = run("series,date,value\nnlp,2026-03-02,7\n", "--events", str(tmp_path / "ev.csv"))

    assert code == 1
    assert said == 'Error: ev.csv line 2: "nlq" has no history, expected one of its 1 series. Nearest: "nlp".\n'


def test_a_wrong_horizon_is_wrong_usage(run):
    assert run("series,date,value\n", "--horizon", "0")[0] == 2


def test_a_missing_history_is_refused():
    result = CliRunner().invoke(forecast, ["--history", "/none/in.csv", "--out", "/none/out.csv"])

    assert result.exit_code == 1
    assert "/none/in.csv can't be read" in result.output


def test_the_help_is_complete():
    said = CliRunner().invoke(forecast, ["--help"]).output

    for word in (
        "series,date,value",
        "series,date,delta",
        "series,h,date,mean,lo80,hi80,lo95,hi95",
        "--horizon",
        "366",
    ):
        assert word in said
