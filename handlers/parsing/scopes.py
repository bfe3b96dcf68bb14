"""Filters of the fleet, as people type them: idle, mine, team:nlp."""

from collections.abc import Sequence
from typing import cast, get_args

from bot.domain.machines.listing import FleetFilter
from bot.domain.machines.states import TYPED
from bot.domain.money.scope import TOTAL, Scope, ScopeKind
from bot.errors import NotFound, Refused
from bot.nearest import nearest
from bot.services import queries
from bot.services.context import Context, exactly, find
from bot.services.money import prices
from handlers.verbs import Ask

FILTER_STATES = frozenset({"idle", "free", "unclaimed", "running", "dormant", *TYPED})
FILTERS_SAID = "mine|free|idle|in-use|unclaimed|dormant|owned|team:NAME|type:p4d"


def is_filter(word: str) -> bool:
    """Whether it may be one, rather than a name."""
    return ":" in word or word.lower() in {"mine", "owned", "rented", *FILTER_STATES}


def filter_of(user: str, words: Sequence[str]) -> FleetFilter:
    """What the words choose. Raises Refused with the filters there are."""
    fields: dict[str, str | bool] = {}
    for word in words:
        key, _, value = word.lower().partition(":")
        if word.lower() == "mine":
            fields["holder"] = user
        elif word.lower() in {"owned", "rented"}:
            fields["provider"] = "owned" if word.lower() == "owned" else "ec2"
        elif word.lower() == "free":
            fields |= {"state": "idle", "unclaimed": True}
        elif word.lower() == "unclaimed":
            fields["unclaimed"] = True
        elif word.lower() in FILTER_STATES or (key == "state" and value in FILTER_STATES):
            fields["state"] = TYPED.get(value or word.lower(), value or word.lower())
        elif key == "team" and value:
            fields["team"] = word.partition(":")[2]
        elif key == "type" and value:
            fields["type_prefix"] = value
        else:
            raise Refused(f'"{word[:40]}" is no filter. Try {FILTERS_SAID.replace("|", ", ")}.')
    return FleetFilter(**fields)  # type: ignore[arg-type]  # keys and types agree above


_UNBILLED = "and is on no bill to forecast"
_OWNED = {"rent-or-buy": "so there is no rent left to weigh against buying it"}
"""Why a question about an owned machine has no answer, by verb."""
EVERYTHING_SAID = frozenset({"all", "everything", "company", "the company", "overall"})
SCOPES = "total|team NAME|type TYPE|instance NAME"


def read_scope(ask: Ask, verb: str) -> Scope:
    """The scope that the words after a verb name; no words mean everything. Raises Refused, NotFound."""
    words = ask.words
    if not words or words == ["total"]:
        return TOTAL
    if " ".join(words).lower() in EVERYTHING_SAID and named_scope(ask.ctx, " ".join(words)) is None:
        return TOTAL
    kind, _, value = words[0].partition(":")
    name = value or " ".join(words[1:])
    if kind not in {"team", "type", "instance"}:
        return _guessed(ask, verb, " ".join(words))
    if not name:
        raise Refused(f"Which {kind}? Try `{ask.ctx.settings.slack.cost_command} {verb} {kind} NAME`.")
    return _instance(ask, verb, name) if kind == "instance" else {"team": _team, "type": _type}[kind](ask, name)


def named_scope(ctx: Context, name: str) -> Scope | None:
    """The team, type or machine of just that name, if there is one."""
    team = next((team.name for team in ctx.roster().teams if team.name.lower() == name.lower()), None)
    if team is not None:
        return Scope("team", team)
    if name.lower() in queries.types(ctx):
        return Scope("type", name.lower())
    machine = exactly(ctx, name)
    return Scope("instance", machine.instance.id, machine.instance.name) if machine else None


def stored_scope(ctx: Context, value: str) -> Scope:
    """The scope of a button's value, by the name it is stored under. Raises Refused."""
    kind, _, key = value.partition(":")
    if kind not in get_args(ScopeKind):
        raise Refused("This button is from another version of Valet. Use the command instead.")
    return Scope(cast("ScopeKind", kind), key, queries.name_of(ctx, key) if kind == "instance" else "")


def _guessed(ask: Ask, verb: str, name: str) -> Scope:
    """A bare name: a team's, a type, or an instance."""
    scope = named_scope(ask.ctx, name)
    if scope is not None and scope.kind != "instance":
        return scope
    kinds = prices.types_called(name, queries.types(ask.ctx), prices.gpus_by_type(ask.ctx))
    try:
        return Scope("type", kinds[0]) if len(kinds) == 1 else _instance(ask, verb, name)
    except NotFound as error:
        if kinds:
            raise Refused(f"{name[:40]} could be {' or '.join(kinds[:5])}. Say which.") from None
        raise NotFound(f'I know no team, type or instance "{name[:60]}". Try {SCOPES}.', error.nearest) from None


def _team(ask: Ask, name: str) -> Scope:
    known = [team.name for team in ask.ctx.roster().teams]
    name = next((team for team in known if team.lower() == name.lower()), name)
    if name not in known:
        close = nearest(name, known) or known[:3]
        raise Refused(
            f'There is no team "{name[:60]}". ' + (f"Try {' or '.join(close)}." if close else "None is set up.")
        )
    return Scope("team", name)


def _type(ask: Ask, name: str) -> Scope:
    known = queries.types(ask.ctx)
    meant = prices.types_called(name, known, prices.gpus_by_type(ask.ctx))
    name = meant[0] if len(meant) == 1 else name.lower()
    if name not in known:
        close = meant or nearest(name, known) or known[:3]
        raise Refused(f'No instance is of type "{name[:60]}". ' + (f"Try {' or '.join(close)}." if close else ""))
    return Scope("type", name)


def _instance(ask: Ask, verb: str, name: str) -> Scope:
    instance = find(ask.ctx, name).instance
    if instance.provider == "owned":
        command = ask.ctx.settings.slack.cost_command
        raise Refused(
            f"{instance.name} is owned: it costs the same whether used or not, {_OWNED.get(verb, _UNBILLED)}. "
            f"`{command} prices {instance.name}` shows what it costs."
        )
    return Scope("instance", instance.id, instance.name)
