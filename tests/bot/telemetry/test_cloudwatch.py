"""The CloudWatch source against a stand-in that is as strict as AWS."""

import math

import pytest

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.source_history import Observation, Target
from bot.settings.measuring import CloudWatchSettings
from bot.telemetry.cloudwatch import CloudWatch
from tests.bot.telemetry.pretend_cloudwatch import PretendCloudWatch, minutes
from tests.conftest import MONDAY

UTIL, MEMORY = "nvidia_smi_utilization_gpu", "nvidia_smi_memory_used"
EAST, WEST = "ec2/default/us-east-1", "ec2/222233334444/us-west-2"


def source(aws: PretendCloudWatch, places=(EAST, WEST), **settings) -> CloudWatch:
    return CloudWatch(aws.ask, places, CloudWatchSettings(enabled=True, **settings), window_minutes=60)


def target(number: int, place: str = EAST) -> Target:
    return Target(f"i-{number:08x}", f"train-{number}", place)


def read(cloudwatch: CloudWatch, *targets: Target, read_until=None, now: int = MONDAY) -> list[Observation]:
    told = list(cloudwatch.read(targets, read_until or {}, now))
    assert [each.error for each in told if each.error] == []
    return [each for one in told for each in one.observations]


def test_the_aggregate_of_an_instance_is_read_with_its_maximum_its_average_and_its_memory():
    aws = PretendCloudWatch()
    for util, memory in ((0, 4), (80, 30_000)):
        aws.put(EAST, UTIL, minutes(MONDAY, util), InstanceId="i-00000001")
        aws.put(EAST, MEMORY, minutes(MONDAY, memory), InstanceId="i-00000001")
    aws.put(EAST, UTIL, minutes(MONDAY, 0), InstanceId="i-00000001", index="0", name="A10G")

    assert read(source(aws), target(1)) == [Observation("i-00000001", None, MONDAY - MINUTE_MS, 80, 40, 30_000)]


def test_without_an_aggregate_every_gpu_is_read_by_all_of_its_dimensions():
    aws = PretendCloudWatch()
    for index, util in (("0", 0), ("1", 95)):
        named = {"InstanceId": "i-00000001", "index": index, "name": "A10G", "arch": "Ampere", "host": "train-1"}
        aws.put(EAST, UTIL, minutes(MONDAY, util), **named)

    seen = read(source(aws), target(1))

    assert [(each.gpu, each.util_max, each.memory_used_mib) for each in seen] == [(0, 0, None), (1, 95, None)]


def test_no_metric_is_no_observation():
    aws = PretendCloudWatch()
    aws.put(EAST, UTIL, minutes(MONDAY, 7), InstanceId="i-000000ff")
    aws.put(EAST, UTIL, minutes(MONDAY, 7), namespace="Other", InstanceId="i-00000001")

    assert read(source(aws), target(1)) == []


@pytest.mark.parametrize("value", [-1.0, 101.0, math.nan, math.inf])
def test_a_value_that_cannot_be_is_unknown(value):
    aws = PretendCloudWatch()
    aws.put(EAST, UTIL, minutes(MONDAY, value), InstanceId="i-00000001")

    assert not [each for each in read(source(aws), target(1)) if each.known]


def test_an_instance_with_slices_of_gpus_is_left_out_since_their_utilisation_is_not_measured():
    aws = PretendCloudWatch()
    aws.put(EAST, UTIL, minutes(MONDAY, 0), InstanceId="i-00000001")
    aws.put(EAST, UTIL, minutes(MONDAY, 0), InstanceId="i-00000001", index="0", compute_index="1")

    assert read(source(aws), target(1)) == []


def test_five_hundred_instances_take_three_calls_a_pass_and_are_looked_for_once_an_hour():
    aws = PretendCloudWatch()
    fleet = [target(number) for number in range(500)]
    for each in fleet:
        aws.put(EAST, UTIL, minutes(MONDAY, 0, 0, 0), InstanceId=each.id)
    cloudwatch = source(aws)

    first = read(cloudwatch, *fleet)
    began = len(aws.calls)
    seen = read(cloudwatch, *fleet, read_until={EAST: MONDAY}, now=MONDAY + MINUTE_MS)

    assert (len(first), len(seen)) == (1500, 1500)
    assert (aws.count("list_metrics"), began) == (1, 4)
    assert len(aws.calls) - began == 3


def test_each_account_and_region_is_asked_about_its_own_and_a_failing_one_says_why():
    aws = PretendCloudWatch()
    aws.put(EAST, UTIL, minutes(MONDAY, 9), InstanceId="i-00000001")
    aws.put(WEST, UTIL, minutes(MONDAY, 9), InstanceId="i-00000002")
    aws.failing.add((WEST, "get_metric_data"))

    told = {each.place: each for each in source(aws).read([target(1), target(2, WEST)], {}, MONDAY)}

    assert len(told[EAST].observations) == 1
    assert (told[WEST].observations, told[WEST].read_until) == ((), None)
    assert told[WEST].error == f"AWS did not answer for {WEST}: Throttling"


def test_owned_machines_and_accounts_that_are_not_configured_are_not_asked_about():
    aws = PretendCloudWatch()

    assert list(source(aws, (EAST,)).read([target(1, WEST), target(2, "owned")], {}, MONDAY)) == []
    assert aws.calls == []


def test_pages_are_followed_to_the_end():
    aws = PretendCloudWatch(page=2, points_a_page=7)
    for number in range(5):
        aws.put(EAST, UTIL, minutes(MONDAY, 0, 0, 50), InstanceId=f"i-{number:08x}")

    seen = read(source(aws), *[target(number) for number in range(5)])

    assert len(seen) == 15
    assert sum(each.util_max == 50 for each in seen) == 5


def test_late_data_is_read_again_and_long_silence_only_within_the_window():
    aws = PretendCloudWatch()
    aws.put(EAST, UTIL, minutes(MONDAY, *[0.0] * 300), InstanceId="i-00000001")
    cloudwatch = source(aws)

    assert len(read(cloudwatch, target(1), read_until={EAST: MONDAY - MINUTE_MS})) == 11
    assert len(read(cloudwatch, target(1), read_until={EAST: MONDAY - 290 * MINUTE_MS})) == 80


def test_it_is_asked_no_more_often_than_said():
    aws = PretendCloudWatch()
    cloudwatch = source(aws, every_minutes=5)

    assert list(cloudwatch.read([target(1)], {EAST: MONDAY - 4 * MINUTE_MS}, MONDAY)) == []
    assert len(list(cloudwatch.read([target(1)], {EAST: MONDAY - 5 * MINUTE_MS}, MONDAY))) == 1


def test_new_instances_are_looked_for_after_ten_minutes_and_failing_searches_keep_what_was_found():
    aws = PretendCloudWatch()
    aws.put(EAST, UTIL, minutes(MONDAY, 0), InstanceId="i-00000001")
    cloudwatch = source(aws)
    read(cloudwatch, target(1))
    aws.put(EAST, UTIL, minutes(MONDAY, 0), InstanceId="i-00000002")

    seen = [
        {each.instance_id for each in read(cloudwatch, target(1), target(2), now=MONDAY + after * MINUTE_MS)}
        for after in (1, 10)
    ]
    aws.failing.add((EAST, "list_metrics"))

    assert [len(ids) for ids in seen] == [1, 2]
    assert len(read(cloudwatch, target(1), target(2), now=MONDAY + 79 * MINUTE_MS)) == 2


def test_a_long_window_keeps_to_the_points_of_one_call():
    aws = PretendCloudWatch()
    fleet = [target(number) for number in range(40)]
    for each in fleet:
        aws.put(EAST, UTIL, minutes(MONDAY, 0), InstanceId=each.id)
    cloudwatch = CloudWatch(aws.ask, [EAST], CloudWatchSettings(enabled=True), window_minutes=1440)

    assert len(read(cloudwatch, *fleet)) == 40
    assert aws.count("get_metric_data") == 2


def test_a_look_tells_of_the_newest_minute_and_work_in_one_not_over():
    aws, now = PretendCloudWatch(), MONDAY + 40_000
    aws.put(EAST, UTIL, minutes(MONDAY - MINUTE_MS, 0, 0, 0), InstanceId="i-00000001")

    seen = source(aws).look(target(1), [target(1)], now)

    assert seen is not None
    assert (len(seen.observations), seen.seen_until, seen.error) == (3, MONDAY - MINUTE_MS, "")
    aws.put(EAST, UTIL, minutes(MONDAY + MINUTE_MS, 80), InstanceId="i-00000001")
    works = source(aws).look(target(1), [target(1)], now)
    assert works is not None
    assert [each.minute for each in works.observations if each.util_max == 80] == [MONDAY]
    assert works.seen_until == MONDAY - MINUTE_MS


def test_a_look_where_nothing_is_known_and_where_aws_does_not_answer():
    aws = PretendCloudWatch()
    aws.put(EAST, UTIL, minutes(MONDAY, 0), InstanceId="i-00000002")

    unknown = source(aws).look(target(1), [target(1)], MONDAY)
    elsewhere = source(aws).look(target(2, "owned"), [], MONDAY)
    aws.failing.add((EAST, "get_metric_data"))
    failed = source(aws).look(target(2), [target(2)], MONDAY)

    assert unknown is not None
    assert failed is not None
    assert (unknown.observations, unknown.seen_until) == ((), None)
    assert elsewhere is None
    assert (failed.seen_until, failed.error) == (None, f"AWS did not answer for {EAST}: Throttling")


@pytest.mark.parametrize(("state", "says"), [("Forbidden", "forbids some of the metrics"), ("InternalError", "again")])
def test_series_that_were_not_answered_are_no_reading_of_nothing(state, says):
    aws = PretendCloudWatch()
    aws.put(EAST, UTIL, minutes(MONDAY, 9), InstanceId="i-00000001")
    aws.states["mem0"] = state

    [told] = source(aws).read([target(1)], {}, MONDAY)

    assert says in told.error
    assert (len(told.observations), told.read_until) == (1, None)
