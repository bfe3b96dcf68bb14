"""Samples into minutes: what is not known stays unknown, and no figure is invented."""

from hypothesis import given
from hypothesis import strategies as st

from bot.agent.minutes import Folding, fold
from bot.domain.machines.readings import Process
from bot.telemetry.sample import Sample

PERCENT = st.none() | st.floats(0, 100)
COUNT = st.none() | st.integers(0, 20)


@st.composite
def minutes_of_samples(draw):
    """Samples of one GPU, 15 s apart, with anything missing."""
    start = draw(st.floats(60, 1e6))
    samples = []
    for place in range(draw(st.integers(0, 6))):
        util = draw(PERCENT)
        samples.append(
            Sample(
                at_s=start + 15 * place,
                util_max=util,
                util_mean=None if util is None else util * draw(st.floats(0, 1)),
                codec=draw(PERCENT),
                energy_mj=draw(st.none() | st.integers(0, 2**50)),
                watts=draw(st.none() | st.floats(0, 1000)),
                memory_used_mib=draw(COUNT),
                compute_processes=draw(COUNT),
                error=draw(st.none() | st.just("GPU is lost")),
            )
        )
    return samples


@given(minutes_of_samples())
def test_a_value_is_known_exactly_when_some_sample_knew_it(samples):
    minute = fold(3, 7, samples)

    for field in ("util_max", "memory_used_mib", "compute_processes"):
        known = [getattr(sample, field) for sample in samples if getattr(sample, field) is not None]
        assert getattr(minute, field) == (max(known) if known else None)
    assert (minute.codec_max is None) == all(sample.codec is None for sample in samples)


@given(minutes_of_samples())
def test_the_mean_is_never_above_the_highest(samples):
    minute = fold(0, 0, samples)

    assert minute.util_mean is None or minute.util_mean <= minute.util_max + 0.01


@given(minutes_of_samples())
def test_power_is_unknown_or_possible(samples):
    minute = fold(0, 0, samples)

    assert minute.watts is None or 0 <= minute.watts <= 5000


@given(minutes_of_samples())
def test_samples_counts_what_can_be_judged_by(samples):
    minute = fold(0, 0, samples)

    utils = sum(sample.util_max is not None for sample in samples)
    assert minute.samples == (utils or sum(sample.error is None for sample in samples))
    assert minute.samples <= len(samples)


def _at(*readings: tuple[float, int]) -> list[Sample]:
    return [Sample(at_s=at_s, util_max=0.0, energy_mj=millijoules) for at_s, millijoules in readings]


def test_power_comes_from_the_energy_counter():
    samples = _at((0, 1_000_000), (15, 2_050_000), (30, 3_100_000), (45, 4_150_000))

    assert fold(0, 0, samples).watts == 70.0


def test_power_counts_from_the_last_sample_of_the_minute_before():
    before = Sample(at_s=45, energy_mj=0)

    assert fold(0, 1, _at((60, 9_000_000)), before=before).watts == 600.0


def test_an_energy_reading_of_long_ago_says_nothing_of_this_minute():
    before = Sample(at_s=0, energy_mj=0)

    assert fold(0, 9, _at((600, 9_000_000)), before=before).watts is None


def test_a_counter_that_starts_anew_is_skipped_over():
    samples = _at((0, 9_000_000), (15, 0), (30, 1_500_000))

    assert fold(0, 0, samples).watts == 100.0


def test_power_comes_from_the_gauge_where_there_is_no_counter():
    samples = [Sample(at_s=0, watts=60), Sample(at_s=15, watts=80)]

    assert fold(0, 0, samples).watts == 70.0


def test_the_newest_list_of_programs_is_kept():
    samples = [
        Sample(at_s=0, processes=(Process("old", "ada"),)),
        Sample(at_s=15, processes=(Process("new", "ada"),)),
        Sample(at_s=30),
    ]

    assert fold(0, 0, samples).processes == (Process("new", "ada"),)


def test_a_minute_comes_out_when_the_next_begins():
    folding = Folding()

    first = folding.add(5, {0: Sample(300, util_max=1.0), 1: Sample(300)})
    second = folding.add(5, {0: Sample(315, util_max=9.0), 1: Sample(315)})
    third = folding.add(6, {0: Sample(360, util_max=2.0), 1: Sample(360)})

    assert (first, second) == ([], [])
    assert [(minute.gpu, minute.tick, minute.samples, minute.util_max) for minute in third] == [
        (0, 5, 2, 9.0),
        (1, 5, 2, None),
    ]


def test_power_counts_from_the_last_reading_though_a_sample_without_one_came_after():
    folding = Folding()
    folding.add(5, {0: Sample(300, energy_mj=0)})
    folding.add(5, {0: Sample(315)})
    folding.add(6, {0: Sample(330, energy_mj=3_000_000)})

    [minute] = folding.flush()

    assert minute.watts == 100.0


def test_flush_gives_the_minute_begun_and_only_once():
    folding = Folding()
    folding.add(5, {0: Sample(300, util_max=1.0)})

    begun, again = folding.flush(), folding.flush()

    assert [minute.tick for minute in begun] == [5]
    assert again == []


def test_minutes_nobody_saw_are_left_out():
    folding = Folding()
    folding.add(5, {0: Sample(300, util_max=1.0)})

    done = folding.add(9, {0: Sample(540, util_max=1.0)})

    assert [minute.tick for minute in done] == [5]
    assert [minute.tick for minute in folding.flush()] == [9]
