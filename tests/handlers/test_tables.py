"""A table is written once, and shown as the Slack at hand can."""

from copy import deepcopy

import pytest

from bot.sandbox.slack.show import text_of_blocks
from handlers.blocks.parts import Reply, section
from handlers.blocks.tables import CELL_TEXT, Figure, as_rows, table, usd_figure
from handlers.blocks.words import at, esc, person
from handlers.send import degrees
from tests.handlers.pieces import NOW, TEXTS, objections

CHART = {
    "type": "data_visualization",
    "title": "Spend",
    "chart": {
        "type": "bar",
        "series": [{"name": "s", "data": [{"label": "Mon", "value": 1}]}],
        "axis_config": {"categories": ["Mon"]},
    },
}
HEAD = ["Machine", "State", "USD/h", "Who"]


def fleet(name="train-7", note="idle"):
    rows = [
        [esc(name), f":large_yellow_circle: {esc(note)} since {at(NOW)}", usd_figure(21_960_000), person("U0ADA0001")],
        [esc(name), esc(note), "", ""],
    ]
    return table("Machines, most wasteful first", HEAD, rows)


def kinds(blocks):
    return [block["type"] for block in blocks]


def test_a_refused_table_is_sent_as_the_older_one_then_as_rows():
    tried = degrees([section("*2 machines.*"), *fleet()])

    assert [kinds(blocks) for blocks in tried] == [
        ["section", "data_table"],
        ["section", "context", "table"],
        ["section", "context", "section"],
        [],
    ]
    assert tried[1][-1]["column_settings"][2] == {"align": "right"}
    assert text_of_blocks(tried[2]).splitlines()[2:] == [
        "*train-7*  ·  :large_yellow_circle: idle since Mon 09:00 UTC  ·  USD/h $21.96  ·  @U0ADA0001",
        "*train-7*  ·  idle",
    ]


def test_charts_go_before_tables_and_five_tries_are_all():
    tried = degrees([CHART, *fleet()])

    assert [kinds(blocks) for blocks in tried[:2]] == [["data_visualization", "data_table"], ["data_table"]]
    assert len(tried) == 5


@pytest.mark.parametrize("text", TEXTS)
def test_whatever_a_table_holds_it_is_fit_to_send_in_each_shape(text):
    for blocks in degrees([section("*2 machines.*"), *fleet(text, text)])[:-1]:
        assert objections(Reply("Machines", deepcopy(blocks))) == []


def test_a_table_on_the_home_tab_is_rows_of_text():
    rows = [part for block in fleet() for part in as_rows(block)]

    assert kinds(rows) == ["context", "section"]
    assert objections(Reply("Home", rows), "home") == []


def test_a_time_of_day_in_a_name_is_no_emoji_and_long_cells_are_cut():
    shown = table("Runs", ["Run", "n"], [["eval:10:30:x", Figure(1, "1")], ["n" * 500, Figure(2, "2")]])

    assert shown[0]["rows"][1][0] == {"type": "raw_text", "text": "eval:10:30:x"}
    assert len(shown[0]["rows"][2][0]["text"]) == CELL_TEXT


def test_a_table_without_rows_is_nothing():
    assert table("Machines", HEAD, []) == []
