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
        claims.claim(room.desk, room.id, ADA)
    return grants.draft_claim(room.desk, over.value, choice=GpuChoice())


def granted(room: Scene) -> Any:
    return grants.ask(room.desk, draft(room).id, ADA)


def wish(room: Scene) -> Any:
    return hours.ask(room.desk, room.here, ADA, "Mon-Fri 08:00-19:00", stop_only=False)


def batch(room: Scene) -> Any:
    [asked] = batches.ask(room.desk, [room.id, room.machine("train-3").id], ADA)
    return asked


def held(room: Scene) -> None:
    room.holds(CY, 0, 1, hours=1)


def offered(room: Scene) -> Any:
    held(room)
    return handovers.offer(room.desk, room.id, CY, DEE)


def pass_by(room: Scene) -> None:
    room.clock.forward(3 * DAY_MS)


def late(prepare: Callable[[Scene], object]) -> Callable[[Scene], None]:
    """And three days later nobody has said a word."""

    def act(room: Scene) -> None:
        prepare(room)
        pass_by(room)

    return act


def stop(room: Scene) -> Any:
    return approvals.ask_to_stop(room.desk, room.id, ADA)


Deed = tuple[Callable[[Scene], Any], Callable[[Any, Any], object]]
"""What is there before, and what is then done with it at a desk."""
ASKS: dict[str, Callable[[Scene], Deed]] = {
    "ask to stop": lambda at: (lambda _: None, lambda desk, _: approvals.ask_to_stop(desk, at.id, ADA)),
    "ask to launch": lambda at: (
        lambda _: None,
        lambda desk, _: approvals.ask_to_launch(desk, "box", ADA, length=HOUR_MS),
    ),
    "ask to stop several": lambda at: (
        lambda _: None,
        lambda desk, _: batches.ask(desk, [at.id, at.machine("train-3").id], ADA),
    ),
    "ask for hours": lambda at: (
        lambda _: None,
        lambda desk, _: hours.ask(desk, at.here, ADA, "Mon-Fri 08:00-19:00", stop_only=False),
    ),
    "ask for more": lambda _: (draft, lambda desk, made: grants.ask(desk, made.id, ADA)),
    "decide on a stop": lambda _: (stop, lambda desk, made: approvals.decide(desk, made.id, BOB, yes=True)),
    "decide on several": lambda _: (batch, lambda desk, made: batches.decide(desk, made.batch.id, BOB, yes=True)),
    "decide on hours": lambda _: (wish, lambda desk, made: hours.decide(desk, made.id, BOB, yes=True)),
    "decide on more": lambda _: (granted, lambda desk, made: grants.decide(desk, made.id, BOB, yes=False)),
}
TELLS: dict[str, Callable[[Scene], Deed]] = {
    "call off": lambda _: (stop, lambda desk, made: approvals.call_off(desk, made.id, ADA)),
    "nobody decides on a stop": lambda _: (late(stop), lambda desk, _: approvals.expire(desk)),
    "nobody decides on hours": lambda _: (late(wish), lambda desk, _: hours.lapse(desk)),
    "nobody decides on more": lambda _: (late(granted), lambda desk, _: grants.carry_out(desk)),
    "offer a claim": lambda at: (held, lambda desk, _: handovers.offer(desk, at.id, CY, DEE)),
    "accept a claim": lambda _: (offered, lambda desk, made: handovers.accept(desk, made.id, DEE)),
    "nobody accepts it": lambda _: (late(offered), lambda desk, _: handovers.lapse(desk)),
    "wait": lambda at: (held, lambda desk, _: line.wait(desk, ADA, instance_id=at.id, length=HOUR_MS)),
    "a claim ends": lambda _: (late(held), lambda desk, _: claims.expire(desk)),
    "an approver ends a claim": lambda at: (
        held,
        lambda desk, _: claims.release(desk, at.here.claim_of(CY).id, BOB),
    ),
}


@pytest.fixture
def scene(tmp_path, clock):
    made = Scene(tmp_path / "room.db", clock, settings={**KNOWN, **LIMITED})
    made.sweep()
    for name in ("train-7", "train-3"):
        made.reports(name, 0.0)
    verdict.judge_all(made.desk)
    yield made
    made.close()


@pytest.mark.parametrize("deed", [*ASKS, *TELLS])
def test_news_are_posted_at_once_and_whoever_asks_or_decides_is_looked_up(scene, deed):
    prepare, act = (ASKS | TELLS)[deed](scene)
    there = prepare(scene)
    scene.posted()
    calls: Counter[str] = Counter()
    desk = replace(scene.desk, wake=lambda: calls.update(["wake"]), freshen=lambda: calls.update(["freshen"]))

    act(desk, there)

    assert stored_outbox.next_due(scene.desk.store.reading()) is not None, "nothing was told"
    assert calls["wake"] > 0
    assert calls["freshen"] > 0 or deed not in ASKS
