"""AWS hangs, with a sweep and an approved stop stuck in it: whoever types a command notices nothing of that.

`python -m tests.bench.bench_acknowledge` measures how long they wait.
"""

from tests.live.hanging import stuck, until

PEOPLE = 50


def test_fifty_commands_at_once_are_all_acknowledged_and_answered_while_aws_hangs(tmp_path):
    with stuck(tmp_path) as here:
        took = here.burst(PEOPLE)

        until(
            lambda: (
                len([one for one in here.slack.sees("ada", "#gpus") if "1 machine, " in one.partition("\n")[0]])
                == PEOPLE
            )
        )
        refused = [one for one in here.slack.sees("ada", "#gpus") if "failed" in one]

    assert len(took) == PEOPLE, "an acknowledgement that takes over 3 s raises, as it is none for Slack"
    assert refused == []
