"""Limits of fair use: looked at before a claim is written, and what is said beyond them."""

from sqlite_utils import Database

from bot.domain.clock import WEEK_MS
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.limits import beyond_allowance, claim_use
from bot.errors import Refused
from bot.services.context import Context
from store.sharing import claims as stored_claims


class OverLimit(Refused):
    """Beyond the limits of fair use: which ones, the claim as planned, and whether an approver can let it pass."""

    def __init__(self, sentence: str, excess: str, planned: Claim, *, may_ask: bool) -> None:
        super().__init__(sentence)
        self.excess = excess
        self.planned = planned
        self.may_ask = may_ask


def check_limits(
    ctx: Context, db: Database, planned: Claim, *, advice: str = "Release something first, or claim less."
) -> None:
    """Whether a claim, as planned, keeps to the limits or only a warning follows. Raises OverLimit."""
    refuse_over_limit(ctx, planned, limit_excess(ctx, db, planned), advice)


def refuse_over_limit(ctx: Context, planned: Claim, phrases: list[str], advice: str) -> None:
    """Raises OverLimit with what was said of the limits, with that advice where nobody can let it pass."""
    rules = ctx.settings.fair_use(planned.team)
    if phrases and rules.at_limit != "warn":
        may_ask, excess = rules.at_limit == "ask", "; ".join(phrases)
        way = "An approver can let it pass." if may_ask else advice
        raise OverLimit(f"Too much: {excess}. {way}", excess, planned, may_ask=may_ask)


def limit_warnings(ctx: Context, held: Claim) -> str:
    """What to tell somebody who went beyond a limit; empty where they keep to them."""
    return limit_warning(limit_excess(ctx, ctx.store.reading(), held))


def limit_warning(phrases: list[str]) -> str:
    """The limits that somebody went beyond, as a sentence; empty without any."""
    return f"Mind the others: {'; '.join(phrases)}." if phrases else ""


def limit_excess(ctx: Context, db: Database, planned: Claim, *, whose: str = "you") -> list[str]:
    """A phrase for each limit that a claim, as planned, goes beyond."""
    rules, now, phrases = ctx.settings.fair_use(planned.team), ctx.clock(), []
    if rules.person.is_set:
        own = stored_claims.claims_since(db, now - WEEK_MS, holder=planned.holder)
        phrases += beyond_allowance(rules.person, claim_use(_with(own, planned), now), whose)
    if rules.team.is_set and planned.team:
        theirs = stored_claims.claims_since(db, now - WEEK_MS, team=planned.team)
        phrases += beyond_allowance(rules.team, claim_use(_with(theirs, planned), now), f"team {planned.team}")
    return phrases


def _with(known: list[Claim], planned: Claim) -> list[Claim]:
    return [*(claim for claim in known if claim.id != planned.id), planned]
