"""/gpu: every verb of it, in the order help shows them."""

from handlers.commands import (
    acting,
    booking,
    calendar,
    claims,
    find,
    fleet,
    handing,
    history,
    line,
    parking,
    running,
    using,
)

VERBS = (
    *fleet.VERBS,
    *find.VERBS,
    *claims.VERBS,
    *booking.VERBS,
    *calendar.VERBS,
    *line.VERBS,
    *handing.VERBS,
    *using.VERBS,
    *running.VERBS,
    *acting.VERBS,
    *parking.VERBS,
    *history.VERBS,
)
