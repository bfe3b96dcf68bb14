"""No secret reaches the log."""

import json
import logging
import subprocess
import sys

import pytest

from bot.redaction import HIDDEN, JsonLines, Redacting, hide


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-123-abcDEF",
        "xapp-1-A0-99-deadbeef",
        "vlt_9a8B-7c_6",
        "AKIAIOSFODNN7EXAMPLE",
        "https://hooks.slack.com/commands/T0/1/abc",
        "https:\\/\\/hooks.slack.com\\/actions\\/T0\\/1\\/abc",
    ],
)
def test_a_secret_is_hidden_wherever_it_stands(secret):
    said = hide(f'before "{secret}" after')

    assert said == f'before "{HIDDEN}" after'


def test_a_form_body_loses_its_response_url():
    assert hide("text=hi&response_url=https%3A%2F%2Fhooks&user=U1") == f"text=hi&response_url={HIDDEN}&user=U1"


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("x-amz-security-token:FwoG/a+b=\n\ncontent-type;x-amz-security-token\n", "x-amz-security-token:{}\n\ncontent"),
        ("{'X-Amz-Security-Token': b'FwoG/a+b=', 'X': 1}", "{{'X-Amz-Security-Token': b'{}', 'X': 1}}"),
        (
            "<SecretAccessKey>wJal+r/X</SecretAccessKey><SessionToken>Fw//x</SessionToken>",
            "<SecretAccessKey>{}</Secret",
        ),
        ('{"SecretAccessKey" : "wJal+r/X", "Token" : "Fw//x"}', '{{"SecretAccessKey" : "{}", "Token" : "{}"}}'),
        ('"response_url":"http:\\/\\/127.0.0.1:80\\/response\\/x1"', '"response_url":"{}"'),
        ("{'response_url': 'http://127.0.0.1/response/x1'}", "{{'response_url': '{}'}}"),
    ],
)
def test_what_only_a_name_gives_away_is_hidden_too(line, left):
    said = hide(line)

    assert left.format(HIDDEN, HIDDEN) in said
    assert not any(secret in said for secret in ("FwoG", "wJal", "Fw//x", "x1"))


def test_tracebacks_are_redacted_too():
    try:
        int("token xoxb-1-2 is wrong")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed with %s", ("xapp-1-2",), sys.exc_info())

    said = Redacting("%(message)s").format(record)

    assert "xoxb" not in said
    assert "xapp" not in said
    assert "ValueError" in said


def test_a_json_line_hides_secrets_and_stays_json():
    error = ValueError('refused: {"SessionToken": "wJalr\\"XUtn"} of xoxb-1-2')
    about = (ValueError, error, None)
    entry = logging.LogRecord("bot", logging.ERROR, "x.py", 1, 'key "%s"', ("vlt_abc",), about)

    told = json.loads(JsonLines().format(entry))

    assert told["message"] == f'key "{HIDDEN}"'
    assert "xoxb" not in told["error"]
    assert "wJalr" not in told["error"]
    assert "ValueError" in told["error"]


@pytest.mark.parametrize(("options", "chatter"), [("", False), ("verbose=True", True)])
def test_libraries_are_heard_only_where_something_is_wrong(options, chatter):
    script = (
        f"import logging; from bot.redaction import set_up_log; set_up_log({options})\n"
        "logging.getLogger('botocore.credentials').info('Found credentials')\n"
        "logging.getLogger('botocore.retries').warning('Giving up')\n"
        "logging.getLogger('store.audit').info('somebody did something')"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)

    assert ("Found credentials" in said.stderr) == chatter
    assert "Giving up" in said.stderr
    assert "somebody did something" in said.stderr
