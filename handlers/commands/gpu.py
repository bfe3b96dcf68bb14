"""/gpu: every verb of it, in the order help shows them."""

from handlers.commands import acting, claims, find, fleet, handing, history, running

VERBS = (*fleet.VERBS, *find.VERBS, *claims.VERBS, *handing.VERBS, *running.VERBS, *acting.VERBS, *history.VERBS)
