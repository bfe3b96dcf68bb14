import csv
from datetime import date, timedelta

import pytest

from bot.errors import NotFound, Refused
from bot.services.money.forecast_files import forecast_csv

MONDAY = date(2026, 3, 2)


def history_of(**series):
    lines = ["series,date,value"]
    for name, values in series.items():
        lines += [f"{name},{MONDAY + timedelta(days=i)},{value}" for i, value in enumerate(values)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def written(tmp_path):
    """Forecast from texts; the rows of the output as dicts."""

    def run(history, *, events=None, horizon=30):
        source, target, known = tmp_path / "in.csv", tmp_path / "out.csv", tmp_path / "events.csv"
        source.write_text(history, encoding="utf-8")
        if events is not None:
            known.write_text(events, encoding="utf-8")
        forecast_csv(source, target, horizon=horizon, events_path=None if events is None else known)
        with target.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return run


def test_each_series_gets_its_total_and_its_days(written):
    rows = written(history_of(nlp=[100] * 60, vision=[50] * 60), horizon=3)

    assert list(rows[0]) == ["series", "h", "date", "mean", "lo80", "hi80", "lo95", "hi95"]
    assert [(row["series"], row["h"], row["date"], row["mean"]) for row in rows] == [
        ("nlp", "0", "2026-05-03", "300.0"),
        ("nlp", "1", "2026-05-01", "100.0"),
        ("nlp", "2", "2026-05-02", "100.0"),
        ("nlp", "3", "2026-05-03", "100.0"),
        ("vision", "0", "2026-05-03", "150.0"),
        ("vision", "1", "2026-05-01", "50.0"),
        ("vision", "2", "2026-05-02", "50.0"),
        ("vision", "3", "2026-05-03", "50.0"),
    ]
    assert float(rows[0]["lo80"]) < 300 < float(rows[0]["hi80"])


def test_tasks_are_answered_as_tasks(written):
    rows = written(history_of(nlp=[100] * 60).replace("series", "task"))

    assert list(rows[0]) == ["task", "h", "mean", "lo80", "hi80", "lo95", "hi95"]
    assert rows[0]["mean"] == "3000.0"


def test_known_changes_move_the_level(written):
    rows = written(history_of(nlp=[100] * 60), events="series,date,delta\nnlp,2026-05-02,-40\n", horizon=3)

    assert [row["mean"] for row in rows] == ["220.0", "100.0", "60.0", "60.0"]


def test_days_may_come_in_any_order_and_may_be_missing(written):
    lines = history_of(nlp=[100] * 60).splitlines()
    del lines[20]

    rows = written("\n".join([lines[0], *reversed(lines[1:])]))

    assert rows[0]["mean"] == "3000.0"


def test_columns_may_come_in_any_order_beside_others(written):
    assert written("value,team,date,series\n7,x,2026-03-02,nlp\n\n7,x,2026-03-03,nlp\n", horizon=1)[0]["mean"] == "7.0"


def test_a_byte_order_mark_is_no_trouble(written):
    assert written("\ufeff" + history_of(nlp=[5, 5]), horizon=2)[0]["mean"] == "10.0"


def test_names_of_columns_may_be_in_capitals(written):
    assert written("Series,DATE,Value\nnlp,2026-03-02,7\nnlp,2026-03-03,7\n", horizon=2)[0]["mean"] == "14.0"


@pytest.mark.parametrize(
    ("step", "count", "told"), [(7, 20, "a week"), (30, 12, "a month"), (30, 2, "a month"), (2, 9, "2 days or more")]
)
def test_one_value_a_week_or_month_is_no_daily_history(written, step, count, told):
    days = [f"aws,{MONDAY + timedelta(days=step * i)},3000" for i in range(count)]

    with pytest.raises(Refused, match=f'in.csv: the dates of "aws" are {told} apart, so its values are no daily ones'):
        written("\n".join(["series,date,value", *days]))


def test_a_value_a_month_amid_empty_days_is_no_daily_history(written):
    with pytest.raises(Refused, match='the dates of "nlp" are a month apart'):
        written(history_of(nlp=[3000 if day % 30 == 0 else "" for day in range(120)]))

    assert written(history_of(nlp=[100, ""] * 20), horizon=1)[0]["mean"] == "100.0"


def test_calendar_months_are_no_days(written):
    days = [f"aws,2025-{month:02}-01,3000" for month in range(1, 13)]

    with pytest.raises(Refused, match="are a month apart"):
        written("\n".join(["series,date,value", *days]))


def test_a_file_without_a_value_is_refused_and_a_series_without_one_left_out(written, tmp_path):
    with pytest.raises(Refused, match=r"in\.csv has days, but no value on any"):
        written(history_of(nlp=["", "nan"]))

    rows = written(history_of(nlp=["", ""], vision=[5, 5]), horizon=1)

    assert {row["series"] for row in rows} == {"vision"}
    assert forecast_csv(tmp_path / "in.csv", tmp_path / "o.csv", horizon=1).notes == (
        "nlp: no day has a value, so it is left out.",
    )


@pytest.mark.parametrize("values", [[-5, -6, -7] * 20, [20, -50] * 30])
def test_credits_have_a_forecast_below_zero(written, values):
    total, *days = written(history_of(credits=values), horizon=10)

    usual = 10 * sum(values) / len(values)
    assert 1.5 * usual < float(total["mean"]) < 0.5 * usual
    assert float(total["lo95"]) <= float(total["lo80"]) <= float(total["mean"]) <= float(total["hi80"]) <= 0
    assert sum(float(day["mean"]) for day in days) == pytest.approx(float(total["mean"]))


def test_a_day_of_credit_amid_spend_is_spend(written):
    [total, _] = written(history_of(nlp=[*[100] * 40, -300, *[100] * 10]), horizon=1)

    assert 80 < float(total["mean"]) <= 100


def test_one_large_credit_does_not_turn_the_spend_around_it(written):
    total, *_ = written(history_of(team=[100] * 40 + [-5000] + [100] * 19), horizon=10)

    assert 900 < float(total["mean"]) < 1100


def test_known_changes_of_credits_are_refused(written):
    with pytest.raises(Refused, match='"credits" gives back more than it costs'):
        written(history_of(credits=[-5] * 30), events="series,date,delta\ncredits,2026-05-02,40\n")


@pytest.mark.parametrize("nothing", ["", "nan", "NaN"])
def test_an_empty_value_is_a_day_without_a_reading(written, nothing):
    assert written(history_of(nlp=[100, nothing, 100, 100]), horizon=1)[0]["mean"] == "100.0"


def test_too_short_a_history_has_empty_bounds(written):
    rows = written(history_of(nlp=[100, 100]), horizon=1)

    assert [rows[0][name] for name in ("mean", "lo80", "hi80", "lo95", "hi95")] == ["100.0", "", "", "", ""]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", 'in.csv line 1: got "", expected series,date,value.'),
        ("series,date,value\n", "in.csv has no day below its header: nothing to forecast. Nothing was written."),
        ("team,day,usd\n", 'in.csv line 1: got "team,day,usd", expected series,date,value.'),
        (",date,value\n", 'in.csv line 1: got ",date,value", expected series,date,value.'),
        (
            "series,date,value\nnlp,2026-03-02\n",
            'in.csv line 2: got "nlp,2026-03-02", expected 3 values as in the header.',
        ),
        ("series,date,value\n,2026-03-02,1\n", "in.csv line 2: got no series, expected its name."),
        (
            "series,date,value\nnlp,2026-03-02,1\nnlp,31.3.2026,1\n",
            'in.csv line 3: date "31.3.2026", expected a day such as 2026-03-31, from 1970-01-01 to 2999-12-31.',
        ),
        (
            "series,date,value\nnlp,2026-03-02,$7\n",
            'in.csv line 2: value "$7", expected a number such as 12.5, or nothing where there is no reading.',
        ),
        (
            "series,date,value\nnlp,2026-03-02,inf\n",
            'in.csv line 2: value "inf", expected a number such as 12.5, or nothing where there is no reading.',
        ),
        (
            "series,date,value\nnlp,2026-03-02,1\nnlp,2026-03-02,2\n",
            'in.csv line 3: 2026-03-02 of "nlp" again, expected each day once.',
        ),
    ],
)
def test_a_wrong_history_is_refused_with_its_line(written, text, sentence):
    with pytest.raises(Refused) as refused:
        written(text)

    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("nlq,2026-05-02,-40", 'events.csv line 2: "nlq" has no history, expected one of its 1 series.'),
        ("nlp,2026-05-02,", "events.csv line 2: no delta, expected a number such as -12.5."),
        (
            "nlp,soon,-40",
            'events.csv line 2: date "soon", expected a day such as 2026-03-31, from 1970-01-01 to 2999-12-31.',
        ),
    ],
)
def test_a_wrong_event_is_refused_with_its_line(written, row, sentence):
    with pytest.raises(Refused) as refused:
        written(history_of(nlp=[100] * 60), events=f"series,date,delta\n{row}\n")

    assert str(refused.value) == sentence


def test_a_misspelt_series_gets_the_nearest_names(written):
    with pytest.raises(NotFound) as missing:
        written(history_of(nlp=[100] * 9), events="series,date,delta\nnlq,2026-05-02,-40\n")

    assert missing.value.nearest == ("nlp",)


@pytest.mark.parametrize("horizon", [0, -1, 367])
def test_a_horizon_out_of_reach_is_refused(written, horizon):
    with pytest.raises(Refused, match="expected 1 to 366"):
        written(history_of(nlp=[1]), horizon=horizon)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "in.csv").write_bytes(b"\xff\xfe\x00binary")

    with pytest.raises(Refused, match="can't be read as CSV"):
        forecast_csv(tmp_path / "in.csv", tmp_path / "out.csv", horizon=30)


def test_after_a_refusal_the_old_file_stands(tmp_path):
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(history_of(nlp=[1, "x"]))
    target.write_text("old")

    with pytest.raises(Refused):
        forecast_csv(source, target, horizon=30)

    assert target.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_a_folder_or_a_missing_folder_is_no_place_to_write(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text(history_of(nlp=[1]))

    with pytest.raises(Refused, match="isn't a file"):
        forecast_csv(source, tmp_path, horizon=30)
    with pytest.raises(Refused, match="can't be written"):
        forecast_csv(source, tmp_path / "none" / "out.csv", horizon=30)


def test_the_history_is_never_overwritten(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text(history_of(nlp=[1]))

    with pytest.raises(Refused, match="also read from"):
        forecast_csv(source, source, horizon=30)

    assert source.read_text() == history_of(nlp=[1])


def test_a_file_of_final_bills_has_no_doubted_day(tmp_path):
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(history_of(nlp=[100.0] * 60 + [30.0]))

    doubted = forecast_csv(source, target, horizon=30).forecasts["nlp"]
    final = forecast_csv(source, target, horizon=30, is_final=True).forecasts["nlp"]

    assert "perhaps not its final bill" in doubted.notes[0]
    assert final.notes == ()
    assert (doubted.known_days, final.known_days) == (60, 61)


def test_weekends_are_forecast_as_the_last_weeks_were(written):
    days = [row for row in written(history_of(nlp=([100.0] * 5 + [0.0] * 2) * 12), horizon=7) if row["h"] != "0"]

    assert [float(row["mean"]) for row in days] == pytest.approx([100.0] * 5 + [0.0] * 2)
