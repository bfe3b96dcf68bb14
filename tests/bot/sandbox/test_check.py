"""The sandbox refuses what Slack refuses; slackblocks, written by others, judges the same payloads."""

from copy import deepcopy

import pytest

from bot.sandbox.slack import problems, view_problems
from tests.slackblocks_judge import refusals


def plain(words):
    return {"type": "plain_text", "text": words}


def mrkdwn(words):
    return {"type": "mrkdwn", "text": words}


def section(words="words", **more):
    return {"type": "section", "text": mrkdwn(words), **more}


def button(**more):
    return {"type": "button", "text": plain("Go"), "action_id": "go", **more}


def actions(*elements):
    return {"type": "actions", "elements": list(elements)}


def option(text="text", value="value", **more):
    return {"text": plain(text), "value": value, **more}


def select(**more):
    return {"type": "static_select", "action_id": "s", "options": [option()], **more}


def field(**more):
    return {"type": "input", "label": plain("Label"), "element": {"type": "plain_text_input", "action_id": "t"}, **more}


def table(rows=((("a"), "b"),), **more):
    return {"type": "table", "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in rows], **more}


def data_table(*rows, **more):
    shown = [[{"type": "raw_text", "text": cell} for cell in row] for row in rows or (("head", "n"), ("a", "b"))]
    return {"type": "data_table", "caption": "Machines", "rows": shown, **more}


def external(**more):
    return {"type": "external_select", "action_id": "e", "min_query_length": 0, **more}


def chart(kind="bar", title="Spend", series=None, categories=("Mon", "Tue"), **axis):
    points = [{"label": name, "value": 1} for name in categories]
    given = [{"name": "billed", "data": points}] if series is None else series
    inner = {"type": kind, "series": given, "axis_config": {"categories": list(categories), **axis}}
    return {"type": "data_visualization", "title": title, "chart": inner}


def pie(*values):
    segments = [{"label": f"s{number}", "value": value} for number, value in enumerate(values)]
    return {"type": "data_visualization", "title": "Share", "chart": {"type": "pie", "segments": segments}}


def series(count):
    return [{"name": f"s{number}", "data": [{"label": "Mon", "value": number}]} for number in range(count)]


CONFIRM = {"title": plain("Sure?"), "text": mrkdwn("Really"), "confirm": plain("Yes"), "deny": plain("No")}

GOOD = {
    "words": [section(), {"type": "divider"}, {"type": "header", "text": plain("Head")}],
    "fields": [{"type": "section", "fields": [mrkdwn("*a*"), plain("b")]}],
    "accessory": [section(accessory=button(style="danger", value="v", confirm=CONFIRM))],
    "picture": [{"type": "image", "image_url": "https://example.org/a.png", "alt_text": "alt", "title": plain("t")}],
    "context": [{"type": "context", "elements": [mrkdwn("as of"), plain("now")]}],
    "buttons": [actions(button(), button(action_id="b", style="primary", url="https://example.org"))],
    "menus": [
        actions(
            select(placeholder=plain("Pick")),
            {"type": "overflow", "action_id": "o", "options": [option()]},
            {"type": "users_select", "action_id": "u"},
            {"type": "datepicker", "action_id": "d", "initial_date": "2025-11-24"},
            {"type": "timepicker", "action_id": "t", "initial_time": "09:30"},
        )
    ],
    "asked for while one types": [actions(external(initial_option=option(), placeholder=plain("Machine")))],
    "several beside a section": [
        section(accessory={"type": "multi_external_select", "action_id": "m", "max_selected_items": 3})
    ],
    "a moment": [actions({"type": "datetimepicker", "action_id": "m", "initial_date_time": 1_763_971_200})],
    "data table": [data_table(page_size=10, row_header_column_index=0)],
    "grouped": [
        actions(
            {"type": "static_select", "action_id": "g", "option_groups": [{"label": plain("l"), "options": [option()]}]}
        )
    ],
    "boxes": [actions({"type": "checkboxes", "action_id": "c", "options": [option()], "initial_options": [option()]})],
    "table": [table((("head", "head"), ("a", "b")), column_settings=[{"align": "right", "is_wrapped": True}])],
    "bars": [chart(x_label="day", y_label="USD")],
    "lines": [chart("line"), chart("area")],
    "pie": [pie(1, 2.5)],
    "markdown": [{"type": "markdown", "text": "**bold**"}],
    "rich": [
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]}
    ],
    "just fits": [section("x" * 3000), actions(*[button(action_id=str(number)) for number in range(25)])],
}

BAD = {
    "unknown type": [{"type": "marquee"}],
    "no type": [{"text": plain("x")}],
    "unknown key": [section(colour="red")],
    "too many blocks": [{"type": "divider"}] * 51,
    "section too long": [section("x" * 3001)],
    "section empty": [section("")],
    "section without words": [{"type": "section"}],
    "section with a bare string": [{"type": "section", "text": "words"}],
    "eleven fields": [{"type": "section", "fields": [mrkdwn("f")] * 11}],
    "field too long": [{"type": "section", "fields": [mrkdwn("f" * 2001)]}],
    "header too long": [{"type": "header", "text": plain("x" * 151)}],
    "twenty-six actions": [actions(*[button(action_id=str(number)) for number in range(26)])],
    "button text too long": [actions(button(text=plain("x" * 76)))],
    "button value too long": [actions(button(value="x" * 2001))],
    "action_id too long": [actions(button(action_id="x" * 256))],
    "block_id too long": [section(block_id="x" * 256)],
    "text in actions": [actions(mrkdwn("x"))],
    "confirm too long": [actions(button(confirm={**CONFIRM, "title": plain("x" * 101)}))],
    "confirm without deny": [actions(button(confirm={key: CONFIRM[key] for key in ("title", "text", "confirm")}))],
    "eleven context elements": [{"type": "context", "elements": [mrkdwn("x")] * 11}],
    "button in context": [{"type": "context", "elements": [button()]}],
    "option text too long": [actions(select(options=[option("x" * 76)]))],
    "option value too long": [actions(select(options=[option(value="x" * 151)]))],
    "101 options": [actions(select(options=[option(value=str(number)) for number in range(101)]))],
    "six in an overflow menu": [actions({"type": "overflow", "action_id": "o", "options": [option()] * 6})],
    "eleven boxes": [actions({"type": "checkboxes", "action_id": "c", "options": [option()] * 11})],
    "placeholder too long": [actions(select(placeholder=plain("x" * 151)))],
    "a date that is none": [actions({"type": "datepicker", "action_id": "d", "initial_date": "tomorrow"})],
    "image without alt text": [{"type": "image", "image_url": "https://example.org/a.png"}],
    "image of nothing": [{"type": "image", "alt_text": "x"}],
    "table with 101 rows": [table([("a",)] * 101)],
    "table with 21 cells": [table([("a",) * 21])],
    "data table without rows": [data_table(("head",))],
    "data table without a caption": [data_table(caption="")],
    "data table with ragged rows": [data_table(("a", "b"), ("c",))],
    "data table with an empty cell": [data_table(("a", "b"), ("c", ""))],
    "data table by pages of 101": [data_table(page_size=101)],
    "data table with rich text in its header": [
        data_table() | {"rows": [[{"type": "rich_text", "elements": []}], [{"type": "raw_text", "text": "x"}]]}
    ],
    "data table by a column that is none": [data_table(row_header_column_index=2)],
    "chart title too long": [chart(title="x" * 51)],
    "chart label too long": [chart(categories=("x" * 21,))],
    "chart with 21 points": [chart(categories=[str(number) for number in range(21)])],
    "chart with a missing point": [chart(series=[{"name": "s", "data": [{"label": "Mon", "value": 1}]}])],
    "chart with twice the same series": [chart(series=series(1) + series(1), categories=("Mon",))],
    "three charts": [chart(), chart(), chart()],
    "pie with nothing in a segment": [pie(1, 0)],
    "axis label too long": [chart(x_label="x" * 51)],
    "markdown too long together": [{"type": "markdown", "text": "x" * 7000}] * 2,
}

BAD_FOR_US_ALONE = {
    "select without options": [actions({"type": "static_select", "action_id": "s"})],
    "table with an empty cell": [table([("",)])],
    "table with too many characters": [table([("x" * 101,)] * 100)],
    "header in mrkdwn": [{"type": "header", "text": mrkdwn("x")}],
    "button in mrkdwn": [actions(button(text=mrkdwn("x")))],
    "button style default": [actions(button(style="default"))],
    "no actions": [actions()],
    "same action twice in a block": [actions(button(), button())],
    "same block_id twice": [section(block_id="b"), section(block_id="b")],
    "two tables": [table(), table()],
    "two tables of two kinds": [table(), data_table()],
    "data table with 102 rows": [data_table(*[("a",)] * 102)],
    "an option without text": [actions(select(options=[option(text="")]))],
    "a first choice that is no option": [actions(select(initial_option=option(value="other")))],
    "several in a row of actions": [actions({**select(), "type": "multi_static_select"})],
    "a moment beside a section": [section(accessory={"type": "datetimepicker", "action_id": "d"})],
    "two with the focus": [actions(external(focus_on_load=True), select(focus_on_load=True))],
    "a response URL asked for in a message": [
        field(element={"type": "conversations_select", "action_id": "c", "response_url_enabled": True})
    ],
    "an address that is none": [actions(button(url="javascript:alert(1)"))],
    "seven series": [chart(series=series(7), categories=("Mon",))],
    "too much text together": [section("x" * 2900)] * 5,
}


@pytest.mark.parametrize("blocks", GOOD.values(), ids=GOOD.keys())
def test_what_slack_takes_is_taken(blocks):
    assert problems(blocks) == []
    assert refusals(deepcopy(blocks)) == []


@pytest.mark.parametrize("blocks", BAD.values(), ids=BAD.keys())
def test_what_others_refuse_we_refuse_too(blocks):
    assert refusals(deepcopy(blocks)) != []
    assert all("[json-pointer:/blocks" in problem for problem in problems(blocks))
    assert problems(blocks) != []


@pytest.mark.parametrize("blocks", BAD_FOR_US_ALONE.values(), ids=BAD_FOR_US_ALONE.keys())
def test_what_only_slack_itself_refuses_we_refuse(blocks):
    assert problems(blocks) != []


@pytest.mark.parametrize(
    ("block", "surfaces"),
    [
        (section(), {"message", "modal", "home"}),
        (field(), {"message", "modal", "home"}),
        ({"type": "alert", "text": plain("x")}, {"modal"}),
        ({"type": "markdown", "text": "x"}, {"message"}),
        (table(), {"message"}),
        (data_table(), {"message"}),
        (chart(), {"message"}),
    ],
)
def test_blocks_belong_on_their_surfaces(block, surfaces):
    taken = {surface for surface in ("message", "modal", "home") if not problems([block], surface)}

    assert taken == surfaces
    assert all(refusals([deepcopy(block)], surface) == [] for surface in surfaces)


def test_a_problem_says_where_it_is():
    blocks = [section(), actions(button(), button(action_id="b", text=plain("x" * 76)))]

    assert problems(blocks) == ["must be less than 76 characters [json-pointer:/blocks/1/elements/1/text/text]"]


@pytest.mark.parametrize("junk", ["text", {"type": "divider"}, [None], ["divider"], [{"type": ["divider"]}], [[]]])
def test_junk_is_refused_and_never_raises(junk):
    assert problems(junk) != []


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [None], {"type": "x"}])
@pytest.mark.parametrize(
    "key", ["text", "fields", "elements", "accessory", "element", "rows", "chart", "label", "block_id"]
)
@pytest.mark.parametrize("blocks", [GOOD["words"], GOOD["menus"], GOOD["table"], GOOD["bars"], [field()]])
def test_junk_inside_a_block_never_raises(blocks, key, value):
    broken = [{**block, key: value} for block in blocks]

    assert isinstance(problems(broken), list)


VIEW = {"type": "modal", "title": plain("Title"), "submit": plain("Go"), "blocks": [field()]}


@pytest.mark.parametrize(
    "change",
    [
        {"title": plain("x" * 25)},
        {"submit": plain("x" * 25)},
        {"title": "Title"},
        {"private_metadata": "x" * 3001},
        {"callback_id": "x" * 256},
        {"blocks": [{"type": "divider"}] * 101},
        {"colour": "red"},
        {"type": "dialog"},
    ],
)
def test_views_have_limits_of_their_own(change):
    assert view_problems(VIEW) == []
    assert view_problems({**VIEW, **change}) != []


def test_a_form_needs_a_submit_button():
    without = {key: VIEW[key] for key in ("type", "title", "blocks")}

    assert view_problems(without) == [
        "missing required field: submit (the view has input blocks) [json-pointer:/view/submit]"
    ]
