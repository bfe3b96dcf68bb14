"""What stands in the way of a stop, piece by piece."""

from dataclasses import replace

import pytest

from bot.domain.acting.actions import Action, StopFacts
from bot.domain.acting.approvals import deciders
from bot.domain.acting.images import obstacle_to_clone
from bot.domain.acting.obstacles import Scene, obstacle_to_execute, obstacle_to_stop
from bot.domain.acting.start import obstacle_to_start
from bot.domain.machines.fleet import Instance
from bot.domain.machines.states import in_words
from bot.domain.machines.verdict import Verdict
from bot.domain.people import Roster, Team
from bot.domain.sharing.claims import Claim

ROSTER = Roster((Team("nlp", frozenset({"ada"}), frozenset({"bob"})), Team("vision")), frozenset({"dee"}))
MACHINE = Instance("i-1", "train-7", "ec2", "ec2/1/us-east-1", "p5.48xlarge", "running", launched_at=5)
FREE = Verdict("free", 1, "all quiet", 9)
SCENE = Scene(MACHINE, (), FREE, ROSTER)
FACTS = StopFacts(name="train-7", type="p5.48xlarge", region="us-east-1", verdict="free", verdict_since=1)
ACTION = Action("a", "stop", "i-1", 5, "ada", "nlp", "approved", 1, 100, FACTS, decider="bob", decided_at=2)
CLAIM = Claim("c-1", "i-1", "cy", 1, 100, (0,))


def test_nothing_stands_in_the_way_of_what_was_approved():
    assert obstacle_to_execute(ACTION, SCENE) is None


def test_an_action_has_the_facts_of_its_own_kind_and_no_others():
    with pytest.raises(ValueError, match="A start has no StopFacts"):
        replace(ACTION, kind="start")


def test_another_launch_is_another_machine():
    restarted = replace(SCENE, instance=replace(MACHINE, launched_at=6))

    assert obstacle_to_execute(ACTION, restarted) == "train-7 was restarted after the request."


def test_only_a_claim_that_the_card_did_not_show_is_in_the_way():
    claimed = replace(SCENE, claims=(CLAIM,))
    shown = replace(ACTION, facts=replace(FACTS, claim_ids=("c-1",)))

    assert obstacle_to_execute(ACTION, claimed) == "train-7 was claimed after the request."
    assert obstacle_to_execute(shown, claimed) is None
    assert obstacle_to_execute(shown, SCENE) is None, "given back meanwhile"


def test_a_yes_of_somebody_who_is_no_approver_any_more_is_none():
    assert "may no longer approve" in str(obstacle_to_execute(ACTION, replace(SCENE, roster=Roster())))


@pytest.mark.parametrize("state", ["active", "partial", "unknown"])
def test_only_an_idle_verdict_lets_a_stop_pass(state):
    assert obstacle_to_stop(replace(SCENE, verdict=replace(FREE, state=state)))
    assert obstacle_to_stop(replace(SCENE, verdict=replace(FREE, state="held"))) is None


WORKS = replace(ACTION, facts=replace(FACTS, even_active=True, approvals=2), yeses=("bob", "dee"), decider="dee")


@pytest.mark.parametrize("state", ["active", "partial", "held", "free"])
def test_a_stop_approved_as_ending_work_passes_whether_it_works_or_idles_by_then(state):
    assert obstacle_to_execute(WORKS, replace(SCENE, verdict=replace(FREE, state=state))) is None


def test_yet_never_where_nobody_can_tell_nor_past_a_claim_or_a_restart():
    unknown = replace(SCENE, verdict=replace(FREE, state="unknown"))
    active = replace(SCENE, verdict=replace(FREE, state="active"))

    assert "can't tell whether train-7 works" in str(obstacle_to_execute(WORKS, unknown))
    assert "can't tell whether train-7 works" in str(obstacle_to_execute(WORKS, replace(SCENE, verdict=None)))
    assert "claimed after" in str(obstacle_to_execute(WORKS, replace(active, claims=(CLAIM,))))
    assert "restarted" in str(obstacle_to_execute(WORKS, replace(active, instance=replace(MACHINE, launched_at=6))))


def test_one_of_two_yeses_is_too_few_once_the_other_may_say_none_any_more():
    left = Roster((Team("nlp", frozenset({"ada"}), frozenset({"bob"})),))

    assert "<person dee> may no longer approve this." in str(obstacle_to_execute(WORKS, replace(SCENE, roster=left)))


def test_what_was_asked_for_as_idle_is_not_stopped_once_it_works_with_a_reason():
    active = replace(SCENE, verdict=replace(FREE, state="active", evidence="8 of 8 GPUs worked"))

    assert "8 of 8 GPUs worked" in str(obstacle_to_execute(ACTION, active))
    assert "say why" not in str(obstacle_to_execute(ACTION, active))


def test_where_approvers_are_too_few_for_work_admins_decide_too_but_never_the_requester():
    assert deciders(WORKS, ROSTER) == {"bob", "dee"}
    assert deciders(replace(WORKS, requester="dee"), ROSTER) == {"bob"}


def test_no_verdict_is_unknown_and_unknown_is_no_reason_to_stop():
    assert "can't tell whether train-7 works" in str(obstacle_to_stop(replace(SCENE, verdict=None)))


@pytest.mark.parametrize("state", ["pending", "stopping", "stopped", "terminated", "unknown"])
def test_only_a_running_machine_is_stopped(state):
    assert (
        obstacle_to_stop(replace(SCENE, instance=replace(MACHINE, state=state)))
        == f"train-7 is {in_words(state)}, not running."
    )


def test_owned_machines_are_never_stopped():
    assert "is owned" in str(obstacle_to_stop(replace(SCENE, instance=replace(MACHINE, provider="owned"))))


@pytest.mark.parametrize(
    ("requester", "team", "expected"),
    [("ada", "nlp", {"bob"}), ("bob", "nlp", {"dee"}), ("ada", "vision", {"dee"}), ("dee", "vision", set())],
)
def test_the_teams_approvers_decide_else_the_admins_never_the_requester(requester, team, expected):
    assert deciders(replace(ACTION, requester=requester, team=team), ROSTER) == expected


@pytest.mark.parametrize(
    ("tag", "keeper"),
    [
        ("eks:cluster-name", "EKS"),
        ("kubernetes.io/cluster/prod", "Kubernetes"),
        ("AWSBatchServiceTag", "AWS Batch"),
        ("sagemaker:domain-arn", "SageMaker"),
        ("aws:ec2:fleet-id", "an EC2 fleet"),
        ("parallelcluster:cluster-name", "ParallelCluster"),
        ("aws:pcs:cluster-id", "AWS PCS"),
        ("Vendor=Databricks", "Databricks"),
        ("vendor=databricks", "Databricks"),
        ("DatabricksInstancePoolId", "Databricks"),
        ("ray-cluster-name", "Ray"),
        ("ray-node-type", "Ray"),
        ("skypilot-cluster-name", "SkyPilot"),
        ("ghr:environment", "GitHub runners"),
        ("runs-on-stack-name", "RunsOn"),
        ("jenkins_slave_type", "Jenkins"),
        ("gitlab-runner", "GitLab runners"),
        ("karpenter.sh/provisioner-name", "Karpenter"),
        ("karpenter.sh/nodepool", "Karpenter"),
    ],
)
def test_machines_that_a_service_owns_are_left_to_it(tag, keeper):
    key, _, value = tag.partition("=")
    owned = replace(MACHINE, tags={"Name": "train-7", key: value or "x"})

    assert f"belongs to {keeper}" in str(obstacle_to_stop(replace(SCENE, instance=owned)))
    still = replace(owned, state="stopped")
    assert f"belongs to {keeper}" in str(obstacle_to_start(replace(SCENE, instance=still)))
    assert f"belongs to {keeper}" in str(obstacle_to_clone(replace(SCENE, instance=owned), "ada", reboot=True))
    assert obstacle_to_clone(replace(SCENE, instance=owned), "ada", reboot=False) is None


def test_a_protected_machine_is_neither_stopped_nor_started_nor_rebooted():
    scene = replace(SCENE, protected=True)

    assert "protected by a tag" in str(obstacle_to_stop(scene))
    assert "protected by a tag" in str(obstacle_to_start(replace(scene, instance=replace(MACHINE, state="stopped"))))
    assert "protected by a tag" in str(obstacle_to_clone(scene, "ada", reboot=True))
