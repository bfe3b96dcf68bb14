"""Whether CloudWatch and Prometheus tell of GPUs, where the settings say they should."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.doctor.finding import Finding, error, fine, warning
from bot.domain.clock import HOUR
from bot.domain.measuring.trails import Target
from bot.errors import Unreachable
from bot.settings import Settings
from bot.settings.sources import CLOUDWATCH
from store.checkup import looking
from store.measuring import observations
from store.measuring.observations import PlaceRead

MOST_NAMED = 3
AGENT_HINT = (
    "Check that the CloudWatch agent there publishes nvidia_smi_utilization_gpu with the dimension InstanceId, "
    "and that [cloudwatch] namespace and metric are its own."
)


def check(settings: Settings, now: int) -> Iterator[Finding]:
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
    told = len(_told_of(path, now - HOUR) & rented)
    if rented and not told:
        sentence = f"CloudWatch is read, but tells of none of the {len(rented)} rented machines that run."
        return warning("V701", sentence, AGENT_HINT)
    return fine("V701", f"CloudWatch is read, and tells of {told} of the {len(rented)} rented machines that run.")


def _told_of(path: Path, since: int) -> set[str]:
    try:
        with looking(path) as db:
            return observations.told_of(db, CLOUDWATCH, since)
    except (Unreachable, OSError):
        return set()


def _prometheus(settings: Settings, now: int) -> Iterator[Finding]:
    from bot.telemetry.hosts import HostNames
    from bot.telemetry.prometheus import Prometheus
    from bot.telemetry.prometheus_api import PrometheusApi

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
        yield warning("V703", f"Prometheus tells of no GPU just now: none of {names} is there.", hint)
    elif targets := _targets(Path(settings.database)):
        yield _hosts(HostNames(known, targets).strangers(seen), known.host_labels, len(seen))


def _hosts(strangers: Sequence[str], labels: Sequence[str], seen: int) -> Finding:
    """Whether every host that is told of is a machine that Valet knows."""
    if not strangers:
        return fine("V703", f"Every host that Prometheus tells of is a running machine ({seen} series).")
    some = ", ".join(strangers[:MOST_NAMED])
    more = f" and {len(strangers) - MOST_NAMED} more" if len(strangers) > MOST_NAMED else ""
    fit = "1 host that fits" if len(strangers) == 1 else f"{len(strangers)} hosts that fit"
    hint = (
        f'Say which machine it is: [prometheus.hosts], then "{strangers[0]}" = "the machine\'s id or name"; '
        f"or name the label that says it in host_labels (now {', '.join(labels)})."
    )
    return warning("V703", f"Prometheus tells of {fit} no running machine, or two of one name: {some}{more}.", hint)


def _targets(path: Path) -> list[Target]:
    if not path.exists():
        return []
    try:
        with looking(path) as db:
            return observations.targets(db)
    except (Unreachable, OSError):
        return []


def _places(path: Path) -> list[PlaceRead]:
    """How reading went last; nothing where the database can't be read, which is a finding of its own."""
    if not path.exists():
        return []
    try:
        with looking(path) as db:
            return observations.places(db, CLOUDWATCH)
    except (Unreachable, OSError):
        return []
