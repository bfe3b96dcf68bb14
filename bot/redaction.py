"""What the log looks like: a line each, as text or as JSON, and no secrets, whatever a library chooses to print."""

import json
import logging
import re
from datetime import UTC, datetime

OWN_LOGGERS = ("bot", "handlers", "store")
"""Loggers that tell of what is done; libraries tell only of what is wrong."""

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


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, logger, message, and what an event has beside (who, did, subject, outcome)."""

    def format(self, record: logging.LogRecord) -> str:
        """One log entry."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"at": at, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        # each text by itself: in the whole line a secret would take the quote after it along
        return json.dumps({key: hide(text) for key, text in line.items()}, ensure_ascii=False)


def set_up_log(*, verbose: bool = False, as_json: bool = False) -> None:
    """Have our own events told on standard error, of libraries only warnings; all that anybody says when `verbose`."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if as_json else Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level="DEBUG" if verbose else "WARNING", handlers=[handler])
    for name in () if verbose else OWN_LOGGERS:
        logging.getLogger(name).setLevel("INFO")
