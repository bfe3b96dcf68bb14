"""The approval card in every state, and what whoever asked is told."""

from collections.abc import Sequence

from bot.domain.acting.actions import VALET, Action, StopFacts
from bot.domain.acting.approvals import Consent
from bot.domain.machines.listing import Listing
from bot.domain.undelivered import Lost
from handlers.blocks import undelivered
from handlers.blocks.acting import card_facts as card_facts_blocks
from handlers.blocks.acting import card_parts as card_parts_blocks
from handlers.blocks.acting import outcomes as outcomes_blocks
from handlers.blocks.acting.card_facts import WORDS_OF, card_name, label
from handlers.blocks.acting.card_facts import card_question as question_of_card_facts
from handlers.blocks.acting.consents import first_question, said
from handlers.blocks.acting.launch import LAUNCH_BUTTON
from handlers.blocks.buttons import CLAIM_BUTTON, WHY_BUTTON
from handlers.blocks.parts import Block, Reply, actions, button, confirm, context, lines, plainly, section
from handlers.blocks.words import by_clock, code, esc, near, person, persons, say

# Messages that stand in Slack carry these, so their text never changes.
ASK_STOP_BUTTON = "ask_stop"
START_BUTTON = "start"
ASK_AGAIN_BUTTON = "ask_again"
CALL_OFF_BUTTON = "call_off_action"
APPROVE_BUTTON = "approve_action"
DENY_BUTTON = "deny_action"

_MOST_NAMED = 20


def card(action: Action, approvers: frozenset[str], asked: Sequence[Consent] = ()) -> Reply:
    """The card in whatever state the action is; `asked`: its holders, before. What is over names what to do next."""
    if action.state == "pending":
        return _question(action, approvers, asked)
    text = outcomes_blocks.whole_outcome(action)
    reason = f"\n>{esc(action.reason, 300)}" if action.reason else ""
    blocks = [section(f"{text}{reason}"), context(card_facts_blocks.facts(action))]
    again = _start_again(action) or _again(action, short=True)
    return Reply(text, [*blocks, *([actions(*again)] if again else [])], private=False)


def _question(action: Action, approvers: frozenset[str], asked: Sequence[Consent]) -> Reply:
    until = f"Waiting for {_who(approvers)} until {by_clock(action.expires_at, action.created_at)}."
    works = f":warning: {card_name(action)} is working." if action.ends_work else ""
    text = " ".join(
        filter(
            None,
            [
                question_of_card_facts(action),
                works,
                f"{say(action.asker)} asks.",
                until,
                outcomes_blocks.approvals_so_far(action),
            ],
        )
    )
    reason = f"\n>{esc(action.reason, 300)}" if action.reason else ""
    facts = section(lines([card_facts_blocks.facts(action), said(asked)]))
    return Reply(text, [section(f"*{text}*{reason}"), facts, actions(*_answers(action))], private=False)


def _answers(action: Action) -> list[Block]:
    """The buttons of an open question."""
    words = WORDS_OF[action.kind]
    sure = confirm(question_of_card_facts(action), _sure(action), yes=f"{words.verb} it", no="Back")
    why = [button("Why", WHY_BUTTON, action.instance_id)] if action.kind in {"stop", "resize"} else []
    return [
        button(label(action), APPROVE_BUTTON, action.id, style=words.style, confirm=sure),
        button(words.no, DENY_BUTTON, action.id),
        *why,
    ]


def _who(approvers: frozenset[str]) -> str:
    named = [person(user) for user in sorted(approvers)]
    if not named:
        return "somebody who may decide (nobody can just now)"
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
    lost = card_parts_blocks.lost_by_stop(facts, ends_work=action.ends_work)
    return f"{card_name(action)}{rate}, {holder}.{works} {lost}"


def _start_again(action: Action) -> tuple[Block, ...]:
    """For what was stopped."""
    stopped = action.kind == "stop" and action.state == "done"
    return (button("Start again", START_BUTTON, action.instance_id),) if stopped else ()


def glass_broken(action: Action) -> Reply:
    """Posted where the card is: an edited card notifies nobody."""
    text = (
        f":rotating_light: {person(action.decider)} approved their own request alone, as the team allows: "
        f"*{question_of_card_facts(action)}*\n>{esc(action.break_glass, 300)}"
    )
    return plainly(text, private=False)


def reminder(card: Reply) -> Reply:
    """Its card once more, to one of those who can decide."""
    said = "A reminder: half of the time for this is over."
    return Reply(f"{said} {card.text}", [context(said), *card.blocks])


def action_asked(
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
        return plainly(outcomes_blocks.whole_outcome(action), *(_off(action) if mine else ()))
    earlier = f"{'You' if mine else say(action.asker)} asked already" if again else ""
    stays, holders = WORDS_OF[action.kind].stays.format(name=name), first_question(first)
    if holders:
        begins = f"{earlier}: {_terms(action)} " if again else ""
        text = f"{begins}{holders}; then the question goes on{where.replace(' in ', ' to ')}. {stays} until then."
    else:
        begins = f"{earlier}{'' if lost else where}: {_terms(action)}" if again else f"Asked{where}."
        begins = f"{begins} {_lost(lost)}" if lost else begins
        ends = f"unless someone approves by {by_clock(action.expires_at, action.created_at)}"
        text = f"{begins} {stays}, as Valet only observes." if action.facts.is_observed else f"{begins} {stays} {ends}."
    return plainly(text, *(_back(action) if again and mine else ()))


def undelivered_card(action: Action, lost: Lost | None) -> Reply:
    """Told in person to whoever asked, as soon as a channel did not take the card."""
    if lost is None:
        return plainly(f"*{card_name(action)}*: its card is posted by now.")
    until = f" It is open until {by_clock(action.expires_at, action.created_at)}." if action.state == "pending" else ""
    return plainly(f"*{question_of_card_facts(action)}* {_lost(lost)}{until}")


def _lost(lost: Lost) -> str:
    instead = f" {persons(lost.people)} {'was' if len(lost.people) == 1 else 'were'} asked in person instead."
    where = f"{undelivered.place_name(lost.channel)} ({code(lost.error, 60)})"
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
    text = f"{outcomes_blocks.whole_outcome(action)}{yours}{_offer(others)}"
    return plainly(text, *_off(action), *others)


def instead_buttons(others: list[Listing], templates: list[str]) -> list[Block]:
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


def ended_action(action: Action, others: list[Block]) -> Reply:
    """Told in person to the one who asked, when it is over; `others` are buttons for what could be had instead."""
    text, more = outcomes_blocks.whole_outcome(action), ""
    if action.kind != "stop" and (action.state == "done" or action.arrived_at):
        more = _yours(action)
    more += _offer(others)
    blocks: list[Block] = [section(text + more)]
    again = _start_again(action) or _again(action)
    if again or others:
        blocks.append(actions(*again, *others))
    return Reply(text + more, blocks)


def _yours(action: Action) -> str:
    """Until when whoever asked has it."""
    begins = action.arrived_at or action.finished_at
    if begins is None or action.length is None or "not claimed" in action.outcome:
        return ""
    return f" Yours until {near(begins + action.length, begins)}."


def _again(action: Action, *, short: bool = False) -> tuple[Block, ...]:
    """To ask once more for what did not come about; `short` where what it is about stands right above."""
    if action.requester == VALET or action.state not in {"aborted", "expired", "failed"}:
        return ()
    words = "Ask again" if short else f"Ask again to {action.kind} {action.facts.name}"
    return (button(words, ASK_AGAIN_BUTTON, action.id),)
