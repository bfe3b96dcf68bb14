"""The JSON between agent and bot, version 1: what the agent writes, what the door accepts.

Standard library only, since the agent imports it. The door checks every field before it builds these records.
"""

import json
from dataclasses import asdict

from bot.domain.readings import Push

VERSION = 1
PATH = "/v1/minutes"
MAX_BODY_BYTES = 256 * 1024
MAX_MINUTES = 500
MAX_GPUS = 64


def to_json(push: Push) -> bytes:
    """The body of POST /v1/minutes."""
    return json.dumps({"version": VERSION, **asdict(push)}, separators=(",", ":"), allow_nan=False).encode()
