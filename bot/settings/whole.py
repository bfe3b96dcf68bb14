"""The whole of `valet.toml`, and the domain's own records made from it."""

from collections.abc import Mapping
from datetime import date

from pydantic import Field, ValidationInfo, field_validator

from bot.domain.acting.launch import LaunchTemplate
from bot.domain.clock import HOUR_MS, MINUTE_MS, SECOND_MS
from bot.domain.machines.exemptions import Exemption, exemption_ends_at
from bot.domain.machines.fleet import Instance
from bot.domain.machines.tags import KnownTags
from bot.domain.machines.verdict import IdleRule
from bot.domain.money.pricebook import Discount
from bot.domain.money.rates import MICROS_PER_USD
from bot.domain.people import Roster, Team
from bot.domain.sharing.claims import ClaimLimits
from bot.domain.sharing.limits import Allowance, FairUse
from bot.settings.acting import ActionSettings, LaunchSettings, RunSettings, TeamPausingSettings
from bot.settings.company import (
    AwsSettings,
    BackupSettings,
    DoorSettings,
    InstallSettings,
    MetricsSettings,
    RetentionSettings,
    SlackSettings,
    TeamSettings,
)
from bot.settings.measuring import (
    CLOUDWATCH,
    CLOUDWATCH_LATE,
    PROMETHEUS,
    CloudWatchSettings,
    DigestSettings,
    ExemptSettings,
    IdleSettings,
    PrometheusSettings,
)
from bot.settings.money import (
    BillSettings,
    BudgetSettings,
    BuySettings,
    DiscountSettings,
    OwnedSettings,
    PriceListSettings,
    ReportSettings,
    ScopedBudgetSettings,
    twice,
)
from bot.settings.sharing import ClaimSettings, TeamClaimSettings
from bot.settings.values import Name, Table, UnixUser, Usd, UserId


class Settings(Table):
    """The whole of valet.toml."""

    database: str = Field(default="valet.db", description="Path of the database; VALET_DB overrides it")
    slack: SlackSettings = SlackSettings()
    aws: tuple[AwsSettings, ...] = ()
    teams: dict[Name, TeamSettings] = Field(default={}, description="Teams, by name")
    idle: IdleSettings = IdleSettings()
    exempt: tuple[ExemptSettings, ...] = ()
    launch: tuple[LaunchSettings, ...] = ()
    cloudwatch: CloudWatchSettings = CloudWatchSettings()
    prometheus: PrometheusSettings = PrometheusSettings()
    claims: ClaimSettings = ClaimSettings()
    actions: ActionSettings = ActionSettings()
    digest: DigestSettings = DigestSettings()
    owned: OwnedSettings = OwnedSettings()
    budget: BudgetSettings = BudgetSettings()
    budgets: tuple[ScopedBudgetSettings, ...] = ()
    reports: ReportSettings = ReportSettings()
    buy: BuySettings = BuySettings()
    bill: BillSettings = BillSettings()
    runs: dict[Name, RunSettings] = Field(default={}, description="Commands people may run, by name")
    people: dict[UnixUser, UserId] = Field(
        default={}, description="Slack user id by unix user on the machines; `dgx-1/ada` for one host alone"
    )
    door: DoorSettings = DoorSettings()
    metrics: MetricsSettings = MetricsSettings()
    backup: BackupSettings = BackupSettings()
    retention: RetentionSettings = RetentionSettings()
    install: InstallSettings = InstallSettings()
    prices: dict[str, Usd] = Field(
        default={},
        description="USD per hour by instance type, or by type and shape (`g5.xlarge Windows`), as you really pay it; "
        "goes before every list",
    )
    discount: tuple[DiscountSettings, ...] = ()
    price_list: PriceListSettings = PriceListSettings()
    catalogs: dict[Name, str] = Field(
        default={}, description="Price lists of clouds, by name: CSV files with the columns of skypilot-catalog"
    )

    @field_validator("budgets")
    @classmethod
    def _each_once(
        cls, value: tuple[ScopedBudgetSettings, ...], info: ValidationInfo
    ) -> tuple[ScopedBudgetSettings, ...]:
        teams = {each.parts[1] for each in value if each.parts[0] == "team"}
        unknown = sorted(teams - set(info.data.get("teams", {})))
        if unknown:
            raise ValueError(f"there is no team {unknown[0]}; expected one of [teams.NAME]")
        if again := twice(value):
            raise ValueError(f"{again} has two budgets; expected one")
        return value

    @field_validator("discount")
    @classmethod
    def _of_known_accounts(
        cls, value: tuple[DiscountSettings, ...], info: ValidationInfo
    ) -> tuple[DiscountSettings, ...]:
        known = {word for each in info.data.get("aws", ()) for word in (each.account.name, each.account.key)}
        strange = [each.account for each in value if each.account and known and each.account not in known]
        if strange:
            raise ValueError(f'expected account to be the name or number of an [[aws]] entry, not "{strange[0]}"')
        return value

    @property
    def idle_rule(self) -> IdleRule:
        """The rule with this configuration's numbers, for instances of teams without numbers of their own."""
        return _rule(self.idle)

    def rule_of(self, team: str) -> IdleRule:
        """The rule for a team's instances."""
        own = self.teams[team].idle.model_dump(exclude_none=True) if team in self.teams else {}
        return _rule(self.idle.model_copy(update=own))

    @property
    def exemptions(self) -> tuple[Exemption, ...]:
        """What may idle, why and until when."""
        zone = self.digest.timezone
        return tuple(
            Exemption(each.reason, each.until, exemption_ends_at(each.until, zone), each.instance, each.tag)
            for each in self.exempt
        )

    @property
    def source_limits(self) -> dict[str, int]:
        """The sources beside the agent that are switched on: name -> minutes after which it is stale."""
        on = {
            CLOUDWATCH: (self.cloudwatch.enabled, self.cloudwatch.stale_minutes),
            PROMETHEUS: (bool(self.prometheus.url), self.prometheus.stale_minutes),
        }
        return {name: stale for name, (used, stale) in on.items() if used}

    @property
    def lateness(self) -> dict[str, int]:
        """How late each source first tells of work when it is asked, milliseconds; 0 for one that tells at once."""
        scrape = self.prometheus.scrape_seconds * SECOND_MS
        return {CLOUDWATCH: CLOUDWATCH_LATE, PROMETHEUS: scrape if scrape > MINUTE_MS else 0}

    def decision_limits(self, minutes: int) -> dict[str, int]:
        """As `source_limits`, for a decision: so many minutes at most, and what a source can't be quicker by."""
        slow = {CLOUDWATCH: self.cloudwatch.every_minutes - 1}
        late = {name: slow.get(name, 0) + lateness // MINUTE_MS for name, lateness in self.lateness.items()}
        return {name: min(stale, minutes + late[name]) for name, stale in self.source_limits.items()}

    def oldest_reading(self, team: str) -> int:
        """How old a reading may be that still counts, of whatever source, milliseconds."""
        return max(self.rule_of(team).stale_minutes, *self.source_limits.values(), 0) * MINUTE_MS

    def claim_limits(self, team: str) -> ClaimLimits:
        """How long claims of a team's people may be."""
        rules = self._claim_rules(team)
        longest = int(rules.longest_hours * HOUR_MS)
        return ClaimLimits(default=min(int(rules.default_hours * HOUR_MS), longest), longest=longest)

    def fair_use(self, team: str) -> FairUse:
        """How much a team's people, and the team, may hold."""
        rules = self._claim_rules(team)
        own = self.teams[team].claims if team in self.teams else TeamClaimSettings()
        return FairUse(
            person=Allowance(rules.claims_per_person, rules.gpus_per_person, rules.gpu_hours_per_person),
            team=Allowance(None, own.team_gpus, own.team_gpu_hours),
            at_limit=rules.at_limit,
        )

    def _claim_rules(self, team: str) -> ClaimSettings:
        own = self.teams[team].claims.model_dump(exclude_none=True) if team in self.teams else {}
        return self.claims.model_copy(update={key: own[key] for key in own.keys() & ClaimSettings.model_fields.keys()})

    @property
    def templates(self) -> dict[str, LaunchTemplate]:
        """What may be launched, by name."""
        return {
            each.name: LaunchTemplate(
                name=each.name,
                source=self._source(each.account, each.region),
                template=each.template,
                version=each.version,
                type=each.type,
                gpu_model=each.gpu,
                gpu_count=each.gpus,
                gpu_memory_mib=each.gpu_gib * 1024,
                subnets=each.subnets,
                instead=each.instead,
                agent=each.agent,
                teams=each.teams,
            )
            for each in self.launch
        }

    @property
    def discounts(self) -> tuple[Discount, ...]:
        """What is paid below the list, in the order of valet.toml."""
        keys = {word: each.account.key for each in self.aws for word in (each.account.name, each.account.key)}
        return tuple(
            Discount(
                percent=each.percent,
                source=each.source,
                types=each.types,
                account=keys.get(each.account, each.account),
                until=each.until,
                ends_at=exemption_ends_at(each.until, self.digest.timezone) if each.until else None,
                committed=each.committed,
            )
            for each in self.discount
        )

    def _source(self, account: str, region: str) -> str:
        """Where an account's machines of a region are seen."""
        known = [each.account for each in self.aws if region in each.regions]
        chosen = [each for each in known if account in {"", each.name, each.key}]
        return chosen[0].source(region) if chosen else f"ec2/{account}/{region}"

    @property
    def managed_tag(self) -> tuple[str, str]:
        """The tag that lets Valet stop a machine."""
        key, _, value = self.actions.managed_tag.partition("=")
        return key, value

    @property
    def known_tags(self) -> KnownTags:
        """The tags that count, and the teams that one of them may name."""
        return KnownTags(self.actions.protect_tag, self.actions.team_tag, self.managed_tag, tuple(self.teams))

    def unasked_micros(self, team: str) -> int:
        """Micro-dollars a month of machines that a team's people may start and launch without a yes."""
        return int(self.teams[team].ask_over_usd * MICROS_PER_USD) if team in self.teams else 0

    def person(self, instance: Instance, unix_user: str) -> str:
        """Whose unix user this is on an instance, by Slack user id; empty where nobody has said."""
        own = (self.people.get(f"{key}/{unix_user}") for key in (instance.told_name, instance.id))
        return next((each for each in own if each), "") or self.people.get(unix_user, "")

    def unix_users(self, instance: Instance, person: str) -> frozenset[str]:
        """The unix users that a person has on an instance."""
        known = {key.rpartition("/")[2] for key, value in self.people.items() if value == person}
        return frozenset(each for each in known if self.person(instance, each) == person)

    @property
    def accept_within(self) -> int:
        """How long an offer from the line stands, milliseconds."""
        return self.claims.accept_minutes * MINUTE_MS

    def zone_of(self, team: str) -> str:
        """The zone a team's windows are in."""
        known = self.teams.get(team)
        return (known.timezone if known else "") or self.digest.timezone

    def holidays(self, team: str) -> frozenset[date]:
        """Days on which no window of a team begins."""
        pausing = self.teams[team].pausing if team in self.teams else TeamPausingSettings()
        return pausing.days_off

    def idle_stop(self, team: str) -> int | None:
        """After how long a team's idle machines are stopped without asking, milliseconds; None: never."""
        hours = self.teams[team].pausing.idle_stop_hours if team in self.teams else None
        return None if hours is None else int(hours * HOUR_MS)

    @property
    def answer_within(self) -> int:
        """How long a card waits, milliseconds."""
        return self.actions.answer_minutes * MINUTE_MS

    def roster(self, groups: Mapping[str, frozenset[str]] | None = None) -> Roster:
        """Teams and admins; `groups` gives the members of Slack user groups."""
        known = groups or {}
        teams = tuple(
            Team(
                name=name,
                members=frozenset(team.members) | known.get(team.usergroup, frozenset()),
                approvers=frozenset(team.approvers) | known.get(team.approver_group, frozenset()),
                approvals=team.approvals,
                break_glass=team.break_glass,
                guests_approve=team.guests_approve,
                channel=team.channel or self.slack.channel,
                timezone=team.timezone or self.digest.timezone,
                budget_micros=None if team.budget_usd is None else int(team.budget_usd * MICROS_PER_USD),
            )
            for name, team in self.teams.items()
        )
        return Roster(teams, frozenset(self.slack.admins))


def _rule(idle: IdleSettings) -> IdleRule:
    return IdleRule(
        window_minutes=idle.window_minutes,
        known_share=idle.known_percent / 100,
        active_pct=idle.active_percent,
        held_mib=idle.held_mib,
        veto_watts=idle.veto_watts,
        settle_minutes=idle.settle_minutes,
        stale_minutes=idle.stale_minutes,
        flat_minutes=idle.suspect_minutes,
    )
