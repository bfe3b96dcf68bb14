"""Who queues a message nudges the workers, and who asks or decides looks anew who may: not only once a minute."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.sharing.claims import GpuChoice
from bot.services.acting import approvals, batches, hours
from bot.services.machines import verdict
from bot.services.sharing import claims, grants, handovers, limits, line
from store import outbox as stored_outbox
from tests.bot.services.room import ADA, BOB, CY, DEE
from tests.bot.services.test_every_verb_and_rule import KNOWN, Scene

LIMITED = {"claims": {"gpus_per_person": 4, "at_limit": "ask"}}


def draft(room: Scene) -> Any:
    with pytest.raises(limits.OverLimit) as over:
        claims.claim_gpus(room.ctx, room.id, ADA)
    return grants.draft_claim(room.ctx, over.value, choice=GpuChoice())


def granted(room: Scene) -> Any:
    return grants.ask_grant(room.ctx, draft(room).id, ADA)


def wish(room: Scene) -> Any:
    return hours.ask_for_hours(room.ctx, room.here, ADA, "Mon-Fri 08:00-19:00", stop_only=False)


def batch(room: Scene) -> Any:
    [asked] = batches.ask_stops(room.ctx, [room.id, room.machine("train-3").id], ADA)
    return asked


def held(room: Scene) -> None:
    room.holds(CY, 0, 1, hours=1)


def offered(room: Scene) -> Any:
    held(room)
    return handovers.offer_handover(room.ctx, room.id, CY, DEE)


def pass_by(room: Scene) -> None:
    room.clock.forward(3 * DAY_MS)


def late(prepare: Callable[[Scene], object]) -> Callable[[Scene], None]:
    """And three days later nobody has said a word."""

    def act(room: Scene) -> None:
        prepare(room)
        pass_by(room)

    return act


def stop(room: Scene) -> Any:
    return approvals.ask_to_stop(room.ctx, room.id, ADA)


Deed = tuple[Callable[[Scene], Any], Callable[[Any, Any], object]]
"""What is there before, and what is then done with it at a context."""
ASKS: dict[str, Callable[[Scene], Deed]] = {
    "ask to stop": lambda at: (lambda _: None, lambda ctx, _: approvals.ask_to_stop(ctx, at.id, ADA)),
    "ask to launch": lambda at: (
        lambda _: None,
        lambda ctx, _: approvals.ask_to_launch(ctx, "box", ADA, length=HOUR_MS),
    ),
    "ask to stop several": lambda at: (
        lambda _: None,
        lambda ctx, _: batches.ask_stops(ctx, [at.id, at.machine("train-3").id], ADA),
    ),
    "ask for hours": lambda at: (
        lambda _: None,
        lambda ctx, _: hours.ask_for_hours(ctx, at.here, ADA, "Mon-Fri 08:00-19:00", stop_only=False),
    ),
    "ask for more": lambda _: (draft, lambda ctx, made: grants.ask_grant(ctx, made.id, ADA)),
    "decide on a stop": lambda _: (stop, lambda ctx, made: approvals.decide(ctx, made.id, BOB, yes=True)),
    "decide on several": lambda _: (batch, lambda ctx, made: batches.decide_batch(ctx, made.batch.id, BOB, yes=True)),
    "decide on hours": lambda _: (wish, lambda ctx, made: hours.decide_request(ctx, made.id, BOB, yes=True)),
    "decide on more": lambda _: (granted, lambda ctx, made: grants.decide_grant(ctx, made.id, BOB, yes=False)),
}
TELLS: dict[str, Callable[[Scene], Deed]] = {
    "call off": lambda _: (stop, lambda ctx, made: approvals.call_off(ctx, made.id, ADA)),
    "nobody decides on a stop": lambda _: (late(stop), lambda ctx, _: approvals.expire(ctx)),
    "nobody decides on hours": lambda _: (late(wish), lambda ctx, _: hours.lapse_requests(ctx)),
    "nobody decides on more": lambda _: (late(granted), lambda ctx, _: grants.carry_out_grants(ctx)),
    "offer a claim": lambda at: (held, lambda ctx, _: handovers.offer_handover(ctx, at.id, CY, DEE)),
    "accept a claim": lambda _: (offered, lambda ctx, made: handovers.accept_handover(ctx, made.id, DEE)),
    "nobody accepts it": lambda _: (late(offered), lambda ctx, _: handovers.lapse_handovers(ctx)),
    "wait": lambda at: (held, lambda ctx, _: line.join_line(ctx, ADA, instance_id=at.id, length=HOUR_MS)),
    "a claim ends": lambda _: (late(held), lambda ctx, _: claims.expire_claims(ctx)),
    "an approver ends a claim": lambda at: (
        held,
        lambda ctx, _: claims.release_claim(ctx, at.here.claim_of(CY).id, BOB),
    ),
}


@pytest.fixture
def scene(tmp_path, clock):
    made = Scene(tmp_path / "room.db", clock, settings={**KNOWN, **LIMITED})
    made.sweep()
    for name in ("train-7", "train-3"):
        made.reports(name, 0.0)
    verdict.judge_all(made.ctx)
    yield made
    made.close()


@pytest.mark.parametrize("deed", [*ASKS, *TELLS])
def test_news_are_posted_at_once_and_whoever_asks_or_decides_is_looked_up(scene, deed):
    prepare, act = (ASKS | TELLS)[deed](scene)
    there = prepare(scene)
    scene.posted()
    calls: Counter[str] = Counter()
    ctx = replace(scene.ctx, wake=lambda: calls.update(["wake"]), freshen=lambda: calls.update(["freshen"]))

    act(ctx, there)

    assert stored_outbox.next_row_due(scene.ctx.store.reading()) is not None, "nothing was told"
    assert calls["wake"] > 0
    assert calls["freshen"] > 0 or deed not in ASKS
