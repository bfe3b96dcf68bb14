"""What every service needs at hand. Services are plain functions that take the context first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlite_utils import Database

from bot.billing.aws_prices import AwsPrices
from bot.billing.bill import Bill
from bot.domain import parts
from bot.domain.acting.actions import ActionKind
from bot.domain.acting.keepers import with_own
from bot.domain.clock import Clock
from bot.domain.machines import tags
from bot.domain.machines.exemptions import Exemption, exemption_of
from bot.domain.machines.fleet import Instance
from bot.domain.machines.listing import Listing
from bot.domain.people import Roster
from bot.errors import Ambiguous, NotFound, Refused
from bot.nearest import nearest
from bot.providers import Provider
from bot.providers.runner import Runner
from bot.settings import Settings
from bot.telemetry import GpuSource
from store import Store
from store.machines import listings, others


class Presence:
    """When each person last typed or pressed something, as far as this process knows."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def note(self, person: str, now: int) -> None:
        """They did something."""
        self._seen[person] = now

    def last(self, person: str) -> int | None:
        """When they did something last; None where they have not since the start."""
        return self._seen.get(person)


@dataclass(frozen=True, slots=True)
class Context:
    """The parts a service works with, built in `bot.wiring`. None of them changes: an operation sees one of each."""

    store: Store
    clock: Clock
    settings: Settings
    providers: Mapping[str, Provider]
    """By the word in Instance.provider."""
    roster: Callable[[], Roster]
    """Teams and admins as of now, user groups included."""
    zone: Callable[[str], str] = field(default=lambda _user: "UTC")
    """The time zone of a person, by Slack user id, such as "Europe/Berlin"."""
    is_colleague: Callable[[str], bool] = field(default=lambda _user: True)
    """Whether a Slack user id is that of a person of this workspace: no bot, no guest of another, and not gone."""
    freshen: Callable[[], None] = field(default=lambda: None)
    """Looks anew, unless that was just now, who may decide; asks Slack, so never within a transaction."""
    runner: Runner | None = None
    """Runs commands on rented machines; None where no AWS account is set up."""
    sources: Sequence[GpuSource] = ()
    """Who tells of GPUs beside the agents."""
    bill: Bill | None = None
    """What the provider says it cost; None where no source of that is set up."""
    prices: AwsPrices | None = None
    """Where AWS's prices are asked for; None where no AWS account is set up, or the settings say no."""
    wake: Callable[[], None] = field(default=lambda: None)
    """Nudges the workers that post messages and carry out actions."""
    presence: "Presence" = field(default_factory=Presence)
    """Who was there when."""
    absent_from: int | None = None
    """When the process before this one last lived; None where none is known to have."""
    began_at: int = 0
    newest: "Newest | None" = None
    """Holds what this became when settings were read again; None where they are not."""

    def current(self) -> "Context":
        """The parts as of now: whoever lives longer than an operation asks at the begin of each."""
        return self.newest.ctx if self.newest else self

    def exemption(self, instance: Instance) -> Exemption | None:
        """Why and until when nobody is asked about this instance; None when it is not exempt now."""
        return exemption_of(self.settings.exemptions, instance, self.clock())

    def switches(self, instance: Instance) -> frozenset[ActionKind]:
        """What an admin's command does to an owned machine."""
        host = self.settings.owned.hosts.get(instance.id) if instance.provider == "owned" else None
        if host is None:
            return frozenset()
        commands: dict[ActionKind, tuple[str, ...]] = {"stop": host.power_off, "start": host.power_on}
        return frozenset(kind for kind, command in commands.items() if command)

    def protects(self, instance: Instance) -> bool:
        """Whether it bears the tag of machines that nothing is done to, however spelt and whatever its value."""
        return tags.tag_of(instance.tags, self.settings.actions.protect_tag) is not None

    @property
    def keepers(self) -> Mapping[str, str]:
        """By which tags others own their machines."""
        return with_own(self.settings.actions.keepers)


class Newest:
    """The newest context. It is put in whole, so that nobody ever sees some settings of before and some of after."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = replace(ctx, newest=self)

    def put(self, ctx: Context) -> None:
        """From now on, this one is begun with."""
        self.ctx = ctx


def find(ctx: Context, word: str) -> Listing:
    """The one listing a person means by a name, an id or a unique beginning of either.

    Raises NotFound with the nearest names, or Ambiguous naming the candidates.
    """
    db, plain = ctx.store.reading(), word.strip("`'").rstrip(".,")
    found = listings.matching_listings(db, word) or listings.matching_listings(db, plain)
    if not any(each.instance.goes_by(plain) for each in found):
        _refuse_other(db, plain)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(listing.instance.name for listing in found)
        more = " and others" if len(found) == listings.MOST_MATCHES else ""
        sentence = f'"{word[:60]}" could be any of {names}{more}. Say which.'
        raise Ambiguous(sentence, word, tuple(listing.instance.id for listing in found))
    close = nearest(word, listings.names_in_use(db))
    hint = f" Did you mean {' or '.join(close)}?" if close else f" {parts.gpu('status')} lists what there is."
    raise NotFound(f'I don\'t know "{word[:60]}".{hint}', tuple(close))


def _refuse_other(db: Database, word: str) -> None:
    """Raises Refused where the word names a machine that Valet does not look after, however others begin."""
    other = others.uncovered_named(db, word)
    if other is not None:
        has = f"is a machine of the type {other.type}, which has {other.what}"
        raise Refused(f"{other.name} {has}. Valet looks after machines with NVIDIA GPUs only.")


def exactly(ctx: Context, word: str) -> Listing | None:
    """The one listing of just that name or id, if there is one."""
    instances = listings.matching_listings(ctx.store.reading(), word)
    found = [each for each in instances if each.instance.goes_by(word)]
    return found[0] if len(found) == 1 else None


def is_known(ctx: Context, word: str) -> bool:
    """Whether some instance goes by this name or id, or by one that begins so."""
    return bool(listings.matching_listings(ctx.store.reading(), word))


def team_channel(ctx: Context, team_name: str, roster: Roster | None = None) -> str:
    """Where a team's messages go; the general channel when it has none. Give the roster where many are asked for."""
    team = (roster or ctx.roster()).team(team_name)
    return (team.channel if team else "") or ctx.settings.slack.channel
