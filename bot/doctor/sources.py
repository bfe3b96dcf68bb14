"""Which hosts have a token, whether their agents report, and whether they see their GPUs."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bot.doctor.finding import Finding, error, fine, warning
from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.readings import AgentReport
from bot.domain.machines.source_history import Target
from bot.errors import Unreachable
from bot.settings import Settings
from bot.settings.measuring import CLOUDWATCH
from store.checkup import lock_holder, looking
from store.machines import agents, source_history
from store.machines import fleet as stored_fleet
from store.machines.source_history import PlaceRead
from store.sql import Row

HOST_SILENT_MS = 15 * MINUTE_MS


def check(settings: Settings, now: int) -> Iterator[Finding]:
    """Silent and blind agents, each by name; nothing where the database can't be read, a finding of its own."""
    path = Path(settings.database)
    try:
        known = _tokens(path)
        runs = lock_holder(path) is not None
    except (Unreachable, OSError):
        return
    if not known:
        yield _nobody(settings)
        return
    if not runs:
        yield fine("V601", f"Hosts with a token: {len(known)}. While no Valet runs, none of them can report.")
        return
    silent = [row for row in known if now - (row["last_seen_at"] or row["created_at"]) > HOST_SILENT_MS]
    for row in silent:
        yield _silent(row, now)
    lately = {row["host"] for row in known if row not in silent and row["last_seen_at"] is not None}
    blind = list(_blind(path, lately))
    yield from blind
    if not silent and not blind:
        yield fine("V601", _all_well(len(known), len(lately)))


def _all_well(known: int, report: int) -> str:
    if report == known:
        return f"Hosts with a token: {known}. All of them report."
    return f"Hosts with a token: {known}. {report} report; {known - report} got theirs just now, and have not yet."


def _blind(path: Path, reporting: set[str]) -> Iterator[Finding]:
    """Agents that report, and can't read what they should."""
    heard, expected = _heard(path)
    for host in sorted(reporting & heard.keys()):
        told, count = heard[host], expected.get(host, 0)
        if told.error:
            hint = "Look at the driver there; `valet agent --once` on the host says what is wrong."
            yield warning("V604", f"The agent of {host} says: {told.error.rstrip('.')}.", hint)
        elif not told.gpus_seen:
            yield warning("V604", f"{host} reports, and its agent finds no GPU there.", "Look at the driver there.")
        elif told.gpus_seen < count:
            hint = f"Look at the driver there. If they were taken out: `/gpu count {host} {told.gpus_seen}` in Slack."
            yield warning("V605", f"The agent of {host} sees {told.gpus_seen} of {count} GPUs.", hint)


def _heard(path: Path) -> tuple[Mapping[str, AgentReport], Mapping[str, int]]:
    """What agents say of themselves, and how many GPUs machines have; nothing before Valet has first kept it."""
    try:
        with looking(path) as db:
            return agents.reports(db), {key: count for key, (_, count) in stored_fleet.known_instances(db).items()}
    except Unreachable:
        return {}, {}


def _tokens(path: Path) -> list[Row]:
    if not path.exists():
        return []
    with looking(path) as db:
        return agents.live_tokens(db)


def _nobody(settings: Settings) -> Finding:
    hint = "Make a token with `valet token add HOST`, and run `valet agent` on that host."
    if settings.aws:
        return warning("V602", "No agent has a token, so whether machines are used is unknown.", hint)
    return warning("V602", "There is nothing to look after: no [[aws]], and no agent has a token.", hint)


def _silent(row: Row, now: int) -> Finding:
    seen = row["last_seen_at"]
    when = f"has not reported for {_long(now - seen)}" if seen else "has a token, but has never reported"
    return warning(
        "V603",
        f"{row['host']} {when}.",
        "Look at `valet agent` there; `valet agent --once` says what is wrong. If the host is gone: "
        f"`valet token revoke {row['host']}`.",
    )


def _long(length: int) -> str:
    return f"{length // HOUR_MS} h" if length >= 2 * HOUR_MS else f"{length // MINUTE_MS} min"


MOST_HOSTS_NAMED = 3
AGENT_HINT = (
    "Check that the CloudWatch agent there publishes nvidia_smi_utilization_gpu with the dimension InstanceId, "
    "and that [cloudwatch] namespace and metric are its own."
)


def check_observers(settings: Settings, now: int) -> Iterator[Finding]:
    """What is found of each source that is switched on; nothing where no source is."""
    if settings.cloudwatch.enabled:
        yield from _cloudwatch(settings, now)
    if settings.prometheus.url:
        yield from _prometheus(settings, now)


def _cloudwatch(settings: Settings, now: int) -> Iterator[Finding]:
    if not settings.aws:
        yield error("V701", "CloudWatch is switched on, but there is no account to ask.", "Add an [[aws]] table.")
        return
    places = _places(Path(settings.database))
    failing = [each for each in places if each.error]
    for each in failing:
        hint = "Check role and network; `valet iam-policy` prints what the role needs."
        yield warning("V701", f"CloudWatch was not read for {each.place}: {each.error}.", hint)
    if not failing:
        yield _brings(Path(settings.database), now, is_read=bool(places))


def _brings(path: Path, now: int, *, is_read: bool) -> Finding:
    """Whether CloudWatch brings figures: one that is read and tells of nothing looks well, and is not."""
    if not is_read:
        return fine("V701", "CloudWatch has not been read yet; a running Valet does it every minute.")
    rented = {target.id for target in _targets(path) if target.place != "owned"}
    told = len(_told_of(path, now - HOUR_MS) & rented)
    if rented and not told:
        sentence = f"CloudWatch is read, but has data of none of the {len(rented)} rented machines that run."
        return warning("V701", sentence, AGENT_HINT)
    return fine("V701", f"CloudWatch is read, and has data of {told} of the {len(rented)} rented machines that run.")


def _told_of(path: Path, since: int) -> set[str]:
    try:
        with looking(path) as db:
            return source_history.instances_seen(db, CLOUDWATCH, since)
    except (Unreachable, OSError):
        return set()


def _prometheus(settings: Settings, now: int) -> Iterator[Finding]:
    from bot.telemetry.hosts import HostNames
    from bot.telemetry.prometheus import Prometheus, PrometheusApi

    known = settings.prometheus
    api = PrometheusApi(known.url, token_file=known.token_file, tenant=known.tenant)
    query = Prometheus(api, known, window_minutes=settings.idle.window_minutes).util_query("max_over_time")
    try:
        seen = [each.labels for each in api.query(query, now)]
    except Unreachable as silent:
        yield error("V702", f"Prometheus can't be asked: {silent}.", "Check [prometheus] in the settings.")
        return
    yield fine("V702", f"{known.url} answers queries.")
    if not seen:
        names = ", ".join([*known.percent_metrics, *known.ratio_metrics, *known.profiling_metrics])
        hint = "Check whether dcgm-exporter is scraped, and how its metrics are called, under [prometheus]."
        yield warning("V703", f"Prometheus has data of no GPU just now: none of {names} is there.", hint)
    elif targets := _targets(Path(settings.database)):
        yield _hosts(HostNames(known, targets).strangers(seen), known.host_labels, len(seen))


def _hosts(strangers: Sequence[str], labels: Sequence[str], seen: int) -> Finding:
    """Whether every host that is told of is a machine that Valet knows."""
    if not strangers:
        return fine("V703", f"Every host in Prometheus is a running machine ({seen} series).")
    some = ", ".join(strangers[:MOST_HOSTS_NAMED])
    more = f" and {len(strangers) - MOST_HOSTS_NAMED} more" if len(strangers) > MOST_HOSTS_NAMED else ""
    fit = "1 host that fits" if len(strangers) == 1 else f"{len(strangers)} hosts that fit"
    hint = (
        f'Say which machine it is: [prometheus.hosts], then "{strangers[0]}" = "the machine\'s id or name"; '
        f"or name the label that says it in host_labels (now {', '.join(labels)})."
    )
    return warning("V703", f"Prometheus has {fit} no running machine, or two of one name: {some}{more}.", hint)


def _targets(path: Path) -> list[Target]:
    if not path.exists():
        return []
    try:
        with looking(path) as db:
            return source_history.targets(db)
    except (Unreachable, OSError):
        return []


def _places(path: Path) -> list[PlaceRead]:
    """How reading went last; nothing where the database can't be read, which is a finding of its own."""
    if not path.exists():
        return []
    try:
        with looking(path) as db:
            return source_history.places_read(db, CLOUDWATCH)
    except (Unreachable, OSError):
        return []
