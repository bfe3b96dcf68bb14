"""From the request to the machine that is ready, and what happens when AWS has none."""

import pytest

from bot.domain.acting.actions import BY_RULE
from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.errors import Refused, Unreachable
from bot.services.acting import alternatives, approvals
from bot.services.sharing import claims
from store.sharing import claims as stored_claims
from tests.bot.services.room import ADA, BOB, CHANNEL, CY, SETTINGS, Room

LOST = Unreachable("AWS did not confirm the start: no answer in time.")
NAME, ZONE = "eval-2", "us-west-2a"
"""It stands still, and no agent has reported from it."""


def ask(room, who=ADA, **how):
    return approvals.ask_to_start(room.ctx, room.machine(NAME).id, who, **how)


def minutes_pass(room, count: int) -> None:
    for _ in range(count):
        room.clock.forward(MINUTE_MS)
        room.tick()


def starts(room) -> list[str]:
    return [name for name, _ in room.fleet.starts]


def holders(room) -> list[str]:
    return [each.holder for each in stored_claims.open_claims_on(room.ctx.store.reading(), room.machine(NAME).id)]


def test_an_approved_start_is_carried_out_once_and_claimed_for_whoever_asked(room):
    action = room.approves(ask(room, length=3 * HOUR_MS, note="rerun"))

    minutes_pass(room, 3)

    [held] = stored_claims.open_claims_on(room.ctx.store.reading(), room.machine(NAME).id)
    assert (room.action(action).state, starts(room)) == ("done", [NAME])
    assert (held.holder, held.note, held.until_at - held.from_at) == (ADA, "rerun", 3 * HOUR_MS)
    assert room.told(ADA, "action_news") == [f"{action.id} 0"]
    assert room.told(ADA, "action_ended") == [action.id]
    assert room.told(CHANNEL, "action_card")[-1] == action.id


def test_nobody_starts_it_by_their_own_yes(room):
    action = ask(room, BOB)

    with pytest.raises(Refused, match="You asked for this yourself"):
        room.approves(action, BOB)

    minutes_pass(room, 2)
    assert starts(room) == []


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("train-7", {}, "train-7 runs already. `/gpu claim train-7` takes it."),
        ("eval-2", {"state": "stopping"}, "try again in a minute"),
        ("eval-2", {"asg": "evals"}, "Auto Scaling group evals"),
        ("eval-2", {"lifecycle": "spot"}, "only AWS starts again"),
    ],
)
def test_what_cannot_be_started_is_refused_with_advice(room, name, change, words):
    room.fleet.change(name, **change)
    room.sweep()

    with pytest.raises(Refused, match=f"(?i){words}"):
        approvals.ask_to_start(room.ctx, room.machine(name).id, ADA)


def test_a_stop_and_a_start_of_one_machine_do_not_wait_side_by_side(room):
    ask(room)

    with pytest.raises(Refused, match="request to start eval-2 is open until"):
        room.asks(NAME)


def test_started_by_somebody_else_meanwhile_it_is_not_started_again(room):
    action = ask(room)
    room.fleet.power_up(NAME)
    room.clock.forward(MINUTE_MS)
    room.approves(action)

    minutes_pass(room, 1)

    ended = room.action(action)
    assert (ended.state, starts(room)) == ("aborted", [])
    assert "runs already" in ended.outcome


def test_without_capacity_it_is_tried_again_after_1_5_and_15_minutes_only(room):
    room.fleet.run_short(ZONE)
    action = room.approves(ask(room))
    tried = []
    for passed in range(25):
        room.tick()
        if len(tried) < room.fleet.calls["start", NAME]:
            tried.append(passed)
        room.clock.forward(MINUTE_MS)

    ended = room.action(action)
    assert tried == [0, 1, 6, 21]
    assert (ended.state, starts(room)) == ("failed", [])
    assert "no g5.2xlarge left in us-west-2a" in ended.outcome
    assert room.told(ADA, "action_news") == [f"{action.id} {number}" for number in (1, 2, 3)]


@pytest.mark.parametrize("late", [False, True])
def test_when_there_is_capacity_again_it_starts(room, late):
    room.fleet.run_short(ZONE, late=late)
    action = room.approves(ask(room))
    minutes_pass(room, 2)
    waiting = room.action(action)
    room.fleet.refill(ZONE)

    minutes_pass(room, 7)

    assert (waiting.state, waiting.tries) == ("executing", 1 if late else 2)
    assert "no g5.2xlarge left in us-west-2a" in waiting.outcome
    assert (room.action(action).state, room.machine(NAME).state) == ("done", "running")
    assert holders(room) == [ADA]


def test_a_machine_that_stops_again_for_another_reason_is_not_tried_again(room):
    action = room.approves(ask(room))
    room.tick()
    room.clock.forward(MINUTE_MS)
    room.fleet.change(NAME, state="stopped", state_reason="Server.InternalError")

    minutes_pass(room, 2)

    ended = room.action(action)
    assert (ended.state, starts(room)) == ("failed", [NAME])
    assert "(Server.InternalError)" in ended.outcome


@pytest.mark.parametrize("accepted", [True, False])
def test_a_start_whose_answer_was_lost_takes_effect_once(room, accepted):
    room.fleet.fault(NAME, LOST, on="start", accepted=accepted)
    action = room.approves(ask(room))

    minutes_pass(room, 5)

    assert (room.action(action).state, starts(room)) == ("done", [NAME])


def test_a_start_that_aws_refuses_fails_at_once_with_its_words(room):
    room.fleet.fault(NAME, Refused("AWS doesn't let Valet start it: UnauthorizedOperation."), on="start", times=9)
    action = room.approves(ask(room))

    minutes_pass(room, 2)

    assert (room.action(action).state, room.fleet.calls["start", NAME]) == ("failed", 1)
    assert "UnauthorizedOperation" in room.action(action).outcome


def test_a_start_that_is_never_answered_is_for_a_person_to_look_at(room):
    room.fleet.fault(NAME, LOST, on="start", times=99)
    action = room.approves(ask(room))

    minutes_pass(room, 15)

    ended = room.action(action)
    assert (ended.state, room.fleet.calls["start", NAME]) == ("unknown", 4)


def test_it_is_ready_only_when_its_agent_reports_where_one_ever_did(room):
    room.fleet.change(NAME, state="running", launched_at=room.clock() - 2 * HOUR_MS)
    room.reports(NAME, 0.0)
    room.fleet.change(NAME, state="stopped")
    room.clock.forward(2 * HOUR_MS)
    room.sweep()
    action = room.approves(ask(room))
    minutes_pass(room, 3)
    before = room.action(action).state

    room.reports(NAME, 0.0, minutes=1, boot="new")
    minutes_pass(room, 1)

    assert (before, room.action(action).state) == ("executing", "done")
    assert "its agent reports" in room.action(action).outcome


def test_an_agent_that_never_comes_back_is_said_and_the_machine_handed_over(room):
    room.fleet.change(NAME, state="running", launched_at=room.clock() - 2 * HOUR_MS)
    room.reports(NAME, 0.0)
    room.fleet.change(NAME, state="stopped")
    room.clock.forward(2 * HOUR_MS)
    room.sweep()
    action = room.approves(ask(room))

    minutes_pass(room, 13)

    assert room.action(action).state == "done"
    assert "its agent has not reported within 10 minutes" in room.action(action).outcome
    assert holders(room) == [ADA]


def test_while_it_becomes_ready_nobody_else_gets_it(room):
    room.fleet.change(NAME, state="running", launched_at=room.clock() - 2 * HOUR_MS)
    room.reports(NAME, 0.0)
    room.fleet.change(NAME, state="stopped")
    room.clock.forward(2 * HOUR_MS)
    room.sweep()
    room.approves(ask(room))
    minutes_pass(room, 3)

    with pytest.raises(Refused, match=f"was started for @{ADA}"):
        claims.claim_gpus(room.ctx, room.machine(NAME).id, CY)


def test_whoever_asked_may_call_it_off_while_it_waits_for_capacity(room):
    room.fleet.run_short(ZONE)
    action = room.approves(ask(room))
    room.tick()

    with pytest.raises(Refused, match=f"Only @{ADA}"):
        approvals.call_off(room.ctx, action.id, CY)
    approvals.call_off(room.ctx, action.id, ADA)
    room.fleet.refill(ZONE)
    minutes_pass(room, 30)

    assert (room.action(action).state, starts(room)) == ("cancelled", [])


def test_it_cannot_be_called_off_while_a_call_is_under_way(room):
    action = room.approves(ask(room))
    room.tick()

    with pytest.raises(Refused, match="under way or over"):
        approvals.call_off(room.ctx, action.id, ADA)


def unasked_room(tmp_path, clock, limit: str) -> Room:
    teams = {"nlp": {**SETTINGS["teams"]["nlp"], "ask_over_usd": limit}, "vision": SETTINGS["teams"]["vision"]}
    room = Room(tmp_path / "unasked.db", clock, settings={**SETTINGS, "teams": teams})
    room.sweep()
    return room


def test_below_the_teams_limit_nobody_is_asked(tmp_path, clock):
    room = unasked_room(tmp_path, clock, "1000")  # eval-2 costs $885 a month
    action = ask(room)

    minutes_pass(room, 2)

    assert (action.state, action.decider) == ("approved", BY_RULE)
    assert (room.action(action).state, starts(room)) == ("done", [NAME])
    room.close()


def test_the_limit_counts_what_runs_by_it_already(tmp_path, clock):
    room = unasked_room(tmp_path, clock, "1000")
    room.fleet.change("scratch", state="stopped", tags={"team": "nlp"})
    room.sweep()
    ask(room)
    minutes_pass(room, 2)

    second = approvals.ask_to_start(room.ctx, room.machine("scratch").id, ADA)

    assert second.state == "pending"
    room.close()


@pytest.mark.parametrize(("limit", "who"), [("0", ADA), ("800", ADA), ("1000", CY)])
def test_above_the_limit_without_one_or_for_others_somebody_is_asked(tmp_path, clock, limit, who):
    room = unasked_room(tmp_path, clock, limit)

    assert ask(room, who).state == "pending"
    room.close()


def test_machines_with_the_same_gpus_elsewhere_are_offered_when_there_is_no_capacity(room):
    room.fleet.change("nb-5", state="stopped", gpu_model="A10G")
    room.fleet.run_short(ZONE)
    room.sweep()
    action = room.approves(ask(room))
    room.tick()

    assert [each.instance.name for each in alternatives.machines_instead(room.ctx, room.action(action))] == ["nb-5"]
