"""Who works where without a claim, in words and as a question."""

from collections.abc import Sequence

from bot.domain.machines.listing import Listing
from bot.domain.sharing.unclaimed import UnclaimedUse
from handlers.blocks.parts import Reply, button, plainly
from handlers.blocks.words import code, esc, gpus, length, person

# Messages that stand in Slack carry these, so their text never changes.
CLAIM_USED_BUTTON = "claim_used"
NOT_MINE_BUTTON = "not_mine"

MOST_USERS_NAMED = 3


def unclaimed_in_words(listing: Listing) -> str:
    """In use without a claim by @Cy (GPUs 0-1), unix user root (GPU 3); empty where nobody is."""
    known = listing.unclaimed_users
    if not known:
        return ""
    named = [(person(slack) if slack else f"unix user {code(user, 40)}", on) for user, slack, on in known]
    who = ", ".join(f"{name} ({gpus(on)})" for name, on in named[:MOST_USERS_NAMED])
    more = f" and {len(known) - MOST_USERS_NAMED:,} more" if len(known) > MOST_USERS_NAMED else ""
    return f"in use without a claim by {who}{more}"


def other_users_in_words(users: Sequence[tuple[str, str, tuple[int, ...]]]) -> str:
    """Who works on what somebody has just claimed: unix user, Slack user id (or empty), and the GPUs."""
    works = [
        f"{gpus(on)} {'works' if len(on) == 1 else 'work'} for {_who(user, slack)} now"
        for user, slack, on in users[:MOST_USERS_NAMED]
    ]
    more = f", and for {len(users) - MOST_USERS_NAMED:,} more" if len(users) > MOST_USERS_NAMED else ""
    return f"{'; '.join(works)}{more}. Ask before you start." if works else ""


def _who(user: str, slack: str) -> str:
    return f"{person(slack)} (unix user {code(user, 40)})" if slack else f"unix user {code(user, 40)}"


def unclaimed_question(squat: UnclaimedUse, name: str, *, whole: bool) -> Reply:
    """Asked of the person behind a unix user; later, what became of it."""
    some = "" if whole else f"{gpus(squat.gpus)} of "
    several = len(squat.gpus) > 1 and not whole
    have, it = ("have", "them") if several else ("has", "it")
    long = length((squat.asked_at or squat.seen_at) - squat.since)
    text = (
        f"{some}*{esc(name, 60)}* {have} worked for you (unix user {code(squat.unix_user, 40)}) for {long}, "
        f"and nobody has claimed {it}."
    )
    became = {
        "claimed": "You claimed it. Thanks.",
        "not mine": "You said it is not yours. I won't ask about it again for a week.",
        "over": "The work there is over.",
    }.get(squat.state)
    if became:
        return plainly(f"{text} {became}")
    return plainly(
        f"{text} Somebody else may take {it}.",
        button(
            f"Claim {'' if whole else f'{gpus(squat.gpus)} of '}{name}", CLAIM_USED_BUTTON, squat.id, style="primary"
        ),
        button("Not mine", NOT_MINE_BUTTON, squat.id),
    )
