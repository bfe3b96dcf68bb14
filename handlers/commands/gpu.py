"""/gpu: every verb of it, in the order help shows them."""

from handlers.commands import acting, booking, claims, find, fleet, handing, history, line, running

VERBS = (
    *fleet.VERBS,
    *find.VERBS,
    *claims.VERBS,
    *booking.VERBS,
    *line.VERBS,
    *handing.VERBS,
    *running.VERBS,
    *acting.VERBS,
    *history.VERBS,
)
