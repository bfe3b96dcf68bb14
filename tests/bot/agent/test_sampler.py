"""The sampler: one bad GPU never keeps the others' samples away."""

import logging
import time

import pytest

from bot.agent.sampler import Sampler
from tests.bot.agent.pretend import Hanging, PretendGpus


@pytest.fixture
def gpus():
    gpus = PretendGpus(4)
    gpus.open()
    yield gpus
    for hanging in gpus.hang.values():
        hanging.set()


def _sampler(gpus):
    return Sampler(gpus, time.monotonic, patience_s=0.1)


def test_every_gpu_is_sampled(gpus):
    samples = _sampler(gpus).take()

    assert {index: sample.util_max for index, sample in samples.items()} == {0: 0.0, 1: 1.0, 2: 2.0, 3: 3.0}


def test_programs_are_listed_for_those_asked_for_only(gpus):
    sampler = _sampler(gpus)

    sampler.take(processes_of=[1, 3])
    sampler.take()

    assert gpus.listed == [1, 3]


def test_gpus_that_hang_are_left_out_and_the_others_are_there(gpus):
    gpus.hang = {1: Hanging(), 3: Hanging()}
    sampler = _sampler(gpus)

    samples = sampler.take()

    assert [samples[index].util_max for index in range(4)] == [0.0, None, 2.0, None]
    assert samples[1].error == samples[3].error == "no answer within 0.1 s"


def test_a_gpu_that_hangs_is_not_asked_again_until_it_answered(gpus):
    gpus.hang = {1: Hanging()}
    sampler = _sampler(gpus)
    sampler.take()

    while_hanging = sampler.take()
    gpus.hang.pop(1).set()
    for _ in range(100):
        afterwards = sampler.take()
        if afterwards[1].error is None:
            break
        time.sleep(0.01)

    assert while_hanging[1].error is not None
    assert afterwards[1].util_max == 1.0


def test_a_fault_of_ours_costs_one_sample_and_is_logged(gpus, caplog):
    gpus.raises = {2: ZeroDivisionError()}

    with caplog.at_level(logging.ERROR):
        samples = _sampler(gpus).take()

    assert samples[2].error is not None
    assert [samples[index].util_max for index in (0, 1, 3)] == [0.0, 1.0, 3.0]
    assert "A step of the agent failed" in caplog.text


def test_a_host_without_gpus_has_no_samples():
    assert _sampler(PretendGpus(0)).take() == {}
