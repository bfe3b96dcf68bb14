"""The JSON of runs between agent and bot, version 1. Standard library only, since the agent imports it."""

PATH = "/v1/runs"
MAX_TAIL = 4_000
"""Characters of output in one report."""
MAX_REASON = 300
POLL_S = 10.0
"""How often an agent that takes runs asks for them."""
STATES = ("running", "done", "failed", "cancelled", "lost")
