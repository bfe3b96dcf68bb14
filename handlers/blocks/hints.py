"""A hint: what stands free instead of what somebody is about to take, and what that saves."""

from bot.domain.listing import Listing
from bot.domain.money.savings import Hint
from bot.domain.sharing.ranking import FREE, Way
from handlers import ids
from handlers.blocks.parts import Block, Reply, actions, button, lines, section
from handlers.blocks.sharing.find import described
from handlers.blocks.words import about, esc, per_hour, plural

_BEGIN = {"claim": "Before you take", "start": "Before you start", "launch": "Before you launch"}
_ANYWAY = {"claim": "Claim", "start": "Start", "launch": "Launch"}


def hint(listing: Listing, given: Hint, better: Way, now: int) -> Reply:
    """The machine by name, who holds it if anybody does, what is saved, and a button for either."""
    name = f"*{esc(listing.instance.name, 60)}*"
    first = f"{_BEGIN[given.avoided]} {name}: {_stands(better)}{_saves(given, name, exact=_is_exact(listing, better))}"
    anyway = button(f"{_ANYWAY[given.avoided]} {listing.instance.name} anyway", ids.GO_ON_ANYWAY, given.id)
    return Reply(first, [section(lines([first, described(better, now)])), actions(_instead(given, better), anyway)])


def _stands(better: Way) -> str:
    other = f"*{esc(better.listing.instance.name, 60)}*"
    if better.tier == "held":
        return f"{other} would do as well, and its holder does not use it now."
    if better.tier not in FREE:
        return f"{other} would do as well and only has to be started."
    paid = "is paid already" if better.tier == "owned" else "is being paid for anyway"
    if _is_whole(better):
        return f"{other} stands free, would do as well and {paid}."
    return f"{other} has {plural(better.count, 'GPU')} free that would do as well, and {paid}."


def _is_whole(better: Way) -> bool:
    return better.count == len(better.listing.gpus)


def _is_exact(listing: Listing, better: Way) -> bool:
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


def _instead(given: Hint, better: Way) -> Block:
    instance = better.listing.instance
    if better.claim is not None:
        return button(f"Ask for {instance.name}", ids.REQUEST, better.claim.id)
    if better.tier not in FREE:
        return button(f"Start {instance.name} instead", ids.START, instance.id)
    some = "" if _is_whole(better) else f"{plural(better.count, 'GPU')} of "
    return button(f"Claim {some}{instance.name} instead", ids.TAKE_INSTEAD, given.id)
