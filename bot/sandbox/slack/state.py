"""What a person has filled in: the `state.values` of Slack's payloads, and what a click on an element carries."""

import re
from collections.abc import Callable
from typing import Any

from bot.errors import Refused
from bot.sandbox.slack.check import interactive_elements
from bot.sandbox.slack.elements import options_of
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
_ONE_OPTION = ("static_select", "external_select", "radio_buttons", "overflow")
_SOME_OPTIONS = ("multi_static_select", "multi_external_select", "checkboxes")
_CHOSEN = {
    **dict.fromkeys(_ONE_OPTION, ("selected_option", "initial_option")),
    **dict.fromkeys(_SOME_OPTIONS, ("selected_options", "initial_options")),
    **_SINGLE,
    **_SEVERAL,
}
"""Kind of element -> the key of its state, and that of what stands there at first."""
_FORMS = {
    "datepicker": (r"\d{4}-\d{2}-\d{2}", "a date as YYYY-MM-DD"),
    "timepicker": (r"([01]\d|2[0-3]):[0-5]\d", "a time as HH:MM"),
    "datetimepicker": (r"\d{10}", "a moment in seconds"),
}
"""What can be picked in a picker, in which nothing else can be typed."""


def initial_state(blocks: list[Json], channel: str = "") -> Json:
    """The state of freshly drawn blocks: block_id -> action_id -> what stands in the element.

    `channel` is where the person was, for menus that begin with it.
    """
    state: Json = {}
    for block in blocks:
        for element in interactive_elements(block):
            if element["type"] in ("button", "overflow"):
                continue
            held = _initial(element)
            key, initial = _CHOSEN[element["type"]]
            if channel and element.get("default_to_current_conversation") and initial not in element:
                held[key] = [channel] if isinstance(held[key], list) else channel
            state.setdefault(block["block_id"], {})[element["action_id"]] = held
    return state


def as_filled(block: Json, state: Json) -> Json:
    """The block as it looks once it is filled in: each element begins with what now stands in it."""
    filled: Json = copied(block)
    for element in interactive_elements(filled):
        held = state.get(str(block.get("block_id")), {}).get(str(element.get("action_id")))
        if not held or held["type"] != element["type"]:
            continue
        key, initial = _CHOSEN[element["type"]]
        element.pop(initial, None)
        if held[key] not in (None, []):
            element[initial] = held[key]
    return filled


def chosen_in(held: Json) -> Any:
    """What stands in an element; None or an empty list when nothing does."""
    return held[_CHOSEN[held["type"]][0]]


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
        return {"type": kind, "selected_option": None if given in (None, "") else option_named(element, str(given))}
    if kind in _SOME_OPTIONS:
        return {"type": kind, "selected_options": [option_named(element, one) for one in _several(element, given)]}
    if kind in _SEVERAL:
        return {"type": kind, _SEVERAL[kind][0]: _several(element, given)}
    if given is None or given == "":
        return {"type": kind, _SINGLE[kind][0]: None}
    pattern, form = _FORMS.get(kind, ("", ""))
    if pattern and not re.fullmatch(pattern, str(given)):
        raise Refused(f"{given!r} can't be picked in {element['action_id']}: it takes {form}.")
    return {"type": kind, _SINGLE[kind][0]: int(given) if kind == "datetimepicker" else str(given)}


def _several(element: Json, given: Any) -> list[str]:
    chosen = [given] if isinstance(given, str) else [str(one) for one in given or ()]
    most = element.get("max_selected_items", len(chosen))
    if len(chosen) > most:
        raise Refused(f"Only {most:g} can be chosen in {element['action_id']}.")
    return chosen


def option_named(element: Json, given: str) -> Json:
    """The option of that value or label, or the one whose label begins with that word. Raises Refused."""
    options = options_of(element)
    exact = [option for option in options if given in (option["value"], option["text"]["text"])]
    begun = {option["value"]: option for option in options if is_option_meant(option, given)}
    if exact or len(begun) == 1:
        return dict(copied((exact or [*begun.values()])[0]))
    seen = ", ".join(repr(option["text"]["text"]) for option in options) or "none at all"
    raise Refused(f"There is no option {given!r} in {element['action_id']}, but {seen}.")


def is_option_meant(option: Json, given: str) -> bool:
    """Whether a person who looks for that may choose this option."""
    return given in (option["value"], option["text"]["text"]) or option["text"]["text"].startswith(f"{given} ")


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
        value = chosen_in(state[block["block_id"]][element["action_id"]])
        sentence = _fault(element, value, is_optional=bool(block.get("optional")))
        if sentence:
            refused[block["block_id"]] = sentence
    return refused


def _fault(element: Json, value: Any, *, is_optional: bool) -> str:
    if value is None or value == []:
        return "" if is_optional else "Please complete this required field."
    check = _FAULTS.get(element["type"])
    return check(element, str(value)) if check else ""


def _text_fault(element: Json, value: str) -> str:
    if len(value) < int(element.get("min_length", 0)):
        return f"Please enter at least {element['min_length']} characters."
    if len(value) > int(element.get("max_length", 3000)):
        return f"Please enter at most {element.get('max_length', 3000)} characters."
    return ""


def _email_fault(_element: Json, value: str) -> str:
    return "" if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value) else "Please enter a valid email address."


def _url_fault(_element: Json, value: str) -> str:
    return "" if re.fullmatch(r"https?://\S+", value) else "Please enter a valid URL."


def _number_fault(element: Json, value: str) -> str:
    is_decimal = element.get("is_decimal_allowed")
    if not re.fullmatch(r"-?\d+(\.\d+)?" if is_decimal else r"-?\d+", value):
        return "Please enter a number." if is_decimal else "Please enter a whole number."
    if "min_value" in element and float(value) < float(element["min_value"]):
        return f"Please enter {element['min_value']} or more."
    if "max_value" in element and float(value) > float(element["max_value"]):
        return f"Please enter {element['max_value']} or less."
    return ""


_FAULTS: dict[str, Callable[[Json, str], str]] = {
    "email_text_input": _email_fault,
    "number_input": _number_fault,
    "plain_text_input": _text_fault,
    "url_text_input": _url_fault,
}
