"""What could serve a want, as a list with a button each: the best first, and what it costs."""

from dataclasses import dataclass

from bot.domain.clock import MINUTE
from bot.domain.listing import Listing
from bot.domain.models import short
from bot.domain.ranking import FREE, Way
from bot.domain.wants import Want
from handlers import ids
from handlers.blocks.parts import Block, Reply, actions, button, context, lines, section
from handlers.blocks.words import at, esc, gpus, length, per_hour, person, plural, usd


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted and for how long: what the buttons carry."""

    want: Want
    length: int
    until: int | None = None
    """The instant it ends, where one was named."""
    said: bool = True
    """Somebody said how long; else it is the usual length."""


def found(asked: Asked, ways: tuple[Way, ...], mine: tuple[Listing, ...], fewer: Way | None, now: int) -> Reply:
    """The answer: the conclusion, every way with its cost and its button, and the line."""
    conclusion = _conclusion(asked, ways)
    blocks = [section(conclusion), *rows(asked, ways, now)]
    if fewer is not None:
        blocks += [context("Fewer, but now:"), _row(asked, fewer, 0, now)]
    if mine:
        blocks.append(context(lines([_mine(each, asked) for each in mine])))
    if not any(way.tier in FREE for way in ways):
        blocks.append(actions(button("Wait in line", ids.WAIT, str(asked.want))))
    return Reply(conclusion, blocks)


def rows(asked: Asked, ways: tuple[Way, ...], now: int) -> list[Block]:
    """Every way with its cost and its button."""
    return [_row(asked, way, number, now) for number, way in enumerate(ways, 1)]


def wanted(want: Want) -> str:
    """2x A100-80GB, 3 GPUs, 1 GPU with 40 GB or more."""
    if want.kind.is_any:
        return plural(want.count, "GPU")
    if not want.kind.core and want.kind.memory_gb is not None:
        return f"{plural(want.count, 'GPU')} with {want.kind.memory_gb} GB or more"
    return f"{want.count}x {esc(str(want.kind), 60)}"


def _conclusion(asked: Asked, ways: tuple[Way, ...]) -> str:
    what = f"*{wanted(asked.want)}* for {length(asked.length)}"
    best = ways[0] if ways else None
    if best is None:
        return f"{what}: nothing free, and nobody to ask."
    if best.tier in FREE:
        free = "is free now" if best.is_seen_idle else "is nobody's now"
        paid = "paid already" if best.tier == "owned" else "being paid for anyway"
        return f"{what}: {_name(best)} {free}, and {paid}."
    if best.tier == "held":
        return f"{what}: nothing is free now. Somebody may hand over:"
    return f"{what}: nothing that runs is free. It takes a {'start' if best.tier == 'stopped' else 'launch'}:"


def _row(asked: Asked, way: Way, number: int, now: int) -> Block:
    first = "  ·  ".join(part for part in (*_what(way), _seen(way, now)) if part)
    return section(lines([f"{_name(way)}  {first}", _cost(asked, way)]), _button(asked, way, number))


def _name(way: Way) -> str:
    if way.listing is not None:
        return f"*{esc(way.listing.instance.name, 60)}*"
    return f"a new *{esc(way.launch.template, 60)}*" if way.launch else ""


def _what(way: Way) -> tuple[str, str]:
    if way.listing is None:
        made = way.launch
        return (esc(made.type, 40), f"{made.gpu_count}x{esc(made.model, 40)}") if made else ("", "")
    instance = way.listing.instance
    size = f" {round(instance.gpu_memory_mib / 1024)} GB" if instance.gpu_memory_mib else ""
    kind = "owned" if instance.provider == "owned" else esc(instance.type, 40)
    return kind, f"{len(way.listing.gpus)}x{esc(short(instance.gpu_model), 40) or 'GPU'}{size}"


def _seen(way: Way, now: int) -> str:
    """What is known of whether anybody works there."""
    if way.listing is None:
        return ""
    if way.claim is not None:
        return _held(way, now)
    if way.tier == "stopped":
        return "stopped"
    return _idle(way.listing, way, now)


def _held(way: Way, now: int) -> str:
    listing, claim = way.listing, way.claim
    if listing is None or claim is None:
        return ""
    some = "" if listing.is_whole(claim) else f"{gpus(claim.gpus)} "
    until = "over" if claim.until_at <= now else f"to {at(claim.until_at)}"
    working = "in use" if way.is_seen_working else "not in use now" if way.is_seen_idle else "no reading"
    return f"{person(claim.holder)} has {some or 'it '}{until}, {working}"


def _idle(listing: Listing, way: Way, now: int) -> str:
    free, verdict = way.count + way.spare, listing.verdict
    many = "all free" if free == len(listing.gpus) else f"{plural(free, 'GPU')} free"
    if verdict is None or not way.is_seen_idle:
        return f"{'nobody holds it' if free == len(listing.gpus) else many}, but no reading tells whether it works"
    if way.seen:
        return f"{many}, but {esc(verdict.gist, 80)}"
    idle = f" for {length(now - verdict.since)}" if verdict.since and now - verdict.since >= MINUTE else ""
    return f"{many}{idle}"


def _cost(asked: Asked, way: Way) -> str:
    micros, rate = way.micros(asked.length), way.rate
    paid = {"owned": "already paid", "rented": "already being paid"}.get(_payer(way), "")
    if micros is None or rate is None:
        return f"Cost: {paid or 'not known'}."
    about = "" if rate.exact else "about "
    if way.is_extra:
        return f"Cost: {about}{usd(micros)} extra for {length(asked.length)} ({per_hour(rate.micros_per_hour)})."
    return f"Cost: nothing extra; {about}{usd(micros)} for {length(asked.length)} is {paid}."


def _payer(way: Way) -> str:
    if way.listing is None or way.is_extra:
        return ""
    return "owned" if way.listing.instance.provider == "owned" else "rented"


def _button(asked: Asked, way: Way, number: int) -> Block:
    if way.listing is None:
        name = way.launch.template if way.launch else ""
        return button(f"Ask to launch {name}", f"{ids.LAUNCH}:{number}", name)
    name, instance_id = way.listing.instance.name, way.listing.instance.id
    if way.claim is not None:
        return button(f"Ask for {name}", f"{ids.REQUEST}:{number}", way.claim.id)
    if way.tier == "stopped":
        return button(f"Start {name}", f"{ids.START}:{number}", instance_id)
    whole = way.count == len(way.listing.gpus)
    label = f"Claim {name}" if whole else f"Claim {plural(way.count, 'GPU')} of {name}"
    return button(label, f"{ids.CLAIM_WANT}:{number}", claim_value(asked, way))


def claim_value(asked: Asked, way: Way) -> str:
    """The instance, how many GPUs, and for how long or until when."""
    instance_id = way.listing.instance.id if way.listing else ""
    ending = f"u{asked.until}" if asked.until is not None else f"f{asked.length}" if asked.said else ""
    return f"{instance_id}|{way.count}|{ending}"


def _mine(listing: Listing, asked: Asked) -> str:
    return f"You hold *{esc(listing.instance.name, 60)}* already, which would do."
