"""From the request to the stopped machine, and every way it must not come to that."""

import threading
from dataclasses import replace

import pytest

from bot.domain.acting.actions import Action
from bot.domain.clock import HOUR_MS, MINUTE_MS, SECOND_MS
from bot.domain.people import Roster
from bot.errors import Impaired, Refused, Unreachable
from bot.sandbox.machines import SandboxFleet
from bot.services.acting import approvals, executor, stop
from bot.services.sharing import claims
from store.acting import actions
from tests.bot.services.room import ADA, BOB, CHANNEL, CY, DEE, Room

LOST = Unreachable("AWS did not confirm the stop: no answer in time.")


@pytest.fixture
def idle(room) -> Room:
    """A room in which train-7 idles."""
    room.reports("train-7", 0.0)
    return room


def stops(room) -> list[str]:
    return [name for name, _ in room.fleet.stops]


def minutes_pass(room, count: int, util: float = 0.0) -> None:
    for _ in range(count):
        room.clock.forward(MINUTE_MS)
        if room.machine("train-7").state == "running":
            room.reports("train-7", util, minutes=2)
        room.tick()


def test_an_approved_stop_is_carried_out_once_and_told_once(idle):
    action = idle.approves(idle.asks("train-7"))

    minutes_pass(idle, 3)

    done = idle.action(action)
    assert (done.state, done.decider, done.calls) == ("done", BOB, 1)
    assert stops(idle) == ["train-7"]
    assert idle.told(ADA, "action_ended") == [action.id]
    assert set(idle.told(CHANNEL, "action_card")) == {action.id}


def test_asked_twice_it_is_the_same_request(idle):
    first = idle.asks("train-7")

    assert idle.asks("train-7", CY).id == first.id


def test_an_approved_request_is_not_cancelled_by_a_second_one_with_a_reason(idle):
    first = idle.approves(idle.asks("train-7"), looks=False)
    idle.reports("train-7", 90.0)

    assert idle.asks("train-7", CY, reason="it must go").id == first.id
    assert idle.action(first).state == "approved"


def test_a_request_with_a_reason_is_not_cancelled_by_a_second_one(room):
    room.reports("train-7", 90.0)
    first = room.asks("train-7", reason="it must go")

    assert room.asks("train-7", CY, reason="for me as well").id == first.id
    assert room.action(first).state == "pending"


def test_a_request_without_a_reason_gives_way_to_one_with_it_once_it_works(idle):
    first = idle.asks("train-7")
    idle.reports("train-7", 90.0)

    assert idle.asks("train-7", CY, reason="it must go").id != first.id
    assert idle.action(first).outcome == "train-7 began to work after the request."


@pytest.mark.slow
def test_a_request_from_before_a_restart_makes_way_for_a_new_one(idle):
    old = idle.asks("train-7")
    idle.fleet.restart("train-7")
    minutes_pass(idle, 80)

    new = idle.asks("train-7", CY)

    assert new.id != old.id
    assert new.launched_at == idle.machine("train-7").launched_at
    assert (idle.action(old).state, idle.told(ADA, "action_ended")) == ("cancelled", [old.id])


@pytest.mark.parametrize(("who", "other"), [(BOB, DEE), (DEE, BOB)])
def test_nobody_approves_their_own_request_approvers_and_admins_included(idle, who, other):
    action = idle.asks("train-7", who)

    with pytest.raises(Refused, match=f"You asked for this yourself, so someone else decides: @{other}"):
        idle.approves(action, who)

    assert idle.action(action).state == "pending"
    assert idle.approves(action, other).decider == other


def test_a_request_nobody_else_could_approve_is_refused(idle):
    idle.roster = replace(idle.roster, admins=frozenset())

    with pytest.raises(Refused, match="Nobody could approve this but you"):
        idle.asks("train-7", BOB)


def test_an_admin_does_not_decide_where_the_team_has_an_approver(idle):
    action = idle.asks("train-7")

    with pytest.raises(Refused, match="Only"):
        idle.approves(action, DEE)


def test_only_an_approver_decides(idle):
    action = idle.asks("train-7")

    with pytest.raises(Refused, match=f"Only @{BOB} can decide"):
        idle.approves(action, CY)

    assert idle.action(action).state == "pending"


def test_a_decision_is_made_once(idle):
    action = idle.asks("train-7")
    approvals.decide(idle.ctx, action.id, BOB, yes=False)

    with pytest.raises(Refused, match=f"Already denied by @{BOB}"):
        idle.approves(action)

    minutes_pass(idle, 3)
    assert stops(idle) == []
    assert idle.told(ADA, "action_ended") == [action.id]


def test_a_request_nobody_answers_lapses_and_its_card_says_so(idle):
    action = idle.asks("train-7")
    idle.posted()
    idle.clock.forward(2 * HOUR_MS)

    with pytest.raises(Refused, match="Too late"):
        idle.approves(action)

    idle.posted()
    approvals.expire(idle.ctx)
    assert idle.action(action).state == "expired"
    assert idle.told(ADA, "action_ended") == [action.id]
    assert idle.told(CHANNEL, "action_card") == [action.id] * 2


def test_a_lapsed_request_found_by_the_next_one_has_its_card_closed_too(idle):
    old = idle.asks("train-7")
    idle.posted()
    idle.clock.forward(2 * HOUR_MS)
    idle.reports("train-7", 0.0)

    new = idle.asks("train-7")

    assert idle.told(CHANNEL, "action_card") == [old.id, old.id, new.id]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda room: room.fleet.restart("train-7"), "restarted after the request"),
        (lambda room: room.fleet.change("train-7", stop_protected=True), "stop protection"),
        (lambda room: room.fleet.change("train-7", asg="group"), "Auto Scaling group"),
        (lambda room: room.fleet.change("train-7", lifecycle="spot"), "spot"),
        (lambda room: room.fleet.change("train-7", root_device="instance-store"), "instance store"),
        (lambda room: room.fleet.change("train-7", state="stopped"), "is stopped, not running"),
        (lambda room: room.fleet.terminate("train-7"), "is gone"),
        (lambda room: room.reports("train-7", 80.0, minutes=1), "is working"),
        (lambda room: room.clock.forward(4 * MINUTE_MS), "silent"),
        (lambda room: setattr(room, "roster", Roster()), "may no longer approve"),
    ],
)
def test_what_changed_after_the_approval_keeps_it_running(idle, change, words):
    action = idle.approves(idle.asks("train-7"))
    idle.clock.forward(MINUTE_MS)
    change(idle)

    executor.carry_out(idle.ctx)

    ended = idle.action(action)
    assert (ended.state, idle.fleet.stops) == ("aborted", [])
    assert words in ended.outcome
    assert idle.told(ADA, "action_ended") == [action.id]


@pytest.mark.parametrize("name", ["label-1", "sweep-1", "llm-serve"])
def test_what_cannot_be_stopped_is_not_even_asked_about(room, name):
    room.reports(name, 0.0)

    with pytest.raises(Refused, match=name):
        room.asks(name)


def test_a_machine_held_by_another_may_be_asked_about_with_the_holder_on_its_card(idle):
    held = claims.claim_gpus(idle.ctx, idle.machine("train-7").id, CY, length=8 * HOUR_MS).claims[0]

    asked = idle.asks("train-7")
    idle.answers(asked)
    action = idle.approves(asked)
    minutes_pass(idle, 3)

    assert held is not None
    assert (action.facts.holders, action.facts.claim_until) == ((CY,), held.until_at)
    assert idle.action(action).state == "done"


def test_a_lost_answer_is_found_out_by_looking_not_by_asking_again(idle):
    idle.fleet.fault("train-7", LOST, accepted=True)
    action = idle.approves(idle.asks("train-7"))

    minutes_pass(idle, 4)

    assert idle.action(action).state == "done"
    assert idle.fleet.calls["stop", "train-7"] == 1


def test_a_call_that_never_arrived_is_made_again(idle):
    idle.fleet.fault("train-7", LOST, times=2)
    action = idle.approves(idle.asks("train-7"))

    minutes_pass(idle, 7)

    assert idle.action(action).state == "done"
    assert stops(idle) == ["train-7"]
    assert idle.fleet.calls["stop", "train-7"] == 3


def test_it_is_not_made_again_on_a_machine_that_works_by_then(idle):
    idle.fleet.fault("train-7", LOST)
    action = idle.approves(idle.asks("train-7"))
    executor.carry_out(idle.ctx)

    minutes_pass(idle, 3, util=90.0)

    ended = idle.action(action)
    assert (ended.state, idle.fleet.stops) == ("unknown", [])
    assert "is working" in ended.outcome


def test_it_is_not_made_again_on_another_launch(idle):
    idle.fleet.fault("train-7", LOST)
    action = idle.approves(idle.asks("train-7"))
    executor.carry_out(idle.ctx)
    idle.fleet.restart("train-7")

    minutes_pass(idle, 5)

    assert (idle.action(action).state, idle.fleet.stops) == ("unknown", [])


@pytest.fixture
def to_be_ended(room) -> Action:
    """A stop of train-7, whatever it does, as two have said: nothing but the launch tells it from one started since."""
    room.reports("train-7", 90.0)
    asked = room.asks("train-7", reason="it runs the wrong model")
    for who in (BOB, DEE):
        room.approves(asked, who, looks=False)
    return room.action(asked)


def starts_again_and_works(room) -> None:
    """Somebody else has stopped and started it."""
    room.clock.forward(MINUTE_MS)
    room.fleet.restart("train-7")
    room.clock.forward(2 * MINUTE_MS)
    room.reports("train-7", 90.0, minutes=2)


def test_a_machine_started_again_before_the_stop_is_left_alone_whatever_it_does(room, to_be_ended):
    starts_again_and_works(room)

    executor.carry_out(room.ctx)

    ended = room.action(to_be_ended)
    assert (ended.state, ended.outcome) == ("aborted", "train-7 was restarted after the request.")
    assert (room.fleet.calls["stop", "train-7"], room.fleet.stops) == (0, [])


@pytest.mark.parametrize("arrived", [False, True])
def test_a_machine_started_again_after_the_call_is_left_to_people(room, to_be_ended, arrived):
    room.fleet.fault("train-7", LOST, accepted=arrived)
    executor.carry_out(room.ctx)
    starts_again_and_works(room)

    executor.carry_out(room.ctx)

    ended = room.action(to_be_ended)
    assert (ended.state, ended.outcome) == ("unknown", "train-7 was started again meanwhile; please look at it.")
    assert room.fleet.calls["stop", "train-7"] == 1


@pytest.mark.slow
def test_calls_that_are_never_answered_end_in_a_question_to_people(idle):
    idle.fleet.fault("train-7", LOST, times=99)
    action = idle.approves(idle.asks("train-7"))

    minutes_pass(idle, 20)

    ended = idle.action(action)
    assert (ended.state, ended.calls) == ("unknown", 4), "as often as people are told"
    assert "still running" in ended.outcome
    assert idle.told(ADA, "action_ended") == [action.id]


def test_a_no_of_awss_is_final_and_told(idle):
    idle.fleet.fault("train-7", Refused("AWS doesn't let Valet stop train-7."))
    action = idle.approves(idle.asks("train-7"))

    minutes_pass(idle, 5)

    assert (idle.action(action).state, idle.action(action).outcome) == ("failed", "AWS doesn't let Valet stop train-7.")
    assert idle.fleet.calls["stop", "train-7"] == 1


def test_an_approval_does_not_wait_for_ever_for_a_region_that_is_down(idle):
    idle.fleet.silence("us-east-1")
    action = idle.approves(idle.asks("train-7"))

    minutes_pass(idle, 16)
    idle.fleet.unsilence("us-east-1")
    minutes_pass(idle, 3)

    assert (idle.action(action).state, idle.fleet.stops) == ("aborted", [])
    assert claims.claim_gpus(idle.ctx, action.instance_id, ADA, length=None).claims


def test_a_region_that_comes_back_soon_is_waited_for(idle):
    idle.fleet.silence("us-east-1")
    action = idle.approves(idle.asks("train-7"))
    minutes_pass(idle, 3)

    idle.fleet.unsilence("us-east-1")
    minutes_pass(idle, 3)

    assert idle.action(action).state == "done"


def test_an_approval_found_after_a_long_night_is_not_carried_out(idle):
    action = idle.approves(idle.asks("train-7"))
    idle.clock.forward(9 * HOUR_MS)
    idle.reports("train-7", 0.0)

    idle.reopen()
    executor.carry_out(idle.ctx)

    assert (idle.action(action).state, idle.fleet.stops) == ("aborted", [])
    assert "It could not be carried out within 15 minutes" in idle.action(action).outcome


def test_how_long_an_approval_has_waited_is_told(idle):
    assert executor.executor_waited(idle.ctx) == 0
    idle.approves(idle.asks("train-7"), looks=False)
    idle.clock.forward(90 * SECOND_MS)

    assert executor.executor_waited(idle.ctx) == 90 * SECOND_MS


def test_whoever_left_the_workspace_has_no_say_any_more(idle):
    action = idle.approves(idle.asks("train-7"))
    idle.ctx = replace(idle.ctx, is_colleague=lambda user: user != BOB)

    executor.carry_out(idle.ctx)

    assert (idle.action(action).state, idle.fleet.stops) == ("aborted", [])
    assert idle.action(action).outcome == f"<person {BOB}> is no longer a member of this workspace."


def test_what_is_to_be_done_is_told_apart_by_the_source_it_goes_to(idle):
    idle.approves(idle.asks("train-7"))

    todo = executor.by_source(idle.ctx)

    assert list(todo) == [idle.machine("train-7").source]
    assert idle.fleet.stops == []
    todo[idle.machine("train-7").source]()
    assert len(idle.fleet.stops) == 1


def test_a_restart_while_the_machine_is_stopping_follows_it_to_its_end(idle):
    action = idle.approves(idle.asks("train-7"))
    executor.carry_out(idle.ctx)
    assert idle.machine("train-7").state == "stopping"

    idle.reopen()
    executor.carry_out(idle.ctx)
    assert idle.action(action).state == "executing"
    idle.clock.forward(40 * SECOND_MS)
    executor.carry_out(idle.ctx)

    assert (idle.action(action).state, idle.action(action).calls) == ("done", 1)


def test_settings_that_no_longer_cover_the_machine_end_the_action_instead_of_the_bot(idle):
    action = idle.approves(idle.asks("train-7"))
    object.__setattr__(idle.ctx, "providers", {})

    executor.carry_out(idle.ctx)

    assert idle.action(action).state == "aborted"
    assert "Nothing in valet.toml covers" in idle.action(action).outcome


class Broken(SandboxFleet):
    """A provider with a bug: it breaks on one machine."""

    def describe(self, instance):
        if instance.name == "nb-5":
            raise ZeroDivisionError
        return super().describe(instance)


def test_an_action_that_breaks_leaves_the_others_their_turn(tmp_path, clock):
    room = Room(tmp_path / "room.db", clock, fleet=Broken(clock))
    room.sweep()
    room.reports("nb-5", 0.0)
    room.reports("train-7", 0.0)
    broken, fine = room.approves(room.asks("nb-5", CY)), room.approves(room.asks("train-7"))

    executor.carry_out(room.ctx)

    assert (room.action(broken).state, room.action(fine).state) == ("approved", "executing")
    room.close()


class Slow(SandboxFleet):
    """A provider on which two threads meet: each look waits until both have looked."""

    both = threading.Barrier(2)

    def describe(self, instance):
        found = super().describe(instance)
        self.both.wait(10)
        return found


def test_two_threads_that_carry_out_the_same_action_make_one_call(tmp_path, clock):
    room = Room(tmp_path / "room.db", clock, fleet=Slow(clock))
    room.sweep()
    room.reports("train-7", 0.0)
    action = room.approves(room.asks("train-7"))

    (approved,) = actions.in_state(room.ctx.store.reading(), "approved")
    threads = [threading.Thread(target=stop.begin, args=(room.ctx, approved)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert room.fleet.calls["stop", "train-7"] == 1
    assert room.action(action).state == "executing"
    assert room.told(ADA, "action_ended") == []
    room.close()


def test_without_a_row_on_disk_there_is_no_call(idle):
    action = idle.approves(idle.asks("train-7"))
    idle.ctx.store._writer.execute("PRAGMA query_only=1")

    with pytest.raises(Impaired):
        executor.carry_out(idle.ctx)

    assert idle.fleet.calls["stop", "train-7"] == 0
    idle.ctx.store._writer.execute("PRAGMA query_only=0")
    minutes_pass(idle, 3)
    assert idle.action(action).state == "done"


def test_a_lost_call_is_given_two_minutes_before_it_is_made_again(idle):
    idle.fleet.fault("train-7", LOST)
    idle.approves(idle.asks("train-7"))
    executor.carry_out(idle.ctx)

    idle.clock.forward(2 * MINUTE_MS - 1)
    idle.reports("train-7", 0.0, minutes=2)
    executor.carry_out(idle.ctx)
    early = idle.fleet.calls["stop", "train-7"]
    idle.clock.forward(1)
    executor.carry_out(idle.ctx)

    assert (early, idle.fleet.calls["stop", "train-7"]) == (1, 2)


def test_a_team_is_not_asked_to_stop_half_of_its_machines_at_once(room):
    """Vision runs five."""
    vision = ["train-9", "nb-2", "nb-5", "label-1", "sweep-1"]
    room.fleet.change("label-1", stop_protected=False)
    room.fleet.change("sweep-1", lifecycle="on-demand")
    room.sweep()
    for name in vision:
        room.reports(name, 0.0)
    for name in vision[:2]:
        room.asks(name)

    with pytest.raises(Refused, match="2 of team vision's 5 running machines are being stopped or asked about"):
        room.asks(vision[2])

    room.clock.forward(2 * HOUR_MS)
    room.reports("nb-5", 0.0)
    assert room.asks("nb-5").state == "pending", "the others have lapsed"
