"""The rules for what stands inside blocks: buttons, selects, pickers, inputs, rich text."""

import re
from typing import Any

from bot.sandbox.slack import limits
from bot.sandbox.slack.shapes import (
    ShapeCheck,
    anything,
    complain,
    flag,
    items,
    number_within,
    object_of,
    one_of,
    one_of_types,
    plain_text,
    prose,
    text,
)

_ID = text(limits.ID, 0)
_CONFIRM = object_of(
    {
        "title": plain_text(limits.CONFIRM_TITLE),
        "text": prose(limits.CONFIRM_TEXT),
        "confirm": plain_text(limits.CONFIRM_LABEL),
        "deny": plain_text(limits.CONFIRM_LABEL),
        "style": one_of("primary", "danger"),
    },
    ("title", "text", "confirm", "deny"),
)
_OPTION_FIELDS = {"text": plain_text(limits.OPTION_TEXT), "value": text(limits.OPTION_VALUE)}
_OPTION_FIELDS |= {"description": plain_text(limits.OPTION_DESCRIPTION)}
_OPTION = object_of(_OPTION_FIELDS, ("text", "value"))
_BOX_OPTION = object_of(
    _OPTION_FIELDS | {"text": prose(limits.OPTION_TEXT), "description": prose(limits.OPTION_DESCRIPTION)},
    ("text", "value"),
)
_OVERFLOW_OPTION = object_of(_OPTION_FIELDS | {"url": text(limits.BUTTON_URL)}, ("text", "value"))
_GROUP = object_of({"label": plain_text(limits.OPTION_TEXT), "options": items(_OPTION)}, ("label", "options"))
_BASE: dict[str, ShapeCheck] = {"type": anything, "action_id": _ID, "confirm": _CONFIRM, "focus_on_load": flag}
_WITH_PLACEHOLDER = _BASE | {"placeholder": plain_text(limits.PLACEHOLDER)}
_FILTER = object_of(
    {
        "include": items(one_of("im", "mpim", "private", "public")),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    }
)
_DISPATCH = object_of({"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 1, 2)})


def url(longest: int) -> ShapeCheck:
    """An http or https address, or a mail address."""
    check_text = text(longest)

    def check(value: Any, pointer: str, problems: list[str]) -> None:
        before = len(problems)
        check_text(value, pointer, problems)
        if len(problems) == before and not re.match(r"(https?://|mailto:)\S+$", value):
            complain(problems, pointer, "must be a valid URL")

    return check


def matching(pattern: str, what: str) -> ShapeCheck:
    """A string of that form."""

    def check(value: Any, pointer: str, problems: list[str]) -> None:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            complain(problems, pointer, f"must be {what}")

    return check


_DATE = matching(r"\d{4}-\d{2}-\d{2}", "a date as YYYY-MM-DD")
_TIME = matching(r"\d{2}:\d{2}", "a time as HH:MM")


def _either_options(check: ShapeCheck) -> ShapeCheck:
    def both(value: Any, pointer: str, problems: list[str]) -> None:
        check(value, pointer, problems)
        if isinstance(value, dict) and ("options" in value) == ("option_groups" in value):
            complain(problems, pointer, "must provide either options or option_groups")

    return both


def options_of(element: dict[str, Any]) -> list[dict[str, Any]]:
    """All options of a select or of the answer for one, those of its groups too."""
    groups = element.get("option_groups") or ()
    return [*(element.get("options") or ()), *(option for group in groups for option in group["options"])]


def _offered(check: ShapeCheck) -> ShapeCheck:
    """What is chosen at first is one of the options, word for word."""

    def both(value: Any, pointer: str, problems: list[str]) -> None:
        before = len(problems)
        check(value, pointer, problems)
        if len(problems) > before:
            return
        offered = options_of(value)
        if "initial_option" in value and value["initial_option"] not in offered:
            complain(problems, f"{pointer}/initial_option", "must be one of the options")
        for index, option in enumerate(value.get("initial_options", ())):
            if option not in offered:
                complain(problems, f"{pointer}/initial_options/{index}", "must be one of the options")

    return both


def _image(value: Any, pointer: str, problems: list[str]) -> None:
    check_image = object_of(
        {
            "type": anything,
            "image_url": url(limits.IMAGE_URL),
            "slack_file": object_of({"id": matching(r"F[A-Z0-9]{8,}", "a file id"), "url": url(limits.IMAGE_URL)}),
            "alt_text": text(limits.ALT_TEXT),
        },
        ("alt_text",),
    )
    check_image(value, pointer, problems)
    if ("image_url" in value) == ("slack_file" in value):
        complain(problems, pointer, "must provide either image_url or slack_file")


def _select(kind: str, several: ShapeCheck, initial: ShapeCheck) -> dict[str, ShapeCheck]:
    more = {"max_selected_items": number_within(1, 100)}
    single, plural = f"initial_{kind}", f"initial_{kind}s"
    name = "conversations" if kind == "conversation" else kind + "s"
    extra: dict[str, ShapeCheck] = {"response_url_enabled": flag}
    if kind == "conversation":
        extra |= {"filter": _FILTER, "default_to_current_conversation": flag}
    return {
        f"{name}_select": object_of(_WITH_PLACEHOLDER | extra | {single: initial}),
        f"multi_{name}_select": object_of(_WITH_PLACEHOLDER | more | extra | {plural: several}),
    }


_OPTIONS = {"options": items(_OPTION, 1, limits.OPTIONS), "option_groups": items(_GROUP, 1, limits.OPTIONS)}
_EXTERNAL_FIELDS = _WITH_PLACEHOLDER | {"min_query_length": number_within(0, 255)}
_SEVERAL_CHOSEN = {"initial_options": items(_OPTION), "max_selected_items": number_within(1, 100)}
_BUTTON = object_of(
    _BASE
    | {
        "text": plain_text(limits.BUTTON_LIMIT),
        "value": text(limits.BUTTON_VALUE, 0),
        "url": url(limits.BUTTON_URL),
        "style": one_of("primary", "danger"),
        "accessibility_label": text(limits.ACCESSIBILITY_LABEL),
    },
    ("text",),
)
_STATIC_FIELDS = _WITH_PLACEHOLDER | _OPTIONS
_STATIC = _offered(_either_options(object_of(_STATIC_FIELDS | {"initial_option": _OPTION})))
_MULTI_STATIC = _offered(_either_options(object_of(_STATIC_FIELDS | _SEVERAL_CHOSEN)))
_BOXES = items(_BOX_OPTION, 1, limits.BOX_OPTIONS)
_TYPED_TEXT = _WITH_PLACEHOLDER | {"initial_value": text(limits.INPUT_TEXT, 0), "dispatch_action_config": _DISPATCH}

IMAGE_ELEMENT: ShapeCheck = _image

INTERACTIVE: dict[str, ShapeCheck] = {
    "button": _BUTTON,
    "static_select": _STATIC,
    "multi_static_select": _MULTI_STATIC,
    "external_select": object_of(_EXTERNAL_FIELDS | {"initial_option": _OPTION}),
    "multi_external_select": object_of(_EXTERNAL_FIELDS | _SEVERAL_CHOSEN),
    **_select("user", items(_ID), _ID),
    **_select("channel", items(_ID), _ID),
    **_select("conversation", items(_ID), _ID),
    "overflow": object_of(_BASE | {"options": items(_OVERFLOW_OPTION, 1, limits.OVERFLOW_OPTIONS)}, ("options",)),
    "datepicker": object_of(_WITH_PLACEHOLDER | {"initial_date": _DATE}),
    "timepicker": object_of(_WITH_PLACEHOLDER | {"initial_time": _TIME, "timezone": text(100)}),
    "datetimepicker": object_of(_BASE | {"initial_date_time": number_within(1e9, 1e10 - 1)}),
    "checkboxes": _offered(object_of(_BASE | {"options": _BOXES, "initial_options": _BOXES}, ("options",))),
    "radio_buttons": _offered(object_of(_BASE | {"options": _BOXES, "initial_option": _BOX_OPTION}, ("options",))),
}

# Slack has no select of several in a row of actions, and no picker of a moment beside a section.
IN_ACTIONS = {name: check for name, check in INTERACTIVE.items() if not name.startswith("multi_")}
BESIDE_SECTION = {name: check for name, check in INTERACTIVE.items() if name != "datetimepicker"}
BESIDE_SECTION["image"] = IMAGE_ELEMENT

INPUTS: dict[str, ShapeCheck] = {
    name: check for name, check in INTERACTIVE.items() if name not in ("button", "overflow")
}
INPUTS |= {
    "plain_text_input": object_of(
        _TYPED_TEXT
        | {
            "multiline": flag,
            "min_length": number_within(0, limits.INPUT_TEXT),
            "max_length": number_within(1, limits.INPUT_TEXT),
        },
    ),
    "number_input": object_of(
        _TYPED_TEXT | {"is_decimal_allowed": flag, "min_value": text(50), "max_value": text(50)},
        ("is_decimal_allowed",),
    ),
    "email_text_input": object_of(_TYPED_TEXT),
    "url_text_input": object_of(_TYPED_TEXT),
}

_ANSWERED_OPTIONS = _either_options(object_of(_OPTIONS))


def options_problems(answer: Any) -> list[str]:
    """What Slack refuses in an app's answer for an external select; at most 100 options, over all groups."""
    problems: list[str] = []
    if answer == {"options": []}:
        return problems  # nothing fits what was typed
    _ANSWERED_OPTIONS(answer, "", problems)
    if not problems and len(options_of(answer)) > limits.OPTIONS:
        complain(problems, "/option_groups", f"no more than {limits.OPTIONS} items allowed")
    return problems


_STYLE = object_of(dict.fromkeys(("bold", "italic", "strike", "code", "underline", "client_highlight"), flag))
_STYLED: dict[str, ShapeCheck] = {"type": anything, "style": _STYLE}
_INLINE = one_of_types(
    {
        "text": object_of(_STYLED | {"text": text(limits.SECTION_LIMIT * 4)}, ("text",)),
        "link": object_of(_STYLED | {"url": url(limits.BUTTON_URL), "text": text(3000, 0), "unsafe": flag}, ("url",)),
        "emoji": object_of(_STYLED | {"name": text(100), "unicode": text(100)}, ("name",)),
        "user": object_of(_STYLED | {"user_id": _ID}, ("user_id",)),
        "usergroup": object_of(_STYLED | {"usergroup_id": _ID}, ("usergroup_id",)),
        "channel": object_of(_STYLED | {"channel_id": _ID}, ("channel_id",)),
        "broadcast": object_of(_STYLED | {"range": one_of("here", "channel", "everyone")}, ("range",)),
        "date": object_of(
            _STYLED
            | {"timestamp": number_within(0, 1e11), "format": text(500), "url": url(3000), "fallback": text(500)},
            ("timestamp", "format"),
        ),
        "color": object_of(_STYLED | {"value": text(20)}, ("value",)),
    },
    "element type",
)
_LINES: dict[str, ShapeCheck] = {"type": anything, "elements": items(_INLINE, 0, 1000), "border": number_within(0, 1)}
_SECTION = object_of(_LINES, ("elements",))
RICH_TEXT_PARTS: ShapeCheck = one_of_types(
    {
        "rich_text_section": _SECTION,
        "rich_text_quote": _SECTION,
        "rich_text_preformatted": object_of(_LINES | {"language": text(50)}, ("elements",)),
        "rich_text_list": object_of(
            {
                "type": anything,
                "style": one_of("bullet", "ordered"),
                "elements": items(one_of_types({"rich_text_section": _SECTION}, "element type"), 0, 1000),
                "indent": number_within(0, 8),
                "offset": number_within(0, 10_000),
                "border": number_within(0, 1),
            },
            ("style", "elements"),
        ),
    },
    "element type",
)
