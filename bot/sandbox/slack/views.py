"""Modals and home tabs: opening, changing, submitting and closing them."""

from dataclasses import replace

from bot.errors import NotFound, Unreachable
from bot.sandbox.slack import limits, payloads, state
from bot.sandbox.slack.app import Workspace
from bot.sandbox.slack.check import interactive_elements
from bot.sandbox.slack.posting import checked_view
from bot.sandbox.slack.records import Json, Person, SlackError, View, copied
from bot.sandbox.slack.world import SlackWorld


def new_view(world: SlackWorld, user: str, content: Json, *, below: View | None = None) -> View:
    """A view ready to be shown, on top of `below` where it is pushed."""
    name = world.new_id("V")
    filled = {**copied(content), "blocks": world.with_ids(content["blocks"])}
    return View(
        name,
        user,
        filled,
        hash=world.new_ts(),
        root_id=below.root_id if below else name,
        previous_id=below.id if below else "",
        state=state.initial_state(filled["blocks"]),
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


def submit(slack: Workspace, person: Person, view: str | View, given: Json) -> dict[str, str]:
    """Fill in, check what Slack checks itself, deliver, and do what the app answered."""
    filled = _filled(open_modal(slack, person, view), given)
    refused = state.missing_inputs(filled.blocks, filled.state)
    put_view(slack, replace(filled, errors=refused))
    if refused:
        return refused
    payload = payloads.view_submission(person, filled, trigger=slack.new_trigger(person.id))
    try:
        answer = slack.deliver("interactive", payload)
    except Unreachable:
        refused = {"": "We had some trouble connecting. Try again?"}
        put_view(slack, replace(filled, errors=refused))
        return refused
    return _answered(slack, filled, answer or {})


def _filled(view: View, given: Json) -> View:
    values = copied(view.state)
    known = set()
    for block in view.blocks:
        for element in interactive_elements(block):
            for name in (block["block_id"], element["action_id"]):
                if name in given and element["type"] != "button":
                    known.add(name)
                    values[block["block_id"]][element["action_id"]] = state.filled_value(element, given[name])
    unknown = sorted(set(given) - known)
    if unknown:
        raise NotFound(f"The modal has no field {unknown[0]}.")
    return replace(view, state=values)


def _answered(slack: Workspace, view: View, answer: Json) -> dict[str, str]:
    what = answer.get("response_action")
    if what == "errors":
        errors = {str(block): str(sentence) for block, sentence in answer["errors"].items()}
        put_view(slack, replace(view, errors=errors))
        return errors
    if what == "update":
        put_view(slack, changed_view(slack, view, checked_view(slack, answer["view"])))
    elif what == "push":
        push(slack, view.user, checked_view(slack, answer["view"]))
    else:
        _drop(slack, view, all_of_them=what == "clear")
    return {}


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
