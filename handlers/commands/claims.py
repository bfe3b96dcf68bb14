"""/gpu claim, extend and release."""

from dataclasses import replace

from bot.domain.clock import MINUTE
from bot.domain.listing import Listing
from bot.domain.sharing.claims import AS_NOW, Claim, GpuChoice
from bot.domain.sharing.ranking import similar
from bot.domain.sharing.wants import Want
from bot.errors import Refused
from bot.services import looking, names, silences
from bot.services.sharing import booking, claiming, fair_use, finding, granting, queueing, turns, using
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import claims
from handlers.blocks.sharing import granting as requests
from handlers.blocks.sharing import using as beside
from handlers.blocks.silence import as_they_were
from handlers.blocks.words import length
from handlers.commands import find, hints, line, order
from handlers.commands.booking import in_the_way
from handlers.commands.parse import Quoted, readable
from handlers.commands.spans import Span, claim_words, extension
from handlers.commands.unclear import Choice, Unclear, choice
from handlers.commands.verbs import Ask, Verb, named, no_more, sounds_like_words


def claim(ask: Ask) -> Reply:
    """Claim an instance, some of its GPUs, or the best there is of a kind, for a while."""
    ask = replace(ask, words=order.name_first(ask.desk, ask.words))
    meant = find.spec(ask)
    if meant is not None:
        return take_best(ask, *meant)
    listing, rest = named(ask, "claim")
    asked = claim_words(rest, replace(ask.asker(), books=True))
    _refuse_another(ask, asked.note)
    return take(ask, listing, choice=asked.choice, span=asked.span, note=readable(asked.note))


def _refuse_another(ask: Ask, note: str) -> None:
    """A second machine, or another kind, is no note. Raises Refused."""
    words = note.split()
    is_joined = bool(words) and words[0].lower() in {"or", "and", "+"}
    other = " ".join(words[is_joined : is_joined + 1])
    is_name = finding.is_name(ask.desk, *words[is_joined:]) and (is_joined or not sounds_like_words(other))
    if not other or not (is_name or (is_joined and finding.is_kind(ask.desk, other))):
        return
    raise Refused(f"One at a time: say only the first, and then `claim {other[:40]}`. No note begins with such a name.")


def take_best(ask: Ask, want: Want, rest: list[str]) -> Reply:
    """Claim the best that is free; where nothing is, say what could serve."""
    asked = claim_words(rest, replace(ask.asker(), books=True))
    if asked.choice is not None:
        raise Refused(f"Say the number once: `claim {want}`, or `claim train-7 gpus:2` with a name of yours.")
    _refuse_another(ask, asked.note)
    length = find.asked_for(ask, want, asked.span).length
    best = finding.find(ask.desk, want, ask.user, length).best
    if best is None:
        return find.answer(ask, want, asked.span)
    choice = GpuChoice(count=want.count) if want.count < len(best.listing.gpus) else GpuChoice()
    return take(ask, best.listing, choice=choice, span=asked.span, note=readable(asked.note), informed=True, adds=True)


def take(
    ask: Ask,
    listing: Listing,
    *,
    choice: GpuChoice | None = None,
    span: Span | None = None,
    note: str = "",
    informed: bool = False,
    adds: bool = False,
) -> Reply:
    """Claim this one; when others have it, say who and what could be had instead.

    Whoever was not `informed` hears first of something better that stands free. `adds`: beside what they hold there,
    as nobody typed that it is to change.
    """
    span = span or Span()
    find.check_length(ask, span)
    better = None if informed else hints.before(ask, listing, choice=choice, span=span, note=note)
    if better is not None:
        return better
    try:
        made = (claiming.take if adds else claiming.claim)(
            ask.desk,
            listing.instance.id,
            ask.user,
            choice=AS_NOW if choice is None else choice,
            length=span.length,
            until=span.end,
            note=note,
        )
    except fair_use.OverLimit as over:
        return ask_for_more(ask, over, choice=choice)
    except booking.Booked as booked:
        return in_the_way(ask, listing, booked.slot, choice)
    except turns.InLine as first:
        return line.others_first(ask, listing, first)
    except claiming.Taken as taken:
        return _taken(ask, listing, taken.claims, choice=choice, span=span)
    used = " ".join([beside.others(using.others_on(ask.desk, made, ask.user)), *_as_it_was(ask, listing)]).strip()
    return _claimed(ask, made, span, used=used)


def _as_it_was(ask: Ask, listing: Listing) -> list[str]:
    """That its source is silent: whether it still runs nobody knows."""
    silent = silences.of_machines(ask.desk, [listing.instance.id])
    return [each.removeprefix(":warning: ") for each in as_they_were(silent, ask.desk.clock())]


def ask_for_more(ask: Ask, over: fair_use.OverLimit, *, choice: GpuChoice | None = None) -> Reply:
    """Beyond fair use: offer to ask an approver. Without a choice a claim keeps its GPUs. Raises OverLimit."""
    if not over.may_ask:
        raise over
    covers = AS_NOW if choice is None else choice
    return requests.offer(granting.draft_claim(ask.desk, over, choice=covers), str(over))


def _claimed(ask: Ask, made: Listing, span: Span, *, used: str = "") -> Reply:
    """Theirs now, with what they should know of it."""
    mine = made.claim_of(ask.user)
    warning = fair_use.warnings(ask.desk, mine) if mine else ""
    remark = " ".join(part for part in (span.remark, warning) if part)
    return claims.claimed(made, ask.user, remark=remark, waiting=queueing.waiting_for(ask.desk, made), used=used)


def _taken(ask: Ask, listing: Listing, held: tuple[Claim, ...], *, choice: GpuChoice | None, span: Span) -> Reply:
    """Others have it: what could be had instead."""
    fresh = looking.listing(ask.desk, listing.instance.id) or listing
    count = (choice.count or len(choice.indexes) or None) if choice else None
    wanted = find.asked_for(ask, similar(fresh, count or len(fresh.gpus)), span)
    told = finding.besides(ask.desk, fresh, ask.user, count=count, length=wanted.length)
    asked = replace(wanted, instance_id=fresh.instance.id, count=count)
    return claims.taken(fresh, held, asked, told, ask.desk.clock())


def extend(ask: Ask) -> Reply:
    """Let one's claim end later; without a name, the only one the person has. "again" means the same once more."""
    is_meant = [word.lower() for word in ask.words[-1:]] == ["again"]
    asked = replace(ask, words=ask.words[:-1]) if is_meant else ask
    listing, span = _extension(asked)
    try:
        return prolong(asked, listing, span, typed=not is_meant)
    except claiming.Repeated as repeated:
        raise _once_more(ask, listing, repeated) from None


def _extension(ask: Ask) -> tuple[Listing, Span | None]:
    """The machine and by how much, or until when."""
    is_name = finding.is_name(ask.desk, *ask.words)
    span = extension(ask.words, ask.asker()) if ask.words and not is_name else None
    if not ask.words or span is not None:
        return _only_one(ask), span
    listing, rest = named(ask, "extend")
    span = extension(rest, ask.asker()) if rest else None
    if rest and span is None:
        raise Refused(f'"{rest[0][:40]}" is no length of time. Try `extend {listing.instance.name} 2h`.')
    return listing, span


def _once_more(ask: Ask, listing: Listing, repeated: claiming.Repeated) -> Unclear:
    """Slack may have said that it took too long, and the same words were typed again."""
    left = length(max(MINUTE, repeated.claim.until_at - ask.desk.clock()))
    ago = f"{length(repeated.ago)} ago" if repeated.ago >= MINUTE else "just now"
    done = f"That is done already: you extended {listing.instance.name} by as much {ago}."
    return Unclear(f"{done} It is yours for another {left}.", (), [choice("again", "Extend it once more")])


def prolong(ask: Ask, listing: Listing, span: Span | None = None, *, typed: bool = False) -> Reply:
    """Let the claim on this one end later. Raises Repeated where that was just typed."""
    span = span or Span()
    try:
        made = claiming.extend(ask.desk, listing.instance.id, ask.user, by=span.length, until=span.end, typed=typed)
    except booking.Booked as booked:
        return in_the_way(ask, listing, booked.slot)
    except fair_use.OverLimit as over:
        return ask_for_more(ask, over)
    return _claimed(ask, made, span)


def release(ask: Ask) -> Reply:
    """Give an instance back; without a name, the only one the person holds."""
    if not ask.words:
        return give_back(ask, _only_one(ask))
    if [word.lower() for word in ask.words] in _ALL and names.whole_name(ask.desk, ask.words) is None:
        return give_back(ask, _one_of_all(ask))
    listing, rest = named(ask, "release", has_note=False)
    no_more(rest, f"release {listing.instance.name}")
    return give_back(ask, listing)


_ALL = (["all"], ["everything"], ["mine"], ["all", "mine"], ["all", "of", "mine"], ["both"])


def _one_of_all(ask: Ask) -> Listing:
    """The only one they hold. Raises Unclear with a button for each of several."""
    held = looking.held_by(ask.desk, ask.user)
    if len(held) < 2:
        return _only_one(ask)
    choices = [Choice(each.instance.name, (Quoted(each.instance.id),)) for each in held]
    raise Unclear(f"You hold {len(held)} machines, and give them back one by one. Which?", ask.words, choices)


def _only_one(ask: Ask) -> Listing:
    held = looking.held_by(ask.desk, ask.user)
    if len(held) != 1:
        names = ", ".join(each.instance.name for each in held)
        raise Refused(f"You hold {names}. Say which." if held else "You hold nothing just now.")
    return held[0]


def give_back(ask: Ask, listing: Listing) -> Reply:
    """Release this one; when only others hold it, ask first."""
    mine = listing.claim_of(ask.user)
    if mine is not None:
        return end_claim(ask, listing, mine)
    if not listing.claims:
        raise Refused(f"Nobody holds {listing.instance.name}, so there is nothing to release.")
    for held in listing.claims:
        claiming.check_release(ask.desk, listing, held, ask.user)
    return claims.release_others(listing)


def end_claim(ask: Ask, listing: Listing, held: Claim) -> Reply:
    """End a claim on this one."""
    ended = claiming.release(ask.desk, held.id, ask.user)
    after = queueing.next_for(ask.desk, held.instance_id)
    return claims.released(listing, ended, ask.user, ask.desk.clock(), after=after)


VERBS = (
    Verb(
        "claim",
        "claim <instance|2xA100> [gpus:2|gpus:0,3] [for 8h|until 18:00] [note]",
        "Take an instance, some of its GPUs, or the best there is of a kind; again, to change that.",
        claim,
    ),
    Verb("extend", "extend <instance> [2h|until fri 14:00]", "Let your claim end later.", extend),
    Verb("release", "release <instance>", "Give it back.", release),
)
