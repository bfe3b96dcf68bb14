"""What may be launched, what could be had instead, and the end of a launched machine's time."""

from collections.abc import Sequence

from bot.domain.acting.actions import PAST_TENSE, Action
from bot.domain.acting.launch import LaunchTemplate
from bot.domain.money.rates import Rate
from handlers.blocks import forms as form_blocks
from handlers.blocks.buttons import CLAIM_BUTTON
from handlers.blocks.parts import Block, Reply, button, context, fitting, lines, plainly, section
from handlers.blocks.words import esc, gpu_command, length, per_hour, say

# Messages that stand in Slack carry these, so their text never changes.
LAUNCH_BUTTON = "launch"

MOST_TEMPLATES = 20
ABOUT = (
    '"About": what a template starts is not read before it runs, so this is the price of Linux on shared hardware. '
    "`prices` in valet.toml takes a figure of your own."
)


def templates_listed(templates: Sequence[tuple[LaunchTemplate, Rate | None]]) -> Reply:
    """What this person may launch."""
    if not templates:
        return plainly("There is nothing to launch. Admins list what may be launched under `[[launch]]` in valet.toml.")
    groups = [
        [section(_line(each, rate), button(f"Launch {each.name}", f"{LAUNCH_BUTTON}:{number}", each.name))]
        for number, (each, rate) in enumerate(templates[:MOST_TEMPLATES])
    ]
    blocks, _ = fitting(groups, 9_000)
    if any(rate is not None and not rate.exact for _, rate in templates[:MOST_TEMPLATES]):
        blocks.append(context(ABOUT))
    names = ", ".join(each.name for each, _ in templates[:MOST_TEMPLATES])
    return Reply(f"You may launch {names}: {gpu_command('launch NAME for 8h')}.", blocks)


def template_options(templates: Sequence[tuple[LaunchTemplate, Rate | None]]) -> list[Block]:
    """What may be launched, as a menu has it."""
    return [
        form_blocks.option(each.name, each.name, more="  ·  ".join(part for part in _about(each, rate) if part))
        for each, rate in templates
    ]


def type_option(kind: str, rate: Rate | None) -> Block:
    """An instance type in a menu, with its price."""
    about = "" if rate is None or rate.exact else "about "
    return form_blocks.option(f"{kind} · {about}{per_hour(rate.micros_per_hour)}" if rate else kind, kind)


def _about(template: LaunchTemplate, rate: Rate | None) -> list[str]:
    gpus = f"{template.gpu_count}x{template.gpu_model}" if template.gpu_count and template.gpu_model else ""
    about = "" if rate is None or rate.exact else "about "
    return [template.type, gpus, template.region, f"{about}{per_hour(rate.micros_per_hour)}" if rate else "no price"]


def _line(template: LaunchTemplate, rate: Rate | None) -> str:
    gpus = f"{template.gpu_count}x{esc(template.gpu_model, 40)}" if template.gpu_count and template.gpu_model else ""
    about = "" if rate is None or rate.exact else "about "
    price = f"{about}{per_hour(rate.micros_per_hour)}" if rate else "no known price"
    parts = [esc(template.type, 40), gpus, esc(template.region, 40), price]
    return lines([f"*{esc(template.name, 63)}*", "  ·  ".join(part for part in parts if part)])


def time_over(action: Action, name: str, why: str, channel: str) -> Reply:
    """The time of a launched or started machine is over: told to whoever it was for."""
    wanted, machine_id = length(action.length or 0), action.made_id or action.instance_id
    asked = f"I asked in <#{channel}> whether to stop it." if channel else "I asked whether to stop it."
    rest = f"I don't ask to stop it: {say(why)}" if why else asked
    did = PAST_TENSE[action.kind]
    text = f"The {wanted} for which you {did} *{esc(name, 60)}* are over. It still runs, unclaimed. {rest}"
    buttons = [button(f"Claim {name} again", CLAIM_BUTTON, machine_id)]
    return plainly(text, *buttons)
