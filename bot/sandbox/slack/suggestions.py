"""External selects: the options that the app answers while a person types."""

from typing import Any

from bot.errors import Refused, Unreachable
from bot.sandbox.slack import limits, payloads
from bot.sandbox.slack.app import Workspace
from bot.sandbox.slack.elements import options_of, options_problems
from bot.sandbox.slack.records import Json, Message, Person, View
from bot.sandbox.slack.state import is_option_meant

EXTERNAL = ("external_select", "multi_external_select")


def suggest(slack: Workspace, person: Person, shown_in: Message | View, block: Json, element: Json, typed: str) -> Json:
    """What the app offers for what was typed; nothing while that is too short. Raises Refused."""
    if len(typed) < int(element.get("min_query_length", limits.QUERY_LENGTH)):
        return {"options": []}
    names = (str(block["block_id"]), str(element["action_id"]))
    try:
        answer = slack.reach("interactive", payloads.block_suggestion(person, _place(slack, shown_in), names, typed))
    except Unreachable as error:
        raise Refused(f"The options of {names[1]} could not be loaded: {error}") from None
    problems = options_problems(answer)
    if problems or answer is None:
        slack.refusals.append(f"The options of {names[1]}: {' '.join(problems)}")
        raise Refused(f"The options of {names[1]} could not be loaded: {' '.join(problems)}")
    with slack.lock:
        slack.offered[(_name(shown_in), *names)] = options_of(answer)
    return answer


def as_offered(
    slack: Workspace, person: Person, shown_in: Message | View, block: Json, element: Json, picked: Any
) -> Json:
    """The element with the options a person would see on the way to `picked`: they look, then type."""
    if element["type"] not in EXTERNAL or not picked:
        return element
    key = (_name(shown_in), str(block["block_id"]), str(element["action_id"]))
    known = [*slack.offered.get(key, ()), *_standing(shown_in, block, element)]
    for wanted in [picked] if isinstance(picked, str) else picked:
        for typed in ("", str(wanted)):
            if not any(is_option_meant(option, str(wanted)) for option in known):
                known += options_of(suggest(slack, person, shown_in, block, element, typed))
    return element | {"options": known}


def _standing(shown_in: Message | View, block: Json, element: Json) -> list[Json]:
    """What stands in the select already."""
    state = shown_in.state if isinstance(shown_in, View) else {}
    held = state.get(block["block_id"], {}).get(element["action_id"], {})
    options = [held.get("selected_option"), element.get("initial_option"), *held.get("selected_options", ())]
    return [option for option in (*options, *element.get("initial_options", ())) if option]


def _name(shown_in: Message | View) -> str:
    return shown_in.ts if isinstance(shown_in, Message) else shown_in.id


def _place(slack: Workspace, shown_in: Message | View) -> Json:
    if isinstance(shown_in, View):
        return {"container": {"type": "view", "view_id": shown_in.id}, "view": payloads.view_json(shown_in)}
    container = {"type": "message", "message_ts": shown_in.ts, "channel_id": shown_in.channel}
    channel = slack.channels[shown_in.channel]
    name = "directmessage" if channel.dm_of else channel.name
    place: Json = {"container": container | {"is_ephemeral": bool(shown_in.reader)}}
    place["channel"] = {"id": channel.id, "name": name}
    return place if shown_in.reader else place | {"message": payloads.message_json(slack, shown_in)}
