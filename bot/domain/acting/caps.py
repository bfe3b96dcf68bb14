"""How many machines of one team may be on their way down at once, whoever wants it."""

from bot.errors import Refused

SMALL = 2
"""So many always may, however few machines a team has."""


class Capped(Refused):
    """Too many at once: the same request may be made later."""


def allowed(pool: int, most: int) -> int:
    """How many stops may be on their way at once: `most`, and never over half of what the team runs."""
    return min(most, max(SMALL, pool // 2))


def check_cap(under_way: int, pool: int, most: int, *, team: str) -> None:
    """Raises Capped when one more would be too many."""
    if under_way >= allowed(pool, most):
        whose = f"team {team}'s" if team else "the"
        raise Capped(
            f"{under_way} of {whose} {pool} running machines are being stopped or asked about already, and "
            f"{allowed(pool, most)} is the most at once. Ask again when those are decided."
        )
