"""The approval card in every state, the question to holders, and what whoever asked is told."""

from collections.abc import Sequence

from bot.domain.acting.actions import BY_RULE, NOBODY_ASKED, Action, ResizeFacts, StopFacts
from bot.domain.acting.approvals import OPEN_ANSWERS, Consent
from bot.domain.machines.listing import Listing
from bot.domain.undelivered import Lost
from handlers.blocks import undelivered
from handlers.blocks.acting import card_facts as card_facts_blocks
from handlers.blocks.acting import card_parts as card_parts_blocks
from handlers.blocks.acting.card_facts import WORDS_OF, card_name, label
from handlers.blocks.acting.card_facts import card_question as question_of_card_facts
from handlers.blocks.acting.launch import LAUNCH_BUTTON
from handlers.blocks.buttons import CLAIM_BUTTON
from handlers.blocks.parts import Block, Reply, actions, button, confirm, context, lines, plainly, section
from handlers.blocks.words import at, code, esc, near, person, persons, say, usd

# Messages that stand in Slack carry these, so their text never changes.
ASK_STOP_BUTTON = "ask_stop"
START_BUTTON = "start"
CALL_OFF_BUTTON = "call_off_action"
APPROVE_BUTTON = "approve_action"
DENY_BUTTON = "deny_action"
CONSENT_YES_BUTTON = "consent_yes"
CONSENT_NO_BUTTON = "consent_no"

_MOST_NAMED = 20


def card(action: Action, approvers: frozenset[str], asked: Sequence[Consent] = ()) -> Reply:
    """The card in whatever state the action is; only a pending one has buttons. `asked`: its holders, before."""
    if action.state == "pending":
        return _question(action, approvers, asked)
    text = f"{_ending(action)} Asked by {say(action.asker)}."
    blocks = [section(f"*{question_of_card_facts(action)}*\n{text}"), context(card_facts_blocks.facts(action))]
    return Reply(text, blocks, private=False)


def _question(action: Action, approvers: frozenset[str], asked: Sequence[Consent]) -> Reply:
    until = f"{_who(approvers)} can answer until {at(action.expires_at)}."
    works = f":warning: {card_name(action)} is working." if action.ends_work else ""
    text = " ".join(
        filter(None, [question_of_card_facts(action), works, f"{say(action.asker)} asks.", until, _yeses(action)])
    )
    reason = f"\n>{esc(action.reason, 300)}" if action.reason else ""
    words = WORDS_OF[action.kind]
    sure = confirm(question_of_card_facts(action), _sure(action), yes=f"{words.verb} it", no="Back")
    buttons = actions(
        button(label(action), APPROVE_BUTTON, action.id, style=words.style, confirm=sure),
        button(words.no, DENY_BUTTON, action.id),
    )
    facts = section(lines([card_facts_blocks.facts(action), said(asked)]))
    return Reply(text, [section(f"*{text}*{reason}"), facts, buttons], private=False)


def _yeses(action: Action) -> str:
    """How many it takes, and who has said so."""
    needed, said = action.facts.approvals, action.yeses
    if needed == 1:
        return ""
    return f"{persons(said)} said yes; it takes somebody else's yes, too." if said else f"It takes {needed} yeses."


def _who(approvers: frozenset[str]) -> str:
    named = [person(user) for user in sorted(approvers)]
    if not named:
        return "Nobody"
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return " ".join(named[:_MOST_NAMED]) + more


def _sure(action: Action) -> str:
    facts = action.facts
    rate = f" ({card_parts_blocks.price(facts)})" if facts.rate_micros is not None else ""
    if not isinstance(facts, StopFacts):
        reboots = f" {card_name(action)} is rebooted." if action.reboots else ""
        return f"{card_name(action)}{rate}. {card_parts_blocks.spends(action)}{reboots}"
    holder = f"held by {persons(facts.holders)}" if facts.holders else "held by nobody"
    holder += f", and {person(facts.kept_by)} wants it left alone" if facts.kept_by else ""
    works = " It is working, and that work ends." if action.ends_work else ""
    return f"{card_name(action)}{rate}, {holder}.{works} {card_parts_blocks.lost(facts, ends_work=action.ends_work)}"


def _ending(action: Action) -> str:
    name, words = card_name(action), WORDS_OF[action.kind]
    who = _decided(action)
    said = say(action.outcome)
    waits = _waits(action, f"{words.begun.format(name=name)}.")
    return {
        "approved": f"{who}; checking {name} once more.{f' {said}' if said else ''}",
        "executing": f"{who}; {waits}",
        "done": f"{said} {who}.",
        "failed": f"{words.not_done}, though {who}: {said}",
        "unknown": f"Unclear. {who}, but {said}",
        "aborted": f"{words.not_done}, though {who}: {said}",
        "denied": f"{words.denied}. {person(action.decider)} {_denying(action)}{_when(action)}.",
        "expired": f"{_too_few(action)}, so {words.left.format(name=name)}.",
        "cancelled": f"No longer needed: {said}",
    }.get(action.state, action.state)


def _waits(action: Action, begun: str) -> str:
    """What an action under way waits for."""
    said = say(action.outcome)
    if action.retry_at:
        return f"{said} Next try at {at(action.retry_at)}."
    if action.arrived_at:
        is_awaited = isinstance(action.facts, ResizeFacts) and action.facts.waiting
        then = "offered to those in line" if is_awaited else "stopped and kept"
        return f"{said} {card_name(action)} itself runs on until it is seen idle, and is then {then}."
    return begun


def _decided(action: Action) -> str:
    if action.decider == BY_RULE:
        return "it is within what the team may start unasked"
    if action.break_glass:
        return f"{person(action.decider)} broke the glass{_when(action)}"
    return f"{persons(action.approvers)} approved it{_when(action)}"


def _denying(action: Action) -> str:
    holders = action.machine.holders if action.machine else ()
    return "holds it and still needs it, as said" if action.decider in holders else "decided it"


def _too_few(action: Action) -> str:
    if action.outcome == NOBODY_ASKED:
        return "The card was not posted in time, and nobody could answer"
    return f"Only {persons(action.yeses)} said yes in time" if action.yeses else "Nobody answered in time"


def glass_broken(action: Action) -> Reply:
    """Posted where the card is: an edited card notifies nobody."""
    text = (
        f":rotating_light: {person(action.decider)} approved their own request alone, as the team allows: "
        f"*{question_of_card_facts(action)}*\n>{esc(action.break_glass, 300)}"
    )
    return plainly(text, private=False)


def _when(action: Action) -> str:
    return f" at {at(action.decided_at)}" if action.decided_at else ""


def asked(
    action: Action,
    channel: str,
    reader: str,
    *,
    again: bool,
    first: Sequence[Consent] = (),
    lost: Lost | None = None,
) -> Reply:
    """Told to the reader, who asked; `again`: it was asked for before, perhaps by somebody else.

    `first`: the holders who are asked before the card is posted. `lost`: why it does not stand where it belongs.
    """
    name, mine = card_name(action), reader == action.requester
    where = f" in <#{channel}>" if channel else ""
    if action.state != "pending":
        return plainly(f"{name} is already on its way: {_ending(action)}", *(_off(action) if mine else ()))
    earlier = f"{'You' if mine else say(action.asker)} asked already" if again else ""
    stays, holders = WORDS_OF[action.kind].stays.format(name=name), first_question(first)
    if holders:
        begins = f"{earlier}: {_terms(action)} " if again else ""
        text = f"{begins}{holders}; then the question goes on{where.replace(' in ', ' to ')}. {stays} until then."
    else:
        begins = f"{earlier}{'' if lost else where}: {_terms(action)}" if again else f"Asked{where}."
        begins = f"{begins} {_lost(lost)}" if lost else begins
        text = f"{begins} {stays} until somebody approves; the question lapses at {at(action.expires_at)}."
    return plainly(text, *(_back(action) if again and mine else ()))


def undelivered_card(action: Action, lost: Lost | None) -> Reply:
    """Told in person to whoever asked, as soon as a channel did not take the card."""
    if lost is None:
        return plainly(f"*{card_name(action)}*: its card is posted by now.")
    lapses = f" The question lapses at {at(action.expires_at)}." if action.state == "pending" else ""
    return plainly(f"*{question_of_card_facts(action)}* {_lost(lost)}{lapses}")


def _lost(lost: Lost) -> str:
    instead = f" {persons(lost.people)} {'was' if len(lost.people) == 1 else 'were'} asked in person instead."
    where = f"{undelivered.place(lost.channel)} ({code(lost.error, 60)})"
    return f"The card could not be posted to {where}. {undelivered.remedy(lost.error)}{instead if lost.people else ''}"


def _terms(action: Action) -> str:
    """On which terms it stands, whatever others were named now."""
    reboot = " With a reboot." if action.reboots else " Without a reboot."
    return f"{question_of_card_facts(action)}{reboot if action.kind == 'clone' else ''}"


def _back(action: Action) -> tuple[Block, ...]:
    """For other terms it has to be taken back first."""
    return (button("Take it back", CALL_OFF_BUTTON, action.id),)


def _off(action: Action) -> tuple[Block, ...]:
    if not action.is_live or action.kind == "stop" or (action.state == "executing" and action.retry_at is None):
        return ()
    return (button(f"Don't {WORDS_OF[action.kind].verb.lower()} it any more", CALL_OFF_BUTTON, action.id),)


def news(action: Action, others: list[Block]) -> Reply:
    """Told in person while it is under way."""
    yours = _yours(action) if action.arrived_at else ""
    text = f"*{card_name(action)}*: {_ending(action)}{yours}{_offer(others)}"
    return plainly(text, *_off(action), *others)


def instead(others: list[Listing], templates: list[str]) -> list[Block]:
    """Buttons for machines that could be had instead."""
    machines = [
        button(
            f"{'Claim' if each.running else 'Start'} {each.instance.name}", f"{_verb(each)}:{number}", each.instance.id
        )
        for number, each in enumerate(others)
    ]
    launches = [button(f"Launch {name}", f"{LAUNCH_BUTTON}:{number}", name) for number, name in enumerate(templates)]
    return [*machines, *launches]


def _verb(listing: Listing) -> str:
    return CLAIM_BUTTON if listing.running else START_BUTTON


def _offer(others: list[Block]) -> str:
    return " Or take another:" if others else ""


def ended(action: Action, others: list[Block]) -> Reply:
    """Told in person to the one who asked, when it is over; `others` are buttons for what could be had instead."""
    text = f"*{card_name(action)}*: {_ending(action)}"
    stopped = action.kind == "stop" and action.state == "done" and not card_parts_blocks.is_owned(action.facts)
    saved, machine = action.saved_micros if stopped else None, action.machine
    about = "" if action.facts.rate_exact else "about "
    more = f" From now on that is {about}{usd(saved * 24)} a day less." if saved else ""
    if stopped and machine and machine.paid_anyway:
        more = f" {card_parts_blocks.saves_nothing(machine)}"
    if action.kind != "stop" and (action.state == "done" or action.arrived_at):
        more = _yours(action)
    more += _offer(others)
    blocks: list[Block] = [section(text + more)]
    again = _again(action) if action.state in {"aborted", "expired", "failed"} else ()
    if again or others:
        blocks.append(actions(*again, *others))
    return Reply(text + more, blocks)


def _yours(action: Action) -> str:
    """Until when whoever asked has it."""
    begins = action.arrived_at or action.finished_at
    if begins is None or action.length is None or "not claimed" in action.outcome:
        return ""
    return f" Yours until {near(begins + action.length, begins)}."


def _again(action: Action) -> tuple[Block, ...]:
    name = action.facts.name
    if action.ends_work:
        return ()  # it takes a reason, which no button knows
    if action.kind == "stop":
        return (button(f"Ask again to stop {name}", ASK_STOP_BUTTON, action.instance_id),)
    if action.kind == "start":
        return (button(f"Ask again to start {name}", START_BUTTON, action.instance_id),)
    if action.kind == "launch":
        return (button(f"Ask again to launch {name}", LAUNCH_BUTTON, action.template),)
    return ()


def question(consent: Consent, action: Action) -> Reply:
    """Put to a holder, in whatever state it is."""
    reason = f"\n>{esc(action.reason, 300)}" if action.reason else ""
    until = near(consent.until_at, consent.asked_at)
    works = " It is working, and that work would end." if action.ends_work else ""
    text = f"{say(action.asker)} asks to stop *{card_name(action)}*, which you hold until {until}.{works}{reason}"
    if consent.answer or action.state != "pending":
        undone = consent.answer in OPEN_ANSWERS and action.state in {"pending", "approved"}
        no = (button("I still need it", CONSENT_NO_BUTTON, consent.id, style="primary"),) if undone else ()
        return plainly(f"{text}\n{_became(consent, action)}", *no)
    what = "It is working, and that work" if action.ends_work else "What runs there"
    sure = confirm(f"May {action.facts.name} be stopped?", f"{what} ends, if others agree.", yes="Yes", no="No")
    silence = f"Without your answer by {at(consent.deadline_at)} it goes to those who decide, who are told so."
    return plainly(
        f"{text}\n{silence}",
        button("I still need it", CONSENT_NO_BUTTON, consent.id, style="primary"),
        button("It may be stopped", CONSENT_YES_BUTTON, consent.id, confirm=sure),
    )


def _became(consent: Consent, action: Action) -> str:
    if consent.answer in OPEN_ANSWERS:
        begun = "You said that it may be stopped" if consent.answer == "agreed" else "You have not answered in time"
        return f"{begun}{_since_then(action)}"
    return {
        "needed": "You still need it, so it keeps running. They know.",
        "late": "You still need it, so it keeps running. They know.",
        "ended": "Your claim has ended, so there is nothing to answer.",
    }.get(consent.answer, f"Nobody needs your answer any more. {say(action.outcome)}".rstrip())


def _since_then(action: Action) -> str:
    if action.state == "pending":
        return "; others decide now. You can still keep it."
    if action.state == "approved":
        return f"; {say(action.decided_by)} approved it. You can still keep it."
    if action.state == "executing":
        return f"; it is being stopped, as {say(action.decided_by)} approved."
    return ". It keeps running." if action.state == "denied" else f". {say(action.outcome)}"


def first_question(asked: Sequence[Consent]) -> str:
    """Who is asked before a card is posted, for whoever wants the stop; empty where nobody has to answer any more."""
    waiting = [each for each in asked if not each.answer]
    if not waiting:
        return ""
    who, until = persons([each.holder for each in waiting]), at(max(each.deadline_at for each in waiting))
    holds = "holds it and has" if len(waiting) == 1 else "hold it and have"
    return f"{who} {holds} been asked first, until {until}"


def said(asked: Sequence[Consent]) -> str:
    """What holders said, for the card; empty where none was asked."""
    words = {
        "agreed": "says it may be stopped",
        "needed": "still needs it",
        "late": "still needs it",
        "silent": "was asked first and has not answered",
        "ended": "has given it back",
    }
    return "; ".join(f"{person(each.holder)} {words[each.answer]}" for each in asked if each.answer)
