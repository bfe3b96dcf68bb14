"""Machines that have stood still for weeks, what they go on costing, and what can be done about it."""

from bot.domain.acting.dormant import Dormancy, Dormant
from bot.domain.acting.images import Image, ImageShelf, StoredImage, most_micros_of
from bot.domain.digest import Tidy
from bot.domain.machines.fleet import Instance
from handlers.blocks.acting.approvals import START_BUTTON
from handlers.blocks.machines.status import STATUS_PAGE_BUTTON
from handlers.blocks.parts import (
    FALLBACK_TEXT,
    Block,
    Reply,
    actions,
    button,
    context,
    cut_mrkdwn,
    lines,
    plainly,
    section,
)
from handlers.blocks.words import addresses, code, esc, gpu_command, length, on_day, person, plural, roughly, say

# Messages that stand in Slack carry these, so their text never changes.
DORMANT_OF_BUTTON = "dormant_of"
IMAGES_OF_BUTTON = "images_of"
KEEP_IMAGE_BUTTON = "keep_image"

DORMANT_PAGE = 10


def dormant(found: Dormancy, now: int, *, page: int = 0, query: str = "") -> Reply:
    """A page of them. `query` is the filter as typed, for the next page; without one there are no further pages."""
    shown = found.found[page * DORMANT_PAGE : (page + 1) * DORMANT_PAGE]
    conclusion = _conclusion(found, now)
    blocks: list[Block] = [section(f"*{conclusion}*")]
    for each in shown:
        blocks += _row(each, now)
    if shown:
        blocks.append(context(_ways(shown[0].listing.instance)))
    if found.kept:
        blocks.append(context(_staying(found)))
    plain = "; ".join(esc(each.listing.instance.name, 60) for each in shown)
    return Reply(cut_mrkdwn(f"{conclusion} {plain}".strip(), FALLBACK_TEXT), [*blocks, *_turns(found, page, query)])


def weeks(days: int) -> str:
    """28 days are 4 weeks."""
    return plural(days // 7, "week") if days % 7 == 0 else plural(days, "day")


def dormant_line(tidy: Tidy) -> str:
    """For a digest."""
    cost = _monthly(tidy.micros, tidy.machines, tidy.unpriced, tidy.addresses)
    return f"{_counted(tidy.machines, tidy.days)}: {cost}."


def _counted(machines: int, days: int) -> str:
    """5 machines have stood still for over 4 weeks."""
    return f"{plural(machines, 'machine')} {'has' if machines == 1 else 'have'} stood still for over {weeks(days)}"


def _monthly(micros: int, machines: int, unpriced: int, addressed: int) -> str:
    """What their disks and addresses go on costing, and of how many that is not known."""
    whose = "its" if machines == 1 else "their"
    if machines == unpriced:
        return f"what {whose} disks cost is not known"
    things = "disks and addresses" if addressed else "disks"
    unknown = f" ({unpriced} of them not known)" if unpriced else ""
    return f"{whose} {things} cost about {roughly(micros)} a month{unknown}"


def _conclusion(found: Dormancy, now: int) -> str:
    if not found.found:
        return f"No machine has stood still for over {weeks(found.days)} that nobody wants to keep."
    about = "about" if found.exact else "at least"
    so_far = f", {about} {roughly(found.so_far(now))} since they stopped" if found.month_micros else ""
    machines = len(found.found)
    cost = _monthly(found.month_micros, machines, found.unpriced, found.addresses)
    return f"{_counted(machines, found.days)}: {cost}{so_far}."


def _row(each: Dormant, now: int) -> list[Block]:
    instance, still = each.listing.instance, each.still
    stood = length(now - still.since)
    since = f"stopped since {on_day(still.since)}" if still.exact else f"stopped since {on_day(still.since)} at least"
    first = f"*{esc(instance.name, 60)}*  {since} ({stood})  ·  {_money(each, now)}"
    held = f"last held by {person(each.last_holder)}" if each.last_holder else "no claim on it is known"
    until = f" until {on_day(each.last_held)}" if each.last_held else ""
    started = f"last started {on_day(instance.launched_at)}" if instance.launched_at else ""
    team = f"team {esc(each.listing.team, 40)}" if each.listing.team else "no team"
    parts = [esc(instance.type, 40), esc(instance.region, 40), team, f"{held}{until}", started, code(instance.id, 60)]
    block = section(lines([first, "  ·  ".join(part for part in parts if part)]))
    return [block, actions(button(f"Start {instance.name}", START_BUTTON, instance.id))]


def _money(each: Dormant, now: int) -> str:
    so_far = each.so_far(now)
    kept = each.keeping
    if kept is None or so_far is None:
        return "what its disks cost is not known"
    named = f" and {addresses(kept.addresses)}" if kept.addresses else ""
    about = "at least" if kept.is_least else "about"
    parts = f"{kept.disk_gib:,} GB of disks{named}, {about} {roughly(kept.micros)} a month"
    least = "" if each.still.exact else "at least "
    held = each.listing.instance.paid_anyway
    beside = f"; and {esc(held, 80)}, which is paid whether it runs or not" if held else ""
    return f"{parts}, {least}{roughly(so_far)} so far{beside}"


def _ways(instance: Instance) -> str:
    region, key = esc(instance.region, 40), esc(instance.id, 60)
    image = f"aws ec2 create-image --region {region} --instance-id {key} --name {key}"
    end = f"aws ec2 terminate-instances --region {region} --instance-ids {key}"
    return (
        "Start what is still needed. Valet deletes nothing and may not; whoever owns the account can keep an image "
        f"of one and then delete it, here the first: {code(image, 250)}, when that is available {code(end, 250)}. An "
        "image costs at most $0.05 per GB a month. Disks that are not deleted with their machine go on costing."
    )


def _staying(found: Dormancy) -> str:
    named = [f"{esc(each.listing.instance.name, 60)} ({say(each.kept)})" for each in found.kept[:DORMANT_PAGE]]
    more = f" and {len(found.kept) - DORMANT_PAGE} more" if len(found.kept) > DORMANT_PAGE else ""
    return f"Not counted, as they are to stay: {', '.join(named)}{more}."


def _turns(found: Dormancy, page: int, query: str) -> list[Block]:
    left = len(found.found) - (page + 1) * DORMANT_PAGE
    if left <= 0 and page == 0:
        return []
    if not query:
        return [context(f"and {left} more: {gpu_command('status dormant')} shows all.")]
    turns = [button("Previous 10", f"{STATUS_PAGE_BUTTON}:0", f"{page - 1}|{query}")] if page else []
    turns += [button("Next 10", f"{STATUS_PAGE_BUTTON}:1", f"{page + 1}|{query}")] if left > 0 else []
    return [actions(*turns)] if turns else []


MOST_IMAGES = 15
MOST_PROPOSED = 6
DELETES = (
    "Valet deletes nothing and may not; whoever owns the account can. Look first whether a launch template names the "
    "image. Its last use is by Valet's own log and by AWS's word, which comes up to a day late. Machines that were "
    "made from an image run on without it."
)


def images_listed(shelf: ImageShelf) -> Reply:
    """All of them, the oldest first, and those to be cleaned up with the commands that do it."""
    if not shelf.images:
        return plainly(f"There is no image made by Valet. {gpu_command('clone')} makes one, and a machine from it.")
    proposed = shelf.proposed
    text = f"{plural(len(shelf.images), 'image')}, at most {roughly(most_micros_of(shelf.images))} a month in all."
    if proposed:
        text += f" To be cleaned up: {_unused(len(proposed), most_micros_of(proposed), shelf.days)}."
    rows = [_image_row(each, shelf.made_at) for each in shelf.images[:MOST_IMAGES]]
    more = f"and {len(shelf.images) - MOST_IMAGES} more" if len(shelf.images) > MOST_IMAGES else ""
    return Reply(text, [section(f"*{text}*"), section(lines([*rows, more])), *_proposals(proposed)])


def image_line(tidy: Tidy) -> str:
    """For a digest."""
    return f"To be cleaned up: {_unused(tidy.images, tidy.image_micros, tidy.image_days)}."


def _unused(count: int, micros: int, days: int) -> str:
    which = f"{plural(count, 'image')} from which nobody launched anything for over {plural(days, 'day')}"
    return f"{which}, at most {roughly(micros)} a month"


def _image_row(each: StoredImage, now: int) -> str:
    image = each.image
    state = "" if image.state == "available" else f", {image.state}"
    whose = f", for {person(image.owner)}" if image.owner else ""
    cost = f"{image.size_gib:,} GB, at most {roughly(image.micros_per_month)} a month"
    used = f", last used {on_day(each.used_at)}" if each.used_at > image.made_at else ", never used"
    kept = f", kept by {person(each.keep.who)} until {on_day(each.keep.until_at)}" if each.keep else ""
    what = f"`{esc(image.id, 40)}` of {esc(image.of, 60)}: {length(now - image.made_at)} old{state}"
    return f"{what}, {cost}{used}{whose}, {esc(image.region, 40)}{kept}"


def _proposals(proposed: tuple[StoredImage, ...]) -> list[Block]:
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
    keep = button(f"Keep {image.id}", f"{KEEP_IMAGE_BUTTON}:{image.id}"[:255], image.id)
    return section(lines([first, *(code(each, 160) for each in commands), more]), keep)
