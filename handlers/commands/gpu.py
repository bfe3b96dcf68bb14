"""/gpu: what runs, who has it, and stopping it."""

from bot.domain.listing import Filter, Listing
from bot.errors import Refused
from bot.services import acting, desk, explaining, looking, sharing
from handlers.blocks import approvals, fleet
from handlers.blocks import why as reasons
from handlers.blocks.parts import Reply
from handlers.commands.parse import claim_words, readable
from handlers.commands.verbs import Ask, Verb

STATES = ("idle", "free", "held", "partial", "active", "unknown", "running", "stopped", "pending", "stopping")

FILTERS = "mine|free|idle|owned|team:NAME|type:p4d|state:held"


def status(ask: Ask, page: int = 0) -> Reply:
    """A page of the fleet, most wasteful first; or the one instance that is named."""
    if len(ask.words) == 1 and not _is_filter(ask.words[0]):
        return one(ask, desk.find(ask.desk, ask.words[0]))
    chosen, now = _filter(ask), ask.desk.clock()
    found, totals = looking.page(ask.desk, chosen, limit=fleet.PAGE, offset=page * fleet.PAGE)
    query = " ".join(ask.words)[:100]
    return fleet.status(found, totals, looking.sources(ask.desk), now, page=page, query=query)


def one(ask: Ask, listing: Listing) -> Reply:
    """One instance."""
    return fleet.single(looking.with_strip(ask.desk, listing), ask.desk.clock())


def _is_filter(word: str) -> bool:
    return ":" in word or word.lower() in {"mine", "owned", "rented", *STATES}


def _filter(ask: Ask) -> Filter:
    fields: dict[str, str | bool] = {}
    for word in ask.words:
        key, _, value = word.lower().partition(":")
        if word.lower() == "mine":
            fields["holder"] = ask.user
        elif word.lower() in {"owned", "rented"}:
            fields["provider"] = "owned" if word.lower() == "owned" else "ec2"
        elif word.lower() == "free":
            fields |= {"state": "idle", "unclaimed": True}
        elif word.lower() in STATES or (key == "state" and value in STATES):
            fields["state"] = value or word.lower()
        elif key == "team" and value:
            fields["team"] = word.partition(":")[2]
        elif key == "type" and value:
            fields["type_prefix"] = value
        else:
            raise Refused(f'"{word[:40]}" is no filter. Try {FILTERS.replace("|", ", ")}.')
    return Filter(**fields)  # type: ignore[arg-type]  # keys and types agree above


def _named(ask: Ask, verb: str) -> tuple[Listing, list[str]]:
    if not ask.words:
        command = ask.desk.settings.slack.gpu_command
        raise Refused(f"Which instance? Try `{command} {verb} train-7`, with a name of yours.")
    return desk.find(ask.desk, ask.words[0]), ask.words[1:]


def claim(ask: Ask) -> Reply:
    """Claim an instance for a while."""
    listing, rest = _named(ask, "claim")
    length, note = claim_words(rest)
    return take(ask, listing, length=length, note=readable(note))


def take(ask: Ask, listing: Listing, *, length: int | None = None, note: str = "") -> Reply:
    """Claim this one; when somebody has it, say who and what is free instead."""
    now = ask.desk.clock()
    try:
        made = sharing.claim(ask.desk, listing.instance.id, ask.user, length=length, note=note)
    except sharing.Taken as taken:
        others = [each for each in looking.free_now(ask.desk, listing) if each.instance.id != listing.instance.id]
        return fleet.taken(listing, taken.claim, others, now)
    return fleet.claimed(made, now)


def why(ask: Ask) -> Reply:
    """The rule, the readings and everything that counts for one instance."""
    listing, _ = _named(ask, "why")
    return tell_why(ask, listing)


def tell_why(ask: Ask, listing: Listing) -> Reply:
    """Explain this one."""
    return reasons.why(explaining.explain(ask.desk, listing), ask.desk.clock())


def release(ask: Ask) -> Reply:
    """Give an instance back; without a name, the only one the person holds."""
    if not ask.words:
        held = looking.held_by(ask.desk, ask.user)
        if len(held) != 1:
            names = ", ".join(each.instance.name for each in held)
            raise Refused(f"You hold {names}. Say which." if held else "You hold nothing just now.")
        return give_back(ask, held[0])
    return give_back(ask, _named(ask, "release")[0])


def give_back(ask: Ask, listing: Listing) -> Reply:
    """Release this one; when it is somebody else's, ask first."""
    if listing.claim is not None and listing.claim.holder != ask.user:
        sharing.check_release(ask.desk, listing, ask.user)
        return fleet.release_others(listing, listing.claim)
    return end_claim(ask, listing)


def end_claim(ask: Ask, listing: Listing) -> Reply:
    """End the claim on this one."""
    ended = sharing.release(ask.desk, listing.instance.id, ask.user)
    return fleet.released(listing.instance.name, ended, ask.user, ask.desk.clock())


def stop(ask: Ask) -> Reply:
    """Ask somebody else whether to stop an instance."""
    listing, rest = _named(ask, "stop")
    return ask_stop(ask, listing, reason=readable(" ".join(rest)))


def ask_stop(ask: Ask, listing: Listing, *, reason: str = "") -> Reply:
    """Put the question; asked twice, it is the same card."""
    before = ask.desk.clock()
    action = acting.ask_to_stop(ask.desk, listing.instance.id, ask.user, reason=reason)
    again = action.created_at < before or action.requester != ask.user
    return approvals.asked(action, desk.channel_of(ask.desk, action.team), again=again)


VERBS = (
    Verb("status", f"status [<instance>|{FILTERS}]", "What runs, most wasteful first.", status),
    Verb("why", "why <instance>", "The rule, the readings and what happens next.", why),
    Verb("claim", "claim <instance> [for 8h] [note]", "Take an instance; again, to move its end.", claim),
    Verb("release", "release <instance>", "Give it back.", release),
    Verb("stop", "stop <instance> [reason]", "Ask an approver to stop an idle instance.", stop),
)
