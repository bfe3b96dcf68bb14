"""What people see, as text."""

from bot.sandbox.slack import Message, message_text, text_of_blocks

NAMES = {"U1": "Ada", "C1": "gpus", "S1": "gpu-approvers"}


def plain(words):
    return {"type": "plain_text", "text": words}


def section(words, **more):
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}, **more}


def shown(*blocks):
    return text_of_blocks(list(blocks), NAMES).split("\n")


def test_without_blocks_the_text_is_shown():
    assert message_text(Message("1.0", "C1", "U1", "free: <@U1>"), NAMES) == "free: @Ada"


def test_mentions_dates_and_links_read_as_people_read_them():
    words = "<@U1> in <#C1|gpus>, <!subteam^S1>: <!date^1763971200^{time}|08:00> <https://x.example/?a=1&amp;b=2|here>"

    assert shown(section(words)) == ["@Ada in #gpus, @gpu-approvers: 08:00 here (https://x.example/?a=1&b=2)"]


def test_marks_stay_and_entities_are_undone():
    assert shown(section("*bold* _it_ `a &lt; b` &amp;lt;")) == ["*bold* _it_ `a < b` &lt;"]


def test_an_injected_mention_is_shown_as_the_text_it_is():
    assert shown(section("&lt;!channel&gt;")) == ["<!channel>"]
    assert shown(section("<!channel>")) == ["@channel"]


def test_buttons_and_menus_stand_in_brackets_in_their_order():
    elements = [
        {"type": "button", "text": plain("Claim"), "action_id": "c"},
        {"type": "static_select", "placeholder": plain("Team"), "action_id": "t", "options": []},
        {"type": "users_select", "action_id": "u", "initial_user": "U1"},
        {"type": "overflow", "action_id": "o", "options": []},
    ]

    assert shown({"type": "actions", "elements": elements}) == ["[Claim] [Team v] [Ada v] [...]"]


def test_each_block_has_its_lines():
    cells = [[{"type": "raw_text", "text": "train-7"}, {"type": "raw_text", "text": "$21.96/h"}]]
    rich = [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "by "}, {"type": "user", "user_id": "U1"}]}
    ]

    assert shown(
        {"type": "header", "text": plain("Fleet")},
        section("words", fields=[{"type": "mrkdwn", "text": "*a*"}, plain("b")]),
        section("beside", accessory={"type": "button", "text": plain("Why"), "action_id": "w"}),
        {"type": "divider"},
        {"type": "table", "rows": cells},
        {"type": "context", "elements": [plain("as of 14:02"), {"type": "image", "image_url": "x", "alt_text": "up"}]},
        {"type": "data_visualization", "title": "Spend", "chart": {}},
        {"type": "image", "image_url": "x", "alt_text": "a curve"},
        {"type": "rich_text", "elements": rich},
        {"type": "markdown", "text": "**bold**"},
    ) == [
        "Fleet",
        "words",
        "*a*",
        "b",
        "beside",
        "[Why]",
        "---",
        "train-7 | $21.96/h",
        "as of 14:02",
        "(image: up)",
        "(chart: Spend)",
        "(image: a curve)",
        "by @Ada",
        "**bold**",
    ]


def test_form_fields_show_what_stands_in_them():
    options = [{"text": plain(name), "value": name} for name in ("all", "one")]
    hours = {"type": "plain_text_input", "action_id": "h", "initial_value": "4h"}
    which = {"type": "radio_buttons", "action_id": "w", "options": options, "initial_option": options[1]}

    assert shown(
        {"type": "input", "label": plain("Hours"), "element": hours, "hint": plain("At most 3d")},
        {"type": "input", "label": plain("Which"), "element": which, "optional": True},
    ) == ["Hours: [4h_]", "At most 3d", "Which (optional): ( ) all (x) one"]
