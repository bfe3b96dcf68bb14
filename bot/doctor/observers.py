"""Whether CloudWatch and Prometheus tell of GPUs, where the settings say they should."""

from collections.abc import Iterator
from pathlib import Path

from bot.doctor.finding import Finding, error, fine, warning
from bot.errors import Unreachable
from bot.settings import Settings
from bot.settings.sources import CLOUDWATCH
from store.checkup import looking
from store.measuring import observations
from store.measuring.observations import PlaceRead


def check(settings: Settings, now: int) -> Iterator[Finding]:
    """One finding per source that is switched on; none where no source is."""
    if settings.cloudwatch.enabled:
        yield from _cloudwatch(settings)
    if settings.prometheus.url:
        yield _prometheus(settings, now)


def _cloudwatch(settings: Settings) -> Iterator[Finding]:
    if not settings.aws:
        yield error("V701", "CloudWatch is switched on, but there is no account to ask.", "Add an [[aws]] table.")
        return
    places = _places(Path(settings.database))
    failing = [each for each in places if each.error]
    for each in failing:
        hint = "Check role and network; `valet iam-policy` prints what the role needs."
        yield warning("V701", f"CloudWatch was not read for {each.place}: {each.error}.", hint)
    if not failing:
        yield fine("V701", f"CloudWatch is switched on; places read so far: {len(places)}.")


def _prometheus(settings: Settings, now: int) -> Finding:
    from bot.telemetry.prometheus_api import PrometheusApi

    known = settings.prometheus
    try:
        PrometheusApi(known.url, token_file=known.token_file, tenant=known.tenant).query("vector(1)", now)
    except Unreachable as silent:
        return error("V702", f"Prometheus can't be asked: {silent}.", "Check [prometheus] in the settings.")
    return fine("V702", f"{known.url} answers queries.")


def _places(path: Path) -> list[PlaceRead]:
    """How reading went last; nothing where the database can't be read, which is a finding of its own."""
    if not path.exists():
        return []
    try:
        with looking(path) as db:
            return observations.places(db, CLOUDWATCH)
    except (Unreachable, OSError):
        return []
