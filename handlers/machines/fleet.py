"""/gpu status and why: what runs, and how that is known."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.machines.listing import FleetFilter, Listing
from bot.errors import Refused
from bot.services import context, names, queries
from bot.services.acting import dormant
from bot.services.context import Context, find
from bot.services.machines import notices
from bot.services.machines import why as why_service
from bot.services.sharing import bookings, unclaimed
from bot.services.sharing import find as find_service
from handlers import fields
from handlers.blocks.acting import dormant as dormant_blocks
from handlers.blocks.buttons import WHY_BUTTON
from handlers.blocks.machines import fleet as fleet_blocks
from handlers.blocks.machines import notices as notices_blocks
from handlers.blocks.machines import status as status_blocks
from handlers.blocks.machines import why as why_blocks
from handlers.blocks.machines.fleet import STATUS_OF_BUTTON
from handlers.blocks.machines.status import STATUS_PAGE_BUTTON
from handlers.blocks.machines.why import WHY_RULE_BUTTON
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import bookings as bookings_blocks
from handlers.controller import Draw, Press, listed
from handlers.parsing.scopes import FILTERS_SAID, filter_of, is_filter
from handlers.parsing.text import Quoted
from handlers.parsing.unclear import Unclear, WordChoice, word_choice
from handlers.verbs import Ask, Verb, named


def status(ask: Ask, page: int = 0) -> Reply:
    """A page of the fleet, most wasteful first; or the one instance that is named."""
    order, words = _sorted_by(ask.words)
    named = _named(replace(ask, words=words))
    if named is not None:
        return one_machine(ask, named)
    chosen, now = _chosen(replace(ask, words=words)), ask.ctx.clock()
    if chosen.state == "dormant":
        return dormant_blocks.dormant(dormant.dormant(ask.ctx, chosen), now, page=page, query=" ".join(ask.words)[:100])
    if chosen.unclaimed and chosen.state == "idle":  # "free" is what `find` says one can have now
        everything = replace(chosen, state="", unclaimed=False)
        chosen = replace(everything, ids=find_service.free_machines(ask.ctx, everything, ask.user))
    start = page * status_blocks.FLEET_PAGE
    found, totals = queries.fleet_page(ask.ctx, chosen, limit=status_blocks.FLEET_PAGE, offset=start, order=order)
    return status_blocks.status_reply(
        found,
        totals,
        queries.sources(ask.ctx),
        now,
        page=page,
        query=" ".join(ask.words)[: status_blocks.MOST_QUERY],
        free=_free(ask, found),
        teams=[team.name for team in ask.ctx.roster().teams],
    )


def _free(ask: Ask, found: Sequence[Listing]) -> dict[str, frozenset[int]]:
    """The GPUs of these that whoever asks can have now."""
    return find_service.free_gpus(ask.ctx, FleetFilter(ids=tuple(each.instance.id for each in found)), ask.user)


def _sorted_by(words: list[str]) -> tuple[str, list[str]]:
    """How the list is to be sorted, as in sort:name, and the words beside that. Raises Refused."""
    rest = [word for word in words if not word.lower().startswith("sort:")]
    said = [word for word in words if word not in rest]
    order = said[-1].lower().removeprefix("sort:") if said else "waste"
    if f"sort:{order}" not in status_blocks.SORTED:
        raise Refused(f'"{said[-1][:40]}" is no way to sort. Try {", ".join(status_blocks.SORTED)}.')
    return order, rest


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
    told = unclaimed.with_unclaimed_users(ask.ctx, queries.in_full(ask.ctx, listing))
    free = _free(ask, [listing]).get(listing.instance.id, frozenset())
    action = queries.live_action(ask.ctx, listing.instance.id)
    shown = fleet_blocks.one_machine(told, ask.ctx.clock(), free, action)
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


WHY_MACHINE_FORM = fields.which_machine_form("why", "Why", "Show", why)
FORMS = (WHY_MACHINE_FORM,)
VERBS = (
    Verb(
        "status", f"status [<instance>|{FILTERS_SAID}|gpu:a100] [sort:name]", "What runs, most wasteful first.", status
    ),
    Verb(
        "why",
        "why <instance>",
        "What a machine does, how that is known, and what happens next.",
        why,
        form=WHY_MACHINE_FORM,
    ),
)


def status_page(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Next 10] and the menus of what is shown and how it is sorted, in place."""
    number, _, query = value.partition("|")
    page = int(number) if number.isdecimal() and len(number) < 6 else 0
    shown = status(Ask(ctx, user, channel, query.split()), page)
    return Reply(shown.text, shown.blocks, replace=True)


def status_of(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Status of X], offered for a name that came close, and the menu of machines to do something with."""
    ask = Ask(ctx, user, channel, [])
    return one_machine(ask, find(ctx, value))


def on_why(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Why X]"""
    return tell_why(Ask(ctx, user, channel, []), listed(ctx, value))


def on_how_judged(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[How X is judged]"""
    told = why_service.explain_verdict(ctx, listed(ctx, value), user)
    return why_blocks.how_judged(told, ctx.clock())


BUTTONS: dict[str, Press] = {
    STATUS_PAGE_BUTTON: status_page,
    STATUS_OF_BUTTON: status_of,
    WHY_BUTTON: on_why,
    WHY_RULE_BUTTON: on_how_judged,
}


def notice_message(ctx: Context, notice_id: str) -> Reply | None:
    """An agent that is silent, a machine that went down, GPUs that are not there; its subject is its number."""
    found = notices.notice_of(ctx, int(notice_id))
    if found is None:
        return None
    name = queries.name_of(ctx, found.instance_id)
    return notices_blocks.machine_notice(found, name, ctx.settings.slack.gpu_command, ctx.clock())


MESSAGES: dict[str, Draw] = {notices.NOTICE_MESSAGE: notice_message}
