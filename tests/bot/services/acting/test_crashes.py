"""The process ends at any step of an action; the next one brings it to its end, once, with one word about it.

`python -m tests.bench.bench_crashes` does the same many times over, and counts.
"""

import pytest

from tests.bot.services.acting.crashing import EFFECTS, POINTS, approved, crashed, opened, run_until
from tests.bot.services.room import ADA


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "point"), [(kind, point) for kind, each in POINTS.items() for point in each])
def test_a_crash_at_any_step_loses_nothing_and_does_it_once(tmp_path, kind, point):
    seen = crashed(tmp_path, kind, point)

    assert seen.ended == 137
    assert seen.state == "done"
    assert seen.made == dict.fromkeys(EFFECTS[kind], 1)
    assert seen.told == 1
    assert seen.holders == ([] if kind == "stop" else [ADA])


@pytest.mark.slow
@pytest.mark.parametrize("kind", POINTS)
def test_without_a_crash_it_ends_by_itself(tmp_path, kind):
    action = approved(tmp_path, kind)

    assert run_until(tmp_path, "never") == 0

    room = opened(tmp_path)
    assert room.action(action).state == "done"
    room.close()
