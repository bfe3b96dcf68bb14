"""SIGKILL at any moment of a fan-out: each message comes once, each approved stop once, whatever Slack and AWS do.

`python -m tests.bench.bench_crashes` does the same for many rounds, and counts.
"""

import pytest

from tests.live.killing import DIGESTS, STOPS, one_round, prepared


@pytest.mark.parametrize("stumbling", [False, True], ids=["", "while Slack and AWS stumble"])
def test_killed_again_and_again_it_loses_nothing_and_does_nothing_twice(tmp_path, stumbling):
    seen = one_round(prepared(tmp_path), tmp_path / "round", 1, kills=4, stumbling=stumbling)

    assert seen.is_clean, seen
    assert (seen.kills, seen.actions) == (4, STOPS)
    assert seen.messages >= DIGESTS + 2 * STOPS
