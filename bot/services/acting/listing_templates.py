"""What may be launched, and by whom."""

from bot.domain.acting.launches import Template
from bot.domain.listing import Listing
from bot.domain.money.rates import Rate
from bot.services.acting import planning
from bot.services.desk import Desk
from bot.services.money import pricing


def of(desk: Desk, person: str) -> list[tuple[Template, Rate | None]]:
    """What a person may launch, with the rates, in the order of valet.toml."""
    team = desk.roster().team_of(person)
    may = [each for each in desk.settings.templates.values() if not each.teams or team in each.teams]
    book = pricing.book(desk, desk.store.reading())
    return [(each, book.rate(each.like())) for each in may]


def machine(desk: Desk, template: Template) -> Listing:
    """The machine that a template would make, with its rate."""
    made = template.like()
    return Listing(made, rate=pricing.rate(desk, desk.store.reading(), made))


def one(desk: Desk, person: str, name: str) -> Template:
    """A template that a person may launch. Raises Refused, NotFound with the nearest names."""
    return planning.template_of(desk, name, desk.roster().team_of(person))
