"""The fleet on one screen: the conclusion, a table, and menus for what is shown and what to do."""

from collections.abc import Iterable, Mapping, Sequence

from bot.domain.machines.listing import FleetSource, FleetTotals, Listing
from bot.domain.machines.models import short_model
from bot.domain.machines.states import STATES, TYPED, UNCLAIMED
from handlers.blocks.acting.batches import ASK_STOP_IDLE_BUTTON
from handlers.blocks.machines.fleet import STATUS_OF_BUTTON, is_idle_rented, marked, state_in_short
from handlers.blocks.parts import (
    FALLBACK_TEXT,
    Block,
    Reply,
    actions,
    button,
    context,
    cut_mrkdwn,
    lines,
    menu,
    section,
)
from handlers.blocks.sharing.unclaimed import unclaimed_in_words
from handlers.blocks.tables import Cell, table, usd_figure
from handlers.blocks.words import clock_time, code, esc, gpu_command, gpus, near, person, plural, roughly

# Messages that stand in Slack carry these, so their text never changes.
STATUS_PAGE_BUTTON = "status_page"

FLEET_PAGE = 10
STATUS_HEAD = ("Machine", "State", "GPUs", "USD/h", "Wasted so far", "Who, until when")
FILTERS_SHOWN: Mapping[str, str] = {
    "": "All machines",
    "mine": "Mine",
    "free": "Free for me",
    "idle": "Idle",
    "in-use": "In use",
    "unclaimed": "Unclaimed",
    "unknown": "Unknown",
    "stopped": "Stopped",
    "owned": "Owned",
    "rented": "Rented",
}
"""What a menu offers to show, by the filter that is typed for it."""
SORTED: Mapping[str, str] = {
    "sort:waste": "Most wasteful first",
    "sort:name": "By name",
    "sort:price": "Dearest first",
    "sort:since": "Longest first",
}
"""How a menu offers to sort, by the word that is typed for it."""
MOST_HOLDERS = 2
MOST_QUERY = 100


def status_reply(
    found: Sequence[Listing],
    totals: FleetTotals,
    sources: Sequence[FleetSource],
    now: int,
    *,
    page: int,
    query: str,
    free: Mapping[str, frozenset[int]],
    teams: Sequence[str] = (),
) -> Reply:
    """A page of the fleet. `query` is the filter as typed, `free` the GPUs that whoever looks can have now."""
    if not totals.instances:
        return _nothing(sources, now, query, teams)
    conclusion = fleet_headline(totals, query)
    shown = table(
        _caption(len(found), totals.instances, page, query), STATUS_HEAD, [_cells(each, now, free) for each in found]
    )
    blocks = [section(f"*{conclusion}*"), *shown, *_small_print(sources, now)]
    blocks += _menus(found, totals, page=page, query=query, teams=teams)
    plain = [f"{esc(each.instance.name, 60)} {state_in_short(each, now, _of(each, free))}" for each in found]
    return Reply(cut_mrkdwn(f"{conclusion} {'; '.join(plain)}.", FALLBACK_TEXT), blocks)


def fleet_headline(totals: FleetTotals, query: str = "") -> str:
    """The conclusion, in one or two sentences."""
    about = "about " if totals.estimated else ""
    cost = f"{about}{roughly(totals.rate_micros)}/h{_of_it_owned(totals.owned_micros, totals.rate_micros)}"
    what = f" ({esc(query, 60)})" if query else ""
    counted = f"{plural(totals.instances, 'machine')}{what}, {plural(totals.gpus, 'GPU')}, {cost}"
    priced = f" {plural(totals.unpriced, 'running machine')} without a known price." if totals.unpriced else ""
    return f"{counted}. {_idle(totals, about)}.{priced}"


def _idle(totals: FleetTotals, about: str) -> str:
    """What idles and what that wastes; that nothing idles, as far as it was seen: of unknown machines nobody knows."""
    if not totals.waste_micros and not totals.idle and not totals.partial:
        return f"Nothing seen idle, {totals.unknown} unknown" if totals.unknown else "Nothing idle"
    kinds = [f"{totals.idle:,} {STATES['free'].word}"] if totals.idle else []
    kinds += [f"{totals.partial:,} {STATES['partial'].word}"] if totals.partial else []
    owned = _of_it_owned(totals.owned_waste_micros, totals.waste_micros)
    wasting = f", wasting {about}{roughly(totals.waste_micros)}/h{owned}" if totals.waste_micros else ""
    return f"{' and '.join(kinds) or 'Some GPUs idle'}{wasting}"


def _of_it_owned(owned: int, whole: int) -> str:
    """What is on no bill, so that the rest agrees with what is said of rented machines alone."""
    return f" ({'all' if owned == whole else f'{roughly(owned)}/h'} of it owned)" if owned else ""


def _nothing(sources: Sequence[FleetSource], now: int, query: str, teams: Sequence[str]) -> Reply:
    if query:
        said = f"No machine matches {code(query)}. {gpu_command('status')} shows all."
        return Reply(said, [section(said), actions(_shown_menu(query, teams))])
    said = (
        "I see no GPU machine yet. Rented ones appear a minute after `[[aws]]` is set, "
        "owned ones when their agent reports."
    )
    return Reply(said, [section(said), *_small_print(sources, now)])


def _caption(count: int, whole: int, page: int, query: str) -> str:
    sorting = next((label for word, label in SORTED.items() if word in query.lower().split()), SORTED["sort:waste"])
    first = page * FLEET_PAGE
    which = f"Machines {first + 1} to {first + count} of {whole:,}" if whole > FLEET_PAGE else "All of them"
    return f"{which}, {sorting[:1].lower()}{sorting[1:]}"


def _of(listing: Listing, free: Mapping[str, frozenset[int]]) -> frozenset[int]:
    return free.get(listing.instance.id, frozenset())


def _cells(listing: Listing, now: int, free: Mapping[str, frozenset[int]]) -> list[Cell]:
    instance, its = listing.instance, _of(listing, free)
    model = esc(short_model(instance.gpu_model), 30)
    devices = f"{instance.gpu_count}x{model}" if instance.gpu_count else model or "not known"
    wasted = "" if not listing.unused_micros else usd_figure(listing.unused_micros, exact=_is_exact(listing))
    return [
        esc(instance.name, 60),
        f"{marked(listing, its)} {state_in_short(listing, now, its)}",
        f"{devices}{', owned' if instance.provider == 'owned' else ''}",
        _rate(listing),
        wasted,
        _who(listing, now),
    ]


def _is_exact(listing: Listing) -> bool:
    return listing.rate is None or listing.rate.exact


def _rate(listing: Listing) -> Cell:
    if not listing.running:
        return ""
    if listing.rate is None:
        return "not known"
    return usd_figure(listing.rate.micros_per_hour, exact=listing.rate.exact)


def _who(listing: Listing, now: int) -> str:
    """Who has it until when; how many more there are."""
    held = [
        f"{person(each.holder)}{'' if listing.is_whole(each) else f' {gpus(each.gpus)}'} to {near(each.until_at, now)}"
        for each in listing.claims[:MOST_HOLDERS]
    ]
    more = len(listing.claims) - MOST_HOLDERS
    held += [f"{more:,} more"] if more > 0 else []
    if listing.unclaimed_users:
        held.append(unclaimed_in_words(listing).replace("`", ""))
    return ", ".join(held) or (UNCLAIMED.word if listing.running else "")


def _small_print(sources: Sequence[FleetSource], now: int) -> list[Block]:
    fresh = min((source.ok_at for source in sources if source.ok_at), default=None)
    said = [f"As of {clock_time(fresh)}."] if fresh else []
    silent = [source for source in sources if source.error]
    for source in silent[:3]:
        since = f"no data since {clock_time(source.ok_at)}" if source.ok_at else "no data yet"
        said.append(f":warning: {esc(source.name, 60)}: {since} ({esc(source.error, 160)})")
    if len(silent) > 3:
        said.append(f"and {len(silent) - 3} more sources without data")
    return [context(lines(said))] if said else []


def _menus(
    found: Sequence[Listing], totals: FleetTotals, *, page: int, query: str, teams: Sequence[str]
) -> list[Block]:
    words = query.lower().split()
    sorting = next((word for word in SORTED if word in words), "sort:waste")
    sorts = [(label, f"0|{_with(query, word, SORTED)}") for word, label in SORTED.items()]
    chosen = f"0|{_with(query, sorting, SORTED)}"
    machines = [(each.instance.name, each.instance.id) for each in found]
    row = [
        _shown_menu(query, teams),
        menu(f"{STATUS_PAGE_BUTTON}:sort", sorts, chosen=chosen, placeholder="Sort"),
        menu(STATUS_OF_BUTTON, machines, placeholder="Do something with…"),
    ]
    if page > 0:
        row.append(button("Previous 10", f"{STATUS_PAGE_BUTTON}:previous", f"{page - 1}|{query}"))
    if page * FLEET_PAGE + len(found) < totals.instances:
        row.append(button("Next 10", f"{STATUS_PAGE_BUTTON}:next", f"{page + 1}|{query}"))
    if sum(map(is_idle_rented, found)) > 1 and {"idle", "free", "held"} & set(words[:1]):
        row.append(button("Stop all of these…", ASK_STOP_IDLE_BUTTON, _with(query, "", SORTED)))
    return [actions(*row)]


def _shown_menu(query: str, teams: Sequence[str]) -> Block:
    """The filters people use most, and each team's machines."""
    offered = {**FILTERS_SHOWN, **{f"team:{team}": f"Team {team}" for team in teams}}
    given_up = {*offered, *TYPED, "running"}
    options = [(label, f"0|{_with(query, word, given_up)}") for word, label in offered.items()]
    said = [word for word in query.lower().split() if word not in SORTED]
    chosen = next((word for word in offered if word.lower() in said), "" if not said else None)
    now = "" if chosen is None else f"0|{_with(query, chosen, given_up)}"
    return menu(f"{STATUS_PAGE_BUTTON}:shown", options, chosen=now, placeholder="Show")


def _with(query: str, word: str, others: Iterable[str]) -> str:
    """The query with this word in the place of any of the others."""
    kept = [each for each in query.split() if each.lower() not in {other.lower() for other in others}]
    return " ".join([word, *kept] if word else kept)[:MOST_QUERY]
