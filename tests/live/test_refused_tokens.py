"""`valet run` whose tokens Slack refuses: health and the log name which, whatever the connection says."""

import subprocess

import pytest

from tests.live.company import TOML, answered, command, door_in, environment, health, running, until


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_a_token_that_was_never_right_is_named_at_once(slack, tmp_path, name):
    (tmp_path / "valet.toml").write_text(TOML)
    environ = environment(slack)
    log = tmp_path / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command("run"), cwd=tmp_path, env=environ | {name: environ[name] + "-mistyped"}, stdout=out, stderr=out
        )
        try:
            door = door_in(log)
            problems = until(lambda: health(door)[1])
            said = log.read_text()
        finally:
            process.terminate()
            process.wait(30)

    assert problems == [f"Slack refuses {name} (invalid_auth): put a valid one in its place"]
    assert f"Slack refuses {name} (invalid_auth)" in said
    assert "can't be reached" not in said


def test_a_token_that_is_revoked_makes_health_bad_while_the_connection_lives(slack, tmp_path):
    (tmp_path / "valet.toml").write_text(TOML)
    with running(tmp_path, environment(slack)) as (_, door):
        assert answered(slack, "/gpu help").startswith("Ask in plain words: `who has")
        assert health(door) == (200, [])

        slack.fault("auth.test", "token_revoked", times=100)
        slack.fault("chat.postMessage", "token_revoked", times=100)

        problems = until(lambda: health(door)[1])
        said = (tmp_path / "log").read_text()

    assert problems == ["Slack refuses SLACK_BOT_TOKEN (token_revoked): put a valid one in its place"]
    assert "can't be reached" not in said
