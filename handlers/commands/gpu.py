"""/gpu: every verb of it, in the order help shows them."""

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
    parking,
    running,
    undelivered,
    using,
)
from handlers.commands.verbs import about

VERBS = (
    *about("Look", *fleet.VERBS, *find.VERBS, *history.VERBS),
    *about("Share", *claims.VERBS, *handing.VERBS, *using.VERBS),
    *about("Wait and book", *line.VERBS, *booking.VERBS, *calendar.VERBS),
    *about("Stop, start, launch", *acting.VERBS, *parking.VERBS, *draining.VERBS),
    *about("Run jobs", *running.VERBS),
    *about("Look after Valet", *undelivered.VERBS),
)
