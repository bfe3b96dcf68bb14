"""Who is asked beside Slack, as the settings say: machine providers, sources, the bill, prices, command runners."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.billing.aws_prices import AwsPrices, aws_prices
from bot.billing.bill import Bill, bill_in_settings
from bot.domain.clock import Clock
from bot.providers import Provider
from bot.providers.runner import Runner
from bot.providers.sweep_process import SweepProcess
from bot.services.context import Context
from bot.settings import Settings
from bot.telemetry import GpuSource

if TYPE_CHECKING:
    from bot.providers.clients import Clients

ProvidersOf = Callable[[Settings], Mapping[str, Provider]]
"""Makes the machine providers that some settings name. Raises SettingsError."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """Where settings come from, and how machine providers are made of them."""

    path: Path
    providers_of: ProvidersOf
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


@dataclass(frozen=True, slots=True)
class Partners:
    """Who is asked beside the machine providers; who is None is made as the settings say."""

    runner: Runner | None = None
    bill: Bill | None = None
    prices: AwsPrices | None = None
    sources: Sequence[GpuSource] | None = None
    settings_file: SettingsFile | None = None
    """The settings are read again when it changes."""


NO_PARTNERS = Partners()


def providers_of(settings: Settings, clock: Clock, process: SweepProcess | None = None) -> dict[str, Provider]:
    """Machine providers by name; boto3 is only imported when an AWS account is configured.

    EC2 is looked at by `process`, or by this one where that is None.
    """
    from bot.providers.onprem import Owned
    from bot.providers.power import Power

    hosts = {name: Power(host.power_off, host.power_on) for name, host in settings.owned.hosts.items()}
    found: dict[str, Provider] = {"owned": Owned(hosts)}
    if settings.aws:
        from bot.providers.ec2 import Ec2
        from bot.providers.ec2_apart import Ec2Apart

        accounts = [each.account for each in settings.aws]
        found["ec2"] = Ec2Apart(accounts, process, clock=clock) if process else Ec2(accounts, clock=clock)
    return found


def clients_of(providers: Mapping[str, Provider]) -> "Clients | None":
    """The clients that the fleet is looked at with, as others use them, too; None where it is not looked at on AWS."""
    clients: Clients | None = getattr(providers.get("ec2"), "clients", None)
    return clients


def longest_window(settings: Settings) -> int:
    """Of all teams' rules, the quiet minutes that the slowest one asks for."""
    return max(settings.rule_of(team).window_minutes for team in ("", *settings.teams))


def gpu_sources(settings: Settings, providers: Mapping[str, Provider]) -> list[GpuSource]:
    """Who tells of GPUs beside the agents; CloudWatch is asked with the credentials the fleet is looked at with."""
    found: list[GpuSource] = []
    window = longest_window(settings)
    if settings.cloudwatch.enabled and settings.aws:
        from bot.providers.clients import Clients, asker
        from bot.telemetry.cloudwatch import CloudWatch

        clients, accounts = clients_of(providers) or Clients(), [each.account for each in settings.aws]
        places = [account.source(region) for account in accounts for region in account.regions]
        ask = asker(clients, accounts, "cloudwatch")
        found.append(CloudWatch(ask, places, settings.cloudwatch, window_minutes=window))
    if settings.prometheus.url:
        from bot.telemetry.prometheus import Prometheus, PrometheusApi

        known = settings.prometheus
        api = PrometheusApi(known.url, token_file=known.token_file, tenant=known.tenant)
        found.append(Prometheus(api, known, window_minutes=window))
    return found


def command_runner(settings: Settings, providers: Mapping[str, Provider]) -> Runner | None:
    """Who runs commands on rented machines: Systems Manager, with the credentials the fleet is looked at with."""
    if not settings.aws or not settings.runs:
        return None
    from bot.providers.clients import Clients
    from bot.providers.ssm import Ssm

    return Ssm(clients_of(providers) or Clients(), [each.account for each in settings.aws])


def aws_clock(ctx: Context) -> Callable[[], int | None] | None:
    """Asks AWS what time it is; None where the fleet was not looked at on AWS at the start."""

    def ask() -> int | None:
        now = ctx.current()
        clients, accounts = clients_of(now.providers), [each.account for each in now.settings.aws]
        return clients.time(accounts[:1]) if clients is not None and accounts else None

    return ask if clients_of(ctx.providers) is not None and ctx.settings.aws else None


def equipped(ctx: Context, partners: Partners) -> Context:
    """The context with all that its settings name, as far as `partners` does not bring it."""
    settings, providers = ctx.settings, ctx.providers
    return replace(
        ctx,
        runner=partners.runner or command_runner(settings, providers),
        sources=gpu_sources(settings, providers) if partners.sources is None else partners.sources,
        bill=partners.bill or bill_in_settings(settings),
        prices=partners.prices or aws_prices(settings, clients_of(providers)),
    )


def re_equipped(ctx: Context, settings: Settings, partners: Partners, providers_of: ProvidersOf) -> Context:
    """The context with other settings. What they don't change stays, with all it remembers. Raises SettingsError."""
    before, providers = ctx.settings, ctx.providers
    if before.aws != settings.aws or before.owned != settings.owned:
        fresh = providers_of(settings)
        same = {"ec2"} & fresh.keys() & providers.keys() if before.aws == settings.aws else set[str]()
        providers = {**fresh, **{name: providers[name] for name in same}}
    made = equipped(replace(ctx, settings=settings, providers=providers), partners)
    return replace(
        made,
        runner=ctx.runner if ctx.runner and before.aws == settings.aws and settings.runs else made.runner,
        sources=ctx.sources if _is_looked_at(before) == _is_looked_at(settings) else made.sources,
        bill=ctx.bill if _is_billed(before) == _is_billed(settings) else made.bill,
        prices=ctx.prices if _is_priced(before) == _is_priced(settings) else made.prices,
    )


def _is_looked_at(settings: Settings) -> tuple[object, ...]:
    """What sources are made of."""
    return settings.aws, settings.cloudwatch, settings.prometheus, longest_window(settings)


def _is_billed(settings: Settings) -> tuple[object, ...]:
    """What the reader of the bill is made of."""
    return settings.bill, settings.actions.team_tag


def _is_priced(settings: Settings) -> tuple[object, ...]:
    """What the reader of AWS's prices is made of."""
    return settings.aws, settings.price_list
