"""/gpu status and why: what runs, and how that is known."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.machines.listing import FleetFilter, Listing
from bot.services import context, names, queries
from bot.services.acting import dormant
from bot.services.context import Context, find
from bot.services.machines import notices
from bot.services.machines import why as why_service
from bot.services.sharing import bookings, unclaimed
from bot.services.sharing import find as find_service
from handlers.blocks.acting import dormant as dormant_blocks
from handlers.blocks.buttons import WHY_BUTTON
from handlers.blocks.machines import fleet as fleet_blocks
from handlers.blocks.machines import why as why_blocks
from handlers.blocks.machines.fleet import STATUS_OF_BUTTON, STATUS_PAGE_BUTTON
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import bookings as bookings_blocks
from handlers.controller import Draw, Press, listed
from handlers.parsing.scopes import FILTERS_SAID, filter_of, is_filter
from handlers.parsing.text import Quoted
from handlers.parsing.unclear import Unclear, WordChoice, word_choice
from handlers.verbs import Ask, Verb, named


def status(ask: Ask, page: int = 0) -> Reply:
    """A page of the fleet, most wasteful first; or the one instance that is named."""
    named = _named(ask)
    if named is not None:
        return one_machine(ask, named)
    chosen, now = _chosen(ask), ask.ctx.clock()
    if chosen.state == "dormant":
        return dormant_blocks.dormant(dormant.dormant(ask.ctx, chosen), now, page=page, query=" ".join(ask.words)[:100])
    if chosen.unclaimed and chosen.state == "idle":  # "free" is what `find` says one can have now
        everything = replace(chosen, state="", unclaimed=False)
        chosen = replace(everything, ids=find_service.free_machines(ask.ctx, everything, ask.user))
    found, totals = queries.page(ask.ctx, chosen, limit=fleet_blocks.FLEET_PAGE, offset=page * fleet_blocks.FLEET_PAGE)
    query = " ".join(ask.words)[:100]
    return fleet_blocks.status(found, totals, queries.sources(ask.ctx), now, page=page, query=query)


def _named(ask: Ask) -> Listing | None:
    """The one machine that all the words name; a machine that is called like a filter goes before it.

    Raises Unclear where its name only begins so, and a team, a type or a GPU model is called so.
    """
    found = names.readings(ask.ctx, ask.words) if ask.words else []
    if found and found[0].count == len(ask.words) and (found[0].exact or not is_filter(ask.words[0])):
        sorts_too = [] if found[0].exact else names.sorts(ask.ctx, found[0].said)
        if sorts_too:
            raise _either(ask.words, sorts_too, found[0].listings)
        return found[0].listings[0] if len(found[0].listings) == 1 else context.find(ask.ctx, found[0].said)
    if len(ask.words) != 1 or is_filter(ask.words[0]) or names.sorts(ask.ctx, ask.words[0]):
        return None
    return context.find(ask.ctx, ask.words[0])


def _chosen(ask: Ask) -> FleetFilter:
    """What the words choose: filters, or a team, a type or a GPU model by its bare name. Raises Refused, Unclear."""
    words, models = [], list[set[tuple[str, int]]]()
    for word in ask.words:
        meant = [word] if is_filter(word) else names.sorts(ask.ctx, word) or [word]
        if len(meant) > 1:
            raise _either([word], meant, ())
        key, _, value = meant[0].partition(":")
        if key.lower() == "gpu" and value:
            models.append({*names.models(ask.ctx, value)})
        else:
            words.append(meant[0])
    chosen = filter_of(ask.user, words)
    return replace(chosen, models=tuple(sorted(set.intersection(*models)))) if models else chosen


def _either(said: list[str], filters: list[str], listings: Sequence[Listing]) -> Unclear:
    """The question whether a filter is meant, or a machine."""
    choices = [word_choice(each) for each in filters]
    choices += [WordChoice(each.instance.name, (Quoted(each.instance.id),)) for each in listings]
    return Unclear(f'What is meant by "{" ".join(said)[:60]}"?', said, choices)


def one_machine(ask: Ask, listing: Listing) -> Reply:
    """One instance, with what is booked of it next."""
    shown = fleet_blocks.one_machine(
        unclaimed.with_unclaimed_users(ask.ctx, queries.in_full(ask.ctx, listing)), ask.ctx.clock()
    )
    return bookings_blocks.with_bookings(
        shown, bookings.upcoming_bookings(ask.ctx, instance_id=listing.instance.id), listing
    )


def why(ask: Ask) -> Reply:
    """The rule, the readings and everything that counts for one instance."""
    listing, _ = named(ask, "why", has_note=False)
    return tell_why(ask, listing)


def tell_why(ask: Ask, listing: Listing) -> Reply:
    """Explain this one."""
    return why_blocks.why_blocks(
        why_service.explain_verdict(ask.ctx, unclaimed.with_unclaimed_users(ask.ctx, listing), ask.user),
        ask.ctx.clock(),
    )


VERBS = (
    Verb("status", f"status [<instance>|{FILTERS_SAID}|gpu:a100]", "What runs, most wasteful first.", status),
    Verb("why", "why <instance>", "The rule, the readings and what happens next.", why),
)


def status_page(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Next 10] and [Previous 10], in place."""
    number, _, query = value.partition("|")
    page = int(number) if number.isdecimal() and len(number) < 6 else 0
    shown = status(Ask(ctx, user, channel, query.split()), page)
    return Reply(shown.text, shown.blocks, replace=True)


def status_of(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Status of X], offered for a name that came close."""
    ask = Ask(ctx, user, channel, [])
    return one_machine(ask, find(ctx, value))


def on_why(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Why X]"""
    return tell_why(Ask(ctx, user, channel, []), listed(ctx, value))


BUTTONS: dict[str, Press] = {
    STATUS_PAGE_BUTTON: status_page,
    STATUS_OF_BUTTON: status_of,
    WHY_BUTTON: on_why,
}


def notice(ctx: Context, notice_id: str) -> Reply | None:
    """An agent that is silent, a machine that went down, GPUs that are not there; its subject is its number."""
    found = notices.notice_of(ctx, int(notice_id))
    if found is None:
        return None
    name = queries.name_of(ctx, found.instance_id)
    return fleet_blocks.machine_notice(found, name, ctx.settings.slack.gpu_command, ctx.clock())


MESSAGES: dict[str, Draw] = {notices.NOTICE_MESSAGE: notice}
