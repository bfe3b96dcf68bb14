"""/cost prices: a GPU model from every side, an instance type, or how one instance's rate comes about."""

import re
from dataclasses import replace

from bot.domain.machines import models
from bot.domain.machines.listing import Listing
from bot.errors import NotFound, Refused
from bot.services import context, queries
from bot.services.context import Context
from bot.services.money import prices as prices_service
from handlers import fields
from handlers.blocks import forms as form_blocks
from handlers.blocks.money import prices as prices_blocks
from handlers.blocks.money.prices import FIGURE_BUTTON, PRICES_BUTTON
from handlers.blocks.money.rent_or_buy import RENT_OR_BUY_BUTTON, RENT_OR_BUY_CSV_BUTTON, RENT_OR_BUY_DETAILS_BUTTON
from handlers.blocks.parts import Block, Filled, Reply, beside
from handlers.controller import Press, listed
from handlers.money import rent_or_buy as rent_or_buy_controller
from handlers.verbs import Ask, BadField, Form, Verb

AGAINST = re.compile(r"\s+(?:vs\.?|versus|and|or|against)\s+|\s*,\s*", re.IGNORECASE)
COUNTED = re.compile(r"\d{1,2}\s?[x\u00d7]\s?(.+)", re.IGNORECASE)
"""As in 8xH100: prices are told per GPU-hour."""
MOST_PRICES_OFFERED = 30
MOST_COMPARED = 3
"""So many are told side by side."""
IS_TYPE = re.compile(r"[a-z0-9-]{2,20}\.[a-z0-9-]{2,20}")
"""How EC2 names instance types: p4d.24xlarge."""


def prices(ask: Ask) -> Reply:
    """Compare a model, or explain an instance type or an instance."""
    wanted = " ".join(ask.words)
    if not wanted:
        raise Refused(PRICES_FORM.question)
    several = [part for each in AGAINST.split(wanted) if (part := each.strip())]
    if len(several) > 1 and _instance(ask, wanted) is None:
        return beside([_of_one(ask, each) for each in several[:MOST_COMPARED]])
    return _of_one(ask, wanted)


def _of_one(ask: Ask, wanted: str) -> Reply:
    counted = COUNTED.fullmatch(wanted)
    wanted = counted[1] if counted else wanted
    kinds = [wanted.lower()] if IS_TYPE.fullmatch(wanted.lower()) else prices_service.types_of_family(wanted)
    told = prices_service.prices_of_type(ask.ctx, kinds[0]) if len(kinds) == 1 else None
    if told is not None:
        return prices_blocks.of_type(told)
    why = prices_service.without_price(ask.ctx, kinds[0]) if len(kinds) == 1 and IS_TYPE.fullmatch(kinds[0]) else ""
    if why and _instance(ask, wanted) is None:
        raise Refused(why)
    try:
        return prices_blocks.comparison(prices_service.compare_prices(ask.ctx, wanted))
    except Refused as unknown:
        listing = _instance(ask, wanted)
        if listing is None and len(kinds) > 1:
            command = ask.ctx.settings.slack.cost_command
            raise Refused(
                f"{wanted[:40]} could be {', '.join(kinds[:6])}. Try `{command} prices {kinds[0]}`."
            ) from None
        if listing is None:
            raise _without_place(ask, wanted) or unknown from None
        return explain(ask, listing)


def _without_place(ask: Ask, wanted: str) -> Refused | None:
    """Whoever names a region gets them all: the answer tells each place."""
    named, place, where = wanted.partition(" in ")
    if not place and IS_TYPE.fullmatch(wanted.lower().partition(" ")[0]):
        named, place, where = wanted.partition(" ")
    if not place:
        return None
    command = ask.ctx.settings.slack.cost_command
    return Refused(
        f'Prices are listed for every place at once, not for "{where[:40]}" alone. Try `{command} prices {named}`.'
    )


def _instance(ask: Ask, name: str) -> Listing | None:
    try:
        return context.find(ask.ctx, name)
    except NotFound:
        return None


def explain(ask: Ask, listing: Listing) -> Reply:
    """What this one's rate is made of."""
    return prices_blocks.figure(prices_service.rate_figure(ask.ctx, listing))


def of_model(ask: Ask, listing: Listing) -> Reply:
    """The model of this one from every side."""
    return prices_blocks.comparison(
        prices_service.compare_prices(ask.ctx, models.short_model(listing.instance.gpu_model))
    )


WHAT = "what"
WELL_KNOWN = ("H100", "H200", "B200", "A100", "L40S", "L4", "A10G", "T4", "V100")
"""GPUs that are compared though nobody here has one."""


def draw_prices_form(ask: Ask, given: Filled) -> list[Block]:
    """One menu; a GPU, a type or a machine of one's own."""
    value = given.one(WHAT)
    chosen = form_blocks.option(value, value) if value else None
    placeholder = "H100, p4d.24xlarge, train-7"
    return [form_blocks.search_field(WHAT, "GPU, type or machine", chosen=chosen, placeholder=placeholder)]


def prices_menu(ask: Ask, typed: str, given: Filled) -> list[Block]:
    """What there is here first; all else by what is typed."""
    ours, types = prices_service.gpu_models(ask.ctx), queries.types(ask.ctx)
    others = [each for each in WELL_KNOWN if each not in ours]
    headed = (("GPUs you have", ours), ("Types you rent", types), ("Other GPUs", others))
    fitting = ((heading, [each for each in some if typed.strip().lower() in each.lower()]) for heading, some in headed)
    found = [
        form_blocks.group(heading, [form_blocks.option(each, each) for each in some[:MOST_PRICES_OFFERED]])
        for heading, some in fitting
        if some
    ]
    return [*found, *fields.machine_search()(ask, typed, given)] if typed.strip() else found


def submit_prices_form(ask: Ask, given: Filled) -> Reply:
    """As the words do."""
    if not given.one(WHAT):
        raise BadField(WHAT, PRICES_FORM.question)
    return prices(replace(ask, words=given.one(WHAT).split()))


PRICES_FORM = Form(
    name="prices",
    title="Prices",
    send="Compare",
    question="Prices of which GPU, type or machine?",
    draw=draw_prices_form,
    submit=submit_prices_form,
    subject=WHAT,
    menus={WHAT: prices_menu},
)
FORMS = (PRICES_FORM,)

VERBS = (
    Verb(
        "prices",
        "prices <GPU|type|instance>",
        "What GPUs cost: clouds, spot, owned, and what you pay now.",
        prices,
        form=PRICES_FORM,
    ),
)


def on_figure(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[How X is counted]"""
    return explain(Ask(ctx, user, channel, []), listed(ctx, value))


def on_of_model(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Prices of A100]"""
    return of_model(Ask(ctx, user, channel, []), listed(ctx, value))


def on_weigh(ctx: Context, _user: str, _channel: str, value: str) -> Reply:
    """[Weigh p4d.24xlarge], within the scope it was offered for."""
    return rent_or_buy_controller.weigh_again(ctx, value)


def on_weigh_details(ctx: Context, _user: str, _channel: str, value: str) -> Reply:
    """[Details] of what was weighed: beside it."""
    return rent_or_buy_controller.details(ctx, value)


def on_weigh_csv(ctx: Context, _user: str, _channel: str, value: str) -> Reply:
    """[As CSV]: to whoever pressed."""
    return rent_or_buy_controller.as_csv(ctx, value)


BUTTONS: dict[str, Press] = {
    FIGURE_BUTTON: on_figure,
    PRICES_BUTTON: on_of_model,
    RENT_OR_BUY_BUTTON: on_weigh,
    RENT_OR_BUY_DETAILS_BUTTON: on_weigh_details,
    RENT_OR_BUY_CSV_BUTTON: on_weigh_csv,
}
