"""What could serve a want, as a list with a button each: the best first, and what it costs."""

from dataclasses import dataclass

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.domain.machines.models import short_model
from bot.domain.money.savings import Hint
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.find import FREE_TIERS, FindOption, FindResult
from bot.domain.sharing.gpu_spec import GpuSpec
from handlers.blocks.acting.approvals import START_BUTTON
from handlers.blocks.buttons import CLAIM_BUTTON, REQUEST_BUTTON
from handlers.blocks.parts import Block, Reply, actions, button, context, lines, section
from handlers.blocks.sharing.line import CLAIM_WANT_BUTTON, WAIT_BUTTON, place_in_words
from handlers.blocks.sharing.requests import ask_button, ask_value, part_in_words
from handlers.blocks.silence import as_they_were
from handlers.blocks.words import (
    about,
    esc,
    gpu_command,
    gpus,
    kind_in_words,
    length,
    near,
    per_hour,
    person,
    plural,
    rate_in_words,
    roughly,
)

# Messages that stand in Slack carry these, so their text never changes.
CLAIM_REST_BUTTON = "claim_rest"
START_WANT_BUTTON = "start_want"
LAUNCH_WANT_BUTTON = "launch_want"
TAKE_INSTEAD_BUTTON = "take_instead"
GO_ON_ANYWAY_BUTTON = "go_on_anyway"
MORE_WAYS_BUTTON = "more_ways"

MOST_WAYS_SHOWN = 3
"""What fits a phone's screen with the conclusion above them."""


@dataclass(frozen=True, slots=True)
class FindQuery:
    """What is wanted and for how long: what the buttons carry."""

    want: GpuSpec
    length: int
    until: int | None = None
    """The instant it ends, where one was named."""
    said: bool = True
    """Somebody said how long; else it is the usual length."""
    instance_id: str = ""
    """What they would wait for, where it is a certain instance."""
    count: int | None = None
    """GPUs of that instance; None for all of it."""


def find_result(query: FindQuery, result: FindResult, now: int) -> Reply:
    """The answer: the conclusion, the best ways with their cost and their button, and the line."""
    conclusion = _conclusion(query, result)
    return Reply(conclusion, [section(conclusion), *option_rows(query, result, now)])


def more_ways(query: FindQuery, result: FindResult, now: int) -> Reply:
    """The ways that did not fit the first answer."""
    first = _first_ways(result)
    rest = [
        _row(query, result, way, number, now) for number, way in enumerate(result.ways, 1) if number - 1 not in first
    ]
    if not rest:
        return find_result(query, result, now)
    text = f"More for *{spec_in_words(query.want)}* for {length(query.length)}:"
    return Reply(text, [section(text), *rest])


def _first_ways(result: FindResult) -> list[int]:
    """The ways that are shown first: the best; where nothing is free, the best of each kind before another of one."""
    order = list(range(len(result.ways)))
    if result.best is None:
        tiers = [way.tier for way in result.ways]
        order.sort(key=lambda at: (tiers.index(tiers[at]) != at, at))
    # one less where something else stands below them
    return sorted(order[: MOST_WAYS_SHOWN - (result.fewer is not None)])


def option_rows(query: FindQuery, result: FindResult, now: int) -> list[Block]:
    """The best ways with their cost and their button; where nothing is free, what comes nearest and the line."""
    first = _first_ways(result)
    blocks = [_row(query, result, result.ways[at], at + 1, now) for at in first]
    if result.fewer is not None:
        blocks += [context("Fewer, but now:"), _row(query, result, result.fewer, 0, now)]
    if result.silent:
        blocks.append(context(lines(as_they_were(result.silent, now))))
    if result.mine:
        blocks.append(context(lines([_mine(listing) for listing in result.mine])))
    below = []
    if len(result.ways) > len(first):
        more = f"Show {len(result.ways) - len(first)} more"
        below.append(button(more, MORE_WAYS_BUTTON, f"{query.want}|{query.instance_id}|{_ending(query)}"))
    if result.in_use is not None:
        name = result.names.get(result.in_use.instance_id, "")
        some = f"{plural(len(result.in_use.gpus), 'GPU')} of *{esc(name, 60)}*"
        blocks.append(section(f"Unclaimed, but in use: {some}. {gpu_command('why', esc(name, 60))} shows by what."))
    if result.ahead is not None:
        place = place_in_words(result.ahead, result.turn, None, now)
        blocks.append(section(f"Or wait: you'd be {place}."))
        below.append(button("Wait in line", WAIT_BUTTON, _waiting(query)))
    return [*blocks, *([actions(*below)] if below else [])]


def _waiting(query: FindQuery) -> str:
    span = query.length if query.said else ""
    return f"{query.instance_id or query.want}|{(query.instance_id and query.count) or ''}|{span}"


def spec_in_words(want: GpuSpec) -> str:
    """2x A100-80GB, 3 GPUs, 1 GPU with 40 GB or more."""
    if want.kind.is_any:
        return plural(want.count, "GPU")
    if not want.kind.core and want.kind.memory_gb is not None:
        return f"{plural(want.count, 'GPU')} with {want.kind.memory_gb} GB or more"
    return f"{want.count}x {kind_in_words(want.kind)}"


def _conclusion(query: FindQuery, result: FindResult) -> str:
    what = f"*{spec_in_words(query.want)}* for {length(query.length)}"
    best = result.ways[0] if result.ways else None
    if best is None:
        return f"{what}: nothing is free, and there is nobody to ask."
    if best.tier in FREE_TIERS:
        free = "is free now" if best.is_seen_idle else "is unclaimed"
        paid = "already paid" if best.tier == "owned" else "already being paid for"
        return f"{what}: {_name(best)} {free}, and {paid}."
    if best.part is not None:
        return f"{what}: none are free, but some stand idle in somebody's claim."
    if best.tier == "held" and best.is_seen_idle:
        return f"{what}: none are free, but nobody uses {_name(best)}. Ask its holder."
    if best.tier == "held":
        return f"{what}: none are free now. You can ask a holder."
    return f"{what}: none that run are free. You can {'start' if best.tier == 'stopped' else 'launch'} some."


def _row(query: FindQuery, result: FindResult, way: FindOption, number: int, now: int) -> Block:
    holder = result.names.get(way.claim.holder, "") if way.claim is not None else ""
    return section(
        lines([option_in_words(way, now), _cost(query, way)]), option_button(query, way, number, holder=holder)
    )


def option_in_words(way: FindOption, now: int) -> str:
    """Its name, what it is, and what is known of whether anybody works there."""
    if way.claim is not None and way.part is not None:
        beside = way.count - len(way.part.gpus)
        more = f"{plural(beside, 'more GPU')} {'is' if beside == 1 else 'are'} free" if beside else ""
        facts = "  ·  ".join(part for part in (*_what(way), more) if part)
        return f"{part_in_words(way.listing, way.claim, way.part, now)}\n{facts}"
    return f"{_name(way)}  {'  ·  '.join(part for part in (*_what(way), _seen(way, now)) if part)}"


def _name(way: FindOption) -> str:
    name = f"*{esc(way.listing.instance.name, 60)}*"
    return f"a new {name}" if way.tier == "launch" else name


def _what(way: FindOption) -> tuple[str, str]:
    instance = way.listing.instance
    size = f" {round(instance.gpu_memory_mib / 1024)} GB" if instance.gpu_memory_mib else ""
    kind = "owned" if instance.provider == "owned" else esc(instance.type, 40)
    return kind, f"{len(way.listing.gpus)}x{esc(short_model(instance.gpu_model), 40) or 'GPU'}{size}"


def _seen(way: FindOption, now: int) -> str:
    """What is known of whether anybody works there."""
    if way.claim is not None:
        return _held(way, way.claim, now)
    if way.tier in FREE_TIERS:
        return _idle(way, now)
    return "stopped" if way.tier == "stopped" else ""


def _held(way: FindOption, claim: Claim, now: int) -> str:
    some = "it" if way.listing.is_whole(claim) else gpus(claim.gpus)
    until = "over" if claim.until_at <= now else f"until {near(claim.until_at, now)}"
    return f"{person(claim.holder)} has {some} {until}, {_use(way)}"


def _use(way: FindOption) -> str:
    """Whether the holder works there, as far as that is known of what is wanted."""
    if way.is_seen_idle:
        return "idle"
    return "in use" if way.is_seen_working else "unknown whether in use"


def _idle(way: FindOption, now: int) -> str:
    free, verdict = way.count + way.spare, way.listing.verdict
    is_all = free == len(way.listing.gpus)
    if verdict is None or not way.is_seen_idle:
        some = "" if is_all else f"{plural(free, 'GPU')} "
        return f"{some}unclaimed, unknown whether in use"
    many = "all free" if is_all else f"{plural(free, 'GPU')} free"
    if way.seen:
        return f"{many}, but {esc(verdict.gist, 80)}"
    idle = f", idle for {length(now - verdict.since)}" if verdict.since and now - verdict.since >= MINUTE_MS else ""
    return f"{many}{idle}"


def _cost(query: FindQuery, way: FindOption) -> str:
    micros, rate = way.micros(query.length), way.listing.rate
    if micros is None or rate is None:
        return "The price is not known." if way.is_extra else "Nothing extra."
    amount = f"{about(exact=rate.exact)}{roughly(micros)}"
    if way.is_extra:
        return f"Costs {amount} extra ({rate_in_words(rate)})."
    return f"Nothing extra ({amount} paid anyway)."


def option_button(query: FindQuery, way: FindOption, number: int, *, holder: str = "") -> Block:
    """What takes this way."""
    instance = way.listing.instance
    if way.tier == "launch":
        value = f"{instance.name}|{_ending(query)}"
        return button(f"Ask to launch {instance.name}", f"{LAUNCH_WANT_BUTTON}:{number}", value)
    span = query.length if query.said else None
    if way.claim is not None and way.part is not None:
        return ask_button(way.claim, way.part, number, span, name=holder)
    if way.claim is not None:
        return button(f"Ask for {instance.name}", f"{REQUEST_BUTTON}:{number}", ask_value(way.claim, None, span))
    if way.tier == "stopped":
        return button(f"Start {instance.name}", f"{START_WANT_BUTTON}:{number}", f"{instance.id}|{_ending(query)}")
    whole = way.count == len(way.listing.gpus)
    label = f"Claim {instance.name}" if whole else f"Claim {plural(way.count, 'GPU')} of {instance.name}"
    value = f"{instance.id}|{way.count}|{_ending(query)}"
    return button(label, f"{CLAIM_WANT_BUTTON}:{number}", value)


def _ending(query: FindQuery) -> str:
    """For how long or until when, as it was said."""
    return f"u{query.until}" if query.until is not None else f"f{query.length}" if query.said else ""


def _mine(listing: Listing) -> str:
    return f"You hold *{esc(listing.instance.name, 60)}* already, which would do."


_BEGIN = {"claim": "Before you take", "start": "Before you start", "launch": "Before you launch"}
_ANYWAY = {"claim": "Claim", "start": "Start", "launch": "Launch"}


def hint_reply(listing: Listing, given: Hint, better: FindOption, now: int) -> Reply:
    """The machine by name, who holds it if anybody does, what is saved, and a button for either."""
    name = f"*{esc(listing.instance.name, 60)}*"
    first = f"{_BEGIN[given.avoided]} {name}: {_stands(better)}{_saves(given, name, exact=_is_exact(listing, better))}"
    anyway = button(f"{_ANYWAY[given.avoided]} {listing.instance.name} anyway", GO_ON_ANYWAY_BUTTON, given.id)
    return Reply(
        first, [section(lines([first, option_in_words(better, now)])), actions(_instead(given, better), anyway)]
    )


def _stands(better: FindOption) -> str:
    other = f"*{esc(better.listing.instance.name, 60)}*"
    if better.claim is not None and better.part is not None:
        idle = f"{gpus(better.part.gpus)} of {other}"
        return f"{idle} would do as well, and {person(better.claim.holder)} does not use them now."
    if better.tier == "held":
        return f"{other} would do as well, and its holder does not use it now."
    if better.tier not in FREE_TIERS:
        return f"{other} would do as well and only has to be started."
    paid = "is paid already" if better.tier == "owned" else "is being paid for anyway"
    if _is_whole(better):
        return f"{other} stands free, would do as well and {paid}."
    return f"{other} has {plural(better.count, 'GPU')} free that would do as well, and {paid}."


def _is_whole(better: FindOption) -> bool:
    return better.count == len(better.listing.gpus)


def _is_exact(listing: Listing, better: FindOption) -> bool:
    """Whether the rates behind a saving are."""
    rates = [listing.rate, better.listing.rate if better.is_extra else None]
    return all(rate.exact for rate in rates if rate is not None)


def _saves(given: Hint, name: str, *, exact: bool) -> str:
    if not given.micros_per_hour:
        return ""
    amount = f"{about(exact=exact)}{per_hour(given.micros_per_hour)}"
    if given.avoided == "claim":
        return f" Nobody else uses {name}, so {amount} could be saved."
    return f" That saves {amount}."


def _instead(given: Hint, better: FindOption) -> Block:
    instance = better.listing.instance
    if better.claim is not None and better.part is not None:
        return ask_button(better.claim, better.part, 0, given.length)
    if better.claim is not None:
        return button(f"Ask for {instance.name}", REQUEST_BUTTON, ask_value(better.claim, None, given.length))
    if better.tier not in FREE_TIERS:
        return button(f"Start {instance.name} instead", START_BUTTON, instance.id)
    some = "" if _is_whole(better) else f"{plural(better.count, 'GPU')} of "
    return button(f"Claim {some}{instance.name} instead", TAKE_INSTEAD_BUTTON, given.id)


def claim_button(listing: Listing) -> Block:
    """[Claim X], or [Claim 2 GPUs of X] where the others are taken."""
    instance, left = listing.instance, len(listing.unclaimed)
    if left == len(listing.gpus):
        return button(f"Claim {instance.name}", CLAIM_BUTTON, instance.id)
    return button(f"Claim {left} GPU{'' if left == 1 else 's'} of {instance.name}", CLAIM_REST_BUTTON, instance.id)
