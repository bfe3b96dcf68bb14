"""The JSON between agent and bot, version 1: what the agent writes, what the door accepts.

Standard library only, since the agent imports it. The door checks every field before it builds these records.
"""

import json
from dataclasses import asdict

from bot.domain.machines.readings import Push

WIRE_VERSION = 1
MINUTES_PATH = "/v1/minutes"
MAX_BODY_BYTES = 256 * 1024
MAX_MINUTES = 500
MAX_GPUS = 64
MAX_AGE_TICKS = 48 * 60
"""Older minutes are refused: the bot no longer judges by them."""
MAX_PROCESSES = 32
"""Named programs per minute; the counts beside them are complete."""
MAX_NAME = 64
"""Characters of a name: a program, a user, a GPU model."""
MAX_WORDS = 128
"""Characters of an error in NVML's words."""


def to_json(push: Push) -> bytes:
    """The body of POST /v1/minutes."""
    return json.dumps({"version": WIRE_VERSION, **asdict(push)}, separators=(",", ":"), allow_nan=False).encode()


RUNS_PATH = "/v1/runs"
MAX_TAIL = 4_000
"""Characters of output in one report."""
MAX_REASON = 300
POLL_S = 10.0
"""How often an agent that takes runs asks for them."""
