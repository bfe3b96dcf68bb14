"""Keeps secrets out of the log, whatever a library chooses to print."""

import logging
import re

_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+"  # Slack tokens
    r"|xapp-[\w-]+"
    r"|vlt_[\w-]+"  # our agents' tokens
    r"|(?:AKIA|ASIA)[A-Z0-9]{12,}"  # AWS access key ids
    r"|https?:\\?/\\?/hooks\.slack\.com[^\s\"'&]*"  # response URLs let anybody post
)
_NAMED = re.compile(
    r"((?:response_url|x-amz-security-token)\\?[\"']?\s*[:=]\s*b?\\?[\"']?"  # botocore prints what it signs
    r"|<(?:SecretAccessKey|SessionToken)>"  # and what STS answers
    r"|[\"'](?:SecretAccessKey|SessionToken|Token)[\"']\s*:\s*[\"'])"
    r"[^\s\"'<&;,]+",
    re.IGNORECASE,
)
"""Values that only their names give away."""
HIDDEN = "[hidden]"


def hide(text: str) -> str:
    """The text with every secret hidden."""
    return _NAMED.sub(rf"\1{HIDDEN}", _SECRETS.sub(HIDDEN, text))


class Redacting(logging.Formatter):
    """Formats as usual, then hides secrets, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """One log entry."""
        return hide(super().format(record))
