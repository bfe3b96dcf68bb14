"""What a person has filled in: the `state.values` of Slack's payloads, and what a click on an element carries."""

import re
from typing import Any

from bot.errors import Refused
from bot.sandbox.slack.check import interactive_elements
from bot.sandbox.slack.records import Json, copied

_SINGLE = {
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
}
_SEVERAL = {
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
}
_ONE_OPTION = ("static_select", "radio_buttons", "overflow")
_SOME_OPTIONS = ("multi_static_select", "checkboxes")


def initial_state(blocks: list[Json]) -> Json:
    """The state of freshly drawn blocks: block_id -> action_id -> what stands in the element."""
    state: Json = {}
    for block in blocks:
        for element in interactive_elements(block):
            if element["type"] not in ("button", "overflow"):
                state.setdefault(block["block_id"], {})[element["action_id"]] = _initial(element)
    return state


def _initial(element: Json) -> Json:
    kind = element["type"]
    if kind in _ONE_OPTION:
        return {"type": kind, "selected_option": copied(element.get("initial_option"))}
    if kind in _SOME_OPTIONS:
        return {"type": kind, "selected_options": copied(element.get("initial_options", []))}
    if kind in _SEVERAL:
        selected, initial = _SEVERAL[kind]
        return {"type": kind, selected: list(element.get(initial, []))}
    selected, initial = _SINGLE[kind]
    return {"type": kind, selected: element.get(initial)}


def filled_value(element: Json, given: Any) -> Json:
    """The element's state once a person put `given` in: an option's value or label, an id, a date, a text."""
    kind = element["type"]
    if kind in _ONE_OPTION:
        return {"type": kind, "selected_option": None if given is None else _option(element, str(given))}
    if kind in _SOME_OPTIONS:
        return {"type": kind, "selected_options": [_option(element, str(one)) for one in given]}
    if kind in _SEVERAL:
        return {"type": kind, _SEVERAL[kind][0]: [str(one) for one in given]}
    if kind == "datetimepicker":
        return {"type": kind, "selected_date_time": None if given is None else int(given)}
    return {"type": kind, _SINGLE[kind][0]: None if given is None or given == "" else str(given)}


def _option(element: Json, given: str) -> Json:
    groups = element.get("option_groups", [])
    options = [*element.get("options", []), *(option for group in groups for option in group["options"])]
    for option in options:
        if given in (option["value"], option["text"]["text"]):
            return dict(copied(option))
    raise Refused(f"There is no option {given!r} in {element['action_id']}.")


def action_payload(block: Json, element: Json, *, state: Json | None, at_ts: str) -> Json:
    """One entry of `actions` in a block_actions payload; `state` is what was chosen, None for a button."""
    body: Json = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"]}
    body |= {"action_ts": at_ts}
    if state is not None:
        return body | state
    body["text"] = {"emoji": True, **copied(element["text"])}
    return body | {key: element[key] for key in ("value", "style", "url") if key in element}


def missing_inputs(blocks: list[Json], state: Json) -> dict[str, str]:
    """What Slack itself refuses before an app hears of a submission: block_id -> sentence."""
    refused: dict[str, str] = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element = block["element"]
        held = state[block["block_id"]][element["action_id"]]
        value = next((held[key] for key in held if key != "type"), None)
        sentence = _fault(element, value, is_optional=bool(block.get("optional")))
        if sentence:
            refused[block["block_id"]] = sentence
    return refused


def _fault(element: Json, value: Any, *, is_optional: bool) -> str:
    if value is None or value == []:
        return "" if is_optional else "Please complete this required field."
    if element["type"] == "number_input":
        return _number_fault(element, str(value))
    if element["type"] == "plain_text_input":
        if len(value) < int(element.get("min_length", 0)):
            return f"Please enter at least {element['min_length']} characters."
        if len(value) > int(element.get("max_length", 3000)):
            return f"Please enter at most {element.get('max_length', 3000)} characters."
    return ""


def _number_fault(element: Json, value: str) -> str:
    is_decimal = element.get("is_decimal_allowed")
    if not re.fullmatch(r"-?\d+(\.\d+)?" if is_decimal else r"-?\d+", value):
        return "Please enter a number." if is_decimal else "Please enter a whole number."
    if "min_value" in element and float(value) < float(element["min_value"]):
        return f"Please enter {element['min_value']} or more."
    if "max_value" in element and float(value) > float(element["max_value"]):
        return f"Please enter {element['max_value']} or less."
    return ""
