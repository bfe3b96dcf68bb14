"""On-hours: what they are, who set them, and those that somebody asks for."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.acting.hours import NEVER, HoursRequest, HoursRule, OnHours, hours_text, is_on, next_edge, on_ms
from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.machines.listing import Listing
from bot.domain.money.rates import Rate
from handlers.blocks.parts import Block, Reply, actions, button, context, lines, plainly, section
from handlers.blocks.words import about, by_clock, esc, gpu_command, length, near, person, persons, roughly, say

# Messages that stand in Slack carry these, so their text never changes.
HOURS_YES_BUTTON = "hours_yes"
HOURS_NO_BUTTON = "hours_no"

_MOST_NAMED = 20
MOST_VOID = 5
"""So many machines are named in one message about on-hours that count no more."""
_NONE = "it has none and runs until somebody stops it"


def hours(
    listing: Listing,
    own: HoursRule | None,
    counting: OnHours | None,
    now: int,
    waiting: Sequence[HoursRequest] = (),
    note: str = "",
) -> Reply:
    """The on-hours of an instance, what follows from them, those that wait for an answer, and how words were read."""
    asked = [f"{person(each.person)} asks for {_wanted(each)}." for each in waiting]
    return plainly(lines([" ".join(filter(None, [_hours(listing, own, counting, now), esc(note, 120)])), *asked]))


def _hours(listing: Listing, own: HoursRule | None, counting: OnHours | None, now: int) -> str:
    plain = esc(listing.instance.name, 60)
    if own is not None and own.windows == NEVER:
        who = f"{person(own.set_by)} set that {near(own.set_at, now)}"
        return f"*{plain}* is never stopped by rule: {who}."
    void = f" Those that {person(own.set_by)} set count no more." if own and own.void_since is not None else ""
    if counting is None:
        advice = f"Try `hours {plain} Mon-Fri 08:00-19:00`."
        return f"*{plain}* has no on-hours: it runs until somebody stops it.{void} {advice}"
    whose = f"set by {person(own.set_by)}" if own and not void else f"of team {esc(listing.team, 40)}"
    edge, on = next_edge(counting, now), is_on(counting, now)
    then = f"; {'off' if on else 'on'} {near(edge.at, now)}" if edge else ""
    told = f"on {_when(counting)}, {whose}. Now {'on' if on else 'off'}{then}.{_only(counting)}{void}"
    return f"*{plain}*: {told}"


def _when(counting: OnHours) -> str:
    return f"{esc(hours_text(counting.windows), 200)} ({esc(counting.zone, 40)})"


def _only(counting: OnHours) -> str:
    return " It is stopped at their end and never started by itself." if counting.stop_only else ""


def hours_facts(
    listing: Listing, counting: OnHours | None, wanted: OnHours | None, saved: int | None, *, may: bool
) -> list[Block]:
    """What it has, what other hours would have saved, in which zone they are, and who may set them."""
    has = f"It has {_when(counting)} now." if counting else "It has no on-hours now."
    known = "nobody noted when it idled" if saved is None else f"about {roughly(saved)}"
    by = f"These hours would have saved {known} in the last 4 weeks: what was charged for idleness outside them."
    who = "They count as soon as you set them." if may else "Those who may set them are asked."
    zone = f"In {esc(wanted.zone, 40)}." if wanted else ""
    return [context(" ".join(filter(None, [has, by if wanted else "", zone, who])))]


def hours_set(listing: Listing, own: HoursRule | None, counting: OnHours | None, *, who: str, before: str) -> Reply:
    """Told in the team's channel: what is stopped without asking again is everybody's business."""
    name, was = f"*{esc(listing.instance.name, 60)}*", f"Before: {esc(before, 200)}."
    if own is not None and own.windows == NEVER:
        return plainly(f"{person(who)} lets no rule stop {name} any more. {was}", private=False)
    if own is None:
        team = f"its team's on-hours count: {_when(counting)}" if counting else "it has none"
        return plainly(f"{person(who)} took the on-hours of {name} back; from now on {team}. {was}", private=False)
    when = f", from now on: {_when(counting)}" if counting else ""
    only = _only(counting) if counting else ""
    return plainly(f"{person(who)} set the on-hours of {name}{when}.{only} {was}", private=False)


@dataclass(frozen=True, slots=True)
class OwnHours:
    """The on-hours that an instance has of its own (None: none by now), and those that count for it."""

    listing: Listing
    own: HoursRule | None
    counting: OnHours | None

    @property
    def name(self) -> str:
        """The instance's, in bold."""
        return f"*{esc(self.listing.instance.name, 60)}*"

    @property
    def then(self) -> str:
        """What follows where those of its own count no more."""
        return f"its team's count: {_when(self.counting)}" if self.counting else _NONE

    @property
    def anew(self) -> str:
        """What sets them again."""
        windows = f"{self.own.windows}{' stop-only' if self.own.stop_only else ''}" if self.own else "team"
        return gpu_command("hours", esc(self.listing.instance.name, 60), esc(windows, 200))


def hours_void(of_them: Sequence[OwnHours]) -> Reply:
    """Told once in the team's channel, so that somebody sets them anew; of one person's, however many machines."""
    void = [(each, each.own) for each in of_them if each.own is not None and each.own.void_since is not None]
    if not void:
        more = f" and {len(of_them) - 1:,} more have" if len(of_them) > 1 else " has"
        return plainly(f"{of_them[0].name}{more} other on-hours by now.", private=False)
    first, own = void[0]
    if len(void) > 1:
        return plainly(_several_void([each for each, _ in void], own.set_by), private=False)
    anew = f"Whoever may can set them anew: {first.anew}."
    text = f"{person(own.set_by)}, who set the on-hours of {first.name}, may no longer do so. From now on {first.then}."
    return plainly(f"{text} {anew}", private=False)


def _several_void(void: Sequence[OwnHours], setter: str) -> str:
    """One line for each machine, with what counts and what sets them anew; the first few, and how many more."""
    rows = [f"{each.name}: {each.then}. Anew: {each.anew}" for each in void[:MOST_VOID]]
    more = [f"and {len(void) - MOST_VOID:,} more"] if len(void) > MOST_VOID else []
    head = f"{person(setter)}, who set the on-hours of {len(void):,} machines, may no longer do so."
    return lines([f"{head} From now on:", *rows, *more, "Whoever may can set them anew."])


def hours_asked(request: HoursRequest, channel: str, note: str = "") -> Reply:
    """Told to whoever may not set them and so has asked, and how words were read."""
    where = " ".join(filter(None, [f"Asked in <#{channel}>: {_wanted(request)}.", esc(note, 120)]))
    return plainly(f"{where} You hear what comes of it by {by_clock(request.expires_at, request.created_at)}.")


def hours_card(request: HoursRequest, listing: Listing, wanted: OnHours | None, able: frozenset[str]) -> Reply:
    """Put to those who may set them, in whatever state it is."""
    name, before = f"*{esc(listing.instance.name, 60)}*", esc(request.before, 200)
    text = f"{person(request.person)} asks for other on-hours of {name}: {_wanted(request)}. Before: {before}."
    if request.state != "pending":
        return plainly(f"{text}\n{_ending(request)}", private=False)
    until = by_clock(request.expires_at, request.created_at)
    who = f"Waiting for {persons(sorted(able)[:_MOST_NAMED])} until {until}."
    buttons = actions(
        button("Set them", HOURS_YES_BUTTON, request.id, style="primary"), button("No", HOURS_NO_BUTTON, request.id)
    )
    told = lines([text, _follows(listing, wanted, request.created_at), who])
    return Reply(text, [section(told), buttons], private=False)


def _wanted(request: HoursRequest) -> str:
    if request.windows == NEVER:
        return "never stopped by rule"
    if not request.windows:
        return "those of its team"
    return f"{esc(request.windows, 200)}{', stopped only' if request.stop_only else ''}"


def _follows(listing: Listing, wanted: OnHours | None, now: int) -> str:
    """What a yes leads to without any further question, and what it saves at the most."""
    if wanted is None:
        return "No rule stops it then: it runs, and costs, until somebody stops it."
    off = 7 * DAY_MS - on_ms(wanted, now, now + 7 * DAY_MS)
    rate = listing.rate
    anyway = listing.instance.paid_anyway
    worth = f", worth up to {_a_week(rate, off)} a week" if rate and off else ""
    worth = f", worth nothing, as {esc(anyway, 80)} is paid whether it runs or not" if anyway else worth
    morning = "" if wanted.stop_only else " and started when they begin"
    zone = f"In {esc(wanted.zone, 40)}; off {length(off)} of the next 7 days{worth}."
    return f"{zone} It is stopped when they end{morning}, after two warnings and without another question."


def _a_week(rate: Rate, off: int) -> str:
    return f"{about(exact=rate.exact)}{roughly(off * rate.micros_per_hour // HOUR_MS)}"


def hours_request_ended(request: HoursRequest, name: str) -> Reply:
    """Told to whoever asked."""
    return plainly(f"On-hours of *{esc(name, 60)}* ({_wanted(request)}): {_ending(request)}")


def _ending(request: HoursRequest) -> str:
    return {
        "set": f"{person(request.decider)} set them.",
        "denied": f"{person(request.decider)} said no.",
        "failed": f"{person(request.decider)} approved them, but they could not be set: {say(request.outcome)}",
    }.get(request.state, esc(request.outcome, 200))
