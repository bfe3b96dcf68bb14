"""Stops and starts by rule: the notice before and after, the last warning, and those that came to nothing."""

from collections.abc import Sequence

from bot.domain.acting.actions import LIVE_STATES, NOTHING_CAME, Action
from bot.domain.acting.rule_stops import RuleStop, again_at
from bot.domain.machines.listing import Listing
from handlers.blocks.acting.snooze import SNOOZE_BUTTON
from handlers.blocks.forms import form_button
from handlers.blocks.parts import Block, Reply, actions, button, context, cut_mrkdwn, filled, lines, plainly, section
from handlers.blocks.words import about, at, clock_time, day_at, esc, gpu_command, per_hour, plural, say

STOPS_SHOWN = 20
IN_A_ROW = 5
NOTHING_STOPS = "nothing is stopped as things stand"
NoticeRow = tuple[RuleStop, Listing | None, Action | None, str | None]
"""A planned stop, its instance, the stop that came of it, and what it waits for."""


def stop_notice(rows: list[NoticeRow], when: int, now: int) -> Reply | None:
    """What stops then, or has; each machine in a line, with Keep where it is still time."""
    if not rows:
        return None
    still = _open(rows)
    many = (
        f"{plural(len(still), 'machine')} {'is' if len(still) == 1 else 'are'} to be stopped"
        if still
        else NOTHING_STOPS
    )
    head = f"Pausing {day_at(when)}: {many}." if now < when else f"Paused {day_at(when)}:"
    text = lines([f"*{head}*", *(_line(row) for row in rows[:STOPS_SHOWN]), _more(rows)])
    blocks = [section(text), *_keeps(still)]
    never = "is claimed" if any(_works(each) for each in still) else "works, is claimed"
    blocks.append(context(f"By the team's rule: never what {never}, or was started by hand since."))
    return Reply(cut_mrkdwn(text, 3_900), blocks, private=False)


def soon(rows: list[NoticeRow], when: int, now: int) -> Reply:
    """The last warning, about what is still to be stopped; one that Slack takes only afterwards warns of nothing."""
    still = _open(rows)
    if now >= when:
        return plainly(f"Nothing was stopped at {clock_time(when)}: nobody could be warned in time.", private=False)
    if not still:
        return plainly(f"Nothing is stopped at {clock_time(when)} after all.", private=False)
    names = ", ".join(f"*{esc(each.instance.name, 60)}*" for each in still[:STOPS_SHOWN])
    more = f" and {len(still) - STOPS_SHOWN} more" if len(still) > STOPS_SHOWN else ""
    text = f"At {clock_time(when)} I stop {names}{more}."
    return Reply(cut_mrkdwn(text, 3_900), [section(text), *_keeps(still)], private=False)


def own_work(listing: Listing, when: int, now: int) -> Reply:
    """Told in person to whoever may be at work on it."""
    name = f"*{esc(listing.instance.name, 60)}*"
    if now >= when:
        late = f"{name} worked when its on-hours were to end, {day_at(when)}, and I could not tell you before."
        return plainly(f"{late} {gpu_command('status', esc(listing.instance.name, 60))} shows how it is now.")
    text = f"{name} works, and its on-hours end {day_at(when)}: I stop it then, and what runs on it ends."
    longer = form_button("Keep longer", "snooze", filled(machine=listing.instance.id))
    return plainly(f"{text} Its team has set that so. Do you still need it?", _keep(listing, 0), longer)


def _works(listing: Listing) -> bool:
    return listing.verdict is not None and listing.verdict.works


def _open(rows: list[NoticeRow]) -> list[Listing]:
    return [row[1] for row in rows if row[1] is not None and row[0].settled_at is None and row[3] is None]


def _keeps(still: Sequence[Listing]) -> list[Block]:
    """A button for every machine that is named, some in a row."""
    made = [_keep(listing, number) for number, listing in enumerate(still[:STOPS_SHOWN])]
    if made:
        given = filled(machine=still[0].instance.id) if len(still) == 1 else None
        made.append(form_button("Keep longer", "snooze", given))
    return [actions(*made[first : first + IN_A_ROW]) for first in range(0, len(made), IN_A_ROW)]


def _keep(listing: Listing, number: int) -> Block:
    return button(f"Keep {listing.instance.name} 4 h", f"{SNOOZE_BUTTON}:{number}", listing.instance.id)


def _more(rows: list[NoticeRow]) -> str:
    if len(rows) <= STOPS_SHOWN:
        return ""
    status, snooze = gpu_command("status"), gpu_command("snooze")
    return f"and {len(rows) - STOPS_SHOWN} more: {status} shows them, and {snooze} with a name and `4h` keeps one."


def _rate(listing: Listing) -> str:
    if listing.rate is None:
        return ""
    anyway = ", paid whether it runs or not" if listing.instance.paid_anyway else ""
    return f" ({about(exact=listing.rate.exact)}{per_hour(listing.rate.micros_per_hour)}{anyway})"


def _line(row: NoticeRow) -> str:
    rule_stop, listing, action, waiting = row
    name = f"*{esc(listing.instance.name, 60)}*" if listing else "a machine that is gone"
    rate = _rate(listing) if listing else ""
    why = "idle for long" if rule_stop.rule == "idle" else "its on-hours end"
    if action is not None:
        return f"{name}{rate}: {_became(action)}"
    if rule_stop.settled_at is not None:
        return f"{name}: not stopped. {say(rule_stop.outcome)}"
    if listing is not None and waiting is None and _works(listing):
        return f"{name}{rate}: {why}. It works, and what runs on it ends."
    return f"{name}{rate}: {why}{f', but {say(waiting)}, so it runs on for now' if waiting else ''}."


def _became(action: Action) -> str:
    return {
        "approved": "stopping.",
        "executing": "stopping.",
        "done": f"stopped {day_at(action.finished_at or action.created_at)}.",
    }.get(action.state, f"not stopped. {say(action.outcome)}")


def rule_start_failed(listing: Listing, tries: Sequence[Action], began: int, ends: int | None) -> Reply:
    """A start by rule that failed, and whether it did later; the channel hears of no other."""
    name, newest = f"*{esc(listing.instance.name, 60)}*", tries[-1]
    if newest.state == "done":
        late = at(newest.finished_at or newest.created_at)
        count = f"{plural(len(tries) - 1, 'start')} had failed before"
        return plainly(f"{name}, which was to run from {at(began)}, runs since {late}; {count}.", private=False)
    why = next(each.outcome for each in reversed(tries) if each.state in NOTHING_CAME)
    until = f" until its on-hours end {day_at(ends)}" if ends else ""
    text = f"{name} was to run from {at(began)} and does not: {say(why)} I try again every 30 minutes{until}."
    return plainly(text, private=False)


def rule_stop_failed(listing: Listing, stops: Sequence[Action]) -> Reply:
    """A stop by rule that came to nothing, and whether it did later."""
    plain, newest = esc(listing.instance.name, 60), stops[-1]
    failed = [each for each in stops if each.state in {"failed", "unknown"}]
    if newest.state == "done":
        late = at(newest.finished_at or newest.created_at)
        return plainly(f"*{plain}* is stopped since {late}; {_tries(len(failed))} had failed before.", private=False)
    if newest.state == "unknown":
        return plainly(f"*{plain}* was to be stopped by rule, and it is unclear: {say(newest.outcome)}", private=False)
    text = f"*{plain}* was to be stopped by rule and was not: {say(failed[-1].outcome)}"
    again = again_at(stops)
    if again is not None:
        return plainly(f"{text} I try again {day_at(again)}, with a notice before.", private=False)
    if newest.state in LIVE_STATES:
        return plainly(f"{text} I am trying again.", private=False)
    last = f"That was the last of {_tries(len(failed))} for now. " if len(failed) > 1 else ""
    return plainly(f"{text} {last}It runs on; {gpu_command('stop', plain)} asks for a stop.", private=False)


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"
