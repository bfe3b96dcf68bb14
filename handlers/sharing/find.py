"""/gpu find, and claiming the best of what it finds."""

from bot.domain.sharing import wants
from bot.domain.sharing.wants import Want
from bot.errors import Refused
from bot.services import names
from bot.services.sharing import find as find_service
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import find as find_blocks
from handlers.blocks.sharing.find import Asked
from handlers.parsing.lasting import Span, span
from handlers.parsing.unclear import Unclear
from handlers.verbs import Ask, Verb


def find(ask: Ask) -> Reply:
    """What could serve, best first, with the cost of each."""
    want, rest = _want(ask)
    try:
        wanted, rest = span(rest, ask.asker())
    except Unclear as unclear:
        raise unclear.of_time() from None
    if rest:
        command = ask.ctx.settings.slack.gpu_command
        raise Refused(f'I can\'t make sense of "{" ".join(rest)[:60]}" here. Try `{command} find 2xA100 for 6h`.')
    return answer(ask, want, wanted)


def answer(ask: Ask, want: Want, wanted: Span) -> Reply:
    """The list of ways, each with its button."""
    asked = asked_for(ask, want, wanted)
    return find_blocks.found(asked, find_service.find(ask.ctx, want, ask.user, asked.length), ask.ctx.clock())


def asked_for(ask: Ask, want: Want, wanted: Span) -> Asked:
    """The want with its time, as the limits allow. Raises Refused."""
    length = check_length(ask, wanted)
    said = wanted.length is not None or wanted.end is not None
    return Asked(want, length, wanted.end, said=said)


def check_length(ask: Ask, wanted: Span) -> int:
    """How long that is, as the limits allow. Raises Refused."""
    limits = ask.ctx.settings.claim_limits(ask.ctx.roster().team_of(ask.user))
    return limits.length(wanted.length if wanted.end is None else wanted.end - ask.ctx.clock())


def spec(ask: Ask) -> tuple[Want, list[str]] | None:
    """What is wanted and the words after it, where the first words say so instead of naming an instance."""
    if not ask.words or find_service.is_name(ask.ctx, *ask.words):
        return None
    end = wants.leading(ask.words)
    said = " ".join(ask.words[:end])
    if not wants.is_plain(ask.words[0]) and not find_service.is_kind(ask.ctx, said):
        return None
    return wants.parse(said), ask.words[end:]


def _want(ask: Ask) -> tuple[Want, list[str]]:
    """What the first words ask for, and the words after them. Raises Refused."""
    command = ask.ctx.settings.slack.gpu_command
    named = names.whole_name(ask.ctx, ask.words) if ask.words else None
    if named is not None:
        name = named.listings[0].instance.name
        raise Refused(f"{name} is a machine. `{command} status {name}` shows it, `{command} claim {name}` takes it.")
    if not ask.words or ask.words[0].lower() in {"for", "until"}:
        raise Refused(f"What do you need? Try `{command} find 2xA100 for 6h`.")
    end = wants.leading(ask.words)
    return wants.parse(" ".join(ask.words[:end])), ask.words[end:]


VERBS = (Verb("find", "find <2xA100|a100-80|40gb|any> [for 6h]", "What could serve you now, cheapest first.", find),)
