"""/gpu: every verb of it, in the order help shows them."""

from handlers.commands import acting, claims, fleet, history

VERBS = (*fleet.VERBS, *claims.VERBS, *acting.VERBS, *history.VERBS)
