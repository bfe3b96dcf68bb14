"""Which verb knows of which rule: each pair of the table in the docs, tried for real."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.domain.acting.actions import Action
from bot.domain.acting.drain import Drain
from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.sharing.bookings import BookingRequest
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from bot.sandbox.runner import SandboxRunner
from bot.services.acting import approvals, plans, snooze
from bot.services.machines import verdict
from bot.services.machines import why as why_service
from bot.services.sharing import bookings, claims, handovers, line, runs
from handlers.blocks.acting import card_facts as card_facts_blocks
from handlers.blocks.machines.why import why_blocks
from store.acting import drain as stored_drain
from store.machines import listings
from tests import pages
from tests.bot.services.room import ADA, BOB, CY, DEE, SETTINGS, Room

EVE = "U0EVE"
BOX = {"name": "box", "template": "lt-1", "region": "us-west-2", "account": "111122223333", "type": "g5.xlarge"}
BOX |= {"gpu": "A10G", "gpus": 8}
KNOWN = {
    **SETTINGS,
    "launch": [BOX],
    "actions": {"clone": True},
    "runs": {"eval": {"command": "/srv/eval.sh", "user": "ml"}},
}
NAME = "train-7"
LOOKS = {"stop", "stop, with a reason", "stop by rule", "clone", "resize"}
"""What looks at what the machine does."""
ANSWERS = {"refused": "no", "on its card": "card", "-": "yes"}


class Scene(Room):
    """A room that is about one machine."""

    @property
    def id(self) -> str:
        return self.machine(NAME).id

    @property
    def here(self) -> Any:
        found = listings.by_id(self.ctx.store.reading(), self.id)
        assert found is not None
        return found

    def holds(self, who: str, *gpus: int, hours: int = 6) -> None:
        choice = GpuChoice(indexes=gpus) if gpus else GpuChoice()
        claims.claim_gpus(self.ctx, self.id, who, choice=choice, length=hours * HOUR_MS)

    def half(self) -> None:
        """Ada holds half of it."""
        self.holds(ADA, 0, 1, 2, 3, hours=1)

    def frees(self, who: str) -> None:
        claims.release_claim(self.ctx, self.here.claim_of(who).id, who)


def nothing(_scene: Scene) -> None:
    """Nothing is to be done before."""


def stands_still(scene: Scene) -> None:
    scene.fleet.change(NAME, state="stopped", stopped_at=scene.clock())
    scene.sweep()


def by_rule(scene: Scene) -> Action:
    with scene.ctx.store.writing() as db:
        return plans.stop_by_rule(scene.ctx, db, scene.here, rule="idle", parked_at=scene.clock(), reason="")


def others_hold_some(scene: Scene) -> None:
    """Ada holds half of it, and Eve a GPU of another."""
    scene.half()
    claims.claim_gpus(scene.ctx, scene.machine("nb-5").id, EVE, length=HOUR_MS)


def hand(scene: Scene) -> None:
    handovers.accept_handover(scene.ctx, handovers.offer_handover(scene.ctx, scene.id, ADA, EVE).id, EVE)


Verb = tuple[Callable[[Scene], None], Callable[[Scene], None], Callable[[Scene], Any]]
"""What is done before the rule is there, what after it, and what is then tried."""
VERBS: Mapping[str, Verb] = {
    "claim": (nothing, nothing, lambda at: claims.claim_gpus(at.ctx, at.id, ADA, length=4 * HOUR_MS)),
    "claim again": (Scene.half, nothing, lambda at: claims.claim_gpus(at.ctx, at.id, ADA, choice=GpuChoice(count=5))),
    "extend": (Scene.half, nothing, lambda at: claims.extend_claim(at.ctx, at.id, ADA, by=4 * HOUR_MS)),
    "hand": (others_hold_some, nothing, hand),
    "wait": (
        lambda at: at.holds(DEE, 0, 1, hours=1),
        nothing,
        lambda at: line.join_line(at.ctx, ADA, instance_id=at.id, length=4 * HOUR_MS),
    ),
    "book": (
        nothing,
        nothing,
        lambda at: bookings.book_gpus(at.ctx, at.id, ADA, BookingRequest(at.clock() + 90 * MINUTE_MS, 2 * HOUR_MS)),
    ),
    "run": (Scene.half, nothing, lambda at: runs.begin_run(at.ctx, ADA, "eval", at.id)),
    "stop": (nothing, nothing, lambda at: approvals.ask_to_stop(at.ctx, at.id, ADA)),
    "stop, with a reason": (nothing, nothing, lambda at: approvals.ask_to_stop(at.ctx, at.id, ADA, reason="wrong")),
    "stop by rule": (nothing, nothing, by_rule),
    "start": (nothing, stands_still, lambda at: approvals.ask_to_start(at.ctx, at.id, ADA, length=4 * HOUR_MS)),
    "launch": (nothing, nothing, lambda at: approvals.ask_to_launch(at.ctx, "box", ADA, length=4 * HOUR_MS)),
    "clone": (nothing, nothing, lambda at: approvals.ask_to_clone(at.ctx, at.id, ADA, length=4 * HOUR_MS)),
    "resize": (
        nothing,
        nothing,
        lambda at: approvals.ask_to_resize(at.ctx, at.id, ADA, "p5.48xlarge", length=4 * HOUR_MS),
    ),
    "snooze": (nothing, nothing, lambda at: snooze.snooze(at.ctx, at.here, ADA, until=at.clock() + 4 * HOUR_MS)),
}


def waited_for(scene: Scene) -> None:
    """Bob waits for all of it; what was in his way is gone this moment."""
    held = not scene.here.claims
    if held:
        scene.holds(CY)
    line.join_line(scene.ctx, BOB, instance_id=scene.id, length=8 * HOUR_MS)
    if held:
        scene.frees(CY)


def held_by_another(scene: Scene) -> None:
    free = scene.here.unclaimed
    scene.holds(CY, *free)


def works(scene: Scene) -> None:
    scene.reports(NAME, 90.0)
    verdict.judge_all(scene.ctx)


def is_silent(scene: Scene) -> None:
    scene.clock.forward(40 * MINUTE_MS)
    scene.reported.clear()
    verdict.judge_all(scene.ctx)


def tagged(scene: Scene) -> None:
    scene.fleet.change(NAME, tags={**scene.machine(NAME).tags, "valet-protect": "yes"})
    scene.sweep()


def snoozed(scene: Scene) -> None:
    snooze.snooze(scene.ctx, scene.here, CY, until=scene.clock() + 9 * HOUR_MS)


def booked(scene: Scene) -> None:
    bookings.book_gpus(scene.ctx, scene.id, CY, BookingRequest(scene.clock() + HOUR_MS + 59 * MINUTE_MS, HOUR_MS))


def drained(scene: Scene) -> None:
    with scene.ctx.store.writing() as db:
        stored_drain.add(db, Drain("d1", scene.id, DEE, scene.clock(), "new power supply"))


Rule = tuple[Callable[[Scene], None], Mapping[str, Any], str]
"""What makes it count, what it needs in the settings, and which words of a card tell of it."""
RULES: Mapping[str, Rule] = {
    "snooze": (snoozed, {}, CY),
    "line": (waited_for, {}, "in line for"),
    "booking": (booked, {}, f"<@{CY}> has booked it"),
    "another's claim": (held_by_another, {}, f"<@{CY}> holds it"),
    "exemption": (nothing, {"exempt": [{"instance": NAME, "reason": "fair", "until": date(2026, 12, 30)}]}, "Exempt"),
    "tag": (tagged, {}, ""),
    "works": (works, {}, "worked within"),
    "unknown": (is_silent, {}, ""),
    "fair use": (
        nothing,
        {"claims": {"gpus_per_person": 4, "gpu_hours_per_person": 9, "at_limit": "refuse"}},
        "Beyond fair use",
    ),
    "budget": (nothing, {}, " its budget "),
    "drain": (drained, {}, ""),
}


def settings(rule: str) -> dict[str, Any]:
    team = {**SETTINGS["teams"]["nlp"], "budget_usd": 0} if rule == "budget" else SETTINGS["teams"]["nlp"]
    return {**KNOWN, "teams": {**SETTINGS["teams"], "nlp": team}, **(RULES[rule][1] if rule in RULES else {})}


@pytest.fixture
def scene(tmp_path, clock, request) -> Iterator[Scene]:
    rule = getattr(request, "param", "")
    made = Scene(tmp_path / "room.db", clock, settings=settings(rule))
    made.ctx = replace(made.ctx, runner=SandboxRunner(clock))
    made.sweep()
    yield made
    made.close()


def outcome(scene: Scene, verb: str, rule: str) -> str:
    """What became of it: no, card, or yes as if there were no such rule."""
    before, after, tries = VERBS[verb]
    if verb in LOOKS:
        scene.reports(NAME, 0.0)
        verdict.judge_all(scene.ctx)
    before(scene)
    if rule:
        RULES[rule][0](scene)
    after(scene)
    try:
        done = tries(scene)
    except Refused:
        return "no"
    card = card_facts_blocks.facts(done) if isinstance(done, Action) and not done.facts.rule else ""
    return "card" if rule and RULES[rule][2] and RULES[rule][2] in card else "yes"


def table() -> dict[tuple[str, str], str]:
    """What the docs say of each pair, by verb and rule."""
    rows = pages.table("rules").splitlines()
    head, _, *lines = [[cell.strip() for cell in line[1:-1].split("|")] for line in rows]
    return {(line[0], rule): ANSWERS[cell] for line in lines for rule, cell in zip(head[1:], line[1:], strict=True)}


WHY = {
    "snooze": f"Its card says that <@{CY}> keeps it.",
    "line": "Its card says that 1 person waits for it.",
    "booking": f"Its card says that <@{CY}> has booked it.",
    "another's claim": f"You can ask for a stop. <@{CY}> holds it and is asked first;",
}
"""What `/gpu why` says of a rule that a card of a stop tells."""


@pytest.mark.parametrize(("scene", "rule"), [(rule, rule) for rule in RULES], indirect=["scene"])
def test_why_says_of_a_stop_what_the_table_says(scene, rule):
    scene.reports(NAME, 0.0)
    verdict.judge_all(scene.ctx)
    RULES[rule][0](scene)

    told = why_blocks(why_service.explain_verdict(scene.ctx, scene.here, ADA), scene.clock())

    seen = [
        line
        for block in told.blocks
        for line in str(block.get("text", {})).split("\\n")
        if "ask for a stop" in line or "be stopped now" in line
    ]
    says = {"no": "It can't be stopped now. ", "card": WHY.get(rule, "?"), "yes": "You can ask for a stop; an approver"}
    assert says[table()["stop", rule]] in seen[0]


def test_every_verb_and_every_rule_is_decided():
    assert set(table()) == {(verb, rule) for verb in VERBS for rule in RULES}


@pytest.mark.parametrize("verb", VERBS)
def test_without_a_rule_every_verb_goes_ahead(scene, verb):
    assert outcome(scene, verb, "") == "yes"


@pytest.mark.parametrize(("scene", "rule"), [(rule, rule) for rule in RULES], indirect=["scene"])
@pytest.mark.parametrize("verb", VERBS)
def test_what_a_verb_does_under_a_rule_is_what_the_table_says(scene, verb, rule):
    assert outcome(scene, verb, rule) == table()[verb, rule]
