"""`/gpu why` as a message: the verdict, the readings behind it, what else counts, and what comes next."""

from collections.abc import Sequence
from itertools import groupby

from bot.domain.acting.actions import PAST_TENSE, Action, StopFacts
from bot.domain.clock import MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.domain.machines.readings import AgentReport
from bot.domain.machines.states import UNCLAIMED, in_words
from bot.domain.machines.verdict import IDLE_STATES, GpuTrace, GpuVerdict
from bot.domain.machines.why import Explanation
from bot.domain.sharing.claims import Claim
from handlers.blocks.acting.approvals import START_BUTTON
from handlers.blocks.acting.drain import drain_since as draining_since
from handlers.blocks.machines.owned import has_now
from handlers.blocks.parts import Reply, actions, button, context, cut, lines, section
from handlers.blocks.sharing.unclaimed import unclaimed_in_words
from handlers.blocks.silence import as_they_were
from handlers.blocks.words import (
    about,
    at,
    clock_time,
    ends,
    esc,
    gpu_command,
    gpus,
    hour_bars,
    length,
    near,
    person,
    persons,
    plural,
    roughly,
    say,
    snooze_line,
)

# Messages that stand in Slack carry these, so their text never changes.
WHY_RULE_BUTTON = "why_rule"

MOST_DOUBTS = 4
OLD_READING_MS = 5 * MINUTE_MS
"""A reading older than this is told with its time."""


def why_blocks(told: Explanation, now: int) -> Reply:
    """The whole answer on one screen; the rule and what each source says by itself are behind a button."""
    conclusion, name = _conclusion(told, now), told.listing.instance.name
    blocks = [section(lines([f"*{conclusion}*", _evidence(told), *as_they_were(told.silent, now)]))]
    measured = [_day(told), *(_gpus(told, now) if told.verdict.gpus and told.listing.running else [])]
    blocks.append(section(lines([*measured, _wasted(told)])))
    counts = [_claim(told), _drained(told), _line(told), _booked(told), _exempt(told), _snooze(told), _stop(told)]
    doubts = [esc(each, 300) for each in told.tag_doubts[:MOST_DOUBTS]]
    blocks.append(section(lines([*counts, *doubts, f"*Next:* {_next(told)}"])))
    if told.listing.running:
        blocks.append(context(_source(told, now)))
    buttons = [has_now(told.listing, told.heard.gpus_seen)] if told.missing_gpus and told.heard is not None else []
    if told.listing.state == "stopped" and told.listing.instance.provider == "ec2":
        buttons.append(button(f"Start {name}", START_BUTTON, told.listing.instance.id))
    buttons += [button(f"How {name} is judged", WHY_RULE_BUTTON, told.listing.instance.id)] if measured[0] else []
    if buttons:
        blocks.append(actions(*buttons))
    return Reply(cut(f"{conclusion} {_evidence(told)} Next: {_next(told)}", 3_900), blocks)


def how_judged(told: Explanation, now: int) -> Reply:
    """The rule that makes it idle, and what each source says by itself."""
    text = lines([_rule(told), _source(told, now), *_others(told)])
    return Reply(cut(f"How {esc(told.listing.instance.name, 60)} is judged. {text}", 3_900), [section(text)])


def _conclusion(told: Explanation, now: int) -> str:
    listing, verdict = told.listing, told.verdict
    name, word = esc(listing.instance.name, 60), in_words(told.verdict.state)
    if not listing.running:
        return f"{name} is {in_words(listing.state)}, so there is nothing to measure."
    if verdict.since is None or verdict.needs_time:
        return f"{name} is {word}."
    moment, ago = near(verdict.since, now), length(now - verdict.since)
    if verdict.state == "active":
        return f"{name} is {word}. It last worked {ago} ago ({moment})."
    if verdict.state == "unknown":
        return f"{name} is {word} since {moment} ({ago})."
    if verdict.state == "held":
        return f"{name} has been {in_words('free')} for {ago}, since {moment}, and keeps memory."
    return f"{name} has been {word} for {ago}, since {moment}."


def _evidence(told: Explanation) -> str:
    evidence = esc(told.verdict.evidence, 400)
    return f"{evidence[:1].upper()}{evidence[1:]}." if told.listing.running else ""


Pair = tuple[GpuTrace | None, GpuVerdict]


def _gpus(told: Explanation, now: int) -> list[str]:
    """One line per GPU, with what its agent reads of it, if it does; neighbours that do the same share one."""
    traces = {trace.gpu: trace for trace in told.traces}
    pairs = [(traces.get(verdict.gpu), verdict) for verdict in told.verdict.gpus]
    said = []
    for (begin, end), group in groupby(pairs, key=lambda pair: _kind(pair[0], pair[1], now)):
        alike = list(group)
        numbers = [verdict.gpu for _, verdict in alike]
        label = f"GPU {numbers[0]}" if len(numbers) == 1 else f"GPUs {numbers[0]}-{numbers[-1]}"
        said.append(f"{label}: {begin}{_figures(alike)}{end}")
    return said


def _kind(trace: GpuTrace | None, verdict: GpuVerdict, now: int) -> tuple[str, str]:
    """What a GPU does, before and after its figures."""
    word = in_words(verdict.state)
    if trace is None:
        since = f" since {near(verdict.since, now)}" if verdict.since and verdict.state in IDLE_STATES else ""
        return f"{word}{since}", ""
    count = trace.compute_processes
    running = "" if count is None else f", {plural(count, 'program')}" if count else ", no programs"
    running += f" ({esc(trace.process, 40)})" if trace.process else ""
    if verdict.state == "active":
        return word, running
    worked = f", last worked {length(now - trace.last_active_at)} ago" if trace.last_active_at else ""
    return f"{word}{_as_of(trace, now)}", f"{running}{worked}"


def _figures(alike: Sequence[Pair]) -> str:
    """What several GPUs are read to use, from the least to the most."""
    traces = [trace for trace, _ in alike if trace is not None]
    if not traces:
        return ""
    used = [each.util_max for each in traces if each.util_max is not None]
    watts = [each.watts for each in traces if each.watts is not None]
    memory = [each.memory_used_mib / 1024 for each in traces if each.memory_used_mib is not None]
    return "".join(
        [
            f", {_range(used)} %" if used else ", use not known",
            f", {_range(watts)} W" if watts else "",
            f", {_range(memory, 1)} GB used" if memory else "",
        ]
    )


def _range(values: Sequence[float], digits: int = 0) -> str:
    least, most = (f"{value:.{digits}f}" for value in (min(values), max(values)))
    return least if least == most else f"{least}-{most}"


def _as_of(trace: GpuTrace, now: int) -> str:
    """How old a reading is that is no longer what the GPU does."""
    at = trace.last_minute_at
    return f", last read {near(at, now)}" if at is not None and now - at > OLD_READING_MS else ""


def _day(told: Explanation) -> str:
    return f"{hour_bars(told.strip)} last 24 hours (· not seen)" if told.listing.running else ""


def _others(told: Explanation) -> list[str]:
    """What each source but the agent says by itself."""
    return [
        f"{esc(name, 40)} by itself: {in_words(verdict.state)}, {esc(verdict.evidence)}."
        for name, verdict in told.others
    ]


def _wasted(told: Explanation) -> str:
    """What it cost for nothing, by the ledger: the same sums as in lists, digests and reports."""
    rate = told.listing.rate
    spell, day = told.unused_micros, told.unused_day_micros
    said = [f"{roughly(spell)} since it was judged idle"] if spell else []
    said += [f"{roughly(day)} in the last 24 hours"] if day and day != spell else []
    full = " at full cost" if told.listing.instance.provider == "owned" else ""
    return f"Wasted: {about(exact=rate is None or rate.exact)}{', '.join(said)}{full}." if said else ""


def _exempt(told: Explanation) -> str:
    if told.exemption is None:
        return ""
    day = told.exemption.last_day
    return f"Exempt until {day:%A} {day.day} {day:%B} {day.year}: {esc(told.exemption.reason)}."


def _source(told: Explanation, now: int) -> str:
    last = max((trace.last_minute_at for trace in told.traces if trace.last_minute_at), default=None)
    if last is None and told.heard is not None:
        return f"Source: its agent, last heard {clock_time(told.heard.reported_at)}.{_about_agent(told, now)}"
    if last is None and told.others:
        return f"Source: {' and '.join(esc(name, 40) for name, _ in told.others)}; no agent has reported from it."
    if last is None:
        return "Source: none. No agent has reported from it; `valet token add` makes a token for one."
    age = length(now - last)
    return f"Source: its agent (NVML), last minute seen {clock_time(last)}, {age} ago.{_about_agent(told, now)}"


def _about_agent(told: Explanation, now: int) -> str:
    """What the agent says of itself: version and driver, the GPUs it misses, what keeps it from reading."""
    heard = told.heard
    if heard is None:
        return ""
    parts = [f"agent {esc(heard.agent_version, 40)}"] if heard.agent_version else []
    parts += [f"driver {esc(heard.driver, 40)}"] if heard.driver else []
    versions = ", ".join(parts)
    said = [f"{versions[:1].upper()}{versions[1:]}."] if parts else []
    if heard.fewer_since is not None:
        said.append(f"It has seen {heard.gpus_seen} of {told.listing.instance.gpu_count} GPUs {_since(heard, now)}.")
    said += [f"It says: {esc(heard.error.rstrip('.'), 200)}."] if heard.error else []
    return f" {' '.join(said)}" if said else ""


def _since(heard: AgentReport, now: int) -> str:
    return f"since {near(heard.fewer_since or heard.reported_at, now)}"


def _claim(told: Explanation) -> str:
    held, in_use = told.listing.claims, unclaimed_in_words(told.listing)
    use = f" {in_use[:1].upper()}{in_use[1:]}." if in_use else ""
    if not held:
        return f"{UNCLAIMED.word.capitalize()}.{use}"
    return f"{'Claim' if len(held) == 1 else 'Claims'}: {', '.join(_one(told.listing, each) for each in held)}.{use}"


def _drained(told: Explanation) -> str:
    drain = told.listing.drain
    return f"Drain: no new claims; {draining_since(drain)}." if drain else ""


def _line(told: Explanation) -> str:
    listing = told.listing
    if not listing.waiting:
        return ""
    who = "1 person waits" if listing.waiting == 1 else f"{listing.waiting:,} people wait"
    held = ", ".join(
        f"{gpus(each.gpus)} kept for {person(each.person)} to {at(each.until_at)}" for each in listing.offers
    )
    line = gpu_command("line", esc(listing.instance.name, 60))
    return f"Line: {who} for it{f' ({held})' if held else ''}; {line} shows who."


def _one(listing: Listing, held: Claim) -> str:
    some = "" if listing.is_whole(held) else f" has {gpus(held.gpus)}"
    note = f" ({esc(held.note, 80)})" if held.note else ""
    return f"{person(held.holder)}{some} to {ends(held)}{note}"


def _snooze(told: Explanation) -> str:
    if told.snooze is None:
        return ""
    return f"Kept: {snooze_line(told.snooze)}."


def _booked(told: Explanation) -> str:
    return f"Booked: by {person(told.booked.holder)} from {at(told.booked.from_at)}." if told.booked else ""


def _stop(told: Explanation) -> str:
    """Whether whoever asks could ask for a stop, who would be asked, and which wishes of others its card would tell."""
    if told.listing.state == "stopped":
        return ""
    if told.action is not None:
        return "" if told.action.kind == "stop" else f"It can't be stopped before the {told.action.kind} is over."
    if told.obstacle or told.planned is None:
        return f"It can't be stopped now. {say(told.obstacle or '')}".rstrip()
    facts = told.planned.facts
    if not isinstance(facts, StopFacts):
        return ""
    others = [holder for holder in dict.fromkeys(facts.holders) if holder != told.planned.requester]
    decides = "an approver decides" if facts.approvals == 1 else f"it needs {facts.approvals} approvals"
    holds = "holds it and is" if len(others) == 1 else "hold it and are"
    first = f"You can ask for a stop. {persons(others)} {holds} asked first; then {decides}."
    return (first if others else f"You can ask for a stop; {decides}.") + _said_of_others(facts)


def _said_of_others(facts: StopFacts) -> str:
    """What its card says of others."""
    said = [f"{person(facts.kept_by)} keeps it"] if facts.kept_by else []
    waits = "1 person waits for it" if facts.waiting == 1 else f"{facts.waiting:,} people wait for it"
    said += [waits] if facts.waiting else []
    said += [f"{person(facts.booked_by)} has booked it"] if facts.booked_by else []
    return f" Its card says that {' and that '.join(said)}." if said else ""


def _next(told: Explanation) -> str:
    action = told.action
    if action is not None:
        return _about(action, told.asked_first)
    if told.snooze is not None and told.verdict.state != "active":
        return f"nothing before {near(told.snooze.until_at, told.snooze.made_at)}; then digests list it again."
    idle = told.verdict.is_idle or told.verdict.state == "partial"
    if idle and told.digest_at and told.listing.running:
        return f"the digest of {at(told.digest_at)} lists it. Valet stops nothing by itself."
    if told.listing.claims:
        last = told.listing.claims[-1]
        return f"the claim of {person(last.holder)} ends {ends(last)}."
    return "nothing. Valet stops nothing by itself."


def _about(action: Action, asked_first: tuple[str, ...]) -> str:
    if action.state == "pending":
        asked = f"{say(action.asker)} asked to {action.kind} it"
        if asked_first:
            return f"{asked}; {persons(asked_first)}, who holds it, answers first."
        return f"{asked}; an approver can answer until {at(action.expires_at)}."
    return f"it is being {PAST_TENSE[action.kind]}; {say(action.decided_by)} approved it."


def _rule(told: Explanation) -> str:
    rule = told.rule
    return (
        f"A GPU is idle after {rule.window_minutes} minutes without work (below {rule.active_pct:g} %), of which at "
        f"least {rule.quiet_needed} were really seen. One busy minute starts the count again. The first "
        f"{rule.settle_minutes} minutes after a boot don't count. A machine is idle only if each of its GPUs is."
    )
