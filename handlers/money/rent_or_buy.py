"""/cost rent-or-buy: from the words to the answer."""

import re
from decimal import Decimal

from bot.billing import prices
from bot.domain.money.rent_or_buy import GivenFigures, RentOrBuyAnswer, typed_figure
from bot.domain.money.scope import Scope
from bot.errors import NotFound, Refused, ValetError
from bot.services import queries
from bot.services.context import Context
from bot.services.money import prices as prices_service
from bot.services.money import rent_or_buy as rent_or_buy_service
from bot.services.money import savings
from handlers.blocks import forms as form_blocks
from handlers.blocks.money import rent_or_buy as rent_or_buy_blocks
from handlers.blocks.parts import Block, Filled, Reply, filled
from handlers.parsing.scopes import read_scope, stored_scope
from handlers.verbs import Ask, BadField, Form, Verb

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
MOST_TYPES_OFFERED = 50
EXAMPLES = "price:150000 rate:12 hours:500"


def rent_or_buy(ask: Ask) -> Reply:
    """Weigh buying against renting."""
    names, figures = _parts(ask.words)
    loose = next((word for word in names if typed_figure(word) is not None and len(names) > 1), None)
    if loose is not None:
        raise Refused(f'"{loose[:40]}" of what? Say price:{loose[:20]}, or another figure: {EXAMPLES}.')
    about = _scope(Ask(ask.ctx, ask.user, ask.channel, names))
    return rent_or_buy_blocks.weighed(rent_or_buy_service.advise(ask.ctx, about, _asked(figures)), " ".join(figures))


def _parts(words: list[str]) -> tuple[list[str], list[str]]:
    """What is weighed, and the figures that were given."""
    spelled = _spelled(words)
    figures = [word for word in spelled if word.partition(":")[0].lower() in _FIELDS and ":" in word]
    return [word for word in spelled if word not in figures], figures


KIND = "kind"
FORM_FIGURES = {
    "price": ("Price of one server, USD", "150000", False),
    "hours": ("Hours of use a month", "as measured", True),
    "life": ("Years it is kept", "3", True),
    "residual": ("Worth at the end, % of its price", "10", True),
    "rate": ("Discount rate, % a year", "12", True),
}
"""What the form asks for of the figures: its label, an example, and whether it may be left out."""


def draw_form(ask: Ask, given: Filled) -> list[Block]:
    """The type, and the figures that only people know."""
    kind = given.one(KIND)
    chosen = form_blocks.option(kind, kind) if kind else None
    asked = [
        form_blocks.text_field(name, label, value=given.one(name), placeholder=example, optional=optional, most=20)
        for name, (label, example, optional) in FORM_FIGURES.items()
    ]
    return [form_blocks.search_field(KIND, "Type of machine", chosen=chosen, placeholder="p4d.24xlarge"), *asked]


def kind_menu(ask: Ask, typed: str, _given: Filled) -> list[Block]:
    """Types that are rented here first, and any other by what is typed."""
    wanted = typed.strip().lower()
    rented = queries.types(ask.ctx)
    others = [each for each in sorted(prices.MICROS_PER_HOUR) if each not in rented] if wanted else []
    headed = (("Types you rent", rented), ("Other types", others))
    found = ((heading, [each for each in some if wanted in each][:MOST_TYPES_OFFERED]) for heading, some in headed)
    return [form_blocks.group(head, [form_blocks.option(each, each) for each in some]) for head, some in found if some]


def submit_quote(ask: Ask, given: Filled) -> Reply:
    """As `rent-or-buy p5.48xlarge price:150000 hours:500` does."""
    if not given.one(KIND):
        raise BadField(KIND, "Choose a type.")
    figures = []
    for name in FORM_FIGURES:
        typed = "".join(given.one(name).split()).rstrip("%")
        if typed:
            try:
                _figure(f"{name}:{typed}")
            except Refused as refused:
                raise BadField(name, refused.sentence) from None
            figures.append(f"{name}:{typed}")
    return rent_or_buy(Ask(ask.ctx, ask.user, ask.channel, [given.one(KIND), *figures]))


def form_given(ask: Ask) -> Filled | None:
    """What was typed, where only a price is missing; None where the words say enough, or what is wrong with them."""
    names, figures = _parts(ask.words)
    try:
        rent_or_buy_service.advise(ask.ctx, _scope(Ask(ask.ctx, ask.user, ask.channel, names)), _asked(figures))
    except rent_or_buy_service.NoPrice as missing:
        typed = dict(word.lower().split(":", 1) for word in figures)
        return filled(**{KIND: missing.kind}, **{name: typed.get(name, "") for name in FORM_FIGURES})
    except ValetError:
        return None
    return None


RENT_OR_BUY_FORM = Form(
    name="rent_or_buy",
    title="Rent or buy",
    send="Weigh",
    question="What does a server cost? Prices to buy are quotes, so they come from you.",
    draw=draw_form,
    submit=submit_quote,
    subject=KIND,
    given=form_given,
    menus={KIND: kind_menu},
)
FORMS = (RENT_OR_BUY_FORM,)


def weigh_again(ctx: Context, value: str) -> Reply:
    """One type of a scope in full."""
    told, figures = _again(ctx, value)
    return rent_or_buy_blocks.weighed(told, figures)


def details(ctx: Context, value: str) -> Reply:
    """[Details] of one type."""
    told, _ = _again(ctx, value)
    if not told.answers:
        raise Refused("That type is gone. Use the command instead.")
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
        form=RENT_OR_BUY_FORM,
    ),
)
