"""Several stops on one card: the question, what became of each, and what whoever asked is told."""

from collections.abc import Sequence

from bot.domain.acting.actions import Action, StopFacts
from bot.domain.acting.batches import Batch, BatchResult, LeftOut, saved_micros_of
from bot.domain.machines.states import in_words
from handlers.blocks.acting import card_facts as card_facts_blocks
from handlers.blocks.acting import card_parts as card_parts_blocks
from handlers.blocks.acting.outcomes import approvals_so_far
from handlers.blocks.parts import Block, Reply, actions, button, confirm, context, cut_mrkdwn, lines, plainly, section
from handlers.blocks.words import (
    by_clock,
    esc,
    gpu_command,
    length,
    near,
    per_hour,
    person,
    persons,
    plural,
    roughly,
    say,
)

# Messages that stand in Slack carry these, so their text never changes.
ASK_STOP_IDLE_BUTTON = "ask_stop_idle"
ASK_STOP_LISTED_BUTTON = "ask_stop_listed"
ASK_DRAFT_BUTTON = "ask_draft"
APPROVE_BATCH_BUTTON = "approve_batch"
DENY_BATCH_BUTTON = "deny_batch"

ROWS_PER_BLOCK = 6
"""Of some 440 characters at most each: a section holds 2,900."""
MOST_SAID = 240
MOST_LEFT = 12
_MOST_NAMED = 20


def card_of_batch(batch: Batch, stops: Sequence[Action], approvers: frozenset[str]) -> Reply:
    """The card in whatever state its stops are; only what nobody has decided has buttons."""
    waiting = [each for each in stops if each.state == "pending"]
    text = f"{_question(batch, stops)} {_asked(batch, waiting, approvers)}" if waiting else _became(batch, stops)
    reason = f"\n>{esc(batch.reason, 300)}" if batch.reason else ""
    blocks = [section(f"*{text}*{reason}"), *_rows(stops)]
    if waiting:
        observes = card_facts_blocks.observing(waiting[0])
        blocks.append(context(" ".join(filter(None, [observes, _sums(waiting), *_seen(waiting)]))))
        blocks.append(_buttons(batch, waiting))
    return Reply(f"{text} {_names(stops)}", blocks, private=False)


def _question(batch: Batch, stops: Sequence[Action]) -> str:
    return f"Stop {_counted(batch, len(stops))}?"


def _counted(batch: Batch, count: int) -> str:
    of_team = f" of team {esc(batch.team, 40)}" if batch.team else ""
    return f"{plural(count, 'machine')}{of_team}"


def _asked(batch: Batch, waiting: Sequence[Action], approvers: frozenset[str]) -> str:
    named = " ".join(person(user) for user in sorted(approvers)[:_MOST_NAMED]) or "somebody who may decide"
    until = by_clock(min(each.expires_at for each in waiting), batch.created_at)
    asks = f"{person(batch.requester)} asks. Waiting for {named} until {until}."
    return " ".join(filter(None, [asks, approvals_so_far(waiting[0])]))


def _became(batch: Batch, stops: Sequence[Action]) -> str:
    """How it stands, in one sentence: the title once all is decided."""
    live = sum(each.is_live for each in stops)
    done = sum(each.state == "done" for each in stops)
    whole = _counted(batch, len(stops))
    if live:
        return f"Stopping {whole}: {done} stopped so far."
    if done == len(stops):
        return f"{whole} {'is' if done == 1 else 'are'} stopped."
    return f"{done} of {whole} {'is' if done == 1 else 'are'} stopped." if done else f"None of {whole} was stopped."


def _names(stops: Sequence[Action]) -> str:
    return ", ".join(esc(each.facts.name, 60) for each in stops) + "."


def _rows(stops: Sequence[Action]) -> list[Block]:
    rows = [stop_row(each) for each in stops]
    return [section(lines(rows[at : at + ROWS_PER_BLOCK])) for at in range(0, len(rows), ROWS_PER_BLOCK)]


def _seen(waiting: Sequence[Action]) -> list[str]:
    """As of when all of them were seen idle, and who tells of work only late."""
    stops = [each.facts for each in waiting if isinstance(each.facts, StopFacts)]
    known = [facts.as_of for facts in stops if facts.as_of is not None]
    as_of = [f"As of {by_clock(min(known), waiting[0].created_at)}."] if known else []
    return [*as_of, *dict.fromkeys(card_parts_blocks.late(facts) for facts in stops)]


def stop_row(stop: Action) -> str:
    """One of several: what it costs, what it does and what is lost, or what became of it."""
    known = stop.facts
    rate = card_parts_blocks.price(known) if known.rate_micros is not None else "no known price"
    head = f"*{esc(known.name, 60)}*  {card_parts_blocks.place_line(stop)}, {rate}"
    if stop.state == "pending" and isinstance(known, StopFacts):
        idle = f" for {length((known.as_of or stop.created_at) - known.verdict_since)}" if known.verdict_since else ""
        nvme = f", {card_parts_blocks.local_nvme(known.nvme_gb)}" if known.nvme_gb else ""
        scarce = "  ·  often short of capacity" if known.capacity_short else ""
        anyway = f"  ·  saves nothing: {esc(known.paid_anyway, 80)} is paid anyway" if known.paid_anyway else ""
        return f"{head}  ·  {in_words(known.verdict)}{idle}{_programs(known)}  ·  lost: memory{nvme}{scarce}{anyway}"
    return f"{head}  ·  {_state(stop)}"


def _programs(known: StopFacts) -> str:
    named = known.programs
    return f" ({esc(named[0], 60)}{', …' if len(named) > 1 else ''})" if named else ""


def _state(stop: Action) -> str:
    said = cut_mrkdwn(say(stop.outcome), MOST_SAID)
    who = persons(stop.approvers)
    return {
        "approved": f"{who} approved it; looked at once more",
        "executing": "stopping",
        "done": f"stopped. {said}",
        "failed": f"not stopped: {said}",
        "unknown": f"unclear: {said}",
        "aborted": f"not stopped: {said}",
        "denied": f"keeps running: {person(stop.decider)} decided that",
        "expired": "keeps running: nobody answered in time",
        "cancelled": f"no longer asked: {said}",
    }.get(stop.state, stop.state)


def _sums(stops: Sequence[Action]) -> str:
    rate = saved_micros_of(stops)
    unpriced = sum(each.facts.rate_micros is None for each in stops)
    about = "about " if any(not each.facts.rate_exact for each in stops) else ""
    left = f", {unpriced} without a known price left out" if unpriced else ""
    return (
        f"Together {about}{per_hour(rate)}{left}. {_saves(stops)}Disks and addresses go on costing. Each is looked at "
        "again before it is stopped. One that works, was claimed or was restarted by then is left alone."
    )


def _saves(stops: Sequence[Action]) -> str:
    """What stopping all of them saves, each until it is likely to be wanted again."""
    facts = [each.facts for each in stops if isinstance(each.facts, StopFacts)]
    whole = sum(known.saves_by(known.saves_from) or 0 for known in facts)
    ends = sorted({known.saves_until for known in facts if known.saves_until is not None})
    if not whole or not ends:
        return ""
    by = near(ends[0], stops[0].created_at)
    when = f"by {by}, {say(facts[0].saves_why)}" if len(ends) == 1 else "until each is likely to be wanted again"
    return f"Stopping them now saves about {roughly(whole)} {when}. "


def _buttons(batch: Batch, waiting: Sequence[Action]) -> Block:
    count = len(waiting)
    label = f"Stop these {count}" if count > 1 else f"Stop {waiting[0].facts.name}"
    lost = f"{_names(waiting)} What is in memory and on local NVMe is lost."
    sure = confirm(f"{label}?", lost, yes="Stop them", no="Back")
    return actions(
        button(label, APPROVE_BATCH_BUTTON, batch.id, style="danger", confirm=sure),
        button("Keep them running" if count > 1 else "Keep it running", DENY_BATCH_BUTTON, batch.id),
    )


def ended_batch(batch: Batch, stops: Sequence[Action]) -> Reply:
    """Told in person to the one who asked, when all of it is over."""
    done = [each for each in stops if each.state == "done"]
    rate = saved_micros_of(done)
    about = "about " if any(not each.facts.rate_exact for each in done) else ""
    saved = f" That saves {about}{per_hour(rate)}, {about}{roughly(rate * 24)} a day." if rate else ""
    text = f"{_became(batch, stops)}{saved}"
    return Reply(f"{text} {_names(stops)}", [section(f"*{text}*"), *_rows(stops)])


def idle_as_well(rented: int, owned: int, said: Sequence[str]) -> str:
    """How many machines stand idle as well, and where to see them; empty where there are none.

    `said` are the filters that were typed.
    """
    parts = [f"{plural(rented, 'rented machine')} of other teams or of none"] if rented else []
    parts += [plural(owned, "owned machine")] if owned else []
    if not parts:
        return ""
    theirs = f" {gpu_command('stop idle team:NAME')} asks about another team's." if rented else ""
    listed = f"{gpu_command('status', esc(' '.join(said), 80))} lists all that idle."
    return f"Idle as well, but not asked about: {' and '.join(parts)}. {listed}{theirs}"


def batch_asked(found: Sequence[BatchResult], channels: dict[str, str], more: str = "") -> Reply:
    """Told to the one who asked: what was asked where, what was too many, left out, and not asked about (`more`)."""
    said: list[str] = []
    buttons: list[Block] = []
    for number, each in enumerate(found):
        said += _told(each, channels.get(each.team, ""))
        if each.draft is not None and each.draft.instance_ids:
            label = f"Ask about the {len(each.draft.instance_ids)} dearest"
            buttons.append(button(label, f"{ASK_DRAFT_BUTTON}:{number}", each.draft.id))
    left = [each for one in found for each in one.left]
    return plainly("\n".join(filter(None, [*(said or ["Nothing was asked."]), *_left(left), more])), *buttons[:20])


def _told(one: BatchResult, channel: str) -> list[str]:
    of_team = f" of team {esc(one.team, 40)}" if one.team else ""
    if one.draft is not None:
        room = f"only {one.room} can be asked about now" if one.room else "others have to be decided first"
        why = "so that never more than half of what a team runs is being stopped"
        return [f"{plural(one.wanted, 'machine')}{of_team} at once is too many: {room}, {why}."]
    if not one.actions:
        return []
    where = f" in <#{channel}>" if channel else ""
    first = one.actions[0]
    what = _names(one.actions).removesuffix(".")
    keeps = "They keep" if len(one.actions) > 1 else "It keeps"
    until = f"{keeps} running unless someone approves by {by_clock(first.expires_at, first.created_at)}."
    return [f"Asked{where} to stop {what}{of_team}. {until}"]


def _left(left: Sequence[LeftOut]) -> list[str]:
    if not left:
        return []
    more = [f"and {len(left) - MOST_LEFT} more"] if len(left) > MOST_LEFT else []
    return ["Left out:", *(f"•  {_why(each)}" for each in left[:MOST_LEFT]), *more]


def _why(left: LeftOut) -> str:
    """The sentence, with the machine's name if that is not in it."""
    return say(left.why) if left.name in left.why else f"{esc(left.name, 60)}: {say(left.why)}"
