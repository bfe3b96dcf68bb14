"""Who may decide on an action, and whether whoever did still may."""

from dataclasses import dataclass
from typing import Literal

from bot.domain import parts
from bot.domain.acting.actions import BY_RULE, BY_SETTINGS, VALET, Action
from bot.domain.clock import HOUR_MS
from bot.domain.people import Roster, either


def refusal_to_approve(action: Action, person: str, roster: Roster) -> str | None:
    """Why `person` may not decide on this action; None when they may."""
    if person == action.requester:
        return f"You asked for this yourself, so someone else decides: {_names(action, roster)}."
    if person not in deciders(action, roster):
        return f"Only {_names(action, roster)} can decide this."
    return None


def refusal_to_break_glass(action: Action, person: str, roster: Roster) -> str | None:
    """Why `person` may not pass this action by themselves; None when they may."""
    team = roster.team(action.team)
    if action.ends_work:
        return f"It works, and ending work always takes others who approve; {_names(action, roster)} can decide."
    if team is None or not team.break_glass:
        return f"Nobody passes their own request here; {_names(action, roster)} can decide this."
    if person != action.requester or person not in team.approvers:
        return f"Only who asked for it, as an approver of team {team.name}, can; {_names(action, roster)} can decide."
    return None


def deciders(action: Action, roster: Roster) -> frozenset[str]:
    """Who may decide on it: the team's approvers, and the admins where those are too few; never the requester.

    Where Valet itself asks, whoever the machine was launched for decides as well.
    """
    if action.requester == VALET:
        return roster.approvers(action.team) | ({action.owner} - {""})
    able = roster.approvers(action.team) - {action.requester}
    return able if len(able) >= action.facts.approvals else able | (roster.admins - {action.requester})


def _names(action: Action, roster: Roster) -> str:
    return either(deciders(action, roster))


def rule_setters(team: str, roster: Roster) -> frozenset[str]:
    """Who may set what Valet then does by itself, and so decides it: the team's approvers, and the admins."""
    return roster.approvers(team) | roster.admins


def decider_gone(action: Action, roster: Roster) -> str | None:
    """Whether whoever said yes may still say so; None when they may."""
    if action.decider in {"", BY_RULE, BY_SETTINGS}:
        return None
    if action.facts.rule:
        able = action.decider in rule_setters(action.team, roster)
        return None if able else f"{parts.person(action.decider)}, who set its on-hours, may no longer do so."
    refuses = refusal_to_break_glass if action.break_glass else refusal_to_approve
    yeses, needed = action.approvers or (action.decider,), 1 if action.break_glass else action.facts.approvals
    gone = [person for person in yeses if refuses(action, person, roster)]
    return f"{parts.person(gone[0])} may no longer approve this." if gone and len(yeses) - len(gone) < needed else None


ConsentAnswer = Literal["", "agreed", "needed", "silent", "ended", "late"]
"""Empty until there is an answer. silent: none in time. ended: the claim has ended, so there is nothing to ask.
late: still needed, said after the question had gone on to those who decide.
"""
OPEN_ANSWERS: frozenset[ConsentAnswer] = frozenset({"agreed", "silent"})
"""After these a holder may still say that they need it, until it is being stopped."""
NAG_PAUSE_MS = 4 * HOUR_MS
"""So long a holder who still needs a machine is not asked about it again."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One question to one holder, about one stop."""

    id: str
    action_id: str
    claim_id: str
    holder: str
    until_at: int
    """When the claim was to end as it was asked: a later end is an answer."""
    asked_at: int
    deadline_at: int
    answer: ConsentAnswer = ""
    answered_at: int | None = None
