"""Modals and home tabs: opening, changing, submitting and closing them."""

from dataclasses import replace

from bot.errors import NotFound, Unreachable
from bot.sandbox.slack import limits, payloads, state, suggestions
from bot.sandbox.slack.app import Workspace
from bot.sandbox.slack.check import interactive_elements
from bot.sandbox.slack.posting import checked_view
from bot.sandbox.slack.records import Json, Person, ResponseUrl, SlackError, View, copied
from bot.sandbox.slack.world import SlackWorld

TROUBLE = "We had some trouble connecting. Try again?"
"""What Slack says in a modal whose submission nobody took, or whose answer it can't read."""


def new_view(world: SlackWorld, user: str, content: Json, *, below: View | None = None, channel: str = "") -> View:
    """A view ready to be shown, on top of `below` where it is pushed; `channel` is where its opening was asked."""
    name = world.new_id("V")
    filled = {**copied(content), "blocks": world.with_ids(content["blocks"])}
    return View(
        name,
        user,
        filled,
        hash=world.new_ts(),
        root_id=below.root_id if below else name,
        previous_id=below.id if below else "",
        state=state.initial_state(filled["blocks"], channel),
    )


def changed_view(world: SlackWorld, view: View, content: Json) -> View:
    """The view with other content; what a person filled in stays where block_id and action_id stay."""
    blocks = world.with_ids(content["blocks"])
    fresh = state.initial_state(blocks)
    for block_id, actions in fresh.items():
        for action_id, held in view.state.get(block_id, {}).items():
            if action_id in actions and actions[action_id]["type"] == held["type"]:
                actions[action_id] = held
    return replace(view, content={**copied(content), "blocks": blocks}, hash=world.new_ts(), state=fresh, errors={})


def find_view(world: SlackWorld, name: str) -> View | None:
    """The open modal or home tab of that id or external_id."""
    with world.lock:
        everything = [*(view for stack in world.modals.values() for view in stack), *world.homes.values()]
    return next((view for view in everything if name and name in (view.id, view.content.get("external_id"))), None)


def put_view(world: SlackWorld, view: View) -> None:
    """Store a changed view in its place."""
    with world.lock:
        if world.homes.get(view.user, view).id == view.id and view.content["type"] == "home":
            world.homes[view.user] = view
        else:
            stack = world.modals.get(view.user, [])
            world.modals[view.user] = [view if old.id == view.id else old for old in stack]
        world.changed()


def push(world: SlackWorld, user: str, content: Json) -> View:
    """Put a view on top of the person's open modals."""
    with world.lock:
        stack = world.modals.get(user, [])
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= limits.MODAL_STACK:
            raise SlackError("push_limit_reached")
        view = new_view(world, user, content, below=stack[-1])
        world.modals[user] = [*stack, view]
        world.changed()
    return view


def act_in_view(slack: Workspace, person: Person, view: View, *, action: Json, chosen: Json | None) -> None:
    """Something in a view was pressed or chosen; inputs without dispatch_action only keep it."""
    block = next(block for block in view.blocks if block["block_id"] == action["block_id"])
    if chosen is not None and chosen["type"] != "overflow":
        values = copied(view.state)
        values.setdefault(action["block_id"], {})[action["action_id"]] = chosen
        view = replace(view, state=values)
        put_view(slack, view)
    if block["type"] == "input" and not block.get("dispatch_action"):
        return
    act_json = {"actions": [action], "state": view.state}
    slack.interact(person, payloads.view_action(person, view, act=act_json, trigger=slack.new_trigger(person.id)))


def open_modal(slack: SlackWorld, person: Person, view: str | View) -> View:
    """The person's open modal of that id."""
    name = view if isinstance(view, str) else view.id
    for found in slack.modals.get(person.id, ()):
        if found.id == name:
            return found
    raise NotFound(f"{person.name} has no modal {name} open.")


def submit_view(slack: Workspace, person: Person, view: str | View, given: Json) -> dict[str, str]:
    """Fill in, check what Slack checks itself, deliver, and do what the app answered."""
    opened = open_modal(slack, person, view)
    if "submit" not in opened.content:
        raise NotFound("The modal has no button to submit it.")
    filled = _filled(slack, person, opened, given)
    refused = state.missing_inputs(filled.blocks, filled.state)
    put_view(slack, replace(filled, errors=refused))
    if refused:
        return refused
    urls = [_asked_url(slack, filled, *place) for place in _asking(filled)]
    payload = payloads.view_submission(person, filled, trigger=slack.new_trigger(person.id), urls=urls)
    try:
        return _answered(slack, filled, slack.reach("interactive", payload) or {})
    except Unreachable:
        pass
    except SlackError as error:
        slack.refusals.append(f"The answer to a submission: {error.code} {' '.join(error.details)}".strip())
    put_view(slack, replace(filled, errors={"": TROUBLE}))
    return {"": TROUBLE}


def keep(slack: Workspace, person: Person, view: str | View, given: Json) -> None:
    """What a person has put in stands in the modal."""
    put_view(slack, _filled(slack, person, open_modal(slack, person, view), given))


def _filled(slack: Workspace, person: Person, view: View, given: Json) -> View:
    values = copied(view.state)
    known = set()
    for block in view.blocks:
        for element in interactive_elements(block):
            for name in names_of(block, element) & set(given):
                known.add(name)
                offered = suggestions.as_offered(slack, person, view, block, element, given[name])
                values[block["block_id"]][element["action_id"]] = state.filled_value(offered, given[name])
    unknown = sorted(set(given) - known)
    if unknown:
        raise NotFound(f"The modal has no field {unknown[0]}.")
    return replace(view, state=values)


def names_of(block: Json, element: Json) -> set[str]:
    """What a field goes by: its block_id, its action_id, its label; a button is no field."""
    if element["type"] in ("button", "overflow"):
        return set()
    label = block["label"]["text"] if block["type"] == "input" else ""
    return {block["block_id"], element["action_id"], *([label] if label else [])}


def _asking(view: View) -> list[tuple[str, str]]:
    """The block_id and action_id of the inputs that ask for a response URL."""
    blocks = [block for block in view.blocks if block["type"] == "input"]
    asking = [block for block in blocks if block["element"].get("response_url_enabled")]
    return [(block["block_id"], block["element"]["action_id"]) for block in asking]


def _asked_url(slack: Workspace, view: View, block_id: str, action_id: str) -> Json:
    channel = str(state.chosen_in(view.state[block_id][action_id]))
    address = slack.response_address(ResponseUrl(view.user, channel, slack.clock()))
    return {"response_url": address, "channel_id": channel, "block_id": block_id, "action_id": action_id}


def _answered(slack: Workspace, view: View, answer: Json) -> dict[str, str]:
    what = answer.get("response_action")
    if what not in (None, "errors", "update", "push", "clear"):
        raise SlackError("invalid_arguments", (f"unknown response_action: {what}",))
    if what == "errors":
        errors = _checked_errors(view, answer.get("errors"))
        put_view(slack, replace(view, errors=errors))
        return errors
    if what == "update":
        put_view(slack, changed_view(slack, view, checked_view(slack, answer["view"])))
    elif what == "push":
        push(slack, view.user, checked_view(slack, answer["view"]))
    else:
        _drop(slack, view, all_of_them=what == "clear")
    return {}


def _checked_errors(view: View, given: object) -> dict[str, str]:
    """Slack shows errors beside inputs only; without one at least, or with one elsewhere, it takes none of them."""
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(given, dict) or not given:
        raise SlackError("invalid_arguments", ("missing required field: errors",))
    for block_id, sentence in given.items():
        if block_id not in inputs:
            raise SlackError("invalid_arguments", (f"errors name no input block: {block_id}",))
        if not isinstance(sentence, str) or not sentence:
            raise SlackError("invalid_arguments", (f"the error of {block_id} must provide a string",))
    return {str(block_id): str(sentence) for block_id, sentence in given.items()}


def _drop(slack: SlackWorld, view: View, *, all_of_them: bool) -> None:
    with slack.lock:
        stack = slack.modals.get(view.user, [])
        slack.modals[view.user] = [] if all_of_them else [one for one in stack if one.id != view.id]
        slack.changed()


def close_view(slack: Workspace, person: Person, view: str | View, *, all_of_them: bool) -> None:
    """Close a modal, and tell the app where it asked for that."""
    found = open_modal(slack, person, view)
    is_cleared = all_of_them or bool(found.content.get("clear_on_close"))
    _drop(slack, found, all_of_them=is_cleared)
    if found.content.get("notify_on_close"):
        slack.interact(person, payloads.view_closed(person, found, is_cleared=is_cleared))
