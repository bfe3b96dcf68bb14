"""What may be launched, what could be had instead, and the end of a launched machine's time."""

from collections.abc import Sequence

from bot.domain.acting.actions import Action
from bot.domain.acting.images import OLD_AFTER, Image
from bot.domain.acting.launches import Template
from bot.domain.money.rates import Rate
from handlers import ids
from handlers.blocks.parts import Reply, button, context, fitting, lines, plainly, section
from handlers.blocks.words import code, esc, length, per_hour, person, plural, say, usd

MOST = 20
MOST_IMAGES = 15


def listed(templates: Sequence[tuple[Template, Rate | None]]) -> Reply:
    """What this person may launch."""
    if not templates:
        return plainly("There is nothing to launch. Admins list what may be launched under `[[launch]]` in valet.toml.")
    groups = [
        [section(_line(each, rate), button(f"Launch {each.name}", f"{ids.LAUNCH}:{number}", each.name))]
        for number, (each, rate) in enumerate(templates[:MOST])
    ]
    blocks, _ = fitting(groups, 9_000)
    names = ", ".join(each.name for each, _ in templates[:MOST])
    return Reply(f"You may launch {names}: `/gpu launch NAME for 8h`.", blocks)


def _line(template: Template, rate: Rate | None) -> str:
    gpus = f"{template.gpu_count}x{esc(template.gpu_model, 40)}" if template.gpu_count and template.gpu_model else ""
    about = "" if rate is None or rate.exact else "about "
    price = f"{about}{per_hour(rate.micros_per_hour)}" if rate else "no known price"
    parts = [esc(template.type, 40), gpus, esc(template.region, 40), price]
    return lines([f"*{esc(template.name, 63)}*", "  ·  ".join(part for part in parts if part)])


def over(action: Action, name: str, why: str, channel: str) -> Reply:
    """The time of a launched machine is over: told to whoever it was launched for."""
    wanted = length(action.length or 0)
    asked = f"I asked in <#{channel}> whether to stop it." if channel else "I asked whether to stop it."
    rest = f"I don't ask to stop it: {say(why)}" if why else asked
    text = f"The {wanted} for which you launched *{esc(name, 60)}* are over. It still runs, unclaimed. {rest}"
    buttons = [button(f"Claim {name} again", ids.CLAIM, action.made_id)]
    return plainly(text, *buttons)


def images(found: Sequence[Image], now: int) -> Reply:
    """Images with age, size and cost, the oldest first, and how the old ones are deleted."""
    if not found:
        return plainly("There is no image made by Valet. `/gpu clone` makes one, and a machine from it.")
    total = sum(each.micros_per_month for each in found)
    text = f"{plural(len(found), 'image')}, at most {usd(total)} a month in all."
    rows = [_image(each, now) for each in found[:MOST_IMAGES]]
    more = f"and {len(found) - MOST_IMAGES} more" if len(found) > MOST_IMAGES else ""
    old = next((each for each in found if now - each.made_at > OLD_AFTER and each.state == "available"), None)
    blocks = [section(f"*{text}*"), section(lines([*rows, more]))]
    return Reply(text, [*blocks, *([context(_deletion(old))] if old else [])])


def _image(image: Image, now: int) -> str:
    state = "" if image.state == "available" else f", {image.state}"
    whose = f", for {person(image.owner)}" if image.owner else ""
    age = length(now - image.made_at)
    cost = f"{image.size_gib:,} GB, at most {usd(image.micros_per_month)} a month"
    return f"`{esc(image.id, 40)}` of {esc(image.of, 60)}: {age} old{state}, {cost}{whose}, {esc(image.region, 40)}"


def _deletion(image: Image) -> str:
    command = f"aws ec2 deregister-image --region {image.region} --image-id {image.id} --delete-associated-snapshots"
    return f"Valet deletes nothing. Whoever may can delete the oldest, if no one needs it: {code(command, 200)}"
