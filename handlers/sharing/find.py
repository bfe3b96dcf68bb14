"""/gpu find, and claiming the best of what it finds."""

from dataclasses import replace

from bot.domain.sharing import gpu_spec
from bot.domain.sharing.gpu_spec import GpuSpec
from bot.errors import Refused
from bot.services import names, queries
from bot.services.context import Context
from bot.services.sharing import find as find_service
from handlers import fields
from handlers.blocks.forms import choice_field, option
from handlers.blocks.parts import Block, Filled, Reply, filled
from handlers.blocks.sharing import find as find_blocks
from handlers.blocks.sharing.find import MORE_WAYS_BUTTON, FindQuery
from handlers.controller import Press, number, value_parts
from handlers.parsing import order
from handlers.parsing.lasting import TypedSpan, read_span
from handlers.parsing.moments import Moment
from handlers.parsing.spans import claim_words, leading_gpus
from handlers.parsing.text import readable
from handlers.parsing.unclear import Unclear
from handlers.verbs import Ask, Form, Verb


def gpu_find(ask: Ask) -> Reply:
    """What could serve, best first, with the cost of each."""
    want, rest = _want(ask)
    try:
        wanted, rest = read_span(rest, ask.asker())
    except Unclear as unclear:
        raise unclear.of_time() from None
    if rest:
        command = ask.ctx.settings.slack.gpu_command
        raise Refused(f'I can\'t make sense of "{" ".join(rest)[:60]}" here. Try `{command} find 2xA100 for 6h`.')
    return find_and_tell(ask, want, wanted)


def find_and_tell(ask: Ask, want: GpuSpec, wanted: TypedSpan) -> Reply:
    """The list of ways, each with its button."""
    query = find_query(ask, want, wanted)
    return find_blocks.find_result(
        query, find_service.find_gpus(ask.ctx, want, ask.user, query.length), ask.ctx.clock()
    )


def find_query(ask: Ask, want: GpuSpec, wanted: TypedSpan) -> FindQuery:
    """The want with its time, as the limits allow. Raises Refused."""
    length = check_claim_length(ask, wanted)
    is_said = wanted.length is not None or wanted.end is not None
    return FindQuery(want, length, wanted.end, said=is_said)


def check_claim_length(ask: Ask, wanted: TypedSpan) -> int:
    """How long that is, as the limits allow. Raises Refused."""
    limits = ask.ctx.settings.claim_limits(ask.ctx.roster().team_of(ask.user))
    return limits.length(wanted.length if wanted.end is None else wanted.end - ask.ctx.clock())


def leading_spec(ask: Ask) -> tuple[GpuSpec, list[str]] | None:
    """What is wanted and the words after it, where the first words say so instead of naming an instance."""
    if not ask.words or find_service.is_name(ask.ctx, *ask.words):
        return None
    end = gpu_spec.count_spec_words(ask.words)
    text = " ".join(ask.words[:end])
    if not gpu_spec.is_plain_spec(ask.words[0]) and not find_service.is_kind(ask.ctx, text):
        return None
    return gpu_spec.parse_gpu_spec(text), ask.words[end:]


def _want(ask: Ask) -> tuple[GpuSpec, list[str]]:
    """What the first words ask for, and the words after them. Raises Refused."""
    command = ask.ctx.settings.slack.gpu_command
    named = names.whole_name(ask.ctx, ask.words) if ask.words else None
    if named is not None:
        name = named.listings[0].instance.name
        raise Refused(f"{name} is a machine. `{command} status {name}` shows it, `{command} claim {name}` takes it.")
    if not ask.words or ask.words[0].lower() in {"for", "until"}:
        raise Refused(f"What do you need? Try `{command} find 2xA100 for 6h`.")
    end = gpu_spec.count_spec_words(ask.words)
    return gpu_spec.parse_gpu_spec(" ".join(ask.words[:end])), ask.words[end:]


def terms_given(ask: Ask) -> Filled | None:
    """What "claim for 4h" or "wait gpus:2" says without a machine; None where the words begin with one, or a kind."""
    if not ask.words:
        return Filled()
    ask = replace(ask, words=order.name_first(ask.ctx, ask.words))
    if find_service.is_name(ask.ctx, *ask.words) or leading_spec(ask) or not _begins_with_terms(ask):
        return None
    try:
        words = claim_words(ask.words, ask.asker())
    except Refused:
        return Filled()
    return filled(
        count=str(words.choice.count or "") if words.choice else "",
        length=fields.span_value(words.span),
        note=readable(words.note),
    )


def _begins_with_terms(ask: Ask) -> bool:
    """Whether the first words say how many or how long, and so name no machine."""
    try:
        return leading_gpus(ask.words)[0] is not None or read_span(ask.words, ask.asker())[0] != TypedSpan()
    except Refused:
        return False


def press_more_ways(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Show 4 more]: the value is what is wanted, the machine it is wanted instead of, and how long or until when."""
    wanted, instance_id, ending = value_parts(value, 3)
    ask, want = Ask(ctx, user, channel, []), gpu_spec.parse_gpu_spec(wanted)
    query = find_query(ask, want, ending_span(ending))
    listing = queries.listing(ctx, instance_id) if instance_id else None
    if listing is None:
        return find_blocks.more_ways(query, find_service.find_gpus(ctx, want, user, query.length), ctx.clock())
    besides = find_service.find_besides(ctx, listing, user, count=want.count, length=query.length)
    return find_blocks.more_ways(replace(query, instance_id=instance_id, count=want.count), besides, ctx.clock())


def ending_span(ending: str) -> TypedSpan:
    """For how long or until when, as a button carries it: f21600000, u1764600000000, or nothing."""
    value = number(ending[1:])
    if value is None:
        return TypedSpan()
    return TypedSpan(until=Moment(value)) if ending.startswith("u") else TypedSpan(value)


BUTTONS: dict[str, Press] = {MORE_WAYS_BUTTON: press_more_ways}

KIND, ANY_KIND, MOST_COUNT = "kind", "any", 8


def find_given(ask: Ask) -> Filled | None:
    """What "find" and "find for 6h" say; None where the words say which GPUs."""
    is_term = bool(ask.words) and ask.words[0].lower() in {"for", "until"}
    if ask.words and (not is_term or find_service.is_name(ask.ctx, *ask.words)):
        return None
    try:
        span, left = read_span(ask.words, ask.asker())
    except Refused:
        return Filled()
    return None if left else filled(length=fields.span_value(span))


def draw_find_form(ask: Ask, given: Filled) -> list[Block]:
    """Which GPUs, how many, for how long."""
    kinds = [option("Any", ANY_KIND), *(option(kind, kind) for kind in find_service.kinds_to_find(ask.ctx)[:99])]
    counts = [option(str(count), str(count)) for count in range(1, MOST_COUNT + 1)]
    usual = ask.usual_length()
    return [
        choice_field(KIND, "GPU", kinds, chosen=given.one(KIND) or ANY_KIND),
        choice_field(fields.COUNT, "How many", counts, chosen=given.one(fields.COUNT) or "1"),
        *fields.length_fields(ask, given, usual=usual),
    ]


def submit_find_form(ask: Ask, given: Filled) -> Reply:
    """As `find 2xA100 for 6h` does."""
    want = gpu_spec.parse_gpu_spec(f"{given.one(fields.COUNT) or 1}x{given.one(KIND) or ANY_KIND}")
    return find_and_tell(ask, want, fields.chosen_span(ask, given))


FIND_FORM = Form(
    name="find",
    title="Find a GPU",
    send="Find",
    question="Which GPUs do you need, and for how long?",
    draw=draw_find_form,
    submit=submit_find_form,
    subject=KIND,
    given=find_given,
)
FORMS = (FIND_FORM,)

VERBS = (
    Verb(
        "find",
        "find <2xA100|a100-80|40gb|any> [for 6h]",
        "What could serve you now, cheapest first.",
        gpu_find,
        form=FIND_FORM,
    ),
)
