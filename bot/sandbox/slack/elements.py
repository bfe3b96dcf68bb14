"""The rules for what stands inside blocks: buttons, selects, pickers, inputs, rich text."""

import re
from typing import Any

from bot.sandbox.slack import limits
from bot.sandbox.slack.shapes import Check, anything, flag, items, number, one_of, plain, prose, say, shape, text, typed

_ID = text(limits.ID, 0)
_CONFIRM = shape(
    {
        "title": plain(limits.CONFIRM_TITLE),
        "text": prose(limits.CONFIRM_TEXT),
        "confirm": plain(limits.CONFIRM_LABEL),
        "deny": plain(limits.CONFIRM_LABEL),
        "style": one_of("primary", "danger"),
    },
    ("title", "text", "confirm", "deny"),
)
_OPTION_FIELDS = {"text": plain(limits.OPTION_TEXT), "value": text(limits.OPTION_VALUE)}
_OPTION_FIELDS |= {"description": plain(limits.OPTION_DESCRIPTION)}
_OPTION = shape(_OPTION_FIELDS, ("text", "value"))
_BOX_OPTION = shape(
    _OPTION_FIELDS | {"text": prose(limits.OPTION_TEXT), "description": prose(limits.OPTION_DESCRIPTION)},
    ("text", "value"),
)
_OVERFLOW_OPTION = shape(_OPTION_FIELDS | {"url": text(limits.BUTTON_URL)}, ("text", "value"))
_GROUP = shape({"label": plain(limits.OPTION_TEXT), "options": items(_OPTION)}, ("label", "options"))
_BASE: dict[str, Check] = {"type": anything, "action_id": _ID, "confirm": _CONFIRM, "focus_on_load": flag}
_WITH_PLACEHOLDER = _BASE | {"placeholder": plain(limits.PLACEHOLDER)}
_FILTER = shape(
    {
        "include": items(one_of("im", "mpim", "private", "public")),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    }
)
_DISPATCH = shape({"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 1, 2)})


def url(longest: int) -> Check:
    """An http or https address, or a mail address."""
    check_text = text(longest)

    def check(value: Any, pointer: str, problems: list[str]) -> None:
        before = len(problems)
        check_text(value, pointer, problems)
        if len(problems) == before and not re.match(r"(https?://|mailto:)\S+$", value):
            say(problems, pointer, "must be a valid URL")

    return check


def matching(pattern: str, what: str) -> Check:
    """A string of that form."""

    def check(value: Any, pointer: str, problems: list[str]) -> None:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            say(problems, pointer, f"must be {what}")

    return check


_DATE = matching(r"\d{4}-\d{2}-\d{2}", "a date as YYYY-MM-DD")
_TIME = matching(r"\d{2}:\d{2}", "a time as HH:MM")


def _either_options(check: Check) -> Check:
    def both(value: Any, pointer: str, problems: list[str]) -> None:
        check(value, pointer, problems)
        if ("options" in value) == ("option_groups" in value):
            say(problems, pointer, "must provide either options or option_groups")

    return both


def _image(value: Any, pointer: str, problems: list[str]) -> None:
    check_image = shape(
        {
            "type": anything,
            "image_url": url(limits.IMAGE_URL),
            "slack_file": shape({"id": matching(r"F[A-Z0-9]{8,}", "a file id"), "url": url(limits.IMAGE_URL)}),
            "alt_text": text(limits.ALT_TEXT),
        },
        ("alt_text",),
    )
    check_image(value, pointer, problems)
    if ("image_url" in value) == ("slack_file" in value):
        say(problems, pointer, "must provide either image_url or slack_file")


def _select(kind: str, several: Check, initial: Check) -> dict[str, Check]:
    more = {"max_selected_items": number(1, 100)}
    single, plural = f"initial_{kind}", f"initial_{kind}s"
    name = "conversations" if kind == "conversation" else kind + "s"
    extra: dict[str, Check] = {"response_url_enabled": flag}
    if kind == "conversation":
        extra |= {"filter": _FILTER, "default_to_current_conversation": flag}
    return {
        f"{name}_select": shape(_WITH_PLACEHOLDER | extra | {single: initial}),
        f"multi_{name}_select": shape(_WITH_PLACEHOLDER | more | extra | {plural: several}),
    }


_OPTIONS = {"options": items(_OPTION, 1, limits.OPTIONS), "option_groups": items(_GROUP, 1, limits.OPTIONS)}
_BUTTON = shape(
    _BASE
    | {
        "text": plain(limits.BUTTON_TEXT),
        "value": text(limits.BUTTON_VALUE, 0),
        "url": url(limits.BUTTON_URL),
        "style": one_of("primary", "danger"),
        "accessibility_label": text(limits.ACCESSIBILITY_LABEL),
    },
    ("text",),
)
_STATIC_FIELDS = _WITH_PLACEHOLDER | _OPTIONS
_STATIC = _either_options(shape(_STATIC_FIELDS | {"initial_option": _OPTION}))
_MULTI_STATIC = _either_options(
    shape(_STATIC_FIELDS | {"initial_options": items(_OPTION), "max_selected_items": number(1, 100)})
)
_BOXES = items(_BOX_OPTION, 1, limits.BOX_OPTIONS)
_TYPED_TEXT = _WITH_PLACEHOLDER | {"initial_value": text(limits.INPUT_TEXT, 0), "dispatch_action_config": _DISPATCH}

IMAGE: Check = _image

INTERACTIVE: dict[str, Check] = {
    "button": _BUTTON,
    "static_select": _STATIC,
    "multi_static_select": _MULTI_STATIC,
    **_select("user", items(_ID), _ID),
    **_select("channel", items(_ID), _ID),
    **_select("conversation", items(_ID), _ID),
    "overflow": shape(_BASE | {"options": items(_OVERFLOW_OPTION, 1, limits.OVERFLOW_OPTIONS)}, ("options",)),
    "datepicker": shape(_WITH_PLACEHOLDER | {"initial_date": _DATE}),
    "timepicker": shape(_WITH_PLACEHOLDER | {"initial_time": _TIME, "timezone": text(100)}),
    "datetimepicker": shape(_BASE | {"initial_date_time": number(1e9, 1e10 - 1)}),
    "checkboxes": shape(_BASE | {"options": _BOXES, "initial_options": _BOXES}, ("options",)),
    "radio_buttons": shape(_BASE | {"options": _BOXES, "initial_option": _BOX_OPTION}, ("options",)),
}

INPUTS: dict[str, Check] = {name: check for name, check in INTERACTIVE.items() if name not in ("button", "overflow")}
INPUTS |= {
    "plain_text_input": shape(
        _TYPED_TEXT
        | {
            "multiline": flag,
            "min_length": number(0, limits.INPUT_TEXT),
            "max_length": number(1, limits.INPUT_TEXT),
        },
    ),
    "number_input": shape(
        _TYPED_TEXT | {"is_decimal_allowed": flag, "min_value": text(50), "max_value": text(50)},
        ("is_decimal_allowed",),
    ),
    "email_text_input": shape(_TYPED_TEXT),
    "url_text_input": shape(_TYPED_TEXT),
}

_STYLE = shape(dict.fromkeys(("bold", "italic", "strike", "code", "underline", "client_highlight"), flag))
_STYLED: dict[str, Check] = {"type": anything, "style": _STYLE}
_INLINE = typed(
    {
        "text": shape(_STYLED | {"text": text(limits.SECTION_TEXT * 4)}, ("text",)),
        "link": shape(_STYLED | {"url": url(limits.BUTTON_URL), "text": text(3000, 0), "unsafe": flag}, ("url",)),
        "emoji": shape(_STYLED | {"name": text(100), "unicode": text(100)}, ("name",)),
        "user": shape(_STYLED | {"user_id": _ID}, ("user_id",)),
        "usergroup": shape(_STYLED | {"usergroup_id": _ID}, ("usergroup_id",)),
        "channel": shape(_STYLED | {"channel_id": _ID}, ("channel_id",)),
        "broadcast": shape(_STYLED | {"range": one_of("here", "channel", "everyone")}, ("range",)),
        "date": shape(
            _STYLED | {"timestamp": number(0, 1e11), "format": text(500), "url": url(3000), "fallback": text(500)},
            ("timestamp", "format"),
        ),
        "color": shape(_STYLED | {"value": text(20)}, ("value",)),
    },
    "element type",
)
_LINES: dict[str, Check] = {"type": anything, "elements": items(_INLINE, 0, 1000), "border": number(0, 1)}
_SECTION = shape(_LINES, ("elements",))
RICH_TEXT_PARTS: Check = typed(
    {
        "rich_text_section": _SECTION,
        "rich_text_quote": _SECTION,
        "rich_text_preformatted": shape(_LINES | {"language": text(50)}, ("elements",)),
        "rich_text_list": shape(
            {
                "type": anything,
                "style": one_of("bullet", "ordered"),
                "elements": items(typed({"rich_text_section": _SECTION}, "element type"), 0, 1000),
                "indent": number(0, 8),
                "offset": number(0, 10_000),
                "border": number(0, 1),
            },
            ("style", "elements"),
        ),
    },
    "element type",
)
