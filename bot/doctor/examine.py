"""The doctor's round, from the settings file to the agents."""

from collections.abc import Generator, Iterator, Mapping
from pathlib import Path

from bot.doctor import aws, door, machine, money, slack, sources
from bot.doctor import settings as settings_module
from bot.doctor.finding import Finding, error, fine
from bot.domain.clock import Clock, system_clock
from bot.errors import SettingsError
from bot.settings import Secrets, Settings, load, secrets


def examine(
    path: Path, environment: Mapping[str, str], *, tag: tuple[str, str] | None = None, clock: Clock = system_clock
) -> Iterator[Finding]:
    """Look at everything; findings come as they are made.

    `path` is the settings file, `environment` holds the secrets, `tag` is the (name, value) that AWS asks for on a
    machine Valet may stop.
    """
    settings = yield from _settings(path, environment)
    yield from machine.sqlite()
    if settings:
        yield from machine.database(Path(settings.database))
        if settings.door.port and machine.is_bot_running(Path(settings.database)):
            yield from door.running_bot(settings)
        yield from door.certificate(settings, clock())
        yield from machine.check(settings, clock())
        yield from settings_module.check_read(settings)
    yield from machine.time_zones()
    found = yield from _secrets(environment)
    if found:
        yield from slack.check(found, settings or Settings(), clock)
    if settings:
        yield from settings_module.check(settings, clock())
        yield from aws.check(settings, tag or settings.managed_tag, clock)
        yield from settings_module.check_tags(settings)
        yield from sources.check(settings, clock())
        yield from sources.check_observers(settings, clock())
        yield from money.check(settings, clock())
        yield from money.check_prices(settings, clock())


def _settings(path: Path, environment: Mapping[str, str]) -> Generator[Finding, None, Settings | None]:
    try:
        settings = load(path, environment)
    except SettingsError as wrong:
        yield error("V101", str(wrong), "Correct it first; what depends on the settings was not looked at.")
        return None
    yield fine("V101", f"The settings in {path} are right.")
    return settings


def _secrets(environment: Mapping[str, str]) -> Generator[Finding, None, Secrets | None]:
    try:
        found = secrets(environment)
    except SettingsError as wrong:
        yield error("V102", str(wrong), "Set it in the environment, or name a file that holds it: NAME_FILE.")
        return None
    yield fine("V102", "The Slack tokens are set.")
    return found
