"""The sandbox fleet behaves as EC2 does, by its clock alone."""

from functools import partial

import pytest

from bot.billing.prices import list_price
from bot.domain.acting.launch import Order
from bot.domain.clock import MINUTE_MS, SECOND_MS
from bot.domain.machines.fleet import Instance
from bot.errors import NoCapacity, Refused, Unreachable
from bot.providers import Provider
from bot.sandbox.inventory import OWNED_MACHINES, RENTED_MACHINES
from bot.sandbox.machines import SandboxFleet

MONDAY = 1_795_424_400_000  # 2026-11-23 09:00 UTC


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fleet(clock: Clock) -> SandboxFleet:
    return SandboxFleet(clock)


def seen(fleet: SandboxFleet) -> dict[str, Instance]:
    return {instance.name: instance for look in fleet.sweep() for instance in look.instances}


def test_it_is_a_provider_of_two_regions(fleet):
    provider: Provider = fleet

    found = [(look.source, len(look.instances), look.error) for look in provider.sweep()]

    assert found == [("ec2/111122223333/us-east-1", 7, None), ("ec2/111122223333/us-west-2", 6, None)]


def test_two_fleets_are_alike(clock):
    assert seen(SandboxFleet(clock)) == seen(SandboxFleet(clock))


def test_every_machine_has_a_price():
    assert [one.name for one in RENTED_MACHINES if list_price(one.type, "us-east-1") is None] == []


def test_the_hard_cases_are_there(fleet):
    found = seen(fleet)

    assert found["llm-serve"].asg == "llm-serve"
    assert found["sweep-1"].lifecycle == "spot"
    assert found["label-1"].stop_protected
    assert (found["eval-2"].state, found["eval-2"].stopped_at is None) == ("stopped", False)
    assert "team" not in found["scratch"].tags


def test_owned_machines_are_data_and_not_swept(fleet):
    assert [(one.name, one.gpu_count, one.gpu_model) for one in fleet.owned] == [
        ("dgx-1", 8, "A100"),
        ("dgx-2", 8, "H100"),
        ("ws-4", 2, "RTX 6000"),
    ]
    assert not {one.name for one in OWNED_MACHINES} & set(seen(fleet))


def test_a_stop_takes_forty_seconds(fleet, clock):
    train = fleet.named("train-7")
    fleet.stop(train)

    states = []
    for _ in range(3):
        states.append(fleet.named("train-7").state)
        clock.now += 20 * SECOND_MS

    assert states == ["stopping", "stopping", "stopped"]
    stopped = fleet.named("train-7")
    assert (stopped.stopped_at, stopped.launched_at) == (MONDAY, train.launched_at)


def test_a_second_stop_is_taken_as_done(fleet, clock):
    train = fleet.named("train-7")
    fleet.stop(train)
    clock.now += MINUTE_MS

    fleet.stop(train)

    assert fleet.calls["stop", "train-7"] == 2
    assert fleet.stops == [("train-7", MONDAY)]


def test_a_start_renews_the_launch_time_and_takes_a_while(fleet, clock):
    clock.now += MINUTE_MS
    fleet.power_up("eval-2")
    first = fleet.named("eval-2")
    clock.now += MINUTE_MS

    later = fleet.named("eval-2")

    assert (first.state, first.launched_at, first.stopped_at) == ("pending", MONDAY + MINUTE_MS, None)
    assert (later.state, later.launched_at) == ("running", MONDAY + MINUTE_MS)


def test_a_restart_renews_the_launch_time(fleet, clock):
    before = fleet.named("train-7").launched_at
    clock.now += MINUTE_MS

    fleet.restart("train-7")

    after = fleet.named("train-7")
    assert (after.state, after.launched_at) == ("running", MONDAY + MINUTE_MS)
    assert after.launched_at != before


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("sweep-1", "AWS can't stop sweep-1"),
        ("llm-serve", "Auto Scaling group llm-serve"),
        ("label-1", "label-1 has stop protection"),
    ],
)
def test_what_ec2_would_refuse_is_refused(fleet, name, sentence):
    with pytest.raises(Refused, match=sentence):
        fleet.stop(fleet.named(name))

    assert (fleet.named(name).state, fleet.stops) == ("running", [])


@pytest.mark.parametrize("state", ["terminated", "pending"])
def test_one_that_does_not_run_yet_or_any_more_is_not_stopped(fleet, state):
    fleet.change("train-7", state=state)

    with pytest.raises(Refused, match="can't be stopped in the state it is in now"):
        fleet.stop(fleet.named("train-7"))


def test_a_terminated_one_leaves_the_sweep(fleet):
    train = fleet.named("train-7")
    fleet.terminate("train-7")

    assert "train-7" not in seen(fleet)
    assert fleet.describe(train).state == "terminated"


def test_an_id_nobody_knows_is_not_to_be_seen_just_now(fleet):
    ghost = Instance("i-1", "ghost", "ec2", "ec2/111122223333/us-east-1", "g5.xlarge", "running")

    assert fleet.describe(ghost) is None
    for asked in (fleet.stop, fleet.start, partial(fleet.copy, name="valet-1", tags={}, reboot=False)):
        with pytest.raises(Unreachable, match=r"ghost yet: it is not to be seen just now") as unseen:
            asked(ghost)
        assert unseen.value.retryable
    with pytest.raises(NoCapacity, match="AWS shows no ghost"):
        fleet.launch(Order("t", ghost.source, "like-ghost", "g5.xlarge", image_id="ami-1", shape=ghost))


def test_a_fault_is_met_once_and_nothing_stops(fleet):
    fleet.fault("train-7", Unreachable("AWS has not stopped train-7 yet: RequestLimitExceeded."))

    with pytest.raises(Unreachable, match="RequestLimitExceeded"):
        fleet.stop(fleet.named("train-7"))

    assert fleet.named("train-7").state == "running"
    fleet.stop(fleet.named("train-7"))
    assert fleet.named("train-7").state == "stopping"


def test_a_stop_may_be_accepted_and_its_answer_lost(fleet):
    fleet.fault("train-7", Unreachable("no answer"), accepted=True)

    with pytest.raises(Unreachable):
        fleet.stop(fleet.named("train-7"))

    assert fleet.named("train-7").state == "stopping"
    assert fleet.stops == [("train-7", MONDAY)]


def test_a_fault_of_describe_leaves_stop_alone(fleet):
    train = fleet.named("train-7")
    fleet.fault("train-7", Unreachable("no answer"), on="describe", times=2)

    for _ in range(2):
        with pytest.raises(Unreachable):
            fleet.describe(train)

    assert fleet.describe(train) == train
    assert (fleet.calls["describe", "train-7"], fleet.calls["stop", "train-7"]) == (3, 0)


def test_a_silent_region_is_an_error_beside_a_fresh_one(fleet):
    fleet.silence("us-west-2")

    east, west = fleet.sweep()

    assert (len(east.instances), east.error) == (7, None)
    said = "AWS did not answer for us-west-2: RequestLimitExceeded: too many requests were made in the account just now"
    assert (west.instances, west.error) == ((), said)
    fleet.unsilence("us-west-2")
    assert [look.error for look in fleet.sweep()] == [None, None]


def test_an_order_makes_one_machine_however_often_it_is_sent(fleet, clock):
    order = Order("token", "ec2/111122223333/us-west-2", "box-1", "g5.xlarge", tags={"Name": "box-1"})

    first, second = fleet.launch(order), fleet.launch(order)
    clock.now += MINUTE_MS

    assert first.id == second.id
    assert fleet.launches == [("box-1", MONDAY)]
    assert (first.state, fleet.named("box-1").state) == ("pending", "running")
    assert fleet.launched(order) == fleet.named("box-1")


def test_a_zone_that_ran_short_says_so_at_once_or_late(fleet, clock):
    still = fleet.named("eval-2")
    fleet.run_short(still.zone)
    with pytest.raises(NoCapacity, match=r"AWS has no g5.2xlarge left in us-west-2a"):
        fleet.start(still)

    fleet.run_short(still.zone, late=True)
    fleet.start(still)
    began = fleet.named("eval-2").state
    clock.now += MINUTE_MS
    ended = fleet.named("eval-2")

    assert began == "pending"
    assert (ended.state, ended.state_reason) == ("stopped", "Server.InsufficientInstanceCapacity")


def test_no_two_images_have_one_name_and_an_image_takes_a_while(fleet, clock):
    machine, tags = fleet.named("scratch"), {"valet-of": "scratch", "owner": "U0ADA"}
    fleet.copy(machine, "valet-1", tags, reboot=False)

    with pytest.raises(Unreachable, match="already"):
        fleet.copy(machine, "valet-1", tags, reboot=False)

    young = fleet.copied(machine, "valet-1")
    clock.now += 5 * MINUTE_MS
    old = fleet.copied(machine, "valet-1")
    assert young is not None
    assert old is not None
    assert (young.state, old.state, fleet.copied(machine, "valet-2")) == ("pending", "available", None)
