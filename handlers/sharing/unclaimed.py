"""/gpu adopt: claim what one uses already."""

from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import unclaimed
from handlers import fields
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import unclaimed as unclaimed_blocks
from handlers.blocks.sharing.unclaimed import CLAIM_USED_BUTTON, NOT_MINE_BUTTON
from handlers.controller import Draw, Press, listed
from handlers.parsing.spans import claim_words
from handlers.parsing.text import readable
from handlers.sharing import claims
from handlers.sharing.claims import claim_or_explain
from handlers.verbs import Ask, Verb, named


def gpu_adopt(ask: Ask) -> Reply:
    """Claim the GPUs that one's own programs run on."""
    listing, rest = named(ask, "adopt")
    words = claim_words(rest, ask.asker())
    if words.choice is not None:
        raise Refused(
            f"Adopting takes the GPUs your programs run on. `claim {listing.instance.name} gpus:2` takes others."
        )
    gpus = unclaimed.adoptable_gpus(ask.ctx, listing, ask.user)
    return claim_or_explain(
        ask, listing, choice=GpuChoice(indexes=gpus), informed=True, span=words.span, note=readable(words.note)
    )


ADOPT_FORM = fields.which_machine_form("adopt", "Claim what you use", "Claim", gpu_adopt)
FORMS = (ADOPT_FORM,)
VERBS = (
    Verb(
        "adopt",
        "adopt <instance> [for 8h] [note]",
        "Claim the GPUs that your programs run on.",
        gpu_adopt,
        form=ADOPT_FORM,
    ),
)


def press_claim_used(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Claim GPUs 0-1 of X]: for the usual length; the value is the case."""
    case = unclaimed.asked_use(ctx, value, user)
    listing = listed(ctx, case.instance_id)
    choice = unclaimed.gpus_to_claim(case, listing)
    done = claims.claim_or_explain(Ask(ctx, user, channel, []), listing, choice=choice, informed=True, adds=True)
    unclaimed.look_for_unclaimed_use(ctx)
    return done


def press_not_mine(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Not mine]: the outbox redraws the question."""
    unclaimed.deny_use(ctx, value, user)


BUTTONS: dict[str, Press] = {CLAIM_USED_BUTTON: press_claim_used, NOT_MINE_BUTTON: press_not_mine}


def draw_unclaimed_use(ctx: Context, squat_id: str) -> Reply | None:
    """The question to claim what one uses."""
    use = unclaimed.find_unclaimed_use(ctx, squat_id)
    if use is None:
        return None
    listing = queries.listing(ctx, use.instance_id)
    whole = listing is not None and len(use.gpus) == len(listing.gpus)
    return unclaimed_blocks.unclaimed_question(use, queries.name_of(ctx, use.instance_id), whole=whole)


MESSAGES: dict[str, Draw] = {unclaimed.UNCLAIMED_MESSAGE: draw_unclaimed_use}
