"""/gpu: which verb is meant."""

from handlers import topics, verbs
from handlers.blocks.parts import Reply
from handlers.verbs import Ask

VERBS = topics.GPU_VERBS


def run(ask: Ask) -> Reply:
    """Run the verb that the first word names."""
    return verbs.run(ask.ctx.settings.slack.gpu_command, VERBS, ask)
