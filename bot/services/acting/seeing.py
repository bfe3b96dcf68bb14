"""What a card says that a machine does, with as of when: frozen when it is asked for, judged anew when passed on."""

from dataclasses import replace
from typing import TypeVar

from sqlite_utils import Database

from bot.domain.acting.actions import Action, ResizeFacts, SeenFacts, StopFacts
from bot.domain.fleet import Instance
from bot.domain.measuring.verdict import Verdict
from bot.services.acting import scenes
from bot.services.desk import Desk
from bot.services.measuring import looking
from store import fleet
from store.acting import actions

F = TypeVar("F", bound=SeenFacts)


def seen(desk: Desk, db: Database, facts: F, instance: Instance, verdict: Verdict | None) -> F:
    """The facts with a verdict, as of when it is, and who can tell of work only late."""
    if verdict is None:
        return facts
    newest, slow = looking.newest(desk, db, instance), looking.lateness(desk, db, instance)
    return replace(
        facts,
        verdict=verdict.state,
        verdict_since=verdict.since,
        evidence=verdict.evidence,
        as_of=newest or verdict.judged_at,
        late_by=slow[0] if slow else "",
        late=slow[1] if slow else 0,
    )


def anew(desk: Desk, db: Database, action: Action) -> str | None:
    """Judge a machine anew for a card that has aged; why that card is not to be shown any more, if it isn't."""
    row = fleet.by_id(db, action.instance_id)
    if row is None:
        return None
    instance = fleet.instance_of(row)
    verdict = scenes.verdict_of(desk, db, instance)
    if verdict.works and not action.may_end_work:
        return f"{instance.name} began to work after the request."
    if isinstance(action.facts, StopFacts | ResizeFacts):
        actions.set_facts(db, replace(action, facts=seen(desk, db, action.facts, instance, verdict)))
    return None
