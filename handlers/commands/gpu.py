"""/gpu: every verb of it, in the order help shows them."""

from handlers.commands import acting, claims, fleet, handing, history

VERBS = (*fleet.VERBS, *claims.VERBS, *handing.VERBS, *acting.VERBS, *history.VERBS)
