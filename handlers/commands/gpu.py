"""/gpu: every verb of it, in the order help shows them."""

from handlers.blocks.parts import Reply
from handlers.commands import (
    acting,
    booking,
    calendar,
    claims,
    draining,
    find,
    fleet,
    handing,
    history,
    line,
    owned,
    parking,
    running,
    undelivered,
    using,
)
from handlers.commands.verbs import Ask, about
from handlers.commands.verbs import run as run_verb

VERBS = (
    *about("Look", *fleet.VERBS, *find.VERBS, *history.VERBS),
    *about("Share", *claims.VERBS, *handing.VERBS, *using.VERBS),
    *about("Wait and book", *line.VERBS, *booking.VERBS, *calendar.VERBS),
    *about("Stop, start, launch", *acting.VERBS, *parking.VERBS, *draining.VERBS, *owned.VERBS),
    *about("Run jobs", *running.VERBS),
    *about("Look after Valet", *undelivered.VERBS),
)


def run(ask: Ask) -> Reply:
    """Run the verb that the first word names."""
    return run_verb(ask.desk.settings.slack.gpu_command, VERBS, ask)
