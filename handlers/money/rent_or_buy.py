"""/cost rent-or-buy: from the words to the answer."""

import re
from decimal import Decimal

from bot.billing import prices
from bot.domain.money.rent_or_buy import GivenFigures, RentOrBuyAnswer, typed_figure
from bot.domain.money.scope import Scope
from bot.errors import NotFound, Refused
from bot.services.context import Context
from bot.services.money import prices as prices_service
from bot.services.money import rent_or_buy as rent_or_buy_service
from bot.services.money import savings
from handlers.blocks.money import rent_or_buy as rent_or_buy_blocks
from handlers.blocks.parts import Reply
from handlers.parsing.scopes import read_scope, stored_scope
from handlers.verbs import Ask, Verb

_FIELDS: dict[str, tuple[str, Decimal, Decimal]] = {
    "price": ("price_usd", Decimal(1), Decimal(10**9)),
    "rate": ("rate_percent", Decimal(0), Decimal(100)),
    "life": ("life_years", Decimal(1), Decimal(10)),
    "residual": ("residual_percent", Decimal(0), Decimal(100)),
    "tax": ("tax_percent", Decimal(0), Decimal(99)),
    "rent": ("rent_usd_per_hour", Decimal("0.01"), Decimal(10_000)),
    "hours": ("hours_per_month", Decimal(1), Decimal(100_000)),
    "watts": ("watts", Decimal(1), Decimal(1_000_000)),
    "kwh": ("usd_per_kwh", Decimal(0), Decimal(10)),
    "hosting": ("hosting_usd_per_month", Decimal(0), Decimal(10**6)),
    "staff": ("staff_usd_per_month", Decimal(0), Decimal(10**6)),
    "replaces": ("replaces", Decimal(1), Decimal(100)),
}
"""What may be given with the question, with the least and the most."""
EXAMPLES = "price:150000 rate:12 hours:500"


def rent_or_buy(ask: Ask) -> Reply:
    """Weigh buying against renting."""
    words = _spelled(ask.words)
    figures = [word for word in words if word.partition(":")[0].lower() in _FIELDS and ":" in word]
    names = [word for word in words if word not in figures]
    loose = next((word for word in names if typed_figure(word) is not None and len(names) > 1), None)
    if loose is not None:
        raise Refused(f'"{loose[:40]}" of what? Say price:{loose[:20]}, or another figure: {EXAMPLES}.')
    about = _scope(Ask(ask.ctx, ask.user, ask.channel, names))
    return rent_or_buy_blocks.weighed(rent_or_buy_service.advise(ask.ctx, about, _asked(figures)), " ".join(figures))


def weigh_again(ctx: Context, value: str) -> Reply:
    """One type of a scope in full."""
    told, figures = _again(ctx, value)
    return rent_or_buy_blocks.weighed(told, figures)


def details(ctx: Context, value: str) -> Reply:
    """[Details] of one type."""
    told, _ = _again(ctx, value)
    if not told.answers:
        raise Refused("Nothing is known of it any more. Use the command instead.")
    return rent_or_buy_blocks.details(told)


def as_csv(ctx: Context, value: str) -> Reply:
    """What was weighed, with every figure, as a file."""
    told, _ = _again(ctx, value)
    return rent_or_buy_blocks.as_csv(savings.today(ctx), "".join(rent_or_buy_service.advice_lines(told)))


def _again(ctx: Context, value: str) -> tuple[RentOrBuyAnswer, str]:
    """Weigh what a button is about, with the figures that were given: "team:nlp|p4d.24xlarge|price:150000"."""
    within, kind, figures = (*value.split("|"), "", "")[:3]
    about = stored_scope(ctx, within)
    if about.kind == "total" and kind:
        about = Scope("type", kind)
    return rent_or_buy_service.advise(ctx, about, _asked(figures.split()), kind=kind), figures


def _spelled(words: list[str]) -> list[str]:
    """Figures as people type them: "at 12%" is rate:12, "price=120k" and "price 120k" are price:120k."""
    fields = "|".join(_FIELDS)
    text = re.sub(rf"\b({fields})\s*(?:[:=]|\s)\s*(?=[$\u20ac]?\d)", r"\1:", " ".join(words), flags=re.IGNORECASE)
    text = re.sub(r"(?<=[\dk])\s?(?:usd|dollars)\b", "", text, flags=re.IGNORECASE)
    text = re.sub(r"(?:\b(?:for|over)\s+)?(?<![\w:.])(\d{1,2})\s?years?\b", r"life:\1", text, flags=re.IGNORECASE)
    return re.sub(r"(?:\b(?:at|with)\s+)?(?<![\w:.])(\d{1,3}(?:\.\d+)?)\s?%", r"rate:\1", text).split()


def _scope(ask: Ask) -> Scope:
    """As for every money question; and types that are known though none runs, by name or by their GPUs."""
    name = " ".join(ask.words)
    if len(ask.words) == 1 and rent_or_buy_service.is_known_type(ask.ctx, name.lower()):
        return Scope("type", name.lower())
    try:
        return read_scope(ask, "rent-or-buy")
    except NotFound:
        kinds = prices_service.types_called(name, prices.MICROS_PER_HOUR, {})
        if len(kinds) == 1:
            return Scope("type", kinds[0])
        if kinds:
            raise Refused(f"{name[:40]} could be {' or '.join(kinds[:5])}. Say which.") from None
        raise


def _asked(words: list[str]) -> GivenFigures:
    """The figures as given, each once. Raises Refused."""
    given: dict[str, Decimal] = {}
    for word in words:
        field, number = _figure(word)
        if field in given:
            key = word.partition(":")[0].lower()
            said = " and ".join(each for each in words if each.lower().startswith(f"{key}:"))
            raise Refused(f"{said[:120]}: which of them? Say {key} once.")
        given[field] = number
    replaces = given.pop("replaces", None)
    return GivenFigures(**given, replaces=None if replaces is None else int(replaces))


def _figure(word: str) -> tuple[str, Decimal]:
    """ "price:150k" as the field and the number. Raises Refused."""
    key, _, value = word.partition(":")
    field, least, most = _FIELDS[key.lower()]
    number = typed_figure(value)
    kind = "whole number" if field == "replaces" else "figure"
    if number is None or (field == "replaces" and number != int(number)) or not least <= number <= most:
        raise Refused(f'"{word[:40]}" is not a {kind} from {least:,} to {most:,}. Try {EXAMPLES}.')
    return field, number


VERBS = (
    Verb(
        "rent-or-buy",
        "rent-or-buy [<type|team|instance>] [price:150000]",
        "What buying would save or cost, from measured use.",
        rent_or_buy,
    ),
)
