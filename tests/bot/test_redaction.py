"""No secret reaches the log."""

import logging
import sys

import pytest

from bot.redaction import HIDDEN, Redacting, hide


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


def test_tracebacks_are_redacted_too():
    try:
        int("token xoxb-1-2 is wrong")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed with %s", ("xapp-1-2",), sys.exc_info())

    said = Redacting("%(message)s").format(record)

    assert "xoxb" not in said
    assert "xapp" not in said
    assert "ValueError" in said
