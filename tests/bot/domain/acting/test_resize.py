"""What may become another type, and when the old machine is left running."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acting.actions import ResizeFacts
from bot.domain.acting.resize import (
    architecture,
    obstacle_to_begin_resize,
    obstacle_to_resize,
    reason_to_leave,
    reason_to_wait,
    tags_to_bear,
)
from tests.bot.domain.acting.test_action_obstacles import ACTION, CLAIM, FREE, MACHINE, SCENE

SHOWN = ResizeFacts(name="train-7", type="p4d.24xlarge", region="us-east-1", claim_ids=("c-1",), holders=("cy",))
RESIZE = replace(ACTION, kind="resize", facts=SHOWN)


def test_an_idle_machine_nobody_else_holds_may_be_resized():
    assert obstacle_to_begin_resize(RESIZE, SCENE) is None
    assert obstacle_to_resize(replace(SCENE, claims=(CLAIM,)), "cy", "p4d.24xlarge") is None
    assert "<person cy> holds train-7" in str(obstacle_to_begin_resize(RESIZE, replace(SCENE, claims=(CLAIM,))))


@pytest.mark.parametrize("state", ["active", "partial", "unknown"])
def test_what_works_or_may_work_is_not_resized_unless_it_is_stopped(state):
    works = replace(SCENE, verdict=replace(FREE, state=state))
    stopped = replace(works, instance=replace(MACHINE, state="stopped"), verdict=None)

    assert obstacle_to_begin_resize(RESIZE, works)
    assert obstacle_to_begin_resize(RESIZE, stopped) is None


@pytest.mark.parametrize(
    "odd",
    [
        {"lifecycle": "spot"},
        {"asg": "group"},
        {"root_device": "instance-store"},
        {"tags": {"eks:cluster": "x"}},
        {"state": "stopping"},
        {"provider": "owned"},
        {"stop_protected": True},
        {"type": "g5g.xlarge"},
        {"type": "p4d.24xlarge"},
    ],
)
@pytest.mark.parametrize("state", ["running", "stopped"])
def test_machines_that_are_not_valets_to_stop_are_not_resized_running_or_stopped(odd, state):
    scene = replace(SCENE, instance=replace(MACHINE, **({"state": state} | odd)))

    assert obstacle_to_resize(scene, "cy", "p4d.24xlarge")


def test_protected_and_restarted_machines_are_left_alone():
    assert obstacle_to_begin_resize(RESIZE, replace(SCENE, protected=True))
    assert "restarted" in str(obstacle_to_begin_resize(replace(RESIZE, launched_at=4), SCENE))
    assert "restarted" in str(reason_to_leave(replace(RESIZE, launched_at=4), SCENE))


def test_the_old_machine_is_left_to_whoever_claimed_it_meanwhile():
    late = replace(CLAIM, id="c-2", holder="ada")

    assert reason_to_leave(replace(RESIZE, requester="cy"), replace(SCENE, claims=(CLAIM,))) is None
    assert "was claimed after the request" in str(reason_to_leave(RESIZE, replace(SCENE, claims=(late,))))
    handed = replace(CLAIM, holder="bob")
    assert "held by somebody else" in str(reason_to_leave(RESIZE, replace(SCENE, claims=(handed,))))


def test_what_it_does_is_a_reason_to_wait_and_not_to_leave_it():
    works = replace(SCENE, verdict=replace(FREE, state="active"))

    assert reason_to_leave(RESIZE, works) is None
    assert "is working" in str(reason_to_wait(works))
    assert "can't tell" in str(reason_to_wait(replace(SCENE, verdict=None)))
    assert reason_to_wait(SCENE) is None


def test_processors_differ_where_they_do():
    assert architecture("g5g.xlarge") == architecture("p6e-gb200.36xlarge") == "arm64"
    assert architecture("g5.xlarge") == architecture("p6-b200.48xlarge") == "x86_64"


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=9), max_size=60))
def test_tags_of_aws_and_of_other_keepers_are_not_borne_by_the_new_machine(tags):
    reserved = {"aws:autoscaling:groupName": "x", "kubernetes.io/cluster/a": "owned", "eks:nodegroup-name": "b"}
    borne = tags_to_bear(replace(MACHINE, tags={**tags, **reserved}))

    assert not borne.keys() & reserved.keys()
    assert borne.items() <= tags.items()
    assert len(borne) <= 40
