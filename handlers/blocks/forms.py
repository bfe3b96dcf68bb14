"""The pieces of forms. A field's name is its action_id; limits as in slack_sdk's models of views and inputs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.machines.listing import Listing
from bot.domain.machines.models import short_model
from bot.domain.machines.states import for_so_long
from handlers.blocks.parts import Block, Filled, FormCall, Reply, actions, button, cut, section
from handlers.blocks.words import length, rate_in_words

FORM_BUTTON = "form"
MOST_TITLE = 24
MOST_VALUE = 1_900
"""A button's value takes 2,000."""
MOST_LABEL = 75
MOST_IN_ROW = 10
"""Boxes take so many options."""
NOTICE = "notice"


def form_button(label: str, name: str, given: Filled | None = None, *, number: int = 0) -> Block:
    """[Claim…]: opens a form with what is known already. Several in one row differ by `number`."""
    return button(f"{label}…", f"{FORM_BUTTON}:{name}:{number}", call_value(FormCall(name, given or Filled())))


def call_value(call: FormCall) -> str:
    """A form and what it is filled with, as a button carries it; without the latter where that is too long."""
    values = {name: list(chosen) for name, chosen in call.given.values.items()}
    value = f"{call.name}|{json.dumps(values, ensure_ascii=False, separators=(',', ':'))}"
    return value if len(value) <= MOST_VALUE else call.name


def call_of(value: str) -> FormCall:
    """What `call_value` wrote; an empty form where it can't be read, as anybody may have written it."""
    name, _, given = value.partition("|")
    try:
        read: Any = json.loads(given or "{}")
    except (ValueError, RecursionError):
        return FormCall(name)
    known = read.items() if isinstance(read, dict) else ()
    return FormCall(name, Filled({key: tuple(map(str, chosen)) for key, chosen in known if isinstance(chosen, list)}))


def opening(name: str, question: str, given: Filled | None = None) -> Reply:
    """A form where Slack lets one be opened, and elsewhere a question with a button to it."""
    blocks = [section(question), actions(form_button("Fill in", name, given))]
    return Reply(question, blocks, form=FormCall(name, given or Filled()))


def form_view(title: str, blocks: list[Block], *, name: str = "", send: str = "", metadata: str = "") -> Block:
    """A modal; without `send` it only tells."""
    view: Block = {"type": "modal", "title": _plain(title, MOST_TITLE), "close": _plain("Close", MOST_TITLE)}
    view |= {"blocks": blocks, "private_metadata": metadata}
    return view | ({"callback_id": name, "submit": _plain(send, MOST_TITLE)} if send else {})


def below(blocks: list[Block], field: str, notice: list[Block]) -> list[Block]:
    """The form with something said under a field, and nothing of what was said there before."""
    kept = [block for block in blocks if not has_notice([block])]
    said = [{**block, "block_id": f"{NOTICE}:{number}"} for number, block in enumerate(notice)]
    at = next((number for number, block in enumerate(kept) if field_of(block) == field), len(kept) - 1)
    return [*kept[: at + 1], *said, *kept[at + 1 :]]


def has_notice(blocks: Sequence[Block]) -> bool:
    """Whether something is said under a field."""
    return any(str(block.get("block_id", "")).startswith(NOTICE) for block in blocks)


def field_of(block: Block) -> str:
    """The field that an input block holds; empty for any other block."""
    return str(block["element"]["action_id"]) if block["type"] == "input" else ""


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": cut(text, limit)}


def _input(label: str, element: Block, *, optional: bool, redraws: bool = False, hint: str = "", of: str = "") -> Block:
    block: Block = {"type": "input", "block_id": f"{element['action_id']}:{of}"[:255], "label": _plain(label, 150)}
    block |= {"element": element, "optional": optional, "dispatch_action": redraws}
    return block | ({"hint": _plain(hint, 150)} if hint else {})


def option(label: str, value: str, *, more: str = "") -> Block:
    """One choice; `more` stands under it."""
    made: Block = {"text": _plain(label, MOST_LABEL), "value": value[:150]}
    return made | ({"description": _plain(more, MOST_LABEL)} if more else {})


def group(label: str, options: Sequence[Block]) -> Block:
    """Choices under a heading."""
    return {"label": _plain(label, MOST_LABEL), "options": list(options)}


def machine_option(listing: Listing, now: int) -> Block:
    """A machine in a menu: its name, GPUs and price, and under them how it stands; plain text, as menus have it."""
    instance = listing.instance
    devices = f"{instance.gpu_count} x {short_model(instance.gpu_model)}" if instance.gpu_model else "GPUs not known"
    price = f" · {rate_in_words(listing.rate)}" if listing.rate else ""
    detail = f" · {devices}{price}"
    ago = length(now - listing.since) if listing.since and listing.running and listing.state != "unknown" else ""
    state = for_so_long(listing.state, ago)
    claimed = ", claimed" if listing.claims else ""
    return option(f"{cut(instance.name, MOST_LABEL - len(detail))}{detail}", instance.id, more=f"{state}{claimed}")


def search_field(
    field: str,
    label: str,
    *,
    chosen: Block | None = None,
    placeholder: str = "Type a part of its name",
    optional: bool = False,
    redraws: bool = False,
    hint: str = "",
) -> Block:
    """A menu whose options the form's `menus` give as somebody types."""
    element: Block = {"type": "external_select", "action_id": field, "min_query_length": 0}
    element |= {"placeholder": _plain(placeholder, 150)} | ({"initial_option": chosen} if chosen else {})
    return _input(label, element, optional=optional, redraws=redraws, hint=hint)


def several_search_field(
    field: str, label: str, *, chosen: Sequence[Block] = (), most: int = 20, redraws: bool = False, hint: str = ""
) -> Block:
    """As `search_field`, for up to `most` of them."""
    element: Block = {"type": "multi_external_select", "action_id": field, "min_query_length": 0}
    element |= {"placeholder": _plain("Type a part of a name", 150), "max_selected_items": most}
    element |= {"initial_options": list(chosen)} if chosen else {}
    return _input(label, element, optional=False, redraws=redraws, hint=hint)


def choice_field(
    field: str,
    label: str,
    options: Sequence[Block],
    *,
    chosen: str = "",
    optional: bool = False,
    redraws: bool = False,
    hint: str = "",
    of: str = "",
) -> Block:
    """One of a few. `of` says what the choices depend on, so that what was chosen among others is not kept."""
    element: Block = {"type": "static_select", "action_id": field, "options": list(options)[:100]}
    first = [each for each in options if each["value"] == chosen][:1]
    element |= {"initial_option": first[0]} if first else {}
    return _input(label, element, optional=optional, redraws=redraws, hint=hint, of=of)


def several_field(
    field: str,
    label: str,
    options: Sequence[Block],
    *,
    chosen: Sequence[str] = (),
    optional: bool = True,
    redraws: bool = False,
    hint: str = "",
    of: str = "",
) -> Block:
    """Some of a few: boxes where there is room for them, else a menu."""
    kind = "checkboxes" if len(options) <= MOST_IN_ROW else "multi_static_select"
    element: Block = {"type": kind, "action_id": field, "options": list(options)[:100]}
    first = [each for each in options if each["value"] in chosen]
    element |= {"initial_options": first} if first else {}
    return _input(label, element, optional=optional, redraws=redraws, hint=hint, of=of)


def some_field(field: str, label: str, options: Sequence[Block], *, chosen: Sequence[str] = (), of: str = "") -> Block:
    """Some of a few in a menu, however few they are: it takes one line."""
    element: Block = {"type": "multi_static_select", "action_id": field, "options": list(options)[:100]}
    first = [each for each in options if each["value"] in chosen]
    return _input(label, element | ({"initial_options": first} if first else {}), optional=True, of=of)


def text_field(
    field: str,
    label: str,
    *,
    value: str = "",
    placeholder: str = "",
    optional: bool = True,
    lines: bool = False,
    most: int = 300,
    hint: str = "",
) -> Block:
    """A text of at most `most` characters."""
    element: Block = {"type": "plain_text_input", "action_id": field, "multiline": lines, "max_length": most}
    element |= {"initial_value": value[:most]} if value else {}
    element |= {"placeholder": _plain(placeholder, 150)} if placeholder else {}
    return _input(label, element, optional=optional, hint=hint)


def picker_field(
    field: str,
    label: str,
    kind: str,
    *,
    value: str | int = "",
    optional: bool = False,
    redraws: bool = False,
    hint: str = "",
) -> Block:
    """A person ("users_select"), day ("datepicker"), time ("timepicker") or both ("datetimepicker", UTC seconds)."""
    initial = {
        "users_select": "initial_user",
        "datepicker": "initial_date",
        "timepicker": "initial_time",
        "datetimepicker": "initial_date_time",
    }
    element: Block = {"type": kind, "action_id": field} | ({initial[kind]: value} if value else {})
    return _input(label, element, optional=optional, redraws=redraws, hint=hint)


def read_state(values: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Filled:
    """The `state.values` of a view, by field; fields without anything in them are left out."""
    fields = {name: _values(state) for block in values.values() for name, state in block.items()}
    return Filled({name: chosen for name, chosen in fields.items() if chosen})


def _values(state: Mapping[str, Any]) -> tuple[str, ...]:
    """What stands in one field, whatever it is."""
    if "selected_option" in state:
        return (str(state["selected_option"]["value"]),) if state["selected_option"] else ()
    if "selected_options" in state:
        return tuple(str(each["value"]) for each in state["selected_options"] or ())
    found = next((state[key] for key in state if key != "type"), None)
    if isinstance(found, list):
        return tuple(str(each) for each in found)
    return () if found in (None, "") else (str(found),)
