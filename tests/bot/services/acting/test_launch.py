"""From the request to the new machine that runs, and what becomes of it when its time is over."""

import pytest

from bot.domain.acting.actions import VALET
from bot.domain.acting.launch import ACTION_TAG
from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.sharing.bookings import BookingRequest
from bot.errors import NotFound, NotThere, Refused, Unreachable
from bot.services.acting import alternatives, approvals, executor, launch_expiry
from bot.services.sharing import bookings, claims
from bot.settings import parse
from store.acting import actions
from store.machines import fleet as stored_fleet
from store.sharing import claims as stored_claims
from tests.bot.services.room import ADA, BOB, CHANNEL, CY, DEE, SETTINGS, Room

LOST = Unreachable("AWS did not confirm the launch: no answer in time.")
PLACE = "ec2/111122223333/us-west-2"
BOX = {
    "name": "box",
    "template": "lt-1",
    "region": "us-west-2",
    "account": "111122223333",
    "type": "g5.xlarge",
    "gpu": "A10G",
    "gpus": 1,
}
SPREAD = {**BOX, "name": "spread", "subnets": ["us-west-2a", "us-west-2b"], "instead": ["box"], "teams": ["nlp"]}


@pytest.fixture
def room(tmp_path, clock):
    opened = Room(tmp_path / "room.db", clock, settings={**SETTINGS, "launch": [BOX, SPREAD]})
    opened.sweep()
    yield opened
    opened.close()


def ask(room, name="box", who=ADA, **how):
    return approvals.ask_to_launch(room.ctx, name, who, **{"length": 2 * HOUR_MS, "note": "try it", **how})


def minutes_pass(room, count: int) -> None:
    for _ in range(count):
        room.clock.forward(MINUTE_MS)
        room.tick()


def launches(room) -> int:
    return len(room.fleet.launches)


def test_an_approved_launch_makes_one_machine_claimed_for_whoever_asked(room):
    action = room.approves(ask(room))

    minutes_pass(room, 3)

    done = room.action(action)
    [held] = stored_claims.open_claims_on(room.ctx.store.reading(), done.made_id)
    assert (done.state, launches(room)) == ("done", 1)
    assert (held.holder, held.note, held.until_at - held.from_at) == (ADA, "try it", 2 * HOUR_MS)
    assert room.told(ADA, "action_ended") == [action.id]
    assert room.told(CHANNEL, "action_card")[-1] == action.id


def test_it_is_born_with_owner_team_purpose_end_and_the_tag_for_stopping(room):
    action = room.approves(ask(room), looks=False)

    minutes_pass(room, 1)

    [(name, _)] = room.fleet.launches
    tags = room.machine(name).tags
    assert tags == {
        "Name": name,
        "owner": ADA,
        "team": "nlp",
        "purpose": "try it",
        "gpu-valet": "managed",
        "valet-action": action.id,
        "valet-until": "2026-11-23T11:01Z",
    }


def test_a_template_nobody_listed_is_not_launched_and_the_nearest_are_named(room):
    with pytest.raises(NotFound, match="Did you mean box"):
        ask(room, "bix")


def test_a_template_of_other_teams_is_not_launched(room):
    with pytest.raises(Refused, match="spread is for nlp only"):
        ask(room, "spread", CY)


def test_asked_twice_it_is_the_same_request_and_for_somebody_else_another(room):
    first = ask(room)

    assert ask(room).id == first.id
    assert ask(room, who=CY).id != first.id


def test_nobody_launches_by_their_own_yes(room):
    action = ask(room, who=BOB)

    with pytest.raises(Refused, match="You asked for this yourself"):
        room.approves(action, BOB)


def test_a_template_that_was_changed_after_the_request_is_not_launched(room):
    action = room.approves(ask(room))
    changed = {**BOX, "type": "p5.48xlarge"}
    room.settings = type(room.settings).model_validate({**SETTINGS, "launch": [changed]})
    room.reopen()

    minutes_pass(room, 1)

    assert (room.action(action).state, launches(room)) == ("aborted", 0)
    assert "was changed in valet.toml" in room.action(action).outcome


def test_a_template_that_is_listed_no_more_is_not_launched_and_that_is_said(room):
    action = room.approves(ask(room))
    room.settings = type(room.settings).model_validate({**SETTINGS, "launch": [SPREAD]})
    room.reopen()

    minutes_pass(room, 1)

    assert (room.action(action).state, launches(room)) == ("aborted", 0)
    assert 'no launch template "box" in valet.toml any more' in room.action(action).outcome


def test_an_order_that_aws_refuses_fails_at_once_with_its_words(room):
    room.fleet.fault(PLACE, Refused("AWS refused it: InstanceLimitExceeded."), on="launch", times=9)
    action = room.approves(ask(room))

    minutes_pass(room, 2)

    assert (room.action(action).state, room.fleet.calls["launch", PLACE]) == ("failed", 1)
    assert "InstanceLimitExceeded" in room.action(action).outcome


@pytest.mark.parametrize("accepted", [True, False])
def test_an_order_whose_answer_was_lost_makes_one_machine(room, accepted):
    room.fleet.fault(PLACE, LOST, on="launch", times=2, accepted=accepted)
    action = room.approves(ask(room))

    minutes_pass(room, 6)

    assert (room.action(action).state, launches(room)) == ("done", 1)


def nobody_decides(room) -> None:
    """Bob is no approver any more."""
    teams = {"nlp": {"members": [ADA], "approvers": [DEE]}}
    room.settings = parse({**SETTINGS, "teams": teams, "launch": [BOX, SPREAD]}, {})
    room.roster = room.settings.roster()
    room.reopen()


def test_a_machine_of_an_unanswered_order_is_claimed_though_its_approver_is_none_by_then(room):
    room.fleet.fault(PLACE, LOST, on="launch", accepted=True)
    action = room.approves(ask(room))
    executor.carry_out(room.ctx)
    nobody_decides(room)

    minutes_pass(room, 4)

    done = room.action(action)
    assert (done.state, launches(room)) == ("done", 1)
    assert [each.holder for each in stored_claims.open_claims_on(room.ctx.store.reading(), done.made_id)] == [ADA]


def test_an_order_that_may_have_arrived_is_not_called_failed_and_not_sent_again(room):
    room.fleet.fault(PLACE, LOST, on="launch", times=99)
    action = room.approves(ask(room))
    executor.carry_out(room.ctx)
    nobody_decides(room)

    minutes_pass(room, 12)

    ended = room.action(action)
    assert (ended.state, room.fleet.calls["launch", PLACE]) == ("unknown", 1)
    assert "may no longer approve this. AWS never confirmed it; look for box-" in ended.outcome


def test_a_machine_given_up_that_turns_up_is_its_askers_and_asked_about(room):
    room.fleet.fault(PLACE, LOST, on="launch", times=99)
    action = room.approves(ask(room))
    minutes_pass(room, 12)
    assert room.action(action).state == "unknown"
    room.fleet.change("scratch", tags={ACTION_TAG: action.id})
    minutes_pass(room, 1)

    launch_expiry.ask_about_over(room.ctx)
    launch_expiry.ask_about_over(room.ctx)

    ended, machine = room.action(action), room.machine("scratch")
    [held] = stored_claims.open_claims_on(room.ctx.store.reading(), machine.id)
    assert (ended.state, ended.made_id, held.holder) == ("unknown", machine.id, ADA)
    assert ended.outcome == "scratch was made by it after all, and runs."
    assert room.told(ADA, "action_ended") == [action.id] * 2
    claims.release_claim(room.ctx, held.id, ADA)
    room.clock.forward(3 * HOUR_MS)
    room.reports("scratch", 0.0)
    launch_expiry.ask_about_over(room.ctx)
    live = actions.live_on(room.ctx.store.reading(), machine.id)
    assert live is not None
    assert (live.kind, live.requester) == ("stop", VALET)


def test_an_order_that_is_never_answered_is_for_a_person_to_look_at(room):
    room.fleet.fault(PLACE, LOST, on="launch", times=99)
    action = room.approves(ask(room))

    minutes_pass(room, 12)

    assert (room.action(action).state, room.fleet.calls["launch", PLACE], launches(room)) == ("unknown", 4, 0)


@pytest.mark.parametrize("late", [False, True])
def test_without_capacity_in_one_subnet_the_next_is_tried_at_once(room, late):
    room.fleet.run_short("us-west-2a", late=late)
    action = room.approves(ask(room, "spread"))

    minutes_pass(room, 4)

    done = room.action(action)
    assert (done.state, done.tries) == ("done", 1)
    row = stored_fleet.by_id(room.ctx.store.reading(), done.made_id)
    assert row is not None
    assert row["zone"] == "us-west-2b"


def test_a_type_that_one_subnet_does_not_offer_is_launched_in_the_next(room):
    room.fleet.fault(PLACE, NotThere("AWS offers no p5 there."), on="launch")
    action = room.approves(ask(room, "spread"))

    minutes_pass(room, 4)

    done = room.action(action)
    assert (done.state, done.tries) == ("done", 1)


def test_a_type_that_no_subnet_offers_fails_with_awss_words(room):
    room.fleet.fault(PLACE, NotThere("AWS offers no p5 there."), on="launch", times=9)
    action = room.approves(ask(room, "spread"))

    minutes_pass(room, 4)

    assert (room.action(action).state, room.fleet.calls["launch", PLACE]) == ("failed", 2)
    assert "AWS offers no p5 there." in room.action(action).outcome


def test_without_any_capacity_it_is_tried_for_21_minutes_and_other_templates_are_offered(room):
    room.fleet.run_short("us-west-2a")
    room.fleet.run_short("us-west-2b")
    action = room.approves(ask(room, "spread"))
    minutes_pass(room, 3)
    waiting = room.action(action)

    minutes_pass(room, 25)

    ended = room.action(action)
    assert (waiting.state, alternatives.templates_instead(room.ctx, waiting)) == ("executing", ["box"])
    assert (ended.state, launches(room), room.fleet.calls["launch", PLACE]) == ("failed", 0, 5)
    assert alternatives.templates_instead(room.ctx, ended) == ["box"]


def test_a_machine_that_ends_while_it_is_launched_is_said_with_the_reason(room):
    action = room.approves(ask(room))
    room.tick()
    room.fleet.change(room.fleet.launches[0][0], state="terminated", state_reason="Client.InvalidSnapshot.NotFound")

    minutes_pass(room, 1)

    ended = room.action(action)
    assert ended.state == "failed"
    assert "(Client.InvalidSnapshot.NotFound)" in ended.outcome


def over(room) -> str:
    """A launched machine whose time and claim are over; its name."""
    action = room.approves(ask(room))
    minutes_pass(room, 2)
    [held] = stored_claims.open_claims_on(room.ctx.store.reading(), room.action(action).made_id)
    room.clock.forward(2 * HOUR_MS)
    claims.release_claim(room.ctx, held.id, ADA)
    return room.fleet.launches[0][0]


def test_when_its_time_is_over_its_stop_is_asked_for_and_owners_may_agree(room):
    name = over(room)
    room.reports(name, 0.0)

    launch_expiry.ask_about_over(room.ctx)
    launch_expiry.ask_about_over(room.ctx)
    live = actions.live_on(room.ctx.store.reading(), room.machine(name).id)

    assert live is not None
    assert (live.kind, live.requester) == ("stop", VALET)
    assert len(room.told(ADA, "launch_over")) == 1
    room.approves(live, ADA)
    minutes_pass(room, 2)
    assert room.machine(name).state == "stopped"
    assert live.id in room.told(ADA, "action_ended")
    assert room.told(VALET) == []


def test_what_works_when_its_time_is_over_is_never_asked_about_but_told_daily(room):
    name = over(room)
    room.reports(name, 80.0)

    launch_expiry.ask_about_over(room.ctx)
    room.clock.forward(DAY_MS)
    room.reports(name, 80.0)
    launch_expiry.ask_about_over(room.ctx)

    assert actions.live_on(room.ctx.store.reading(), room.machine(name).id) is None
    told = room.told(ADA, "launch_over")
    assert len(told) == 2
    assert all("is working" in each for each in told)


def test_a_machine_that_somebody_claims_is_not_asked_about(room):
    name = over(room)
    room.reports(name, 0.0)
    claims.claim_gpus(room.ctx, room.machine(name).id, CY)

    launch_expiry.ask_about_over(room.ctx)

    assert room.told(ADA, "launch_over") == []


def test_free_machines_with_such_gpus_are_named_before_anything_is_launched(room):
    room.reports("scratch", 0.0)
    room.tick()

    found = alternatives.free_like(room.ctx, room.settings.templates["box"], ADA)

    assert [each.instance.name for each in found] == ["scratch"]


def test_gpus_that_somebody_has_booked_soon_are_no_alternative(room):
    room.reports("scratch", 0.0)
    room.tick()
    request = BookingRequest(room.clock.now + HOUR_MS, length=HOUR_MS)
    bookings.book_gpus(room.ctx, room.machine("scratch").id, CY, request)

    assert alternatives.free_like(room.ctx, room.settings.templates["box"], ADA) == []


def test_over_budget_nobody_launches_unasked(tmp_path, clock):
    team = {**SETTINGS["teams"]["nlp"], "ask_over_usd": "9000", "budget_usd": "1"}
    settings = {**SETTINGS, "teams": {"nlp": team}, "launch": [BOX]}
    room = Room(tmp_path / "budget.db", clock, settings=settings)

    action = ask(room)

    assert (action.state, action.facts.budget_micros) == ("pending", 1_000_000)
    room.close()


def test_a_machine_that_is_being_made_for_somebody_is_not_taken_by_others(room):
    action = room.approves(ask(room))
    room.tick()
    room.clock.forward(MINUTE_MS)
    room.sweep()
    made = room.action(action).made_id

    with pytest.raises(Refused, match=f"was launched for @{ADA}, who gets it as soon as it is ready"):
        claims.claim_gpus(room.ctx, made, CY)

    minutes_pass(room, 1)
    assert [each.holder for each in stored_claims.open_claims_on(room.ctx.store.reading(), made)] == [ADA]
