"""Images that clones left: age, size, cost and last use, and how those that nobody uses are deleted."""

from bot.domain.acting.images import Image, Shelf, Stored, at_most
from bot.domain.digest import Tidy
from handlers import ids
from handlers.blocks.parts import Block, Reply, button, context, lines, plainly, section
from handlers.blocks.words import code, esc, length, on_day, person, plural, usd

MOST = 15
MOST_PROPOSED = 6
DELETES = (
    "Valet deletes nothing and may not; whoever owns the account can. Look first whether a launch template names the "
    "image. Its last use is by Valet's own log and by AWS's word, which comes up to a day late. Machines that were "
    "made from an image run on without it."
)


def images(shelf: Shelf) -> Reply:
    """All of them, the oldest first, and those to be cleaned up with the commands that do it."""
    if not shelf.images:
        return plainly("There is no image made by Valet. `/gpu clone` makes one, and a machine from it.")
    proposed = shelf.proposed
    text = f"{plural(len(shelf.images), 'image')}, at most {usd(at_most(shelf.images))} a month in all."
    if proposed:
        text += f" To be cleaned up: {_unused(len(proposed), at_most(proposed), shelf.days)}."
    rows = [_row(each, shelf.made_at) for each in shelf.images[:MOST]]
    more = f"and {len(shelf.images) - MOST} more" if len(shelf.images) > MOST else ""
    return Reply(text, [section(f"*{text}*"), section(lines([*rows, more])), *_proposals(proposed)])


def line(tidy: Tidy) -> str:
    """For a digest."""
    return f"To be cleaned up: {_unused(tidy.images, tidy.image_micros, tidy.image_days)}."


def _unused(count: int, micros: int, days: int) -> str:
    which = f"{plural(count, 'image')} from which nobody launched anything for over {plural(days, 'day')}"
    return f"{which}, at most {usd(micros)} a month"


def _row(each: Stored, now: int) -> str:
    image = each.image
    state = "" if image.state == "available" else f", {image.state}"
    whose = f", for {person(image.owner)}" if image.owner else ""
    cost = f"{image.size_gib:,} GB, at most {usd(image.micros_per_month)} a month"
    used = f", last used {on_day(each.used_at)}" if each.used_at > image.made_at else ", never used"
    kept = f", kept by {person(each.keep.who)} until {on_day(each.keep.until_at)}" if each.keep else ""
    what = f"`{esc(image.id, 40)}` of {esc(image.of, 60)}: {length(now - image.made_at)} old{state}"
    return f"{what}, {cost}{used}{whose}, {esc(image.region, 40)}{kept}"


def _proposals(proposed: tuple[Stored, ...]) -> list[Block]:
    if not proposed:
        return []
    shown = [_proposal(each.image) for each in proposed[:MOST_PROPOSED]]
    left = len(proposed) - MOST_PROPOSED
    more = [context(f"and {left} more to be cleaned up, shown when these are gone or kept.")] if left > 0 else []
    return [*shown, *more, context(DELETES)]


def _proposal(image: Image) -> Block:
    region = f"--region {image.region}"
    commands = [f"aws ec2 deregister-image {region} --image-id {image.id}"]
    commands += [f"aws ec2 delete-snapshot {region} --snapshot-id {each}" for each in image.snapshots[:3]]
    more = f"and {len(image.snapshots) - 3} more snapshots of it" if len(image.snapshots) > 3 else ""
    first = f"*{esc(image.of, 60)}*, in account {esc(image.account, 40)}:"
    keep = button(f"Keep {image.id}", f"{ids.KEEP_IMAGE}:{image.id}"[:255], image.id)
    return section(lines([first, *(code(each, 160) for each in commands), more]), keep)
